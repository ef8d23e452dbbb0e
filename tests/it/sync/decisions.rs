//! Cases that the guides leave open, and how they are settled.

use chrono::TimeDelta;
use finbridge_emulator::{FaultAction, FaultRule};
use finbridge_tests::{TestWorld, both_databases};
use serde_json::{Value, json};

use super::support::{
    account_named, ended_runs, items_of, make, names_unique, run, settings, take_profile, until,
};

const ONE_WAY: &str =
    "module: CUSTOMERS, crmModule: ACCOUNTS, direction: FETCH_FROM_CRM, duplicatePolicy: SKIP";
const BOTH: &str = "module: CUSTOMERS, crmModule: ACCOUNTS, direction: BOTH_WAYS, duplicatePolicy: SKIP";
const VENDORS: &str = "module: VENDORS, direction: BOTH_WAYS, duplicatePolicy: SKIP";

async fn customer(world: &TestWorld, body: Value) -> String {
    let answer = world.books("POST", "/contacts", Some(body)).await;
    assert_eq!(answer["code"], 0, "{answer:#}");
    answer["contact"]["contact_id"].as_str().unwrap().to_owned()
}

/// Makes every import slow, so that something can happen while a run is under way.
fn slow(world: &TestWorld, ms: u64) {
    world.emulator.fault(FaultRule::new(FaultAction::Delay { ms }).method("POST").path_contains("/import"));
}

async fn modules(world: &TestWorld, integration: &str) -> Value {
    let query = "query($id: ID!) { integration(id: $id) { modules { module state nextDueAt } } }";
    world.data(query, json!({ "id": integration })).await["integration"]["modules"].take()
}

/// Record, action and rule of each step of a plan, in alphabetical order.
async fn plan(world: &TestWorld, integration: &str, module: &str) -> Vec<[String; 3]> {
    let query = format!(
        "query($id: ID!) {{ syncPlan(integrationId: $id, module: {module}) {{ items(first: 100) {{ nodes {{ recordName action rule }} }} }} }}"
    );
    let plan = world.data(&query, json!({ "id": integration })).await;
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let nodes = plan["syncPlan"]["items"]["nodes"].as_array().expect("steps").iter();
    let mut steps: Vec<_> =
        nodes.map(|node| [text(&node["recordName"]), text(&node["action"]), text(&node["rule"])]).collect();
    steps.sort();
    steps
}

fn steps(wanted: &[[&str; 3]]) -> Vec<[String; 3]> {
    wanted.iter().map(|step| step.map(str::to_owned)).collect()
}

