//! Documents that are made on the finance side, and seen here.

use finbridge_tests::TestWorld;
use serde_json::{Value, json};

/// Waits until something is so that happens by itself.
pub async fn until(done: impl AsyncFn() -> bool, what: &str) {
    for _ in 0..1_200 {
        if done().await {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("it did not happen: {what}");
}

/// Makes a customer there, in a currency other than the base currency where one is named, and returns its id.
pub async fn customer(world: &TestWorld, name: &str, currency: Option<&str>) -> String {
    party(world, name, "customer", currency).await
}

/// Makes a customer or vendor there and returns its id.
pub async fn party(world: &TestWorld, name: &str, contact_type: &str, currency: Option<&str>) -> String {
    let mut body = json!({ "contact_name": name, "contact_type": contact_type });
    if contact_type == "customer" {
        body["customer_sub_type"] = json!("business");
    }
    if let Some(code) = currency {
        let currencies = world.books("GET", "/settings/currencies", None).await;
        let known = currencies["currencies"]
            .as_array()
            .expect("currencies")
            .iter()
            .find(|one| one["currency_code"] == code);
        body["currency_id"] = match known {
            Some(known) => known["currency_id"].clone(),
            None => {
                let made = json!({ "currency_code": code, "currency_symbol": code, "currency_format": "1,234,567.89" });
                let answer = world.books("POST", "/settings/currencies", Some(made)).await;
                assert_eq!(answer["code"], 0, "{answer:#}");
                answer["currency"]["currency_id"].clone()
            }
        };
    }
    let answer = world.books("POST", "/contacts", Some(body)).await;
    assert_eq!(answer["code"], 0, "{answer:#}");
    answer["contact"]["contact_id"].as_str().expect("an id").to_owned()
}

/// Makes a document there; `path` is its list, `key` what the answer calls it.
pub async fn made(world: &TestWorld, path: &str, key: &str, body: Value) -> Value {
    let mut answer = world.books("POST", path, Some(body)).await;
    assert_eq!(answer["code"], 0, "{path}: {answer:#}");
    answer[key].take()
}

/// Makes an invoice there, of one tea for 100 unless these members say otherwise.
pub async fn invoice(world: &TestWorld, customer: &str, members: Value) -> Value {
    made(world, "/invoices", "invoice", with(customer, members)).await
}

/// The body of a sales document with these members.
pub fn with(customer: &str, members: Value) -> Value {
    let mut body = json!({ "customer_id": customer, "date": "2026-01-05",
        "line_items": [{ "name": "Tea", "quantity": 1, "rate": 100 }] });
    for (name, value) in members.as_object().expect("members") {
        body[name] = value.clone();
    }
    body
}

/// Has documents of these kinds read, and waits for the end of a reading that began afterwards.
pub async fn fetch(world: &TestWorld, integration: &str, kinds: &[&str]) {
    let query = format!(
        "mutation($id: ID!) {{ transactionsFetch(input: {{ integrationId: $id, kinds: [{}] }}) {{
           feeds {{ kind }} userErrors {{ code message }} }} }}",
        kinds.join(", ")
    );
    let data = world.data(&query, json!({ "id": integration })).await;
    assert_eq!(data["transactionsFetch"]["userErrors"], json!([]), "{data:#}");
    let feeds = "query($id: ID!) { transactionFeeds(integrationId: $id) { kind isFetched fetchedAt dueAt error { code message } } }";
    let is_read = async || {
        let data = world.data(feeds, json!({ "id": integration })).await;
        let feeds = data["transactionFeeds"].as_array().expect("feeds").iter();
        let mut wanted = feeds.filter(|feed| kinds.contains(&feed["kind"].as_str().unwrap_or_default()));
        wanted.all(|feed| feed["isFetched"] == true)
    };
    until(is_read, "the documents were read").await;
}

/// Waits until there are so many transactions, and returns these fields of them, in the order in which they were read.
pub async fn transactions(world: &TestWorld, count: usize, fields: &str) -> Vec<Value> {
    let query = format!(
        "{{ transactions(first: 100, orderBy: {{ field: MODIFIED_AT }}) {{ totalCount nodes {{ {fields} }} }} }}"
    );
    let is_there = async || world.data(&query, json!({})).await["transactions"]["totalCount"] == json!(count);
    until(is_there, "so many transactions").await;
    world.data(&query, json!({})).await["transactions"]["nodes"].as_array().expect("transactions").clone()
}
