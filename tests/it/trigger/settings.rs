//! What a trigger can be set to.

use finbridge_emulator::{DEMO_EMAIL, DEMO_ZSC_KEY};
use finbridge_tests::{TestWorld, both_databases};
use serde_json::{Value, json};

use super::{sales, set};

async fn connected(world: &TestWorld, app: &str) -> Value {
    let query = "mutation($app: String!, $key: String!, $email: String!) { integrationConnect(input: { app: $app, email: $email, zscKey: $key, transactionKinds: [] }) {
        integration { id } userErrors { code message } } }";
    let mut data = world.data(query, json!({ "app": app, "key": DEMO_ZSC_KEY, "email": DEMO_EMAIL })).await;
    data["integrationConnect"]["integration"]["id"].take()
}

fn codes(payload: &Value) -> Vec<&str> {
    payload["userErrors"]
        .as_array()
        .expect("errors")
        .iter()
        .filter_map(|error| error["code"].as_str())
        .collect()
}

both_databases! {
    async fn r122_one_trigger_point_is_chosen_or_none(world: &TestWorld) {
        let sales = sales(world).await;
        let query = "query { integrations { trigger { point createStages { name } isMarkedSent } } }";
        assert_eq!(world.data(query, json!({})).await["integrations"][0]["trigger"], Value::Null);
        sales.trigger(world, "ESTIMATE", json!({ "createStageIds": [sales.further], "markSent": true })).await;
        let now = world.data(query, json!({})).await;
        assert_eq!(now["integrations"][0]["trigger"], json!({ "point": "ESTIMATE", "createStages": [{ "name": "Offer" }], "isMarkedSent": true }));
        sales.trigger(world, "INVOICE", json!({})).await;
        let now = world.data(query, json!({})).await;
        assert_eq!(now["integrations"][0]["trigger"], json!({ "point": "INVOICE", "createStages": [], "isMarkedSent": false }));

        let wrong = |more: Value| {
            let mut input = json!({ "integrationId": sales.integration, "point": "ESTIMATE" });
            input.as_object_mut().expect("members").extend(more.as_object().expect("members").clone());
            input
        };
        assert_eq!(codes(&set(world, wrong(json!({}))).await), ["REQUIRED"]);
        let twice = json!({ "createStageIds": [sales.won], "acceptStageIds": [sales.won] });
        assert_eq!(codes(&set(world, wrong(twice)).await), ["INVALID"]);
        let staged = json!({ "point": "INVOICE", "createStageIds": [sales.won] });
        assert_eq!(codes(&set(world, wrong(staged)).await), ["SETTING_NOT_SUPPORTED"]);
        assert_eq!(world.data(query, json!({})).await["integrations"][0]["trigger"]["point"], "INVOICE", "nothing was changed");
    }

    async fn r123_triggers_exist_where_the_profile_has_such_documents(world: &TestWorld) {
        let expense = connected(world, "expense").await;
        assert_eq!(codes(&set(world, json!({ "integrationId": expense, "point": "INVOICE" })).await), ["MODULE_NOT_SUPPORTED"]);
        let billing = connected(world, "billing").await;
        assert_eq!(codes(&set(world, json!({ "integrationId": billing, "point": "INVOICE" })).await), [""; 0]);
        assert_eq!(codes(&set(world, json!({ "integrationId": billing, "point": "ESTIMATE" })).await), ["SETTING_NOT_SUPPORTED"]);
    }

    async fn r158_r159_a_disabled_integration_asks_for_nothing_and_goes_on_where_it_was(world: &TestWorld) {
        let sales = sales(world).await;
        crate::transaction::seen::until(async || {
            let data = world.data("query($id: ID!) { transactionFeeds(integrationId: $id) { isFetched } }", json!({ "id": sales.integration })).await;
            data["transactionFeeds"].as_array().expect("feeds").iter().all(|feed| feed["isFetched"] == true)
        }, "documents were read").await;
        let act = async |mutation: &str, more: &str| {
            let query = format!("mutation($id: ID!) {{ {mutation}(input: {{ integrationId: $id{more} }}) {{ integration {{ state }} userErrors {{ code }} }} }}");
            let mut data = world.data(&query, json!({ "id": sales.integration })).await;
            data[mutation].take()
        };
        assert_eq!(codes(&act("integrationDisable", "").await), ["CONFIRMATION_REQUIRED"]);
        assert_eq!(act("integrationDisable", ", confirm: true").await["integration"]["state"], "DISABLED");
        let update = "mutation($id: ID!) { accountUpdate(input: { id: $id, website: \"https://new.example\" }) { userErrors { code } } }";
        assert_eq!(world.data(update, json!({ "id": sales.account })).await["accountUpdate"]["userErrors"], json!([]));
        world.emulator.clear_journal();
        world.advance(chrono::TimeDelta::hours(24));
        let start = "mutation($id: ID!) { syncRunStart(input: { integrationId: $id, module: CUSTOMERS }) { syncRun { id } userErrors { code } } }";
        let refused = world.send(start, json!({ "id": sales.integration })).await;
        assert!(refused["errors"][0]["message"].as_str().unwrap_or_default().contains("integrationEnable"), "{refused:#}");
        tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
        assert_eq!(world.emulator.journal().len(), 0, "{:?}", world.emulator.journal());
        assert_eq!(act("integrationEnable", ", confirm: true").await["integration"]["state"], "ACTIVE");
        crate::transaction::seen::until(async || {
            world.contacts().await.iter().any(|one| one["contact_name"] == "Acme" && one["website"] == "https://new.example")
        }, "the edit arrived").await;
        assert_eq!(world.contacts().await.iter().filter(|one| one["contact_name"] == "Acme").count(), 1);
    }
}