both_databases! {
    async fn r111_a_pause_of_one_module_leaves_the_others_running(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, ONE_WAY, false).await;
        settings(world, &integration, VENDORS, false).await;
        let pause = "mutation($id: ID!) { syncModulePause(input: { integrationId: $id, module: VENDORS }) { syncModule { state } userErrors { code } } }";
        assert_eq!(world.data(pause, json!({ "id": integration })).await["syncModulePause"]["syncModule"]["state"], "PAUSED");
        let states = modules(world, &integration).await;
        let state = |module: &str| states.as_array().unwrap().iter().find(|one| one["module"] == module).expect("the module")["state"].clone();
        assert_eq!((state("CUSTOMERS"), state("VENDORS")), (json!("ACTIVE"), json!("PAUSED")));
        world.account("Acme").await;
        assert_eq!(world.synced(&integration).await["totals"]["added"], 1);
        let start = "mutation($id: ID!) { syncRunStart(input: { integrationId: $id, module: VENDORS }) { syncRun { id } userErrors { code } } }";
        assert_eq!(world.data(start, json!({ "id": integration })).await["syncRunStart"]["userErrors"][0]["code"], "SYNC_PAUSED");
    }

    async fn r112_a_run_keeps_the_settings_it_began_with_and_the_next_one_has_the_new(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, ONE_WAY, false).await;
        for n in 0..4 {
            world.account(&format!("Account {n}")).await;
        }
        slow(world, 400);
        let run = world.start_run(&integration).await;
        world.run_when(&run, |run| run["phase"] == "APPLY").await;
        let contact = make(world, "contact", "lastName: \"Doe\", firstName: \"Jane\"").await;
        settings(world, &integration, &ONE_WAY.replace("crmModule: ACCOUNTS", "crmModule: CONTACTS"), false).await;
        let ended = world.ended(&run).await;
        assert_eq!((&ended["settingsVersion"], &ended["totals"]["added"], &ended["totals"]["planned"]), (&json!(1), &json!(4), &json!(4)), "{ended:#}");
        world.emulator.clear_faults();
        let next = world.synced(&integration).await;
        assert_eq!((&next["settingsVersion"], &next["totals"]["added"], &items_of(&next)[0]["recordName"]), (&json!(2), &json!(1), &json!("Jane Doe")), "{next:#}");
        let linked = world.data("query($id: ID!) { contact(id: $id) { syncState } }", json!({ "id": contact })).await;
        assert_eq!(linked["contact"]["syncState"], "LINKED");
    }

    async fn r120_deletions_take_part_on_both_sides_and_history_counts_them(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, &format!("{BOTH}, isAutomatic: false"), false).await;
        let ours = world.account("Ours").await;
        let theirs = customer(world, json!({ "contact_name": "Theirs", "customer_sub_type": "business" })).await;
        assert_eq!(world.synced(&integration).await["totals"]["added"], 2);
        world.data("mutation($id: ID!) { accountDelete(input: { id: $id }) { userErrors { message } } }", json!({ "id": ours })).await;
        let run = world.synced(&integration).await;
        assert_eq!((&run["totals"]["deleted"], &run["totals"]["planned"]), (&json!(1), &json!(1)), "{run:#}");
        let names: Vec<_> = world.contacts().await.into_iter().map(|row| row["contact_name"].clone()).collect();
        assert_eq!(names, ["Theirs"]);

        // Theirs goes as well, and the account that was made of it follows.
        let token = world.books_token().await;
        let unlink = world.http().delete(format!("{}/integration/v1/contacts/{theirs}/link", world.emulator.url()));
        assert!(unlink.header("Authorization", format!("Bearer {token}")).send().await.unwrap().status().is_success());
        assert_eq!(world.books("DELETE", &format!("/contacts/{theirs}"), None).await["code"], 0);
        // Once a day the ids are looked through.
        world.advance(TimeDelta::hours(25));
        let run = world.synced(&integration).await;
        assert_eq!((&run["totals"]["deleted"], &run["totals"]["planned"]), (&json!(1), &json!(1)), "{run:#}");
        assert_eq!(world.data("{ accounts { totalCount } }", json!({})).await["accounts"]["totalCount"], 0);
    }

    async fn a17_12_item_names_are_compared_with_product_names_or_to_the_letter_with_codes(world: &TestWorld) {
        let integration = world.connect().await;
        names_unique(world, true).await;
        assert_eq!(world.books("POST", "/items", Some(json!({ "name": "W-1", "rate": 1 }))).await["code"], 0);
        assert_eq!(world.books("POST", "/items", Some(json!({ "name": "Gadget", "rate": 1 }))).await["code"], 0);
        make(world, "product", "name: \"Widget\", code: \"w-1\"").await;
        make(world, "product", "name: \"Gadget\", code: \"G-1\"").await;
        let wish = "module: ITEMS, direction: FETCH_FROM_CRM, duplicatePolicy: SKIP, itemMatchKey: NAME, compareNameWith:";
        settings(world, &integration, &format!("{wish} NAME"), false).await;
        assert_eq!(plan(world, &integration, "ITEMS").await, steps(&[["Gadget", "SKIP", "DUPLICATE"], ["Widget", "CREATE", "NEW"]]));
        settings(world, &integration, &format!("{wish} CODE"), false).await;
        let literal = plan(world, &integration, "ITEMS").await;
        assert_eq!(literal[1], ["Widget", "SKIP", "DUPLICATE"], "its code is the item's name: {literal:?}");
        assert_ne!(literal[0][2], "DUPLICATE", "no item has its code for a name: {literal:?}");
    }

    async fn a17_15_a_customer_that_becomes_an_individual_is_reported_and_not_moved(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, BOTH, false).await;
        let account = world.account("Acme").await;
        world.synced(&integration).await;
        let contact = world.contacts().await[0]["contact_id"].as_str().unwrap().to_owned();
        world.advance(TimeDelta::minutes(1));
        assert_eq!(world.books("PUT", &format!("/contacts/{contact}"), Some(json!({ "customer_sub_type": "individual" }))).await["code"], 0);
        let run = world.synced(&integration).await;
        let item = &items_of(&run)[0];
        assert_eq!((&run["totals"]["planned"], &item["action"], &item["rule"]), (&json!(1), &json!("SKIP"), &json!("TYPE_CHANGED")), "{run:#}");
        let linked = account_named(world, "Acme", "id syncState externalReferences { remoteKey }").await;
        assert_eq!(linked, json!({ "id": account, "syncState": "LINKED", "externalReferences": [{ "remoteKey": contact }] }));
        assert_eq!(world.data("{ contacts { totalCount } }", json!({})).await["contacts"]["totalCount"], 0);
        assert_eq!(world.contacts().await.len(), 1);
    }

    async fn a17_17_an_automatic_run_that_is_due_while_one_is_under_way_is_the_same_run(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, ONE_WAY, true).await;
        ended_runs(world, 1).await;
        for n in 0..6 {
            world.account(&format!("Account {n}")).await;
        }
        slow(world, 1_500);
        let run = world.start_run(&integration).await;
        world.run_when(&run, |run| run["phase"] == "APPLY").await;
        let due = async || modules(world, &integration).await[0]["nextDueAt"].take();
        assert_eq!(due().await, "2026-01-05T14:00:00Z");
        world.advance(TimeDelta::hours(2));
        // Its turn is over as soon as the time of the next one is set.
        until(async || due().await == "2026-01-05T16:00:00Z", "the time of the next run is set").await;
        let ended = world.ended(&run).await;
        assert_eq!((&ended["trigger"], &ended["totals"]["added"]), (&json!("INSTANT"), &json!(6)), "{ended:#}");
        assert_eq!(ended_runs(world, 2).await.len(), 2, "none began beside it or after it");
    }

    async fn a17_18_of_vendors_the_crm_comes_first(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, VENDORS, false).await;
        make(world, "vendor", "name: \"Ours\"").await;
        customer(world, json!({ "contact_name": "Theirs", "contact_type": "vendor" })).await;
        let ended = run(world, &integration, "VENDORS").await;
        let actions: Vec<_> = items_of(&ended).iter().map(|item| (item["recordName"].as_str().unwrap(), item["action"].as_str().unwrap())).collect();
        assert_eq!(actions, [("Ours", "CREATE"), ("Theirs", "CREATE_IN_CRM")]);
        let phases = world.data("query($id: ID!) { syncRun(id: $id) { phases } }", json!({ "id": ended["id"] })).await;
        assert_eq!(phases["syncRun"]["phases"], json!(["CRM_TO_FINANCE", "FINANCE_TO_CRM"]));
    }

    async fn a17_19_two_settings_are_kept_and_one_input_fills_both_in_the_suite(world: &TestWorld) {
        let integration = world.connect().await;
        let chosen = async |wish: &str| {
            settings(world, &integration, wish, false).await;
            let query = "query($id: ID!) { integration(id: $id) { modules { duplicatePolicy bothModifiedPolicy } } }";
            let modules = world.data(query, json!({ "id": integration })).await;
            let module = &modules["integration"]["modules"][0];
            [module["duplicatePolicy"].clone(), module["bothModifiedPolicy"].clone()]
        };
        let wish = "module: CUSTOMERS, crmModule: ACCOUNTS, duplicatePolicy:";
        assert_eq!(chosen(&format!("{wish} SKIP")).await, ["SKIP", "OVERWRITE"]);
        take_profile(world, "SUITE").await;
        for policy in ["SKIP", "CLONE", "OVERWRITE"] {
            assert_eq!(chosen(&format!("{wish} {policy}")).await, [policy, policy]);
        }
        assert_eq!(chosen(&format!("{wish} SKIP, bothModifiedPolicy: ASK")).await, ["SKIP", "ASK"]);
    }

    async fn a17_23_contacts_are_found_by_full_name_and_vendors_by_name(world: &TestWorld) {
        let integration = world.connect().await;
        customer(world, json!({ "contact_name": "jane  DOE", "customer_sub_type": "individual" })).await;
        customer(world, json!({ "contact_name": "Doe", "customer_sub_type": "individual" })).await;
        customer(world, json!({ "contact_name": "SUPPLIER", "contact_type": "vendor" })).await;
        make(world, "contact", "firstName: \"Jane\", lastName: \"Doe\"").await;
        make(world, "contact", "firstName: \"John\", lastName: \"Doe\"").await;
        make(world, "vendor", "name: \"Supplier\"").await;
        make(world, "vendor", "name: \"Supplier Limited\"").await;
        settings(world, &integration, &ONE_WAY.replace("crmModule: ACCOUNTS", "crmModule: CONTACTS"), false).await;
        settings(world, &integration, "module: VENDORS, direction: FETCH_FROM_CRM, duplicatePolicy: SKIP", false).await;
        assert_eq!(plan(world, &integration, "CUSTOMERS").await, steps(&[["Jane Doe", "SKIP", "DUPLICATE"], ["John Doe", "CREATE", "NEW"]]));
        assert_eq!(plan(world, &integration, "VENDORS").await, steps(&[["Supplier", "SKIP", "DUPLICATE"], ["Supplier Limited", "CREATE", "NEW"]]));
    }
}
