//! `productUpdate`.

use std::convert::identity;

use async_graphql::{Context, InputObject, MaybeUndefined, Object, Result};
use finbridge_domain::NodeKind;
use uuid::Uuid;

use crate::graphql::account::MoneyInput;
use crate::graphql::context::Asked;
use crate::graphql::error::payload;
use crate::graphql::product::Product;
use crate::graphql::record::input::RecordChangeInput;
use crate::service::product::{self, ProductChange};
use crate::service::{ServiceResult, Services};

/// What changes in a product: fields that are left out stay as they are, null clears.
#[derive(InputObject)]
pub struct ProductUpdateInput {
    /// What every update may say.
    #[graphql(flatten)]
    record: RecordChangeInput,
    /// Name; up to 200 characters.
    name: MaybeUndefined<String>,
    /// What the organization orders and counts it by; up to 250 characters.
    code: MaybeUndefined<String>,
    /// Product line; up to 250 characters.
    family: MaybeUndefined<String>,
    /// Free text; up to 10,000 characters.
    description: MaybeUndefined<String>,
    /// What it is counted in, such as pcs, h or kg; up to 250 characters.
    unit: MaybeUndefined<String>,
    /// List price of one, in the currency that it is kept in. A further price in the same currency is removed: there is one
    /// price in each.
    unit_price: MaybeUndefined<MoneyInput>,
    /// List prices of one in further currencies, one for each, 50 at most; they replace those that are there.
    prices: MaybeUndefined<Vec<MoneyInput>>,
    /// Whether it is sold.
    is_active: Option<bool>,
    /// Whether sales of it are taxed.
    is_taxable: Option<bool>,
}

payload! {
    /// What came of changing a product.
    ProductUpdatePayload {
        /// The product as it is now; null when there are user errors.
        product: Product
    }
}

impl ProductUpdateInput {
    /// Which record, and what the service takes.
    pub(super) fn read(self) -> Result<(Uuid, ProductChange)> {
        let (id, common) = self.record.read(NodeKind::Product)?;
        let change = ProductChange {
            name: self.name,
            code: self.code,
            family: self.family,
            description: self.description,
            unit: self.unit,
            unit_price: self.unit_price.map_value(MoneyInput::read),
            prices: self.prices.map_value(|prices| prices.into_iter().map(MoneyInput::read).collect()),
            is_active: self.is_active,
            is_taxable: self.is_taxable,
            common,
        };
        Ok((id, change))
    }
}

pub(super) async fn update(
    services: &Services,
    (id, change): (Uuid, ProductChange),
) -> ServiceResult<Product> {
    product::update(services, id, change).await.map(Product::from)
}

/// `productUpdate`.
#[derive(Default)]
pub struct ProductUpdate;

#[Object]
impl ProductUpdate {
    /// Changes a product.
    async fn product_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which product, and what changes.")] input: ProductUpdateInput,
    ) -> Result<Option<ProductUpdatePayload>> {
        ProductUpdatePayload::of(update(ctx.services()?, input.read()?).await, identity).map(Some)
    }
}
