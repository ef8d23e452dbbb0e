//! What people do to syncs: pausing, resuming, ending a run, one record again, deciding what the engine does not.

use finbridge_domain::profile::Pause;
use finbridge_domain::record::RecordKind;
use finbridge_domain::{CapabilityProfile, SyncModule};
use finbridge_entity::types::{ConflictState, LinkState, MatchChoice, ModuleState, Origin, RunTrigger};
use finbridge_entity::{
    Scoped, begin_write, integration, match_decision, record_link, remote_record, sync_conflict, sync_module,
    sync_run,
};
use finbridge_sync::run::StartRun;
use finbridge_sync::schedule;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, Set,
};
use uuid::Uuid;

use super::error::{ErrorCode, ServiceError, ServiceResult, UserError};
use super::page::{Listing, Page, PageArgs};
use super::sync::{not_configured, queued};
use super::{Services, integration as integrations};

fn profile(integration: &integration::Model) -> ServiceResult<&'static CapabilityProfile> {
    CapabilityProfile::by_key(&integration.profile_key)
        .ok_or_else(|| ServiceError::Internal("an integration without a profile".into()))
}

fn refused(profile: &CapabilityProfile, key: &str, what: &str) -> ServiceError {
    let message = format!("the profile {} does not offer {what} ({key})", profile.key);
    UserError::whole(ErrorCode::SettingNotSupported, message).into()
}

async fn find_integration(
    services: &Services,
    db: &impl ConnectionTrait,
    id: Uuid,
) -> ServiceResult<integration::Model> {
    let found = integration::Entity::one_of(services.organization_id(), id).one(db).await?;
    found.ok_or_else(|| {
        let message = "There is no such integration; `integrations` lists them";
        UserError::of(ErrorCode::NotFound, "integrationId", message).into()
    })
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
    let paused = asked(services, &transaction, integration_id, module).await?;
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
    let resumed = asked(services, &transaction, integration_id, module).await?;
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
    let integration = find_integration(services, db, integration_id).await?;
    let profile = profile(&integration)?;
    let all = sync_module::Entity::of(services.organization_id())
        .filter(sync_module::Column::IntegrationId.eq(integration_id))
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

async fn asked(
    services: &Services,
    db: &impl ConnectionTrait,
    integration_id: Uuid,
    module: SyncModule,
) -> ServiceResult<sync_module::Model> {
    let found = integrations::find_module(db, services.organization_id(), integration_id, module).await?;
    found.ok_or_else(not_configured)
}

/// Asks a run to end after the records that are in hand. What it has not done yet is left to the next run.
///
/// # Errors
/// `NOT_FOUND`, also for a run that has ended.
pub async fn cancel(services: &Services, run_id: Uuid) -> ServiceResult<sync_run::Model> {
    services.viewer.require_administrator()?;
    let run = sync_run::Entity::one_of(services.organization_id(), run_id).one(services.db()).await?;
    let Some(run) = run.filter(|run| !run.state.is_final()) else {
        let message = "There is no such run that is queued or running; `syncRuns` lists them";
        return Err(UserError::of(ErrorCode::NotFound, "id", message).into());
    };
    let mut row = run.into_active_model();
    row.is_cancelled = Set(true);
    Ok(row.update(services.db()).await?)
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
    let integration = find_integration(services, &transaction, integration_id).await?;
    let profile = profile(&integration)?;
    if !profile.is_single_resync_offered {
        return Err(refused(profile, "resyncSingle", "synchronising a single record"));
    }
    let link = record_link::Entity::of(services.organization_id())
        .filter(record_link::Column::FinanceOrganizationId.eq(integration.finance_organization_id))
        .filter(record_link::Column::RecordId.eq(record_id))
        .one(&transaction)
        .await?;
    let link = link.filter(|link| link.origin == Origin::Crm && link.state == LinkState::Linked);
    let kind = link.as_ref().and_then(|link| RecordKind::by_name(&link.kind));
    let Some(kind) = kind else {
        let message =
            "The record is not linked to one that was made of it; start a run for everything instead";
        return Err(UserError::of(ErrorCode::NotCrmLinked, "recordId", message).into());
    };
    let module = SyncModule::ALL.iter().copied().find(|module| module.kinds().contains(&kind));
    let module = module.ok_or_else(not_configured)?;
    let row = asked(services, &transaction, integration_id, module).await?;
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
    services.viewer.require_administrator()?;
    let transaction = begin_write(services.db()).await?;
    let row = asked(services, &transaction, integration_id, module).await?;
    let wish =
        StartRun::of(services.organization_id(), row.id, RunTrigger::Reconcile).by(services.viewer.user_id);
    queued(services, transaction, wish).await
}

/// Starts a run about what an earlier one failed to do, and nothing else.
///
/// # Errors
/// `NOT_FOUND`, `SYNC_ALREADY_RUNNING`, `SYNC_PAUSED`.
pub async fn retry(services: &Services, run_id: Uuid) -> ServiceResult<sync_run::Model> {
    services.viewer.require_administrator()?;
    let transaction = begin_write(services.db()).await?;
    let run = ended(services, &transaction, run_id).await?;
    let wish = StartRun {
        retry_of_id: Some(run.id),
        ..StartRun::of(run.organization_id, run.sync_module_id, RunTrigger::Retry).by(services.viewer.user_id)
    };
    queued(services, transaction, wish).await
}

/// Approves the deletions that a run held up, and starts a run that makes them.
///
/// # Errors
/// `NOT_FOUND`, `SYNC_ALREADY_RUNNING`, `SYNC_PAUSED`.
pub async fn approve_deletions(services: &Services, run_id: Uuid) -> ServiceResult<sync_run::Model> {
    services.viewer.require_administrator()?;
    let transaction = begin_write(services.db()).await?;
    let run = ended(services, &transaction, run_id).await?;
    let wish = StartRun {
        may_delete: true,
        ..StartRun::of(run.organization_id, run.sync_module_id, RunTrigger::Retry).by(services.viewer.user_id)
    };
    queued(services, transaction, wish).await
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

/// A conflict.
///
/// # Errors
/// The database's.
pub async fn conflict(services: &Services, id: Uuid) -> ServiceResult<Option<sync_conflict::Model>> {
    Ok(sync_conflict::Entity::one_of(services.organization_id(), id).one(services.db()).await?)
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
    let conflict = sync_conflict::Entity::one_of(here, conflict_id).one(&transaction).await?;
    let link = match &conflict {
        Some(conflict) => record_link::Entity::one_of(here, conflict.link_id).one(&transaction).await?,
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
    let integration = find_integration(services, &transaction, wish.integration_id).await?;
    let finance = integration.finance_organization_id;
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
