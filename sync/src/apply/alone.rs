//! One CRM record becomes a customer or vendor on the spot, because somebody makes a document with it (R144). It is decided,
//! claimed, made and noted as a run would do it, and stands in the history like a run over this one record, so that it can be
//! looked at and taken back. Views are left out of account: somebody chose this record.

use finbridge_contract::FailureKind;
use finbridge_domain::record::finance::check_options;
use finbridge_domain::record::{CrmRecordType, RecordKind};
use finbridge_domain::{Members, SyncModule, SyncSettings};
use finbridge_entity::types::{
    IntegrationState, ItemAction, ItemOutcome, ItemState, LinkState, RunPhase, RunState, RunTrigger,
};
use finbridge_entity::{
    Scoped, begin_write, contact, document_act, integration, sync_module, sync_run, sync_run_item,
    sync_settings,
};
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, IntoActiveModel, QueryFilter, TryIntoModel};
use uuid::Uuid;

use super::settle::{Done, LinkChange};
use super::work::{Work, wanted};
use crate::act::{ActError, Code};
use crate::engine::{Engine, Remote};
use crate::error::SyncError;
use crate::lineage::Carried;
use crate::outcome::Totals;
use crate::plan::{self, Step, Subject};
use crate::progress::{self, Pulse};
use crate::{link, merged, planning, pull, shared};

/// A module that makes customers or vendors, with the settings in force.
struct Module {
    row: sync_module::Model,
    stored: sync_settings::Model,
    settings: SyncSettings,
}

/// For what a record becomes a customer: an act, or what happened to a deal.
#[derive(Debug, Clone, Copy)]
pub(crate) struct By {
    /// The tenant.
    pub organization_id: Uuid,
    /// The act or event. It has to be under way: by it others see that the record is being worked on.
    pub id: Uuid,
    /// Who asked.
    pub actor_id: Option<Uuid>,
}

impl By {
    /// For this act.
    pub const fn act(act: &document_act::Model) -> Self {
        Self { organization_id: act.organization_id, id: act.id, actor_id: act.actor_id }
    }
}

/// The finance record of this CRM record; it is made where there is none.
///
/// # Errors
/// [`ActError::Refused`] where the record does not become a customer or vendor, [`ActError::Waits`] while somebody else makes one of
/// it, and the finance app's failure where it failed.
pub(crate) async fn take(
    engine: &Engine,
    remote: &Remote,
    (record_type, record_id): (CrmRecordType, Uuid),
    by: By,
) -> Result<String, ActError> {
    let module = match record_type {
        CrmRecordType::Account | CrmRecordType::Contact => SyncModule::Customers,
        CrmRecordType::Vendor => SyncModule::Vendors,
        CrmRecordType::Product => return Err(ActError::refused(Code::WrongParty)),
    };
    let kind = kind_of(record_type);
    if let Some(known) = known(&engine.db, remote, kind, record_id).await? {
        return Ok(known);
    }
    let Some(found) = find_module(&engine.db, remote, module).await? else {
        return Err(ActError::refused(Code::NoCustomer));
    };
    let subject = Subject {
        remote,
        module,
        settings: &found.settings,
        now: engine.clock.now(),
        only: Some(record_id),
        only_remote: None,
        retry_of: None,
        undo_of: None,
        is_reconcile: false,
    };
    let stages = subject.stages()?;
    let stage = stages
        .iter()
        .position(|stage| stage.lane.source.record_type == record_type && stage.lane.source.kind == kind);
    let lane = stage.and_then(|stage| stages.get(stage)).map(|stage| stage.lane);
    // A contact is a person at the customer that its account is; documents are with that customer.
    let is_person =
        lane.is_none_or(|lane| matches!(lane.members, Members::WithoutAccount | Members::LeftOut));
    if record_type == CrmRecordType::Contact && is_person {
        let contact =
            contact::Entity::one_of(remote.organization.organization_id, record_id).one(&engine.db).await?;
        if let Some(account_id) = contact.and_then(|contact| contact.account_id) {
            return Box::pin(take(engine, remote, (CrmRecordType::Account, account_id), by)).await;
        }
    }
    let Some(stage) = stage else { return Err(ActError::refused(Code::NoCustomer)) };
    let here = remote.organization.organization_id;
    if !merged::among(&engine.db, record_type, here, &[record_id]).await?.is_empty() {
        let message = "The record was merged into another; choose that one.";
        return Err(ActError::because(Code::NoCustomer, message));
    }
    if found.row.initial_sync_at.is_none() {
        remote.connector.prepare(&remote.connection, &shared::of(&engine.db, remote).await?).await?;
    }
    let step = plan::again(&engine.db, &engine.ids, &subject, stage, record_id, None).await?;
    let Some(step) = step else {
        return made_meanwhile(engine, remote, kind, record_id, ActError::refused(Code::NoCustomer)).await;
    };
    make(engine, &subject, &found, step, by).await
}

