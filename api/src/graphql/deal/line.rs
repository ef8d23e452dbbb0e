//! Lines of deals in GraphQL.

use async_graphql::{Context, ID, Object, Result};
use finbridge_domain::NodeKind;
use finbridge_entity::{deal, deal_line};
use uuid::Uuid;

use crate::graphql::account::Money;
use crate::graphql::context::{Asked, id};
use crate::graphql::loader::failed;
use crate::graphql::product::{self, Product};
use crate::graphql::scalar::{CurrencyCode, Decimal};

/// So many of one product, as part of a deal.
#[derive(Clone)]
pub struct DealLine {
    row: deal_line::Model,
    currency_code: String,
}

/// So many of one product, as part of a deal.
#[Object]
impl DealLine {
    /// Global id. Replacing the lines of a deal gives them new ids.
    pub async fn id(&self) -> ID {
        id(NodeKind::DealLine, self.row.id)
    }

    /// What is sold; null when the product was deleted.
    async fn product(&self, ctx: &Context<'_>) -> Result<Option<Product>> {
        product::living(ctx, self.row.product_id).await
    }

    /// How many; above zero, and not always whole.
    async fn quantity(&self) -> Decimal {
        Decimal(self.row.quantity.0)
    }

    /// Price of one, in the currency of the deal; null when not known.
    async fn unit_price(&self) -> Option<Money> {
        self.money(self.row.unit_price?.0)
    }

    /// Quantity times price of one, not rounded; null when the price is not known.
    async fn total(&self) -> Option<Money> {
        self.money(self.row.quantity.0.checked_mul(self.row.unit_price?.0)?.normalize())
    }
}

impl DealLine {
    /// The line of this id, unless its deal was deleted or it is another tenant's.
    ///
    /// # Errors
    /// The database's.
    pub async fn load(ctx: &Context<'_>, uuid: Uuid) -> Result<Option<Self>> {
        let Some(row) = ctx.loaders()?.deal_lines_by_id().load_one(uuid).await.map_err(failed)? else {
            return Ok(None);
        };
        let deal = ctx.loaders()?.deals().load_one(row.deal_id).await.map_err(failed)?;
        Ok(deal.filter(|deal| deal.deleted_at.is_none()).map(|deal| Self::new(row, &deal)))
    }

    pub(super) fn new(row: deal_line::Model, deal: &deal::Model) -> Self {
        Self { row, currency_code: deal.currency_code.clone() }
    }

    fn money(&self, amount: rust_decimal::Decimal) -> Option<Money> {
        let currency_code = CurrencyCode(self.currency_code.parse().ok()?);
        Some(Money { amount: Decimal(amount), currency_code })
    }
}
