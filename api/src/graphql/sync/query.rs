//! Reading runs and plans.

use async_graphql::{Context, ID, Object, Result};
use finbridge_domain::NodeKind;

use super::filter::{SyncRunFilter, SyncRunOrder, listing};
use super::plan::SyncPlan;
use super::{SyncRun, SyncRunConnection};
use crate::graphql::connection::{Count, page_args};
use crate::graphql::context::{Asked, uuid};
use crate::graphql::error::top_level;
use crate::graphql::integration::SyncModuleKey;
use crate::service::sync;

/// Reading runs and plans.
#[derive(Default)]
pub struct SyncQuery;

#[Object]
impl SyncQuery {
    /// The runs of this organization: its sync history.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a Relay connection")]
    async fn sync_runs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the start; 1 to 100, 25 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Only records after this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end; 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only records before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only runs for which all of this holds.")] filter: Option<SyncRunFilter>,
        #[graphql(desc = "In which order; newest first when not given.")] order_by: Option<SyncRunOrder>,
    ) -> Result<Option<SyncRunConnection>> {
        let services = ctx.services()?;
        let condition = filter.unwrap_or_default().condition()?;
        let args = page_args(first, after, last, before);
        let page =
            sync::runs(services, condition.clone(), &listing(order_by), &args).await.map_err(top_level)?;
        let services = services.clone();
        let count = Count::new(move || {
            let (services, condition) = (services.clone(), condition.clone());
            async move { sync::count_runs(&services, condition).await }
        });
        Ok(Some(SyncRunConnection::new(page, count)))
    }

    /// The run of this id; null when there is none in this organization.
    async fn sync_run(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Id of a run.")] id: ID,
    ) -> Result<Option<SyncRun>> {
        let run = sync::run(ctx.services()?, uuid(NodeKind::SyncRun, &id)?).await.map_err(top_level)?;
        Ok(run.map(SyncRun::from))
    }

    /// What a run would do now: record by record, with every field before and after, the rule and the reason. Nothing is
    /// written on either side. The finance side is read up to this moment; UNAVAILABLE when that takes over 5 seconds. Its
    /// `hash` is what `syncPlanApply` takes; a plan that is to be kept is made with `syncPlanPrepare`.
    async fn sync_plan(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which integration.")] integration_id: ID,
        #[graphql(desc = "Which of its modules.")] module: SyncModuleKey,
    ) -> Result<Option<SyncPlan>> {
        let integration = uuid(NodeKind::Integration, &integration_id)?;
        SyncPlan::read(ctx.services()?, integration, module.into()).await.map(Some)
    }
}
