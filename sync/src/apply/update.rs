//! Bringing a linked pair up to date: one side, the other, or both.

use chrono::TimeDelta;
use finbridge_contract::{Failure, FailureKind, NewRecord, RemoteRecord, listed_name};
use finbridge_domain::record::{FieldChange, FieldKey, RecordKind, Values, values};
use finbridge_domain::{BothModifiedPolicy, name_key};
use finbridge_entity::types::{ConflictState, ItemOutcome, ItemState, LinkState};
use finbridge_entity::{Scoped, begin_write, record_link, remote_record, sync_run_item};
use sea_orm::{ColumnTrait, Condition, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use super::planned::is_within_plan;
use super::settle::{Done, LinkChange};
use super::work::{Task, Work, changes, crm_changes, extended, wanted};
use crate::crm::CrmError;
use crate::decide::{rule_of, with_suffix, without_suffix};
use crate::error::SyncError;
use crate::link::{self, Completion};
use crate::merge::{self, Merged};
use crate::records::SourceRecord;
use crate::{matching, merged, pull};

/// How long two automations that keep rewriting each other are watched.
const WATCHED: TimeDelta = TimeDelta::hours(24);

/// What says so.
const LOOP_DETECTED: &str = "LOOP_DETECTED";

/// Copies of one finance record that are kept.
const MOST_COPIES: u32 = 20;

/// How often a field may go to either side in that time.
const MOST_TURNS: usize = 3;

impl Work<'_> {
    pub(super) async fn update(
        &self,
        task: &Task<'_>,
        item: &sync_run_item::Model,
    ) -> Result<Done, SyncError> {
        let link = self.link(task, item).await?;
        if link.state != LinkState::Linked {
            return Ok(Done::nothing(ItemOutcome::Skipped));
        }
        let remote_id = link.remote_id.clone().ok_or(SyncError::Missing("the finance record of a link"))?;
        let updated = match self.subject.is_both_ways() {
            true => self.bring_together(task, item, link.clone(), &remote_id).await,
            false => self.push(task, item, link.clone(), &remote_id).await,
        };
        match updated {
            Err(SyncError::Finance(failure)) if failure.kind == FailureKind::NotFound => {
                let transaction = begin_write(&self.engine.db).await?;
                pull::gone(&transaction, self.remote(), task.kind, &remote_id).await?;
                // Both ways, the next plan decides about the pair; one way, the CRM's change has nowhere to go.
                if !self.subject.is_both_ways() {
                    link::set_state(self.engine, &transaction, link, LinkState::RemoteMissing).await?;
                }
                transaction.commit().await?;
                Err(failure.into())
            }
            updated => updated,
        }
    }

    /// One way: the planned values are written.
    async fn push(
        &self,
        task: &Task<'_>,
        item: &sync_run_item::Model,
        link: record_link::Model,
        remote_id: &str,
    ) -> Result<Done, SyncError> {
        let values = wanted(item)?;
        self.take_name(task, item, &link, remote_id).await?;
        let after = task.adapter.update(&self.remote().connection, remote_id, &values).await?;
        let bases = extended(link::bases(&link)?, &values, &after.values);
        let completion =
            Completion { read_back: after, bases, version: item.record_version, is_remote_dirty: false };
        Ok(Done::linked(ItemOutcome::Updated, LinkChange::Complete(link, Box::new(completion))))
    }

    /// A finance record that was taken over by a merge has to name the record that took it over.
    async fn take_name(
        &self,
        task: &Task<'_>,
        item: &sync_run_item::Model,
        link: &record_link::Model,
        remote_id: &str,
    ) -> Result<(), SyncError> {
        if link.synced_version != record_link::NEVER_WRITTEN {
            return Ok(());
        }
        let wanted = self.reference(task, item).await?;
        merged::rename_reference(
            self.engine,
            item,
            task.adapter,
            &self.remote().connection,
            remote_id,
            wanted,
        )
        .await
    }

    /// Both ways: both sides are looked at again, merged as they are now, and each gets what the other changed.
    async fn bring_together(
        &self,
        task: &Task<'_>,
        item: &sync_run_item::Model,
        link: record_link::Model,
        remote_id: &str,
    ) -> Result<Done, SyncError> {
        let Some(record) = self.record(task, item.record_id).await?.filter(|record| !record.is_deleted)
        else {
            return Ok(Done::nothing(ItemOutcome::Skipped));
        };
        self.take_name(task, item, &link, remote_id).await?;
        let connection = &self.remote().connection;
        let before = task.adapter.fetch(connection, remote_id).await?;
        let bases = link::bases(&link)?;
        let suffix = link.name_suffix.as_deref();
        let wanted = with_suffix(task.kind, &task.map.to_finance(&record.values), suffix);
        let rules = self.subject.policy(task.kind, &task.map)?.merge;
        let mut merged = merge::merge(&bases, &wanted, Some(&before.values), rules);
        let looping = self.looping_fields(item, &merged).await?;
        merged.leave(&looping);
        if self.run.plan_hash.is_some() && !is_within_plan(item, &merged)? {
            return Ok(Done::stale());
        }
        let conflicts = conflicts(&merged, self.subject.settings.both_modified_policy);
        self.note_conflicts(link.id, &conflicts).await?;
        if merged.keeps_copy {
            self.keep_copy(task, &before).await?;
        }
        let changed_since_read = self.is_newer(task, &before).await?;
        let to_finance = values::after(&merged.to_finance);
        let after = match to_finance.is_empty() {
            true => before.clone(),
            false => task.adapter.update(connection, remote_id, &to_finance).await?,
        };
        let (finance, is_remote_dirty) = seen(&before, &after, &to_finance);
        let had_changes = !merged.to_finance.is_empty() || !merged.to_crm.is_empty();
        let is_open = conflicts.iter().any(|(_, state)| *state == ConflictState::Open);
        let mut done = Done::nothing(if is_open {
            ItemOutcome::Conflict
        } else if merged.is_quiet() && !conflicts.is_empty() {
            ItemOutcome::Skipped
        } else {
            ItemOutcome::Updated
        });
        let is_quiet = merged.is_quiet() && conflicts.is_empty();
        done.rule = (link.synced_version != record_link::NEVER_WRITTEN && !is_quiet).then(|| {
            let (rule, reason) = rule_of(&merged);
            (rule, reason.to_owned())
        });
        let mut version = record.version;
        let mut is_remote_dirty = is_remote_dirty || changed_since_read;
        if !merged.to_crm.is_empty() {
            let written = self.write_crm(task, &record, suffix, &merged.to_crm).await;
            match written {
                Ok(written) => {
                    version = written.version;
                    done.transaction = Some(written.transaction);
                }
                Err(error) => {
                    // What went to the finance side is noted all the same; the rest is tried again.
                    is_remote_dirty = true;
                    merged.open.extend(merged.to_crm.drain(..).map(|change| change.field));
                    match error {
                        CrmError::Stale | CrmError::Gone => {}
                        CrmError::Refused(message) => done.error = Some(("CRM_REFUSED", message)),
                        CrmError::Database(error) => return Err(error.into()),
                    }
                }
            }
        }
        let is_unwritten = merged.to_finance.is_empty() && merged.to_crm.is_empty() && !merged.keeps_copy;
        if had_changes && is_unwritten && done.outcome == ItemOutcome::Updated {
            // All of it was for the CRM, whose record changed meanwhile: the next run looks again.
            done.outcome = ItemOutcome::Skipped;
        }
        let bases = merge::bases_after(&bases, &wanted, &finance, &merged);
        let after = RemoteRecord { is_whole: after.is_whole && !changed_since_read, ..after };
        let completion = Completion { read_back: after, bases, version, is_remote_dirty };
        if !looping.is_empty() {
            done.error = Some(broken_loop(&looping));
        }
        done.link = LinkChange::Complete(link, Box::new(completion));
        done.changes = Some(merged.to_finance);
        done.crm_changes = Some(merged.to_crm);
        done.conflicts = conflicts;
        Ok(done)
    }

    pub(super) async fn write_crm(
        &self,
        task: &Task<'_>,
        record: &SourceRecord,
        suffix: Option<&str>,
        changes: &[FieldChange],
    ) -> Result<crate::crm::Written, CrmError> {
        let mut finance = values::after(changes);
        for (field, value) in &mut finance {
            *value = without_suffix(task.kind, field, value, suffix);
        }
        let values = task.map.to_crm(&finance);
        self.engine.crm.update(self.acting, record.record_type, record.id, record.version, &values).await
    }

    /// The finance side's version stays as an unlinked copy (A17.16, CLONE).
    async fn keep_copy(&self, task: &Task<'_>, before: &RemoteRecord) -> Result<(), SyncError> {
        let (db, remote) = (&self.engine.db, self.remote());
        for n in 2..=MOST_COPIES {
            let mut copy = before.values.clone();
            copy.entry(task.kind.name_field()).or_default().push_str(&format!(" ({n})"));
            let kinds = matching::sharing_names(task.kind).iter().map(|kind| kind.as_str());
            let mut named = remote_record::Entity::of(self.run.organization_id)
                .filter(remote_record::Column::FinanceOrganizationId.eq(remote.organization.id))
                .filter(remote_record::Column::Kind.is_in(kinds))
                .filter(remote_record::Column::NameKey.eq(name_key(&listed_name(task.kind, &copy))));
            if let Some(parent_id) = &before.parent_id {
                named = named.filter(remote_record::Column::ParentId.eq(parent_id));
            }
            let named = named.all(db).await?;
            for row in named.iter().filter(|row| row.kind == task.kind.as_str()) {
                if matching::values(row)? == copy {
                    // An earlier try made it.
                    return Ok(pull::keep_apart(db, remote, task.kind, &row.remote_id).await?);
                }
            }
            if !named.is_empty() {
                continue;
            }
            copy.retain(|_, value| !value.is_empty());
            let new = NewRecord {
                parent_id: before.parent_id.clone(),
                customer_kind: before.customer_kind,
                is_primary: false,
                values: copy,
            };
            // Somebody took the name since the finance side was read, or a try that was cut off did: the next run knows.
            let taken = |failure: Failure| match failure.kind {
                FailureKind::NameTaken => {
                    let message =
                        "The name of the copy was taken meanwhile; the next run finds another".to_owned();
                    Failure { kind: FailureKind::Refused, message, ..failure }
                }
                _ => failure,
            };
            let made = task.adapter.create(&remote.connection, None, &new).await.map_err(taken)?;
            let transaction = begin_write(db).await?;
            let row = std::slice::from_ref(&made);
            pull::mirror(self.engine, &transaction, remote, task.kind, row).await?;
            pull::keep_apart(&transaction, remote, task.kind, &made.remote_id).await?;
            return Ok(transaction.commit().await?);
        }
        let message = format!(
            "There are {MOST_COPIES} copies of it already, so its finance version cannot be kept as one more; delete some there, then start the run again"
        );
        Err(Failure::new(FailureKind::Refused, message).into())
    }

    /// Whether the finance record changed since the run read it. The time of change of a customer is that of its persons
    /// too, who are read with it only when it shows that it changed: then it is read again.
    async fn is_newer(&self, task: &Task<'_>, before: &RemoteRecord) -> Result<bool, SyncError> {
        if task.kind != RecordKind::Customer {
            return Ok(false);
        }
        let row = remote_record::Entity::of(self.run.organization_id)
            .filter(remote_record::Column::FinanceOrganizationId.eq(self.remote().organization.id))
            .filter(remote_record::Column::Kind.eq(task.kind.as_str()))
            .filter(remote_record::Column::RemoteId.eq(&before.remote_id))
            .one(&self.engine.db)
            .await?;
        Ok(row.is_some_and(|row| row.modified_at < before.modified_at))
    }

    /// Fields that have gone both ways again and again within a day: two automations keep rewriting each other. Counted
    /// anew after it was said, so that a later change gets its chance.
    async fn looping_fields(
        &self,
        item: &sync_run_item::Model,
        merged: &Merged,
    ) -> Result<Vec<FieldKey>, SyncError> {
        if merged.to_finance.is_empty() && merged.to_crm.is_empty() {
            return Ok(Vec::new());
        }
        let since = self.engine.clock.now() - WATCHED;
        let earlier = sync_run_item::Entity::of(self.run.organization_id)
            .filter(sync_run_item::Column::RecordId.eq(item.record_id))
            .filter(sync_run_item::Column::Kind.eq(item.kind.clone()))
            .filter(
                Condition::any()
                    .add(sync_run_item::Column::State.eq(ItemState::Succeeded))
                    .add(sync_run_item::Column::ErrorCode.eq(LOOP_DETECTED)),
            )
            .filter(sync_run_item::Column::FinishedAt.gt(since))
            .order_by_desc(sync_run_item::Column::Id)
            .limit(50);
        if earlier.clone().count(&self.engine.db).await? < 2 * MOST_TURNS as u64 {
            return Ok(Vec::new());
        }
        let mut earlier = earlier.all(&self.engine.db).await?;
        let told = earlier.iter().position(|item| item.error_code.as_deref() == Some(LOOP_DETECTED));
        earlier.truncate(told.unwrap_or(earlier.len()));
        let mut looping = Vec::new();
        for change in merged.to_finance.iter().chain(&merged.to_crm) {
            let mut turns = (0, 0);
            for item in &earlier {
                let is_it = |other: &FieldChange| other.field == change.field;
                turns.0 += usize::from(changes(item)?.iter().any(is_it));
                turns.1 += usize::from(crm_changes(item)?.iter().any(is_it));
            }
            if turns.0 >= MOST_TURNS && turns.1 >= MOST_TURNS {
                looping.push(change.field.clone());
            }
        }
        Ok(looping)
    }
}

