//! What can be synchronised, and the settings that say how.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::record::{CrmRecordType, CustomerKind, FieldMap, RecordKind, Source};

macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $text)] $variant,)+ }

        impl $name {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stored and spoken name.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }
    };
}
pub(crate) use named;

named! {
    /// A kind of finance record that syncs with the CRM.
    SyncModule {
        /// Customers: companies and persons that are billed, and the persons at them.
        Customers = "CUSTOMERS",
        /// Vendors: suppliers.
        Vendors = "VENDORS",
        /// Items: goods and services.
        Items = "ITEMS",
    }
}

impl SyncModule {
    /// The module of this stored name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|one| one.as_str() == name)
    }
}

named! {
    /// The CRM module that feeds customers (R060).
    CrmModule {
        /// Each account becomes a customer of type business (R061).
        Accounts = "ACCOUNTS",
        /// Each contact becomes a customer of type individual (R062).
        Contacts = "CONTACTS",
        /// Accounts become customers, their contacts become contact persons (R063).
        AccountsAndContacts = "ACCOUNTS_AND_CONTACTS",
    }
}

named! {
    /// Which way records travel.
    Direction {
        /// CRM to finance only; no finance data appears in the CRM (R066).
        FetchFromCrm = "FETCH_FROM_CRM",
        /// Both directions (R068).
        BothWays = "BOTH_WAYS",
    }
}

named! {
    /// What to do when an unlinked record of the same name stands on the finance side (R071–R073).
    DuplicatePolicy {
        /// Keep both: a new record is made beside the existing one, its name ending in " (2)" (A17.9).
        Clone = "CLONE",
        /// Link the existing record and write the CRM's values into it.
        Overwrite = "OVERWRITE",
        /// Leave the existing record as it is and do not sync this one.
        Skip = "SKIP",
    }
}

named! {
    /// What to do when both sides changed the same field (R074, A17.16).
    BothModifiedPolicy {
        /// The CRM's value is written over the finance side's.
        Overwrite = "OVERWRITE",
        /// Both sides keep what they have; that they differ is recorded.
        Skip = "SKIP",
        /// The finance side's version stays as an unlinked copy, and the linked record takes the CRM's values.
        Clone = "CLONE",
        /// Both sides keep what they have until a person decides.
        Ask = "ASK",
    }
}

named! {
    /// By what an item and a product are taken for the same thing (R086).
    ItemMatchKey {
        /// By name.
        Name = "NAME",
        /// By the item's SKU and the product's code.
        Sku = "SKU",
    }
}

named! {
    /// What the name of an item is compared with (A17.12).
    CompareNameWith {
        /// The product's name.
        Name = "NAME",
        /// The product's code, as the guides have it to the letter.
        Code = "CODE",
    }
}

named! {
    /// Which side's records are looked at first in a run (R068, R084).
    Side {
        /// The CRM.
        Crm = "CRM",
        /// The finance app.
        Finance = "FINANCE",
    }
}

impl Side {
    /// The side of this stored name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|one| one.as_str() == name)
    }
}

/// The settings of one module of one integration. Stored in versions; a run keeps the version it began with (R112).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SyncSettings {
    /// Which CRM module feeds customers; none for other modules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crm_module: Option<CrmModule>,
    /// Whether contacts without an account become customers too, where contacts feed persons (R065).
    #[serde(default)]
    pub include_unassociated: bool,
    /// Which way records travel.
    pub direction: Direction,
    /// What happens on a duplicate.
    pub duplicate_policy: DuplicatePolicy,
    /// What happens when both sides changed the same field.
    #[serde(default = "overwrite")]
    pub both_modified_policy: BothModifiedPolicy,
    /// By what items and products are matched.
    #[serde(default = "by_name")]
    pub item_match_key: ItemMatchKey,
    /// What an item's name is compared with.
    #[serde(default = "with_name")]
    pub compare_name_with: CompareNameWith,
    /// The view that limits which accounts are synchronised (R075); none: all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_view: Option<ViewChoice>,
    /// The view that limits which contacts are synchronised (R077).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_view: Option<ViewChoice>,
    /// The view that limits which vendors are synchronised (R082).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor_view: Option<ViewChoice>,
    /// The view that limits which products are synchronised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_view: Option<ViewChoice>,
    /// Field maps other than the default ones, by CRM record type and finance kind.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub field_maps: BTreeMap<String, FieldMap>,
    /// Whether CRM users become users of the finance app (X11).
    #[serde(default)]
    pub sync_crm_users: bool,
    /// Whether runs start by themselves (R100, R101).
    #[serde(default = "yes")]
    pub is_automatic: bool,
    /// A run that would delete more than this share of the linked records, in per cent, waits for approval.
    #[serde(default = "a_fifth")]
    pub deletion_guard_percent: u8,
}

const fn overwrite() -> BothModifiedPolicy {
    BothModifiedPolicy::Overwrite
}

const fn by_name() -> ItemMatchKey {
    ItemMatchKey::Name
}

const fn with_name() -> CompareNameWith {
    CompareNameWith::Name
}

const fn yes() -> bool {
    true
}

const fn a_fifth() -> u8 {
    20
}

