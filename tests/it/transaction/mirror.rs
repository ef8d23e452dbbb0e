//! Documents that come by themselves, and what becomes of them.

use chrono::TimeDelta;
use finbridge_emulator::DEMO_ORGANIZATION_ID;
use finbridge_tests::{TestWorld, both_databases};
use serde_json::{Value, json};

use super::seen::{fetch, invoice, made, party, until, with};
use crate::sync::support::take_profile;

/// An account that is a customer, and its id on the finance side.
async fn customer(world: &TestWorld, integration: &str, name: &str) -> (String, String) {
    let account = world.account(name).await;
    let run = world.configure(integration, "OVERWRITE", true).await.expect("a run");
    world.ended(&run).await;
    let contacts = world.contacts().await;
    let contact = contacts.iter().find(|one| one["contact_name"] == name).expect("the customer");
    (account, contact["contact_id"].as_str().expect("an id").to_owned())
}

async fn of_account(world: &TestWorld, account: &str) -> Vec<Value> {
    let query = "query($id: ID!) { account(id: $id) { transactions(first: 100) { nodes { kind number status total { amount } } } } }";
    world.data(query, json!({ "id": account })).await["account"]["transactions"]["nodes"]
        .as_array()
        .expect("nodes")
        .clone()
}

async fn until_fetched(world: &TestWorld, integration: &str) {
    let query = "query($id: ID!) { transactionFeeds(integrationId: $id) { isFetched } }";
    let is_read = async || {
        let data = world.data(query, json!({ "id": integration })).await;
        data["transactionFeeds"].as_array().expect("feeds").iter().all(|feed| feed["isFetched"] == true)
    };
    until(is_read, "every kind was read").await;
}

/// Has the finance side tell of its documents.
async fn subscribe(world: &TestWorld, integration: &str) {
    let query = "mutation($id: ID!) { integrationWebhookEnable(input: { integrationId: $id }) { webhook { path secret } userErrors { code } } }";
    let data = world.data(query, json!({ "id": integration })).await;
    let hook = &data["integrationWebhookEnable"]["webhook"];
    let url = format!("{}{}", world.url, hook["path"].as_str().expect("a path"));
    let body = json!({ "organization_id": DEMO_ORGANIZATION_ID, "url": url, "events": ["*"], "secret": hook["secret"] });
    let request = world.http().post(format!("{}/_emulator/webhooks", world.emulator.url())).json(&body);
    let answer = request.send().await.expect("an answer");
    assert!(answer.status().is_success(), "{}", answer.text().await.unwrap_or_default());
}

