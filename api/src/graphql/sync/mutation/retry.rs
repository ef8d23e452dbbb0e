//! `syncRunRetry`.

use async_graphql::{Context, ID, InputObject, Object, Result};
use finbridge_domain::NodeKind;

use crate::graphql::context::{Asked, uuid};
use crate::graphql::error::payload;
use crate::graphql::sync::SyncRun;
use crate::service::sync_control;

/// The run whose failures to try again.
#[derive(InputObject)]
pub struct SyncRunRetryInput {
    /// Which run.
    id: ID,
}

payload! {
    /// What came of it.
    SyncRunRetryPayload {
        /// The run: watch it with `syncRun`; null when there are user errors.
        sync_run: SyncRun
    }
}

/// `syncRunRetry`.
#[derive(Default)]
pub struct SyncRunRetry;

#[Object]
impl SyncRunRetry {
    /// Starts a run about the records that failed in an earlier one, and about nothing else. For administrators.
    async fn sync_run_retry(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The run whose failures to try again.")] input: SyncRunRetryInput,
    ) -> Result<Option<SyncRunRetryPayload>> {
        let services = ctx.services()?;
        let id = uuid(NodeKind::SyncRun, &input.id)?;
        let done = sync_control::retry(services, id).await;
        SyncRunRetryPayload::of(done, SyncRun::from).map(Some)
    }
}
