//! What is due by our own clock.

use chrono::{DateTime, TimeDelta, Utc};
use finbridge_domain::{CapabilityProfile, SyncSettings};
use finbridge_entity::types::{IntegrationState, ModuleState, RunState, RunTrigger};
use finbridge_entity::{
    Scoped, begin_write, deal_event, document_feed, integration, sync_module, sync_run, sync_settings,
};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait,
    IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Set,
};

use crate::act;
use crate::engine::Engine;
use crate::error::SyncError;
use crate::job::continue_run;
use crate::lease::LEASE;
use crate::run::{self, StartRun, Started};

/// How long a plan waits for somebody to carry it out.
pub const PLANS_LAST: TimeDelta = TimeDelta::hours(24);

/// How often an automatic run that is due is tried while a run that does less is under way.
const LOOK_AGAIN: TimeDelta = TimeDelta::seconds(10);

/// Automatic runs that begin in one tick, half a second long.
const MOST_AT_ONCE: u64 = 20;

/// Wakes the runs whose time to go on has come: those that wait, and those whose worker died.
///
/// Many workers may do this at once; the run's lease lets one of them through.
///
/// # Errors
/// The database's.
pub async fn wake_due_runs(engine: &Engine) -> Result<(), SyncError> {
    let now = engine.clock.now();
    let due = sync_run::Entity::find()
        .filter(sync_run::Column::State.is_in([RunState::Queued, RunState::Running]))
        .filter(sync_run::Column::ResumeAt.lte(now))
        .limit(100)
        .all(&engine.db)
        .await?;
    for run in due {
        let transaction = begin_write(&engine.db).await?;
        let woken = sync_run::Entity::update_many()
            .col_expr(sync_run::Column::ResumeAt, Expr::value(now + LEASE))
            .filter(sync_run::Column::OrganizationId.eq(run.organization_id))
            .filter(sync_run::Column::Id.eq(run.id))
            .filter(Condition::all().add(sync_run::Column::ResumeAt.eq(run.resume_at)))
            .exec(&transaction)
            .await?;
        if woken.rows_affected == 1 {
            engine.queue.enqueue(&transaction, continue_run::job(run.organization_id, run.id)?).await?;
        }
        transaction.commit().await?;
    }
    Ok(())
}

/// Lets the plans of a module that nobody carried out end as cancelled runs.
///
/// # Errors
/// The database's.
pub async fn discard_plans(
    db: &impl ConnectionTrait,
    organization_id: uuid::Uuid,
    module_id: uuid::Uuid,
    now: DateTime<Utc>,
) -> Result<(), SyncError> {
    let of_module = Condition::all()
        .add(sync_run::Column::OrganizationId.eq(organization_id))
        .add(sync_run::Column::SyncModuleId.eq(module_id));
    discard(db, of_module, now).await
}

/// The same for those that nobody carried out in time.
///
/// # Errors
/// The database's.
pub(crate) async fn discard_old_plans(engine: &Engine) -> Result<(), SyncError> {
    let now = engine.clock.now();
    // Looking holds nobody up; an update that finds nothing would, on the embedded database.
    let old = sync_run::Entity::find()
        .filter(sync_run::Column::State.eq(RunState::Planned))
        .filter(sync_run::Column::ResumeAt.lte(now))
        .one(&engine.db)
        .await?;
    if old.is_none() {
        return Ok(());
    }
    discard(&engine.db, Condition::all().add(sync_run::Column::ResumeAt.lte(now)), now).await
}

/// A worker ends them as it ends any run that somebody cancelled.
async fn discard(db: &impl ConnectionTrait, which: Condition, now: DateTime<Utc>) -> Result<(), SyncError> {
    sync_run::Entity::update_many()
        .col_expr(sync_run::Column::State, Expr::value(RunState::Queued))
        .col_expr(sync_run::Column::IsCancelled, Expr::value(true))
        .col_expr(sync_run::Column::ResumeAt, Expr::value(Some(now)))
        .filter(sync_run::Column::State.eq(RunState::Planned))
        .filter(which)
        .exec(db)
        .await?;
    Ok(())
}

/// What the end of a run means for its module: a pause that waited for it begins (R109), and after the first sync the
/// automatic ones are due (R101).
///
/// # Errors
/// The database's.
pub(crate) async fn run_ended(
    transaction: &DatabaseTransaction,
    run: &sync_run::Model,
    now: DateTime<Utc>,
) -> Result<(), SyncError> {
    let module = sync_module::Entity::one_of(run.organization_id, run.sync_module_id)
        .one(transaction)
        .await?
        .ok_or(SyncError::Missing("the sync module"))?;
    let state = match module.state {
        ModuleState::Pausing => ModuleState::Paused,
        state => state,
    };
    let mut next_due_at = module.next_due_at;
    if next_due_at.is_none() && module.initial_sync_at.is_some() && state == ModuleState::Active {
        next_due_at = due_after(transaction, &module, now).await?;
    }
    let mut row = module.into_active_model();
    row.state = Set(state);
    row.next_due_at = Set(next_due_at);
    row.update(transaction).await?;
    Ok(())
}

