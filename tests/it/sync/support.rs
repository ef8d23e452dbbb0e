//! What tests of the engine do again and again.

use finbridge_entity::integration;
use finbridge_tests::TestWorld;
use sea_orm::EntityTrait;
use sea_orm::sea_query::Expr;
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

/// Makes a record by its create mutation and returns its id.
pub async fn make(world: &TestWorld, kind: &str, members: &str) -> String {
    let query = format!(
        "mutation {{ {kind}Create(input: {{ {members} }}) {{ {kind} {{ id }} userErrors {{ message }} }} }}"
    );
    let data = world.data(&query, json!({})).await;
    data[format!("{kind}Create")][kind]["id"].as_str().unwrap_or_else(|| panic!("{data:#}")).to_owned()
}

/// Starts a run of the module and waits for its end.
pub async fn run(world: &TestWorld, integration: &str, module: &str) -> Value {
    let query = format!(
        "mutation($id: ID!) {{ syncRunStart(input: {{ integrationId: $id, module: {module} }}) {{ syncRun {{ id }} userErrors {{ code message }} }} }}"
    );
    let data = world.data(&query, json!({ "id": integration })).await;
    let run = data["syncRunStart"]["syncRun"]["id"].as_str().unwrap_or_else(|| panic!("{data:#}")).to_owned();
    world.ended(&run).await
}

/// Says whether names of products are unique.
pub async fn names_unique(world: &TestWorld, is_unique: bool) -> Value {
    let query = format!(
        "mutation {{ productNamesSetUnique(input: {{ isUnique: {is_unique} }}) {{ organization {{ isProductNameUnique }} userErrors {{ code message field }} }} }}"
    );
    world.data(&query, json!({})).await["productNamesSetUnique"].take()
}

/// Gives every integration another profile, as if its app had it.
pub async fn take_profile(world: &TestWorld, key: &str) {
    integration::Entity::update_many()
        .col_expr(integration::Column::ProfileKey, Expr::value(key.to_owned()))
        .exec(&world.app.engine.db)
        .await
        .expect("an update");
}

/// A field map of the input: CRM field and finance field.
pub fn map(record_type: &str, kind: &str, pairs: &[(&str, &str)]) -> String {
    let pair = |(crm, finance): &(&str, &str)| format!("{{ crm: \"{crm}\", finance: \"{finance}\" }}");
    let pairs: Vec<_> = pairs.iter().map(pair).collect();
    format!("fieldMaps: [{{ recordType: {record_type}, kind: {kind}, pairs: [{}] }}]", pairs.join(", "))
}

/// Waits until something is so that happens by itself.
pub async fn until(done: impl AsyncFn() -> bool, what: &str) {
    for _ in 0..600 {
        if done().await {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("it did not happen: {what}");
}

/// The runs of the organization, oldest first, once there are so many and all have ended.
pub async fn ended_runs(world: &TestWorld, count: usize) -> Vec<Value> {
    let query = "{ syncRuns(orderBy: { field: CREATED_AT, direction: ASC }, first: 100) { nodes { id trigger state } } }";
    let runs =
        async || world.data(query, json!({})).await["syncRuns"]["nodes"].as_array().expect("runs").clone();
    let is_over = |run: &Value| !["QUEUED", "RUNNING"].contains(&run["state"].as_str().unwrap_or_default());
    let is_so = async || {
        let runs = runs().await;
        runs.len() == count && runs.iter().all(is_over)
    };
    until(is_so, "so many runs have ended").await;
    runs().await
}
