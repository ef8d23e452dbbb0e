//! Customers and vendors are contacts.

use std::collections::BTreeMap;

use finbridge_contract::{CrmReference, Failure, RemoteRecord};
use finbridge_domain::record::finance::ADDRESS_PARTS;
use finbridge_domain::record::{CrmRecordType, CustomerKind, FieldKey, RecordKind, Values};

use super::{custom, modified_at, person, reference};
use crate::adapter::table::Told;
use crate::wire::body::{Member, Members};
use crate::wire::row::Row;
use crate::words::ContactWords;

/// The two addresses of a contact: field and member.
const ADDRESSES: [(&str, &str); 2] =
    [("billingAddress", "billing_address"), ("shippingAddress", "shipping_address")];

/// Fields that pages of changes tell. Addresses, notes and added fields are not among them.
pub(crate) const LISTED: [&str; 8] =
    ["displayName", "companyName", "website", "firstName", "lastName", "email", "phone", "mobile"];

/// Fields that are members of the contact itself, in the words of an app.
fn own(words: &ContactWords) -> [(&'static str, &'static str); 4] {
    [("displayName", words.name), ("companyName", "company_name"), ("website", "website"), ("notes", "notes")]
}

/// The member of an address that holds one of its parts.
fn part_member(words: &ContactWords, part: &'static str) -> &'static str {
    match part {
        "street" => words.street,
        "postalCode" => "zip",
        other => other,
    }
}

/// Codes that the vendor keeps beside a name. When the name changes the old code would contradict it.
fn codes_beside(member: &str) -> &'static [&'static str] {
    match member {
        "state" => &["state_code"],
        "country" => &["country_code", "state_code"],
        _ => &[],
    }
}

/// The parts of one address among these values: member and value.
fn address_values<'a>(
    words: &ContactWords,
    address: &str,
    values: &'a Values,
) -> Vec<(&'static str, &'a str)> {
    let value = |part: &'static str| {
        let value = values.get(format!("{address}.{part}").as_str())?;
        Some((part_member(words, part), value.as_str()))
    };
    ADDRESS_PARTS.into_iter().filter_map(|(part, ..)| value(part)).collect()
}

/// Whether these values touch an address. The vendor replaces an address as a whole, so the present one is needed.
pub(crate) fn touches_address(values: &Values) -> bool {
    values.keys().any(|field| {
        let address = field.as_str().split_once('.').map(|(address, _)| address);
        ADDRESSES.iter().any(|(field, _)| address == Some(*field))
    })
}

/// The members to write: those of `values`, and around address fields the rest of the present address. Personal fields
/// are among them only where an app has members for them.
pub(crate) fn members(words: &ContactWords, values: &Values, present: Option<&Row>) -> Members {
    let mut members: Members = own(words)
        .into_iter()
        .filter_map(|(field, member)| Some((member.to_owned(), values.get(field)?.as_str().into())))
        .collect();
    if words.has_personal_members {
        let given = person::PERSONAL.iter();
        members.extend(given.filter_map(|(field, member)| {
            Some(((*member).to_owned(), Member::from(values.get(*field)?.as_str())))
        }));
    }
    for (field, member) in ADDRESSES {
        let given = address_values(words, field, values);
        if !given.is_empty() {
            let present = present.and_then(|contact| contact.object(member));
            members.insert(member.to_owned(), Member::Object(merged(present.unwrap_or_default(), &given)));
        }
    }
    custom::write(values, &mut members);
    members
}

fn merged(present: Row, given: &[(&str, &str)]) -> Members {
    let texts: Vec<_> = given.iter().map(|(member, _)| present.text(member).unwrap_or_default()).collect();
    let mut address: BTreeMap<_, _> =
        present.into_members().map(|(member, raw)| (member, Member::Exact(raw))).collect();
    address.remove("address_id");
    for ((member, value), text) in given.iter().zip(texts) {
        if text == *value {
            continue;
        }
        for code in codes_beside(member) {
            address.remove(*code);
        }
        address.insert((*member).to_owned(), (*value).into());
    }
    address
}

