//! Taking back what a run did with one record. Each look at both sides comes first: what somebody touched since is kept.
//! Every act may be repeated after a crash, and then finds its work done.

use finbridge_contract::{FailureKind, RemoteRecord, Removal};
use finbridge_domain::record::{CrmRecordType, FieldChange, FieldKey, RecordKind, Values};
use finbridge_entity::types::{ItemOutcome, LinkState, Origin};
use finbridge_entity::{Scoped, contact, record_link, sync_run_item};
use sea_orm::{ColumnTrait, QueryFilter};
use uuid::Uuid;

use super::settle::{Done, LinkChange};
use super::work::{Task, Work, changes, crm_changes};
use crate::crm::CrmError;
use crate::decide::with_suffix;
use crate::error::SyncError;
use crate::link::{self, Completion};
use crate::merge::Bases;
use crate::records::SourceRecord;
use crate::undo::{CHANGED_SINCE, GONE, NOT_LINKED};

/// Where the pair of an item stands.
enum Found {
    /// As the run left it.
    Linked(Box<record_link::Model>),
    /// There is no link any more.
    Unlinked,
    /// The record has another one, or one that does not work.
    Other,
}

/// What goes back on one side.
#[derive(Debug, Default, PartialEq, Eq)]
struct Back {
    /// What has to be written.
    write: Values,
    /// The changes that are taken back, whether they still have to be written or were by an earlier try.
    changes: Vec<FieldChange>,
    /// Fields that somebody touched since.
    kept: Vec<FieldKey>,
}

impl Back {
    /// Of changes that lead back, with what the side has now. `kept_as` is what it keeps of a value that the run wrote: finance
    /// apps trim and round.
    fn of(
        way_back: Vec<FieldChange>,
        now: &Values,
        kept_as: impl Fn(&FieldChange) -> Option<String>,
    ) -> Self {
        let mut back = Self::default();
        for change in way_back {
            let has = now.get(&change.field).map_or("", String::as_str);
            let wanted = change.after.as_deref().unwrap_or_default();
            let written = change.before.as_deref().unwrap_or_default();
            if has == wanted {
                back.changes.push(change);
            } else if has == written || kept_as(&change).as_deref() == Some(has) {
                back.write.insert(change.field.clone(), wanted.to_owned());
                back.changes.push(change);
            } else {
                back.kept.push(change.field);
            }
        }
        back
    }
}

/// What one side has of a field whose value on the other is the one that the run wrote.
fn counterpart<'a>(there: &'a Values, here: &'a Values) -> impl Fn(&FieldChange) -> Option<String> + 'a {
    move |change| {
        let is_written = there.get(&change.field) == change.before.as_ref();
        is_written.then(|| here.get(&change.field).cloned()).flatten()
    }
}

fn kept(rule: &'static str, reason: &str) -> Done {
    Done { rule: Some((rule, reason.to_owned())), ..Done::nothing(ItemOutcome::Kept) }
}

fn changed_since(reason: &str) -> Done {
    kept(CHANGED_SINCE, reason)
}

const UNLINKED: &str = "The two records are not linked as the run left them; nothing of them is touched";
const NO_FINANCE_RECORD: &str = "The finance record is not there any more";
const CRM_TOUCHED: &str = "Somebody changed or deleted the CRM record since; it stays as it is";
const FINANCE_TOUCHED: &str = "Somebody changed the finance record since; it stays as it is";
const HAS_PERSONS: &str =
    "The customer has persons by now that stay, and would go with it; it stays as it is";
const HAS_CONTACTS: &str = "The account has contacts by now that stay; it stays as it is";

/// The version of a CRM record that nobody touched since it was made.
const AS_MADE: i64 = 1;

/// Tells which fields were left as they are.
fn tell_kept(done: &mut Done, fields: &[FieldKey]) {
    if fields.is_empty() {
        return;
    }
    let names: Vec<_> = fields.iter().map(|field| format!("`{field}`")).collect();
    done.outcome = ItemOutcome::Kept;
    done.rule = Some((
        CHANGED_SINCE,
        format!(
            "Somebody changed {} since, which stays as it is; the rest is as before the run",
            names.join(", ")
        ),
    ));
}

