//! `syncDeletionsApprove`.

use async_graphql::{Context, ID, InputObject, Object, Result};
use finbridge_domain::NodeKind;

use crate::graphql::context::{Asked, uuid};
use crate::graphql::error::payload;
use crate::graphql::sync::SyncRun;
use crate::service::sync_control;

/// The run that held them up.
#[derive(InputObject)]
pub struct SyncDeletionsApproveInput {
    /// Which run.
    id: ID,
}

payload! {
    /// What came of it.
    SyncDeletionsApprovePayload {
        /// The run: watch it with `syncRun`; null when there are user errors.
        sync_run: SyncRun
    }
}

/// `syncDeletionsApprove`.
#[derive(Default)]
pub struct SyncDeletionsApprove;

#[Object]
impl SyncDeletionsApprove {
    /// Approves the deletions that a run held up because they were too many, and starts a run that makes them. For
    /// administrators.
    async fn sync_deletions_approve(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The run that held them up.")] input: SyncDeletionsApproveInput,
    ) -> Result<Option<SyncDeletionsApprovePayload>> {
        let services = ctx.services()?;
        let id = uuid(NodeKind::SyncRun, &input.id)?;
        let done = sync_control::approve_deletions(services, id).await;
        SyncDeletionsApprovePayload::of(done, SyncRun::from).map(Some)
    }
}
