//! `syncRunStart`.

use async_graphql::{Context, ID, InputObject, Object, Result};
use finbridge_domain::NodeKind;

use crate::graphql::context::{Asked, uuid};
use crate::graphql::error::payload;
use crate::graphql::integration::SyncModuleKey;
use crate::graphql::sync::SyncRun;
use crate::service::sync;

/// What to synchronise now.
#[derive(InputObject)]
pub struct SyncRunStartInput {
    /// Which integration.
    integration_id: ID,
    /// Which of its modules.
    module: SyncModuleKey,
}

payload! {
    /// What came of starting a run.
    SyncRunStartPayload {
        /// The run, queued: watch it with `syncRun`; null when there are user errors.
        sync_run: SyncRun
    }
}

/// `syncRunStart`.
#[derive(Default)]
pub struct SyncRunStart;

#[Object]
impl SyncRunStart {
    /// Starts a run now. Runs of one module never overlap: while one is queued or running, another is refused. For
    /// administrators.
    async fn sync_run_start(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to synchronise.")] input: SyncRunStartInput,
    ) -> Result<Option<SyncRunStartPayload>> {
        let integration = uuid(NodeKind::Integration, &input.integration_id)?;
        SyncRunStartPayload::of(
            sync::start(ctx.services()?, integration, input.module.into()).await,
            SyncRun::from,
        )
        .map(Some)
    }
}
