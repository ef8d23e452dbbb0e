//! What people do to syncs: pausing, resuming, ending a run, one record again, deciding what the engine does not.

use finbridge_domain::profile::Pause;
use finbridge_domain::record::{CrmRecordType, RecordKind, Source};
use finbridge_domain::{CapabilityProfile, SyncModule};
use finbridge_entity::types::{
    ConflictState, ItemState, LinkState, MatchChoice, ModuleState, Origin, RunState, RunTrigger,
};
use finbridge_entity::{
    Scoped, begin_write, match_decision, record_link, remote_record, sync_conflict, sync_module, sync_run,
    sync_run_item,
};
use finbridge_sync::run::StartRun;
use finbridge_sync::{DELETION_GUARD, records, schedule};
use sea_orm::sea_query::{Expr, SimpleExpr};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QuerySelect, Set,
};
use uuid::Uuid;

use super::error::{ErrorCode, ServiceError, ServiceResult, UserError};
use super::page::{Listing, Page, PageArgs};
use super::sync::{begin, configured, not_configured, queued};
use super::{Services, integration as integrations};

fn refused(profile: &CapabilityProfile, key: &str, what: &str) -> ServiceError {
    let message = format!("the profile {} does not offer {what} ({key})", profile.key);
    UserError::whole(ErrorCode::SettingNotSupported, message).into()
}

/// Pauses the automatic and manual runs of a module, or of the whole integration where the profile pauses nothing less
/// (R108, R111). A run under way ends first (R109).
///
/// # Errors
/// `SETTING_NOT_SUPPORTED`, `SYNC_NOT_CONFIGURED`.
pub async fn pause(
    services: &Services,
    integration_id: Uuid,
    module: SyncModule,
) -> ServiceResult<sync_module::Model> {
    services.viewer.require_administrator()?;
    let transaction = begin_write(services.db()).await?;
    let modules = paused_together(services, &transaction, integration_id, module).await?;
    for module in modules.iter().filter(|module| module.state == ModuleState::Active) {
        let state = if module.active_run_id.is_some() { ModuleState::Pausing } else { ModuleState::Paused };
        let mut row = module.clone().into_active_model();
        row.state = Set(state);
        row.next_due_at = Set(None);
        row.update(&transaction).await?;
    }
    let paused = configured(services, &transaction, integration_id, module).await?;
    transaction.commit().await?;
    Ok(paused)
}

/// Lets runs start again, by themselves and by hand. What was missed meanwhile is not made good; the next automatic run comes
/// when the next would have been due (R110).
///
/// # Errors
/// `SETTING_NOT_SUPPORTED`, `SYNC_NOT_CONFIGURED`.
pub async fn resume(
    services: &Services,
    integration_id: Uuid,
    module: SyncModule,
) -> ServiceResult<sync_module::Model> {
    services.viewer.require_administrator()?;
    let now = services.clock().now();
    let transaction = begin_write(services.db()).await?;
    let modules = paused_together(services, &transaction, integration_id, module).await?;
    for module in modules.into_iter().filter(|module| module.state != ModuleState::Active) {
        let next = schedule::due_after(&transaction, &module, now).await?;
        let mut row = module.into_active_model();
        row.state = Set(ModuleState::Active);
        row.next_due_at = Set(next);
        row.update(&transaction).await?;
    }
    let resumed = configured(services, &transaction, integration_id, module).await?;
    transaction.commit().await?;
    Ok(resumed)
}

/// The modules that are paused together with this one.
async fn paused_together(
    services: &Services,
    db: &impl ConnectionTrait,
    integration_id: Uuid,
    module: SyncModule,
) -> ServiceResult<Vec<sync_module::Model>> {
    let integration = integrations::find(services, db, integration_id).await?;
    let profile = integrations::profile(&integration)?;
    let all = sync_module::Entity::of(services.organization_id())
        .filter(sync_module::Column::IntegrationId.eq(integration_id))
        // A run that begins or ends meanwhile would leave a module pausing for ever, or paused with a run under way.
        .lock_exclusive()
        .all(db)
        .await?;
    if all.iter().all(|row| row.module != module.as_str()) {
        return Err(not_configured());
    }
    match profile.pause {
        Pause::None => Err(refused(profile, "pause", "pausing")),
        Pause::Integration => Ok(all),
        Pause::Module => Ok(all.into_iter().filter(|row| row.module == module.as_str()).collect()),
    }
}

