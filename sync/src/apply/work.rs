//! What the acts on single records share.

use finbridge_contract::{CrmReference, RecordAdapter};
use finbridge_domain::record::finance::check_options;
use finbridge_domain::record::{CrmRecordType, FieldChange, FieldKey, FieldMap, RecordKind, Values, values};
use finbridge_entity::types::{ItemAction, ItemOutcome, ItemState, LinkState};
use finbridge_entity::{Scoped, record_link, sync_module, sync_run, sync_run_item};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::planned::{PLAN_STALE, STALE};
use super::settle::{Done, LinkChange, Settled};
use crate::crm::Acting;
use crate::engine::{Engine, Remote};
use crate::error::SyncError;
use crate::merge::Bases;
use crate::plan::Subject;
use crate::plan::hash::Contents;
use crate::progress::Pulse;
use crate::records::{self, SourceRecord};
use crate::stage::Stage;
use crate::{act, link, merged};

pub(super) struct Work<'a> {
    pub(super) engine: &'a Engine,
    pub(super) run: &'a sync_run::Model,
    pub(super) subject: Subject<'a>,
    pub(super) stages: Vec<Stage>,
    pub(super) acting: Acting,
    pub(super) pulse: &'a Pulse,
    /// The act for which one record becomes a customer; none: the run is one.
    pub(super) act_id: Option<Uuid>,
}

impl<'a> Work<'a> {
    pub(super) fn new(
        engine: &'a Engine,
        run: &'a sync_run::Model,
        subject: Subject<'a>,
        owner_id: Uuid,
        pulse: &'a Pulse,
    ) -> Result<Self, SyncError> {
        let stages = subject.stages()?;
        let acting = Acting { organization_id: run.organization_id, owner_id };
        Ok(Self { engine, run, subject, stages, acting, pulse, act_id: None })
    }

