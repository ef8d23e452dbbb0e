//! What the integration promises as a whole, end to end, and where its bounds are.

use chrono::{DateTime, TimeDelta, Utc};
use finbridge_contract::RemoteDocument;
use finbridge_domain::{Clock, DocumentKind};
use finbridge_tests::{TestWorld, both_databases};
use serde_json::{Value, json};

use super::kept::{Kept, document, each, mark, stage};
use super::seen::{fetch, invoice, until};
use crate::sync::support::{account_named, change_account, make, settings};

/// Connected, with an account that is a customer, each seeing the other's changes: the integration, the account, and the customer.
async fn connected(world: &TestWorld) -> (String, String, String) {
    let integration = world.connect_documents().await;
    let account = world.account("Acme").await;
    settings(
        world,
        &integration,
        "module: CUSTOMERS, crmModule: ACCOUNTS, direction: BOTH_WAYS, duplicatePolicy: SKIP",
        false,
    )
    .await;
    world.synced(&integration).await;
    let contacts = world.contacts().await;
    assert_eq!(contacts.len(), 1, "{contacts:#?}");
    (integration, account, contacts[0]["contact_id"].as_str().expect("an id").to_owned())
}

async fn transactions(world: &TestWorld, account: &str) -> Vec<Value> {
    let query = "query($id: ID!) { account(id: $id) { transactions(first: 100) { nodes { kind status balance { amount } } } } }";
    let data = world.data(query, json!({ "id": account })).await;
    data["account"]["transactions"]["nodes"].as_array().expect("nodes").clone()
}

/// Waits until invoices were read to the end, and the next reading is far off.
async fn at_rest(world: &TestWorld, integration: &str) {
    let query = "query($id: ID!) { transactionFeeds(integrationId: $id) { kind isFetched dueAt } }";
    let soon = world.clock.now() + TimeDelta::hours(1);
    let is_at_rest = async || {
        let data = world.data(query, json!({ "id": integration })).await;
        let feeds = data["transactionFeeds"].as_array().expect("feeds");
        let feed = feeds.iter().find(|feed| feed["kind"] == "INVOICE").expect("a feed");
        let due = feed["dueAt"].as_str().and_then(|due| due.parse::<DateTime<Utc>>().ok());
        feed["isFetched"] == true && due.is_some_and(|due| due > soon)
    };
    until(is_at_rest, "invoices were read to the end").await;
}

async fn sent(world: &TestWorld, customer: &str) -> String {
    let made = invoice(world, customer, json!({})).await;
    let id = made["invoice_id"].as_str().expect("an id").to_owned();
    assert_eq!(world.books("POST", &format!("/invoices/{id}/status/sent"), None).await["code"], 0);
    id
}

async fn pay(world: &TestWorld, customer: &str, invoice: &str, amount: u32) {
    let payment = json!({ "customer_id": customer, "payment_mode": "cash", "amount": amount, "date": "2026-01-05", "invoices": [{ "invoice_id": invoice, "amount_applied": amount }] });
    let answer = world.books("POST", "/customerpayments", Some(payment)).await;
    assert_eq!(answer["code"], 0, "{answer:#}");
}

/// The names of the fields of an object of the schema.
async fn fields(world: &TestWorld, ty: &str) -> Vec<String> {
    let query = "query($name: String!) { __type(name: $name) { fields { name } } }";
    let data = world.data(query, json!({ "name": ty })).await;
    each(&data["__type"]["fields"], "name")
        .iter()
        .filter_map(|name| name.as_str().map(str::to_owned))
        .collect()
}

