//! How customers look in answers.

use crate::engine::reader::Reader;
use crate::json::Json;
use crate::resource::contact::model::{ADDRESS_FIELDS, Address, CONTACT_FIELDS, Contact, custom_fields};
use crate::resource::contact::view::member;
use crate::resource::contact_person::model::ContactPerson;
use crate::resource::field;
use crate::store::books::CrmKind;

type Object = Vec<(String, Json)>;

fn put(object: &mut Object, name: &str, value: impl Into<Json>) {
    object.push((name.to_owned(), value.into()));
}

/// Members that come from the primary contact person.
const OF_PERSON: [&str; 8] =
    ["salutation", "first_name", "last_name", "email", "phone", "mobile", "department", "designation"];

/// Members of a row and a detail that the contact stores under the same name.
const STORED: [&str; 2] = ["company_name", "website"];

fn head(contact: &Contact, reader: &Reader<'_>) -> Object {
    let mut object = Object::with_capacity(70);
    let currency = reader.organization.currency(contact.currency_id);
    let balance = reader.books.balance(contact.contact_id);
    put(&mut object, "customer_id", Json::id(contact.contact_id));
    put(&mut object, "display_name", contact.contact_name.as_str());
    put(&mut object, "customer_name", contact.contact_name.as_str());
    for name in OF_PERSON {
        put(&mut object, name, contact.primary().map_or("", |person| person.text(name)));
    }
    for name in STORED {
        put(&mut object, name, field::text(&contact.members, name));
    }
    put(&mut object, "currency_id", Json::id(contact.currency_id));
    put(&mut object, "currency_code", currency.map_or("", |it| it.code.as_str()));
    put(&mut object, "currency_symbol", currency.map_or("", |it| it.symbol.as_str()));
    put(&mut object, "price_precision", u64::from(currency.map_or(2, |it| it.precision)));
    // Billing knows two states only: what waits for its first transaction is active.
    put(&mut object, "status", if contact.active { "active" } else { "inactive" });
    put(&mut object, "outstanding", Json::amount(balance.receivable.own));
    put(&mut object, "outstanding_receivable_amount", Json::amount(balance.receivable.own));
    put(&mut object, "unused_credits", Json::amount(balance.credits_receivable.own));
    put(&mut object, "source", contact.source());
    put(&mut object, "is_linked_with_zohocrm", contact.link.is_some());
    for kind in [CrmKind::Account, CrmKind::Contact] {
        let id = contact.link.as_ref().filter(|link| link.kind == kind).map_or("", |link| link.id.as_str());
        put(&mut object, kind.member(), id);
    }
    put(&mut object, "is_gapps_customer", false);
    put(&mut object, "has_attachment", reader.has_attachment(contact.contact_id));
    put(&mut object, "created_time", reader.timestamp(contact.created));
    put(&mut object, "updated_time", reader.timestamp(contact.modified));
    object
}

/// The `customer` of a detail, create or update answer.
pub(super) fn detail(contact: &Contact, reader: &Reader<'_>) -> Json {
    let mut object = head(contact, reader);
    let shown = CONTACT_FIELDS.iter().filter(|(name, _)| !STORED.contains(name));
    for (name, kind) in shown {
        put(&mut object, name, member(contact, name, *kind));
    }
    put(&mut object, "skype", contact.primary().map_or("", |person| person.text("skype")));
    put(&mut object, "billing_address", address(&contact.billing_address));
    put(&mut object, "shipping_address", address(&contact.shipping_address));
    let primary = contact.primary().map_or(Json::from(""), |person| Json::id(person.contact_person_id));
    put(&mut object, "primary_contactperson_id", primary);
    let persons: Vec<Json> = contact.persons.iter().map(|it| person(contact, it, reader)).collect();
    put(&mut object, "contactpersons", persons);
    put(&mut object, "can_add_card", false);
    put(&mut object, "can_add_bank_account", false);
    put(&mut object, "ach_supported", false);
    put(&mut object, "documents", Vec::new());
    put(&mut object, "custom_fields", custom_fields(&contact.members).to_vec());
    Json::Object(object)
}

/// One row of a list.
pub(super) fn row(contact: &Contact, reader: &Reader<'_>) -> Json {
    Json::Object(head(contact, reader))
}

/// The `customer` inside a subscription.
pub(crate) fn brief(contact: &Contact) -> Json {
    let mut object = Object::with_capacity(16);
    put(&mut object, "customer_id", Json::id(contact.contact_id));
    put(&mut object, "display_name", contact.contact_name.as_str());
    for name in ["salutation", "first_name", "last_name", "email"] {
        put(&mut object, name, contact.primary().map_or("", |person| person.text(name)));
    }
    put(&mut object, "company_name", field::text(&contact.members, "company_name"));
    put(&mut object, "billing_address", address(&contact.billing_address));
    put(&mut object, "shipping_address", address(&contact.shipping_address));
    let terms = field::show(&contact.members, "payment_terms", field::Kind::Whole);
    put(&mut object, "payment_terms", terms);
    put(&mut object, "payment_terms_label", field::text(&contact.members, "payment_terms_label"));
    Json::Object(object)
}

/// An address as Billing spells it: `street` for the first line.
fn address(address: &Address) -> Json {
    let members = ADDRESS_FIELDS.iter().map(|(name, kind)| {
        let shown = if *name == "address" { "street" } else { name };
        (shown.to_owned(), field::show(&address.members, name, *kind))
    });
    Json::Object(members.collect())
}

/// One contact person of a customer.
pub(super) fn person(contact: &Contact, person: &ContactPerson, reader: &Reader<'_>) -> Json {
    let mut object = Object::with_capacity(12);
    put(&mut object, "contactperson_id", Json::id(person.contact_person_id));
    put(&mut object, "customer_id", Json::id(contact.contact_id));
    for name in ["salutation", "first_name", "last_name", "email", "mobile", "phone"] {
        put(&mut object, name, person.text(name));
    }
    put(&mut object, "fax", "");
    put(&mut object, "is_primary_contact", person.is_primary);
    // People carry no times of their own; they change with their customer.
    put(&mut object, "created_time", reader.timestamp(contact.created));
    put(&mut object, "updated_time", reader.timestamp(contact.modified));
    Json::Object(object)
}