/// Both sides keep what they have in these fields, and somebody is told.
fn broken_loop(fields: &[FieldKey]) -> (&'static str, String) {
    let names: Vec<_> = fields.iter().map(|field| format!("`{field}`")).collect();
    let message = format!(
        "{} went both ways {MOST_TURNS} times within a day: an automation on each side seems to rewrite it. Both sides keep what they have now; stop one of the two, then change the field once more",
        names.join(", ")
    );
    (LOOP_DETECTED, message)
}

/// What of the finance side was taken into account, and whether it changed again between looking and reading back. What
/// somebody wrote in between is not agreed on: the next run looks at it.
fn seen(before: &RemoteRecord, after: &RemoteRecord, written: &Values) -> (Values, bool) {
    let mut is_changed_again = false;
    let finance = after.values.iter().map(|(field, value)| {
        let known = before.values.get(field);
        if !written.contains_key(field) && known.is_some_and(|known| known != value) {
            is_changed_again = true;
            return (field.clone(), known.cloned().unwrap_or_default());
        }
        (field.clone(), value.clone())
    });
    let finance: Values = finance.collect();
    (finance, is_changed_again)
}

fn conflicts(
    merged: &Merged,
    policy: BothModifiedPolicy,
) -> Vec<(crate::merge::FieldConflict, ConflictState)> {
    let state = match policy {
        BothModifiedPolicy::Overwrite | BothModifiedPolicy::Clone => ConflictState::Crm,
        BothModifiedPolicy::Skip => ConflictState::Kept,
        BothModifiedPolicy::Ask => ConflictState::Open,
    };
    merged.conflicts.iter().map(|conflict| (conflict.clone(), state)).collect()
}
