//! The plan as a client sees it.

use async_graphql::{Context, Object, Result, SimpleObject};
use finbridge_domain::SyncModule;
use finbridge_domain::record::FieldChange;
use finbridge_sync::plan::forecast::Summary;
use finbridge_sync::plan::{Position, Step};
use tokio::sync::OnceCell;

use super::forecast::{SyncForecast, SyncPlanTotal, totals};
use super::item::{SyncFieldConflict, SyncRunItemAction, SyncRunItemChange};
use crate::graphql::connection::PageInfo;
use crate::graphql::context::Asked;
use crate::graphql::error::{coded, top_level};
use crate::graphql::scalar::DateTime;
use crate::graphql::syncable::{ExternalKind, Syncable};
use crate::service::page::{DEFAULT_SIZE, LARGEST};
use crate::service::plan::Plan;
use crate::service::{Services, plan};

/// What a run would do now.
pub struct SyncPlan {
    plan: Plan,
    /// Of the whole plan, once somebody asks for it.
    summary: OnceCell<Summary>,
}

/// What a run would do now.
#[Object]
impl SyncPlan {
    /// Up to when the finance side was read for this plan.
    async fn as_of(&self) -> DateTime {
        DateTime(self.plan.as_of)
    }

    /// What makes it the plan that it is: it covers the version of the settings and each step in order, with the record, its
    /// version, the action and every field. Pass it to `syncPlanApply`. Like `totals` and `forecast` it takes a look at every
    /// record; plans that are too large for one request are made with `syncPlanPrepare`.
    async fn hash(&self, ctx: &Context<'_>) -> Result<String> {
        Ok(self.summary(ctx).await?.hash.text())
    }

    /// Numbers of records by what would be done with them, at most one for each action and kind.
    async fn totals(&self, ctx: &Context<'_>) -> Result<Vec<SyncPlanTotal>> {
        Ok(totals(&self.summary(ctx).await?.outlook))
    }

    /// What carrying it out would take.
    async fn forecast(&self, ctx: &Context<'_>) -> Result<SyncForecast> {
        Ok(self.summary(ctx).await?.outlook.clone().into())
    }

    /// What would be done, record by record, in the order of their making.
    async fn items(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many records; 1 to 100, 25 when not given.")] first: Option<i32>,
        #[graphql(desc = "Only records after this cursor.")] after: Option<String>,
    ) -> Result<SyncPlanItemConnection> {
        let size = first.map_or(Some(DEFAULT_SIZE), |n| u64::try_from(n).ok());
        let size =
            size.filter(|n| (1..=LARGEST).contains(n)).and_then(|n| usize::try_from(n).ok()).ok_or_else(
                || coded("BAD_USER_INPUT", format!("`first` takes 1 to {LARGEST}; page on with `after`")),
            )?;
        // A plan has no list behind it, so its cursor is the stage and the record's id.
        let from = after.map(|cursor| position(&cursor)).transpose()?;
        let page = self.plan.page(ctx.services()?, from, size).await.map_err(top_level)?;
        let edges: Vec<_> = page
            .steps
            .into_iter()
            .map(|step| SyncPlanItemEdge {
                cursor: format!("{}:{}", step.stage, step.after.simple()),
                node: SyncPlanItem(step),
            })
            .collect();
        let page_info = PageInfo {
            has_next_page: page.has_next,
            has_previous_page: from.is_some(),
            start_cursor: edges.first().map(|edge| edge.cursor.clone()),
            end_cursor: edges.last().map(|edge| edge.cursor.clone()),
        };
        let nodes = edges.iter().map(|edge| edge.node.clone()).collect();
        Ok(SyncPlanItemConnection { edges: Some(edges), nodes: Some(nodes), page_info })
    }
}

/// A page of what would be done.
#[derive(SimpleObject)]
pub struct SyncPlanItemConnection {
    /// The records of this page with their cursors.
    edges: Option<Vec<SyncPlanItemEdge>>,
    /// The records of this page.
    nodes: Option<Vec<SyncPlanItem>>,
    /// Where this page stands in the plan.
    page_info: PageInfo,
}

/// One record of the plan, and where it stands.
#[derive(SimpleObject)]
pub struct SyncPlanItemEdge {
    /// Where the record stands: pass it as `after`.
    cursor: String,
    /// The record.
    node: SyncPlanItem,
}

/// What would be done with one record.
#[derive(Clone)]
pub struct SyncPlanItem(Step);

/// What would be done with one record.
#[Object]
impl SyncPlanItem {
    /// The CRM record; null when it was deleted.
    async fn record(&self, ctx: &Context<'_>) -> Result<Option<Syncable>> {
        Syncable::load(ctx, self.0.record_type, self.0.record_id).await
    }

    /// Its name.
    async fn record_name(&self) -> &str {
        &self.0.name
    }

    /// What would be done.
    async fn action(&self) -> SyncRunItemAction {
        self.0.decision.action.into()
    }

    /// The rule that decided: stable, for programs.
    async fn rule(&self) -> &str {
        self.0.decision.rule
    }

    /// Why, as a sentence.
    async fn reason(&self) -> &str {
        &self.0.decision.reason
    }

    /// The finance record's id there; null when there is none yet.
    async fn remote_key(&self) -> Option<&str> {
        self.0.decision.remote_id.as_deref()
    }

    /// The name it has or would get there; null when it would get none.
    async fn remote_name(&self) -> Option<&str> {
        self.0.decision.remote_name.as_deref()
    }

    /// What it is, or would be, on the finance side.
    async fn kind(&self) -> ExternalKind {
        self.0.kind.into()
    }

    /// Field by field, the CRM record before and after, named as on the finance side.
    async fn crm_changes(&self) -> Vec<SyncRunItemChange> {
        self.0.decision.crm_changes.iter().cloned().map(Into::into).collect()
    }

    /// Fields that both sides changed since they last agreed, with all three values.
    async fn conflicts(&self) -> Vec<SyncFieldConflict> {
        self.0.decision.conflicts.iter().cloned().map(Into::into).collect()
    }

    /// Field by field, the finance record before and after.
    async fn changes(&self) -> Vec<SyncRunItemChange> {
        self.0.decision.changes.iter().cloned().map(|change: FieldChange| change.into()).collect()
    }
}

impl SyncPlan {
    /// Reads the finance side for a plan.
    ///
    /// # Errors
    /// A module that was never configured, a finance app that cannot be reached.
    pub async fn read(services: &Services, integration: uuid::Uuid, module: SyncModule) -> Result<Self> {
        let plan = plan::look(services, integration, module).await.map_err(top_level)?;
        Ok(Self { plan, summary: OnceCell::new() })
    }

    async fn summary(&self, ctx: &Context<'_>) -> Result<&Summary> {
        let services = ctx.services()?;
        self.summary.get_or_try_init(|| self.plan.summary(services)).await.map_err(top_level)
    }
}

/// The position that a cursor of a plan names.
fn position(cursor: &str) -> Result<Position> {
    let named = cursor.split_once(':').and_then(|(stage, after)| {
        Some(Position { stage: stage.parse().ok()?, after: Some(after.parse().ok()?) })
    });
    named.ok_or_else(|| {
        coded("BAD_USER_INPUT", "`after` is not a cursor of a plan; pass one exactly as an edge had it")
    })
}
