//! One record: claim, write, read back, note.

use finbridge_contract::{CrmReference, CustomerAdapter, Failure, FailureKind, RemoteCustomer, Removal};
use finbridge_domain::record::{Customer, CustomerField, CustomerValues, FieldChange, customer};
use finbridge_domain::{CrmModule, WireId};
use finbridge_entity::types::{ItemAction, ItemOutcome, ItemState, LinkState, Origin};
use finbridge_entity::{Scoped, account, begin_write, record_link, sync_run_item};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter, Set,
};

use super::MOST_ATTEMPTS;
use crate::engine::{Engine, Remote};
use crate::error::SyncError;
use crate::link::{self, Claim};
use crate::modules::customers::kind_of;
use crate::progress::Pulse;
use crate::{merged, pull};

pub(super) enum Settled {
    /// The finance app did its part, whatever came of it.
    Answered,
    /// It did not; the failure may pass.
    Unanswered(Failure),
}

/// What doing one item came to. Item and link are noted in one transaction: a crash before it repeats the item, which
/// then finds its work done.
struct Done {
    outcome: ItemOutcome,
    link: LinkChange,
    /// The differences as found when looking before writing, where they are not the planned ones.
    changes: Option<Vec<FieldChange>>,
}

enum LinkChange {
    None,
    /// The link, the finance record as read back, and the CRM's values that it now has.
    Complete(record_link::Model, Box<RemoteCustomer>, CustomerValues),
    State(record_link::Model, LinkState),
}

impl Done {
    fn nothing(outcome: ItemOutcome) -> Self {
        Self { outcome, link: LinkChange::None, changes: None }
    }
}

pub(super) struct ItemWorker<'a> {
    pub(super) engine: &'a Engine,
    pub(super) remote: &'a Remote,
    pub(super) adapter: &'a dyn CustomerAdapter,
    pub(super) pulse: &'a Pulse,
}

