//! What each kind of CRM record holds, by field. Fields are named by their paths in the schema. Empty fields are empty
//! texts, so that clearing one travels too.

use finbridge_domain::Amount;
use finbridge_domain::record::{CrmRecordType, FieldKey, Values};
use finbridge_entity::types::Address;
use finbridge_entity::{TenantOwned, account, contact, product, vendor};

use super::{SourceRecord, code_key};

/// A table of CRM records that sync.
pub(super) trait CrmTable: TenantOwned + Default {
    /// Which kind of record it holds.
    const TYPE: CrmRecordType;
    /// Its name.
    const NAME: &'static str;
    /// The record of a row, without added fields.
    fn source(row: Self::Model) -> SourceRecord;
}

fn text(values: &mut Values, key: &'static str, value: Option<String>) {
    values.insert(FieldKey::of(key), value.map(|value| value.trim().to_owned()).unwrap_or_default());
}

fn address(values: &mut Values, key: &str, address: Option<Address>) {
    let Address { street, city, state, postal_code, country } = address.unwrap_or_default();
    let parts = [
        ("street", street),
        ("city", city),
        ("state", state),
        ("postalCode", postal_code),
        ("country", country),
    ];
    for (part, value) in parts {
        let value = value.map(|value| value.trim().to_owned()).unwrap_or_default();
        values.insert(FieldKey::from(format!("{key}.{part}")), value);
    }
}

/// What every kind of record has, around what is particular to one.
macro_rules! source {
    ($row:ident, $type:expr, $values:expr) => {
        SourceRecord {
            id: $row.id,
            record_type: $type,
            wire_id: $row.wire_id,
            name: $row.name.trim().to_owned(),
            name_key: $row.name_key,
            code_key: None,
            account_id: None,
            version: $row.version,
            is_deleted: $row.deleted_at.is_some(),
            values: $values,
        }
    };
}

impl CrmTable for account::Entity {
    const TYPE: CrmRecordType = CrmRecordType::Account;
    const NAME: &'static str = "account";

    fn source(row: account::Model) -> SourceRecord {
        let mut values = Values::new();
        text(&mut values, "name", Some(row.name.clone()));
        text(&mut values, "industry", row.industry);
        text(&mut values, "website", row.website);
        text(&mut values, "phone", row.phone);
        text(&mut values, "description", row.description);
        text(&mut values, "yearEstablished", row.year_established.map(|year| year.to_string()));
        text(&mut values, "employeeCount", row.employee_count.map(|count| count.to_string()));
        text(&mut values, "annualRevenue", row.annual_revenue_units.map(decimal));
        address(&mut values, "billingAddress", row.billing_address);
        address(&mut values, "shippingAddress", row.shipping_address);
        source!(row, Self::TYPE, values)
    }
}

impl CrmTable for contact::Entity {
    const TYPE: CrmRecordType = CrmRecordType::Contact;
    const NAME: &'static str = "contact";

    fn source(row: contact::Model) -> SourceRecord {
        let mut values = Values::new();
        text(&mut values, "name", Some(row.name.clone()));
        text(&mut values, "firstName", row.first_name);
        text(&mut values, "lastName", Some(row.last_name));
        text(&mut values, "email", row.email);
        text(&mut values, "phone", row.phone);
        text(&mut values, "title", row.title);
        text(&mut values, "description", row.description);
        address(&mut values, "mailingAddress", row.mailing_address);
        let account_id = row.account_id;
        SourceRecord { account_id, ..source!(row, Self::TYPE, values) }
    }
}

impl CrmTable for vendor::Entity {
    const TYPE: CrmRecordType = CrmRecordType::Vendor;
    const NAME: &'static str = "vendor";

    fn source(row: vendor::Model) -> SourceRecord {
        let mut values = Values::new();
        text(&mut values, "name", Some(row.name.clone()));
        text(&mut values, "email", row.email);
        text(&mut values, "phone", row.phone);
        text(&mut values, "website", row.website);
        text(&mut values, "description", row.description);
        address(&mut values, "address", row.address);
        source!(row, Self::TYPE, values)
    }
}

impl CrmTable for product::Entity {
    const TYPE: CrmRecordType = CrmRecordType::Product;
    const NAME: &'static str = "product";

    fn source(row: product::Model) -> SourceRecord {
        let mut values = Values::new();
        let code_key = row.code.as_deref().and_then(code_key);
        text(&mut values, "name", Some(row.name.clone()));
        text(&mut values, "code", row.code);
        text(&mut values, "family", row.family);
        // A product without a price is sold for nothing there: items cannot be without one.
        text(&mut values, "unitPrice", Some(row.unit_price_units.map_or_else(|| "0".to_owned(), decimal)));
        text(&mut values, "unit", row.unit);
        text(&mut values, "description", row.description);
        text(&mut values, "isActive", Some(row.is_active.to_string()));
        text(&mut values, "isTaxable", Some(row.is_taxable.to_string()));
        SourceRecord { code_key, ..source!(row, Self::TYPE, values) }
    }
}

/// Ten-thousandths as an exact number without trailing zeros.
pub(super) fn decimal(units: i64) -> String {
    Amount::from_units(units).to_decimal().to_string()
}