/// The finance record that somebody else made between two looks, or is making; where nobody is, it is refused.
async fn made_meanwhile(
    engine: &Engine,
    remote: &Remote,
    kind: RecordKind,
    record_id: Uuid,
    refusal: ActError,
) -> Result<String, ActError> {
    match known(&engine.db, remote, kind, record_id).await? {
        Some(known) => Ok(known),
        None if link::of_record(&engine.db, remote, kind, record_id).await?.is_some() => Err(ActError::Waits),
        None => Err(refusal),
    }
}

/// What a CRM record is on the finance side when documents are with it.
pub(crate) const fn kind_of(record_type: CrmRecordType) -> RecordKind {
    match record_type {
        CrmRecordType::Vendor => RecordKind::Vendor,
        _ => RecordKind::Customer,
    }
}

/// Whether CRM records become customers of this connection at all.
///
/// # Errors
/// The database's.
pub(crate) async fn makes_customers(db: &impl ConnectionTrait, remote: &Remote) -> Result<bool, SyncError> {
    Ok(find_module(db, remote, SyncModule::Customers).await?.is_some())
}

/// The finance record of a CRM record, where it has one.
///
/// # Errors
/// [`ActError::Refused`] where it had one that is gone.
pub(crate) async fn known(
    db: &impl ConnectionTrait,
    remote: &Remote,
    kind: RecordKind,
    record_id: Uuid,
) -> Result<Option<String>, ActError> {
    let Some(link) = link::of_record(db, remote, kind, record_id).await? else { return Ok(None) };
    match link.state {
        LinkState::Claimed => Ok(None),
        LinkState::Linked | LinkState::Deactivated | LinkState::Merged if link.remote_id.is_some() => {
            Ok(link.remote_id)
        }
        _ => Err(ActError::refused(Code::CustomerGone)),
    }
}

/// The module of this connection, or of another one of the same finance organization: they share their records.
async fn find_module(
    db: &impl ConnectionTrait,
    remote: &Remote,
    module: SyncModule,
) -> Result<Option<Module>, SyncError> {
    let here = remote.organization.organization_id;
    let integrations: Vec<Uuid> = integration::Entity::of(here)
        .filter(integration::Column::FinanceOrganizationId.eq(remote.organization.id))
        // What is disabled makes no customers, also not for its siblings (A17.4).
        .filter(integration::Column::State.eq(IntegrationState::Active))
        .all(db)
        .await?
        .into_iter()
        .map(|integration| integration.id)
        .collect();
    let mut rows = sync_module::Entity::of(here)
        .filter(sync_module::Column::IntegrationId.is_in(integrations))
        .filter(sync_module::Column::Module.eq(module.as_str()))
        .all(db)
        .await?;
    rows.sort_by_key(|row| {
        (row.integration_id != remote.integration.id, row.initial_sync_at.is_none(), row.id)
    });
    let Some(row) = rows.into_iter().next() else { return Ok(None) };
    let stored = sync_settings::Entity::of(here)
        .filter(sync_settings::Column::SyncModuleId.eq(row.id))
        .filter(sync_settings::Column::Version.eq(row.settings_version))
        .one(db)
        .await?
        .ok_or(SyncError::Missing("the settings in force"))?;
    let settings: SyncSettings = serde_json::from_value(stored.settings.clone())
        .map_err(|source| SyncError::Corrupt { what: "the settings of a module", source })?;
    let settings = SyncSettings { account_view: None, contact_view: None, vendor_view: None, ..settings };
    Ok(Some(Module { row, stored, settings }))
}