impl ItemWorker<'_> {
    pub(super) async fn work(&self, item: sync_run_item::Model) -> Result<Settled, SyncError> {
        if merged::is_merged(self.engine, &item).await? {
            // What it had to write is the affair of the record that it went up in.
            self.succeed(item, Done::nothing(ItemOutcome::Skipped)).await?;
            return Ok(Settled::Answered);
        }
        let result = match item.action {
            ItemAction::Create | ItemAction::Clone => self.create(&item).await,
            ItemAction::Overwrite => self.take_over(&item, Origin::Finance).await,
            // The finance side says it was made for this CRM record, so it was born here.
            ItemAction::Adopt => self.take_over(&item, Origin::Crm).await,
            ItemAction::Update => self.update(&item).await,
            ItemAction::Delete => self.delete(&item).await,
            ItemAction::Keep => self.keep(&item).await,
            ItemAction::Skip => Ok(Done::nothing(ItemOutcome::Skipped)),
            ItemAction::Ambiguous => Ok(Done::nothing(ItemOutcome::Conflict)),
        };
        match result {
            Ok(done) => {
                self.succeed(item, done).await?;
                Ok(Settled::Answered)
            }
            Err(SyncError::Finance(failure)) => self.failed(item, failure).await,
            Err(error) => Err(error),
        }
    }

    async fn create(&self, item: &sync_run_item::Model) -> Result<Done, SyncError> {
        let reference = self.reference(item).await?;
        let suffix = (item.action == ItemAction::Clone).then(|| suffix(item)).flatten();
        let transaction = begin_write(&self.engine.db).await?;
        let claim =
            link::claim(self.engine, &transaction, self.remote, item.record_id, None, Origin::Crm, suffix)
                .await?;
        transaction.commit().await?;
        let (link, may_exist) = match claim {
            Claim::Fresh(link) => (link, false),
            Claim::Unfinished(link) => (link, true),
            Claim::Taken => return Ok(Done::nothing(ItemOutcome::Skipped)),
        };
        let values = wanted(item)?;
        let existing = match may_exist {
            true => self.adapter.find_by_reference(&self.remote.connection, reference).await?,
            false => None,
        };
        let made = match existing {
            Some(existing) => self.write(existing, &values).await?,
            None => {
                let customer = Customer { kind: kind_of(CrmModule::Accounts), values: values.clone() };
                match self.adapter.create(&self.remote.connection, reference, &customer).await {
                    Ok(made) => made,
                    Err(failure) => {
                        if !failure.is_transient() && failure.kind != FailureKind::Malformed {
                            link::release(&self.engine.db, &link).await?;
                        }
                        return Err(failure.into());
                    }
                }
            }
        };
        let link = LinkChange::Complete(link, Box::new(made), values);
        Ok(Done { outcome: ItemOutcome::Added, link, changes: None })
    }

    /// Writes what differs from these values, if anything does.
    async fn write(
        &self,
        before: RemoteCustomer,
        wanted: &CustomerValues,
    ) -> Result<RemoteCustomer, SyncError> {
        let changes = customer::changes(&before.customer.values, wanted);
        if changes.is_empty() {
            return Ok(before);
        }
        Ok(self.adapter.update(&self.remote.connection, &before.remote_id, &changed(&changes)?).await?)
    }

    /// Links a finance record that is already there and writes what differs.
    async fn take_over(&self, item: &sync_run_item::Model, origin: Origin) -> Result<Done, SyncError> {
        let remote_id =
            item.remote_id.as_deref().ok_or(SyncError::Missing("the finance record of an item"))?;
        let reference = self.reference(item).await?;
        let transaction = begin_write(&self.engine.db).await?;
        let claim = link::claim(
            self.engine,
            &transaction,
            self.remote,
            item.record_id,
            Some(remote_id),
            origin,
            None,
        )
        .await?;
        transaction.commit().await?;
        let link = match claim {
            Claim::Fresh(link) | Claim::Unfinished(link) => link,
            Claim::Taken => return Ok(Done::nothing(ItemOutcome::Skipped)),
        };
        let connection = &self.remote.connection;
        let taken = async {
            let before = self.adapter.fetch(connection, remote_id).await?;
            if before.crm_reference != Some(reference) {
                self.adapter.link(connection, remote_id, reference).await?;
            }
            Ok::<_, Failure>(before)
        };
        let before = match taken.await {
            Ok(before) => before,
            Err(failure) => {
                if failure.kind == FailureKind::NotFound {
                    pull::forget(&self.engine.db, self.remote, remote_id).await?;
                }
                if !failure.is_transient() {
                    link::release(&self.engine.db, &link).await?;
                }
                return Err(failure.into());
            }
        };
        let wanted = wanted(item)?;
        let changes = customer::changes(&before.customer.values, &wanted);
        // What the plan found equal already is not among the item's changes, and is the CRM's value all the same.
        let mut written = before.customer.values.clone();
        written.extend(wanted.clone());
        let after = self.write(before, &wanted).await?;
        let link = LinkChange::Complete(link, Box::new(after), written);
        Ok(Done { outcome: ItemOutcome::Updated, link, changes: Some(changes) })
    }

    async fn update(&self, item: &sync_run_item::Model) -> Result<Done, SyncError> {
        let link = self.link(item).await?;
        let remote_id = link.remote_id.clone().ok_or(SyncError::Missing("the finance record of a link"))?;
        let values = wanted(item)?;
        let written = async {
            if link.synced_version == record_link::NEVER_WRITTEN {
                let (connection, wanted) = (&self.remote.connection, self.reference(item).await?);
                merged::rename_reference(self.engine, item, self.adapter, connection, &remote_id, wanted)
                    .await?;
            }
            Ok(self.adapter.update(&self.remote.connection, &remote_id, &values).await?)
        };
        match written.await {
            Ok(after) => {
                let link = LinkChange::Complete(link, Box::new(after), values);
                Ok(Done { outcome: ItemOutcome::Updated, link, changes: None })
            }
            Err(SyncError::Finance(failure)) => {
                if failure.kind == FailureKind::NotFound {
                    link::set_state(self.engine, &self.engine.db, link, LinkState::RemoteMissing).await?;
                    pull::forget(&self.engine.db, self.remote, &remote_id).await?;
                }
                Err(failure.into())
            }
            Err(error) => Err(error),
        }
    }

    async fn delete(&self, item: &sync_run_item::Model) -> Result<Done, SyncError> {
        let link = self.link(item).await?;
        let connection = &self.remote.connection;
        let remote_id = match link.remote_id.clone() {
            Some(remote_id) => Some(remote_id),
            None => self
                .adapter
                .find_by_reference(connection, self.reference(item).await?)
                .await?
                .map(|found| found.remote_id),
        };
        let Some(remote_id) = remote_id else {
            // Claimed, never made, deleted here: there is nothing on the finance side.
            let link = LinkChange::State(link, LinkState::Deleted);
            return Ok(Done { outcome: ItemOutcome::Skipped, link, changes: None });
        };
        let (state, outcome) = match self.adapter.remove(connection, &remote_id).await? {
            Removal::Deleted => (LinkState::Deleted, ItemOutcome::Deleted),
            Removal::Deactivated => (LinkState::Deactivated, ItemOutcome::Deactivated),
        };
        Ok(Done { outcome, link: LinkChange::State(link, state), changes: None })
    }

    async fn keep(&self, item: &sync_run_item::Model) -> Result<Done, SyncError> {
        let link = LinkChange::State(self.link(item).await?, LinkState::CrmDeleted);
        Ok(Done { outcome: ItemOutcome::Skipped, link, changes: None })
    }

    async fn link(&self, item: &sync_run_item::Model) -> Result<record_link::Model, SyncError> {
        link::of_record(&self.engine.db, self.remote, item.record_id)
            .await?
            .ok_or(SyncError::Missing("the link of an item"))
    }

    async fn reference(&self, item: &sync_run_item::Model) -> Result<CrmReference, SyncError> {
        let account = account::Entity::one_of(item.organization_id, item.record_id)
            .one(&self.engine.db)
            .await?
            .ok_or(SyncError::Missing("the account of an item"))?;
        let record_type = finbridge_contract::CrmRecordType::Account;
        Ok(CrmReference { record_type, wire_id: WireId(account.wire_id) })
    }

    async fn succeed(&self, item: sync_run_item::Model, done: Done) -> Result<(), SyncError> {
        let transaction = begin_write(&self.engine.db).await?;
        if !self.is_still_pending(&transaction, &item).await? {
            return Ok(());
        }
        let version = item.record_version;
        let mut item = item.into_active_model();
        match done.link {
            LinkChange::None => {}
            LinkChange::Complete(link, read_back, written) => {
                link::complete(self.engine, &transaction, link, &read_back, &written, version).await?;
                pull::mirror(self.engine, &transaction, self.remote, std::slice::from_ref(&*read_back))
                    .await?;
                item.remote_name = Set(Some(read_back.customer.display_name().to_owned()));
                item.remote_id = Set(Some(read_back.remote_id));
                item.remote_request_id = Set(read_back.request_id);
            }
            LinkChange::State(link, state) => {
                if let (LinkState::Deleted, Some(remote_id)) = (state, &link.remote_id) {
                    pull::forget(&transaction, self.remote, remote_id).await?;
                }
                link::set_state(self.engine, &transaction, link, state).await?;
            }
        }
        item.state = Set(match done.outcome {
            ItemOutcome::Skipped | ItemOutcome::Conflict => ItemState::Skipped,
            _ => ItemState::Succeeded,
        });
        item.outcome = Set(done.outcome);
        if let Some(changes) = done.changes {
            let changes = serde_json::to_value(changes)
                .map_err(|source| SyncError::Corrupt { what: "the changes of an item", source })?;
            item.changes = Set(changes);
        }
        item.finished_at = Set(Some(self.engine.clock.now()));
        item.error_code = Set(None);
        item.error_message = Set(None);
        let item = item.update(&transaction).await?;
        self.pulse.commit(self.engine, transaction, &item).await
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

    async fn failed(&self, item: sync_run_item::Model, failure: Failure) -> Result<Settled, SyncError> {
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
        let mut item = item.into_active_model();
        item.attempts = Set(attempts);
        item.error_code = Set(Some(error_code(&failure.kind).to_owned()));
        item.error_message = Set(Some(match failure.kind {
            FailureKind::NameTaken => format!(
                "{}. Rename the account, or choose the duplicate policy CLONE, which adds a number to the name",
                failure.message.trim_end_matches('.')
            ),
            _ => failure.message.clone(),
        }));
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
        FailureKind::Refused => "FINANCE_REFUSED",
        FailureKind::NotSupported => "NOT_SUPPORTED",
        FailureKind::Malformed => "FINANCE_ANSWER_UNREADABLE",
        FailureKind::Unavailable | FailureKind::OutcomeUnknown => "FINANCE_UNAVAILABLE",
        FailureKind::Unauthorized => "RECONNECT_NEEDED",
        FailureKind::RateLimited { .. } => "RATE_LIMITED",
    }
}

/// The values that the item's changes lead to.
fn wanted(item: &sync_run_item::Model) -> Result<CustomerValues, SyncError> {
    let changes: Vec<FieldChange> = serde_json::from_value(item.changes.clone())
        .map_err(|source| SyncError::Corrupt { what: "the changes of an item", source })?;
    changed(&changes)
}

fn changed(changes: &[FieldChange]) -> Result<CustomerValues, SyncError> {
    let mut values = CustomerValues::new();
    for change in changes {
        let field: CustomerField = serde_json::from_value(change.field.clone().into())
            .map_err(|source| SyncError::Corrupt { what: "a field name", source })?;
        values.insert(field, change.after.clone().unwrap_or_default());
    }
    Ok(values)
}

/// What the clone's name has beyond the record's own.
fn suffix(item: &sync_run_item::Model) -> Option<String> {
    let name = item.remote_name.as_deref()?;
    name.strip_prefix(item.record_name.trim()).map(str::to_owned)
}
