//! `syncRunCancel`.

use async_graphql::{Context, ID, InputObject, Object, Result};
use finbridge_domain::NodeKind;

use crate::graphql::context::{Asked, uuid};
use crate::graphql::error::payload;
use crate::graphql::sync::SyncRun;
use crate::service::sync_control;

/// Which run to end.
#[derive(InputObject)]
pub struct SyncRunCancelInput {
    /// Which run.
    id: ID,
}

payload! {
    /// What came of it.
    SyncRunCancelPayload {
        /// The run: watch it with `syncRun`; null when there are user errors.
        sync_run: SyncRun
    }
}

/// `syncRunCancel`.
#[derive(Default)]
pub struct SyncRunCancel;

#[Object]
impl SyncRunCancel {
    /// Asks a run to end after the records that are in hand. What it has not done is left to the next run. For administrators.
    async fn sync_run_cancel(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which run to end.")] input: SyncRunCancelInput,
    ) -> Result<Option<SyncRunCancelPayload>> {
        let services = ctx.services()?;
        let id = uuid(NodeKind::SyncRun, &input.id)?;
        let done = sync_control::cancel(services, id).await;
        SyncRunCancelPayload::of(done, SyncRun::from).map(Some)
    }
}
