//! Bringing a linked pair up to date: one side, the other, or both.

use chrono::TimeDelta;
use finbridge_contract::{FailureKind, NewRecord, RemoteRecord};
use finbridge_domain::record::{FieldChange, FieldKey, Values, values};
use finbridge_domain::{BothModifiedPolicy, name_key};
use finbridge_entity::types::{ConflictState, ItemOutcome, ItemState, LinkState};
use finbridge_entity::{Scoped, record_link, remote_record, sync_run_item};
use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use super::settle::{Done, LinkChange};
use super::work::{Task, Work, changes, crm_changes, extended, wanted};
use crate::crm::CrmError;
use crate::decide::{rule_of, with_suffix, without_suffix};
use crate::error::SyncError;
use crate::link::{self, Completion};
use crate::merge::{self, Merged};
use crate::records::SourceRecord;
use crate::{merged, pull};

/// How long two automations that keep rewriting each other are watched.
const WATCHED: TimeDelta = TimeDelta::hours(24);

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
                // One way, the CRM's change has nowhere to go; both ways, the next plan decides about the pair.
                let state = match self.subject.is_both_ways() {
                    true => LinkState::RemoteGone,
                    false => LinkState::RemoteMissing,
                };
                link::set_state(self.engine, &self.engine.db, link, state).await?;
                pull::forget(&self.engine.db, self.remote(), task.kind, &remote_id).await?;
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
        if self.run.plan_hash.is_some() && !is_as_planned(item, &merged)? {
            return Ok(stale());
        }
        if let Some(looping) = self.looping_field(item, &merged).await? {
            return Ok(self.broken_loop(link, &record, before, &wanted, &bases, &looping));
        }
        if merged.keeps_copy {
            self.keep_copy(task, &before).await?;
        }
        let to_finance = merge_values(&merged.to_finance);
        let after = match to_finance.is_empty() {
            true => before.clone(),
            false => task.adapter.update(connection, remote_id, &to_finance).await?,
        };
        let (finance, is_remote_dirty) = seen(&before, &after, &to_finance);
        let conflicts = conflicts(&merged, self.subject.settings.both_modified_policy);
        let is_open = conflicts.iter().any(|(_, state)| *state == ConflictState::Open);
        let mut done = Done::nothing(if is_open {
            ItemOutcome::Conflict
        } else if merged.is_quiet() && !conflicts.is_empty() {
            ItemOutcome::Skipped
        } else {
            ItemOutcome::Updated
        });
        let is_quiet = merged.is_quiet() && conflicts.is_empty();
        done.rule =
            (link.synced_version != record_link::NEVER_WRITTEN && !is_quiet).then(|| rule_of(&merged));
        let mut version = record.version;
        let mut is_remote_dirty = is_remote_dirty;
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
        let bases = merge::bases_after(&bases, &wanted, &finance, &merged);
        let completion = Completion { read_back: after, bases, version, is_remote_dirty };
        done.link = LinkChange::Complete(link, Box::new(completion));
        done.changes = Some(merged.to_finance);
        done.crm_changes = Some(merged.to_crm);
        done.conflicts = conflicts;
        Ok(done)
    }

    async fn write_crm(
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
        let name_field = task.kind.name_field();
        for n in 2..20 {
            let mut copy = before.values.clone();
            let name = copy.entry(name_field.clone()).or_default();
            name.push_str(&format!(" ({n})"));
            let key = name_key(name);
            let known = remote_record::Entity::of(self.run.organization_id)
                .filter(remote_record::Column::FinanceOrganizationId.eq(self.remote().organization.id))
                .filter(remote_record::Column::Kind.eq(task.kind.as_str()))
                .filter(remote_record::Column::NameKey.eq(key))
                .one(&self.engine.db)
                .await?;
            match known.as_ref().map(crate::matching::values).transpose()? {
                // An earlier try made it.
                Some(values) if values == copy => return Ok(()),
                Some(_) => continue,
                None => {}
            }
            copy.retain(|_, value| !value.is_empty());
            let new = NewRecord {
                parent_id: before.parent_id.clone(),
                customer_kind: before.customer_kind,
                values: copy,
            };
            return match task.adapter.create(&self.remote().connection, None, &new).await {
                Ok(made) => {
                    let row = std::slice::from_ref(&made);
                    pull::mirror(self.engine, &self.engine.db, self.remote(), task.kind, row).await
                }
                // Nobody knew of it when the run began, so it is the copy of a try that was cut off.
                Err(failure) if failure.kind == FailureKind::NameTaken => Ok(()),
                Err(failure) => Err(failure.into()),
            };
        }
        Ok(())
    }

    /// A field that has gone both ways again and again within a day: two automations keep rewriting each other.
    async fn looping_field(
        &self,
        item: &sync_run_item::Model,
        merged: &Merged,
    ) -> Result<Option<FieldKey>, SyncError> {
        if merged.to_finance.is_empty() && merged.to_crm.is_empty() {
            return Ok(None);
        }
        let since = self.engine.clock.now() - WATCHED;
        let earlier = sync_run_item::Entity::of(self.run.organization_id)
            .filter(sync_run_item::Column::RecordId.eq(item.record_id))
            .filter(sync_run_item::Column::Kind.eq(item.kind.clone()))
            .filter(sync_run_item::Column::State.eq(ItemState::Succeeded))
            .filter(sync_run_item::Column::FinishedAt.gt(since))
            .order_by_desc(sync_run_item::Column::Id)
            .limit(50);
        if earlier.clone().count(&self.engine.db).await? < 2 * MOST_TURNS as u64 {
            return Ok(None);
        }
        let earlier = earlier.all(&self.engine.db).await?;
        for change in merged.to_finance.iter().chain(&merged.to_crm) {
            let mut turns = (0, 0);
            for item in &earlier {
                let is_it = |other: &FieldChange| other.field == change.field;
                turns.0 += usize::from(changes(item)?.iter().any(is_it));
                turns.1 += usize::from(crm_changes(item)?.iter().any(is_it));
            }
            if turns.0 >= MOST_TURNS && turns.1 >= MOST_TURNS {
                return Ok(Some(change.field.clone()));
            }
        }
        Ok(None)
    }

    /// Leaves both sides as they are, and says so; the next change of either goes on.
    fn broken_loop(
        &self,
        link: record_link::Model,
        record: &SourceRecord,
        before: RemoteRecord,
        wanted: &Values,
        bases: &merge::Bases,
        field: &FieldKey,
    ) -> Done {
        let bases = merge::bases_after(bases, wanted, &before.values, &Merged::default());
        let completion =
            Completion { read_back: before, bases, version: record.version, is_remote_dirty: false };
        let message = format!(
            "`{field}` went both ways {MOST_TURNS} times within a day: an automation on each side seems to rewrite it. Both sides keep what they have now; stop one of the two, then change the field once more"
        );
        let mut done = Done::linked(ItemOutcome::Conflict, LinkChange::Complete(link, Box::new(completion)));
        done.error = Some(("LOOP_DETECTED", message));
        done
    }
}

/// The plan was looked at before it was applied, and the record is not what it was then.
fn stale() -> Done {
    let mut done = Done::nothing(ItemOutcome::Skipped);
    done.error =
        Some(("PLAN_STALE", "The record changed after the plan was made; look at a new plan".to_owned()));
    done
}

fn is_as_planned(item: &sync_run_item::Model, merged: &Merged) -> Result<bool, SyncError> {
    Ok(changes(item)? == merged.to_finance && crm_changes(item)? == merged.to_crm)
}

fn merge_values(changes: &[FieldChange]) -> Values {
    values::after(changes)
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
