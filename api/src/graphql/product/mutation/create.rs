//! `productCreate`.

use std::convert::identity;

use async_graphql::{Context, InputObject, Object, Result};

use crate::graphql::account::MoneyInput;
use crate::graphql::context::Asked;
use crate::graphql::error::payload;
use crate::graphql::product::Product;
use crate::graphql::record::input::RecordNewInput;
use crate::service::product::{self, NewProduct};
use crate::service::{ServiceResult, Services};

/// What a product is made of.
#[derive(InputObject)]
pub struct ProductCreateInput {
    /// Name; up to 200 characters.
    name: String,
    /// What the organization orders and counts it by; up to 250 characters.
    code: Option<String>,
    /// Product line; up to 250 characters.
    family: Option<String>,
    /// Free text; up to 10,000 characters.
    description: Option<String>,
    /// What it is counted in, such as pcs, h or kg; up to 250 characters.
    unit: Option<String>,
    /// List price of one, in the currency that it is kept in.
    unit_price: Option<MoneyInput>,
    /// List prices of one in further currencies, one for each, 50 at most. They are not converted from the list price.
    #[graphql(validator(max_items = 50))]
    prices: Option<Vec<MoneyInput>>,
    /// Whether it is sold.
    #[graphql(default = true)]
    is_active: bool,
    /// Whether sales of it are taxed.
    #[graphql(default = true)]
    is_taxable: bool,
    /// What every create may say.
    #[graphql(flatten)]
    record: RecordNewInput,
}

payload! {
    /// What came of creating a product.
    ProductCreatePayload {
        /// The new product; null when there are user errors.
        product: Product
    }
}

impl ProductCreateInput {
    /// What the service takes.
    pub(super) fn read(self) -> Result<NewProduct> {
        let common = self.record.read("productCreate", &self)?;
        Ok(NewProduct {
            name: self.name,
            code: self.code,
            family: self.family,
            description: self.description,
            unit: self.unit,
            unit_price: self.unit_price.map(MoneyInput::read),
            prices: self.prices.unwrap_or_default().into_iter().map(MoneyInput::read).collect(),
            is_active: self.is_active,
            is_taxable: self.is_taxable,
            common,
        })
    }
}

pub(super) async fn create(services: &Services, new: NewProduct) -> ServiceResult<Product> {
    product::create(services, new).await.map(Product::from)
}

/// `productCreate`.
#[derive(Default)]
pub struct ProductCreate;

#[Object]
impl ProductCreate {
    /// Makes a product.
    async fn product_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What the product is made of.")] input: ProductCreateInput,
    ) -> Result<Option<ProductCreatePayload>> {
        ProductCreatePayload::of(create(ctx.services()?, input.read()?).await, identity).map(Some)
    }
}