/// A view that limits what is synchronised. Its criteria are read when a run is planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ViewChoice {
    /// The view.
    pub view_id: Uuid,
    /// Whom "mine" means in it: whoever chose it, because a run has nobody who asks.
    pub viewer_id: Uuid,
}

/// CRM records that a module makes finance records of, and which of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lane {
    /// What becomes what.
    pub source: Source,
    /// What kind of customer is made; none for other kinds.
    pub customer_kind: Option<CustomerKind>,
    /// Which records of the CRM module.
    pub members: Members,
}

/// Which records of a CRM module a lane is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Members {
    /// All of them.
    All,
    /// Contacts that belong to an account.
    WithAccount,
    /// Contacts that belong to no account.
    WithoutAccount,
    /// Contacts that belong to no account, and are left out for it (R064).
    LeftOut,
}

impl SyncSettings {
    /// Settings of a module with nothing chosen but the way and the policy.
    pub fn new(direction: Direction, duplicate_policy: DuplicatePolicy) -> Self {
        Self {
            crm_module: None,
            include_unassociated: false,
            direction,
            duplicate_policy,
            both_modified_policy: overwrite(),
            item_match_key: by_name(),
            compare_name_with: with_name(),
            account_view: None,
            contact_view: None,
            vendor_view: None,
            product_view: None,
            field_maps: BTreeMap::new(),
            sync_crm_users: false,
            is_automatic: yes(),
            deletion_guard_percent: a_fifth(),
        }
    }

    /// What the module makes of what, in the order in which it is done: what others refer to comes first.
    pub fn lanes(&self, module: SyncModule) -> Vec<Lane> {
        let lane = |source, customer_kind, members| Lane { source, customer_kind, members };
        let business = Some(CustomerKind::Business);
        let individual = Some(CustomerKind::Individual);
        match (module, self.crm_module) {
            (SyncModule::Customers, None | Some(CrmModule::Accounts)) => {
                vec![lane(Source::ACCOUNTS, business, Members::All)]
            }
            (SyncModule::Customers, Some(CrmModule::Contacts)) => {
                vec![lane(Source::CONTACTS, individual, Members::All)]
            }
            (SyncModule::Customers, Some(CrmModule::AccountsAndContacts)) => {
                let orphans =
                    if self.include_unassociated { Members::WithoutAccount } else { Members::LeftOut };
                vec![
                    lane(Source::ACCOUNTS, business, Members::All),
                    lane(Source::CONTACTS, individual, orphans),
                    lane(Source::PERSONS, None, Members::WithAccount),
                ]
            }
            (SyncModule::Vendors, _) => vec![lane(Source::VENDORS, None, Members::All)],
            (SyncModule::Items, _) => vec![lane(Source::PRODUCTS, None, Members::All)],
        }
    }

    /// The view that limits records of this type, where one does.
    pub fn view(&self, record_type: CrmRecordType) -> Option<ViewChoice> {
        match record_type {
            CrmRecordType::Account => self.account_view,
            CrmRecordType::Contact => self.contact_view,
            CrmRecordType::Vendor => self.vendor_view,
            CrmRecordType::Product => self.product_view,
        }
    }

    /// The field map of a source: the chosen one, else the default.
    pub fn field_map(&self, source: Source) -> FieldMap {
        self.field_maps.get(&map_key(source)).cloned().unwrap_or_else(|| FieldMap::default_of(source))
    }
}

/// The key of a source's field map in the settings.
pub fn map_key(source: Source) -> String {
    format!("{}:{}", source.record_type.as_str(), source.kind.as_str())
}

impl SyncModule {
    /// The finance kinds that belong to the module, in the order in which they are read and made.
    pub const fn kinds(self) -> &'static [RecordKind] {
        match self {
            Self::Customers => &[RecordKind::Customer, RecordKind::ContactPerson],
            Self::Vendors => &[RecordKind::Vendor],
            Self::Items => &[RecordKind::Item],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_earlier_releases_are_read_with_what_they_meant() {
        let old = r#"{"crm_module":"ACCOUNTS","direction":"FETCH_FROM_CRM","duplicate_policy":"SKIP"}"#;
        let settings: SyncSettings = serde_json::from_str(old).unwrap();
        let expected = SyncSettings {
            crm_module: Some(CrmModule::Accounts),
            ..SyncSettings::new(Direction::FetchFromCrm, DuplicatePolicy::Skip)
        };
        assert_eq!(settings, expected);
        assert_eq!(settings.lanes(SyncModule::Customers).len(), 1);
    }

    #[test]
    fn persons_come_after_the_customers_that_they_belong_to() {
        let settings = SyncSettings {
            crm_module: Some(CrmModule::AccountsAndContacts),
            ..SyncSettings::new(Direction::BothWays, DuplicatePolicy::Skip)
        };
        let lanes = settings.lanes(SyncModule::Customers);
        let kinds: Vec<_> = lanes.iter().map(|lane| (lane.source.kind, lane.members)).collect();
        assert_eq!(
            kinds,
            [
                (RecordKind::Customer, Members::All),
                (RecordKind::Customer, Members::LeftOut),
                (RecordKind::ContactPerson, Members::WithAccount)
            ]
        );
    }
}
