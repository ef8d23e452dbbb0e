//! `recordsRestore`.

use async_graphql::{Context, ID, InputObject, Object, Result};

use super::{act_on, act_payload};
use crate::service::record::any::Act;

/// Which deleted records to restore.
#[derive(InputObject)]
pub struct RecordsRestoreInput {
    /// Which records, 1 to 100; of mixed kinds if need be.
    #[graphql(validator(min_items = 1, max_items = 100))]
    ids: Vec<ID>,
}

act_payload! {
    /// What came of restoring records.
    RecordsRestorePayload
}

/// `recordsRestore`.
#[derive(Default)]
pub struct RecordsRestore;

#[Object]
impl RecordsRestore {
    /// Brings deleted records of any kind back, each on its own, with everything that they had, notes and tags included.
    async fn records_restore(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which records to restore.")] input: RecordsRestoreInput,
    ) -> Result<Option<RecordsRestorePayload>> {
        let results = act_on(ctx, input.ids, &Act::Restore).await?;
        Ok(Some(RecordsRestorePayload { results: Some(results), user_errors: Vec::new() }))
    }
}
