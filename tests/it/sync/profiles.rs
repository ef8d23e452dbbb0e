//! What profiles take and refuse, key by key, as whoever fills in the form sees it.

use finbridge_tests::{TestWorld, both_databases};
use serde_json::{Value, json};

use super::support::{configure, map, names_unique, settings, take_profile};

const PROFILES: &str = "{ capabilityProfiles { key modules customerCrmModules directions defaultDirection extentModules
    duplicatePolicies skuDuplicatePolicies itemMatchKeys views mapping isUnassociatedOffered isAutoOptIn pause } }";

/// Saves settings and compares: taken, or refused with this code and, in its message, this key of the profile.
async fn expect(
    world: &TestWorld,
    integration: &str,
    profile: &str,
    wish: &str,
    refusal: Option<(&str, &str)>,
) {
    let answer = configure(world, integration, wish, false).await;
    let told = &answer["userErrors"];
    match refusal {
        None => assert_eq!(told, &json!([]), "{profile}: {wish}"),
        Some((code, key)) => {
            assert_eq!(told[0]["code"], code, "{profile}: {wish}: {answer:#}");
            let message = told[0]["message"].as_str().expect("a message");
            assert!(message.contains(key), "{profile}: {wish}: {message}");
            assert_eq!(answer["syncModule"], Value::Null);
        }
    }
}

fn has(list: &Value, value: &str) -> bool {
    list.as_array().expect("a list").iter().any(|one| one == value)
}

/// The first view of these records.
async fn any_view(world: &TestWorld, record_type: &str) -> String {
    let read = world.data(&format!("{{ views(recordType: {record_type}) {{ id }} }}"), json!({})).await;
    read["views"][0]["id"].as_str().expect("a view").to_owned()
}

const NOT_OFFERED: &str = "SETTING_NOT_SUPPORTED";

/// The settings that every module needs.
fn least(module: &str) -> String {
    let crm = if module == "CUSTOMERS" { ", crmModule: ACCOUNTS" } else { "" };
    format!("module: {module}{crm}")
}