impl Work<'_> {
    async fn found(&self, task: &Task<'_>, item: &sync_run_item::Model) -> Result<Found, SyncError> {
        let link = link::of_record(&self.engine.db, self.remote(), task.kind, item.record_id).await?;
        Ok(match link {
            None => Found::Unlinked,
            Some(link) if link.state == LinkState::Linked && link.remote_id == item.remote_id => {
                Found::Linked(Box::new(link))
            }
            Some(_) => Found::Other,
        })
    }

    /// Somebody who belongs to the account.
    async fn contact_of(&self, account_id: Uuid) -> Result<Option<Uuid>, SyncError> {
        let contact = contact::Entity::of(self.run.organization_id)
            .filter(contact::Column::AccountId.eq(account_id))
            .filter(contact::Column::DeletedAt.is_null())
            .one(&self.engine.db)
            .await?;
        Ok(contact.map(|contact| contact.id))
    }

    /// The finance record of a link; none when it is gone.
    async fn there(
        &self,
        task: &Task<'_>,
        link: &record_link::Model,
    ) -> Result<Option<RemoteRecord>, SyncError> {
        let remote_id =
            link.remote_id.as_deref().ok_or(SyncError::Missing("the finance record of a link"))?;
        match task.adapter.fetch(&self.remote().connection, remote_id).await {
            Ok(record) => Ok(Some(record)),
            Err(failure) if failure.kind == FailureKind::NotFound => Ok(None),
            Err(failure) => Err(failure.into()),
        }
    }

    /// Writes what goes back on the finance side, and tells what is there then.
    async fn put_back(
        &self,
        task: &Task<'_>,
        there: RemoteRecord,
        back: &Back,
    ) -> Result<RemoteRecord, SyncError> {
        if back.write.is_empty() {
            return Ok(there);
        }
        Ok(task.adapter.update(&self.remote().connection, &there.remote_id, &back.write).await?)
    }

    /// Both sides get the values back that the run replaced, on the side where it wrote them. The bases of the link go back
    /// with them, so that the next run sees what this one's subject saw.
    pub(super) async fn revert(
        &self,
        task: &Task<'_>,
        item: &sync_run_item::Model,
    ) -> Result<Done, SyncError> {
        let Found::Linked(link) = self.found(task, item).await? else {
            return Ok(kept(NOT_LINKED, UNLINKED));
        };
        let record = self.record(task, item.record_id).await?.filter(|record| !record.is_deleted);
        let Some(record) = record else { return Ok(changed_since(CRM_TOUCHED)) };
        let Some(there) = self.there(task, &link).await? else { return Ok(kept(GONE, NO_FINANCE_RECORD)) };
        let mut bases = link::bases(&link)?;
        let suffix = link.name_suffix.as_deref();
        let here = with_suffix(task.kind, &task.map.to_finance(&record.values), suffix);
        let finance = Back::of(changes(item)?, &there.values, counterpart(&bases.crm, &bases.finance));
        let mut crm = Back::of(crm_changes(item)?, &here, counterpart(&bases.finance, &bases.crm));
        let read_back = self.put_back(task, there, &finance).await?;
        let mut done = Done::nothing(ItemOutcome::Updated);
        if !crm.write.is_empty() {
            let way_back: Vec<_> =
                crm.changes.iter().filter(|change| crm.write.contains_key(&change.field)).cloned().collect();
            match self.write_crm(task, &record, suffix, &way_back).await {
                Ok(written) => done.transaction = Some(written.transaction),
                // Somebody is changing it at this moment: the next try looks at what it is then.
                Err(CrmError::Stale) => return Ok(Done::later()),
                Err(CrmError::Gone) => return Ok(changed_since(CRM_TOUCHED)),
                // What went back on the finance side is noted all the same.
                Err(CrmError::Refused(message)) => {
                    done.error = Some(("CRM_REFUSED", message));
                    crm.changes.retain(|change| !crm.write.contains_key(&change.field));
                }
                Err(CrmError::Database(error)) => return Err(error.into()),
            }
        }
        let fields: Vec<_> = finance.kept.iter().chain(&crm.kept).cloned().collect();
        tell_kept(&mut done, &fields);
        set_bases(&mut bases, &finance, &crm);
        // What somebody changed there since is seen here for the first time, and is still to be looked at by a run.
        let is_news = self.subject.is_both_ways() && differs(&bases.finance, &read_back.values);
        let completion = Completion {
            read_back,
            bases,
            version: still_to_travel(&link, &record, &finance),
            is_remote_dirty: link.is_remote_dirty || is_news || !crm.changes.is_empty(),
        };
        done.changes = Some(finance.changes);
        done.crm_changes = Some(crm.changes);
        done.link = LinkChange::Complete(*link, Box::new(completion));
        Ok(done)
    }

    /// The run linked the two: the finance record gets its values back, and names no CRM record any more unless it did
    /// before.
    pub(super) async fn undo_link(
        &self,
        task: &Task<'_>,
        item: &sync_run_item::Model,
    ) -> Result<Done, SyncError> {
        let link = match self.found(task, item).await? {
            Found::Linked(link) => link,
            Found::Unlinked => return Ok(Done::nothing(ItemOutcome::Skipped)),
            Found::Other => return Ok(kept(NOT_LINKED, UNLINKED)),
        };
        let Some(there) = self.there(task, &link).await? else {
            return Ok(Done { link: LinkChange::GiveUp(*link, None), ..kept(GONE, NO_FINANCE_RECORD) });
        };
        let bases = link::bases(&link)?;
        let back = Back::of(changes(item)?, &there.values, counterpart(&bases.crm, &bases.finance));
        let mut left = self.put_back(task, there, &back).await?;
        // One that named the CRM record already was adopted, and was born here.
        if link.origin == Origin::Finance {
            self.unlink(task, &left.remote_id).await?;
            left.crm_reference = None;
        }
        let mut done = Done::linked(ItemOutcome::Updated, LinkChange::GiveUp(*link, Some(Box::new(left))));
        tell_kept(&mut done, &back.kept);
        done.changes = Some(back.changes);
        Ok(done)
    }

    /// The run made the finance record: it is removed, unless somebody changed it.
    pub(super) async fn undo_create(
        &self,
        task: &Task<'_>,
        item: &sync_run_item::Model,
    ) -> Result<Done, SyncError> {
        let link = match self.found(task, item).await? {
            Found::Linked(link) => link,
            Found::Unlinked => return Ok(Done::nothing(ItemOutcome::Skipped)),
            Found::Other => return Ok(kept(NOT_LINKED, UNLINKED)),
        };
        let Some(mut there) = self.there(task, &link).await? else {
            return Ok(Done::linked(ItemOutcome::Deleted, LinkChange::GiveUp(*link, None)));
        };
        let Bases { finance, .. } = link::bases(&link)?;
        // One that is neither linked nor active is what an earlier try left of it; not every app shows links.
        let is_left_over = there.crm_reference.is_none() && !there.is_active;
        if !is_left_over && differs(&finance, &there.values) {
            return Ok(changed_since(FINANCE_TOUCHED));
        }
        if task.kind == RecordKind::Customer
            && let Some(person) = link::person_at(&self.engine.db, self.remote(), &there.remote_id).await?
        {
            // It would go with its customer.
            return Ok(match self.is_pending(person.record_id, None).await? {
                true => Done::later(),
                false => changed_since(HAS_PERSONS),
            });
        }
        let removal = task.adapter.remove(&self.remote().connection, &there.remote_id).await?;
        Ok(match removal {
            Removal::Deleted => Done::linked(ItemOutcome::Deleted, LinkChange::GiveUp(*link, None)),
            Removal::Deactivated => {
                (there.is_active, there.crm_reference) = (false, None);
                Done::linked(ItemOutcome::Deactivated, LinkChange::GiveUp(*link, Some(Box::new(there))))
            }
        })
    }

    /// The run made the CRM record: it becomes a tombstone, unless somebody changed it.
    pub(super) async fn undo_create_in_crm(
        &self,
        task: &Task<'_>,
        item: &sync_run_item::Model,
    ) -> Result<Done, SyncError> {
        let link = match self.found(task, item).await? {
            Found::Linked(link) => link,
            Found::Unlinked => return Ok(Done::nothing(ItemOutcome::Skipped)),
            Found::Other => return Ok(kept(NOT_LINKED, UNLINKED)),
        };
        // What is agreed on may have been changed by somebody in fields that do not travel.
        let version = match self.record(task, item.record_id).await? {
            Some(SourceRecord { is_deleted: false, version: AS_MADE, .. }) => AS_MADE,
            _ => return self.stay_linked(task, item, &link, CRM_TOUCHED).await,
        };
        if task.record_type == CrmRecordType::Account
            && let Some(contact_id) = self.contact_of(item.record_id).await?
        {
            return match self.is_pending(contact_id, None).await? {
                true => Ok(Done::later()),
                false => self.stay_linked(task, item, &link, HAS_CONTACTS).await,
            };
        }
        if let Some(remote_id) = &link.remote_id {
            self.unlink(task, remote_id).await?;
        }
        let deleted = self.engine.crm.delete(self.acting, task.record_type, item.record_id, version).await;
        match deleted {
            Ok(written) => Ok(Done {
                transaction: Some(written.transaction),
                ..Done::linked(ItemOutcome::Deleted, LinkChange::Dissolve(*link))
            }),
            Err(CrmError::Stale | CrmError::Gone) => Ok(Done::later()),
            Err(CrmError::Refused(message)) => {
                self.stay_linked(task, item, &link, CRM_TOUCHED).await?;
                Err(SyncError::CrmRefused(message))
            }
            Err(CrmError::Database(error)) => Err(error.into()),
        }
    }

    /// The CRM record stays, and so does the pair: a finance record that this or an earlier try unlinked already names it
    /// again.
    async fn stay_linked(
        &self,
        task: &Task<'_>,
        item: &sync_run_item::Model,
        link: &record_link::Model,
        reason: &str,
    ) -> Result<Done, SyncError> {
        let record = self.record(task, item.record_id).await?.filter(|record| !record.is_deleted);
        if let Some(record) = record
            && let Some(there) = self.there(task, link).await?
            && there.crm_reference.is_none()
        {
            let connection = &self.remote().connection;
            match task.adapter.link(connection, &there.remote_id, record.reference()).await {
                Err(failure) if failure.kind != FailureKind::NotSupported => return Err(failure.into()),
                _ => {}
            }
        }
        Ok(changed_since(reason))
    }

    /// The run deleted the CRM record because its finance record was gone. It comes back with everything it had, and as any
    /// restored record without a finance record.
    pub(super) async fn undo_delete_in_crm(
        &self,
        task: &Task<'_>,
        item: &sync_run_item::Model,
    ) -> Result<Done, SyncError> {
        match self.record(task, item.record_id).await? {
            // Deleting it gave it the next version.
            Some(record) if record.is_deleted && record.version == item.record_version + 1 => {}
            Some(record) if record.is_deleted => return Ok(changed_since(CRM_TOUCHED)),
            Some(_) => return Ok(Done::nothing(ItemOutcome::Skipped)),
            None => return Ok(changed_since(CRM_TOUCHED)),
        }
        match self.engine.crm.restore(self.acting, task.record_type, item.record_id).await {
            Ok(written) => {
                Ok(Done { transaction: Some(written.transaction), ..Done::nothing(ItemOutcome::Added) })
            }
            Err(CrmError::Stale | CrmError::Gone) => Ok(Done::later()),
            Err(CrmError::Refused(message)) => Err(SyncError::CrmRefused(message)),
            Err(CrmError::Database(error)) => Err(error.into()),
        }
    }
}

