//! The CRM's own exchange rates and those on documents: two worlds that read in opposite directions (R176).

use finbridge_domain::DocumentKind;
use finbridge_entity::types::Role;
use finbridge_tests::{TestWorld, both_databases};
use serde_json::{Value, json};

use super::kept::{Kept, decimal, document, id_of, number};
use super::seen::{customer, fetch, invoice, transactions};
use crate::graphql::colleague;

const SET: &str = "mutation($code: CurrencyCode!, $rate: Decimal!) {
    exchangeRateSet(input: { currencyCode: $code, rate: $rate }) { exchangeRate { id currencyCode rate updatedAt }
      userErrors { code field message } } }";

async fn set(world: &TestWorld, code: &str, rate: &str) -> Value {
    world.data(SET, json!({ "code": code, "rate": rate })).await["exchangeRateSet"].take()
}

const MONEY: &str = "id number total { amount currencyCode } homeTotal { amount currencyCode }
    source { total balance currencyCode exchangeRate }
    moneyExplanation { documentRate documentRateDirection crmRate crmRateDirection warnings source { exchangeRate } }";

both_databases! {
    async fn r176_both_rates_are_shown_with_their_directions_and_neither_comes_from_the_other(world: &TestWorld) {
        assert_eq!(set(world, "INR", "60").await["exchangeRate"]["rate"], "60");
        let kept = Kept::new(world, "USD", "UTC").await;
        let foreign = finbridge_contract::RemoteDocument {
            currency_code: "INR".to_owned(),
            exchange_rate: Some(decimal("0.015")),
            ..document(world, "1", "100000")
        };
        let rows = kept.keep(DocumentKind::Invoice, &[foreign]).await;
        let query = format!("query($id: ID!) {{ transaction(id: $id) {{ {MONEY} }} exchangeRates {{ currencyCode rate }} }}");
        let data = world.data(&query, json!({ "id": id_of(&rows[0]) })).await;
        let explained = &data["transaction"]["moneyExplanation"];
        // 1/60 is 0.0166…, and 1/0.015 is 66.6…: the example is not its own reciprocal, and nothing makes it one.
        assert_eq!(number(&explained["documentRate"]), decimal("0.015"));
        assert_eq!(number(&explained["crmRate"]), decimal("60"));
        assert_eq!(explained["documentRateDirection"], "1 INR = 0.015 USD");
        assert_eq!(explained["crmRateDirection"], "1 USD = 60 INR");
        assert_eq!(explained["warnings"], json!([]));
        assert_eq!(data["exchangeRates"], json!([{ "currencyCode": "INR", "rate": "60" }]));
        assert_eq!(number(&data["transaction"]["homeTotal"]["amount"]), decimal("1500"), "not 1666.67");
    }

    async fn r178_another_crm_rate_changes_no_document(world: &TestWorld) {
        let kept = Kept::new(world, "USD", "UTC").await;
        let foreign = finbridge_contract::RemoteDocument {
            currency_code: "INR".to_owned(),
            exchange_rate: Some(decimal("0.015")),
            ..document(world, "1", "100000")
        };
        let id = id_of(&kept.keep(DocumentKind::Invoice, &[foreign]).await[0]);
        let query = "query($id: ID!) { transaction(id: $id) { homeTotal { amount } source { exchangeRate } remoteModifiedAt } }";
        let before = world.data(query, json!({ "id": id })).await;
        for rate in ["60", "0.5", "123.456789012"] {
            assert_eq!(set(world, "INR", rate).await["userErrors"], json!([]));
            assert_eq!(world.data(query, json!({ "id": id })).await, before, "{rate}");
        }
        assert_eq!(before["transaction"]["homeTotal"]["amount"], "1500");
    }

    async fn r176_a_rate_written_the_wrong_way_round_is_only_pointed_out(world: &TestWorld) {
        assert_eq!(set(world, "INR", "60").await["userErrors"], json!([]));
        let kept = Kept::new(world, "USD", "UTC").await;
        let at = |id: &str, rate: &str| finbridge_contract::RemoteDocument {
            currency_code: "INR".to_owned(),
            exchange_rate: Some(decimal(rate)),
            ..document(world, id, "100")
        };
        let rows = kept.keep(DocumentKind::Invoice, &[at("wrong", "58.3"), at("right", "0.0171")]).await;
        for row in rows {
            let query = "query($id: ID!) { transaction(id: $id) { homeTotal { amount } moneyExplanation { warnings } } }";
            let data = world.data(query, json!({ "id": id_of(&row) })).await;
            let (warnings, home) = match row.remote_id.as_str() {
                "wrong" => (json!(["RATE_LOOKS_INVERTED"]), "5830"),
                _ => (json!([]), "1.71"),
            };
            assert_eq!(data["transaction"]["moneyExplanation"]["warnings"], warnings);
            assert_eq!(number(&data["transaction"]["homeTotal"]["amount"]), decimal(home), "the document is taken at its word");
        }
    }

    async fn rates_are_set_by_administrators_above_zero_and_of_foreign_currencies(world: &TestWorld) {
        let first = set(world, "EUR", "0.920").await["exchangeRate"].take();
        assert_eq!(number(&first["rate"]), decimal("0.92"));
        let again = set(world, "EUR", "0.95").await["exchangeRate"].take();
        assert_eq!((&again["id"], number(&again["rate"])), (&first["id"], decimal("0.95")));
        let node = world.data("query($id: ID!) { node(id: $id) { id ... on ExchangeRate { rate } } }", json!({ "id": first["id"] })).await;
        assert_eq!(number(&node["node"]["rate"]), decimal("0.95"));
        for (code, rate, field) in [
            ("EUR", "0", "rate"),
            ("EUR", "-1", "rate"),
            ("EUR", "0.0000000000001", "rate"),
            ("EUR", "10000000001", "rate"),
            ("USD", "1", "currencyCode"),
        ] {
            let refused = set(world, code, rate).await;
            assert_eq!(refused["exchangeRate"], Value::Null, "{code} {rate}");
            assert_eq!((&refused["userErrors"][0]["code"], &refused["userErrors"][0]["field"]), (&json!("INVALID"), &json!([field])), "{code} {rate}");
        }
        let standard = colleague(world, "Stan", Role::Standard).await;
        let answer = world.send_as(&standard.token, SET, json!({ "code": "EUR", "rate": "1" })).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "{answer:#}");
        let rates = world.data("{ exchangeRates { currencyCode rate } }", json!({})).await;
        assert_eq!(rates["exchangeRates"].as_array().map(Vec::len), Some(1));
        assert_eq!(number(&rates["exchangeRates"][0]["rate"]), decimal("0.95"));
    }

    async fn r180_the_source_tells_what_the_finance_app_has_to_the_letter(world: &TestWorld) {
        let integration = world.connect().await;
        let acme = customer(world, "Acme India", Some("INR")).await;
        let there = invoice(world, &acme, json!({ "exchange_rate": 0.015, "line_items": [{ "name": "Tea", "quantity": 3, "rate": 33333.33 }] })).await;
        fetch(world, &integration, &["INVOICE"]).await;
        let listed = transactions(world, 1, MONEY).await.remove(0);
        let source = &listed["source"];
        for (ours, theirs) in [("total", "total"), ("balance", "balance"), ("exchangeRate", "exchange_rate")] {
            assert_eq!(number(&source[ours]), number(&there[theirs]), "{ours}: {listed:#}\n{there:#}");
        }
        assert_eq!((&source["currencyCode"], &listed["number"]), (&there["currency_code"], &there["invoice_number"]));
        assert_eq!(listed["total"], json!({ "amount": source["total"], "currencyCode": "INR" }));
        assert_eq!(number(&listed["moneyExplanation"]["source"]["exchangeRate"]), number(&there["exchange_rate"]));
        let home = number(&there["total"]) * number(&there["exchange_rate"]);
        assert_eq!(number(&listed["homeTotal"]["amount"]), home.normalize());
        assert_eq!(listed["homeTotal"]["currencyCode"], "USD");
    }
}
