//! Making CRM records of finance records. CRM record and link are written in one transaction, so that a repetition finds
//! the link and finishes it.

use finbridge_contract::CrmReference;
use finbridge_domain::WireId;
use finbridge_domain::record::{CrmRecordType, FieldKey, RecordKind, Values};
use finbridge_entity::types::{ItemOutcome, LinkState, Origin};
use finbridge_entity::{Scoped, record_link, remote_record, sync_run_item};
use sea_orm::{ColumnTrait, QueryFilter};

use super::settle::{Done, LinkChange};
use super::work::{Task, Work, crm_changes};
use crate::crm::{CrmError, NewCrmRecord};
use crate::error::SyncError;
use crate::link::{self, Claim, Completion, Wish};
use crate::merge::Bases;
use finbridge_domain::record::values;

impl Work<'_> {
    pub(super) async fn create_in_crm(
        &self,
        task: &Task<'_>,
        item: &sync_run_item::Model,
    ) -> Result<Done, SyncError> {
        let remote_id =
            item.remote_id.as_deref().ok_or(SyncError::Missing("the finance record of an item"))?;
        let link = match link::of_remote(&self.engine.db, self.remote(), task.kind, remote_id).await? {
            Some(link) if link.record_id == item.record_id && link.state == LinkState::Claimed => link,
            Some(_) => return Ok(Done::nothing(ItemOutcome::Skipped)),
            // Planned before a try that was cut off was found to have made it as a copy.
            None if self.is_copy(task, remote_id).await? => return Ok(Done::nothing(ItemOutcome::Skipped)),
            None => match self.make(task, item, remote_id).await? {
                Made::Linked(link) => *link,
                Made::Later => return Ok(Done::later()),
                Made::Waits => {
                    return Ok(Done::waiting(
                        "WAITS_FOR_ACCOUNT",
                        "The customer that the person belongs to is no account yet; the first run after it became one takes the person up",
                    ));
                }
                Made::Taken => return Ok(Done::nothing(ItemOutcome::Skipped)),
            },
        };
        let Some(record) = self.record(task, item.record_id).await? else {
            return Err(SyncError::Missing("the CRM record of an item"));
        };
        let connection = &self.remote().connection;
        let reference = CrmReference { record_type: task.record_type, wire_id: WireId(record.wire_id) };
        task.adapter.link(connection, remote_id, reference).await?;
        let read_back = task.adapter.fetch(connection, remote_id).await?;
        // What changed on either side since it was taken over is not agreed on yet.
        let Bases { crm, finance: taken } = link::bases(&link)?;
        let is_remote_dirty =
            taken.iter().any(|(field, value)| read_back.values.get(field).is_some_and(|now| now != value));
        let mut finance = read_back.values.clone();
        finance.extend(taken);
        let version = link.synced_version;
        let completion = Completion { read_back, bases: Bases { crm, finance }, version, is_remote_dirty };
        Ok(Done::linked(ItemOutcome::Added, LinkChange::Complete(link, Box::new(completion))))
    }

    /// Whether the finance record is a version that is kept apart (R074).
    async fn is_copy(&self, task: &Task<'_>, remote_id: &str) -> Result<bool, SyncError> {
        let copy = remote_record::Entity::of(self.run.organization_id)
            .filter(remote_record::Column::FinanceOrganizationId.eq(self.remote().organization.id))
            .filter(remote_record::Column::Kind.eq(task.kind.as_str()))
            .filter(remote_record::Column::RemoteId.eq(remote_id))
            .filter(remote_record::Column::IsCopy.eq(true))
            .one(&self.engine.db)
            .await?;
        Ok(copy.is_some())
    }

    async fn make(
        &self,
        task: &Task<'_>,
        item: &sync_run_item::Model,
        remote_id: &str,
    ) -> Result<Made, SyncError> {
        let account_id = match self.account_of(task, item).await? {
            Account::NotNeeded => None,
            Account::Known(account_id) => Some(account_id),
            Account::Pending => return Ok(Made::Later),
            Account::Missing => return Ok(Made::Waits),
        };
        let finance = values::after(&crm_changes(item)?);
        let mut values = task.map.to_crm(&finance);
        complete_names(task.record_type, &mut values, &item.record_name);
        let new = NewCrmRecord { record_type: task.record_type, id: item.record_id, account_id, values };
        let written = match self.engine.crm.create(self.acting, new).await {
            Ok(written) => written,
            Err(CrmError::Refused(message)) => return Err(SyncError::CrmRefused(message)),
            Err(CrmError::Database(error)) => return Err(error.into()),
            Err(CrmError::Stale | CrmError::Gone) => return Ok(Made::Taken),
        };
        let wish = Wish {
            kind: task.kind,
            record_type: task.record_type,
            record_id: item.record_id,
            remote_id: Some(remote_id),
            remote_parent_id: item.remote_parent_id.as_deref(),
            origin: Origin::Finance,
            name_suffix: None,
        };
        match link::claim(self.engine, &written.transaction, self.remote(), wish).await {
            Ok(Claim::Fresh(link)) => {
                let made = self.read(&written.transaction, task, item.record_id).await?;
                let made = made.ok_or(SyncError::Missing("the CRM record of an item"))?;
                let bases = Bases { crm: task.map.to_finance(&made.values), finance };
                let link = link::taken(&written.transaction, link, &bases, written.version).await?;
                written.transaction.commit().await?;
                Ok(Made::Linked(Box::new(link)))
            }
            // Somebody else linked it in between: nothing is made.
            Ok(Claim::Unfinished(_) | Claim::Taken) | Err(SyncError::Finance(_)) => Ok(Made::Taken),
            Err(error) => Err(error),
        }
    }

    /// The account that the customer of this person is.
    async fn account_of(&self, task: &Task<'_>, item: &sync_run_item::Model) -> Result<Account, SyncError> {
        if task.kind != RecordKind::ContactPerson {
            return Ok(Account::NotNeeded);
        }
        let Some(parent_id) = &item.remote_parent_id else { return Ok(Account::Missing) };
        let db = &self.engine.db;
        match link::of_remote(db, self.remote(), RecordKind::Customer, parent_id).await? {
            Some(link) if link.state == LinkState::Linked => Ok(Account::Known(link.record_id)),
            Some(link) if self.is_pending(link.record_id, Some(RecordKind::Customer)).await? => {
                Ok(Account::Pending)
            }
            Some(_) => Ok(Account::Missing),
            None if self.is_remote_pending(RecordKind::Customer, parent_id).await? => Ok(Account::Pending),
            None => Ok(Account::Missing),
        }
    }
}

enum Made {
    Linked(Box<record_link::Model>),
    Later,
    Waits,
    Taken,
}

/// The account that a contact belongs to.
enum Account {
    NotNeeded,
    Known(uuid::Uuid),
    Pending,
    Missing,
}

/// The CRM asks for names that the finance side may lack: a person without a family name is called by what is listed.
fn complete_names(record_type: CrmRecordType, values: &mut Values, listed: &str) {
    let field = match record_type {
        CrmRecordType::Contact => FieldKey::of("lastName"),
        CrmRecordType::Account | CrmRecordType::Vendor | CrmRecordType::Product => FieldKey::of("name"),
    };
    if values.get(&field).is_some_and(|name| !name.trim().is_empty()) {
        return;
    }
    let given = values.get("firstName").map(|name| name.trim()).unwrap_or_default();
    let rest = listed.trim().strip_prefix(given).unwrap_or(listed).trim();
    let name = if rest.is_empty() { listed.trim() } else { rest };
    values.insert(field, name.to_owned());
}
