//! The plan as a client sees it.

use async_graphql::{ID, Object, Result, SimpleObject};
use finbridge_domain::record::FieldChange;
use finbridge_domain::{NodeKind, SyncModule};
use finbridge_sync::plan::Step;

use super::item::{SyncRunItemAction, SyncRunItemChange};
use crate::graphql::connection::PageInfo;
use crate::graphql::context::{id, uuid};
use crate::graphql::error::{coded, top_level};
use crate::graphql::scalar::DateTime;
use crate::service::page::{DEFAULT_SIZE, LARGEST};
use crate::service::{Services, sync};

/// What a run would do now.
#[derive(SimpleObject)]
pub struct SyncPlan {
    /// Up to when the finance side was read for this plan.
    as_of: DateTime,
    /// What would be done, record by record, in the order of their making.
    items: SyncPlanItemConnection,
}

/// A page of what would be done.
#[derive(SimpleObject)]
pub struct SyncPlanItemConnection {
    /// The records of this page with their cursors.
    edges: Vec<SyncPlanItemEdge>,
    /// The records of this page.
    nodes: Vec<SyncPlanItem>,
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
    /// Global id of the CRM record.
    async fn record(&self) -> ID {
        id(NodeKind::Account, self.0.record.id)
    }

    /// Its name.
    async fn record_name(&self) -> &str {
        &self.0.record.name
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

    /// Field by field, the finance record before and after.
    async fn changes(&self) -> Vec<SyncRunItemChange> {
        self.0.decision.changes.iter().cloned().map(|change: FieldChange| change.into()).collect()
    }
}

impl SyncPlan {
    /// Reads a page of the plan.
    ///
    /// # Errors
    /// Bad page arguments, a module that was never configured, a finance app that cannot be reached.
    pub async fn read(
        services: &Services,
        integration: uuid::Uuid,
        module: SyncModule,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Self> {
        let size = first.map_or(Some(DEFAULT_SIZE), |n| u64::try_from(n).ok());
        let size =
            size.filter(|n| (1..=LARGEST).contains(n)).and_then(|n| usize::try_from(n).ok()).ok_or_else(
                || coded("BAD_USER_INPUT", format!("`first` takes 1 to {LARGEST}; page on with `after`")),
            )?;
        // A plan has no list behind it, so its cursor is the record's id.
        let from = after.map(|cursor| uuid(NodeKind::Account, &ID(cursor))).transpose()?;
        let page = sync::plan(services, integration, module, from, size).await.map_err(top_level)?;
        let nodes: Vec<_> = page.steps.into_iter().map(SyncPlanItem).collect();
        let edges: Vec<_> = nodes
            .iter()
            .map(|node| SyncPlanItemEdge {
                cursor: id(NodeKind::Account, node.0.record.id).0,
                node: node.clone(),
            })
            .collect();
        let page_info = PageInfo {
            has_next_page: page.position.is_some(),
            has_previous_page: from.is_some(),
            start_cursor: edges.first().map(|edge| edge.cursor.clone()),
            end_cursor: edges.last().map(|edge| edge.cursor.clone()),
        };
        Ok(Self { as_of: DateTime(page.as_of), items: SyncPlanItemConnection { edges, nodes, page_info } })
    }
}
