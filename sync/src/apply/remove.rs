//! What becomes of a pair when one of its records goes away, or moves.

use finbridge_contract::{FailureKind, NewRecord, Removal};
use finbridge_entity::sync_run_item;
use finbridge_entity::types::{ItemOutcome, LinkState};

use super::settle::{Done, LinkChange};
use super::work::{Parent, Task, Work, extended, wanted};
use crate::crm::CrmError;
use crate::error::SyncError;
use crate::link::Completion;
use crate::merge::Bases;

impl Work<'_> {
    pub(super) async fn delete(
        &self,
        task: &Task<'_>,
        item: &sync_run_item::Model,
    ) -> Result<Done, SyncError> {
        let link = self.link(task, item).await?;
        let connection = &self.remote().connection;
        let remote_id = match link.remote_id.clone() {
            Some(remote_id) => Some(remote_id),
            None => {
                let reference = self.reference(task, item).await?;
                let parent = link.remote_parent_id.as_deref();
                let found = task.adapter.find_by_reference(connection, reference, parent).await?;
                found.map(|found| found.remote_id)
            }
        };
        let Some(remote_id) = remote_id else {
            // Claimed, never made, deleted here: there is nothing on the finance side.
            return Ok(Done::linked(ItemOutcome::Skipped, LinkChange::State(link, LinkState::Deleted)));
        };
        let (state, outcome) = match task.adapter.remove(connection, &remote_id).await? {
            Removal::Deleted => (LinkState::Deleted, ItemOutcome::Deleted),
            Removal::Deactivated => (LinkState::Deactivated, ItemOutcome::Deactivated),
        };
        Ok(Done::linked(outcome, LinkChange::State(link, state)))
    }

    pub(super) async fn keep(&self, task: &Task<'_>, item: &sync_run_item::Model) -> Result<Done, SyncError> {
        let link = self.link(task, item).await?;
        Ok(Done::linked(ItemOutcome::Skipped, LinkChange::State(link, LinkState::CrmDeleted)))
    }

    /// The two have nothing to do with each other any more; neither is removed.
    pub(super) async fn detach(
        &self,
        task: &Task<'_>,
        item: &sync_run_item::Model,
    ) -> Result<Done, SyncError> {
        let link = self.link(task, item).await?;
        if link.state == LinkState::RemoteGone {
            return Ok(Done::linked(ItemOutcome::Skipped, LinkChange::State(link, LinkState::RemoteMissing)));
        }
        if let Some(remote_id) = &link.remote_id {
            self.unlink(task, remote_id).await?;
        }
        Ok(Done::linked(ItemOutcome::Skipped, LinkChange::Dissolve(link)))
    }

    /// Takes the CRM record's name off the finance record. One that is gone, or cannot have it, has it no longer.
    pub(super) async fn unlink(&self, task: &Task<'_>, remote_id: &str) -> Result<(), SyncError> {
        match task.adapter.unlink(&self.remote().connection, remote_id).await {
            Err(failure) if matches!(failure.kind, FailureKind::NotFound | FailureKind::NotSupported) => {
                Ok(())
            }
            unlinked => Ok(unlinked?),
        }
    }

    /// The finance record, which was there first, is gone: the CRM record follows.
    pub(super) async fn delete_in_crm(
        &self,
        task: &Task<'_>,
        item: &sync_run_item::Model,
    ) -> Result<Done, SyncError> {
        let link = self.link(task, item).await?;
        if link.state != LinkState::RemoteGone {
            return Ok(Done::nothing(ItemOutcome::Skipped));
        }
        let deleted =
            self.engine.crm.delete(self.acting, task.record_type, item.record_id, item.record_version);
        match deleted.await {
            Ok(written) => Ok(Done {
                transaction: Some(written.transaction),
                ..Done::linked(ItemOutcome::Deleted, LinkChange::State(link, LinkState::Deleted))
            }),
            // Somebody changed it since the plan; the next plan decides anew.
            Err(CrmError::Stale) => Ok(Done::nothing(ItemOutcome::Skipped)),
            Err(CrmError::Gone) => {
                Ok(Done::linked(ItemOutcome::Skipped, LinkChange::State(link, LinkState::Deleted)))
            }
            Err(CrmError::Refused(message)) => Err(SyncError::CrmRefused(message)),
            Err(CrmError::Database(error)) => Err(error.into()),
        }
    }

    /// A person goes with its contact to the customer of another account (A17.14). The old one is removed last: what was
    /// cut off before is found by its reference and finished.
    pub(super) async fn relocate(
        &self,
        task: &Task<'_>,
        item: &sync_run_item::Model,
    ) -> Result<Done, SyncError> {
        let parent_id = match self.parent_of(task, item).await? {
            Parent::Known(parent_id) => parent_id,
            Parent::Pending => return Ok(Done::later()),
            Parent::NotNeeded | Parent::Missing => {
                let reason =
                    "The contact's new account is no customer yet; the person stays where it is until it is";
                return Ok(Done::waiting("WAITS_FOR_ACCOUNT", reason));
            }
        };
        let link = self.link(task, item).await?;
        let connection = &self.remote().connection;
        let reference = self.reference(task, item).await?;
        let values = wanted(item)?;
        let found = task.adapter.find_by_reference(connection, reference, Some(&parent_id)).await?;
        let made = match found {
            Some(found) => self.write(task, found, &values).await?,
            None => {
                if let Some(old) = &link.remote_id {
                    self.unlink(task, old).await?;
                }
                let told = values.clone().into_iter().filter(|(_, value)| !value.is_empty()).collect();
                let new = NewRecord {
                    parent_id: Some(parent_id),
                    customer_kind: None,
                    is_primary: false,
                    values: told,
                };
                task.adapter.create(connection, Some(reference), &new).await?
            }
        };
        if let Some(old) = link.remote_id.as_deref().filter(|old| *old != made.remote_id) {
            task.adapter.remove(connection, old).await?;
            crate::pull::forget(&self.engine.db, self.remote(), task.kind, old).await?;
        }
        let bases = extended(Bases::default(), &values, &made.values);
        let completion =
            Completion { read_back: made, bases, version: item.record_version, is_remote_dirty: false };
        Ok(Done::linked(ItemOutcome::Updated, LinkChange::Complete(link, Box::new(completion))))
    }
}
