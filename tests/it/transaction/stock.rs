//! What the finance app counts and sorts: stock of products, categories of expenses.

use finbridge_emulator::{FaultAction, FaultRule};
use finbridge_tests::{TestWorld, both_databases};
use serde_json::{Value, json};

use crate::sync::support::{make, run, settings, take_profile};

const STOCK: &str = "query($integration: ID!, $id: ID!) { product(id: $id) { name stock(integrationId: $integration) { onHand available } } }";

/// The product of this name.
async fn product(world: &TestWorld, name: &str) -> String {
    let query = "query($name: String!) { products(filter: { name: { eq: $name } }) { nodes { id } } }";
    let data = world.data(query, json!({ "name": name })).await;
    data["products"]["nodes"][0]["id"].as_str().unwrap_or_else(|| panic!("{data:#}")).to_owned()
}

/// Connected, with items of the finance side that are products: chairs that are counted, and hours that are not.
async fn connected(world: &TestWorld) -> String {
    let integration = world.connect().await;
    let chair = json!({ "name": "Chair", "rate": 50, "item_type": "inventory", "initial_stock": 12.5, "initial_stock_rate": 20 });
    for item in [chair, json!({ "name": "Hour", "rate": 50 })] {
        let answer = world.books("POST", "/items", Some(item)).await;
        assert_eq!(answer["code"], 0, "{answer:#}");
    }
    settings(world, &integration, "module: ITEMS, direction: BOTH_WAYS, duplicatePolicy: SKIP", false).await;
    let ended = run(world, &integration, "ITEMS").await;
    assert_eq!(ended["state"], "SUCCEEDED", "{ended:#}");
    integration
}

/// The code with which a query is refused.
async fn refused(world: &TestWorld, query: &str, variables: Value) -> String {
    let answer = world.send(query, variables).await;
    let code = &answer["errors"][0]["extensions"]["code"];
    code.as_str().unwrap_or_else(|| panic!("it was not refused: {answer:#}")).to_owned()
}

both_databases! {
    async fn x01_a_product_shows_the_stock_of_its_item(world: &TestWorld) {
        let integration = connected(world).await;
        let stock = async |name: &str| {
            let variables = json!({ "integration": integration, "id": product(world, name).await });
            world.data(STOCK, variables).await["product"]["stock"].take()
        };
        let listed = world.books("GET", "/items?name=Chair", None).await;
        let item = listed["items"][0]["item_id"].as_str().expect("an id").to_owned();
        let there = world.books("GET", &format!("/items/{item}"), None).await;
        let exact = |member: &str| json!(there["item"][member].to_string());
        assert_eq!(stock("Chair").await, json!({ "onHand": exact("stock_on_hand"), "available": exact("available_stock") }));
        assert_eq!(stock("Chair").await["onHand"], "12.5");
        assert_eq!(stock("Hour").await, Value::Null, "nobody counts hours");
        make(world, "product", "name: \"Desk\"").await;
        assert_eq!(stock("Desk").await, Value::Null, "it is no item there");
        assert_eq!(world.books("POST", &format!("/items/{item}/inactive"), None).await["code"], 0);
        assert_eq!(stock("Chair").await["onHand"], "12.5");
    }

    async fn x01_stock_that_cannot_be_asked_for_is_a_typed_error(world: &TestWorld) {
        let integration = connected(world).await;
        let chair = product(world, "Chair").await;
        let variables = json!({ "integration": integration, "id": chair });
        for n in 0..25 {
            make(world, "product", &format!("name: \"Further {n}\"")).await;
        }
        let many = "query($integration: ID!) { products(first: 30) { nodes { stock(integrationId: $integration) { onHand } } } }";
        assert_eq!(refused(world, many, json!({ "integration": integration })).await, "BAD_USER_INPUT", "each is a request there");
        let few = "query($integration: ID!) { products(first: 25) { nodes { name stock(integrationId: $integration) { onHand } } } }";
        let data = world.data(few, json!({ "integration": integration })).await;
        assert_eq!(data["products"]["nodes"][0], json!({ "name": "Chair", "stock": { "onHand": "12.5" } }));
        let unknown = json!({ "integration": finbridge_domain::NodeId::new(finbridge_domain::NodeKind::Integration, world.app.engine.ids.uuid()).to_string(), "id": chair });
        assert_eq!(refused(world, STOCK, unknown).await, "BAD_USER_INPUT");

        let fault = FaultRule::new(FaultAction::ServerError { status: 503 }).method("GET").path_contains("/items/");
        world.emulator.fault(fault.count(1));
        assert_eq!(refused(world, STOCK, variables.clone()).await, "UNAVAILABLE");
        let disable = "mutation($id: ID!) { integrationDisable(input: { integrationId: $id, confirm: true }) { userErrors { code } } }";
        world.data(disable, json!({ "id": integration })).await;
        assert_eq!(refused(world, STOCK, variables).await, "INTEGRATION_INACTIVE");
    }

    async fn x01_new_expenses_choose_among_the_categories_of_the_finance_app(world: &TestWorld) {
        let integration = world.connect().await;
        let query = "query($id: ID!) { expenseCategories(integrationId: $id) { key name } }";
        let data = world.data(query, json!({ "id": integration })).await;
        let categories = data["expenseCategories"].as_array().expect("categories");
        let travel = categories.iter().find(|one| one["name"] == "Travel Expense").unwrap_or_else(|| panic!("{data:#}"));
        let body = json!({ "account_id": travel["key"], "date": "2026-01-05", "amount": 10 });
        assert_eq!(world.books("POST", "/expenses", Some(body)).await["code"], 0);
        assert!(categories.iter().all(|one| one["name"] != "Sales"), "income is none");

        let fault = FaultRule::new(FaultAction::ServerError { status: 503 }).method("GET").path_contains("/chartofaccounts");
        world.emulator.fault(fault.count(1));
        assert_eq!(refused(world, query, json!({ "id": integration })).await, "UNAVAILABLE");
        take_profile(world, "BILLING").await;
        assert_eq!(refused(world, query, json!({ "id": integration })).await, "BAD_USER_INPUT");
    }
}
