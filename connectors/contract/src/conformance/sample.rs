//! Records with a value of their own in every field.

use finbridge_domain::record::finance::standard_fields;
use finbridge_domain::record::{CustomerKind, FieldKey, RecordKind, Values};

use crate::adapter::{NewRecord, RemoteRecord};

/// The name that probes have, whatever they are.
pub(super) const NAME: &str = "Conformance Probe Ltd";

/// The name of a record that stands beside it.
pub(super) const OTHER_NAME: &str = "Conformance Probe Ltd (2)";

/// The name of the customer that persons are made at.
pub(super) const PARENT_NAME: &str = "Conformance Holder Ltd";

fn value(kind: RecordKind, field: &str) -> &'static str {
    match field {
        "displayName" | "name" => NAME,
        "companyName" => "Conformance Probe Limited",
        "website" => "https://probe.example",
        "notes" => "Made to try the finance app.",
        "firstName" => "Ada",
        "lastName" => "Prober",
        "email" => match kind {
            RecordKind::ContactPerson => "ada.at@probe.example",
            _ => "ada@probe.example",
        },
        "phone" => "+420 555 010 002",
        "mobile" => "+420 555 010 003",
        "designation" => "Tester",
        "department" => "Quality",
        "rate" => "12.345",
        "description" => "An hour of probing.",
        "unit" => "h",
        "sku" => "PROBE-1",
        "productType" => "service",
        "isActive" => "true",
        "billingAddress.street" => "Bill Street 1",
        "billingAddress.city" => "Brno",
        "billingAddress.state" => "Moravia",
        "billingAddress.postalCode" => "602 00",
        "billingAddress.country" => "Czech Republic",
        "billingAddress.phone" => "+420 555 010 001",
        "billingAddress.fax" => "+420 555 010 004",
        "shippingAddress.street" => "Ship Street 2",
        "shippingAddress.city" => "Graz",
        "shippingAddress.state" => "Styria",
        "shippingAddress.postalCode" => "8010",
        "shippingAddress.country" => "Austria",
        "shippingAddress.phone" => "+43 555 010 005",
        "shippingAddress.fax" => "+43 555 010 006",
        _ => "",
    }
}

/// A record with a value in every field that records of its kind have in every organization.
pub(super) fn wanted(kind: RecordKind, customer_kind: Option<CustomerKind>) -> NewRecord {
    let fields = standard_fields(kind).into_iter();
    let values = fields.map(|field| (field.key.clone(), value(kind, field.key.as_str()).to_owned()));
    NewRecord { parent_id: None, customer_kind, is_primary: false, values: values.collect() }
}

/// The same under another name, and for items another SKU.
pub(super) fn named(record: &NewRecord, kind: RecordKind, name: &str, sku: &str) -> NewRecord {
    let mut record = record.clone();
    record.values.insert(kind.name_field(), name.to_owned());
    if let Some(value) = record.values.get_mut("sku") {
        sku.clone_into(value);
    }
    record
}

/// Changes that are written one by one: of the record itself, of what it is made of, and of what belongs to it.
pub(super) fn changes(kind: RecordKind) -> Vec<Values> {
    let one = |field: &'static str, value: &str| Values::from([(FieldKey::of(field), value.to_owned())]);
    match kind {
        RecordKind::Customer | RecordKind::Vendor => vec![
            one("notes", "Tried."),
            one("email", "ada.prober@probe.example"),
            one("billingAddress.city", "Ostrava"),
        ],
        RecordKind::ContactPerson => vec![one("designation", ""), one("phone", "+420 555 010 009")],
        RecordKind::Item => vec![one("isActive", "false"), one("isActive", "true"), one("rate", "0.1")],
    }
}

/// Whether the record tells these values.
pub(super) fn same_values(act: &str, wanted: &Values, told: &RemoteRecord) -> Result<(), String> {
    for (field, value) in wanted {
        let got = told.values.get(field).map_or("nothing", String::as_str);
        if got != value {
            return Err(format!("after {act} the field {field} is {got:?}, expected {value:?}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probes_have_a_value_in_every_field() {
        for kind in RecordKind::ALL {
            for (field, value) in wanted(*kind, None).values {
                assert!(!value.is_empty(), "{kind:?} {field}");
            }
        }
    }
}