both_databases! {
    async fn every_profile_takes_what_it_offers_and_refuses_the_rest_by_key(world: &TestWorld) {
        let integration = world.connect().await;
        assert_eq!(names_unique(world, true).await["userErrors"], json!([]));
        let views = [("ACCOUNT", "accountViewId", "CUSTOMERS"), ("VENDOR", "vendorViewId", "VENDORS"), ("PRODUCT", "productViewId", "ITEMS")];
        let mut view_ids = Vec::new();
        for (record_type, ..) in views {
            view_ids.push(any_view(world, record_type).await);
        }
        let maps = [("CUSTOMERS", map("ACCOUNT", "CUSTOMER", &[("name", "displayName")])), ("VENDORS", map("VENDOR", "VENDOR", &[("name", "displayName")])), ("ITEMS", map("PRODUCT", "ITEM", &[("name", "name")]))];
        let profiles = world.data(PROFILES, json!({})).await;
        for profile in profiles["capabilityProfiles"].as_array().unwrap() {
            let key = profile["key"].as_str().unwrap();
            take_profile(world, key).await;
            for (module, own_map) in &maps {
                let base = format!("{}, duplicatePolicy: SKIP", least(module));
                if !has(&profile["modules"], module) {
                    expect(world, &integration, key, &base, Some(("MODULE_NOT_SUPPORTED", "modules"))).await;
                    continue;
                }
                expect(world, &integration, key, &base, None).await;
                let query = "{ integrations { modules { module direction isAutomatic } } }";
                let stored = world.data(query, json!({})).await;
                let stored = stored["integrations"][0]["modules"].as_array().unwrap().iter().find(|row| row["module"] == *module).unwrap().clone();
                assert_eq!((&stored["direction"], stored["isAutomatic"].as_bool()), (&profile["defaultDirection"], profile["isAutoOptIn"].as_bool().map(|asked| !asked)), "{key}");
                for direction in ["FETCH_FROM_CRM", "BOTH_WAYS"] {
                    let refusal = match (has(&profile["extentModules"], module), has(&profile["directions"], direction)) {
                        (false, _) => Some((NOT_OFFERED, "extent")),
                        (true, false) => Some((NOT_OFFERED, "directions")),
                        (true, true) => None,
                    };
                    expect(world, &integration, key, &format!("{base}, direction: {direction}"), refusal).await;
                }
                for match_key in ["NAME", "SKU"] {
                    let is_offered = *module == "ITEMS" && has(&profile["itemMatchKeys"], match_key);
                    expect(world, &integration, key, &format!("{base}, itemMatchKey: {match_key}"), (!is_offered).then_some((NOT_OFFERED, "matchKeys"))).await;
                    if !is_offered {
                        continue;
                    }
                    let list = if match_key == "SKU" { "skuDuplicatePolicies" } else { "duplicatePolicies" };
                    for policy in ["CLONE", "OVERWRITE", "SKIP"] {
                        let refusal = (!has(&profile[list], policy)).then_some(("POLICY_NOT_ALLOWED", list));
                        expect(world, &integration, key, &format!("module: ITEMS, duplicatePolicy: {policy}, itemMatchKey: {match_key}"), refusal).await;
                    }
                }
                for ((record_type, field, of), view) in views.iter().zip(&view_ids) {
                    let is_offered = of == module && has(&profile["views"], record_type);
                    expect(world, &integration, key, &format!("{base}, {field}: \"{view}\""), (!is_offered).then_some((NOT_OFFERED, "views"))).await;
                }
                let refusal = (profile["mapping"] == "FIXED").then_some(("MAPPING_FIXED", "mapping"));
                expect(world, &integration, key, &format!("{base}, {own_map}"), refusal).await;
            }
            for crm_module in ["ACCOUNTS", "CONTACTS", "ACCOUNTS_AND_CONTACTS"] {
                let wish = format!("module: CUSTOMERS, crmModule: {crm_module}, duplicatePolicy: SKIP");
                let refusal = (!has(&profile["customerCrmModules"], crm_module)).then_some((NOT_OFFERED, "customers.crmModules"));
                expect(world, &integration, key, &wish, refusal).await;
            }
            let wish = "module: CUSTOMERS, crmModule: ACCOUNTS_AND_CONTACTS, duplicatePolicy: SKIP, includeUnassociated: true";
            let is_offered = profile["isUnassociatedOffered"] == true;
            expect(world, &integration, key, wish, (!is_offered).then_some((NOT_OFFERED, "isUnassociatedOffered"))).await;

            let act = async |act: &str| {
                let query = format!("mutation($id: ID!) {{ {act}(input: {{ integrationId: $id, module: CUSTOMERS }}) {{ userErrors {{ code message }} }} }}");
                world.data(&query, json!({ "id": integration })).await[act]["userErrors"].take()
            };
            let paused = act("syncModulePause").await;
            if profile["pause"] == "NONE" {
                assert_eq!(paused[0]["code"], NOT_OFFERED, "{key}: {paused:#}");
            } else {
                assert_eq!((paused, act("syncModuleResume").await), (json!([]), json!([])), "{key}");
            }
        }
    }

    async fn r055_erp_offers_customers_vendors_and_items(world: &TestWorld) {
        let read = world.data("{ capabilityProfile(app: \"erp\") { key modules } }", json!({})).await;
        assert_eq!(read["capabilityProfile"], json!({ "key": "ERP", "modules": ["CUSTOMERS", "VENDORS", "ITEMS"] }));
        let integration = world.connect().await;
        take_profile(world, "ERP").await;
        for module in ["CUSTOMERS", "VENDORS", "ITEMS"] {
            settings(world, &integration, &format!("{}, duplicatePolicy: SKIP", least(module)), false).await;
        }
    }

    async fn r079_customers_of_the_suite_are_set_up_by_module_views_duplicates_and_map_alone(world: &TestWorld) {
        let integration = world.connect().await;
        take_profile(world, "SUITE").await;
        let (accounts, contacts) = (any_view(world, "ACCOUNT").await, any_view(world, "CONTACT").await);
        let all = format!(
            "module: CUSTOMERS, crmModule: ACCOUNTS_AND_CONTACTS, accountViewId: \"{accounts}\", contactViewId: \"{contacts}\", duplicatePolicy: OVERWRITE, bothModifiedPolicy: CLONE, {}",
            map("CONTACT", "CONTACT_PERSON", &[("lastName", "lastName")])
        );
        expect(world, &integration, "SUITE", &all, None).await;
        for (more, key) in [("direction: BOTH_WAYS", "extent"), ("includeUnassociated: true", "isUnassociatedOffered"), ("itemMatchKey: NAME", "matchKeys")] {
            expect(world, &integration, "SUITE", &format!("{all}, {more}"), Some((NOT_OFFERED, key))).await;
        }
    }

    async fn r082_vendors_of_the_suite_have_a_view_and_no_extent_and_those_of_erp_both(world: &TestWorld) {
        let integration = world.connect().await;
        let view = any_view(world, "VENDOR").await;
        let wish = format!("module: VENDORS, duplicatePolicy: CLONE, vendorViewId: \"{view}\", {}", map("VENDOR", "VENDOR", &[("name", "displayName")]));
        for profile in ["SUITE", "ERP"] {
            take_profile(world, profile).await;
            expect(world, &integration, profile, &wish, None).await;
            let refusal = (profile == "SUITE").then_some((NOT_OFFERED, "extent"));
            expect(world, &integration, profile, &format!("{wish}, direction: FETCH_FROM_CRM"), refusal).await;
        }
    }

    async fn r083_items_of_the_suite_have_duplicates_and_a_map_alone_and_those_of_erp_the_rest_too(world: &TestWorld) {
        let integration = world.connect().await;
        let view = any_view(world, "PRODUCT").await;
        let wish = format!("module: ITEMS, duplicatePolicy: OVERWRITE, {}", map("PRODUCT", "ITEM", &[("name", "name")]));
        for profile in ["SUITE", "ERP"] {
            take_profile(world, profile).await;
            expect(world, &integration, profile, &wish, None).await;
            for (more, key) in [(format!("productViewId: \"{view}\""), "views"), ("direction: FETCH_FROM_CRM".to_owned(), "extent")] {
                let refusal = (profile == "SUITE").then_some((NOT_OFFERED, key));
                expect(world, &integration, profile, &format!("{wish}, {more}"), refusal).await;
            }
        }
        let no_key = configure(world, &integration, "module: ITEMS, duplicatePolicy: SKIP, itemMatchKey: NAME", false).await;
        assert_eq!(no_key["userErrors"], json!([]));
    }
}
