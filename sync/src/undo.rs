//! Taking back what a run did, as a run of its own: it plans one step for each record of the other run that was written,
//! the last one first, and applies them with everything that applying has: claims, outcomes, continuing after a crash.
//!
//! Afterwards both sides and the link are as they were before the run. What caused it is still there: the next run of the
//! same settings would do the same again.

use std::collections::HashSet;

use finbridge_domain::record::{CrmRecordType, FieldChange, RecordKind};
use finbridge_entity::types::{ItemAction, ItemOutcome};
use finbridge_entity::{Scoped, sync_run, sync_run_item};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::apply;
use crate::decide::{Decision, plain};
use crate::error::SyncError;
use crate::plan::{Planned, Position, Step, Subject};
use sync_run_item::Column;

/// The rule of records that are left as they are because the finance record is gone, and cannot be brought back.
pub(crate) const GONE: &str = "GONE";

/// The rule of records, or fields, that are left as they are because somebody touched them since.
pub(crate) const CHANGED_SINCE: &str = "CHANGED_SINCE";

/// The rule of records that are left as they are because the two are not linked any more.
pub(crate) const NOT_LINKED: &str = "NOT_LINKED";

/// Codes of items that failed after something was written.
const FAILED_HALFWAY: [&str; 2] = ["CRM_REFUSED", "LOOP_DETECTED"];

/// The next steps that take back what `undone` did, from the last record to the first. Writes nothing.
///
/// # Errors
/// The database's, or items that cannot be read.
pub(crate) async fn next(
    db: &impl ConnectionTrait,
    run: &sync_run::Model,
    subject: &Subject<'_>,
    undone: Uuid,
    before: Option<Uuid>,
    limit: u64,
) -> Result<Planned, SyncError> {
    let last_stage = subject.stages()?.len().saturating_sub(1);
    let mut select = sync_run_item::Entity::of(run.organization_id)
        .filter(sync_run_item::Column::RunId.eq(undone))
        .filter(has_written(|column| Expr::col((sync_run_item::Entity, column))))
        .order_by_desc(sync_run_item::Column::Id)
        .limit(limit);
    if let Some(before) = before {
        select = select.filter(sync_run_item::Column::Id.lt(before));
    }
    let items = select.all(db).await?;
    let Some(last) = items.last() else { return Ok(Planned::default()) };
    let next = Some(Position { stage: 0, after: Some(last.id) });
    let touched = touched_later(db, run, undone, &items).await?;
    let mut steps = Vec::with_capacity(items.len());
    for item in &items {
        let is_touched = touched.contains(&item.id);
        steps.push(Step {
            // The stages of this run are those of the other one, backwards.
            stage: last_stage.saturating_sub(usize::try_from(item.stage).unwrap_or(0)),
            after: item.id,
            kind: RecordKind::by_name(&item.kind).ok_or(SyncError::Missing("the kind of an item"))?,
            record_type: CrmRecordType::by_name(&item.record_type)
                .ok_or(SyncError::Missing("the record of an item"))?,
            record_id: item.record_id,
            name: item.record_name.clone(),
            version: item.record_version,
            remote_parent_id: item.remote_parent_id.clone(),
            decision: decide(item, is_touched)?,
        });
    }
    Ok(Planned { steps, agreed: Vec::new(), next })
}

/// Items of which something was written, on either side or to a link.
fn has_written(of: impl Fn(Column) -> Expr) -> Condition {
    let written = [ItemOutcome::Added, ItemOutcome::Updated, ItemOutcome::Deleted, ItemOutcome::Deactivated];
    // Some fields were written although others wait for a person, or were refused.
    let in_part = Condition::all().add(of(Column::Action).eq(ItemAction::Update)).add(
        Condition::any()
            .add(of(Column::Outcome).eq(ItemOutcome::Conflict))
            .add(of(Column::ErrorCode).is_in(FAILED_HALFWAY)),
    );
    let detached = Condition::all()
        .add(of(Column::Action).eq(ItemAction::Detach))
        .add(of(Column::Outcome).eq(ItemOutcome::Skipped))
        .add(of(Column::ErrorCode).is_null());
    Condition::any().add(of(Column::Outcome).is_in(written)).add(in_part).add(detached)
}

