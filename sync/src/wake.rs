//! Runs that a finance app asks for by telling of a change. The word is only a reason to look: a mark is set on the
//! modules that it concerns, and a moment later the mark becomes a run, however many words came meanwhile.

use chrono::{DateTime, TimeDelta, Utc};
use finbridge_domain::SyncModule;
use finbridge_domain::record::RecordKind;
use finbridge_entity::types::{IntegrationState, ModuleState, RunTrigger};
use finbridge_entity::{Scoped, begin_write, integration, sync_module, sync_wake};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};

use crate::engine::Engine;
use crate::error::SyncError;
use crate::run::{self, StartRun, Started};

/// How long a mark waits for others.
const GATHER: TimeDelta = TimeDelta::seconds(2);

/// How often a mark whose module has a run under way is looked at.
const LOOK_AGAIN: TimeDelta = TimeDelta::seconds(3);

/// Marks that are looked at in one tick.
const MOST_AT_ONCE: u64 = 20;

/// Marks the modules that these kinds of records belong to. Modules that are paused, or were never synchronised, are left
/// alone. Returns until when further words change nothing; none when nothing was marked, or a run is about to start.
///
/// # Errors
/// The database's.
pub async fn mark(
    engine: &Engine,
    integration: &integration::Model,
    kinds: &[RecordKind],
) -> Result<Option<DateTime<Utc>>, SyncError> {
    let concerned =
        SyncModule::ALL.iter().filter(|module| module.kinds().iter().any(|kind| kinds.contains(kind)));
    let names: Vec<&str> = concerned.map(|module| module.as_str()).collect();
    if names.is_empty() || integration.state != IntegrationState::Active {
        return Ok(None);
    }
    let now = engine.clock.now();
    let transaction = begin_write(&engine.db).await?;
    let modules = sync_module::Entity::of(integration.organization_id)
        .filter(sync_module::Column::IntegrationId.eq(integration.id))
        .filter(sync_module::Column::Module.is_in(names))
        .filter(sync_module::Column::State.eq(ModuleState::Active))
        .filter(sync_module::Column::InitialSyncAt.is_not_null())
        .all(&transaction)
        .await?;
    if modules.is_empty() {
        return Ok(None);
    }
    let marks = modules.iter().map(|module| sync_wake::ActiveModel {
        organization_id: Set(module.organization_id),
        id: Set(engine.ids.uuid()),
        sync_module_id: Set(module.id),
        due_at: Set(now + GATHER),
    });
    sync_wake::Entity::insert_many(marks)
        .on_conflict(
            OnConflict::columns([sync_wake::Column::OrganizationId, sync_wake::Column::SyncModuleId])
                .do_nothing()
                .to_owned(),
        )
        .exec_without_returning(&transaction)
        .await?;
    let marks = sync_wake::Entity::of(integration.organization_id)
        .filter(sync_wake::Column::SyncModuleId.is_in(modules.iter().map(|module| module.id)))
        .all(&transaction)
        .await?;
    transaction.commit().await?;
    // A mark that is due may have become a run already, which began before the next word.
    Ok(marks.iter().map(|mark| mark.due_at).min().filter(|due| *due > now))
}

/// Turns marks whose time has come into runs. A run under way may have read before the change, so the mark waits for its
/// end.
///
/// # Errors
/// The database's.
pub async fn start_woken_runs(engine: &Engine) -> Result<(), SyncError> {
    let now = engine.clock.now();
    let due = sync_wake::Entity::find()
        .filter(sync_wake::Column::DueAt.lte(now))
        .order_by_asc(sync_wake::Column::DueAt)
        .limit(MOST_AT_ONCE)
        .all(&engine.db)
        .await?;
    for wake in due {
        let transaction = begin_write(&engine.db).await?;
        // Whoever moves the time is the one who starts the run.
        let moved = sync_wake::Entity::update_many()
            .col_expr(sync_wake::Column::DueAt, Expr::value(now + LOOK_AGAIN))
            .filter(sync_wake::Column::OrganizationId.eq(wake.organization_id))
            .filter(sync_wake::Column::Id.eq(wake.id))
            .filter(sync_wake::Column::DueAt.eq(wake.due_at))
            .exec(&transaction)
            .await?;
        if moved.rows_affected == 0 {
            continue;
        }
        let module = sync_module::Entity::one_of(wake.organization_id, wake.sync_module_id)
            .one(&transaction)
            .await?
            .ok_or(SyncError::Missing("the sync module"))?;
        let integration = integration::Entity::one_of(wake.organization_id, module.integration_id)
            .one(&transaction)
            .await?;
        let is_connected =
            integration.is_some_and(|integration| integration.state == IntegrationState::Active);
        let wish = StartRun::of(wake.organization_id, module.id, RunTrigger::Webhook);
        let is_over = !is_connected
            || match run::start(engine, &transaction, wish).await? {
                Started::Queued(_) | Started::Paused | Started::Disabled => true,
                Started::AlreadyActive(_) => false,
            };
        if is_over {
            sync_wake::Entity::delete_many()
                .filter(sync_wake::Column::OrganizationId.eq(wake.organization_id))
                .filter(sync_wake::Column::Id.eq(wake.id))
                .exec(&transaction)
                .await?;
        }
        transaction.commit().await?;
    }
    Ok(())
}
