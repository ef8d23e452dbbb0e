//! Settings of a module.

use finbridge_tests::both_databases;
use serde_json::{Value, json};

const CONFIGURE: &str = "mutation($input: SyncModuleConfigureInput!) { syncModuleConfigure(input: $input) {
    syncModule { module crmModule direction duplicatePolicy settingsVersion status initialSyncAt } syncRun { id }
    userErrors { code message field } } }";

fn input(integration: &str) -> Value {
    json!({ "integrationId": integration, "module": "CUSTOMERS", "crmModule": "ACCOUNTS",
            "direction": "FETCH_FROM_CRM", "duplicatePolicy": "SKIP", "start": false })
}

both_databases! {
    async fn r060_the_crm_module_that_feeds_customers_is_chosen_and_never_assumed(world: &TestWorld) {
        let integration = world.connect().await;
        let mut missing = input(&integration);
        missing.as_object_mut().unwrap().remove("crmModule");
        let answer = world.data(CONFIGURE, json!({ "input": missing })).await;
        let told = &answer["syncModuleConfigure"]["userErrors"][0];
        assert_eq!((&told["code"], &told["field"]), (&json!("REQUIRED"), &json!(["crmModule"])), "{answer:#}");
        assert!(told["message"].as_str().unwrap().contains("ACCOUNTS, CONTACTS, ACCOUNTS_AND_CONTACTS"), "{told}");

        let chosen = world.data(CONFIGURE, json!({ "input": input(&integration) })).await;
        assert_eq!(chosen["syncModuleConfigure"]["syncModule"]["crmModule"], "ACCOUNTS");

        // What the profile does not offer is refused by the profile key, and nothing is stored.
        for (field, value, key) in [
            ("itemMatchKey", "SKU", "matchKeys"),
            ("compareNameWith", "CODE", "matchKeys"),
        ] {
            let mut wish = input(&integration);
            wish[field] = value.into();
            let refused = world.data(CONFIGURE, json!({ "input": wish })).await;
            let error = &refused["syncModuleConfigure"]["userErrors"][0];
            assert_eq!((&error["code"], &error["field"]), (&json!("SETTING_NOT_SUPPORTED"), &json!([field])), "{refused:#}");
            assert!(error["message"].as_str().unwrap().contains(key), "{error}");
        }
        let stored = world.data("{ integrations { modules { settingsVersion crmModule } } }", json!({})).await;
        assert_eq!(stored["integrations"][0]["modules"], json!([{ "settingsVersion": 1, "crmModule": "ACCOUNTS" }]));
    }

    async fn r080_save_and_sync_starts_at_once_and_save_later_only_stores(world: &TestWorld) {
        let integration = world.connect().await;
        world.account("Acme").await;
        let later = world.data(CONFIGURE, json!({ "input": input(&integration) })).await;
        assert_eq!(later["syncModuleConfigure"]["syncRun"], Value::Null);
        assert_eq!(later["syncModuleConfigure"]["syncModule"]["status"], Value::Null);
        let runs = world.data("{ syncRuns { totalCount } }", json!({})).await;
        assert_eq!(runs["syncRuns"]["totalCount"], 0);
        assert_eq!(world.contacts().await, Vec::<Value>::new());

        let mut now = input(&integration);
        now["start"] = true.into();
        let now = world.data(CONFIGURE, json!({ "input": now })).await;
        let run = now["syncModuleConfigure"]["syncRun"]["id"].as_str().expect("a run");
        let run = world.ended(run).await;
        assert_eq!((&run["state"], &run["trigger"], &run["settingsVersion"]), (&json!("SUCCEEDED"), &json!("INITIAL"), &json!(2)));
        assert_eq!(world.contacts().await.len(), 1);
    }

    async fn connecting_checks_the_key_and_keeps_it_out_of_sight(world: &TestWorld) {
        let connect = "mutation($key: String!) { integrationConnect(input: { app: \"books\", email: \"admin@example.com\",
            zscKey: $key }) { integration { id } userErrors { code message } } }";
        let refused = world.data(connect, json!({ "key": "wrong" })).await;
        assert_eq!(refused["integrationConnect"]["userErrors"][0]["code"], "INVALID_ZSC_KEY");
        let first = world.connect().await;
        let second = world.connect().await;
        assert_eq!(first, second, "connecting again renews the credential of the same integration");

        use finbridge_entity::integration;
        use sea_orm::EntityTrait;
        let row = integration::Entity::find().one(&world.app.engine.db).await.unwrap().expect("an integration");
        let shown = world.emulator.journal().into_iter().find(|entry| entry.path == "/integration/v1/zsc/exchange");
        assert!(shown.is_some());
        assert!(row.sealed_credential.starts_with("v1.") && !row.sealed_credential.contains("1000."), "sealed");
    }
}
