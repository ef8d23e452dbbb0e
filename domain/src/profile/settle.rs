//! What is wished for, held against what the profile offers.

use std::collections::BTreeMap;

use super::{CapabilityProfile, Mapping};
use crate::module::{
    BothModifiedPolicy, CompareNameWith, CrmModule, Direction, DuplicatePolicy, ItemMatchKey, SyncModule,
    SyncSettings, ViewChoice, map_key,
};
use crate::record::finance::SKU;
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
    /// Whether CRM users become users of the finance app.
    pub sync_crm_users: Option<bool>,
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
    /// A field map of records that the module does not make.
    #[error("the module maps {}; leave the map of {given} out", offered.join(", "))]
    ForeignMap {
        /// Key of the map.
        given: String,
        /// Keys of the maps that mean something here.
        offered: Vec<String>,
    },
    /// More custom fields in the map of vendors than the app takes (X06).
    #[error(
        "the map of vendors has {given} pairs with custom fields and the profile {profile} takes {limit} (vendorCustomFieldLimit); leave some out"
    )]
    CustomFieldLimit {
        /// The profile asked.
        profile: &'static str,
        /// The most it takes.
        limit: u32,
        /// How many there are.
        given: usize,
    },
    /// Items cannot be matched by what is not mapped (R088).
    #[error("items are matched by SKU, and `sku` is not mapped to `code`; add the pair, or match by NAME")]
    SkuNotMapped,
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
        self.no_setting(
            self.is_unassociated_offered || wish.include_unassociated.is_none(),
            "isUnassociatedOffered",
            "includeUnassociated",
        )?;
        let takes_users = self.is_user_sync_offered && module == SyncModule::Customers;
        self.no_setting(takes_users || wish.sync_crm_users.is_none(), "isUserSyncOffered", "syncCrmUsers")?;
        let duplicate_policy = self.policy(module, item_match_key, wish.duplicate_policy)?;
        let field_maps = self.maps(module, crm_module, item_match_key, wish.field_maps)?;
        Ok(SyncSettings {
            crm_module,
            include_unassociated: wish.include_unassociated.unwrap_or(false),
            direction,
            duplicate_policy,
            both_modified_policy: wish.both_modified_policy.unwrap_or(match duplicate_policy {
                DuplicatePolicy::Clone if self.is_duplicate_policy_shared => BothModifiedPolicy::Clone,
                DuplicatePolicy::Skip if self.is_duplicate_policy_shared => BothModifiedPolicy::Skip,
                _ => BothModifiedPolicy::Overwrite,
            }),
            item_match_key,
            compare_name_with: wish.compare_name_with.unwrap_or(CompareNameWith::Name),
            account_view: wish.views.get(&CrmRecordType::Account).copied(),
            contact_view: wish.views.get(&CrmRecordType::Contact).copied(),
            vendor_view: wish.views.get(&CrmRecordType::Vendor).copied(),
            product_view: wish.views.get(&CrmRecordType::Product).copied(),
            field_maps,
            // Whoever becomes a user there gets mail and may take a licence, so silence means no.
            sync_crm_users: wish.sync_crm_users.unwrap_or(false),
            // Where it has to be asked for, silence means no (R100).
            is_automatic: wish.is_automatic.unwrap_or(!self.is_auto_opt_in),
            deletion_guard_percent: wish.deletion_guard_percent.unwrap_or(20).min(100),
        })
    }

    /// The maps that are stored: the chosen ones, those that the profile fixes, and a default one that is the profile's own.
    fn maps(
        &self,
        module: SyncModule,
        crm_module: Option<CrmModule>,
        key: ItemMatchKey,
        chosen: BTreeMap<String, FieldMap>,
    ) -> Result<BTreeMap<String, FieldMap>, SettingsRefusal> {
        let sources = self.sources(module, crm_module);
        if self.mapping == Mapping::Fixed {
            return Ok(sources
                .into_iter()
                .map(|source| (map_key(source), self.default_map(source, crm_module)))
                .collect());
        }
        let offered: Vec<String> = sources.iter().map(|source| map_key(*source)).collect();
        if let Some(given) = chosen.keys().find(|given| !offered.contains(given)).cloned() {
            return Err(SettingsRefusal::ForeignMap { given, offered });
        }
        for source in sources {
            if let Some(map) = chosen.get(&map_key(source)) {
                map.check(source)?;
            }
        }
        let of = |source: Source| chosen.get(&map_key(source));
        if let Some(limit) = self.vendor_custom_field_limit {
            let given = of(Source::VENDORS).map_or(0, FieldMap::custom_pairs);
            if u32::try_from(given).is_ok_and(|given| given > limit) {
                return Err(SettingsRefusal::CustomFieldLimit { profile: self.key, limit, given });
            }
        }
        if module == SyncModule::Items && key == ItemMatchKey::Sku {
            let map =
                of(Source::PRODUCTS).cloned().unwrap_or_else(|| self.default_map(Source::PRODUCTS, None));
            if !map.0.iter().any(|pair| pair.crm.as_str() == "code" && pair.finance == SKU) {
                return Err(SettingsRefusal::SkuNotMapped);
            }
        }
        let mut maps = chosen;
        if module == SyncModule::Customers && self.makes_persons_of_accounts(crm_module) {
            let key = map_key(Source::ACCOUNTS);
            maps.entry(key).or_insert_with(|| self.default_map(Source::ACCOUNTS, crm_module));
        }
        Ok(maps)
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
mod tests;
