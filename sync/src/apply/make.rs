//! Making finance records, and linking those that are there already.

use finbridge_contract::{CrmReference, FailureKind, NewRecord, RemoteRecord};
use finbridge_domain::record::{Values, values};
use finbridge_entity::types::{ItemAction, ItemOutcome, Origin};
use finbridge_entity::{begin_write, record_link, sync_run_item};
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument;

use super::settle::{Done, LinkChange};
use super::work::{Parent, Task, Work, extended, wanted};
use crate::error::SyncError;
use crate::link::{self, Claim, Completion, Wish};
use crate::merge::Bases;
use crate::pull;

impl Work<'_> {
    pub(super) async fn create(
        &self,
        task: &Task<'_>,
        item: &sync_run_item::Model,
    ) -> Result<Done, SyncError> {
        let parent_id = match self.parent_of(task, item).await? {
            Parent::NotNeeded => None,
            Parent::Known(parent_id) => Some(parent_id),
            Parent::Pending => return Ok(Done::later()),
            Parent::Missing => {
                return Ok(Done::waiting(
                    "WAITS_FOR_ACCOUNT",
                    "The contact's account is no customer yet; the first run after it became one takes the contact up",
                ));
            }
        };
        let reference = self.reference(task, item).await?;
        let suffix = (item.action == ItemAction::Clone).then(|| suffix(item)).flatten();
        let transaction = begin_write(&self.engine.db).await?;
        let wish = Wish {
            kind: task.kind,
            record_type: task.record_type,
            record_id: item.record_id,
            remote_id: None,
            remote_parent_id: parent_id.as_deref(),
            origin: Origin::Crm,
            name_suffix: suffix,
        };
        let claim = link::claim(self.engine, &transaction, self.remote(), wish).await?;
        transaction.commit().await?;
        let (link, may_exist) = match claim {
            Claim::Fresh(link) => (link, false),
            Claim::Unfinished(_) if self.is_made_elsewhere(task, item).await? => return Ok(Done::later()),
            Claim::Unfinished(link) => (link, true),
            Claim::Taken => return Ok(Done::nothing(ItemOutcome::Skipped)),
        };
        let connection = &self.remote().connection;
        let values = wanted(item)?;
        let existing = match may_exist {
            true => task.adapter.find_by_reference(connection, reference, parent_id.as_deref()).await?,
            false => None,
        };
        let made = match existing {
            Some(existing) => self.write(task, existing, &values).await?,
            None => {
                let is_primary = match &parent_id {
                    Some(customer) => self.becomes_primary(item, customer).await?,
                    None => false,
                };
                self.make_new(task, &link, reference, parent_id, is_primary, &values).await?
            }
        };
        let bases = extended(Bases::default(), &values, &made.values);
        let completion =
            Completion { read_back: made, bases, version: item.record_version, is_remote_dirty: false };
        Ok(Done::linked(ItemOutcome::Added, LinkChange::Complete(link, Box::new(completion))))
    }

    /// Makes the finance record of a claim. A claim of which it is certain that nothing was made is given back.
    pub(super) async fn make_new(
        &self,
        task: &Task<'_>,
        link: &record_link::Model,
        reference: CrmReference,
        parent_id: Option<String>,
        is_primary: bool,
        values: &Values,
    ) -> Result<RemoteRecord, SyncError> {
        let customer_kind = task.stage.lane.customer_kind;
        // An empty field of a new record is no value at all.
        let told = values.clone().into_iter().filter(|(_, value)| !value.is_empty()).collect();
        let new = NewRecord { parent_id, customer_kind, is_primary, values: told };
        // In a task of its own, so that many use more than one processor; it ends with this one, or a write could outlive the lease.
        let (remote, kind) = (self.remote().clone(), task.kind);
        let create = async move {
            let adapter = remote.connector.records(kind);
            let adapter = adapter.ok_or(SyncError::Missing("the records of this finance app"))?;
            Ok::<_, SyncError>(adapter.create(&remote.connection, Some(reference), &new).await)
        };
        let created = AbortOnDropHandle::new(tokio::spawn(create.in_current_span())).await;
        let created = created.unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic()))?;
        match created {
            Ok(made) => Ok(made),
            Err(failure) => {
                if !failure.is_transient() && failure.kind != FailureKind::Malformed {
                    link::release(&self.engine.db, link).await?;
                }
                Err(failure.into())
            }
        }
    }

    /// Writes what differs from these values, if anything does.
    pub(super) async fn write(
        &self,
        task: &Task<'_>,
        before: RemoteRecord,
        wanted: &Values,
    ) -> Result<RemoteRecord, SyncError> {
        let changes = values::changes(&before.values, wanted);
        if changes.is_empty() {
            return Ok(before);
        }
        let connection = &self.remote().connection;
        Ok(task.adapter.update(connection, &before.remote_id, &values::after(&changes)).await?)
    }

    /// Links a finance record that is already there and writes what differs.
    pub(super) async fn take_over(
        &self,
        task: &Task<'_>,
        item: &sync_run_item::Model,
    ) -> Result<Done, SyncError> {
        // The finance side says that an adopted record was made for this CRM record, so it was born here.
        let origin = if item.action == ItemAction::Adopt { Origin::Crm } else { Origin::Finance };
        let remote_id =
            item.remote_id.as_deref().ok_or(SyncError::Missing("the finance record of an item"))?;
        let Some(record) = self.record(task, item.record_id).await?.filter(|record| !record.is_deleted)
        else {
            return Ok(Done::nothing(ItemOutcome::Skipped));
        };
        let reference = record.reference();
        let transaction = begin_write(&self.engine.db).await?;
        let wish = Wish {
            kind: task.kind,
            record_type: task.record_type,
            record_id: item.record_id,
            remote_id: Some(remote_id),
            remote_parent_id: item.remote_parent_id.as_deref(),
            origin,
            name_suffix: None,
        };
        let claim = link::claim(self.engine, &transaction, self.remote(), wish).await?;
        transaction.commit().await?;
        let link = match claim {
            Claim::Fresh(link) | Claim::Unfinished(link) => link,
            Claim::Taken => return Ok(Done::nothing(ItemOutcome::Skipped)),
        };
        let connection = &self.remote().connection;
        let taken = async {
            let before = task.adapter.fetch(connection, remote_id).await?;
            if before.crm_reference != Some(reference) {
                task.adapter.link(connection, remote_id, reference).await?;
            }
            Ok::<_, finbridge_contract::Failure>(before)
        };
        let before = match taken.await {
            Ok(before) => before,
            Err(failure) => {
                if failure.kind == FailureKind::NotFound {
                    pull::forget(&self.engine.db, self.remote(), task.kind, remote_id).await?;
                }
                if !failure.is_transient() {
                    link::release(&self.engine.db, &link).await?;
                }
                return Err(failure.into());
            }
        };
        let wanted = wanted(item)?;
        let changes = values::changes(&before.values, &wanted);
        // What the plan found equal already is not among the item's changes, and is the CRM's value all the same.
        let written =
            extended(Bases { crm: before.values.clone(), finance: Values::new() }, &wanted, &Values::new())
                .crm;
        let after = self.write(task, before, &wanted).await?;
        let bases = extended(Bases::default(), &written, &after.values);
        // Without the changed fields the base would claim that the CRM has what only the finance side has.
        let bases = Bases { crm: self.held(task, &record, bases.crm), ..bases };
        let completion =
            Completion { read_back: after, bases, version: item.record_version, is_remote_dirty: false };
        Ok(Done {
            changes: Some(changes),
            ..Done::linked(ItemOutcome::Updated, LinkChange::Complete(link, Box::new(completion)))
        })
    }

    /// Of these values, those of fields that the CRM record is mapped to.
    fn held(&self, task: &Task<'_>, record: &crate::records::SourceRecord, written: Values) -> Values {
        let mapped = task.map.to_finance(&record.values);
        written.into_iter().filter(|(field, _)| mapped.contains_key(field)).collect()
    }
}

/// What the clone's name has beyond the record's own.
fn suffix(item: &sync_run_item::Model) -> Option<String> {
    let name = item.remote_name.as_deref()?;
    name.strip_prefix(item.record_name.trim()).map(str::to_owned)
}
