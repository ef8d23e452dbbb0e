//! Noting what came of an item: item, link, mirror and numbers in one transaction. A crash before it repeats the item, which
//! then finds its work done.

use finbridge_contract::{Failure, FailureKind, RemoteRecord};
use finbridge_domain::record::FieldChange;
use finbridge_entity::types::{ConflictState, ItemOutcome, ItemState, LinkState};
use finbridge_entity::{begin_write, record_link, sync_conflict, sync_run_item};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter, Set,
};

use super::work::{Task, Work};
use crate::error::SyncError;
use crate::lineage::Carried;
use crate::link::{self, Completion};
use crate::merge::FieldConflict;
use crate::{pull, reason};

/// Tries of one record before it counts as failed.
const MOST_ATTEMPTS: i32 = 5;

pub(super) enum Settled {
    /// The finance app did its part, whatever came of it.
    Answered,
    /// It did not; the failure may pass.
    Unanswered(Failure),
}

/// What doing one item came to.
pub(super) struct Done {
    pub(super) outcome: ItemOutcome,
    pub(super) link: LinkChange,
    /// The differences as found when looking before writing, where they are not the planned ones.
    pub(super) changes: Option<Vec<FieldChange>>,
    /// The same for the CRM.
    pub(super) crm_changes: Option<Vec<FieldChange>>,
    /// The rule by which it was done and why, where they are not the planned ones.
    pub(super) rule: Option<(&'static str, String)>,
    /// Fields that both sides changed, and how they stand.
    pub(super) conflicts: Vec<(FieldConflict, ConflictState)>,
    /// Why it is not done, although something was noted: code and sentence.
    pub(super) error: Option<(&'static str, String)>,
    /// Why it waits.
    pub(super) waits: Option<(&'static str, String)>,
    /// The write of the CRM record, not committed yet: what is noted goes with it.
    pub(super) transaction: Option<DatabaseTransaction>,
}

pub(super) enum LinkChange {
    None,
    /// Both records are known, and this is what they have.
    Complete(record_link::Model, Box<Completion>),
    State(record_link::Model, LinkState),
    /// Nothing had to travel.
    Agree(record_link::Model),
    /// The two have nothing to do with each other any more.
    Dissolve(record_link::Model),
    /// The same after a run is taken back; the finance record is as it is here, or gone.
    GiveUp(record_link::Model, Option<Box<RemoteRecord>>),
}

impl Done {
    pub(super) fn nothing(outcome: ItemOutcome) -> Self {
        Self::linked(outcome, LinkChange::None)
    }

    pub(super) fn linked(outcome: ItemOutcome, link: LinkChange) -> Self {
        Self {
            outcome,
            link,
            changes: None,
            crm_changes: None,
            rule: None,
            conflicts: Vec::new(),
            error: None,
            waits: None,
            transaction: None,
        }
    }

    /// Waits for something that a later run may find: no failure (R063).
    pub(super) fn waiting(code: &'static str, reason: impl Into<String>) -> Self {
        Self { waits: Some((code, reason.into())), ..Self::nothing(ItemOutcome::Skipped) }
    }

    /// Stays pending: what it needs is still to come in this run.
    pub(super) fn later() -> Self {
        Self::nothing(ItemOutcome::None)
    }
}

fn json<T: serde::Serialize>(what: &'static str, value: &T) -> Result<serde_json::Value, SyncError> {
    serde_json::to_value(value).map_err(|source| SyncError::Corrupt { what, source })
}

impl Work<'_> {
    pub(super) async fn succeed(
        &self,
        task: &Task<'_>,
        item: sync_run_item::Model,
        done: Done,
    ) -> Result<(), SyncError> {
        if done.outcome == ItemOutcome::None {
            return Ok(());
        }
        let transaction = match done.transaction {
            Some(transaction) => transaction,
            None => begin_write(&self.engine.db).await?,
        };
        if !self.is_still_pending(&transaction, &item).await? {
            return Ok(());
        }
        let (version, record_id) = (item.record_version, item.record_id);
        let template = done.error.as_ref().and_then(|(_, message)| reason::template(message, &item));
        let mut carried = None;
        let mut item = item.into_active_model();
        match done.link {
            LinkChange::None => {}
            LinkChange::Complete(link, completion) => {
                let read_back = &completion.read_back;
                carried = Some(Carried::by(&link, &completion));
                link::complete(self.engine, &transaction, link, &completion).await?;
                let row = std::slice::from_ref(read_back);
                pull::mirror(self.engine, &transaction, self.remote(), task.kind, row).await?;
                item.remote_name = Set(Some(read_back.name(task.kind)));
                item.remote_id = Set(Some(read_back.remote_id.clone()));
                item.remote_request_id = Set(read_back.request_id.clone());
            }
            LinkChange::State(link, state) => {
                if let (LinkState::Deleted, Some(remote_id)) = (state, &link.remote_id) {
                    pull::forget(&transaction, self.remote(), task.kind, remote_id).await?;
                }
                link::set_state(self.engine, &transaction, link, state).await?;
            }
            LinkChange::Agree(link) => {
                link::agree(&transaction, link.organization_id, link.id, record_id, version, None).await?;
            }
            LinkChange::Dissolve(link) => {
                if let Some(remote_id) = &link.remote_id {
                    pull::unlinked(&transaction, self.remote(), task.kind, remote_id).await?;
                }
                link::remove(&transaction, &link).await?;
            }
            LinkChange::GiveUp(link, left) => {
                match (&left, &link.remote_id) {
                    (Some(left), _) => {
                        let row = std::slice::from_ref(left.as_ref());
                        pull::mirror(self.engine, &transaction, self.remote(), task.kind, row).await?;
                    }
                    (None, Some(remote_id)) => {
                        pull::forget(&transaction, self.remote(), task.kind, remote_id).await?;
                    }
                    (None, None) => {}
                }
                link::remove(&transaction, &link).await?;
            }
        }
        let error = done.error.as_ref().or(done.waits.as_ref());
        item.state = Set(match (done.outcome, &done.error, &done.waits) {
            (_, Some(_), _) => ItemState::Failed,
            (_, _, Some(_)) => ItemState::Waiting,
            (ItemOutcome::Skipped | ItemOutcome::Conflict | ItemOutcome::Kept, ..) => ItemState::Skipped,
            _ => ItemState::Succeeded,
        });
        item.outcome = Set(if done.error.is_some() { ItemOutcome::Failed } else { done.outcome });
        if let Some(changes) = &done.changes {
            item.changes = Set(json("the changes of an item", changes)?);
        }
        if let Some((rule, reason)) = done.rule {
            item.rule = Set(rule.to_owned());
            item.reason = Set(reason);
        }
        if let Some(changes) = &done.crm_changes {
            item.crm_changes = Set(Some(json("the changes of an item", changes)?));
        }
        if !done.conflicts.is_empty() {
            let conflicts: Vec<_> = done.conflicts.iter().map(|(conflict, _)| conflict).collect();
            item.conflicts = Set(Some(json("the conflicts of an item", &conflicts)?));
        }
        item.finished_at = Set(Some(self.engine.clock.now()));
        item.error_code = Set(error.map(|(code, _)| (*code).to_owned()));
        item.error_message = Set(error.map(|(_, message)| message.clone()));
        item.error_template = Set(template);
        let item = item.update(&transaction).await?;
        if let Some(carried) = carried {
            carried.note(self.engine, &transaction, self.run, &item).await?;
        }
        self.pulse.commit(self.engine, transaction, &item).await
    }

    /// Keeps the three values of each field that both sides changed, before anything is written: afterwards one of them
    /// may be nowhere else.
    pub(super) async fn note_conflicts(
        &self,
        link_id: uuid::Uuid,
        conflicts: &[(FieldConflict, ConflictState)],
    ) -> Result<(), SyncError> {
        use sync_conflict::Column;
        if conflicts.is_empty() {
            return Ok(());
        }
        let now = self.engine.clock.now();
        let rows = conflicts.iter().map(|(conflict, state)| sync_conflict::ActiveModel {
            organization_id: Set(self.run.organization_id),
            id: Set(self.engine.ids.uuid()),
            link_id: Set(link_id),
            run_id: Set(self.run.id),
            field: Set(conflict.field.as_str().to_owned()),
            base_value: Set(conflict.base.clone()),
            crm_value: Set(Some(conflict.crm.clone())),
            finance_value: Set(Some(conflict.finance.clone())),
            state: Set(*state),
            resolved_by_id: Set(None),
            created_at: Set(now),
            resolved_at: Set((*state != ConflictState::Open).then_some(now)),
        });
        let same_field = OnConflict::columns([Column::OrganizationId, Column::LinkId, Column::Field])
            .update_columns([
                Column::RunId,
                Column::BaseValue,
                Column::CrmValue,
                Column::FinanceValue,
                Column::State,
                Column::ResolvedById,
                Column::CreatedAt,
                Column::ResolvedAt,
            ])
            .to_owned();
        sync_conflict::Entity::insert_many(rows)
            .on_conflict(same_field)
            .exec_without_returning(&self.engine.db)
            .await?;
        Ok(())
    }

    /// Whether the item is still to be done. A worker that was overtaken while it waited for an answer must not write over
    /// what the other one noted; the row stays locked until the transaction ends.
    async fn is_still_pending(
        &self,
        transaction: &DatabaseTransaction,
        item: &sync_run_item::Model,
    ) -> Result<bool, SyncError> {
        let claimed = sync_run_item::Entity::update_many()
            .col_expr(sync_run_item::Column::State, Expr::value(ItemState::Pending))
            .filter(sync_run_item::Column::OrganizationId.eq(item.organization_id))
            .filter(sync_run_item::Column::Id.eq(item.id))
            .filter(sync_run_item::Column::State.eq(ItemState::Pending))
            .exec(transaction)
            .await?;
        Ok(claimed.rows_affected == 1)
    }

    /// Notes that the CRM does not take what the finance side has.
    pub(super) async fn refused(
        &self,
        item: sync_run_item::Model,
        code: &'static str,
        message: &str,
    ) -> Result<(), SyncError> {
        let transaction = begin_write(&self.engine.db).await?;
        if !self.is_still_pending(&transaction, &item).await? {
            return Ok(());
        }
        let template = reason::template(message, &item);
        let mut item = item.into_active_model();
        item.error_code = Set(Some(code.to_owned()));
        item.error_message = Set(Some(message.to_owned()));
        item.error_template = Set(template);
        item.state = Set(ItemState::Failed);
        item.outcome = Set(ItemOutcome::Failed);
        item.finished_at = Set(Some(self.engine.clock.now()));
        let item = item.update(&transaction).await?;
        self.pulse.commit(self.engine, transaction, &item).await
    }

    pub(super) async fn failed(
        &self,
        task: &Task<'_>,
        item: sync_run_item::Model,
        failure: Failure,
    ) -> Result<Settled, SyncError> {
        // These concern every record: the run as a whole waits or ends.
        if matches!(failure.kind, FailureKind::Unauthorized | FailureKind::RateLimited { .. }) {
            return Err(failure.into());
        }
        let transaction = begin_write(&self.engine.db).await?;
        if !self.is_still_pending(&transaction, &item).await? {
            return Ok(Settled::Answered);
        }
        let attempts = item.attempts + 1;
        let may_pass = failure.is_transient() || failure.kind == FailureKind::Malformed;
        let give_up = !may_pass || attempts >= MOST_ATTEMPTS;
        let message = match failure.kind {
            FailureKind::NameTaken => format!(
                "{}. Rename the {}, or choose the duplicate policy CLONE, which adds a number to the name",
                failure.message.trim_end_matches('.'),
                task.record_type.as_str().to_lowercase()
            ),
            _ => failure.message.clone(),
        };
        let template = reason::template(&message, &item);
        let mut item = item.into_active_model();
        item.attempts = Set(attempts);
        item.error_code = Set(Some(error_code(&failure.kind).to_owned()));
        item.error_message = Set(Some(message));
        item.error_template = Set(template);
        item.remote_code = Set(failure.remote_code.clone());
        item.remote_message = Set(failure.remote_message.clone());
        item.remote_request_id = Set(failure.request_id.clone());
        if give_up {
            item.state = Set(ItemState::Failed);
            item.outcome = Set(ItemOutcome::Failed);
            item.finished_at = Set(Some(self.engine.clock.now()));
        }
        let item = item.update(&transaction).await?;
        self.pulse.commit(self.engine, transaction, &item).await?;
        Ok(if may_pass { Settled::Unanswered(failure) } else { Settled::Answered })
    }
}

/// The stable code of a failure, for items and runs alike.
pub(crate) fn error_code(kind: &FailureKind) -> &'static str {
    match kind {
        FailureKind::NameTaken => "NAME_TAKEN",
        FailureKind::NotFound => "REMOTE_RECORD_MISSING",
        FailureKind::Refused | FailureKind::CurrencyDiffers => "FINANCE_REFUSED",
        FailureKind::NotSupported => "NOT_SUPPORTED",
        FailureKind::Malformed => "FINANCE_ANSWER_UNREADABLE",
        FailureKind::Unavailable | FailureKind::OutcomeUnknown => "FINANCE_UNAVAILABLE",
        FailureKind::Unauthorized => "RECONNECT_NEEDED",
        FailureKind::RateLimited { .. } => "RATE_LIMITED",
    }
}