/// Asks a run to end after the records that are in hand. What it has not done yet is left to the next run.
///
/// # Errors
/// `NOT_FOUND`, also for a run that has ended.
pub async fn cancel(services: &Services, run_id: Uuid) -> ServiceResult<sync_run::Model> {
    services.viewer.require_administrator()?;
    let here = services.organization_id();
    let asking = || {
        sync_run::Entity::update_many()
            .col_expr(sync_run::Column::IsCancelled, Expr::value(true))
            // One that waits is woken to end.
            .col_expr(sync_run::Column::ResumeAt, Expr::value(Some(services.clock().now())))
            .filter(sync_run::Column::OrganizationId.eq(here))
            .filter(sync_run::Column::Id.eq(run_id))
    };
    let asked = asking()
        .filter(sync_run::Column::State.is_in([RunState::Queued, RunState::Running]))
        .exec(services.db())
        .await?;
    // A plan that nobody carries out is ended by a worker, like any other. One that was planned this moment is found here.
    let discarded = asking()
        .col_expr(sync_run::Column::State, Expr::value(RunState::Queued))
        .filter(sync_run::Column::State.eq(RunState::Planned))
        .exec(services.db())
        .await?;
    let run = sync_run::Entity::one_of(here, run_id).one(services.db()).await?;
    run.filter(|_| asked.rows_affected + discarded.rows_affected == 1).ok_or_else(|| {
        let message = "There is no such run that is queued, running or planned; `syncRuns` lists them";
        UserError::of(ErrorCode::NotFound, "id", message).into()
    })
}

/// Synchronises one record again, alone (R104).
///
/// # Errors
/// `NOT_CRM_LINKED` when it is not linked, or did not come from the CRM; `SETTING_NOT_SUPPORTED`.
pub async fn resync(
    services: &Services,
    integration_id: Uuid,
    record_id: Uuid,
) -> ServiceResult<sync_run::Model> {
    services.viewer.require_administrator()?;
    let transaction = begin_write(services.db()).await?;
    let integration = integrations::find(services, &transaction, integration_id).await?;
    let profile = integrations::profile(&integration)?;
    if !profile.is_single_resync_offered {
        return Err(refused(profile, "resyncSingle", "synchronising a single record"));
    }
    let link = record_link::Entity::of(services.organization_id())
        .filter(record_link::Column::FinanceOrganizationId.eq(integration.finance_organization_id))
        .filter(record_link::Column::RecordId.eq(record_id))
        .filter(record_link::Column::Origin.eq(Origin::Crm))
        .filter(record_link::Column::State.eq(LinkState::Linked))
        .one(&transaction)
        .await?;
    let kind = link.as_ref().and_then(|link| RecordKind::by_name(&link.kind));
    let Some(kind) = kind else {
        let message =
            "The record is not linked to one that was made of it; start a run for everything instead";
        return Err(UserError::of(ErrorCode::NotCrmLinked, "recordId", message).into());
    };
    let module = SyncModule::ALL.iter().copied().find(|module| module.kinds().contains(&kind));
    let module = module.ok_or_else(not_configured)?;
    let row = configured(services, &transaction, integration_id, module).await?;
    let wish = StartRun {
        only_record_id: Some(record_id),
        ..StartRun::of(services.organization_id(), row.id, RunTrigger::Resync).by(services.viewer.user_id)
    };
    queued(services, transaction, wish).await
}

/// Compares every pair, changed or not, and repairs what differs.
///
/// # Errors
/// `SYNC_NOT_CONFIGURED`, `SYNC_ALREADY_RUNNING`, `SYNC_PAUSED`.
pub async fn reconcile(
    services: &Services,
    integration_id: Uuid,
    module: SyncModule,
) -> ServiceResult<sync_run::Model> {
    begin(services, integration_id, module, RunTrigger::Reconcile).await
}

/// Starts a run about what an earlier one failed to do, and nothing else.
///
/// # Errors
/// `NOT_FOUND`, `SYNC_ALREADY_RUNNING`, `SYNC_PAUSED`.
pub async fn retry(services: &Services, run_id: Uuid) -> ServiceResult<sync_run::Model> {
    services.viewer.require_administrator()?;
    let transaction = begin_write(services.db()).await?;
    let run = ended(services, &transaction, run_id).await?;
    if run.undo_of_id.is_some() {
        let message = "This run takes another one back; call `syncRunUndo` for that one again, it goes on with what failed";
        return Err(UserError::of(ErrorCode::NotFound, "id", message).into());
    }
    let failed = sync_run_item::Column::State.eq(ItemState::Failed);
    has(&transaction, &run, failed, "Nothing failed in this run; start another with `syncRunStart`").await?;
    let wish = StartRun {
        retry_of_id: Some(run.id),
        ..StartRun::of(run.organization_id, run.sync_module_id, RunTrigger::Retry).by(services.viewer.user_id)
    };
    queued(services, transaction, wish).await
}

