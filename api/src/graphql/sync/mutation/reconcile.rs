//! `syncModuleReconcile`.

use async_graphql::{Context, ID, InputObject, Object, Result};
use finbridge_domain::NodeKind;

use crate::graphql::context::{Asked, uuid};
use crate::graphql::error::payload;
use crate::graphql::integration::SyncModuleKey;
use crate::graphql::sync::SyncRun;
use crate::service::sync_control;

/// What to compare.
#[derive(InputObject)]
pub struct SyncModuleReconcileInput {
    /// Which integration.
    integration_id: ID,
    /// Which of its modules.
    module: SyncModuleKey,
}

payload! {
    /// What came of it.
    SyncModuleReconcilePayload {
        /// The run: watch it with `syncRun`; null when there are user errors.
        sync_run: SyncRun
    }
}

/// `syncModuleReconcile`.
#[derive(Default)]
pub struct SyncModuleReconcile;

#[Object]
impl SyncModuleReconcile {
    /// Compares every pair of a module, changed or not, and repairs what differs. For administrators.
    async fn sync_module_reconcile(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to compare.")] input: SyncModuleReconcileInput,
    ) -> Result<Option<SyncModuleReconcilePayload>> {
        let services = ctx.services()?;
        let integration = uuid(NodeKind::Integration, &input.integration_id)?;
        let done = sync_control::reconcile(services, integration, input.module.into()).await;
        SyncModuleReconcilePayload::of(done, SyncRun::from).map(Some)
    }
}
