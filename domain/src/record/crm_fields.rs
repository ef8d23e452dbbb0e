//! The fields that CRM records have in every organization, as far as they can be mapped.

use super::CrmRecordType;
use super::finance::{ADDRESS_PARTS, FieldType};
use super::values::FieldKey;

/// A field of a CRM record that can be mapped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrmField {
    /// Its path in the schema: `billingAddress.city`, `customFields.region`.
    pub key: FieldKey,
    /// Its name for people.
    pub label: String,
    /// What it holds.
    pub field_type: FieldType,
    /// What can be chosen; only for choices.
    pub options: Vec<String>,
    /// Whether a record cannot be without it.
    pub is_required: bool,
    /// Whether no two living records may hold the same.
    pub is_unique: bool,
    /// Whether it takes nothing from the finance side.
    pub is_read_only: bool,
}

/// The parts that an address in the CRM has.
pub(super) const ADDRESS: [&str; 5] = ["street", "city", "state", "postalCode", "country"];

fn field(key: &'static str, label: &str, field_type: FieldType) -> CrmField {
    CrmField {
        key: FieldKey::of(key),
        label: label.to_owned(),
        field_type,
        options: Vec::new(),
        is_required: false,
        is_unique: false,
        is_read_only: false,
    }
}

fn text(key: &'static str, label: &str) -> CrmField {
    field(key, label, FieldType::Text)
}

fn number(key: &'static str, label: &str) -> CrmField {
    field(key, label, FieldType::Decimal)
}

fn required(field: CrmField) -> CrmField {
    CrmField { is_required: true, ..field }
}

fn address(key: &'static str, label: &str) -> impl Iterator<Item = CrmField> {
    let parts = ADDRESS_PARTS.into_iter().filter(|(part, ..)| ADDRESS.contains(part));
    parts.map(move |(part, name, _)| CrmField {
        key: FieldKey::from(format!("{key}.{part}")),
        ..text("", &format!("{label}: {name}"))
    })
}

/// The fields that records of this type have in every organization.
pub fn standard_crm_fields(record_type: CrmRecordType) -> Vec<CrmField> {
    match record_type {
        CrmRecordType::Account => {
            let mut fields = vec![
                required(text("name", "Name")),
                text("industry", "Industry"),
                text("website", "Website"),
                text("phone", "Telephone"),
                text("description", "Description"),
                number("yearEstablished", "Year of establishment"),
                number("employeeCount", "Employees"),
                number("annualRevenue", "Annual revenue"),
            ];
            fields.extend(address("billingAddress", "Billing address"));
            fields.extend(address("shippingAddress", "Shipping address"));
            fields
        }
        CrmRecordType::Contact => {
            let mut fields = vec![
                // Put together from the two below.
                CrmField { is_read_only: true, ..text("name", "Full name") },
                text("firstName", "Given name"),
                required(text("lastName", "Family name")),
                text("email", "E-mail"),
                text("phone", "Telephone"),
                text("title", "Position"),
                text("description", "Description"),
            ];
            fields.extend(address("mailingAddress", "Mailing address"));
            fields
        }
        CrmRecordType::Vendor => {
            let mut fields = vec![
                required(text("name", "Name")),
                text("email", "E-mail"),
                text("phone", "Telephone"),
                text("website", "Website"),
                text("description", "Description"),
            ];
            fields.extend(address("address", "Address"));
            fields
        }
        CrmRecordType::Product => vec![
            required(text("name", "Name")),
            text("code", "Product code"),
            text("family", "Product line"),
            number("unitPrice", "List price of one"),
            text("unit", "Unit"),
            text("description", "Description"),
            field("isActive", "Is sold", FieldType::Boolean),
            field("isTaxable", "Is taxed", FieldType::Boolean),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_fields_of_distinct_names_and_one_that_it_cannot_be_without() {
        for record_type in CrmRecordType::ALL {
            let fields = standard_crm_fields(*record_type);
            let mut keys: Vec<_> = fields.iter().map(|field| field.key.as_str()).collect();
            keys.sort_unstable();
            keys.dedup();
            assert_eq!(keys.len(), fields.len(), "{record_type:?}");
            assert_eq!(fields.iter().filter(|field| field.is_required).count(), 1, "{record_type:?}");
        }
    }
}
