//! Reading contacts.

use async_graphql::{Context, ID, Object, Result};
use finbridge_domain::NodeKind;

use super::filter::{ContactFilter, ContactOrder, listing};
use super::{Contact, ContactConnection, living};
use crate::graphql::connection::{page_args, records};
use crate::graphql::context::{Asked, uuid};

/// Reading contacts.
#[derive(Default)]
pub struct ContactQuery;

#[Object]
impl ContactQuery {
    /// The contact of this id; null when there is none in this organization.
    async fn contact(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Id of a contact.")] id: ID,
    ) -> Result<Option<Contact>> {
        living(ctx, uuid(NodeKind::Contact, &id)?).await
    }

    /// The contacts of this organization.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a Relay connection")]
    async fn contacts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the start; 1 to 100, 25 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Only records after this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end; 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only records before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only contacts for whom all of this holds.")] filter: Option<ContactFilter>,
        #[graphql(desc = "In which order; by name when not given.")] order_by: Option<ContactOrder>,
    ) -> Result<Option<ContactConnection>> {
        let filter = filter.unwrap_or_default();
        let condition = filter.condition(ctx.services()?).await?;
        let args = page_args(first, after, last, before);
        let (page, count) =
            records(ctx, filter.record.extent(), condition, &listing(order_by), &args).await?;
        Ok(Some(ContactConnection::new(page, count)))
    }
}
