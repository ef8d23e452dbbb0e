//! What is wished for, held against what the profile offers.

use std::collections::BTreeMap;

use super::{CapabilityProfile, Mapping};
use crate::module::{
    BothModifiedPolicy, CompareNameWith, CrmModule, Direction, DuplicatePolicy, ItemMatchKey, SyncModule,
    SyncSettings, ViewChoice, map_key,
};
use crate::record::{CrmRecordType, FieldMap, MapFault, Source};

/// Settings as somebody chose them; what is absent was not chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SettingsWish {
    /// Which CRM module feeds customers.
    pub crm_module: Option<CrmModule>,
    /// Whether contacts without an account become customers.
    pub include_unassociated: Option<bool>,
    /// Which way records travel.
    pub direction: Option<Direction>,
    /// What happens on a duplicate.
    pub duplicate_policy: Option<DuplicatePolicy>,
    /// What happens when both sides changed the same field.
    pub both_modified_policy: Option<BothModifiedPolicy>,
    /// By what items are matched.
    pub item_match_key: Option<ItemMatchKey>,
    /// What an item's name is compared with.
    pub compare_name_with: Option<CompareNameWith>,
    /// Views that limit what is synchronised.
    pub views: BTreeMap<CrmRecordType, ViewChoice>,
    /// Field maps, by their keys.
    pub field_maps: BTreeMap<String, FieldMap>,
    /// Whether runs start by themselves.
    pub is_automatic: Option<bool>,
    /// Share of the linked records, in per cent, beyond which deletions wait for approval.
    pub deletion_guard_percent: Option<u8>,
}

/// Why settings are refused. `field` names what was wished, as in the schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsRefusal {
    /// The profile does not offer the module.
    #[error("the profile {profile} does not offer {module} (modules); it offers {}", offered.join(", "))]
    Module {
        /// The profile asked.
        profile: &'static str,
        /// The module.
        module: &'static str,
        /// What it offers.
        offered: Vec<&'static str>,
    },
    /// The profile has no such setting for this module.
    #[error("the profile {profile} has no such setting here ({key}); leave `{field}` out")]
    Setting {
        /// The profile asked.
        profile: &'static str,
        /// The profile key that refuses.
        key: &'static str,
        /// What was wished.
        field: &'static str,
    },
    /// The profile does not offer this value.
    #[error("the profile {profile} does not offer {value} ({key}); it offers {}", offered.join(", "))]
    Value {
        /// The profile asked.
        profile: &'static str,
        /// The profile key that refuses.
        key: &'static str,
        /// What was wished.
        field: &'static str,
        /// The value.
        value: &'static str,
        /// What it offers.
        offered: Vec<&'static str>,
    },
    /// The profile allows this policy elsewhere, not here (R087).
    #[error("{value} is not allowed when items are matched by SKU ({key} of {profile}); choose {}", offered.join(" or "))]
    Policy {
        /// The profile asked.
        profile: &'static str,
        /// The profile key that refuses.
        key: &'static str,
        /// The value.
        value: &'static str,
        /// What it offers.
        offered: Vec<&'static str>,
    },
    /// The profile's field map cannot be changed (R097).
    #[error("the field map of the profile {profile} is fixed (mapping); leave `fieldMaps` out")]
    MappingFixed {
        /// The profile asked.
        profile: &'static str,
    },
    /// A field map that cannot be followed (R092).
    #[error(transparent)]
    Map(#[from] MapFault),
    /// Something that has to be chosen was not (R060).
    #[error("choose `{field}`: {}", offered.join(", "))]
    Missing {
        /// What was not chosen.
        field: &'static str,
        /// What there is.
        offered: Vec<&'static str>,
    },
}

