//! What a run did with each record.

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use finbridge_domain::NodeKind;
use finbridge_domain::record::{CrmRecordType, FieldChange, RecordKind};
use finbridge_entity::sync_run_item;
use finbridge_entity::types::{ItemAction, ItemOutcome, ItemState};
use finbridge_sync::merge::FieldConflict;

use super::SyncError;
use crate::graphql::context::id;
use crate::graphql::scalar::DateTime;
use crate::graphql::syncable::{ExternalKind, Syncable};

/// What a run did, or means to do, with one record.
pub struct SyncRunItem(sync_run_item::Model);

impl From<sync_run_item::Model> for SyncRunItem {
    fn from(row: sync_run_item::Model) -> Self {
        Self(row)
    }
}

crate::graphql::connection::connection!(
    SyncRunItemConnection,
    SyncRunItemEdge,
    SyncRunItem,
    sync_run_item::Model,
    "items of a sync run"
);

/// What is to be done with a record.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "ItemAction")]
pub enum SyncRunItemAction {
    /// Make a finance record.
    Create,
    /// Make a finance record beside one of the same name.
    Clone,
    /// Link the finance record that is already there, and write the CRM's values into it.
    Overwrite,
    /// Link the finance record that already names this CRM record.
    Adopt,
    /// Write what changed.
    Update,
    /// Remove the finance record because the CRM record was deleted.
    Delete,
    /// Leave the finance record, which was there first, although the CRM record was deleted.
    Keep,
    /// Leave both sides alone.
    Skip,
    /// Two or more candidates: a person has to decide.
    Ambiguous,
    /// Make a CRM record of a finance record.
    CreateInCrm,
    /// Delete the CRM record because its finance record, which was there first, is gone.
    DeleteInCrm,
    /// Make the person anew at the customer of its new account, and remove it at the old one.
    Move,
    /// Give the link up; neither record is removed.
    Detach,
    /// Put back, on either side, what an earlier run wrote.
    Revert,
    /// Put back what an earlier run wrote, and give up the link that it made.
    Unlink,
    /// Remove the finance record that an earlier run made, and its link.
    Remove,
    /// Delete the CRM record that an earlier run made, and give up its link.
    RemoveInCrm,
    /// Bring back the CRM record that an earlier run deleted.
    RestoreInCrm,
}

/// Whether an item is done.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "ItemState")]
pub enum SyncRunItemState {
    /// Not yet.
    Pending,
    /// Done as planned.
    Succeeded,
    /// Left alone by rule.
    Skipped,
    /// Not done yet: it waits for something that a later run may find; `error` tells for what.
    Waiting,
    /// Not done; `error` tells why.
    Failed,
}

/// What came of an item.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "ItemOutcome")]
pub enum SyncRunItemOutcome {
    /// Nothing yet.
    None,
    /// A finance record was made.
    Added,
    /// A finance record was changed or linked.
    Updated,
    /// A finance record was removed.
    Deleted,
    /// A finance record was made inactive because it has transactions.
    Deactivated,
    /// Left alone by rule.
    Skipped,
    /// A person has to decide.
    Conflict,
    /// Not done.
    Failed,
    /// Not put back as it was, or not all of it: somebody touched it since, or it cannot be. `rule` and `reason` tell.
    Kept,
}

/// One field of a finance record before and after.
#[derive(SimpleObject)]
pub struct SyncRunItemChange {
    /// Path of the field in the path array's form, such as ["billingAddress", "city"].
    field: Vec<String>,
    /// Its value before; null when there was no record, or the value was not known when the plan was made.
    before: Option<String>,
    /// Its value after; empty text clears the field.
    after: Option<String>,
}

impl From<FieldChange> for SyncRunItemChange {
    fn from(change: FieldChange) -> Self {
        let field = change.field.as_str().split('.').map(str::to_owned).collect();
        Self { field, before: change.before, after: change.after }
    }
}

/// A field that both sides changed since they last agreed.
#[derive(SimpleObject)]
pub struct SyncFieldConflict {
    /// Path of the field in the path array's form.
    field: Vec<String>,
    /// What both sides had; null when it is not known.
    base: Option<String>,
    /// What the CRM has.
    crm: String,
    /// What the finance side has.
    finance: String,
}