/// The members of a contact that is made: its first person goes along. Empty values say nothing there.
pub(crate) fn made(
    words: &ContactWords,
    kind: RecordKind,
    customer_kind: Option<CustomerKind>,
    values: &Values,
) -> Members {
    let given = values.iter().filter(|(_, value)| !value.is_empty());
    let values: Values = given.map(|(field, value)| (field.clone(), value.clone())).collect();
    let mut members = members(words, &values, None);
    let mut set = |member: &str, value: &str| members.insert(member.to_owned(), value.into());
    if kind == RecordKind::Vendor {
        set("contact_type", "vendor");
    } else {
        if words.has_types {
            set("contact_type", "customer");
        }
        set("customer_sub_type", sub_type(customer_kind.unwrap_or(CustomerKind::Business)));
    }
    let along = person::along(&values);
    if !words.has_personal_members && !along.is_empty() {
        members.insert(words.persons.to_owned(), Member::List(vec![along]));
    }
    members
}

/// The sub-type under which a customer of this kind is made.
fn sub_type(kind: CustomerKind) -> &'static str {
    match kind {
        CustomerKind::Business => "business",
        CustomerKind::Individual => "individual",
    }
}

/// The record of this kind that a contact is; none when it is of the other kind, which an ignored filter lets through.
pub(crate) fn record_of(
    words: &ContactWords,
    kind: RecordKind,
    told: &Told,
    is_whole: bool,
) -> Result<Option<RemoteRecord>, Failure> {
    let is_vendor = told.row.text("contact_type").as_deref() == Some("vendor");
    if is_vendor != (kind == RecordKind::Vendor) && words.has_types {
        return Ok(None);
    }
    record(words, kind, told, is_whole).map(Some)
}

/// The record that a contact is.
pub(crate) fn record(
    words: &ContactWords,
    kind: RecordKind,
    told: &Told,
    is_whole: bool,
) -> Result<RemoteRecord, Failure> {
    let row = &told.row;
    let named = |failure| Failure { request_id: told.request_id.clone(), ..failure };
    let linked: &[_] = match kind {
        RecordKind::Vendor => &[CrmRecordType::Vendor],
        _ => &[CrmRecordType::Account, CrmRecordType::Contact],
    };
    let crm_reference = reference(row, linked);
    Ok(RemoteRecord {
        remote_id: row.required(words.list.id).map_err(named)?,
        parent_id: None,
        customer_kind: (kind == RecordKind::Customer).then(|| customer_kind(row, crm_reference)),
        values: values(words, row),
        is_whole,
        crm_reference,
        // `crm` is an active customer that has no transaction yet.
        is_active: !matches!(row.text("status").as_deref(), Some("inactive" | "duplicate")),
        modified_at: modified_at(row, words.list.modified).map_err(named)?,
        request_id: told.request_id.clone(),
    })
}

/// Where it is unsaid or unknown: a person is what is linked to a person.
fn customer_kind(row: &Row, crm_reference: Option<CrmReference>) -> CustomerKind {
    let is_person = crm_reference.is_some_and(|it| it.record_type == CrmRecordType::Contact);
    match row.text("customer_sub_type").as_deref() {
        Some("individual") => CustomerKind::Individual,
        Some("business") => CustomerKind::Business,
        _ if is_person => CustomerKind::Individual,
        _ => CustomerKind::Business,
    }
}

/// The fields that a contact tells. In an address that is told, a missing member is empty; so are the fields of the first
/// person where there is none.
fn values(words: &ContactWords, row: &Row) -> Values {
    let trimmed = |text: String| text.trim().to_owned();
    let mut values: Values = own(words)
        .into_iter()
        .filter_map(|(field, member)| Some((FieldKey::of(field), trimmed(row.text(member)?))))
        .collect();
    for (field, member) in ADDRESSES {
        let Some(address) = row.object(member) else { continue };
        for (part, ..) in ADDRESS_PARTS {
            let value = address.text(part_member(words, part)).unwrap_or_default();
            values.insert(FieldKey::from(format!("{field}.{part}")), trimmed(value));
        }
    }
    let persons = row.list(words.persons);
    for (field, member) in person::PERSONAL {
        let told = match &persons {
            Some(persons) => {
                let primary = person::primary(row, persons, words.person_id);
                Some(primary.and_then(|person| person::text(person, member)).unwrap_or_default())
            }
            None => person::text(row, member),
        };
        values.extend(told.map(|value| (FieldKey::of(field), value)));
    }
    values.extend(custom::values(row));
    values
}
