//! Recording that invoices were paid.

use finbridge_tests::acts::tea;
use finbridge_tests::{TestWorld, both_databases};
use serde_json::{Value, json};

use super::seen;

/// An invoice of 100 that was sent: its id here.
async fn sent(world: &TestWorld, integration: &str, customer: &str) -> Value {
    let mut wish = tea(integration, "INVOICE", json!({ "remoteKey": customer }));
    wish["markSent"] = json!(true);
    let job = world.done("transactionCreate", wish).await;
    assert_eq!(job["transaction"]["status"], "SENT", "{job:#}");
    job["transaction"]["id"].clone()
}

/// How the invoice stands, and what of it is open.
async fn standing(world: &TestWorld, invoice: &Value) -> (String, String) {
    let query = "query($id: ID!) { transaction(id: $id) { status balance { amount } } }";
    let data = world.data(query, json!({ "id": invoice })).await;
    let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{data:#}")).to_owned();
    (text(&data["transaction"]["status"]), text(&data["transaction"]["balance"]["amount"]))
}

async fn until(world: &TestWorld, invoice: &Value, status: &str, balance: &str) {
    let is_so = async || standing(world, invoice).await == (status.to_owned(), balance.to_owned());
    seen::until(is_so, &format!("the invoice is {status} with {balance} open")).await;
}

async fn fault(world: &TestWorld, wish: Value) -> (Value, Value) {
    let mut payload = world.ask("transactionRecordPayment", wish).await;
    assert_eq!(payload["userErrors"].as_array().map(Vec::len), Some(1), "{payload:#}");
    (payload["userErrors"][0]["code"].take(), payload["userErrors"][0]["field"].take())
}

both_databases! {
    async fn a_payment_brings_what_is_open_to_nothing_and_the_invoice_is_paid(world: &TestWorld) {
        let integration = world.connect().await;
        let customer = seen::customer(world, "Paying Ltd", None).await;
        let invoice = sent(world, &integration, &customer).await;
        let part = json!({ "id": invoice, "amount": "40", "paymentMode": "cash", "reference": "T-1", "datedOn": "2026-01-05" });
        let job = world.done("transactionRecordPayment", part).await;
        assert_eq!((&job["transaction"]["kind"], &job["transaction"]["total"]["amount"]), (&json!("CUSTOMER_PAYMENT"), &json!("40")), "{job:#}");
        until(world, &invoice, "PARTIALLY_PAID", "60").await;
        // Without an amount it is all that is open.
        world.done("transactionRecordPayment", json!({ "id": invoice })).await;
        until(world, &invoice, "PAID", "0").await;
        let payments = world.listed("/customerpayments").await;
        assert_eq!(payments.len(), 2, "{payments:#?}");
        assert_eq!(fault(world, json!({ "id": invoice })).await, (json!("ACT_NOT_ALLOWED"), json!(["id"])));
        // What was paid stands in the way of voiding.
        let payload = world.ask("transactionVoid", json!({ "id": invoice })).await;
        assert_eq!(payload["userErrors"][0]["code"], "HAS_PAYMENTS", "{payload:#}");
    }

    async fn what_is_no_payment_of_the_invoice_is_refused(world: &TestWorld) {
        let integration = world.connect().await;
        let customer = seen::customer(world, "Refused Ltd", None).await;
        let invoice = sent(world, &integration, &customer).await;
        world.emulator.clear_journal();
        for amount in ["0", "-1", "100.01"] {
            assert_eq!(fault(world, json!({ "id": invoice, "amount": amount })).await, (json!("INVALID"), json!(["amount"])), "{amount}");
        }
        assert_eq!(fault(world, json!({ "id": invoice, "amount": "0.00001" })).await.0, "AMOUNT_INVALID");
        assert_eq!(world.emulator.journal().len(), 0);
        let draft = world.done("transactionCreate", tea(&integration, "INVOICE", json!({ "remoteKey": customer }))).await;
        assert_eq!(fault(world, json!({ "id": draft["transaction"]["id"] })).await.0, "ACT_NOT_ALLOWED");
        let estimate = world.done("transactionCreate", tea(&integration, "ESTIMATE", json!({ "remoteKey": customer }))).await;
        assert_eq!(fault(world, json!({ "id": estimate["transaction"]["id"] })).await, (json!("NOT_SUPPORTED"), json!(["id"])));
    }

    async fn a_payment_that_is_sent_again_with_its_key_is_one_payment(world: &TestWorld) {
        let integration = world.connect().await;
        let customer = seen::customer(world, "Once Ltd", None).await;
        let invoice = sent(world, &integration, &customer).await;
        let wish = json!({ "id": invoice, "amount": "25", "idempotencyKey": "payment" });
        let first = world.done("transactionRecordPayment", wish.clone()).await;
        let second = world.done("transactionRecordPayment", wish).await;
        assert_eq!(first["id"], second["id"]);
        until(world, &invoice, "PARTIALLY_PAID", "75").await;
        assert_eq!(world.listed("/customerpayments").await.len(), 1);
    }

    async fn a17_21_a_payment_in_a_foreign_currency_has_the_rate_that_is_given(world: &TestWorld) {
        let integration = world.connect().await;
        let customer = seen::customer(world, "Euro GmbH", Some("EUR")).await;
        let mut wish = tea(&integration, "INVOICE", json!({ "remoteKey": customer }));
        wish["exchangeRate"] = json!("1.1");
        wish["markSent"] = json!(true);
        let job = world.done("transactionCreate", wish).await;
        let invoice = job["transaction"]["id"].clone();
        assert_eq!(world.not_done("transactionRecordPayment", json!({ "id": invoice })).await, "EXCHANGE_RATE_MISSING");
        assert_eq!(world.listed("/customerpayments").await.len(), 0);
        world.done("transactionRecordPayment", json!({ "id": invoice, "exchangeRate": "1.12" })).await;
        until(world, &invoice, "PAID", "0").await;
    }
}
