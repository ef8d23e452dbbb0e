//! Reading accounts.

use async_graphql::{Context, ID, Object, Result};
use finbridge_domain::NodeKind;

use super::filter::{AccountFilter, AccountOrder, listing};
use super::{Account, AccountConnection, living};
use crate::graphql::connection::{page_args, records};
use crate::graphql::context::{Asked, uuid};

/// Reading accounts.
#[derive(Default)]
pub struct AccountQuery;

#[Object]
impl AccountQuery {
    /// The account of this id; null when there is none in this organization.
    async fn account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Id of an account.")] id: ID,
    ) -> Result<Option<Account>> {
        living(ctx, uuid(NodeKind::Account, &id)?).await
    }

    /// The accounts of this organization.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a Relay connection")]
    async fn accounts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the start; 1 to 100, 25 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Only records after this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end; 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only records before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only accounts for which all of this holds.")] filter: Option<AccountFilter>,
        #[graphql(desc = "In which order; by name when not given.")] order_by: Option<AccountOrder>,
    ) -> Result<Option<AccountConnection>> {
        let filter = filter.unwrap_or_default();
        let condition = filter.condition(ctx.services()?).await?;
        let args = page_args(first, after, last, before);
        let (page, count) =
            records(ctx, filter.record.extent(), condition, &listing(order_by), &args).await?;
        Ok(Some(AccountConnection::new(page, count)))
    }
}
