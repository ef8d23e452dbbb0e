//! Views that limit what is synchronised.

use chrono::TimeDelta;
use finbridge_tests::{TestWorld, both_databases};
use serde_json::{Value, json};

const CONFIGURE: &str = "mutation($input: SyncModuleConfigureInput!) { syncModuleConfigure(input: $input) {
    syncModule { settingsVersion accountView { id name } accountViewer { email } } userErrors { code message field } } }";

/// Runs a mutation and returns what its only field holds.
async fn act(world: &TestWorld, token: &str, mutation: &str, input: Value) -> Value {
    let mut answer = world.send_as(token, mutation, json!({ "input": input })).await;
    assert!(answer.get("errors").is_none(), "{answer:#}");
    answer["data"].as_object_mut().unwrap().values_mut().next().unwrap().take()
}

async fn done(world: &TestWorld, mutation: &str, input: Value) -> Value {
    let payload = act(world, &world.token, mutation, input).await;
    assert_eq!(payload["userErrors"], json!([]), "{payload:#}");
    payload
}

fn input(integration: &str, view: &Value) -> Value {
    json!({ "integrationId": integration, "module": "CUSTOMERS", "crmModule": "ACCOUNTS", "direction": "FETCH_FROM_CRM",
            "duplicatePolicy": "SKIP", "start": false, "accountViewId": view })
}

async fn limit(world: &TestWorld, integration: &str, view: &Value) -> Value {
    done(world, CONFIGURE, input(integration, view)).await["syncModule"].take()
}

fn holds(field: &str, operator: &str, values: &[&str]) -> Value {
    json!({ "field": field, "operator": operator, "values": values })
}

async fn view(world: &TestWorld, name: &str, criteria: Value) -> Value {
    let create = "mutation($input: ViewCreateInput!) { viewCreate(input: $input) { view { id } userErrors { code message field } } }";
    let input = json!({ "recordType": "ACCOUNT", "name": name, "criteria": criteria });
    done(world, create, input).await["view"]["id"].take()
}

async fn change_criteria(world: &TestWorld, view: &Value, criteria: Value) {
    let update = "mutation($input: ViewUpdateInput!) { viewUpdate(input: $input) { view { id } userErrors { code message field } } }";
    done(world, update, json!({ "id": view, "criteria": criteria })).await;
}

async fn account(world: &TestWorld, name: &str, industry: &str) -> Value {
    let create = "mutation($input: AccountCreateInput!) { accountCreate(input: $input) { account { id } userErrors { code message } } }";
    done(world, create, json!({ "name": name, "industry": industry })).await["account"]["id"].take()
}

async fn update(world: &TestWorld, account: &Value, fields: Value) {
    let mut input = fields;
    input["id"] = account.clone();
    let update = "mutation($input: AccountUpdateInput!) { accountUpdate(input: $input) { account { id } userErrors { code message } } }";
    done(world, update, input).await;
}

async fn delete(world: &TestWorld, account: &Value) {
    let delete = "mutation($input: AccountDeleteInput!) { accountDelete(input: $input) { deletedAccount userErrors { code message } } }";
    done(world, delete, json!({ "id": account })).await;
}

/// What a plan would do: name and action, in alphabetical order.
async fn plan(world: &TestWorld, integration: &str) -> Vec<(String, String)> {
    let query = "query($id: ID!) { syncPlan(integrationId: $id, module: CUSTOMERS) { items(first: 100) { nodes { recordName action } } } }";
    let plan = world.data(query, json!({ "id": integration })).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let nodes = plan["syncPlan"]["items"]["nodes"].as_array().unwrap();
    let mut steps: Vec<_> =
        nodes.iter().map(|node| (text(&node["recordName"]), text(&node["action"]))).collect();
    steps.sort();
    steps
}

fn steps(wanted: &[(&str, &str)]) -> Vec<(String, String)> {
    wanted.iter().map(|(name, action)| ((*name).to_owned(), (*action).to_owned())).collect()
}

