//! Products in GraphQL.

pub mod filter;
pub mod mutation;
pub mod query;

use async_graphql::{Context, ID, Object, Result};
use finbridge_domain::NodeKind;
use finbridge_entity::product;

use super::account::Money;
use super::context::{Asked, id};
use super::loader::failed;
use super::record::RecordFields;
use super::scalar::CurrencyCode;
use super::stock::ProductStock;

/// Something that the organization sells.
#[derive(Clone)]
pub struct Product(product::Model);

super::connection::connection!(ProductConnection, ProductEdge, Product, product::Model, "products");

/// Something that the organization sells.
#[Object]
impl Product {
    /// Global id.
    pub async fn id(&self) -> ID {
        id(NodeKind::Product, self.0.id)
    }

    /// Name, as people write it.
    pub async fn name(&self) -> &String {
        &self.0.name
    }

    /// What the organization orders and counts it by; null when it has no code.
    async fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// Product line it belongs to; null when it stands alone.
    async fn family(&self) -> Option<&str> {
        self.0.family.as_deref()
    }

    /// List price of one; deals may agree on another. Null when there is none.
    async fn unit_price(&self) -> Option<Money> {
        Money::of(self.0.unit_price_units, self.0.unit_price_currency_code.as_deref())
    }

    /// Whether it is still sold.
    async fn is_active(&self) -> bool {
        self.0.is_active
    }

    /// What it is counted in, such as pcs, h or kg; null when not known.
    async fn unit(&self) -> Option<&str> {
        self.0.unit.as_deref()
    }

    /// Whether sales of it are taxed.
    async fn is_taxable(&self) -> bool {
        self.0.is_taxable
    }

    /// List prices of one in further currencies, by currency code; at most 50, so they come without pages. None is converted
    /// from another.
    async fn prices(&self, ctx: &Context<'_>) -> Result<Vec<Money>> {
        let prices = ctx.loaders()?.prices().load_one(self.0.id).await.map_err(failed)?.unwrap_or_default();
        Ok(prices
            .iter()
            .filter_map(|row| Money::of(Some(row.amount_units), Some(&row.currency_code)))
            .collect())
    }

    /// List price of one in a currency; null when it has none there. Prices are never converted.
    async fn price(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "In which currency.")] currency_code: CurrencyCode,
    ) -> Result<Option<Money>> {
        let main = Money::of(self.0.unit_price_units, self.0.unit_price_currency_code.as_deref());
        if let Some(main) = main.filter(|main| main.currency_code == currency_code) {
            return Ok(Some(main));
        }
        let prices = ctx.loaders()?.prices().load_one(self.0.id).await.map_err(failed)?.unwrap_or_default();
        let row = prices.iter().find(|row| row.currency_code == currency_code.0.as_str());
        Ok(row.and_then(|row| Money::of(Some(row.amount_units), Some(&row.currency_code))))
    }

    /// Free text; null when there is none.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// How much there is of it, as the finance app counts it at this moment; null where it is not counted, or is no item there. The
    /// finance app is asked for each product, so 25 at most in a request, and for five seconds: UNAVAILABLE when it does not answer.
    async fn stock(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The connection to the finance app that counts it.")] integration_id: ID,
    ) -> Result<Option<ProductStock>> {
        ProductStock::load(ctx, self.0.id, &integration_id).await
    }

    /// The same product in finance apps; empty before the first sync.
    pub async fn external_references(
        &self,
        ctx: &Context<'_>,
    ) -> Result<Vec<super::syncable::ExternalReference>> {
        super::syncable::ExternalReference::of(ctx, self.0.id).await
    }

    /// How the product stands with the finance apps.
    pub async fn sync_state(&self, ctx: &Context<'_>) -> Result<super::syncable::SyncState> {
        super::syncable::SyncState::of(ctx, self.0.id).await
    }

    /// The product that a deleted one was merged into; null for every other. What was merged cannot be restored.
    async fn merged_into(&self, ctx: &Context<'_>) -> Result<Option<Product>> {
        let Some(into) = self.0.merged_into_id else { return Ok(None) };
        living(ctx, into).await
    }

    /// What every record has.
    #[graphql(flatten)]
    async fn fields(&self) -> RecordFields {
        RecordFields(self.common())
    }
}

super::record::record_type!(Product, product, products);
