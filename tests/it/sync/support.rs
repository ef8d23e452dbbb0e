//! What tests of the engine do again and again.

use finbridge_tests::TestWorld;
use serde_json::{Value, json};

/// Saves settings, written as the input's members in GraphQL; the run's id if one was started.
pub async fn settings(world: &TestWorld, integration: &str, wish: &str, start: bool) -> Option<String> {
    let answer = configure(world, integration, wish, start).await;
    assert_eq!(answer["userErrors"], json!([]), "{wish}: {answer:#}");
    answer["syncRun"]["id"].as_str().map(str::to_owned)
}

/// The same, refused or not.
pub async fn configure(world: &TestWorld, integration: &str, wish: &str, start: bool) -> Value {
    let query = format!(
        "mutation($id: ID!) {{ syncModuleConfigure(input: {{ integrationId: $id, start: {start}, {wish} }}) {{
           syncModule {{ settingsVersion }} syncRun {{ id }} userErrors {{ code message field }} }} }}"
    );
    world.data(&query, json!({ "id": integration })).await["syncModuleConfigure"].take()
}

/// The account of this name, with these fields.
pub async fn account_named(world: &TestWorld, name: &str, fields: &str) -> Value {
    let query = format!(
        "query($name: String!) {{ accounts(filter: {{ name: {{ eq: $name }} }}) {{ nodes {{ {fields} }} }} }}"
    );
    let mut data = world.data(&query, json!({ "name": name })).await;
    let nodes = data["accounts"]["nodes"].as_array_mut().expect("accounts");
    assert_eq!(nodes.len(), 1, "one account of the name {name}");
    nodes.remove(0)
}

/// Changes an account by these members of the input.
pub async fn change_account(world: &TestWorld, account: &str, members: &str) {
    let query = format!(
        "mutation($id: ID!) {{ accountUpdate(input: {{ id: $id, {members} }}) {{ userErrors {{ message }} }} }}"
    );
    let data = world.data(&query, json!({ "id": account })).await;
    assert_eq!(data["accountUpdate"]["userErrors"], json!([]), "{data:#}");
}

/// The items of a run.
pub fn items_of(run: &Value) -> &Vec<Value> {
    run["items"]["nodes"].as_array().expect("items")
}