/// Lets the bases say what they said before the run, in the fields that went back.
fn set_bases(bases: &mut Bases, finance: &Back, crm: &Back) {
    for change in finance.changes.iter().chain(&crm.changes) {
        let before = change.after.clone().unwrap_or_default();
        bases.crm.insert(change.field.clone(), before.clone());
        bases.finance.insert(change.field.clone(), before);
    }
}

/// The version of the CRM record that is agreed on: one before its present one where its changes went back, because they are
/// still to travel. Versions begin at 1, and that nothing was ever written is another thing.
fn still_to_travel(link: &record_link::Model, record: &SourceRecord, finance: &Back) -> i64 {
    match finance.changes.is_empty() {
        true => link.synced_version,
        false => link.synced_version.min((record.version - 1).max(1)),
    }
}

/// Whether anything that was read back is otherwise now.
fn differs(read_back: &Values, now: &Values) -> bool {
    read_back.iter().any(|(field, value)| now.get(field).map_or("", String::as_str) != value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SITE: FieldKey = FieldKey::of("website");

    /// The way back of a run that wrote `b` over `a`.
    fn way_back() -> Vec<FieldChange> {
        vec![FieldChange { field: SITE, before: Some("b".to_owned()), after: Some("a".to_owned()) }]
    }

    fn has(value: &str) -> Values {
        Values::from([(SITE, value.to_owned())])
    }

    #[test]
    fn what_the_run_wrote_goes_back_and_what_somebody_else_wrote_stays() {
        let nothing = |_: &FieldChange| None;
        let back = Back::of(way_back(), &has("b"), nothing);
        assert_eq!((&back.write, back.changes.len()), (&has("a"), 1));
        let back = Back::of(way_back(), &has("a"), nothing);
        assert_eq!(
            (back.write.len(), back.changes.len(), back.kept.len()),
            (0, 1, 0),
            "an earlier try did it"
        );
        let back = Back::of(way_back(), &has("c"), nothing);
        assert_eq!((back.write.len(), back.changes.len(), &back.kept[..]), (0, 0, &[SITE][..]));
    }

    #[test]
    fn a_value_that_the_other_side_keeps_otherwise_is_still_the_runs() {
        let (crm, finance) = (has("b"), has("B"));
        let back = Back::of(way_back(), &has("B"), counterpart(&crm, &finance));
        assert_eq!(back.write, has("a"));
        // Somebody gave the CRM's side another value since, so what is there is not known to be ours.
        let later = has("c");
        let back = Back::of(way_back(), &has("B"), counterpart(&later, &finance));
        assert_eq!(back.kept, [SITE]);
    }
}