    pub(super) fn remote(&self) -> &'a Remote {
        self.subject.remote
    }

    pub(super) async fn work(&self, item: sync_run_item::Model) -> Result<Settled, SyncError> {
        let task = self.task(&item)?;
        if item.action != ItemAction::CreateInCrm
            && merged::is_merged(self.engine, task.record_type, &item).await?
        {
            // What it had to write is the affair of the record that it went up in.
            self.succeed(&task, item, Done::nothing(ItemOutcome::Skipped)).await?;
            return Ok(Settled::Answered);
        }
        if let Err(fault) = check_options(task.kind, &wanted(&item)?) {
            self.refused(item, "INVALID_ENUM_VALUE", &fault.to_string()).await?;
            return Ok(Settled::Answered);
        }
        if self.run.plan_hash.is_some() && !self.is_as_planned(&task, &item).await? {
            self.refused(item, PLAN_STALE, STALE).await?;
            return Ok(Settled::Answered);
        }
        let result = match item.action {
            ItemAction::Create | ItemAction::Clone => self.create(&task, &item).await,
            ItemAction::Overwrite | ItemAction::Adopt => self.take_over(&task, &item).await,
            ItemAction::Update => self.update(&task, &item).await,
            ItemAction::Delete => self.delete(&task, &item).await,
            ItemAction::Keep => self.keep(&task, &item).await,
            ItemAction::CreateInCrm => self.create_in_crm(&task, &item).await,
            ItemAction::DeleteInCrm => self.delete_in_crm(&task, &item).await,
            ItemAction::Move => self.relocate(&task, &item).await,
            ItemAction::Detach => self.detach(&task, &item).await,
            // What cannot be taken back.
            ItemAction::Skip if self.run.undo_of_id.is_some() => Ok(Done::nothing(ItemOutcome::Kept)),
            ItemAction::Skip => self.skip(&task, &item).await,
            ItemAction::Revert => self.revert(&task, &item).await,
            ItemAction::Unlink => self.undo_link(&task, &item).await,
            ItemAction::Remove => self.undo_create(&task, &item).await,
            ItemAction::RemoveInCrm => self.undo_create_in_crm(&task, &item).await,
            ItemAction::RestoreInCrm => self.undo_delete_in_crm(&task, &item).await,
            ItemAction::Ambiguous => Ok(Done::nothing(ItemOutcome::Conflict)),
        };
        match result {
            Ok(done) => {
                self.succeed(&task, item, done).await?;
                Ok(Settled::Answered)
            }
            Err(SyncError::Finance(failure)) => self.failed(&task, item, failure).await,
            Err(SyncError::CrmRefused(message)) => {
                self.refused(item, "CRM_REFUSED", &message).await?;
                Ok(Settled::Answered)
            }
            Err(error) => Err(error),
        }
    }

    pub(super) fn task(&self, item: &sync_run_item::Model) -> Result<Task<'a>, SyncError> {
        let stage = usize::try_from(item.stage).ok().and_then(|stage| self.stages.get(stage));
        let stage = *stage.ok_or(SyncError::Missing("the stage of an item"))?;
        let kind = stage.lane.source.kind;
        let adapter = self.remote().connector.records(kind);
        Ok(Task {
            stage,
            kind,
            record_type: stage.lane.source.record_type,
            map: self.subject.settings.field_map(stage.lane.source),
            adapter: adapter.ok_or(SyncError::Missing("the records of this finance app"))?,
        })
    }

    /// The link of the item's record.
    pub(super) async fn link(
        &self,
        task: &Task<'_>,
        item: &sync_run_item::Model,
    ) -> Result<record_link::Model, SyncError> {
        link::of_record(&self.engine.db, self.remote(), task.kind, item.record_id)
            .await?
            .ok_or(SyncError::Missing("the link of an item"))
    }

    /// The CRM record as it is now; none when it is not there any more.
    pub(super) async fn record(
        &self,
        task: &Task<'_>,
        record_id: Uuid,
    ) -> Result<Option<SourceRecord>, SyncError> {
        self.read(&self.engine.db, task, record_id).await
    }

    /// The same, as somebody's transaction sees it.
    pub(super) async fn read(
        &self,
        db: &impl ConnectionTrait,
        task: &Task<'_>,
        record_id: Uuid,
    ) -> Result<Option<SourceRecord>, SyncError> {
        let fields: Vec<FieldKey> = task.map.crm_fields().cloned().collect();
        let organization_id = self.run.organization_id;
        let records = records::load(db, organization_id, task.record_type, &fields, &[record_id]).await?;
        Ok(records.into_iter().next())
    }

    /// How finance apps name the item's record.
    pub(super) async fn reference(
        &self,
        task: &Task<'_>,
        item: &sync_run_item::Model,
    ) -> Result<CrmReference, SyncError> {
        let record = self.record(task, item.record_id).await?;
        Ok(record.ok_or(SyncError::Missing("the CRM record of an item"))?.reference())
    }

    /// The customer that the record of this contact's account is; only persons need one.
    pub(super) async fn parent_of(
        &self,
        task: &Task<'_>,
        item: &sync_run_item::Model,
    ) -> Result<Parent, SyncError> {
        if task.kind != RecordKind::ContactPerson {
            return Ok(Parent::NotNeeded);
        }
        let account_id = match self.record(task, item.record_id).await? {
            Some(SourceRecord { account_id: Some(account_id), .. }) => account_id,
            _ => return Ok(Parent::Missing),
        };
        let customer =
            link::of_record(&self.engine.db, self.remote(), RecordKind::Customer, account_id).await?;
        match customer {
            Some(link) if link.state == LinkState::Linked => {
                Ok(link.remote_id.map_or(Parent::Missing, Parent::Known))
            }
            _ if self.is_pending(account_id, Some(RecordKind::Customer)).await? => Ok(Parent::Pending),
            _ => Ok(Parent::Missing),
        }
    }

    /// Whether the run still has to do something about this CRM record: as this kind of finance record, or at all.
    pub(super) async fn is_pending(
        &self,
        record_id: Uuid,
        kind: Option<RecordKind>,
    ) -> Result<bool, SyncError> {
        let mut items = sync_run_item::Entity::of(self.run.organization_id)
            .filter(sync_run_item::Column::RunId.eq(self.run.id))
            .filter(sync_run_item::Column::RecordId.eq(record_id))
            .filter(sync_run_item::Column::State.eq(ItemState::Pending));
        if let Some(kind) = kind {
            items = items.filter(sync_run_item::Column::Kind.eq(kind.as_str()));
        }
        Ok(items.one(&self.engine.db).await?.is_some())
    }

    /// Whether the run still has to do something about this finance record.
    pub(super) async fn is_remote_pending(
        &self,
        kind: RecordKind,
        remote_id: &str,
    ) -> Result<bool, SyncError> {
        let item = sync_run_item::Entity::of(self.run.organization_id)
            .filter(sync_run_item::Column::RunId.eq(self.run.id))
            .filter(sync_run_item::Column::Kind.eq(kind.as_str()))
            .filter(sync_run_item::Column::RemoteId.eq(remote_id))
            .filter(sync_run_item::Column::State.eq(ItemState::Pending))
            .one(&self.engine.db)
            .await?;
        Ok(item.is_some())
    }

    /// Whether somebody else may be making the finance record of this claim at this moment: an act, or a run where this is an
    /// act. Whoever makes one has said so before he looks here, so that of two at least one sees the other.
    pub(super) async fn is_made_elsewhere(
        &self,
        task: &Task<'_>,
        item: &sync_run_item::Model,
    ) -> Result<bool, SyncError> {
        let db = &self.engine.db;
        if act::is_making(self.engine, item.organization_id, task.record_type, item.record_id, self.act_id)
            .await?
        {
            return Ok(true);
        }
        if self.act_id.is_none() {
            return Ok(false);
        }
        let active: Vec<Uuid> = sync_module::Entity::of(item.organization_id)
            .filter(sync_module::Column::ActiveRunId.is_not_null())
            .all(db)
            .await?
            .into_iter()
            .filter_map(|module| module.active_run_id)
            .collect();
        let at_work = sync_run_item::Entity::of(item.organization_id)
            .filter(sync_run_item::Column::RunId.is_in(active))
            .filter(sync_run_item::Column::RecordId.eq(item.record_id))
            .filter(sync_run_item::Column::Kind.eq(task.kind.as_str()))
            .filter(sync_run_item::Column::State.eq(ItemState::Pending))
            .one(db)
            .await?;
        Ok(at_work.is_some())
    }

    async fn skip(&self, task: &Task<'_>, item: &sync_run_item::Model) -> Result<Done, SyncError> {
        let link = link::of_record(&self.engine.db, self.remote(), task.kind, item.record_id).await?;
        let mut done = Done::nothing(ItemOutcome::Skipped);
        if let Some(link) = link {
            done.link = LinkChange::Agree(link);
        }
        Ok(done)
    }
}

