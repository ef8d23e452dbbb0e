//! Customers are contacts of the type `customer`.

use finbridge_contract::{CrmRecordType, CrmReference, Failure, FailureKind, RemoteCustomer};
use finbridge_domain::WireId;
use finbridge_domain::record::{Customer, CustomerField, CustomerKind, CustomerValues};
use serde_json::{Map, Value};

use crate::cursor::parse_time;
use crate::lenient::as_text;
use crate::wire::contact::Contact;

/// One of a contact's two addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Address {
    Billing,
    Shipping,
}

impl Address {
    const ALL: [Self; 2] = [Self::Billing, Self::Shipping];

    fn member(self) -> &'static str {
        match self {
            Self::Billing => "billing_address",
            Self::Shipping => "shipping_address",
        }
    }

    fn of(self, contact: &Contact) -> Option<&Map<String, Value>> {
        match self {
            Self::Billing => contact.billing_address.as_ref(),
            Self::Shipping => contact.shipping_address.as_ref(),
        }
    }
}

/// Where a field is found.
enum Place {
    /// A member of the contact itself, and how it is read.
    Own(&'static str, fn(&Contact) -> Option<&String>),
    /// A member of an address.
    In(Address, &'static str),
}

fn place(field: CustomerField) -> Place {
    match field {
        CustomerField::DisplayName => Place::Own("contact_name", |contact| contact.contact_name.as_ref()),
        CustomerField::CompanyName => Place::Own("company_name", |contact| contact.company_name.as_ref()),
        CustomerField::Website => Place::Own("website", |contact| contact.website.as_ref()),
        CustomerField::BillingStreet => Place::In(Address::Billing, "address"),
        CustomerField::BillingCity => Place::In(Address::Billing, "city"),
        CustomerField::BillingState => Place::In(Address::Billing, "state"),
        CustomerField::BillingPostalCode => Place::In(Address::Billing, "zip"),
        CustomerField::BillingCountry => Place::In(Address::Billing, "country"),
        CustomerField::BillingPhone => Place::In(Address::Billing, "phone"),
        CustomerField::ShippingStreet => Place::In(Address::Shipping, "address"),
        CustomerField::ShippingCity => Place::In(Address::Shipping, "city"),
        CustomerField::ShippingState => Place::In(Address::Shipping, "state"),
        CustomerField::ShippingPostalCode => Place::In(Address::Shipping, "zip"),
        CustomerField::ShippingCountry => Place::In(Address::Shipping, "country"),
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

/// Whether these values touch an address. The vendor replaces an address as a whole, so the present one is needed.
pub(crate) fn touches_address(values: &CustomerValues) -> bool {
    values.keys().any(|field| matches!(place(*field), Place::In(..)))
}

/// The members to write: those of `values`, and around address fields the rest of the present address.
pub(crate) fn members(values: &CustomerValues, present: Option<&Contact>) -> Map<String, Value> {
    let mut members = Map::new();
    for (field, value) in values {
        if let Place::Own(name, _) = place(*field) {
            members.insert(name.to_owned(), value.as_str().into());
        }
    }
    for address in Address::ALL {
        let given: Vec<(&str, &str)> = values
            .iter()
            .filter_map(|(field, value)| match place(*field) {
                Place::In(of, name) if of == address => Some((name, value.as_str())),
                _ => None,
            })
            .collect();
        if !given.is_empty() {
            let present = present.and_then(|contact| address.of(contact));
            members.insert(address.member().to_owned(), merged(present, &given).into());
        }
    }
    members
}

fn merged(present: Option<&Map<String, Value>>, given: &[(&str, &str)]) -> Map<String, Value> {
    let mut address = present.cloned().unwrap_or_default();
    address.remove("address_id");
    for (name, value) in given {
        if text_of(&address, name) == *value {
            continue;
        }
        for code in codes_beside(name) {
            address.remove(*code);
        }
        address.insert((*name).to_owned(), (*value).into());
    }
    address
}

fn text_of(address: &Map<String, Value>, name: &str) -> String {
    address.get(name).and_then(as_text).unwrap_or_default()
}

/// The sub-type under which a customer of this kind is made.
pub(crate) fn sub_type(kind: CustomerKind) -> &'static str {
    match kind {
        CustomerKind::Business => "business",
        CustomerKind::Individual => "individual",
    }
}

/// Whether this is a customer. A list that was asked for customers may still hold vendors when the filter is ignored.
pub(crate) fn is_customer(contact: &Contact) -> bool {
    contact.contact_type.as_deref() != Some("vendor")
}

/// The CRM record that the contact is linked to. An id that is no number is none of ours.
pub(crate) fn reference(contact: &Contact) -> Option<CrmReference> {
    let linked = |record_type, id: &Option<String>| {
        let wire_id = id.as_ref()?.parse().ok().filter(|number| *number > 0).map(WireId)?;
        Some(CrmReference { record_type, wire_id })
    };
    linked(CrmRecordType::Account, &contact.zcrm_account_id)
        .or_else(|| linked(CrmRecordType::Contact, &contact.zcrm_contact_id))
}

/// The customer that a contact is.
pub(crate) fn customer(contact: &Contact, request_id: Option<String>) -> Result<RemoteCustomer, Failure> {
    let modified_at = parse_time(&contact.last_modified_time).ok_or_else(|| Failure {
        request_id: request_id.clone(),
        ..Failure::new(FailureKind::Malformed, "a contact's time of change cannot be read")
    })?;
    let crm_reference = reference(contact);
    let kind = match (contact.customer_sub_type.as_deref(), crm_reference) {
        (Some("individual"), _) => CustomerKind::Individual,
        (Some("business"), _) => CustomerKind::Business,
        // Unsaid or unknown: a person is what is linked to a person.
        (_, Some(CrmReference { record_type: CrmRecordType::Contact, .. })) => CustomerKind::Individual,
        _ => CustomerKind::Business,
    };
    let values =
        CustomerField::ALL.iter().filter_map(|field| Some((*field, told(contact, *field)?))).collect();
    Ok(RemoteCustomer {
        remote_id: contact.contact_id.clone(),
        customer: Customer { kind, values },
        crm_reference,
        // `crm` is an active customer that has no transaction yet.
        is_active: !matches!(contact.status.as_deref(), Some("inactive" | "duplicate")),
        modified_at,
        request_id,
    })
}

/// The field's value, where the contact tells it. In an address that is told, a missing member is empty.
fn told(contact: &Contact, field: CustomerField) -> Option<String> {
    match place(field) {
        Place::Own(_, read) => read(contact).cloned(),
        Place::In(address, name) => address.of(contact).map(|address| text_of(address, name)),
    }
}
