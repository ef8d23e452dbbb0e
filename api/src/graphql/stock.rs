//! How much there is of products (X01).

use async_graphql::{Context, ID, Result, SimpleObject};
use finbridge_domain::NodeKind;
use uuid::Uuid;

use super::context::{Asked, uuid};
use super::error::{coded, top_level};
use super::loader::{StockOf, failed};
use super::scalar::Decimal;
use crate::service::stock::{self as service, Told};

/// How much there is of a product, as the finance app counts it.
#[derive(SimpleObject)]
pub struct ProductStock {
    /// On hand.
    on_hand: Decimal,
    /// On hand and not promised to anybody; null where the finance app does not tell.
    available: Option<Decimal>,
}

impl ProductStock {
    /// The stock of a product there; none where nobody counts it.
    ///
    /// # Errors
    /// `FORBIDDEN`, `UNAVAILABLE`, `INTEGRATION_INACTIVE`, `BAD_USER_INPUT`.
    pub async fn load(ctx: &Context<'_>, product: Uuid, integration: &ID) -> Result<Option<Self>> {
        service::may_look(ctx.services()?).map_err(top_level)?;
        let integration_id = uuid(NodeKind::Integration, integration)?;
        let key = StockOf { integration_id, product_id: product };
        let told = ctx.loaders()?.stocks().load_one(key).await.map_err(failed)?;
        match told {
            Some(Told::Counted(stock)) => {
                Ok(Some(Self { on_hand: Decimal(stock.on_hand), available: stock.available.map(Decimal) }))
            }
            Some(Told::NotCounted) | None => Ok(None),
            Some(Told::Refused(message)) => Err(coded("BAD_USER_INPUT", message)),
            Some(Told::Unavailable(message)) => Err(coded("UNAVAILABLE", message)),
            Some(Told::Inactive(message)) => Err(coded("INTEGRATION_INACTIVE", message)),
        }
    }
}
