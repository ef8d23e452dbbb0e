//! `syncPlanPrepare`.

use async_graphql::{Context, ID, InputObject, Object, Result};
use finbridge_domain::NodeKind;

use crate::graphql::context::{Asked, uuid};
use crate::graphql::error::payload;
use crate::graphql::integration::SyncModuleKey;
use crate::graphql::sync::SyncRun;
use crate::service::plan;

/// What to plan.
#[derive(InputObject)]
pub struct SyncPlanPrepareInput {
    /// Which integration.
    integration_id: ID,
    /// Which of its modules.
    module: SyncModuleKey,
    /// Whether every pair is compared, changed or not: the plan is then a report of all that has drifted apart, and applying
    /// it repairs that.
    #[graphql(default)]
    is_reconcile: bool,
}

payload! {
    /// What came of it.
    SyncPlanPreparePayload {
        /// The run that makes the plan and stops as `PLANNED`: watch it with `syncRun`; null when there are user errors.
        sync_run: SyncRun
    }
}

/// `syncPlanPrepare`.
#[derive(Default)]
pub struct SyncPlanPrepare;

#[Object]
impl SyncPlanPrepare {
    /// Makes a plan of any size and keeps it as the items of a run, which stops before anything is written on either side:
    /// `SyncRun.plan` then has its hash and forecast, and `syncPlanApply` carries it out. Other runs of the module may go on
    /// meanwhile. The plan is discarded after a day, by the next one of the module, or with `syncRunCancel`. For
    /// administrators.
    async fn sync_plan_prepare(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to plan.")] input: SyncPlanPrepareInput,
    ) -> Result<Option<SyncPlanPreparePayload>> {
        let services = ctx.services()?;
        let integration = uuid(NodeKind::Integration, &input.integration_id)?;
        let done = plan::prepare(services, integration, input.module.into(), input.is_reconcile).await;
        SyncPlanPreparePayload::of(done, SyncRun::from).map(Some)
    }
}