both_databases! {
    async fn r008_one_customer_record_is_used_from_both_sides(world: &TestWorld) {
        let (integration, account, customer) = connected(world).await;
        change_account(world, &account, "website: \"https://from.crm.example\"").await;
        world.synced(&integration).await;
        let there = world.books("GET", &format!("/contacts/{customer}"), None).await;
        assert_eq!(there["contact"]["website"], "https://from.crm.example");
        world.advance(TimeDelta::minutes(1));
        world.books("PUT", &format!("/contacts/{customer}"), Some(json!({ "website": "https://from.books.example" }))).await;
        world.synced(&integration).await;
        assert_eq!(account_named(world, "Acme", "website").await["website"], "https://from.books.example");
        assert_eq!(world.contacts().await.len(), 1, "and it stays one");
    }

    async fn r008_what_a_customer_owes_and_bought_is_seen_in_the_crm(world: &TestWorld) {
        let (integration, account, customer) = connected(world).await;
        let first = sent(world, &customer).await;
        sent(world, &customer).await;
        pay(world, &customer, &first, 30).await;
        fetch(world, &integration, &["INVOICE"]).await;
        let query = "query($id: ID!) { account(id: $id) { financeSummary { receivables { home { amount } } sales { home { amount } } } } }";
        let summary = async || world.data(query, json!({ "id": account })).await["account"]["financeSummary"].take();
        let wanted = json!({ "receivables": { "home": { "amount": "170" } }, "sales": { "home": { "amount": "200" } } });
        until(async || summary().await == wanted, "both figures are there").await;
    }

    async fn r008_transactions_are_kept_in_step(world: &TestWorld) {
        let (integration, account, customer) = connected(world).await;
        at_rest(world, &integration).await;
        let id = sent(world, &customer).await;
        world.advance(TimeDelta::hours(2));
        let seen = |status: &'static str, balance: &'static str| {
            let wanted = json!({ "kind": "INVOICE", "status": status, "balance": { "amount": balance } });
            let account = &account;
            async move || transactions(world, account).await.contains(&wanted)
        };
        until(seen("SENT", "100"), "the invoice is here").await;
        at_rest(world, &integration).await;
        pay(world, &customer, &id, 100).await;
        world.advance(TimeDelta::hours(2));
        until(seen("PAID", "0"), "so is its payment").await;
    }

    async fn r008_a_deal_that_is_won_becomes_an_invoice(world: &TestWorld) {
        let sales = crate::trigger::sales(world).await;
        sales.trigger(world, "INVOICE", json!({})).await;
        let deal = sales.deal(world, &sales.open, json!({})).await;
        assert!(crate::trigger::documents(world, "/invoices", "invoices").await.is_empty());
        crate::trigger::moved(world, &deal, &sales.won).await;
        let read = async || crate::trigger::documents(world, "/invoices", "invoices").await;
        until(async || !read().await.is_empty(), "the invoice is made").await;
        let invoices = read().await;
        assert_eq!((invoices.len(), &invoices[0]["total"]), (1, &json!(1200.5)), "{invoices:#?}");
        let query = "query($id: ID!) { deal(id: $id) { transactions { nodes { kind total { amount } } } } }";
        let wanted = json!([{ "kind": "INVOICE", "total": { "amount": "1200.5" } }]);
        let of_deal = async || world.data(query, json!({ "id": deal })).await["deal"]["transactions"]["nodes"].take();
        until(async || of_deal().await == wanted, "and it is seen with the deal").await;
    }

    async fn r002_documents_are_seen_from_account_contact_and_deal(world: &TestWorld) {
        let kept = Kept::new(world, "USD", "UTC").await;
        let account = world.account("Acme").await;
        let contact = make(world, "contact", &format!("lastName: \"Ada\", accountId: \"{account}\"")).await;
        let open = stage(world, "Open", "OPEN").await;
        let deal = make(world, "deal", &format!("name: \"Roof\", accountId: \"{account}\", stageId: \"{open}\"")).await;
        kept.link(&account, "CUSTOMER", "C1", None).await;
        kept.link(&contact, "CONTACT_PERSON", "P1", Some("C1")).await;
        let linked = RemoteDocument { deal: Some(mark(world, &deal).await), ..document(world, "linked", "10") };
        kept.keep(DocumentKind::Invoice, &[linked, document(world, "unlinked", "20")]).await;
        let of = async |list: &str, id: &str| {
            let query = format!("query($id: ID!) {{ {list}(id: $id) {{ transactions {{ nodes {{ remoteKey }} }} }} }}");
            let data = world.data(&query, json!({ "id": id })).await;
            let mut keys = each(&data[list]["transactions"]["nodes"], "remoteKey");
            keys.sort_by_key(ToString::to_string);
            keys
        };
        let both = [json!("linked"), json!("unlinked")];
        assert_eq!(of("account", &account).await, both);
        assert_eq!(of("contact", &contact).await, both);
        assert_eq!(of("deal", &deal).await, both[..1]);
    }

    async fn r003_the_crm_has_no_documents_of_its_own_and_writes_none_by_itself(world: &TestWorld) {
        let (integration, account, customer) = connected(world).await;
        sent(world, &customer).await;
        fetch(world, &integration, &["INVOICE"]).await;
        until(async || transactions(world, &account).await.len() == 1, "it is read").await;
        world.emulator.clear_journal();
        world.synced(&integration).await;
        world.advance(TimeDelta::hours(24));
        let kinds = ["/invoices", "/estimates", "/salesorders", "/purchaseorders"];
        let writes = world.finance_writes().into_iter();
        let writes: Vec<_> = writes.filter(|write| kinds.iter().any(|kind| write.contains(kind))).collect();
        assert!(writes.is_empty(), "{writes:?}");
        // What is read stays one document of the finance app, and is nothing that the CRM has for itself.
        let queries = fields(world, "Query").await;
        for own in ["invoice", "invoices", "quote", "quotes", "estimate", "estimates", "salesOrders", "purchaseOrders"] {
            assert!(!queries.contains(&own.to_owned()), "{own}");
        }
    }

    async fn r148_documents_made_in_the_crm_cannot_be_imported(world: &TestWorld) {
        let mutations = fields(world, "Mutation").await;
        assert!(mutations.contains(&"accountCreate".to_owned()));
        let native: Vec<_> = mutations
            .iter()
            .filter(|name| name.to_lowercase().contains("native") || name.starts_with("transactionImport") || *name == "importNativeDocument")
            .collect();
        assert!(native.is_empty(), "{native:?}");
        let answer = world.send("mutation { importNativeDocument(input: {}) { userErrors { code } } }", json!({})).await;
        assert!(answer["errors"].is_array() && answer["data"].is_null(), "{answer:#}");
    }
}
