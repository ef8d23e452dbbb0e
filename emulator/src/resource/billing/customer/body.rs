//! Bodies of customers, turned into bodies of contacts.

use std::sync::Arc;

use crate::engine::desk::Desk;
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::resource::contact::model::Contact;
use crate::resource::contact::rules;
use crate::resource::contact_person::model::{ContactPerson, PERSON_FIELDS, settle_primary};

/// Creates a customer. Errors: code 2 without a display name or an e-mail address, 3062 for a name that is taken.
pub(super) fn create(desk: &mut Desk<'_>, body: &Json) -> Result<Arc<Contact>, ApiError> {
    let mut contact = rules::blank(desk);
    for name in ["display_name", "email"] {
        if body.get(name).and_then(Json::as_str).is_none_or(|text| text.trim().is_empty()) {
            return Err(ApiError::invalid(name));
        }
    }
    take(desk, &mut contact, body)?;
    save(desk, contact)
}

/// Stores a customer by the rules of contacts.
pub(super) fn save(desk: &mut Desk<'_>, contact: Contact) -> Result<Arc<Contact>, ApiError> {
    rules::save(desk, contact)
}

/// Deletes a customer by the rules of contacts; one with subscriptions or documents is refused (code 1004).
pub(super) fn delete(desk: &mut Desk<'_>, contact: &Contact) -> Result<(), ApiError> {
    if desk.books().balance(contact.contact_id).documents > 0 {
        let subject = format!("The customer \"{}\"", contact.contact_name);
        return Err(ApiError::about(Code::HasTransactions, &subject));
    }
    rules::delete(desk, contact.contact_id)
}

/// Takes a body: members of the contact, and those of its primary contact person. Absent members keep their value.
pub(super) fn take(desk: &mut Desk<'_>, contact: &mut Contact, body: &Json) -> Result<(), ApiError> {
    let translated = translated(desk, body)?;
    if body.get("email").and_then(Json::as_str).is_some_and(|text| text.trim().is_empty()) {
        return Err(ApiError::invalid("email"));
    }
    rules::take(desk, contact, &translated)?;
    let own: Vec<(String, Json)> = PERSON_FIELDS
        .iter()
        .filter_map(|(name, _)| Some(((*name).to_owned(), body.get(name)?.clone())))
        .collect();
    if own.is_empty() {
        return Ok(());
    }
    let own = Json::Object(own);
    match contact.persons.iter_mut().find(|person| person.is_primary) {
        Some(person) => person.take(&own).map(|_| ()),
        None => {
            let mut person = ContactPerson { contact_person_id: desk.next_id(), ..ContactPerson::default() };
            person.take(&own)?;
            contact.persons.push(person);
            settle_primary(&mut contact.persons, None);
            Ok(())
        }
    }
}

fn translated(desk: &Desk<'_>, body: &Json) -> Result<Json, ApiError> {
    let Json::Object(members) = body else { return Err(ApiError::invalid("customer")) };
    let mut contact = vec![("contact_type".to_owned(), Json::from("customer"))];
    for (name, value) in members {
        let (name, value) = match name.as_str() {
            "display_name" => ("contact_name", value.clone()),
            "billing_address" | "shipping_address" => (name.as_str(), address(value)),
            "currency_code" if matches!(value.as_str(), Some("")) || *value == Json::Null => continue,
            "currency_code" => {
                let mut known = desk.organization.currencies.iter();
                let known =
                    known.find(|it| value.as_str().is_some_and(|code| it.code.eq_ignore_ascii_case(code)));
                let known = known.ok_or_else(|| ApiError::invalid("currency_code"))?;
                ("currency_id", Json::id(known.currency_id))
            }
            "contact_name" | "contact_type" | "contact_persons" => continue,
            name if PERSON_FIELDS.iter().any(|(known, _)| *known == name) => continue,
            name => (name, value.clone()),
        };
        contact.push((name.to_owned(), value));
    }
    Ok(Json::Object(contact))
}

/// An address of Billing says `street` where one of Books says `address`.
fn address(value: &Json) -> Json {
    let Json::Object(members) = value else { return value.clone() };
    let renamed = members.iter().map(|(name, value)| {
        (if name == "street" { "address".to_owned() } else { name.clone() }, value.clone())
    });
    Json::Object(renamed.collect())
}
