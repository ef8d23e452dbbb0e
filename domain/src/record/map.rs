//! Which CRM field goes to which finance field (R092, R093).

use serde::{Deserialize, Serialize};

use super::finance::{FieldType, RecordKind};
use super::values::{FieldChange, FieldKey, Values};
use super::{CrmRecordType, values};

/// A CRM field and the finance field that it goes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldPair {
    /// The CRM field, by its path in the schema: `billingAddress.city`, `customFields.region`.
    pub crm: FieldKey,
    /// The finance field.
    pub finance: FieldKey,
    /// Whether a change on the finance side comes back. A CRM field comes back from one finance field at most.
    pub to_crm: bool,
}

/// CRM records of one kind that become finance records of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Source {
    /// The CRM side.
    pub record_type: CrmRecordType,
    /// The finance side.
    pub kind: RecordKind,
}

impl Source {
    /// Accounts as customers (R061).
    pub const ACCOUNTS: Self = Self { record_type: CrmRecordType::Account, kind: RecordKind::Customer };
    /// Contacts as customers (R062).
    pub const CONTACTS: Self = Self { record_type: CrmRecordType::Contact, kind: RecordKind::Customer };
    /// Contacts as persons at their account's customer (R063).
    pub const PERSONS: Self = Self { record_type: CrmRecordType::Contact, kind: RecordKind::ContactPerson };
    /// Vendors as vendors (R052).
    pub const VENDORS: Self = Self { record_type: CrmRecordType::Vendor, kind: RecordKind::Vendor };
    /// Products as items (R053).
    pub const PRODUCTS: Self = Self { record_type: CrmRecordType::Product, kind: RecordKind::Item };

    /// Every way in which CRM records become finance records.
    pub const ALL: &'static [Self] =
        &[Self::ACCOUNTS, Self::CONTACTS, Self::PERSONS, Self::VENDORS, Self::PRODUCTS];
}

/// The map of one source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FieldMap(pub Vec<FieldPair>);

const fn both(crm: &'static str, finance: &'static str) -> FieldPair {
    FieldPair { crm: FieldKey::of(crm), finance: FieldKey::of(finance), to_crm: true }
}

fn out(crm: &'static str, finance: &'static str) -> FieldPair {
    FieldPair { to_crm: false, ..both(crm, finance) }
}

fn address(crm: &'static str, finance: &'static str) -> impl Iterator<Item = FieldPair> {
    ["street", "city", "state", "postalCode", "country"].into_iter().map(move |part| FieldPair {
        crm: FieldKey::from(format!("{crm}.{part}")),
        finance: FieldKey::from(format!("{finance}.{part}")),
        to_crm: true,
    })
}

impl FieldMap {
    /// The map that holds while nobody chose another (R093).
    pub fn default_of(source: Source) -> Self {
        let mut pairs = Vec::new();
        match (source.record_type, source.kind) {
            (CrmRecordType::Account, _) => {
                pairs.extend([
                    both("name", "displayName"),
                    out("name", "companyName"),
                    both("website", "website"),
                ]);
                pairs.push(both("phone", "billingAddress.phone"));
                pairs.extend(address("billingAddress", "billingAddress"));
                pairs.extend(address("shippingAddress", "shippingAddress"));
            }
            (CrmRecordType::Contact, RecordKind::ContactPerson) => {
                pairs.extend([both("firstName", "firstName"), both("lastName", "lastName")]);
                pairs.extend([both("email", "email"), both("phone", "phone"), both("title", "designation")]);
            }
            (CrmRecordType::Contact, _) => {
                pairs.extend([out("name", "displayName"), both("firstName", "firstName")]);
                pairs.extend([both("lastName", "lastName"), both("email", "email"), both("phone", "phone")]);
                pairs.extend(address("mailingAddress", "billingAddress"));
            }
            (CrmRecordType::Vendor, _) => {
                pairs.extend([
                    both("name", "displayName"),
                    out("name", "companyName"),
                    both("website", "website"),
                ]);
                pairs.extend([both("email", "email"), both("phone", "phone")]);
                pairs.extend(address("address", "billingAddress"));
            }
            (CrmRecordType::Product, _) => {
                pairs.extend([both("name", "name"), both("code", "sku"), both("unitPrice", "rate")]);
                pairs.extend([both("description", "description"), both("unit", "unit")]);
                pairs.push(both("isActive", "isActive"));
            }
        }
        Self(pairs)
    }

