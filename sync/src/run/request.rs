//! Asking for a run: the claim on the module, the run and the job that begins it, in the caller's transaction.

use chrono::{DateTime, Utc};
use finbridge_entity::types::{IntegrationState, ModuleState, RunPhase, RunState, RunTrigger};
use finbridge_entity::{Scoped, integration, sync_module, sync_run, sync_settings};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect, Set,
};
use uuid::Uuid;

use crate::engine::Engine;
use crate::error::SyncError;
use crate::job::continue_run;
use crate::lease::LEASE;
use crate::plan::hash::PlanHash;
use crate::progress;

/// Who wants a run of what.
#[derive(Debug, Clone, Copy)]
pub struct StartRun {
    /// The tenant.
    pub organization_id: Uuid,
    /// The module row to be synchronised.
    pub sync_module_id: Uuid,
    /// What started it.
    pub trigger: RunTrigger,
    /// Who asked for it.
    pub requested_by_id: Option<Uuid>,
    /// The one record that it is about; none: all of them (R104).
    pub only_record_id: Option<Uuid>,
    /// The run whose failures it is about; none: all records.
    pub retry_of_id: Option<Uuid>,
    /// The run that it takes back; none: it does what its own plan says.
    pub undo_of_id: Option<Uuid>,
    /// Whether it stops once it is planned, until [`carry_out`] lets it go on.
    pub is_plan: bool,
    /// The plan that it has to come to; none: whatever it finds.
    pub plan_hash: Option<PlanHash>,
    /// Whether it compares every pair, changed or not.
    pub is_reconcile: bool,
    /// Whether deletions beyond the guard were approved.
    pub may_delete: bool,
}

impl StartRun {
    /// A run over all records.
    pub fn of(organization_id: Uuid, sync_module_id: Uuid, trigger: RunTrigger) -> Self {
        Self {
            organization_id,
            sync_module_id,
            trigger,
            requested_by_id: None,
            only_record_id: None,
            retry_of_id: None,
            undo_of_id: None,
            is_plan: false,
            plan_hash: None,
            is_reconcile: trigger == RunTrigger::Reconcile,
            may_delete: false,
        }
    }

    /// The same, asked for by this person.
    pub fn by(self, user_id: Uuid) -> Self {
        Self { requested_by_id: Some(user_id), ..self }
    }
}

/// What asking for a run came to.
#[derive(Debug)]
pub enum Started {
    /// A new run is queued.
    Queued(Box<sync_run::Model>),
    /// One is queued or running already; runs of a module never overlap.
    AlreadyActive(Uuid),
    /// The module is paused, or is about to be (R108).
    Paused,
    /// The integration is disabled (R158).
    Disabled,
}

/// Queues a run in the caller's transaction: the run, its claim on the module, and the job that begins it.
///
/// # Errors
/// The database's, or that the module was never configured.
pub async fn start(
    engine: &Engine,
    transaction: &DatabaseTransaction,
    wish: StartRun,
) -> Result<Started, SyncError> {
    let module = sync_module::Entity::one_of(wish.organization_id, wish.sync_module_id)
        .one(transaction)
        .await?
        .ok_or(SyncError::Missing("the sync module"))?;
    if let Some(refusal) = refusal(transaction, &module).await? {
        return Ok(refusal);
    }
    let id = engine.ids.uuid();
    if let Some(active) = claim(transaction, &module, id).await? {
        return Ok(Started::AlreadyActive(active));
    }
    let frozen = frozen(transaction, &module, &wish).await?;
    let now = engine.clock.now();
    let run = sync_run::ActiveModel {
        organization_id: Set(wish.organization_id),
        id: Set(id),
        integration_id: Set(module.integration_id),
        sync_module_id: Set(module.id),
        module: Set(module.module),
        trigger: Set(wish.trigger),
        state: Set(RunState::Queued),
        phase: Set(RunPhase::Read),
        settings_version: Set(frozen.settings_version),
        settings: Set(frozen.settings),
        requested_by_id: Set(wish.requested_by_id),
        plan_stage: Set(0),
        only_record_id: Set(frozen.only_record_id),
        retry_of_id: Set(wish.retry_of_id),
        undo_of_id: Set(wish.undo_of_id),
        is_plan: Set(wish.is_plan),
        plan_hash: Set(wish.plan_hash.map(PlanHash::text)),
        plan: Set(None),
        is_reconcile: Set(wish.is_reconcile),
        may_delete: Set(wish.may_delete),
        is_cancelled: Set(false),
        plan_position: Set(None),
        planned_count: Set(0),
        attempts: Set(0),
        // The job begins it at once; this is for the case that the job is lost.
        resume_at: Set(Some(now + LEASE)),
        lease_owner: Set(None),
        lease_until: Set(None),
        crm_users: Set(None),
        error_code: Set(None),
        error_message: Set(None),
        created_at: Set(now),
        started_at: Set(None),
        finished_at: Set(None),
    }
    .insert(transaction)
    .await?;
    progress::begin(transaction, &run).await?;
    engine.queue.enqueue(transaction, continue_run::job(wish.organization_id, id)?).await?;
    Ok(Started::Queued(Box::new(run)))
}

