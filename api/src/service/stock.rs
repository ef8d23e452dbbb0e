//! How much there is of products, as the finance app counts it at this moment (X01).

use std::collections::HashMap;

use finbridge_contract::{Failure, FailureKind, Stock};
use finbridge_domain::record::RecordKind;
use finbridge_entity::types::LinkState;
use finbridge_entity::{Scoped, record_link};
use futures::{StreamExt, stream};
use sea_orm::{ColumnTrait, QueryFilter};
use uuid::Uuid;

use super::error::{ServiceError, ServiceResult};
use super::permit::{Act, Object};
use super::{Services, remote};

/// Products that can be asked about in one request, a page of them when no size is given: each is a request to the finance app.
pub const MOST: usize = 25;

/// Requests to the finance app at the same time.
const AT_ONCE: usize = 5;

/// What is known of the stock of a product.
#[derive(Debug, Clone)]
pub enum Told {
    /// So much.
    Counted(Stock),
    /// Nobody counts it, or it is no item there.
    NotCounted,
    /// The caller is at fault.
    Refused(String),
    /// The finance app did not tell.
    Unavailable(String),
    /// Nothing is asked of the finance app.
    Inactive(String),
}

/// Lets those pass who may see how much there is.
///
/// # Errors
/// `FORBIDDEN`.
pub fn may_look(services: &Services) -> ServiceResult<()> {
    services.permit(Act::View, Object::Stock)
}

/// The stock of products, for somebody who [may look](may_look). Whatever stands in the way stands with each of them.
///
/// # Errors
/// The database's.
pub async fn of(
    services: &Services,
    integration_id: Uuid,
    products: &[Uuid],
) -> ServiceResult<HashMap<Uuid, Told>> {
    let all = |told: Told| products.iter().map(|product| (*product, told.clone())).collect();
    let remote = match remote::active(services, integration_id).await {
        Ok(remote) => remote,
        Err(ServiceError::Inactive(message)) => return Ok(all(Told::Inactive(message))),
        Err(error @ ServiceError::Refused(_)) => return Ok(all(Told::Refused(error.to_string()))),
        Err(error) => return Err(error),
    };
    let links = record_link::Entity::of(services.organization_id())
        .filter(record_link::Column::FinanceOrganizationId.eq(remote.organization.id))
        .filter(record_link::Column::Kind.eq(RecordKind::Item.as_str()))
        .filter(record_link::Column::RecordId.is_in(products.iter().copied()))
        .filter(record_link::Column::State.is_in([LinkState::Linked, LinkState::Deactivated]))
        .all(services.db())
        .await?;
    let until = remote::deadline();
    let items = links.into_iter().filter_map(|link| Some((link.record_id, link.remote_id?)));
    let asked = items.map(|(product, item)| {
        let remote = &remote;
        async move {
            let call = remote.connector.stock(&remote.connection, &item);
            (product, told(remote::answer(until, call).await))
        }
    });
    let counted: Vec<_> = stream::iter(asked).buffer_unordered(AT_ONCE).collect().await;
    let mut stock: HashMap<Uuid, Told> = all(Told::NotCounted);
    stock.extend(counted);
    Ok(stock)
}

fn told(answer: Result<Option<Stock>, Failure>) -> Told {
    match answer {
        Ok(Some(stock)) => Told::Counted(stock),
        Ok(None) => Told::NotCounted,
        Err(failure) => match failure.kind {
            FailureKind::NotFound => Told::NotCounted,
            FailureKind::NotSupported => {
                Told::Refused(format!("The finance app does not count items: {failure}"))
            }
            _ => match remote::unread(&failure) {
                ServiceError::Unavailable(message) => Told::Unavailable(message),
                error => Told::Refused(error.to_string()),
            },
        },
    }
}