impl CapabilityProfile {
    /// The settings that a wish leads to.
    ///
    /// # Errors
    /// The first part of it that the profile does not offer, with the profile key that refuses it.
    pub fn settle(&self, module: SyncModule, wish: SettingsWish) -> Result<SyncSettings, SettingsRefusal> {
        if !self.modules.contains(&module) {
            return Err(SettingsRefusal::Module {
                profile: self.key,
                module: module.as_str(),
                offered: self.modules.iter().map(|one| one.as_str()).collect(),
            });
        }
        let is_items = module == SyncModule::Items;
        self.no_setting(
            module == SyncModule::Customers || wish.crm_module.is_none(),
            "customers.crmModules",
            "crmModule",
        )?;
        self.no_setting(
            self.extent_modules.contains(&module) || wish.direction.is_none(),
            "extent",
            "direction",
        )?;
        let direction = wish.direction.unwrap_or(self.default_direction);
        self.offers("directions", "direction", self.directions, direction, Direction::as_str)?;
        self.no_setting(is_items || wish.item_match_key.is_none(), "matchKeys", "itemMatchKey")?;
        let item_match_key = wish.item_match_key.unwrap_or(ItemMatchKey::Name);
        if is_items {
            let key = ItemMatchKey::as_str;
            self.offers("matchKeys", "itemMatchKey", self.item_match_keys, item_match_key, key)?;
        }
        self.no_setting(is_items || wish.compare_name_with.is_none(), "matchKeys", "compareNameWith")?;
        for (record_type, field) in [
            (CrmRecordType::Account, "accountViewId"),
            (CrmRecordType::Contact, "contactViewId"),
            (CrmRecordType::Vendor, "vendorViewId"),
            (CrmRecordType::Product, "productViewId"),
        ] {
            let is_wished = wish.views.contains_key(&record_type);
            let is_offered = self.views.contains(&record_type) && feeds(module, wish.crm_module, record_type);
            self.no_setting(!is_wished || is_offered, "views", field)?;
        }
        if self.mapping == Mapping::Fixed && !wish.field_maps.is_empty() {
            return Err(SettingsRefusal::MappingFixed { profile: self.key });
        }
        for source in Source::ALL {
            if let Some(map) = wish.field_maps.get(&map_key(*source)) {
                map.check(*source)?;
            }
        }
        let crm_module = match (module, wish.crm_module) {
            (SyncModule::Customers, None) => {
                let offered = self.customer_crm_modules.iter().map(|one| one.as_str()).collect();
                return Err(SettingsRefusal::Missing { field: "crmModule", offered });
            }
            (_, crm_module) => crm_module,
        };
        if let Some(crm_module) = crm_module {
            let offered = self.customer_crm_modules;
            self.offers("customers.crmModules", "crmModule", offered, crm_module, CrmModule::as_str)?;
        }
        let takes_unassociated = crm_module == Some(CrmModule::AccountsAndContacts);
        self.no_setting(
            takes_unassociated || wish.include_unassociated != Some(true),
            "customers.crmModules",
            "includeUnassociated",
        )?;
        let duplicate_policy = self.policy(module, item_match_key, wish.duplicate_policy)?;
        Ok(SyncSettings {
            crm_module,
            include_unassociated: wish.include_unassociated.unwrap_or(false),
            direction,
            duplicate_policy,
            both_modified_policy: wish.both_modified_policy.unwrap_or(BothModifiedPolicy::Overwrite),
            item_match_key,
            compare_name_with: wish.compare_name_with.unwrap_or(CompareNameWith::Name),
            account_view: wish.views.get(&CrmRecordType::Account).copied(),
            contact_view: wish.views.get(&CrmRecordType::Contact).copied(),
            vendor_view: wish.views.get(&CrmRecordType::Vendor).copied(),
            product_view: wish.views.get(&CrmRecordType::Product).copied(),
            field_maps: wish.field_maps,
            // Where it has to be asked for, silence means no (R100).
            is_automatic: wish.is_automatic.unwrap_or(!self.is_auto_opt_in),
            deletion_guard_percent: wish.deletion_guard_percent.unwrap_or(20).min(100),
        })
    }

    fn policy(
        &self,
        module: SyncModule,
        key: ItemMatchKey,
        wish: Option<DuplicatePolicy>,
    ) -> Result<DuplicatePolicy, SettingsRefusal> {
        let allowed = self.policies(module, key);
        let names = |policies: &[DuplicatePolicy]| policies.iter().map(|one| one.as_str()).collect();
        let Some(policy) = wish else {
            return Err(SettingsRefusal::Missing { field: "duplicatePolicy", offered: names(allowed) });
        };
        if self.duplicate_policies.contains(&policy) && !allowed.contains(&policy) {
            return Err(SettingsRefusal::Policy {
                profile: self.key,
                key: "skuDuplicatePolicies",
                value: policy.as_str(),
                offered: names(allowed),
            });
        }
        let as_str = DuplicatePolicy::as_str;
        self.offers("duplicatePolicies", "duplicatePolicy", allowed, policy, as_str)?;
        Ok(policy)
    }

    fn no_setting(
        &self,
        is_fine: bool,
        key: &'static str,
        field: &'static str,
    ) -> Result<(), SettingsRefusal> {
        if is_fine { Ok(()) } else { Err(SettingsRefusal::Setting { profile: self.key, key, field }) }
    }

    fn offers<T: Copy + PartialEq>(
        &self,
        key: &'static str,
        field: &'static str,
        offered: &[T],
        value: T,
        name: impl Fn(T) -> &'static str,
    ) -> Result<(), SettingsRefusal> {
        if offered.contains(&value) {
            return Ok(());
        }
        let offered = offered.iter().map(|one| name(*one)).collect();
        Err(SettingsRefusal::Value { profile: self.key, key, field, value: name(value), offered })
    }
}