/// Why nothing may start; none where it may.
async fn refusal(
    transaction: &DatabaseTransaction,
    module: &sync_module::Model,
) -> Result<Option<Started>, SyncError> {
    let integration = integration::Entity::one_of(module.organization_id, module.integration_id)
        // Whoever disables it meanwhile finds this run.
        .lock_shared()
        .one(transaction)
        .await?
        .ok_or(SyncError::Missing("the integration"))?;
    Ok(match (integration.state, module.state) {
        (IntegrationState::Disabled, _) => Some(Started::Disabled),
        (_, ModuleState::Pausing | ModuleState::Paused) => Some(Started::Paused),
        _ => None,
    })
}

/// Claims a module for a run; the run that has it already, otherwise.
async fn claim(
    transaction: &DatabaseTransaction,
    module: &sync_module::Model,
    run_id: Uuid,
) -> Result<Option<Uuid>, SyncError> {
    let claimed = sync_module::Entity::update_many()
        .col_expr(sync_module::Column::ActiveRunId, Expr::value(Some(run_id)))
        .filter(sync_module::Column::OrganizationId.eq(module.organization_id))
        .filter(sync_module::Column::Id.eq(module.id))
        .filter(sync_module::Column::State.eq(ModuleState::Active))
        .filter(sync_module::Column::ActiveRunId.is_null())
        .exec(transaction)
        .await?;
    if claimed.rows_affected == 1 {
        return Ok(None);
    }
    let active = sync_module::Entity::one_of(module.organization_id, module.id)
        .one(transaction)
        .await?
        .and_then(|module| module.active_run_id)
        .ok_or(SyncError::Missing("the active run"))?;
    Ok(Some(active))
}

/// What a run goes by, whatever becomes of the settings meanwhile.
struct Frozen {
    settings_version: i32,
    settings: serde_json::Value,
    only_record_id: Option<Uuid>,
}

/// The settings in force; those of the other run where it is taken back, because its stages follow from them.
async fn frozen(
    transaction: &DatabaseTransaction,
    module: &sync_module::Model,
    wish: &StartRun,
) -> Result<Frozen, SyncError> {
    if let Some(undone) = wish.undo_of_id {
        let run = sync_run::Entity::one_of(wish.organization_id, undone).one(transaction).await?;
        let sync_run::Model { settings_version, settings, only_record_id, .. } =
            run.ok_or(SyncError::Missing("the run that is taken back"))?;
        return Ok(Frozen { settings_version, settings, only_record_id });
    }
    let settings = sync_settings::Entity::of(wish.organization_id)
        .filter(sync_settings::Column::SyncModuleId.eq(module.id))
        .filter(sync_settings::Column::Version.eq(module.settings_version))
        .one(transaction)
        .await?
        .ok_or(SyncError::Missing("the settings in force"))?;
    Ok(Frozen {
        settings_version: module.settings_version,
        settings: settings.settings,
        only_record_id: wish.only_record_id,
    })
}

/// Lets a run that is planned go on, in the caller's transaction. It reads the finance side once more and then carries out its
/// plan; what changed since is left alone.
///
/// # Errors
/// The database's, or that the plan was carried out or discarded meanwhile.
pub async fn carry_out(
    engine: &Engine,
    transaction: &DatabaseTransaction,
    run: &sync_run::Model,
) -> Result<Started, SyncError> {
    let module = sync_module::Entity::one_of(run.organization_id, run.sync_module_id)
        .one(transaction)
        .await?
        .ok_or(SyncError::Missing("the sync module"))?;
    if let Some(refusal) = refusal(transaction, &module).await? {
        return Ok(refusal);
    }
    if let Some(active) = claim(transaction, &module, run.id).await? {
        return Ok(Started::AlreadyActive(active));
    }
    let now = engine.clock.now();
    let going_on = sync_run::Entity::update_many()
        .col_expr(sync_run::Column::State, Expr::value(RunState::Queued))
        .col_expr(sync_run::Column::Phase, Expr::value(RunPhase::Read))
        .col_expr(sync_run::Column::ResumeAt, Expr::value(Some(now + LEASE)))
        // It begins anew: neither its wait for somebody nor what interrupted its planning counts.
        .col_expr(sync_run::Column::StartedAt, Expr::value(Option::<DateTime<Utc>>::None))
        .col_expr(sync_run::Column::Attempts, Expr::value(0))
        .filter(sync_run::Column::OrganizationId.eq(run.organization_id))
        .filter(sync_run::Column::Id.eq(run.id))
        .filter(sync_run::Column::State.eq(RunState::Planned))
        .exec(transaction)
        .await?;
    if going_on.rows_affected == 0 {
        return Err(SyncError::Missing("the plan"));
    }
    progress::changed(transaction, run, now).await?;
    engine.queue.enqueue(transaction, continue_run::job(run.organization_id, run.id)?).await?;
    let queued = sync_run::Entity::one_of(run.organization_id, run.id).one(transaction).await?;
    Ok(Started::Queued(Box::new(queued.ok_or(SyncError::Missing("the run"))?)))
}