/// Approves the deletions that a run held up, and starts a run that makes them, and tries again what failed. No other
/// deletion is approved.
///
/// # Errors
/// `NOT_FOUND`, `SYNC_ALREADY_RUNNING`, `SYNC_PAUSED`.
pub async fn approve_deletions(services: &Services, run_id: Uuid) -> ServiceResult<sync_run::Model> {
    services.viewer.require_administrator()?;
    let transaction = begin_write(services.db()).await?;
    let run = ended(services, &transaction, run_id).await?;
    let held = sync_run_item::Column::Rule.eq(DELETION_GUARD);
    has(
        &transaction,
        &run,
        held,
        "This run held no deletions up; those that are have items with the rule `DELETION_GUARD`",
    )
    .await?;
    let wish = StartRun {
        may_delete: true,
        retry_of_id: Some(run.id),
        ..StartRun::of(run.organization_id, run.sync_module_id, RunTrigger::Retry).by(services.viewer.user_id)
    };
    queued(services, transaction, wish).await
}

/// Refuses a run that has no item of which this holds.
async fn has(
    db: &impl ConnectionTrait,
    run: &sync_run::Model,
    holds: SimpleExpr,
    message: &str,
) -> ServiceResult<()> {
    let item = sync_run_item::Entity::of(run.organization_id)
        .filter(sync_run_item::Column::RunId.eq(run.id))
        .filter(holds)
        .one(db)
        .await?;
    match item {
        Some(_) => Ok(()),
        None => Err(UserError::of(ErrorCode::NotFound, "id", message).into()),
    }
}

async fn ended(
    services: &Services,
    db: &impl ConnectionTrait,
    run_id: Uuid,
) -> ServiceResult<sync_run::Model> {
    let run = sync_run::Entity::one_of(services.organization_id(), run_id).one(db).await?;
    run.filter(|run| run.state.is_final()).ok_or_else(|| {
        let message = "There is no such run that has ended; `syncRuns` lists them";
        UserError::of(ErrorCode::NotFound, "id", message).into()
    })
}

/// A page of conflicts.
///
/// # Errors
/// Bad page arguments.
pub async fn conflicts(
    services: &Services,
    filter: Condition,
    listing: &Listing<sync_conflict::Entity>,
    args: &PageArgs,
) -> ServiceResult<Page<sync_conflict::Model>> {
    let rows = sync_conflict::Entity::of(services.organization_id()).filter(filter);
    listing.window(args)?.read(services.db(), rows).await
}

/// How many conflicts there are.
///
/// # Errors
/// The database's.
pub async fn count_conflicts(services: &Services, filter: Condition) -> ServiceResult<u64> {
    Ok(sync_conflict::Entity::of(services.organization_id()).filter(filter).count(services.db()).await?)
}

/// Chooses the value that both sides shall have. The next run writes it to the side that lacks it.
///
/// # Errors
/// `NOT_FOUND`, also for a conflict that does not wait any more.
pub async fn resolve(
    services: &Services,
    conflict_id: Uuid,
    choice: ConflictState,
) -> ServiceResult<sync_conflict::Model> {
    services.viewer.require_administrator()?;
    let transaction = begin_write(services.db()).await?;
    let here = services.organization_id();
    // Two who decide at once, and a run that writes the pair, wait for each other.
    let conflict =
        sync_conflict::Entity::one_of(here, conflict_id).lock_exclusive().one(&transaction).await?;
    let link = match &conflict {
        Some(conflict) => {
            record_link::Entity::one_of(here, conflict.link_id).lock_exclusive().one(&transaction).await?
        }
        None => None,
    };
    let open = conflict.filter(|conflict| conflict.state == ConflictState::Open).zip(link);
    let Some((conflict, link)) = open else {
        let message = "There is no such conflict that waits for a decision; `syncConflicts` lists them";
        return Err(UserError::of(ErrorCode::NotFound, "ids", message).into());
    };
    let (crm, finance) = (conflict.crm_value.clone(), conflict.finance_value.clone());
    let set = |base: &Option<serde_json::Value>, value: Option<String>| {
        let mut base = base.clone().unwrap_or_else(|| serde_json::json!({}));
        base[conflict.field.as_str()] = value.into();
        base
    };
    // Where both bases hold what the losing side has, only the other side has changed since, and its value travels.
    let (crm_base, remote_base) = match choice {
        ConflictState::Crm => (finance.clone(), finance),
        ConflictState::Finance => (crm.clone(), crm),
        ConflictState::Kept | ConflictState::Open => (crm, finance),
    };
    let crm_base = set(&link.crm_base, crm_base);
    let remote_base = set(&link.remote_base, remote_base);
    let mut row = link.into_active_model();
    row.crm_base = Set(Some(crm_base));
    row.remote_base = Set(Some(remote_base));
    // The next run looks at the pair although neither side changes again.
    row.is_remote_dirty = Set(true);
    row.update(&transaction).await?;
    let mut row = conflict.into_active_model();
    row.state = Set(choice);
    row.resolved_by_id = Set(Some(services.viewer.user_id));
    row.resolved_at = Set(Some(services.clock().now()));
    let resolved = row.update(&transaction).await?;
    transaction.commit().await?;
    Ok(resolved)
}