/// Does what the plan says, as far as it makes a finance record or links one.
async fn make(
    engine: &Engine,
    subject: &Subject<'_>,
    module: &Module,
    step: Step,
    by: By,
) -> Result<String, ActError> {
    let (kind, record_id) = (step.kind, step.record_id);
    let run = run(engine, module, record_id, by);
    let item = planning::item(engine, &run, step, run.created_at)?.try_into_model()?;
    let pulse = Pulse::default();
    let work = Work {
        act_id: Some(by.id),
        ..Work::new(engine, &run, *subject, by.actor_id.unwrap_or_default(), &pulse)?
    };
    let task = work.task(&item)?;
    if let Err(fault) = check_options(kind, &wanted(&item)?) {
        return Err(ActError::because(Code::NoCustomer, fault.to_string()));
    }
    let done = match item.action {
        ItemAction::Create | ItemAction::Clone => work.create(&task, &item).await,
        ItemAction::Overwrite | ItemAction::Adopt => work.take_over(&task, &item).await,
        ItemAction::Skip if item.remote_id.is_some() => {
            return Err(ActError::refused(Code::CustomerIsDuplicate));
        }
        // A run made the CRM record of a finance record, and is about to link the two.
        ItemAction::CreateInCrm => return Err(ActError::Waits),
        ItemAction::Ambiguous => return Err(ActError::because(Code::AmbiguousMatch, item.reason)),
        _ => {
            let refusal = ActError::because(Code::NoCustomer, item.reason);
            return made_meanwhile(engine, subject.remote, kind, record_id, refusal).await;
        }
    };
    let done = match done {
        Ok(done) => done,
        Err(SyncError::Finance(failure)) if failure.kind == FailureKind::NotFound => {
            return Err(ActError::after(Code::CustomerGone, failure));
        }
        Err(SyncError::Finance(failure)) => return Err(failure.into()),
        Err(error) => return Err(error.into()),
    };
    let Done { outcome, link: LinkChange::Complete(link, completion), changes, .. } = done else {
        // Somebody else made it, or is about to.
        return match known(&engine.db, subject.remote, kind, record_id).await? {
            Some(known) => Ok(known),
            None => Err(ActError::Waits),
        };
    };
    let remote_id = completion.read_back.remote_id.clone();
    let now = engine.clock.now();
    let transaction = begin_write(&engine.db).await?;
    let carried = Carried::by(&link, &completion);
    // A worker that was overtaken while it waited for an answer must not write over what the other one noted.
    if !link::complete_claim(engine, &transaction, link, &completion).await? {
        return Err(ActError::Waits);
    }
    let run = sync_run::Model { finished_at: Some(now), ..run };
    run.clone().into_active_model().insert(&transaction).await?;
    progress::begin(&transaction, &run).await?;
    let changes = match changes {
        Some(changes) => serde_json::to_value(changes)
            .map_err(|source| SyncError::Corrupt { what: "the changes of an item", source })?,
        None => item.changes.clone(),
    };
    let item = sync_run_item::Model {
        changes,
        state: ItemState::Succeeded,
        outcome,
        remote_id: Some(remote_id.clone()),
        remote_name: Some(completion.read_back.name(kind)),
        remote_request_id: completion.read_back.request_id.clone(),
        finished_at: Some(now),
        ..item
    };
    item.clone().into_active_model().insert(&transaction).await?;
    let mut totals = Totals::default();
    match outcome {
        ItemOutcome::Added => totals.added = 1,
        _ => totals.updated = 1,
    }
    progress::ended(&transaction, &run, totals, now).await?;
    pull::mirror(engine, &transaction, subject.remote, kind, std::slice::from_ref(&completion.read_back))
        .await?;
    carried.note(engine, &transaction, &run, &item).await?;
    engine.events.commit(transaction, &[progress::topic(run.organization_id, run.id)]).await?;
    Ok(remote_id)
}

/// The run as which it goes into the history.
fn run(engine: &Engine, module: &Module, record_id: Uuid, by: By) -> sync_run::Model {
    let now = engine.clock.now();
    sync_run::Model {
        organization_id: by.organization_id,
        id: engine.ids.uuid(),
        integration_id: module.row.integration_id,
        sync_module_id: module.row.id,
        module: module.row.module.clone(),
        trigger: RunTrigger::Resync,
        state: RunState::Succeeded,
        phase: RunPhase::Done,
        settings_version: module.stored.version,
        settings: module.stored.settings.clone(),
        requested_by_id: by.actor_id,
        plan_stage: 0,
        only_record_id: Some(record_id),
        retry_of_id: None,
        undo_of_id: None,
        is_plan: false,
        plan_hash: None,
        plan: None,
        is_reconcile: false,
        may_delete: false,
        is_cancelled: false,
        plan_position: None,
        planned_count: 1,
        attempts: 0,
        resume_at: None,
        lease_owner: None,
        lease_until: None,
        crm_users: None,
        error_code: None,
        error_message: None,
        created_at: now,
        started_at: Some(now),
        finished_at: None,
    }
}