/// Of which of these items another run brought the record together later. What earlier tries of taking this run back did is
/// none of it. What counts is when they ended: a plan may wait while others run.
async fn touched_later(
    db: &impl ConnectionTrait,
    run: &sync_run::Model,
    undone: Uuid,
    items: &[sync_run_item::Model],
) -> Result<HashSet<Uuid>, SyncError> {
    let mut tries = Query::select();
    tries
        .column(sync_run::Column::Id)
        .from(sync_run::Entity)
        .and_where(sync_run::Column::OrganizationId.eq(run.organization_id))
        .and_where(sync_run::Column::UndoOfId.eq(undone));
    let alias = Alias::new("later");
    let later = |column: Column| Expr::col((alias.clone(), column));
    let of_item = |column: Column| Expr::col((sync_run_item::Entity, column));
    // Both looked at, and nothing to be written any more: that is agreed on too.
    let agreed = Condition::all()
        .add(later(Column::Action).eq(ItemAction::Update))
        .add(later(Column::Outcome).eq(ItemOutcome::Skipped))
        .add(later(Column::ErrorCode).is_null());
    let same_moment = Condition::all()
        .add(later(Column::FinishedAt).eq(of_item(Column::FinishedAt)))
        .add(later(Column::Id).gt(of_item(Column::Id)));
    let mut others = Query::select();
    others
        .expr(Expr::value(1))
        .from_as(sync_run_item::Entity, alias.clone())
        .and_where(later(Column::OrganizationId).eq(run.organization_id))
        .and_where(later(Column::RecordId).eq(of_item(Column::RecordId)))
        .and_where(later(Column::Kind).eq(of_item(Column::Kind)))
        .and_where(later(Column::RunId).ne(undone))
        .and_where(later(Column::RunId).not_in_subquery(tries.take()))
        .cond_where(has_written(later).add(agreed))
        .cond_where(
            Condition::any().add(later(Column::FinishedAt).gt(of_item(Column::FinishedAt))).add(same_moment),
        );
    let touched: Vec<Uuid> = sync_run_item::Entity::of(run.organization_id)
        .select_only()
        .column(Column::Id)
        .filter(Column::Id.is_in(items.iter().map(|item| item.id)))
        .filter(Expr::exists(others.take()))
        .into_tuple()
        .all(db)
        .await?;
    Ok(touched.into_iter().collect())
}

/// What takes back what was done with one record.
fn decide(item: &sync_run_item::Model, is_touched: bool) -> Result<Decision, SyncError> {
    let kept = |rule, reason| plain(ItemAction::Skip, rule, reason);
    let decision = match (item.action, item.outcome) {
        // Field by field: what others wrote since is left out when it is applied.
        (ItemAction::Update, _) => plain(
            ItemAction::Revert,
            "CHANGED_BY_RUN",
            "The run changed the record; its fields get the values that they had before",
        ),
        (ItemAction::DeleteInCrm, _) => plain(
            ItemAction::RestoreInCrm,
            "DELETED_BY_RUN",
            "The run deleted the CRM record, which is brought back",
        ),
        (ItemAction::Delete, ItemOutcome::Deactivated) => kept(
            "DEACTIVATED",
            "The run made the finance record inactive because it has transactions; make it active there",
        ),
        (ItemAction::Delete | ItemAction::Move, _) => {
            kept(GONE, "The run removed the finance record, and finance apps bring nothing back")
        }
        (ItemAction::Detach, _) => kept(
            NOT_LINKED,
            "The run unlinked the two; a later run links what still belongs together, or decide with `syncMatchDecide`",
        ),
        _ if is_touched => kept(CHANGED_SINCE, "A later run wrote the record"),
        (ItemAction::Create | ItemAction::Clone, _) => {
            plain(ItemAction::Remove, "MADE_BY_RUN", "The run made the finance record, which is removed")
        }
        (ItemAction::Overwrite | ItemAction::Adopt, _) => plain(
            ItemAction::Unlink,
            "LINKED_BY_RUN",
            "The run linked the two; the finance record gets the values that it had before, and the link is given up",
        ),
        (ItemAction::CreateInCrm, _) => {
            plain(ItemAction::RemoveInCrm, "MADE_BY_RUN", "The run made the CRM record, which is deleted")
        }
        // Nothing was written for these.
        (
            ItemAction::Keep
            | ItemAction::Skip
            | ItemAction::Ambiguous
            | ItemAction::Revert
            | ItemAction::Unlink
            | ItemAction::Remove
            | ItemAction::RemoveInCrm
            | ItemAction::RestoreInCrm,
            _,
        ) => kept(CHANGED_SINCE, "There is nothing to take back"),
    };
    let (mut changes, mut crm_changes) = (Vec::new(), Vec::new());
    if decision.action != ItemAction::Skip {
        changes = inverse(apply::changes(item)?);
        crm_changes = inverse(apply::crm_changes(item)?);
    }
    Ok(Decision {
        remote_id: item.remote_id.clone(),
        remote_name: item.remote_name.clone(),
        changes,
        crm_changes,
        ..decision
    })
}

/// The way back.
fn inverse(changes: Vec<FieldChange>) -> Vec<FieldChange> {
    changes
        .into_iter()
        .map(|FieldChange { field, before, after }| FieldChange { field, before: after, after: before })
        .collect()
}
