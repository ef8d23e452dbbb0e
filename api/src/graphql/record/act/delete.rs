//! `recordsDelete`.

use async_graphql::{Context, ID, InputObject, Object, Result};

use super::{act_on, act_payload};
use crate::service::record::any::Act;

/// Which records to delete.
#[derive(InputObject)]
pub struct RecordsDeleteInput {
    /// Which records, 1 to 100; of mixed kinds if need be.
    #[graphql(validator(min_items = 1, max_items = 100))]
    ids: Vec<ID>,
}

act_payload! {
    /// What came of deleting records.
    RecordsDeletePayload
}

/// `recordsDelete`.
#[derive(Default)]
pub struct RecordsDelete;

#[Object]
impl RecordsDelete {
    /// Deletes records of any kind, each on its own. They can be restored; the next sync treats each as if it had been deleted
    /// alone.
    async fn records_delete(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which records to delete.")] input: RecordsDeleteInput,
    ) -> Result<Option<RecordsDeletePayload>> {
        let results = act_on(ctx, input.ids, &Act::Delete).await?;
        Ok(Some(RecordsDeletePayload { results: Some(results), user_errors: Vec::new() }))
    }
}
