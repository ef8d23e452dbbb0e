//! What profiles take and refuse, key by key.

use super::super::*;
use super::*;
use crate::record::{FieldKey, FieldPair};

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
        Err(SettingsRefusal::ForeignMap { .. }) => "foreign",
        Err(SettingsRefusal::CustomFieldLimit { .. }) => "vendorCustomFieldLimit",
        Err(SettingsRefusal::SkuNotMapped) => "sku",
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
                assert_eq!(code(profile.settle(module, asked)), if is_offered { "" } else { "matchKeys" });
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
            for source in Source::ALL.iter().copied() {
                let maps = [(map_key(source), FieldMap::default_of(source))].into();
                let mapped = SettingsWish { field_maps: maps, ..wish(module) };
                let is_own = profile.sources(module, wish(module).crm_module).contains(&source);
                let expected = match (profile.mapping, is_own) {
                    (Mapping::Fixed, _) => "mapping",
                    (Mapping::Free, true) => "",
                    (Mapping::Free, false) => "foreign",
                };
                assert_eq!(code(profile.settle(module, mapped)), expected, "{} {source:?}", profile.key);
            }
            let users = SettingsWish { sync_crm_users: Some(true), ..wish(module) };
            let is_offered = module == SyncModule::Customers && profile.is_user_sync_offered;
            let got = code(profile.settle(module, users));
            assert_eq!(got, if is_offered { "" } else { "isUserSyncOffered" }, "{} {module:?}", profile.key);
            let expected = match profile.mapping {
                Mapping::Fixed => profile.fixed_maps.len(),
                Mapping::Free => usize::from(profile.is_account_also_person),
            };
            assert!(settled.field_maps.len() <= expected, "{}", profile.key);
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
fn r065_r079_contacts_without_an_account_are_for_profiles_that_offer_them() {
    for profile in CapabilityProfile::ALL {
        let asked = SettingsWish {
            crm_module: Some(CrmModule::AccountsAndContacts),
            include_unassociated: Some(true),
            ..wish(SyncModule::Customers)
        };
        let expected = if profile.is_unassociated_offered { "" } else { "isUnassociatedOffered" };
        assert_eq!(code(profile.settle(SyncModule::Customers, asked)), expected, "{}", profile.key);
    }
}

#[test]
fn x06_an_eleventh_custom_field_of_vendors_is_refused_where_the_app_takes_ten() {
    let with = |profile: &CapabilityProfile, count: usize| {
        let mut map = FieldMap::default_of(Source::VENDORS);
        map.0.extend((0..count).map(|n| FieldPair {
            crm: FieldKey::custom(&format!("f{n}")),
            finance: FieldKey::custom(&format!("cf_f{n}")),
            to_crm: true,
        }));
        let maps = [(map_key(Source::VENDORS), map)].into();
        code(
            profile
                .settle(SyncModule::Vendors, SettingsWish { field_maps: maps, ..wish(SyncModule::Vendors) }),
        )
    };
    assert_eq!((with(&BOOKS_NOW, 10), with(&BOOKS_NOW, 11)), ("", "vendorCustomFieldLimit"));
    assert_eq!(with(&ERP, 11), "");
}

#[test]
fn r088_matching_by_sku_needs_it_mapped_to_the_product_code() {
    let asked = |crm: &'static str| {
        let pair = |crm, finance| FieldPair { crm: FieldKey::of(crm), finance, to_crm: true };
        let map = FieldMap(vec![pair("name", FieldKey::of("name")), pair(crm, SKU)]);
        let asked = SettingsWish {
            item_match_key: Some(ItemMatchKey::Sku),
            field_maps: [(map_key(Source::PRODUCTS), map)].into(),
            ..wish(SyncModule::Items)
        };
        code(ERP.settle(SyncModule::Items, asked))
    };
    assert_eq!((asked("family"), asked("code")), ("sku", ""));
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

#[test]
fn x05_profiles_that_take_further_organizations_offer_one_way_for_every_module() {
    for profile in CapabilityProfile::ALL {
        if profile.multi_organization != MultiOrganization::SupportOneWay {
            continue;
        }
        for module in profile.modules.iter().copied() {
            let asked = SettingsWish { direction: Some(Direction::FetchFromCrm), ..wish(module) };
            assert_eq!(code(profile.settle(module, asked)), "", "{} {module:?}", profile.key);
        }
        assert_eq!(profile.transactions_of(true), TransactionSync::None);
        assert_eq!(profile.transactions_of(false), profile.transaction_sync);
    }
}
