//! What the engine measures. It is told as events of the target `measure`, which the server turns into metrics where
//! somebody wants them; the engine knows no metrics.

use chrono::{DateTime, Utc};
use finbridge_entity::sync_run;
use finbridge_entity::types::RunState;

use crate::engine::Engine;
use crate::outcome;

/// A run ended: how, after how long, and what came of its records.
pub(crate) async fn run_ended(engine: &Engine, run: &sync_run::Model, state: RunState, now: DateTime<Utc>) {
    // The run has ended, whether it can be counted or not.
    let totals = outcome::totals(&engine.db, run.organization_id, &[run.id]).await.unwrap_or_default();
    let totals = totals.get(&run.id).copied().unwrap_or_default();
    let took = run.started_at.and_then(|started| (now - started).num_microseconds()).unwrap_or_default();
    let state = match state {
        RunState::Queued => "QUEUED",
        RunState::Running => "RUNNING",
        RunState::Planned => "PLANNED",
        RunState::Succeeded => "SUCCEEDED",
        RunState::Partial => "PARTIAL",
        RunState::Failed => "FAILED",
        RunState::Cancelled => "CANCELLED",
    };
    tracing::trace!(
        target: "measure",
        measure = "sync_run",
        module = run.module,
        state,
        micros = took,
        added = totals.added,
        updated = totals.updated,
        deleted = totals.deleted,
        deactivated = totals.deactivated,
        skipped = totals.skipped,
        conflicts = totals.conflicts,
        failed = totals.failed,
        kept = totals.kept,
    );
}
