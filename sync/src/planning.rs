//! Planning inside a run: batch by batch, each committed before the next.

use finbridge_domain::record::RecordKind;
use finbridge_entity::types::{ItemAction, ItemOutcome, ItemState, LinkState};
use finbridge_entity::{Scoped, begin_write, record_link, sync_module, sync_run, sync_run_item};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Set};

use crate::engine::Engine;
use crate::error::SyncError;
use crate::lease::Lease;
use crate::plan::forecast::{self, Summary, Summing};
use crate::plan::{self, Position, Step, Subject};
use crate::{apply, link, progress, undo};

/// Deletions that no guard holds up, however small their number makes the rest look.
const FEW: u64 = 10;

/// The rule of items that wait for somebody to approve them.
pub const DELETION_GUARD: &str = "DELETION_GUARD";

/// Plans one batch: its items, the position and the agreed pairs stand or fall together. False: no more records.
pub(crate) async fn plan_batch(lease: &Lease<'_>, subject: &Subject<'_>) -> Result<bool, SyncError> {
    let (engine, run) = (lease.engine, &lease.run);
    let current = sync_run::Entity::one_of(run.organization_id, run.id)
        .one(&engine.db)
        .await?
        .ok_or(SyncError::Missing("the run"))?;
    let now = engine.clock.now();
    let position =
        Position { stage: usize::try_from(current.plan_stage).unwrap_or(0), after: current.plan_position };
    let planned = match run.undo_of_id {
        Some(undone) => undo::next(&engine.db, run, subject, undone, position.after, plan::BATCH).await?,
        None => plan::next(&engine.db, &engine.ids, subject, position, plan::BATCH).await?,
    };
    let Some(next) = planned.next else { return Ok(false) };
    let count = i64::try_from(planned.steps.len()).unwrap_or(i64::MAX);
    let mut items = Vec::with_capacity(planned.steps.len());
    for step in planned.steps {
        items.push(item(engine, run, step, now)?);
    }
    let transaction = begin_write(&engine.db).await?;
    let stage = |stage: usize| i32::try_from(stage).unwrap_or(i32::MAX);
    let moved = lease
        .update()
        .col_expr(sync_run::Column::PlanStage, Expr::value(stage(next.stage)))
        .col_expr(sync_run::Column::PlanPosition, Expr::value(next.after))
        .col_expr(sync_run::Column::PlannedCount, Expr::col(sync_run::Column::PlannedCount).add(count))
        .filter(sync_run::Column::PlanStage.eq(current.plan_stage))
        .filter(match current.plan_position {
            Some(before) => sync_run::Column::PlanPosition.eq(before),
            None => sync_run::Column::PlanPosition.is_null(),
        })
        .exec(&transaction)
        .await?;
    if moved.rows_affected == 0 {
        // Another worker has the run, and planned this batch in the meantime.
        return Ok(false);
    }
    if !items.is_empty() {
        sync_run_item::Entity::insert_many(items).exec_without_returning(&transaction).await?;
    }
    for agreed in planned.agreed {
        link::agree(
            &transaction,
            run.organization_id,
            agreed.link_id,
            agreed.record_id,
            agreed.version,
            agreed.bases.as_ref(),
        )
        .await?;
    }
    progress::planned(&transaction, run, count, now).await?;
    engine.events.commit(transaction, &[progress::topic(run.organization_id, run.id)]).await?;
    Ok(true)
}