/// What a person says about a record that could be several things.
#[derive(Debug, Clone)]
pub struct Decide {
    /// Which integration.
    pub integration_id: Uuid,
    /// What the CRM record is.
    pub record_type: CrmRecordType,
    /// The CRM record.
    pub record_id: Uuid,
    /// What it is on the finance side.
    pub kind: RecordKind,
    /// What was decided.
    pub choice: MatchChoice,
    /// The finance record that it is; only for links.
    pub remote_id: Option<String>,
}

/// Keeps a decision; the next run follows it.
///
/// # Errors
/// `REQUIRED` for a link without a finance record, `NOT_FOUND` for one that is not known or is linked.
pub async fn decide(services: &Services, wish: Decide) -> ServiceResult<match_decision::Model> {
    services.viewer.require_administrator()?;
    let here = services.organization_id();
    let transaction = begin_write(services.db()).await?;
    let integration = integrations::find(services, &transaction, wish.integration_id).await?;
    let finance = integration.finance_organization_id;
    if !Source::ALL.contains(&Source { record_type: wish.record_type, kind: wish.kind }) {
        let message = "Records of this kind never become such finance records; choose another `kind`";
        return Err(UserError::of(ErrorCode::Invalid, "kind", message).into());
    }
    let known = records::load(&transaction, here, wish.record_type, &[], &[wish.record_id]).await?;
    if known.iter().all(|record| record.is_deleted) {
        let message = "There is no such record; it may have been deleted";
        return Err(UserError::of(ErrorCode::NotFound, "recordId", message).into());
    }
    if wish.choice == MatchChoice::Link {
        let Some(remote_id) = &wish.remote_id else {
            let message = "Name the finance record that it is";
            return Err(UserError::of(ErrorCode::Required, "remoteKey", message).into());
        };
        let known = remote_record::Entity::of(here)
            .filter(remote_record::Column::FinanceOrganizationId.eq(finance))
            .filter(remote_record::Column::Kind.eq(wish.kind.as_str()))
            .filter(remote_record::Column::RemoteId.eq(remote_id))
            .one(&transaction)
            .await?;
        let linked = record_link::Entity::of(here)
            .filter(record_link::Column::FinanceOrganizationId.eq(finance))
            .filter(record_link::Column::Kind.eq(wish.kind.as_str()))
            .filter(record_link::Column::RemoteId.eq(remote_id))
            .one(&transaction)
            .await?;
        if known.is_none() || linked.is_some() {
            let message = "There is no such finance record that is not linked; the reason of the item names the candidates";
            return Err(UserError::of(ErrorCode::NotFound, "remoteKey", message).into());
        }
    }
    match_decision::Entity::delete_many()
        .filter(match_decision::Column::OrganizationId.eq(here))
        .filter(match_decision::Column::FinanceOrganizationId.eq(finance))
        .filter(match_decision::Column::Kind.eq(wish.kind.as_str()))
        .filter(match_decision::Column::RecordId.eq(wish.record_id))
        .exec(&transaction)
        .await?;
    let decided = match_decision::ActiveModel {
        organization_id: Set(here),
        id: Set(services.ids().uuid()),
        finance_organization_id: Set(finance),
        kind: Set(wish.kind.as_str().to_owned()),
        record_id: Set(wish.record_id),
        choice: Set(wish.choice),
        remote_id: Set(wish.remote_id),
        decided_by_id: Set(Some(services.viewer.user_id)),
        decided_at: Set(services.clock().now()),
    }
    .insert(&transaction)
    .await?;
    transaction.commit().await?;
    Ok(decided)
}