both_databases! {
    async fn r001_r133_documents_of_every_kind_are_seen_from_their_account_or_vendor(world: &TestWorld) {
        let integration = world.connect_documents().await;
        let (account, there) = customer(world, &integration, "Acme").await;
        let mut wanted = Vec::new();
        for (path, key, kind) in [("/estimates", "estimate", "ESTIMATE"), ("/salesorders", "salesorder", "SALES_ORDER"), ("/invoices", "invoice", "INVOICE")] {
            let document = made(world, path, key, with(&there, json!({}))).await;
            wanted.push((kind.to_owned(), document[format!("{key}_number")].clone(), json!("DRAFT")));
        }
        let accounts = world.books("GET", "/chartofaccounts", None).await;
        let of_expenses = accounts["chartofaccounts"].as_array().expect("accounts").iter().find(|one| one["account_type"] == "expense").expect("an account of expenses");
        let expense = json!({ "account_id": of_expenses["account_id"], "date": "2026-01-05", "amount": 100, "customer_id": there });
        made(world, "/expenses", "expense", expense).await;
        fetch(world, &integration, &["ESTIMATE", "SALES_ORDER", "INVOICE", "EXPENSE"]).await;
        until(async || of_account(world, &account).await.len() == 4, "all four are there").await;
        let seen = of_account(world, &account).await;
        for (kind, number, status) in wanted {
            let one: Vec<_> = seen.iter().filter(|one| one["kind"] == kind.as_str()).collect();
            assert_eq!(one.len(), 1, "{seen:#?}");
            assert_eq!((&one[0]["number"], &one[0]["status"], &one[0]["total"]["amount"]), (&number, &status, &json!("100")));
        }
        assert!(seen.iter().any(|one| one["kind"] == "EXPENSE" && one["total"]["amount"] == "100"), "{seen:#?}");

        // R003: nothing of it went to the finance side, and nothing native is there to go.
        world.emulator.clear_journal();
        world.advance(TimeDelta::hours(24));
        until_fetched(world, &integration).await;
        let writes: Vec<_> = world.finance_writes().into_iter().filter(|write| !write.contains("/crm/") && !write.contains("/integration/")).collect();
        assert!(writes.is_empty(), "{writes:?}");
    }

    async fn r001_purchase_orders_and_bills_are_seen_from_their_vendor(world: &TestWorld) {
        let integration = world.connect_documents().await;
        let vendor = world.data("mutation { vendorCreate(input: { name: \"Supplier\" }) { vendor { id } userErrors { message } } }", json!({})).await;
        let vendor = vendor["vendorCreate"]["vendor"]["id"].as_str().expect("an id").to_owned();
        let configure = "mutation($id: ID!) { syncModuleConfigure(input: { integrationId: $id, module: VENDORS, duplicatePolicy: OVERWRITE, start: true }) { syncRun { id } userErrors { message } } }";
        let run = world.data(configure, json!({ "id": integration })).await;
        world.ended(run["syncModuleConfigure"]["syncRun"]["id"].as_str().unwrap_or_else(|| panic!("{run:#}"))).await;
        let contacts = world.contacts().await;
        let there = contacts.iter().find(|one| one["contact_name"] == "Supplier").expect("the vendor")["contact_id"].clone();
        let lines = json!([{ "name": "Paper", "quantity": 2, "rate": 21 }]);
        made(world, "/purchaseorders", "purchaseorder", json!({ "vendor_id": there, "date": "2026-01-05", "line_items": lines })).await;
        let bill = json!({ "vendor_id": there, "bill_number": "B-1", "date": "2025-12-01", "due_date": "2025-12-31", "line_items": lines });
        let bill = made(world, "/bills", "bill", bill).await;
        world.books("POST", &format!("/bills/{}/status/open", bill["bill_id"].as_str().expect("an id")), None).await;
        fetch(world, &integration, &["PURCHASE_ORDER", "BILL"]).await;
        let query = "query($id: ID!) { vendor(id: $id) { transactions(first: 10) { nodes { kind status } }
            financeSummary { payables { byCurrency { amount } home { amount currencyCode } } overdue { home { amount } } receivables { byCurrency { amount } } asOf } } }";
        let both = async || world.data(query, json!({ "id": vendor })).await["vendor"]["transactions"]["nodes"].as_array().map(Vec::len) == Some(2);
        until(both, "both are there").await;
        let data = world.data(query, json!({ "id": vendor })).await;
        let mut kinds: Vec<_> = data["vendor"]["transactions"]["nodes"].as_array().expect("nodes").iter().map(|one| (one["kind"].as_str().unwrap_or_default(), one["status"].as_str().unwrap_or_default())).collect();
        kinds.sort_unstable();
        assert_eq!(kinds, [("BILL", "OVERDUE"), ("PURCHASE_ORDER", "DRAFT")]);
        // R140: what is owed to the vendor.
        let summary = &data["vendor"]["financeSummary"];
        assert_eq!(summary["payables"], json!({ "byCurrency": [{ "amount": "42" }], "home": { "amount": "42", "currencyCode": "USD" } }), "{summary:#}");
        assert_eq!((&summary["overdue"]["home"]["amount"], &summary["receivables"]["byCurrency"]), (&json!("42"), &json!([])));
        assert!(summary["asOf"].is_string());
    }

    async fn r102_what_is_made_there_is_here_at_once(world: &TestWorld) {
        let integration = world.connect_documents().await;
        let (account, there) = customer(world, &integration, "Acme").await;
        until_fetched(world, &integration).await;
        subscribe(world, &integration).await;
        let made = invoice(world, &there, json!({})).await;
        let id = made["invoice_id"].as_str().expect("an id").to_owned();
        until(async || of_account(world, &account).await.len() == 1, "the invoice came").await;
        world.books("POST", &format!("/invoices/{id}/status/sent"), None).await;
        until(async || of_account(world, &account).await[0]["status"] == "SENT", "its status came").await;
        world.books("POST", &format!("/invoices/{id}/status/void"), None).await;
        until(async || of_account(world, &account).await[0]["status"] == "VOID", "it was voided").await;
    }

    async fn what_no_webhook_told_is_found_by_the_next_reading_and_by_the_sweep(world: &TestWorld) {
        let integration = world.connect_documents().await;
        let (account, there) = customer(world, &integration, "Acme").await;
        until_fetched(world, &integration).await;
        let (kept, gone) = (invoice(world, &there, json!({})).await, invoice(world, &there, json!({})).await);
        world.advance(TimeDelta::hours(2));
        until(async || of_account(world, &account).await.len() == 2, "the reading found them").await;
        let gone = gone["invoice_id"].as_str().expect("an id");
        assert_eq!(world.books("DELETE", &format!("/invoices/{gone}"), None).await["code"], 0);
        world.advance(TimeDelta::hours(25));
        until(async || of_account(world, &account).await.len() == 1, "the sweep found that one is gone").await;
        assert_eq!(of_account(world, &account).await[0]["number"], kept["invoice_number"]);
    }

    async fn r140_r141_what_a_customer_owes_agrees_with_the_finance_side(world: &TestWorld) {
        let integration = world.connect_documents().await;
        let (account, there) = customer(world, &integration, "Acme").await;
        let sent = async |members: Value| {
            let made = invoice(world, &there, members).await;
            let id = made["invoice_id"].as_str().expect("an id").to_owned();
            assert_eq!(world.books("POST", &format!("/invoices/{id}/status/sent"), None).await["code"], 0);
            id
        };
        let lines = |rate: &str| json!([{ "name": "Tea", "quantity": 1, "rate": serde_json::from_str::<Value>(rate).expect("a number") }]);
        let late = sent(json!({ "line_items": lines("100.10"), "date": "2025-11-01", "due_date": "2025-11-30" })).await;
        sent(json!({ "line_items": lines("50.05"), "due_date": "2026-02-04" })).await;
        let void = sent(json!({ "line_items": lines("7") })).await;
        world.books("POST", &format!("/invoices/{void}/status/void"), None).await;
        invoice(world, &there, json!({ "line_items": lines("900") })).await;
        let payment = json!({ "customer_id": there, "payment_mode": "cash", "amount": 40, "date": "2026-01-05", "invoices": [{ "invoice_id": late, "amount_applied": 40 }] });
        assert_eq!(world.books("POST", "/customerpayments", Some(payment)).await["code"], 0);
        fetch(world, &integration, &["INVOICE"]).await;
        let query = "query($id: ID!) { account(id: $id) { financeSummary { receivables { byCurrency { amount currencyCode } home { amount } unconvertedCount }
            overdue { home { amount } } sales { home { amount } } payables { home { amount } } asOf } }
            reportAgeing { fromDays toDays count open { home { amount } } } }";
        let summary = async || world.data(query, json!({ "id": account })).await;
        until(async || summary().await["account"]["financeSummary"]["sales"]["home"]["amount"] == "150.15", "every invoice is there").await;
        let data = summary().await;
        let told = &data["account"]["financeSummary"];
        assert_eq!(told["receivables"], json!({ "byCurrency": [{ "amount": "110.15", "currencyCode": "USD" }], "home": { "amount": "110.15" }, "unconvertedCount": 0 }));
        assert_eq!((&told["overdue"]["home"]["amount"], &told["payables"]["home"]["amount"]), (&json!("60.1"), &json!("0")), "{told:#}");
        let contact = world.books("GET", &format!("/contacts/{there}"), None).await;
        assert_eq!(contact["contact"]["outstanding_receivable_amount"], json!(110.15));
        let ages: Vec<_> = data["reportAgeing"].as_array().expect("buckets").iter().map(|one| (one["fromDays"].as_i64(), one["count"].as_i64(), one["open"]["home"]["amount"].as_str().unwrap_or_default().to_owned())).collect();
        let bucket = |from: i64, count: i64, open: &str| (Some(from), Some(count), open.to_owned());
        assert_eq!(ages, [bucket(0, 1, "50.05"), bucket(1, 0, "0"), bucket(31, 1, "60.1"), bucket(61, 0, "0"), bucket(91, 0, "0")]);
        let months = world.data("{ reportInvoicedByMonth(from: \"2025-01-01\", to: \"2026-12-31\") { beginsOn count invoiced { home { amount } } } }", json!({})).await;
        assert_eq!(months["reportInvoicedByMonth"], json!([
            { "beginsOn": "2025-11-01", "count": 1, "invoiced": { "home": { "amount": "100.1" } } },
            { "beginsOn": "2026-01-01", "count": 1, "invoiced": { "home": { "amount": "50.05" } } },
        ]));
    }

    async fn x01_pipelines_stand_beside_what_was_invoiced_for_them(world: &TestWorld) {
        let sales = crate::trigger::sales(world).await;
        sales.trigger(world, "INVOICE", json!({ "markSent": true })).await;
        let deal = sales.deal(world, &sales.won, json!({})).await;
        crate::trigger::logged(world, &deal, 1).await;
        sales.deal(world, &sales.open, json!({ "amount": "10" })).await;
        let query = "{ reportPipelineAgainstInvoiced { stage { name } dealCount worth { byCurrency { amount } } invoiceCount invoiced { home { amount } } } }";
        let mut data = world.data(query, json!({})).await;
        let row = |stage: &str, worth: &str, invoices: i64, invoiced: &str| json!({ "stage": { "name": stage }, "dealCount": 1, "worth": { "byCurrency": [{ "amount": worth }] }, "invoiceCount": invoices, "invoiced": { "home": { "amount": invoiced } } });
        assert_eq!(data["reportPipelineAgainstInvoiced"].take(), json!([row("Talks", "10", 0, "0"), row("Closed Won", "1200.5", 1, "1200.5")]));
    }

    async fn r113_in_2013_documents_come_when_somebody_fetches_them(world: &TestWorld) {
        let integration = world.connect().await;
        take_profile(world, "BOOKS_2013").await;
        let there = party(world, "Acme", "customer", None).await;
        invoice(world, &there, json!({})).await;
        fetch(world, &integration, &["INVOICE"]).await;
        let count = async || world.data("{ transactions(first: 1) { totalCount } }", json!({})).await["transactions"]["totalCount"].clone();
        until(async || count().await == 1, "it was fetched").await;
        invoice(world, &there, json!({})).await;
        world.advance(TimeDelta::hours(24));
        tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
        assert_eq!(count().await, 1, "nothing comes by itself");
        fetch(world, &integration, &["INVOICE"]).await;
        until(async || count().await == 2, "it was refreshed").await;
    }
}