impl From<FieldConflict> for SyncFieldConflict {
    fn from(conflict: FieldConflict) -> Self {
        let field = conflict.field.as_str().split('.').map(str::to_owned).collect();
        Self { field, base: conflict.base, crm: conflict.crm, finance: conflict.finance }
    }
}

/// What a run did, or means to do, with one record.
#[Object]
impl SyncRunItem {
    /// Global id.
    pub async fn id(&self) -> ID {
        id(NodeKind::SyncRunItem, self.0.id)
    }

    /// The CRM record; null when it was deleted.
    async fn record(&self, ctx: &Context<'_>) -> Result<Option<Syncable>> {
        let Some(record_type) = CrmRecordType::by_name(&self.0.record_type) else { return Ok(None) };
        Syncable::load(ctx, record_type, self.0.record_id).await
    }

    /// Its name when the run was planned.
    async fn record_name(&self) -> &str {
        &self.0.record_name
    }

    /// What was to be done.
    async fn action(&self) -> SyncRunItemAction {
        self.0.action.into()
    }

    /// The rule that decided: stable, for programs.
    async fn rule(&self) -> &str {
        &self.0.rule
    }

    /// Why, as a sentence.
    async fn reason(&self) -> &str {
        &self.0.reason
    }

    /// Whether it is done.
    async fn state(&self) -> SyncRunItemState {
        self.0.state.into()
    }

    /// What came of it.
    async fn outcome(&self) -> SyncRunItemOutcome {
        self.0.outcome.into()
    }

    /// The finance record's id there; null when there is none.
    async fn remote_key(&self) -> Option<&str> {
        self.0.remote_id.as_deref()
    }

    /// The finance record's name there; null when there is none.
    async fn remote_name(&self) -> Option<&str> {
        self.0.remote_name.as_deref()
    }

    /// Field by field, the finance record before and after.
    async fn changes(&self) -> Result<Vec<SyncRunItemChange>> {
        let changes: Vec<FieldChange> = serde_json::from_value(self.0.changes.clone())
            .map_err(|error| crate::graphql::error::top_level(error.into()))?;
        Ok(changes.into_iter().map(Into::into).collect())
    }

    /// Field by field, the CRM record before and after, named as on the finance side.
    async fn crm_changes(&self) -> Result<Vec<SyncRunItemChange>> {
        let Some(changes) = self.0.crm_changes.clone() else { return Ok(Vec::new()) };
        let changes: Vec<FieldChange> = serde_json::from_value(changes)
            .map_err(|error| crate::graphql::error::top_level(error.into()))?;
        Ok(changes.into_iter().map(Into::into).collect())
    }

    /// Fields that both sides changed, with all three values; what became of them, `syncConflicts` tells.
    async fn conflicts(&self) -> Result<Vec<SyncFieldConflict>> {
        let Some(conflicts) = self.0.conflicts.clone() else { return Ok(Vec::new()) };
        let conflicts: Vec<FieldConflict> = serde_json::from_value(conflicts)
            .map_err(|error| crate::graphql::error::top_level(error.into()))?;
        Ok(conflicts.into_iter().map(Into::into).collect())
    }

    /// What it is on the finance side; null when this server does not know it.
    async fn kind(&self) -> Option<ExternalKind> {
        RecordKind::by_name(&self.0.kind).map(Into::into)
    }

    /// Tries that ended in a passing failure.
    async fn attempts(&self) -> i32 {
        self.0.attempts
    }

    /// The finance app's id of the last request, for its support; null when it gave none.
    async fn remote_request(&self) -> Option<&str> {
        self.0.remote_request_id.as_deref()
    }

    /// Why it failed, or failed last; null when it did not.
    async fn error(&self) -> Option<SyncError> {
        Some(SyncError {
            code: self.0.error_code.clone()?,
            message: self.0.error_message.clone().unwrap_or_default(),
            remote_code: self.0.remote_code.clone(),
            remote_message: self.0.remote_message.clone(),
        })
    }

    /// When it ended; null before.
    async fn finished_at(&self) -> Option<DateTime> {
        self.0.finished_at.map(DateTime)
    }
}
