//! The comments that the service writes by itself: a record was created, changed, sent.

use crate::engine::desk::Desk;
use crate::error::ApiError;
use crate::json::Json;
use crate::resource::extra::subject::{Subject, party};
use crate::resource::extra::{kinds, money};
use crate::store::change::Change;
use crate::store::kind::Kind;
use crate::store::record::Record;

/// One record keeps this many comments; beyond it the service's own oldest ones go.
const MAX_HISTORY: usize = 200;

/// A comment about to be written.
pub(crate) struct Entry<'a> {
    pub(crate) description: &'a str,
    /// `system` for the service's own, `internal` or `client` for a user's.
    pub(crate) comment_type: &'a str,
    /// `Added`, `Updated`, `Deleted` or `Mailed`.
    pub(crate) operation_type: &'a str,
}

/// Notes that a record was stored: its creation, or a change of its status.
pub(crate) fn stored(desk: &mut Desk<'_>, record: &Record, before: Option<&Record>) -> Result<(), ApiError> {
    if kinds::of(record.kind).is_none() {
        return Ok(());
    }
    let label = crate::resource::of(record.kind).spec().label;
    let Some(before) = before else {
        let amount = ["total", "amount"].into_iter().find(|name| record.members.get(name).is_some());
        let amount = amount.map_or_else(String::new, |name| {
            let currency = money::currency(desk.organization, record);
            format!(" for {}", money::shown(record.decimal(name), currency))
        });
        return note(desk, record, &format!("{label} created{amount}."), "Added");
    };
    let status = record.text("status");
    if status != before.text("status") && !status.is_empty() {
        let mut words = status.replace('_', " ");
        if let Some(first) = words.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        return note(desk, record, &format!("{label} marked as {words}."), "Updated");
    }
    Ok(())
}

/// Notes that a user changed a record.
pub(crate) fn updated(desk: &mut Desk<'_>, record: &Record) -> Result<(), ApiError> {
    if kinds::of(record.kind).is_none() {
        return Ok(());
    }
    let label = crate::resource::of(record.kind).spec().label;
    note(desk, record, &format!("{label} updated."), "Updated")
}

/// Writes a comment of the service's own about a record.
pub(crate) fn note(
    desk: &mut Desk<'_>,
    record: &Record,
    description: &str,
    operation_type: &str,
) -> Result<(), ApiError> {
    let entry = Entry { description, comment_type: "system", operation_type };
    write(desk, record.kind, record.id, party(record), &entry).map(|_| ())
}

/// Writes a comment of the service's own about a contact.
pub(crate) fn note_contact(
    desk: &mut Desk<'_>,
    contact_id: u64,
    description: &str,
    operation_type: &str,
) -> Result<(), ApiError> {
    let entry = Entry { description, comment_type: "system", operation_type };
    write(desk, Kind::Contact, contact_id, Some(contact_id), &entry).map(|_| ())
}

/// Writes a comment about `subject`.
pub(crate) fn comment(desk: &mut Desk<'_>, subject: &Subject, entry: &Entry<'_>) -> Result<u64, ApiError> {
    let contact = subject.contact.as_ref().map(|contact| contact.contact_id);
    write(desk, subject.kind(), subject.id, contact, entry)
}

fn write(
    desk: &mut Desk<'_>,
    kind: Kind,
    owner: u64,
    contact: Option<u64>,
    entry: &Entry<'_>,
) -> Result<u64, ApiError> {
    let mut comment = desk.blank(Kind::Comment);
    comment.set("owner_id", Json::id(owner));
    if let Some(contact) = contact {
        comment.set("contact_id", Json::id(contact));
    }
    comment.set("transaction_type", kinds::of(kind).map_or("", |extra| extra.word));
    comment.set("description", entry.description);
    comment.set("comment_type", entry.comment_type);
    comment.set("operation_type", entry.operation_type);
    comment.set("commented_by_id", Json::id(desk.caller.user_id));
    let id = comment.id;
    desk.put(comment)?;
    trim(desk, owner);
    Ok(id)
}

/// Drops the oldest comment of the service's own when a record has too many.
fn trim(desk: &mut Desk<'_>, owner: u64) {
    let books = desk.books();
    let own =
        |id: &u64| books.record(Kind::Comment, *id).is_some_and(|it| it.reference("owner_id") == Some(owner));
    let ids: Vec<u64> = books.naming_as(owner, Kind::Comment).filter(own).collect();
    if ids.len() <= MAX_HISTORY {
        return;
    }
    let system =
        |id: &&u64| books.record(Kind::Comment, **id).is_some_and(|it| it.text("comment_type") == "system");
    if let Some(id) = ids.iter().find(system).copied() {
        desk.transaction.apply(Change::RecordDeleted {
            organization_id: desk.organization.organization_id.clone(),
            kind: Kind::Comment,
            id,
        });
    }
}