/// When the next automatic run of a module is due: so many hours after the first sync, and again after as many (R100, R101).
/// None where there are none. What was missed while nobody could run is not made good (R110).
///
/// # Errors
/// The database's, or settings that cannot be read.
pub async fn due_after(
    db: &impl ConnectionTrait,
    module: &sync_module::Model,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, SyncError> {
    let Some(first) = module.initial_sync_at else { return Ok(None) };
    let settings = sync_settings::Entity::of(module.organization_id)
        .filter(sync_settings::Column::SyncModuleId.eq(module.id))
        .filter(sync_settings::Column::Version.eq(module.settings_version))
        .one(db)
        .await?
        .ok_or(SyncError::Missing("the settings in force"))?;
    let settings: SyncSettings = serde_json::from_value(settings.settings)
        .map_err(|source| SyncError::Corrupt { what: "the settings of a module", source })?;
    if !settings.is_automatic {
        return Ok(None);
    }
    let integration = integration::Entity::one_of(module.organization_id, module.integration_id)
        .one(db)
        .await?
        .ok_or(SyncError::Missing("the integration"))?;
    let profile = CapabilityProfile::by_key(&integration.profile_key)
        .ok_or(SyncError::Missing("the profile of an integration"))?;
    let interval = TimeDelta::hours(i64::from(profile.auto_interval_hours)).num_microseconds().unwrap_or(1);
    let passed = (now - first).num_microseconds().unwrap_or_default().max(0);
    let next = TimeDelta::microseconds((passed / interval + 1) * interval);
    Ok(Some(first + next))
}

/// Starts the automatic runs whose time has come, a few at a time, so that many tenants do not begin in one instant.
///
/// # Errors
/// The database's.
pub async fn start_due_runs(engine: &Engine) -> Result<(), SyncError> {
    let now = engine.clock.now();
    let due = sync_module::Entity::find()
        .filter(sync_module::Column::State.eq(ModuleState::Active))
        .filter(sync_module::Column::NextDueAt.lte(now))
        .order_by_asc(sync_module::Column::NextDueAt)
        .limit(MOST_AT_ONCE)
        .all(&engine.db)
        .await?;
    for module in due {
        let transaction = begin_write(&engine.db).await?;
        let next = due_after(&transaction, &module, now).await?;
        // Whoever moves the time is the one who starts the run.
        let moved = sync_module::Entity::update_many()
            .col_expr(sync_module::Column::NextDueAt, Expr::value(next))
            .filter(sync_module::Column::OrganizationId.eq(module.organization_id))
            .filter(sync_module::Column::Id.eq(module.id))
            .filter(sync_module::Column::State.eq(ModuleState::Active))
            .filter(sync_module::Column::NextDueAt.eq(module.next_due_at))
            .exec(&transaction)
            .await?;
        let integration = integration::Entity::one_of(module.organization_id, module.integration_id)
            .one(&transaction)
            .await?;
        let is_connected =
            integration.is_some_and(|integration| integration.state == IntegrationState::Active);
        if moved.rows_affected == 1 && is_connected {
            let wish = StartRun::of(module.organization_id, module.id, RunTrigger::Auto);
            // A run under way does what this one would (A17.17), unless it is about less.
            if let Started::AlreadyActive(active) = run::start(engine, &transaction, wish).await?
                && does_less(&transaction, &module, active).await?
            {
                sync_module::Entity::update_many()
                    .col_expr(sync_module::Column::NextDueAt, Expr::value(Some(now + LOOK_AGAIN)))
                    .filter(sync_module::Column::OrganizationId.eq(module.organization_id))
                    .filter(sync_module::Column::Id.eq(module.id))
                    .exec(&transaction)
                    .await?;
            }
        }
        transaction.commit().await?;
    }
    Ok(())
}

/// Whether a run only plans, carries a plan out, takes another run back, or is about some of the records.
async fn does_less(
    db: &impl ConnectionTrait,
    module: &sync_module::Model,
    run_id: uuid::Uuid,
) -> Result<bool, SyncError> {
    let run = sync_run::Entity::one_of(module.organization_id, run_id).one(db).await?;
    Ok(run.is_some_and(|run| {
        let is_part = run.only_record_id.is_some() || run.retry_of_id.is_some();
        is_part || run.is_plan || run.plan_hash.is_some() || run.undo_of_id.is_some()
    }))
}

/// Frees the runs of a dead process. Only for the embedded database, which no other process can be using.
///
/// # Errors
/// The database's.
pub async fn release_all_leases(engine: &Engine) -> Result<(), SyncError> {
    sync_run::Entity::update_many()
        .col_expr(sync_run::Column::LeaseOwner, Expr::value(Option::<String>::None))
        .col_expr(sync_run::Column::ResumeAt, Expr::value(engine.clock.now()))
        .filter(sync_run::Column::State.is_in([RunState::Queued, RunState::Running]))
        .exec(&engine.db)
        .await?;
    document_feed::Entity::update_many()
        .col_expr(document_feed::Column::LeaseUntil, Expr::value(Option::<DateTime<Utc>>::None))
        .col_expr(document_feed::Column::DueAt, Expr::value(engine.clock.now()))
        .filter(document_feed::Column::LeaseOwner.is_not_null())
        .exec(&engine.db)
        .await?;
    act::release_all(engine).await?;
    deal_event::Entity::update_many()
        .col_expr(deal_event::Column::LeaseUntil, Expr::value(Option::<DateTime<Utc>>::None))
        .col_expr(deal_event::Column::ResumeAt, Expr::value(engine.clock.now()))
        .filter(deal_event::Column::HandledAt.is_null())
        .exec(&engine.db)
        .await?;
    Ok(())
}