    /// What the CRM's values would be on the finance side. A mapped CRM field that is empty is written as empty, so that
    /// clearing a field travels too; one that `crm` does not name is not written.
    pub fn to_finance(&self, crm: &Values) -> Values {
        let pairs = self.0.iter();
        pairs.filter_map(|pair| Some((pair.finance.clone(), crm.get(&pair.crm)?.clone()))).collect()
    }

    /// What finance values would be in the CRM, as far as they come back.
    pub fn to_crm(&self, finance: &Values) -> Values {
        let pairs = self.0.iter().filter(|pair| pair.to_crm);
        pairs.filter_map(|pair| Some((pair.crm.clone(), finance.get(&pair.finance)?.clone()))).collect()
    }

    /// Whether changes of this finance field come back.
    pub fn comes_back(&self, finance: &FieldKey) -> bool {
        self.0.iter().any(|pair| pair.to_crm && pair.finance == *finance)
    }

    /// Changes of finance fields as changes of CRM fields, as far as they come back.
    pub fn changes_to_crm(&self, changes: &[FieldChange]) -> Vec<FieldChange> {
        let pair = |change: &FieldChange| {
            self.0
                .iter()
                .find(|pair| pair.to_crm && pair.finance == change.field)
                .map(|pair| pair.crm.clone())
        };
        changes
            .iter()
            .filter_map(|change| Some(FieldChange { field: pair(change)?, ..change.clone() }))
            .collect()
    }

    /// The CRM fields that the map reads.
    pub fn crm_fields(&self) -> impl Iterator<Item = &FieldKey> {
        self.0.iter().map(|pair| &pair.crm)
    }

    /// The finance fields that the map writes.
    pub fn finance_fields(&self) -> impl Iterator<Item = &FieldKey> {
        self.0.iter().map(|pair| &pair.finance)
    }
}

/// The form in which values of a type are compared: blanks trimmed, numbers without trailing zeros.
pub fn canonical(field_type: FieldType, value: &str) -> String {
    let value = value.trim();
    match field_type {
        FieldType::Decimal => match value.parse::<rust_decimal::Decimal>() {
            Ok(number) => number.normalize().to_string(),
            Err(_) => value.to_owned(),
        },
        FieldType::Boolean => value.to_ascii_lowercase(),
        FieldType::Text | FieldType::Choice | FieldType::Date => value.to_owned(),
    }
}

/// What changes on the finance side, and what in the CRM.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Finance fields to be written.
    pub to_finance: Vec<FieldChange>,
    /// Finance fields whose change comes into the CRM, named as on the finance side.
    pub to_crm: Vec<FieldChange>,
}

impl Changes {
    /// The finance values that `to_finance` leads to.
    pub fn finance_values(&self) -> Values {
        values::after(&self.to_finance)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::record::finance::standard_fields;

    #[test]
    fn r093_default_maps_name_fields_that_exist_and_come_back_from_one_place() {
        for source in Source::ALL {
            let map = FieldMap::default_of(*source);
            assert!(!map.0.is_empty(), "{source:?}");
            let known: HashSet<_> = standard_fields(source.kind).into_iter().map(|field| field.key).collect();
            let mut back = HashSet::new();
            for pair in &map.0 {
                assert!(known.contains(&pair.finance), "{source:?}: {}", pair.finance);
                assert!(!pair.to_crm || back.insert(pair.crm.clone()), "{source:?}: {}", pair.crm);
            }
            assert!(map.finance_fields().any(|field| *field == source.kind.name_field()));
        }
    }

    #[test]
    fn values_go_there_and_back() {
        let map = FieldMap::default_of(Source::ACCOUNTS);
        let crm = Values::from([
            (FieldKey::of("name"), "Acme".to_owned()),
            (FieldKey::of("phone"), "1".to_owned()),
        ]);
        let finance = map.to_finance(&crm);
        assert_eq!(finance.get("displayName").map(String::as_str), Some("Acme"));
        assert_eq!(finance.get("companyName").map(String::as_str), Some("Acme"));
        assert!(!finance.contains_key("website"), "what is not told is not written");
        assert_eq!(map.to_crm(&finance), crm);
    }

    #[test]
    fn numbers_compare_by_value() {
        assert_eq!(canonical(FieldType::Decimal, " 100.00 "), "100");
        assert_eq!(canonical(FieldType::Decimal, "0.10"), "0.1");
        assert_eq!(canonical(FieldType::Text, " 100.00 "), "100.00");
    }
}
