//! `syncRunUndo`.

use async_graphql::{Context, ID, InputObject, Object, Result};
use finbridge_domain::NodeKind;

use crate::graphql::context::{Asked, uuid};
use crate::graphql::error::payload;
use crate::graphql::sync::SyncRun;
use crate::service::undo;

/// The run to take back.
#[derive(InputObject)]
pub struct SyncRunUndoInput {
    /// Which run; one that has ended.
    run_id: ID,
}

payload! {
    /// What came of it.
    SyncRunUndoPayload {
        /// The run that takes it back: watch it with `syncRun`; null when there are user errors.
        sync_run: SyncRun
    }
}

/// `syncRunUndo`.
#[derive(Default)]
pub struct SyncRunUndo;

#[Object]
impl SyncRunUndo {
    /// Takes back what a run did: records that it made are removed, fields get the values that they had before on the side
    /// where it wrote them, CRM records that it deleted come back, and links are as before. Whatever somebody touched since,
    /// and what finance apps cannot bring back, stays and is told as `KEPT`. Asked for twice, it happens once. The next run of
    /// the same settings would do the same again, so change them, or pause the module, before that. For administrators.
    async fn sync_run_undo(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The run to take back.")] input: SyncRunUndoInput,
    ) -> Result<Option<SyncRunUndoPayload>> {
        let services = ctx.services()?;
        let run = uuid(NodeKind::SyncRun, &input.run_id)?;
        let done = undo::undo(services, run).await;
        SyncRunUndoPayload::of(done, SyncRun::from).map(Some)
    }
}
