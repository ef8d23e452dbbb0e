//! `syncRecordResync`.

use async_graphql::{Context, ID, InputObject, Object, Result};
use finbridge_domain::NodeKind;

use crate::graphql::context::{Asked, uuid};
use crate::graphql::error::payload;
use crate::graphql::sync::{SyncRun, synced_record};
use crate::service::sync_control;

/// Which record.
#[derive(InputObject)]
pub struct SyncRecordResyncInput {
    /// Which integration.
    integration_id: ID,
    /// The account, contact, vendor or product.
    record_id: ID,
}

payload! {
    /// What came of it.
    SyncRecordResyncPayload {
        /// The run: watch it with `syncRun`; null when there are user errors.
        sync_run: SyncRun
    }
}

/// `syncRecordResync`.
#[derive(Default)]
pub struct SyncRecordResync;

#[Object]
impl SyncRecordResync {
    /// Synchronises one record again, alone: one that is linked to a finance record which was made of it. For administrators.
    async fn sync_record_resync(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which record.")] input: SyncRecordResyncInput,
    ) -> Result<Option<SyncRecordResyncPayload>> {
        let services = ctx.services()?;
        let integration = uuid(NodeKind::Integration, &input.integration_id)?;
        let (record, _) = synced_record(&input.record_id)?;
        let done = sync_control::resync(services, integration, record).await;
        SyncRecordResyncPayload::of(done, SyncRun::from).map(Some)
    }
}