/// The item of a step, still to be done.
pub(crate) fn item(
    engine: &Engine,
    run: &sync_run::Model,
    step: Step,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<sync_run_item::ActiveModel, SyncError> {
    let told = |source| SyncError::Corrupt { what: "a plan", source };
    let decision = step.decision;
    let json = |changes: &[_]| match changes.is_empty() {
        true => Ok(None),
        false => serde_json::to_value(changes).map(Some),
    };
    let conflicts = match decision.conflicts.is_empty() {
        true => None,
        false => Some(serde_json::to_value(&decision.conflicts).map_err(told)?),
    };
    Ok(sync_run_item::ActiveModel {
        organization_id: Set(run.organization_id),
        id: Set(engine.ids.uuid()),
        run_id: Set(run.id),
        stage: Set(i32::try_from(step.stage).unwrap_or(i32::MAX)),
        kind: Set(step.kind.as_str().to_owned()),
        remote_parent_id: Set(step.remote_parent_id),
        record_type: Set(step.record_type.as_str().to_owned()),
        record_id: Set(step.record_id),
        record_name: Set(step.name),
        record_version: Set(step.version),
        action: Set(decision.action),
        rule: Set(decision.rule.to_owned()),
        reason: Set(decision.reason),
        state: Set(ItemState::Pending),
        remote_id: Set(decision.remote_id),
        remote_name: Set(decision.remote_name),
        changes: Set(serde_json::to_value(&decision.changes).map_err(told)?),
        crm_changes: Set(json(&decision.crm_changes).map_err(told)?),
        conflicts: Set(conflicts),
        outcome: Set(ItemOutcome::None),
        attempts: Set(0),
        remote_request_id: Set(None),
        error_code: Set(None),
        error_message: Set(None),
        error_template: Set(None),
        remote_code: Set(None),
        remote_message: Set(None),
        created_at: Set(now),
        finished_at: Set(None),
    })
}

/// What the plan that a run has made comes to, summed up from its items.
pub(crate) async fn summary(lease: &Lease<'_>, subject: &Subject<'_>) -> Result<Summary, SyncError> {
    let (db, run) = (&lease.engine.db, &lease.run);
    let module = sync_module::Entity::one_of(run.organization_id, run.sync_module_id)
        .one(db)
        .await?
        .ok_or(SyncError::Missing("the sync module"))?;
    let reading = forecast::reading(db, subject, &module, lease.engine.clock.now()).await?;
    let mut summing = Summing::begin(subject, run.sync_module_id, run.settings_version, reading);
    let mut after = None;
    loop {
        let mut select = sync_run_item::Entity::of(run.organization_id)
            .filter(sync_run_item::Column::RunId.eq(run.id))
            .order_by_asc(sync_run_item::Column::Id)
            .limit(plan::BATCH);
        if let Some(after) = after {
            select = select.filter(sync_run_item::Column::Id.gt(after));
        }
        let items = select.all(db).await?;
        let Some(last) = items.last() else { return Ok(summing.end()) };
        after = Some(last.id);
        for item in &items {
            summing.item(item, &apply::contents(item)?)?;
        }
    }
}

/// Holds up deletions that are more than a set share of what is linked, until somebody approves them: a mistake with a
/// view, a bulk delete or a broken read must not empty the other side.
pub(crate) async fn hold_deletions(lease: &Lease<'_>, subject: &Subject<'_>) -> Result<(), SyncError> {
    let (engine, run) = (lease.engine, &lease.run);
    if run.may_delete {
        return Ok(());
    }
    let deletions = sync_run_item::Entity::of(run.organization_id)
        .filter(sync_run_item::Column::RunId.eq(run.id))
        .filter(sync_run_item::Column::Action.is_in([ItemAction::Delete, ItemAction::DeleteInCrm]))
        .filter(sync_run_item::Column::State.eq(ItemState::Pending));
    let count = deletions.clone().count(&engine.db).await?;
    if count <= FEW {
        return Ok(());
    }
    let kinds = subject.module.kinds().iter().copied().map(RecordKind::as_str);
    let linked = record_link::Entity::of(run.organization_id)
        .filter(record_link::Column::FinanceOrganizationId.eq(subject.remote.organization.id))
        .filter(record_link::Column::Kind.is_in(kinds))
        .filter(record_link::Column::State.is_in([LinkState::Linked, LinkState::RemoteGone]))
        .count(&engine.db)
        .await?;
    let allowed = linked * u64::from(subject.settings.deletion_guard_percent) / 100;
    if count <= allowed {
        return Ok(());
    }
    let reason = format!(
        "{count} of {linked} linked records would be deleted, more than the {} % that need no approval; approve with `syncDeletionsApprove`",
        subject.settings.deletion_guard_percent
    );
    let now = engine.clock.now();
    let transaction = begin_write(&engine.db).await?;
    let held = sync_run_item::Entity::update_many()
        .col_expr(sync_run_item::Column::State, Expr::value(ItemState::Skipped))
        .col_expr(sync_run_item::Column::Outcome, Expr::value(ItemOutcome::Conflict))
        .col_expr(sync_run_item::Column::Rule, Expr::value(DELETION_GUARD))
        .col_expr(sync_run_item::Column::Reason, Expr::value(reason))
        .col_expr(sync_run_item::Column::FinishedAt, Expr::value(Some(now)))
        .filter(sync_run_item::Column::OrganizationId.eq(run.organization_id))
        .filter(sync_run_item::Column::RunId.eq(run.id))
        .filter(sync_run_item::Column::Action.is_in([ItemAction::Delete, ItemAction::DeleteInCrm]))
        .filter(sync_run_item::Column::State.eq(ItemState::Pending))
        .exec(&transaction)
        .await?;
    let held = i64::try_from(held.rows_affected).unwrap_or(i64::MAX);
    progress::held(&transaction, run, held, now).await?;
    engine.events.commit(transaction, &[progress::topic(run.organization_id, run.id)]).await?;
    Ok(())
}
