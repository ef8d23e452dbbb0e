//! Which CRM field goes to which finance field (R092, R093).

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::CrmRecordType;
use super::crm_fields::{ADDRESS, standard_crm_fields};
use super::finance::{FieldType, RecordKind, in_crm_words, in_finance_words, standard_fields};
use super::values::{FieldKey, Values};

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
    ADDRESS.into_iter().map(move |part| FieldPair {
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
        let value = |pair: &FieldPair| Some(in_finance_words(&pair.finance, crm.get(&pair.crm)?));
        self.0.iter().filter_map(|pair| Some((pair.finance.clone(), value(pair)?))).collect()
    }

    /// What finance values would be in the CRM, as far as they come back.
    pub fn to_crm(&self, finance: &Values) -> Values {
        let value = |pair: &FieldPair| Some(in_crm_words(&pair.finance, finance.get(&pair.finance)?));
        let pairs = self.0.iter().filter(|pair| pair.to_crm);
        pairs.filter_map(|pair| Some((pair.crm.clone(), value(pair)?))).collect()
    }

    /// Whether changes of this finance field come back.
    pub fn comes_back(&self, finance: &FieldKey) -> bool {
        self.0.iter().any(|pair| pair.to_crm && pair.finance == *finance)
    }

    /// The CRM fields that the map reads.
    pub fn crm_fields(&self) -> impl Iterator<Item = &FieldKey> {
        self.0.iter().map(|pair| &pair.crm)
    }

    /// How many pairs have a field that somebody added, on either side.
    pub fn custom_pairs(&self) -> usize {
        let is_custom = |key: &FieldKey| key.custom_name().is_some();
        self.0.iter().filter(|pair| is_custom(&pair.crm) || is_custom(&pair.finance)).count()
    }

    /// The finance fields that the map writes.
    pub fn finance_fields(&self) -> impl Iterator<Item = &FieldKey> {
        self.0.iter().map(|pair| &pair.finance)
    }
}

/// Why a field map cannot be followed. Nothing of it is guessed: a field that is misspelt would never travel, and nobody would
/// hear of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MapFault {
    /// The CRM has no such field.
    #[error(
        "{0} has no field `{1}` that can be mapped; name fields as in the schema, such as `billingAddress.city`, and added ones as `customFields.` and their key"
    )]
    UnknownCrm(&'static str, FieldKey),
    /// The finance side has no such field.
    #[error("{0} has no field `{1}`; name added ones as `customFields.` and their API name")]
    UnknownFinance(&'static str, FieldKey),
    /// Two CRM fields for one finance field.
    #[error("`{0}` is mapped from two fields; leave one")]
    WrittenTwice(FieldKey),
    /// Two finance fields for one CRM field.
    #[error("`{0}` would come back from two fields; set `comesBack` for one of them")]
    ComesBackTwice(FieldKey),
    /// A CRM field that is made of others.
    #[error("`{0}` is made of other fields and cannot come back; set `comesBack: false`, and map those")]
    Computed(FieldKey),
    /// A finance record cannot be without this.
    #[error("`{0}` has to be mapped: finance records are found by it")]
    Nameless(FieldKey),
}

impl FieldMap {
    /// Whether the map can be followed.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn check(&self, source: Source) -> Result<(), MapFault> {
        let known = standard_fields(source.kind);
        let ours = standard_crm_fields(source.record_type);
        let (mut written, mut back) = (HashSet::new(), HashSet::new());
        for pair in &self.0 {
            let crm = ours.iter().find(|field| field.key == pair.crm);
            if pair.crm.custom_name().is_none() && crm.is_none() {
                return Err(MapFault::UnknownCrm(source.record_type.as_str(), pair.crm.clone()));
            }
            if pair.finance.custom_name().is_none() && known.iter().all(|field| field.key != pair.finance) {
                return Err(MapFault::UnknownFinance(source.kind.as_str(), pair.finance.clone()));
            }
            if !written.insert(&pair.finance) {
                return Err(MapFault::WrittenTwice(pair.finance.clone()));
            }
            if pair.to_crm && crm.is_some_and(|field| field.is_read_only) {
                return Err(MapFault::Computed(pair.crm.clone()));
            }
            if pair.to_crm && !back.insert(&pair.crm) {
                return Err(MapFault::ComesBackTwice(pair.crm.clone()));
            }
        }
        let name = source.kind.name_field();
        if written.contains(&name) { Ok(()) } else { Err(MapFault::Nameless(name)) }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r093_default_maps_name_fields_that_exist_and_come_back_from_one_place() {
        for source in Source::ALL {
            assert_eq!(FieldMap::default_of(*source).check(*source), Ok(()), "{source:?}");
        }
    }

    #[test]
    fn r092_a_map_that_cannot_be_followed_is_refused_by_the_field() {
        let with = |pair: FieldPair| {
            let mut map = FieldMap::default_of(Source::ACCOUNTS);
            map.0.push(pair);
            map.check(Source::ACCOUNTS)
        };
        assert_eq!(with(both("customFields.region", "customFields.cf_region")), Ok(()));
        assert_eq!(
            with(out("industy", "notes")),
            Err(MapFault::UnknownCrm("ACCOUNT", FieldKey::of("industy")))
        );
        let unknown = MapFault::UnknownCrm("ACCOUNT", FieldKey::of("billingAddress.town"));
        assert_eq!(with(out("billingAddress.town", "notes")), Err(unknown));
        let unknown = MapFault::UnknownFinance("CUSTOMER", FieldKey::of("note"));
        assert_eq!(with(out("industry", "note")), Err(unknown));
        assert_eq!(with(out("industry", "website")), Err(MapFault::WrittenTwice(FieldKey::of("website"))));
        assert_eq!(with(both("website", "notes")), Err(MapFault::ComesBackTwice(FieldKey::of("website"))));
        let nameless = FieldMap(vec![both("website", "website")]).check(Source::ACCOUNTS);
        assert_eq!(nameless, Err(MapFault::Nameless(FieldKey::of("displayName"))));
        let computed = FieldMap(vec![both("name", "displayName")]).check(Source::CONTACTS);
        assert_eq!(computed, Err(MapFault::Computed(FieldKey::of("name"))));
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
