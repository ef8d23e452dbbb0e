//! What a run did with each record, as CSV (X19).

use finbridge_domain::{NodeId, NodeKind};
use finbridge_entity::types::ItemOutcome;
use finbridge_entity::{Scoped, sync_run_item};
use sea_orm::{ActiveEnum, ColumnTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::row::{Guard, Row};
use super::{PAGE, Piece, synced_id};
use crate::service::Services;
use crate::service::error::ServiceResult;

const COLUMNS: [&str; 20] = [
    "id",
    "runId",
    "recordType",
    "recordId",
    "recordName",
    "kind",
    "action",
    "rule",
    "reason",
    "state",
    "outcome",
    "remoteKey",
    "remoteName",
    "attempts",
    "errorCode",
    "errorMessage",
    "remoteCode",
    "remoteMessage",
    "remoteRequest",
    "finishedAt",
];

/// Which items to export.
#[derive(Debug, Clone, Copy)]
pub struct ItemSelection {
    /// Those of this run.
    pub run: Uuid,
    /// Those of which this came; none: all.
    pub outcome: Option<ItemOutcome>,
}

/// An export of what a run did, in the order in which it was planned.
pub struct ItemExport {
    services: Services,
    selection: ItemSelection,
    guard: Guard,
    after: Option<Uuid>,
    is_begun: bool,
    is_over: bool,
}

impl ItemExport {
    /// Of these items.
    pub fn of(services: Services, selection: ItemSelection, guard: Guard) -> Self {
        Self { services, selection, guard, after: None, is_begun: false, is_over: false }
    }

    /// The next piece of the file, the header row with the first; none at the end.
    ///
    /// # Errors
    /// The database's.
    pub async fn next(&mut self) -> ServiceResult<Option<Vec<u8>>> {
        if self.is_over {
            return Ok(None);
        }
        let mut piece = Piece::new();
        if !self.is_begun {
            self.is_begun = true;
            piece.0.write_record(COLUMNS)?;
        }
        let ItemSelection { run, outcome } = self.selection;
        let mut items = sync_run_item::Entity::of(self.services.organization_id())
            .filter(sync_run_item::Column::RunId.eq(run));
        if let Some(outcome) = outcome {
            items = items.filter(sync_run_item::Column::Outcome.eq(outcome));
        }
        if let Some(after) = self.after {
            items = items.filter(sync_run_item::Column::Id.gt(after));
        }
        let items = items.order_by_asc(sync_run_item::Column::Id).limit(PAGE).all(self.services.db()).await?;
        self.after = items.last().map(|item| item.id);
        self.is_over = u64::try_from(items.len()).unwrap_or(u64::MAX) < PAGE;
        for item in &items {
            piece.0.write_record(self.row(item).cells())?;
        }
        piece.finished().map(Some)
    }

    fn row(&self, item: &sync_run_item::Model) -> Row {
        let mut row = Row::new(self.guard);
        row.plain(NodeId::new(NodeKind::SyncRunItem, item.id))
            .plain(NodeId::new(NodeKind::SyncRun, item.run_id))
            .plain(&item.record_type)
            .maybe(synced_id(&item.record_type, item.record_id))
            .text(Some(&item.record_name))
            .plain(&item.kind)
            .plain(item.action.to_value())
            .plain(&item.rule)
            .text(Some(&item.reason))
            .plain(item.state.to_value())
            .plain(item.outcome.to_value())
            .text(item.remote_id.as_deref())
            .text(item.remote_name.as_deref())
            .plain(item.attempts)
            .maybe(item.error_code.as_deref())
            .text(item.error_message.as_deref())
            .text(item.remote_code.as_deref())
            .text(item.remote_message.as_deref())
            .text(item.remote_request_id.as_deref());
        match item.finished_at {
            Some(instant) => row.time(instant),
            None => row.text(None),
        };
        row
    }
}
