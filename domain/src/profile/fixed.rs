//! Field maps that a profile fixes, and those that hold while nobody chose others (R093, R097).

use super::{CapabilityProfile, Mapping};
use crate::module::{CrmModule, DuplicatePolicy, SyncModule, SyncSettings};
use crate::record::{CrmRecordType, FieldKey, FieldMap, FieldPair, Source};

/// The map of a source that cannot be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FixedMap {
    /// What becomes what.
    pub source: Source,
    /// CRM field and finance field.
    pub pairs: &'static [(&'static str, &'static str)],
}

/// What Books took over in 2013. The guide says that the list is fixed and does not have it, so this is an assumption
/// (`docs/requirements.md`, after section 4), of the fields that this CRM has. Correct it here; maps are stored when
/// settings are saved.
pub(super) const BOOKS_2013_MAPS: &[FixedMap] = &[
    FixedMap {
        source: Source::ACCOUNTS,
        pairs: &[
            ("name", "displayName"),
            ("name", "companyName"),
            ("phone", "billingAddress.phone"),
            ("website", "website"),
            ("description", "notes"),
            ("billingAddress.street", "billingAddress.street"),
            ("billingAddress.city", "billingAddress.city"),
            ("billingAddress.state", "billingAddress.state"),
            ("billingAddress.postalCode", "billingAddress.postalCode"),
            ("billingAddress.country", "billingAddress.country"),
            ("shippingAddress.street", "shippingAddress.street"),
            ("shippingAddress.city", "shippingAddress.city"),
            ("shippingAddress.state", "shippingAddress.state"),
            ("shippingAddress.postalCode", "shippingAddress.postalCode"),
            ("shippingAddress.country", "shippingAddress.country"),
        ],
    },
    FixedMap {
        source: Source::CONTACTS,
        pairs: &[
            ("name", "displayName"),
            ("firstName", "firstName"),
            ("lastName", "lastName"),
            ("email", "email"),
            ("phone", "phone"),
            ("mailingAddress.street", "billingAddress.street"),
            ("mailingAddress.city", "billingAddress.city"),
            ("mailingAddress.state", "billingAddress.state"),
            ("mailingAddress.postalCode", "billingAddress.postalCode"),
            ("mailingAddress.country", "billingAddress.country"),
        ],
    },
    FixedMap {
        source: Source::PERSONS,
        pairs: &[
            ("firstName", "firstName"),
            ("lastName", "lastName"),
            ("email", "email"),
            ("phone", "phone"),
        ],
    },
];

impl FixedMap {
    /// The map. Nothing of it comes back: fixed maps are of one way.
    pub fn map(&self) -> FieldMap {
        let pair = |&(crm, finance): &(&'static str, &'static str)| FieldPair {
            crm: FieldKey::of(crm),
            finance: FieldKey::of(finance),
            to_crm: false,
        };
        FieldMap(self.pairs.iter().map(pair).collect())
    }
}

/// What of an account its customer's first person gets, where accounts are persons too (X08). Nothing of it comes back: the
/// customer itself has the same.
const ACCOUNT_AS_PERSON: [(&str, &str); 2] = [("name", "lastName"), ("phone", "phone")];

impl CapabilityProfile {
    /// The map of a source that holds while nobody chose another; where maps are fixed, the only one. `crm_module` is what
    /// feeds customers; accounts when it is not told.
    pub fn default_map(&self, source: Source, crm_module: Option<CrmModule>) -> FieldMap {
        let fixed = self.fixed_maps.iter().find(|fixed| fixed.source == source);
        let mut map = fixed.map_or_else(|| FieldMap::default_of(source), FixedMap::map);
        if source == Source::ACCOUNTS && self.makes_persons_of_accounts(crm_module) {
            let pairs = ACCOUNT_AS_PERSON.into_iter().map(|(crm, finance)| FieldPair {
                crm: FieldKey::of(crm),
                finance: FieldKey::of(finance),
                to_crm: false,
            });
            map.0.extend(pairs);
        }
        map
    }

    /// Whether accounts become persons of their customers too (X08). Not where contacts become those: the first person of a
    /// customer is then somebody.
    pub(super) fn makes_persons_of_accounts(&self, crm_module: Option<CrmModule>) -> bool {
        self.is_account_also_person && matches!(crm_module, None | Some(CrmModule::Accounts))
    }

    /// What a module makes of what when this CRM module feeds it, in the order in which it is done; nothing when the profile
    /// does not offer the module.
    pub fn sources(&self, module: SyncModule, crm_module: Option<CrmModule>) -> Vec<Source> {
        if !self.modules.contains(&module) {
            return Vec::new();
        }
        // Neither direction nor policy bears on it.
        let settings =
            SyncSettings { crm_module, ..SyncSettings::new(self.default_direction, DuplicatePolicy::Skip) };
        settings.lanes(module).into_iter().map(|lane| lane.source).collect()
    }

    /// The CRM fields of this type that travel, where that is fixed (R097); none where fields can be mapped.
    pub fn fixed_fields(&self, record_type: CrmRecordType) -> Option<Vec<&'static str>> {
        if self.mapping == Mapping::Free {
            return None;
        }
        let maps = self.fixed_maps.iter().filter(|fixed| fixed.source.record_type == record_type);
        let mut fields: Vec<_> = maps.flat_map(|fixed| fixed.pairs).map(|(crm, _)| *crm).collect();
        fields.sort_unstable();
        fields.dedup();
        Some(fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{BOOKS_2013, BOOKS_ACCOUNT_PERSONS, BOOKS_NOW, ERP};
    use crate::record::{Schema, standard_crm_fields};

    #[test]
    fn r097_fixed_maps_are_complete_for_their_profile_and_can_be_followed() {
        for profile in CapabilityProfile::ALL {
            assert_eq!(profile.mapping == Mapping::Fixed, !profile.fixed_maps.is_empty(), "{}", profile.key);
            for crm_module in CrmModule::ALL {
                for source in profile.sources(SyncModule::Customers, Some(*crm_module)) {
                    let map = profile.default_map(source, Some(*crm_module));
                    assert_eq!(map.check(source), Ok(()), "{} {source:?}", profile.key);
                    let schema = Schema {
                        crm: standard_crm_fields(source.record_type),
                        hidden: Vec::new(),
                        finance: crate::record::finance::standard_fields(source.kind),
                    };
                    assert_eq!(schema.check(&map, false), [], "{} {source:?}", profile.key);
                }
            }
        }
        let fields = BOOKS_2013.fixed_fields(CrmRecordType::Contact).unwrap();
        assert!(fields.contains(&"email") && !fields.contains(&"title"), "{fields:?}");
        assert_eq!(ERP.fixed_fields(CrmRecordType::Contact), None);
    }

    #[test]
    fn x08_accounts_are_persons_too_where_the_profile_says_so_and_nobody_else_is() {
        let has_person = |profile: &CapabilityProfile, crm_module| {
            let map = profile.default_map(Source::ACCOUNTS, Some(crm_module));
            map.finance_fields().any(|field| field.as_str() == "lastName")
        };
        assert!(has_person(&BOOKS_ACCOUNT_PERSONS, CrmModule::Accounts));
        assert!(!has_person(&BOOKS_ACCOUNT_PERSONS, CrmModule::AccountsAndContacts));
        assert!(!has_person(&BOOKS_NOW, CrmModule::Accounts));
    }
}
