//! Reading products.

use async_graphql::{Context, ID, Object, Result};
use finbridge_domain::NodeKind;

use super::filter::{ProductFilter, ProductOrder, listing};
use super::{Product, ProductConnection, living};
use crate::graphql::connection::{page_args, records};
use crate::graphql::context::{Asked, uuid};

/// Reading products.
#[derive(Default)]
pub struct ProductQuery;

#[Object]
impl ProductQuery {
    /// The product of this id; null when there is none in this organization.
    async fn product(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Id of a product.")] id: ID,
    ) -> Result<Option<Product>> {
        living(ctx, uuid(NodeKind::Product, &id)?).await
    }

    /// The products of this organization.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a Relay connection")]
    async fn products(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the start; 1 to 100, 25 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Only records after this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end; 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only records before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only products for which all of this holds.")] filter: Option<ProductFilter>,
        #[graphql(desc = "In which order; by name when not given.")] order_by: Option<ProductOrder>,
    ) -> Result<Option<ProductConnection>> {
        let filter = filter.unwrap_or_default();
        let condition = filter.condition(ctx.services()?).await?;
        let args = page_args(first, after, last, before);
        let (page, count) =
            records(ctx, filter.record.extent(), condition, &listing(order_by), &args).await?;
        Ok(Some(ProductConnection::new(page, count)))
    }
}
