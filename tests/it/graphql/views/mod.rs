//! Views: criteria under a name.

mod criteria;
mod explain;
mod predefined;
mod property;
mod write;

use finbridge_tests::TestWorld;
use serde_json::{Value, json};

use super::{done, text};

const CREATE: &str = "mutation($input: ViewCreateInput!) { viewCreate(input: $input) { view { id version }
    userErrors { code message field } } }";
const UPDATE: &str =
    "mutation($input: ViewUpdateInput!) { viewUpdate(input: $input) { view { id version name isShared
    criteria { field operator values } } userErrors { code message field } } }";
const DELETE: &str = "mutation($input: ViewDeleteInput!) { viewDelete(input: $input) { deletedView
    userErrors { code message field } } }";

/// One condition.
fn holds(field: &str, operator: &str, values: &[&str]) -> Value {
    json!({ "field": field, "operator": operator, "values": values })
}

/// Makes a view that only the administrator sees.
async fn view(world: &TestWorld, record_type: &str, name: &str, criteria: Value) -> String {
    let input = json!({ "recordType": record_type, "name": name, "criteria": criteria });
    text(&done(world, CREATE, json!({ "input": input })).await["view"]["id"])
}

/// Names of the accounts in the view, in alphabetical order.
async fn accounts(world: &TestWorld, token: &str, view: &str) -> Vec<String> {
    let query =
        "query($view: ID!) { accounts(first: 100, filter: { view: $view }) { totalCount nodes { name } }
        view(id: $view) { count } }";
    let mut answer = world.send_as(token, query, json!({ "view": view })).await;
    assert!(answer.get("errors").is_none(), "{answer:#}");
    let accounts = answer["data"]["accounts"].take();
    let names: Vec<_> =
        accounts["nodes"].as_array().expect("nodes").iter().map(|node| text(&node["name"])).collect();
    let count = json!(names.len());
    assert_eq!((&accounts["totalCount"], &answer["data"]["view"]["count"]), (&count, &count));
    names
}

/// Adds a custom field to accounts.
async fn custom_field(world: &TestWorld, key: &str, kind: &str, options: Option<Vec<&str>>) -> String {
    let create =
        "mutation($input: CustomFieldCreateInput!) { customFieldCreate(input: $input) { customField { id }
        userErrors { code message } } }";
    let input =
        json!({ "recordType": "ACCOUNT", "key": key, "label": key, "kind": kind, "options": options });
    text(&done(world, create, json!({ "input": input })).await["customField"]["id"])
}

async fn account(world: &TestWorld, input: Value) -> String {
    let create = "mutation($input: AccountCreateInput!) { accountCreate(input: $input) { account { id }
        userErrors { code message field } } }";
    text(&done(world, create, json!({ "input": input })).await["account"]["id"])
}
