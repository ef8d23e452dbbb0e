//! How contacts look in answers.

use super::model::{ADDRESS_FIELDS, Address, CONTACT_FIELDS, Contact, custom_fields};
use crate::format;
use crate::json::Json;
use crate::resource::contact_person::model::PERSON_FIELDS;
use crate::resource::field::{self, Kind};
use crate::store::books::CrmKind;
use crate::store::records::Organization;

type Object = Vec<(String, Json)>;

fn put(object: &mut Object, name: &str, value: impl Into<Json>) {
    object.push((name.to_owned(), value.into()));
}

/// Amounts that only transactions can move; they stand at zero until transactions are emulated.
const RECEIVABLE: [&str; 4] = [
    "outstanding_receivable_amount",
    "outstanding_receivable_amount_bcy",
    "unused_credits_receivable_amount",
    "unused_credits_receivable_amount_bcy",
];
const PAYABLE: [&str; 4] = [
    "outstanding_payable_amount",
    "outstanding_payable_amount_bcy",
    "unused_credits_payable_amount",
    "unused_credits_payable_amount_bcy",
];

fn head(object: &mut Object, contact: &Contact, organization: &Organization) {
    let currency = organization.currency(contact.currency_id);
    put(object, "contact_id", Json::id(contact.contact_id));
    put(object, "contact_name", contact.contact_name.as_str());
    put(object, "contact_type", contact.contact_type.word());
    put(object, "customer_sub_type", contact.customer_sub_type.as_str());
    put(object, "status", contact.status());
    put(object, "source", contact.source());
    put(object, "is_linked_with_zohocrm", contact.link.is_some());
    for kind in [CrmKind::Account, CrmKind::Contact] {
        let id = contact.link.as_ref().filter(|link| link.kind == kind).map_or("", |link| link.id.as_str());
        put(object, kind.member(), id);
    }
    put(object, "zcrm_vendor_id", "");
    put(object, "currency_id", Json::id(contact.currency_id));
    put(object, "currency_code", currency.map_or("", |it| it.code.as_str()));
    put(object, "currency_symbol", currency.map_or("", |it| it.symbol.as_str()));
    put(object, "price_precision", u64::from(currency.map_or(2, |it| it.precision)));
    for name in RECEIVABLE.into_iter().chain(PAYABLE) {
        put(object, name, Kind::Money.empty());
    }
    let portal = contact.persons.iter().any(|person| person.in_portal);
    put(object, "portal_status", if portal { "enabled" } else { "disabled" });
}

fn times(object: &mut Object, contact: &Contact, organization: &Organization) {
    let zone = organization.zone();
    for (name, instant) in [("created_time", contact.created), ("last_modified_time", contact.modified)] {
        put(object, name, format::timestamp(instant, zone));
    }
}

/// The `contact` of a detail, create or update answer.
pub(crate) fn detail(contact: &Contact, organization: &Organization) -> Json {
    let mut object = Object::with_capacity(90);
    head(&mut object, contact, organization);
    put(&mut object, "has_transaction", false);
    let reminders = contact.members.get("payment_reminder_enabled").cloned().unwrap_or(Json::Bool(true));
    put(&mut object, "payment_reminder_enabled", reminders);
    field::show_all(&mut object, &contact.members, CONTACT_FIELDS);
    put(&mut object, "tax_name", "");
    put(&mut object, "tax_percentage", Kind::Whole.empty());
    put(&mut object, "custom_fields", custom_fields(&contact.members).to_vec());
    put(&mut object, "custom_field_hash", custom_field_hash(contact));
    put(&mut object, "billing_address", address(&contact.billing_address));
    put(&mut object, "shipping_address", address(&contact.shipping_address));
    put(&mut object, "addresses", contact.addresses.iter().map(address).collect::<Vec<_>>());
    let primary = contact.primary().map_or(Json::from(""), |person| Json::id(person.contact_person_id));
    put(&mut object, "primary_contact_id", primary);
    let persons: Vec<Json> = contact.persons.iter().map(|person| person.show(None)).collect();
    put(&mut object, "contact_persons", persons);
    put(&mut object, "created_by_name", contact.created_by.as_str());
    times(&mut object, contact, organization);
    Json::Object(object)
}

/// One row of a list.
pub(crate) fn row(contact: &Contact, organization: &Organization) -> Json {
    let mut object = Object::with_capacity(60);
    head(&mut object, contact, organization);
    put(&mut object, "customer_name", contact.contact_name.as_str());
    put(&mut object, "vendor_name", contact.contact_name.as_str());
    let capitalized = match contact.contact_type {
        super::model::ContactType::Customer => "Customer",
        super::model::ContactType::Vendor => "Vendor",
    };
    put(&mut object, "contact_type_formatted", capitalized);
    for name in ["company_name", "website", "language_code", "payment_terms_label", "facebook", "twitter"] {
        put(&mut object, name, field::show(&contact.members, name, Kind::Free));
    }
    put(&mut object, "payment_terms", field::show(&contact.members, "payment_terms", Kind::Whole));
    for (name, _) in PERSON_FIELDS.iter().filter(|(name, _)| LISTED_PERSON_FIELDS.contains(name)) {
        put(&mut object, name, contact.primary().map_or("", |person| person.text(name)));
    }
    put(&mut object, "has_attachment", false);
    put(&mut object, "ach_supported", false);
    put(&mut object, "custom_fields", custom_fields(&contact.members).to_vec());
    put(&mut object, "custom_field_hash", custom_field_hash(contact));
    times(&mut object, contact, organization);
    Json::Object(object)
}

/// Members of a list row that come from the primary contact person.
const LISTED_PERSON_FIELDS: [&str; 5] = ["first_name", "last_name", "email", "phone", "mobile"];

/// One address with its id.
pub(crate) fn address(address: &Address) -> Json {
    let mut object = vec![("address_id".to_owned(), Json::id(address.address_id))];
    field::show_all(&mut object, &address.members, ADDRESS_FIELDS);
    Json::Object(object)
}

fn custom_field_hash(contact: &Contact) -> Json {
    let entries = custom_fields(&contact.members).iter().filter_map(|entry| {
        let name = entry.get("api_name")?.as_str()?.to_owned();
        Some((name, entry.get("value").cloned().unwrap_or(Json::Null)))
    });
    Json::Object(
        entries
            .flat_map(|(name, value)| [(format!("{name}_unformatted"), value.clone()), (name, value)])
            .collect(),
    )
}