/// Whether records of this type feed the module, so that a view on them means something.
fn feeds(module: SyncModule, crm_module: Option<CrmModule>, record_type: CrmRecordType) -> bool {
    match (module, record_type) {
        (SyncModule::Customers, CrmRecordType::Account) => crm_module != Some(CrmModule::Contacts),
        (SyncModule::Customers, CrmRecordType::Contact) => crm_module != Some(CrmModule::Accounts),
        (SyncModule::Vendors, CrmRecordType::Vendor) | (SyncModule::Items, CrmRecordType::Product) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::*;
    use super::*;

    fn wish(module: SyncModule) -> SettingsWish {
        SettingsWish {
            crm_module: (module == SyncModule::Customers).then_some(CrmModule::Accounts),
            duplicate_policy: Some(DuplicatePolicy::Skip),
            ..SettingsWish::default()
        }
    }

    fn code(refusal: Result<SyncSettings, SettingsRefusal>) -> &'static str {
        match refusal {
            Ok(_) => "",
            Err(SettingsRefusal::Module { .. }) => "modules",
            Err(SettingsRefusal::Setting { key, .. } | SettingsRefusal::Value { key, .. }) => key,
            Err(SettingsRefusal::Policy { key, .. }) => key,
            Err(SettingsRefusal::MappingFixed { .. }) => "mapping",
            Err(SettingsRefusal::Map(_)) => "map",
            Err(SettingsRefusal::Missing { field, .. }) => field,
        }
    }

    /// For every profile and module, and every setting: it is taken, or refused with the key that says so.
    #[test]
    fn every_profile_takes_what_it_offers_and_refuses_the_rest_by_key() {
        for profile in CapabilityProfile::ALL {
            for module in SyncModule::ALL.iter().copied() {
                if !profile.modules.contains(&module) {
                    assert_eq!(code(profile.settle(module, wish(module))), "modules", "{}", profile.key);
                    continue;
                }
                let settled = profile.settle(module, wish(module)).unwrap();
                assert_eq!(settled.direction, profile.default_direction);
                assert_eq!(settled.is_automatic, !profile.is_auto_opt_in);
                for direction in Direction::ALL.iter().copied() {
                    let asked = SettingsWish { direction: Some(direction), ..wish(module) };
                    let expected = match profile.extent_modules.contains(&module) {
                        false => "extent",
                        true if !profile.directions.contains(&direction) => "directions",
                        true => "",
                    };
                    assert_eq!(code(profile.settle(module, asked)), expected, "{} {module:?}", profile.key);
                }
                for key in ItemMatchKey::ALL.iter().copied() {
                    let asked = SettingsWish { item_match_key: Some(key), ..wish(module) };
                    let is_offered = module == SyncModule::Items && profile.item_match_keys.contains(&key);
                    assert_eq!(
                        code(profile.settle(module, asked)),
                        if is_offered { "" } else { "matchKeys" }
                    );
                }
                for (module_of, record_type) in [
                    (SyncModule::Customers, CrmRecordType::Account),
                    (SyncModule::Vendors, CrmRecordType::Vendor),
                    (SyncModule::Items, CrmRecordType::Product),
                ] {
                    let choice = ViewChoice { view_id: uuid::Uuid::nil(), viewer_id: uuid::Uuid::nil() };
                    let asked = SettingsWish { views: [(record_type, choice)].into(), ..wish(module) };
                    let is_offered = module == module_of && profile.views.contains(&record_type);
                    let got = code(profile.settle(module, asked));
                    assert_eq!(got, if is_offered { "" } else { "views" }, "{} {module:?}", profile.key);
                }
                let mapped = SettingsWish {
                    field_maps: [("ACCOUNT:CUSTOMER".to_owned(), FieldMap::default_of(Source::ACCOUNTS))]
                        .into(),
                    ..wish(module)
                };
                let expected = if profile.mapping == Mapping::Fixed { "mapping" } else { "" };
                assert_eq!(code(profile.settle(module, mapped)), expected, "{}", profile.key);
            }
        }
    }

    #[test]
    fn r060_the_crm_module_is_chosen_and_r087_clone_does_not_go_with_sku() {
        let nothing = SettingsWish { crm_module: None, ..wish(SyncModule::Customers) };
        assert_eq!(code(ERP.settle(SyncModule::Customers, nothing)), "crmModule");
        let sku = SettingsWish {
            item_match_key: Some(ItemMatchKey::Sku),
            duplicate_policy: Some(DuplicatePolicy::Clone),
            ..SettingsWish::default()
        };
        assert_eq!(code(ERP.settle(SyncModule::Items, sku.clone())), "skuDuplicatePolicies");
        let skip = SettingsWish { duplicate_policy: Some(DuplicatePolicy::Skip), ..sku };
        assert!(ERP.settle(SyncModule::Items, skip).is_ok());
    }

    #[test]
    fn r054_r055_r056_r052_r053_modules_are_those_of_the_guides() {
        let modules = |profile: &CapabilityProfile| {
            profile.modules.iter().map(|module| module.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(modules(&BILLING), ["CUSTOMERS"]);
        assert_eq!(modules(&ERP), ["CUSTOMERS", "VENDORS", "ITEMS"]);
        assert_eq!(modules(&SUITE), ["CUSTOMERS", "VENDORS", "ITEMS"]);
        assert_eq!(modules(&BOOKS_2013), ["CUSTOMERS"]);
        assert_eq!(modules(&EXPENSE_NOW), ["CUSTOMERS"]);
    }
}