/// What an item is about.
pub(super) struct Task<'a> {
    pub(super) stage: Stage,
    pub(super) kind: RecordKind,
    pub(super) record_type: CrmRecordType,
    pub(super) map: FieldMap,
    pub(super) adapter: &'a dyn RecordAdapter,
}

/// The finance record that another belongs to.
pub(super) enum Parent {
    /// This kind belongs to nothing.
    NotNeeded,
    /// This one.
    Known(String),
    /// It is still to be made in this run.
    Pending,
    /// There is none, and this run makes none.
    Missing,
}

/// The changes of an item.
pub(crate) fn changes(item: &sync_run_item::Model) -> Result<Vec<FieldChange>, SyncError> {
    read(&item.changes)
}

/// The changes that an item makes in the CRM, named as on the finance side.
pub(crate) fn crm_changes(item: &sync_run_item::Model) -> Result<Vec<FieldChange>, SyncError> {
    item.crm_changes.as_ref().map_or_else(|| Ok(Vec::new()), read)
}

/// What an item was planned to come to.
pub(crate) fn contents(item: &sync_run_item::Model) -> Result<Contents, SyncError> {
    let conflicts = item.conflicts.as_ref().map_or_else(|| Ok(Vec::new()), read)?;
    Ok(Contents { changes: changes(item)?, crm_changes: crm_changes(item)?, conflicts })
}

fn read<T: DeserializeOwned>(changes: &serde_json::Value) -> Result<Vec<T>, SyncError> {
    serde_json::from_value(changes.clone())
        .map_err(|source| SyncError::Corrupt { what: "the changes of an item", source })
}

/// The values that the item's changes lead to.
pub(super) fn wanted(item: &sync_run_item::Model) -> Result<Values, SyncError> {
    Ok(values::after(&changes(item)?))
}

/// Bases that grow by what was written and read back.
pub(super) fn extended(bases: Bases, crm: &Values, finance: &Values) -> Bases {
    let Bases { crm: mut crm_base, finance: mut finance_base } = bases;
    crm_base.extend(crm.clone());
    finance_base.extend(finance.clone());
    Bases { crm: crm_base, finance: finance_base }
}
