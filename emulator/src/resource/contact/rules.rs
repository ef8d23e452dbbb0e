//! What a contact must obey, on creation and on every change.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::model::{
    ADDRESS_FIELDS, Address, CONTACT_FIELDS, CUSTOM_FIELD_KEYS, CUSTOM_FIELDS, Contact, ContactType,
    custom_fields,
};
use crate::error::{ApiError, Code};
use crate::filter::fold;
use crate::json::Json;
use crate::resource::contact_person::model::{ContactPerson, settle_primary};
use crate::resource::field::{self, Members};
use crate::store::Transaction;
use crate::store::change::Change;
use crate::store::records::Organization;

const MAX_NAME: usize = 200;

/// A contact without content, to be filled by [`take`].
pub(crate) fn blank(
    transaction: &mut Transaction,
    organization: &Organization,
    now: DateTime<Utc>,
    created_by: &str,
) -> Contact {
    let mut address = || Address { address_id: transaction.next_id(), members: Members::new() };
    let (billing_address, shipping_address) = (address(), address());
    let mut members = Members::new();
    members.insert("is_taxable", true.into());
    members.insert("language_code", "en".into());
    Contact {
        contact_id: transaction.next_id(),
        contact_name: String::new(),
        contact_type: ContactType::Customer,
        customer_sub_type: "business".to_owned(),
        active: true,
        imported: false,
        link: None,
        currency_id: organization.currencies.first().map_or(0, |currency| currency.currency_id),
        billing_address,
        shipping_address,
        addresses: Vec::new(),
        persons: Vec::new(),
        members,
        created: now,
        modified: now,
        created_by: created_by.to_owned(),
    }
}

/// Takes the writable members of `body`. Scalars that are absent keep their value; a `contact_persons` array replaces
/// the whole set, updating the entries that carry an id.
pub(crate) fn take(
    transaction: &mut Transaction,
    organization: &Organization,
    contact: &mut Contact,
    body: &Json,
) -> Result<(), ApiError> {
    if let Some(value) = body.get("contact_name") {
        let name = value.as_str().map(str::trim).ok_or_else(|| ApiError::invalid("contact_name"))?;
        if name.chars().count() > MAX_NAME {
            return Err(ApiError::too_long("contact_name", MAX_NAME));
        }
        contact.contact_name = name.to_owned();
    }
    if contact.contact_name.is_empty() {
        return Err(ApiError::invalid("contact_name"));
    }
    if let Some(word) = word(body, "contact_type")? {
        contact.contact_type = ContactType::read(word).ok_or_else(|| ApiError::invalid("contact_type"))?;
    }
    if let Some(word) = word(body, "customer_sub_type")? {
        if !["business", "individual"].contains(&word) {
            return Err(ApiError::invalid("customer_sub_type"));
        }
        contact.customer_sub_type = word.to_owned();
    }
    if let Some(value) = body.get("currency_id").filter(|it| !matches!(it, Json::Null))
        && value.as_str() != Some("")
    {
        let id = value.as_id_text().ok_or_else(|| ApiError::invalid("currency_id"))?;
        let known = id.parse().ok().and_then(|id| organization.currency(id));
        let known = known.ok_or_else(|| ApiError::about(Code::InvalidReference, "currency_id"))?;
        contact.currency_id = known.currency_id;
    }
    let places = organization.currency(contact.currency_id).map_or(2, |currency| currency.precision);
    field::take(&mut contact.members, CONTACT_FIELDS, body, places)?;
    take_custom_fields(&mut contact.members, body)?;
    take_address(&mut contact.billing_address, body, "billing_address")?;
    take_address(&mut contact.shipping_address, body, "shipping_address")?;
    take_persons(transaction, contact, body)
}

/// Stores the contact, unless its name belongs to another contact of the organization, customer or vendor (code 3062).
pub(crate) fn save(
    transaction: &mut Transaction,
    organization_id: &str,
    contact: Contact,
) -> Result<Arc<Contact>, ApiError> {
    let books = transaction.state.books(organization_id);
    if books.by_name.get(&fold(&contact.contact_name)).is_some_and(|owner| *owner != contact.contact_id) {
        let subject = format!("{} \"{}\"", contact.contact_type.word(), contact.contact_name);
        return Err(ApiError::about(Code::DuplicateName, &subject));
    }
    let contact = Arc::new(contact);
    transaction.apply(Change::Contact {
        organization_id: organization_id.to_owned(),
        contact: Arc::clone(&contact),
    });
    Ok(contact)
}

