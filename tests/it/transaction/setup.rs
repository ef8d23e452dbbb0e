//! How far an integration is set up.

use finbridge_emulator::{DEMO_EMAIL, DEMO_ZSC_KEY};
use finbridge_tests::{TestWorld, both_databases};
use serde_json::{Value, json};

use crate::sync::support::{settings, take_profile};

/// The state of each step, in their order, and whether nothing is left to do.
async fn steps(world: &TestWorld, integration: &str) -> (Vec<String>, bool) {
    let query = "query($id: ID!) { integration(id: $id) { setup { isComplete steps { key state hint } } } }";
    let data = world.data(query, json!({ "id": integration })).await;
    let setup = &data["integration"]["setup"];
    let steps = setup["steps"].as_array().expect("steps");
    let keys: Vec<_> = steps.iter().filter_map(|step| step["key"].as_str()).collect();
    assert_eq!(keys, ["ENABLE", "MODULES", "SYNC_SETTINGS", "TRIGGER", "PERMISSIONS"]);
    let states = steps.iter().map(|step| step["state"].as_str().expect("a state").to_owned());
    (states.collect(), setup["isComplete"] == Value::Bool(true))
}

both_databases! {
    async fn r004_setting_up_has_five_steps_and_each_is_done_by_itself(world: &TestWorld) {
        let integration = world.connect().await;
        let (mut wanted, is_complete) = steps(world, &integration).await;
        assert_eq!(wanted, ["DONE", "OPEN", "OPEN", "OPEN", "DONE"]);
        assert!(!is_complete);

        settings(world, &integration, "module: CUSTOMERS, crmModule: ACCOUNTS, direction: FETCH_FROM_CRM, duplicatePolicy: SKIP", false).await;
        wanted[2] = "DONE".to_owned();
        assert_eq!(steps(world, &integration).await, (wanted.clone(), false));

        let set = crate::trigger::set(world, json!({ "integrationId": integration, "point": "INVOICE" })).await;
        assert_eq!(set["userErrors"], json!([]), "{set:#}");
        wanted[3] = "DONE".to_owned();
        assert_eq!(steps(world, &integration).await, (wanted.clone(), false));

        let connect = "mutation($key: String!, $email: String!) { integrationConnect(input: { app: \"books\", email: $email, zscKey: $key, transactionKinds: [INVOICE] }) {
            integration { id } userErrors { code message } } }";
        let data = world.data(connect, json!({ "key": DEMO_ZSC_KEY, "email": DEMO_EMAIL })).await;
        assert_eq!(data["integrationConnect"]["integration"]["id"], json!(integration), "{data:#}");
        wanted[1] = "DONE".to_owned();
        assert_eq!(steps(world, &integration).await, (wanted.clone(), true));

        let disable = "mutation($id: ID!) { integrationDisable(input: { integrationId: $id, confirm: true }) { userErrors { code } } }";
        world.data(disable, json!({ "id": integration })).await;
        wanted[0] = "OPEN".to_owned();
        assert_eq!(steps(world, &integration).await, (wanted, false));
    }

    async fn r004_what_a_profile_does_not_offer_is_no_step_to_do(world: &TestWorld) {
        let integration = world.connect().await;
        take_profile(world, "EXPENSE_NOW").await;
        let (states, _) = steps(world, &integration).await;
        assert_eq!((states[1].as_str(), states[3].as_str()), ("OPEN", "NOT_OFFERED"), "expenses are seen, and no deal makes them");
        take_profile(world, "ERP").await;
        let (states, _) = steps(world, &integration).await;
        assert_eq!((states[1].as_str(), states[3].as_str()), ("NOT_OFFERED", "NOT_OFFERED"), "no documents of it come");
    }
}
