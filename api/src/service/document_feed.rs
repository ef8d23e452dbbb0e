//! How far documents of finance apps were read, and asking for a reading (R113).

use finbridge_domain::DocumentKind;
use finbridge_entity::{Scoped, begin_write, document_feed, integration};
use finbridge_sync::document::feed;
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter};
use uuid::Uuid;

use super::error::{ErrorCode, ServiceResult, UserError};
use super::{Services, document, integration as integrations, remote};

/// How far documents of a kind were read.
#[derive(Debug, Clone)]
pub struct Feed {
    /// Which documents.
    pub kind: DocumentKind,
    /// How far; none while nothing of it was begun.
    pub row: Option<document_feed::Model>,
}

/// The feeds of the kinds that an integration shows, in the order of the profile; none when there is no such integration.
///
/// # Errors
/// The database's.
pub async fn list(services: &Services, integration_id: Uuid) -> ServiceResult<Option<Vec<Feed>>> {
    let row =
        integration::Entity::one_of(services.organization_id(), integration_id).one(services.db()).await?;
    match row {
        Some(row) => of(services, services.db(), &row).await.map(Some),
        None => Ok(None),
    }
}

async fn of(
    services: &Services,
    db: &impl ConnectionTrait,
    row: &integration::Model,
) -> ServiceResult<Vec<Feed>> {
    let shown = integrations::profile(row)?.documents_of(row.is_one_way);
    let mut rows = document_feed::Entity::of(services.organization_id())
        .filter(document_feed::Column::IntegrationId.eq(row.id))
        .all(db)
        .await?;
    let mut take = |kind: DocumentKind| {
        let place = rows.iter().position(|row| row.kind == kind.as_str());
        Feed { kind, row: place.map(|place| rows.swap_remove(place)) }
    };
    Ok(shown.iter().map(|kind| take(*kind)).collect())
}

/// Has documents of these kinds read now, all that the integration shows when none is named. Whoever may see them may have them
/// read.
///
/// # Errors
/// `NOT_FOUND`, `MODULE_NOT_SUPPORTED`, `RECONNECT_NEEDED`; a disabled integration.
pub async fn fetch(
    services: &Services,
    integration_id: Uuid,
    kinds: &[DocumentKind],
) -> ServiceResult<Vec<Feed>> {
    let transaction = begin_write(services.db()).await?;
    let row = integrations::find(services, &transaction, integration_id).await?;
    let profile = integrations::profile(&row)?;
    let shown = profile.documents_of(row.is_one_way);
    if let Some(kind) = kinds.iter().find(|kind| !shown.contains(*kind)) {
        let message = format!(
            "This integration shows no {}s; `transactionFeeds` lists what it shows (profile {}: documents)",
            kind.noun(),
            profile.key
        );
        return Err(UserError::of(ErrorCode::ModuleNotSupported, "kinds", message).into());
    }
    let wanted = if kinds.is_empty() { shown } else { kinds };
    document::expect_visible(services, wanted)?;
    remote::expect_active(&row, "integrationId")?;
    feed::request(&services.engine, &transaction, &row, wanted).await?;
    let feeds = of(services, &transaction, &row).await?;
    transaction.commit().await?;
    Ok(feeds.into_iter().filter(|feed| wanted.contains(&feed.kind)).collect())
}