/// The contact with this id (code 1002 when there is none).
pub(crate) fn find(
    transaction: &Transaction,
    organization_id: &str,
    contact_id: u64,
) -> Result<Arc<Contact>, ApiError> {
    let books = transaction.state.books(organization_id);
    books.contacts.get(&contact_id).cloned().ok_or_else(|| ApiError::missing("Contact"))
}

/// Deletes a contact. A linked one is refused (code 36): the integration clears the link first.
pub(crate) fn delete(
    transaction: &mut Transaction,
    organization_id: &str,
    contact_id: u64,
) -> Result<(), ApiError> {
    let contact = find(transaction, organization_id, contact_id)?;
    if contact.link.is_some() {
        return Err(ApiError::about(Code::Linked, &contact.contact_name));
    }
    transaction.apply(Change::ContactDeleted { organization_id: organization_id.to_owned(), contact_id });
    Ok(())
}

/// Takes the members of one address object into `address`.
pub(crate) fn take_address(address: &mut Address, body: &Json, name: &str) -> Result<(), ApiError> {
    match body.get(name) {
        None | Some(Json::Null) => Ok(()),
        Some(value @ Json::Object(_)) => field::take(&mut address.members, ADDRESS_FIELDS, value, 0),
        Some(_) => Err(ApiError::invalid(name)),
    }
}

fn word<'a>(body: &'a Json, name: &str) -> Result<Option<&'a str>, ApiError> {
    match body.get(name) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::Text(text)) => Ok(Some(text.trim()).filter(|text| !text.is_empty())),
        Some(_) => Err(ApiError::invalid(name)),
    }
}

fn take_custom_fields(members: &mut Members, body: &Json) -> Result<(), ApiError> {
    let Some(value) = body.get(CUSTOM_FIELDS) else { return Ok(()) };
    let entries = match value {
        Json::List(entries) => entries.as_slice(),
        Json::Null => return Ok(()),
        _ => return Err(ApiError::invalid(CUSTOM_FIELDS)),
    };
    let mut stored = custom_fields(members).to_vec();
    for entry in entries {
        if !CUSTOM_FIELD_KEYS.iter().any(|key| entry.get(key).is_some()) {
            return Err(ApiError::invalid(CUSTOM_FIELDS));
        }
        let same = |known: &Json| {
            CUSTOM_FIELD_KEYS.iter().any(|key| known.get(key).is_some() && known.get(key) == entry.get(key))
        };
        match stored.iter_mut().find(|known| same(known)) {
            Some(known) => *known = entry.clone(),
            None => stored.push(entry.clone()),
        }
    }
    members.insert(CUSTOM_FIELDS, Json::List(stored));
    Ok(())
}

fn take_persons(transaction: &mut Transaction, contact: &mut Contact, body: &Json) -> Result<(), ApiError> {
    let entries = match body.get("contact_persons") {
        None | Some(Json::Null) => return Ok(()),
        Some(Json::List(entries)) => entries,
        Some(_) => return Err(ApiError::invalid("contact_persons")),
    };
    let (mut persons, mut wanted) = (Vec::with_capacity(entries.len()), None);
    for entry in entries {
        if !matches!(entry, Json::Object(_)) {
            return Err(ApiError::invalid("contact_persons"));
        }
        let id = entry.get("contact_person_id").filter(|id| id.as_str() != Some("") && **id != Json::Null);
        let mut person = match id {
            None => ContactPerson { contact_person_id: transaction.next_id(), ..ContactPerson::default() },
            Some(id) => {
                let id = id.as_id_text().and_then(|id| id.parse::<u64>().ok());
                let known = contact.persons.iter().find(|person| Some(person.contact_person_id) == id);
                known.cloned().ok_or_else(|| ApiError::invalid("contact_person_id"))?
            }
        };
        if person.take(entry)? && wanted.is_none() {
            wanted = Some(person.contact_person_id);
        }
        persons.push(person);
    }
    settle_primary(&mut persons, wanted);
    contact.persons = persons;
    Ok(())
}
