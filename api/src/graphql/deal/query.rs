//! Reading deals.

use async_graphql::{Context, ID, Object, Result};
use finbridge_domain::NodeKind;

use super::filter::{DealFilter, DealOrder, listing};
use super::{Deal, DealConnection, living};
use crate::graphql::connection::{page_args, records};
use crate::graphql::context::{Asked, uuid};

/// Reading deals.
#[derive(Default)]
pub struct DealQuery;

#[Object]
impl DealQuery {
    /// The deal of this id; null when there is none in this organization.
    async fn deal(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Id of a deal.")] id: ID,
    ) -> Result<Option<Deal>> {
        living(ctx, uuid(NodeKind::Deal, &id)?).await
    }

    /// The deals of this organization.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a Relay connection")]
    async fn deals(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the start; 1 to 100, 25 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Only records after this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end; 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only records before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only deals for which all of this holds.")] filter: Option<DealFilter>,
        #[graphql(desc = "In which order; by name when not given.")] order_by: Option<DealOrder>,
    ) -> Result<Option<DealConnection>> {
        let filter = filter.unwrap_or_default();
        let condition = filter.condition(ctx.services()?).await?;
        let args = page_args(first, after, last, before);
        let (page, count) =
            records(ctx, filter.record.extent(), condition, &listing(order_by), &args).await?;
        Ok(Some(DealConnection::new(page, count)))
    }
}
