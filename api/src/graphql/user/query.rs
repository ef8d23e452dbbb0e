//! Reading users.

use async_graphql::{Context, ID, Object, Result};
use finbridge_domain::NodeKind;

use super::filter::{UserFilter, UserOrder, listing};
use super::{User, UserConnection};
use crate::graphql::connection::{Count, page_args};
use crate::graphql::context::{Asked, uuid};
use crate::graphql::error::top_level;
use crate::service::user;

/// Reading users.
#[derive(Default)]
pub struct UserQuery;

#[Object]
impl UserQuery {
    /// The user of this id; null when nobody of this organization has it.
    async fn user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Id of a user.")] id: ID,
    ) -> Result<Option<User>> {
        User::load(ctx, Some(uuid(NodeKind::User, &id)?)).await
    }

    /// The people of this organization.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a Relay connection")]
    async fn users(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the start; 1 to 100, 25 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Only records after this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end; 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only records before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only users for whom all of this holds.")] filter: Option<UserFilter>,
        #[graphql(desc = "In which order; by name when not given.")] order_by: Option<UserOrder>,
    ) -> Result<Option<UserConnection>> {
        let services = ctx.services()?;
        let condition = filter.unwrap_or_default().condition()?;
        let args = page_args(first, after, last, before);
        let page =
            user::page(services, condition.clone(), &listing(order_by), &args).await.map_err(top_level)?;
        let services = services.clone();
        let count = Count::new(move || {
            let (services, condition) = (services.clone(), condition.clone());
            async move { user::count(&services, condition).await }
        });
        Ok(Some(UserConnection::new(page, count)))
    }
}
