//! Contact persons.

use finbridge_contract::RemoteRecord;
use finbridge_domain::record::{CrmRecordType, FieldKey, Values};

use super::reference;
use crate::wire::body::{Member, Members};
use crate::wire::row::Row;

/// Fields that a customer or vendor shows too: those of its first person.
pub(crate) const PERSONAL: [(&str, &str); 5] = [
    ("firstName", "first_name"),
    ("lastName", "last_name"),
    ("email", "email"),
    ("phone", "phone"),
    ("mobile", "mobile"),
];

/// Every field of a person, and the member that holds it.
const FIELDS: [(&str, &str); 7] = [
    PERSONAL[0],
    PERSONAL[1],
    PERSONAL[2],
    PERSONAL[3],
    PERSONAL[4],
    ("designation", "designation"),
    ("department", "department"),
];

/// Stands for no given name, where the vendor demands one: the CRM does not.
const NO_NAME: &str = "-";

/// The text of a person's member, where it is told.
pub(crate) fn text(row: &Row, member: &str) -> Option<String> {
    let text = row.text(member)?.trim().to_owned();
    Some(if member == "first_name" && text == NO_NAME { String::new() } else { text })
}

/// Whether any of these values belongs to the first person at a customer or vendor.
pub(crate) fn has_personal(values: &Values) -> bool {
    PERSONAL.iter().any(|(field, _)| values.contains_key(*field))
}

/// Those of these values.
pub(crate) fn personal(values: &Values) -> Values {
    let known = |field: &FieldKey| PERSONAL.iter().any(|(name, _)| *name == field.as_str());
    values
        .iter()
        .filter(|(field, _)| known(field))
        .map(|(field, value)| (field.clone(), value.clone()))
        .collect()
}

/// The members to write to a person that is there.
pub(crate) fn members(values: &Values) -> Members {
    let given = FIELDS.iter().filter_map(|(field, member)| Some((*member, values.get(*field)?.as_str())));
    let named = |member: &str, value: &str| {
        let value = if member == "first_name" && value.is_empty() { NO_NAME } else { value };
        (member.to_owned(), Member::from(value))
    };
    given.map(|(member, value)| named(member, value)).collect()
}

/// The members of a person that is made by itself.
pub(crate) fn made(values: &Values) -> Members {
    let mut members = members(values);
    members.entry("first_name".to_owned()).or_insert_with(|| NO_NAME.into());
    members
}

/// The members of the person that is made along with a contact: nothing when nothing of a person is known.
pub(crate) fn along(values: &Values) -> Members {
    let given = PERSONAL.iter().filter_map(|(field, member)| Some((*member, values.get(*field)?.as_str())));
    let given = given.filter(|(_, value)| !value.is_empty());
    given.map(|(member, value)| (member.to_owned(), Member::from(value))).collect()
}

/// The values that a person tells.
fn told(row: &Row) -> Values {
    let told = |(field, member)| Some((FieldKey::of(field), text(row, member)?));
    FIELDS.into_iter().filter_map(told).collect()
}

/// The contact person that a row of a contact is. It has no time of change of its own: it changes with its contact.
pub(crate) fn person(row: &Row, remote_id: String, contact_id: &str, contact: &RemoteRecord) -> RemoteRecord {
    RemoteRecord {
        remote_id,
        parent_id: Some(contact_id.to_owned()),
        customer_kind: None,
        values: told(row),
        is_whole: true,
        crm_reference: reference(row, &[CrmRecordType::Contact]),
        is_active: contact.is_active,
        modified_at: contact.modified_at,
        request_id: contact.request_id.clone(),
    }
}

/// Whether a person that is linked to nothing is the one to be made: the same names and the same e-mail address.
pub(crate) fn is_same(told: &Values, wanted: &Values) -> bool {
    let value = |values: &Values, field: &str| {
        values.get(field).map(|value| value.trim().to_lowercase()).unwrap_or_default()
    };
    ["firstName", "lastName", "email"].iter().all(|field| value(told, field) == value(wanted, field))
}

/// The first person at a contact, out of those that its detail tells.
pub(crate) fn primary<'a>(contact: &Row, persons: &'a [Row], id: &str) -> Option<&'a Row> {
    let marked = persons.iter().find(|person| person.says_yes("is_primary_contact"));
    let named = || {
        let wanted = contact.some_text("primary_contact_id")?;
        persons.iter().find(|person| person.text(id).as_ref() == Some(&wanted))
    };
    marked.or_else(named)
}
