//! `syncPlanApply`.

use async_graphql::{Context, ID, InputObject, Object, Result};
use finbridge_domain::NodeKind;

use crate::graphql::context::{Asked, uuid};
use crate::graphql::error::payload;
use crate::graphql::integration::SyncModuleKey;
use crate::graphql::sync::SyncRun;
use crate::service::plan;

/// Which plan to carry out.
#[derive(InputObject)]
pub struct SyncPlanApplyInput {
    /// Which integration.
    integration_id: ID,
    /// Which of its modules.
    module: SyncModuleKey,
    /// The `hash` of the plan.
    hash: String,
}

payload! {
    /// What came of it.
    SyncPlanApplyPayload {
        /// The run: watch it with `syncRun`; null when there are user errors.
        sync_run: SyncRun
    }
}

/// `syncPlanApply`.
#[derive(Default)]
pub struct SyncPlanApply;

#[Object]
impl SyncPlanApply {
    /// Carries out exactly the plan of this hash. Of a plan that `syncPlanPrepare` keeps, each record that changed since is
    /// left alone, and its item fails with `PLAN_STALE`; the others are written as planned. A plan that was only looked at with
    /// `syncPlan` is carried out if it is still the same as a whole; otherwise the run fails with `PLAN_STALE` and nothing
    /// is written. For administrators.
    async fn sync_plan_apply(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which plan to carry out.")] input: SyncPlanApplyInput,
    ) -> Result<Option<SyncPlanApplyPayload>> {
        let services = ctx.services()?;
        let integration = uuid(NodeKind::Integration, &input.integration_id)?;
        let done = plan::apply(services, integration, input.module.into(), &input.hash).await;
        SyncPlanApplyPayload::of(done, SyncRun::from).map(Some)
    }
}
