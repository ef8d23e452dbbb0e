//! How much memory earlier records hold that a write has replaced.

use super::State;
use super::books::Books;
use super::change::Change;
use super::kind::Kind;
use super::record::Record;
use crate::resource::contact::model::Contact;
use crate::resource::packed::{Packed, Value};

/// What a change costs besides the record: the parts of tables and indexes that it makes anew.
const OF_A_CHANGE: usize = 8 * 1024;

/// About how many bytes only `before` still holds once `changes` were made.
pub(super) fn displaced(before: &State, changes: &[Change]) -> usize {
    changes.iter().map(|change| OF_A_CHANGE + replaced(before, change)).sum()
}

fn replaced(before: &State, change: &Change) -> usize {
    let contact = |organization_id: &str, id: u64| {
        let known = before.known_books(organization_id).contacts.get(&id);
        known.map_or(0, |contact| of_contact(contact))
    };
    let record = |organization_id: &str, kind: Kind, id: u64| {
        let known = before.known_books(organization_id).record(kind, id);
        known.map_or(0, |record| of_record(record))
    };
    match change {
        Change::Contact { organization_id, contact: is } => contact(organization_id, is.contact_id),
        Change::ContactDeleted { organization_id, contact_id } => {
            let comments = of_comments(before.known_books(organization_id), *contact_id);
            contact(organization_id, *contact_id) + comments
        }
        Change::Record { organization_id, record: is } => record(organization_id, is.kind, is.id),
        Change::RecordDeleted { organization_id, kind, id } => {
            record(organization_id, *kind, *id) + of_comments(before.known_books(organization_id), *id)
        }
        _ => 0,
    }
}

/// Comments go with the record that they are about, without changes of their own.
fn of_comments(books: &Books, id: u64) -> usize {
    let comments = books.naming_as(id, Kind::Comment);
    comments.filter_map(|id| books.record(Kind::Comment, id)).map(|record| of_record(record)).sum()
}

fn of_record(record: &Record) -> usize {
    record.members.iter().map(|(_, value)| value.size()).sum()
}

fn of_contact(contact: &Contact) -> usize {
    let addresses = [&contact.billing_address, &contact.shipping_address].into_iter();
    let addresses = addresses.chain(&contact.addresses).map(|address| &address.members);
    let persons = contact.persons.iter().map(|person| &person.members);
    addresses.chain(persons).chain([&contact.members]).flat_map(Packed::values).map(of_value).sum()
}

fn of_value(value: Value<'_>) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 0,
        Value::Number(text) | Value::Text(text) => text.len(),
        Value::Tree(tree) => tree.size(),
    }
}
