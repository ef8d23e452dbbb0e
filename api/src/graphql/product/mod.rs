//! Products in GraphQL.

pub mod filter;
pub mod query;

use async_graphql::{Context, ID, Object, Result};
use finbridge_domain::{NodeKind, WireId};
use finbridge_entity::product;

use super::account::Money;
use super::context::{Asked, id};
use super::loader::failed;
use super::scalar::DateTime;
use super::user::User;

/// Something that the organization sells.
#[derive(Clone)]
pub struct Product(product::Model);

impl From<product::Model> for Product {
    fn from(row: product::Model) -> Self {
        Self(row)
    }
}

super::connection::connection!(ProductConnection, ProductEdge, Product, product::Model, "products");

/// Something that the organization sells.
#[Object]
impl Product {
    /// Global id.
    pub async fn id(&self) -> ID {
        id(NodeKind::Product, self.0.id)
    }

    /// The 18-digit number by which finance apps know the product. Never changes.
    async fn wire_id(&self) -> String {
        WireId(self.0.wire_id).to_string()
    }

    /// Name, as people write it.
    async fn name(&self) -> &str {
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

    /// Who looks after the product; null when nobody does.
    async fn owner(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        User::load(ctx, self.0.owner_id).await
    }

    /// Ascends with every change, so that two readings can be told apart.
    async fn version(&self) -> i32 {
        i32::try_from(self.0.version).unwrap_or(i32::MAX)
    }

    /// When the product was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When the product was last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }
}

/// The product, unless it was deleted or is another tenant's.
pub async fn living(ctx: &Context<'_>, uuid: uuid::Uuid) -> Result<Option<Product>> {
    let row = ctx.loaders()?.products.load_one(uuid).await.map_err(failed)?;
    Ok(row.filter(|row| row.deleted_at.is_none()).map(Product))
}
