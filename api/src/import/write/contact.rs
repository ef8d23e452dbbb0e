//! Contacts.

use finbridge_domain::name_key;
use finbridge_entity::contact::ActiveModel;
use sea_orm::{ActiveValue, Set};

use super::{address, set};
use crate::import::row::Row;
use crate::import::value::Value;

pub(super) fn fill(contact: &mut ActiveModel, row: &Row<'_>) {
    set(&mut contact.first_name, row, "first_name", Value::text);
    set(&mut contact.last_name, row, "last_name", |value| value.text().unwrap_or_default());
    // The first name may have been typed in the CRM and not be part of the mapping.
    let first = match &contact.first_name {
        ActiveValue::Set(first) | ActiveValue::Unchanged(first) => first.as_deref().unwrap_or_default(),
        ActiveValue::NotSet => "",
    };
    let last = row.value("last_name").and_then(Value::text).unwrap_or_default();
    let name = format!("{first} {last}").trim().to_owned();
    contact.name_key = Set(name_key(&name));
    contact.name = Set(name);
    set(&mut contact.owner_id, row, "owner", Value::reference);
    set(&mut contact.email, row, "email", Value::text);
    set(&mut contact.email_key, row, "email", |value| value.text().map(|email| name_key(&email)));
    set(&mut contact.phone, row, "phone", Value::text);
    set(&mut contact.title, row, "title", Value::text);
    set(&mut contact.account_id, row, "account", Value::reference);
    if let Some(mailing) = address(&contact.mailing_address, row, "mailing") {
        contact.mailing_address = mailing;
    }
}
