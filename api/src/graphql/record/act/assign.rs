//! `recordsAssign`.

use async_graphql::{Context, ID, InputObject, Object, Result};
use finbridge_domain::NodeKind;

use super::{act_on, act_payload};
use crate::graphql::context::uuid;
use crate::service::record::any::Act;

/// Which records go to whom.
#[derive(InputObject)]
pub struct RecordsAssignInput {
    /// Which records, 1 to 100; of mixed kinds if need be.
    #[graphql(validator(min_items = 1, max_items = 100))]
    ids: Vec<ID>,
    /// The user who shall look after them.
    owner_id: ID,
}

act_payload! {
    /// What came of assigning records.
    RecordsAssignPayload
}

/// `recordsAssign`.
#[derive(Default)]
pub struct RecordsAssign;

#[Object]
impl RecordsAssign {
    /// Has a user look after records of any kind, each on its own. A record that the user looks after already stays as it is,
    /// its version included.
    async fn records_assign(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which records go to whom.")] input: RecordsAssignInput,
    ) -> Result<Option<RecordsAssignPayload>> {
        let owner = uuid(NodeKind::User, &input.owner_id)?;
        let results = act_on(ctx, input.ids, &Act::Assign(owner)).await?;
        Ok(Some(RecordsAssignPayload { results: Some(results), user_errors: Vec::new() }))
    }
}