async fn customers(world: &TestWorld) -> Vec<String> {
    let mut names: Vec<_> =
        world.contacts().await.iter().map(|row| row["contact_name"].as_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

both_databases! {
    async fn r075_only_members_of_the_view_are_planned_and_new_criteria_count_for_the_next_plan(world: &TestWorld) {
        let integration = world.connect().await;
        account(world, "Bank", "finance").await;
        account(world, "Shop", "retail").await;
        account(world, "Broker", "Finance").await;
        let view = view(world, "Finance", holds("industry", "EQ", &["finance"])).await;
        let module = limit(world, &integration, &view).await;
        assert_eq!(module, json!({ "settingsVersion": 1, "accountView": { "id": view, "name": "Finance" },
            "accountViewer": { "email": finbridge_emulator::DEMO_EMAIL } }));
        assert_eq!(plan(world, &integration).await, steps(&[("Bank", "CREATE"), ("Broker", "CREATE")]));
        let run = world.synced(&integration).await;
        assert_eq!((&run["state"], &run["totals"]["added"]), (&json!("SUCCEEDED"), &json!(2)), "{run:#}");
        assert_eq!(customers(world).await, ["Bank", "Broker"]);

        // The settings stay as they are; only the criteria change.
        change_criteria(world, &view, json!({ "not": holds("industry", "EQ", &["finance"]) })).await;
        assert_eq!(plan(world, &integration).await, steps(&[("Shop", "CREATE")]));
        let run = world.synced(&integration).await;
        assert_eq!((&run["settingsVersion"], &run["totals"]["planned"]), (&json!(1), &json!(1)), "{run:#}");
        assert_eq!(customers(world).await, ["Bank", "Broker", "Shop"]);

        // An account that comes into the view is planned, one without the view too.
        let late = account(world, "Late", "finance").await;
        assert_eq!(plan(world, &integration).await, []);
        update(world, &late, json!({ "industry": "other" })).await;
        assert_eq!(plan(world, &integration).await, steps(&[("Late", "CREATE")]));
        account(world, "Later", "finance").await;
        limit(world, &integration, &Value::Null).await;
        assert_eq!(plan(world, &integration).await, steps(&[("Late", "CREATE"), ("Later", "CREATE")]));
    }

    async fn a17_13_a_record_that_leaves_the_view_stays_linked_without_updates_and_is_not_deleted(world: &TestWorld) {
        let integration = world.connect().await;
        let view = view(world, "Finance", holds("industry", "EQ", &["finance"])).await;
        limit(world, &integration, &view).await;
        let leaver = account(world, "Leaver", "finance").await;
        let stayer = account(world, "Stayer", "finance").await;
        let goner = account(world, "Goner", "finance").await;
        assert_eq!(world.synced(&integration).await["totals"]["added"], 3);

        update(world, &leaver, json!({ "industry": "retail", "website": "https://leaver.example" })).await;
        update(world, &stayer, json!({ "website": "https://stayer.example" })).await;
        assert_eq!(plan(world, &integration).await, steps(&[("Stayer", "UPDATE")]));
        world.emulator.clear_journal();
        let run = world.synced(&integration).await;
        assert_eq!((&run["totals"]["planned"], &run["totals"]["updated"]), (&json!(1), &json!(1)), "{run:#}");
        assert_eq!(world.finance_writes().len(), 1, "{:?}", world.finance_writes());
        assert_eq!(customers(world).await, ["Goner", "Leaver", "Stayer"]);
        let state = "query($id: ID!) { account(id: $id) { syncState externalReferences { remoteKey } } }";
        let left = world.data(state, json!({ "id": leaver })).await;
        assert_eq!(left["account"]["syncState"], "LINKED");
        let remote = left["account"]["externalReferences"][0]["remoteKey"].as_str().unwrap().to_owned();
        let website = async || world.books("GET", &format!("/contacts/{remote}"), None).await["contact"]["website"].take();
        assert_eq!(website().await, "");

        // Deleting the account itself is another act than leaving the view: the link says that the two are one thing (R116).
        update(world, &goner, json!({ "industry": "retail" })).await;
        delete(world, &goner).await;
        assert_eq!(plan(world, &integration).await, steps(&[("Goner", "DELETE")]));
        world.synced(&integration).await;
        assert_eq!(customers(world).await, ["Leaver", "Stayer"]);

        // Back in the view, everything that changed meanwhile travels.
        update(world, &leaver, json!({ "industry": "Finance" })).await;
        assert_eq!(plan(world, &integration).await, steps(&[("Leaver", "UPDATE")]));
        world.synced(&integration).await;
        assert_eq!(website().await, "https://leaver.example");
    }

    async fn a_sync_of_my_or_recent_accounts_goes_by_whoever_chose_the_view_and_the_clock(world: &TestWorld) {
        let integration = world.connect().await;
        let views = world.data("{ views(recordType: ACCOUNT) { id } viewer { user { id } } }", json!({})).await;
        let me = &views["viewer"]["user"]["id"];
        let mine = account(world, "Mine", "x").await;
        let nobodys = account(world, "Nobody's", "x").await;
        update(world, &nobodys, json!({ "ownerId": null })).await;
        limit(world, &integration, &views["views"][1]["id"]).await;
        assert_eq!(plan(world, &integration).await, steps(&[("Mine", "CREATE")]));
        update(world, &mine, json!({ "ownerId": null })).await;
        update(world, &nobodys, json!({ "ownerId": me })).await;
        assert_eq!(plan(world, &integration).await, steps(&[("Nobody's", "CREATE")]));

        limit(world, &integration, &views["views"][2]["id"]).await;
        world.advance(TimeDelta::days(7));
        account(world, "Recent", "x").await;
        assert_eq!(plan(world, &integration).await, steps(&[("Recent", "CREATE")]));
        limit(world, &integration, &views["views"][0]["id"]).await;
        assert_eq!(plan(world, &integration).await.len(), 3);
    }

    async fn accounts_outside_the_view_are_no_rivals_of_those_in_it(world: &TestWorld) {
        let integration = world.connect().await;
        world.books("POST", "/contacts", Some(json!({ "contact_name": "Acme" }))).await;
        account(world, "Acme", "finance").await;
        account(world, "ACME", "retail").await;
        let view = view(world, "Finance", holds("industry", "EQ", &["finance"])).await;
        limit(world, &integration, &Value::Null).await;
        assert_eq!(plan(world, &integration).await, steps(&[("ACME", "AMBIGUOUS"), ("Acme", "AMBIGUOUS")]));
        limit(world, &integration, &view).await;
        assert_eq!(plan(world, &integration).await, steps(&[("Acme", "SKIP")]));
    }

    async fn a_view_that_limits_a_sync_cannot_be_removed(world: &TestWorld) {
        let integration = world.connect().await;
        let used = view(world, "Used", holds("industry", "EQ", &["finance"])).await;
        limit(world, &integration, &used).await;
        let delete = "mutation($input: ViewDeleteInput!) { viewDelete(input: $input) { deletedView userErrors { code message field } } }";
        let refused = act(world, &world.token, delete, json!({ "id": used })).await;
        assert_eq!(refused["userErrors"][0]["code"], "VIEW_IN_USE", "{refused:#}");
        limit(world, &integration, &Value::Null).await;
        done(world, delete, json!({ "id": used })).await;
        let gone = act(world, &world.token, CONFIGURE, input(&integration, &used)).await;
        assert_eq!((&gone["userErrors"][0]["code"], &gone["userErrors"][0]["field"]), (&json!("NOT_FOUND"), &json!(["accountViewId"])));
    }

    async fn a_sync_whose_view_is_about_a_removed_field_fails_and_writes_nothing(world: &TestWorld) {
        let integration = world.connect().await;
        let field = "mutation($input: CustomFieldCreateInput!) { customFieldCreate(input: $input) { customField { id } userErrors { code message } } }";
        let field = done(world, field, json!({ "recordType": "ACCOUNT", "key": "tier", "label": "Tier", "kind": "TEXT" })).await;
        let view = view(world, "Gold", holds("customFields.tier", "IS_EMPTY", &[])).await;
        account(world, "Acme", "x").await;
        limit(world, &integration, &view).await;
        assert_eq!(plan(world, &integration).await, steps(&[("Acme", "CREATE")]));
        let remove = "mutation($input: CustomFieldDeleteInput!) { customFieldDelete(input: $input) { deletedCustomField userErrors { code } } }";
        done(world, remove, json!({ "id": field["customField"]["id"] })).await;

        let query = "query($id: ID!) { syncPlan(integrationId: $id, module: CUSTOMERS) { items { nodes { action } } } }";
        let plan = world.send(query, json!({ "id": integration })).await;
        assert_eq!(plan["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{plan:#}");
        let run = world.synced(&integration).await;
        assert_eq!((&run["state"], &run["error"]["code"]), (&json!("FAILED"), &json!("VIEW_UNUSABLE")), "{run:#}");
        assert!(run["error"]["message"].as_str().unwrap().contains("customFields.tier"), "{run:#}");
        assert_eq!(customers(world).await, [""; 0]);
        let again = act(world, &world.token, CONFIGURE, input(&integration, &view)).await;
        assert_eq!((&again["userErrors"][0]["code"], &again["userErrors"][0]["field"]), (&json!("INVALID"), &json!(["accountViewId"])));

        change_criteria(world, &view, holds("name", "EQ", &["acme"])).await;
        assert_eq!(world.synced(&integration).await["state"], "SUCCEEDED");
        assert_eq!(customers(world).await, ["Acme"]);
    }
}
