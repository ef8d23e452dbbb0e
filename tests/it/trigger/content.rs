//! What automatic documents are made of.

use finbridge_tests::{TestWorld, both_databases};
use serde_json::{Value, json};

use super::desk::{Desk, said};

/// Makes a product and returns its id.
async fn product(world: &TestWorld, name: &str) -> String {
    let query = "mutation($name: String!) { productCreate(input: { name: $name }) { product { id } userErrors { message } } }";
    let data = world.data(query, json!({ "name": name })).await;
    data["productCreate"]["product"]["id"].as_str().unwrap_or_else(|| panic!("{data:#}")).to_owned()
}

/// The number of an answer, whatever zeros it was written with.
fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("a number, not {value}"))
}

/// A foreign currency of the finance side with this rate, and a customer in it who pays within 30 days.
async fn foreign_customer(world: &TestWorld, name: &str, rate: Option<f64>) {
    let currency =
        json!({ "currency_code": "CHF", "currency_symbol": "CHF", "currency_format": "1,234,567.89" });
    let listed = world.books("GET", "/settings/currencies", None).await;
    let known = listed["currencies"]
        .as_array()
        .expect("currencies")
        .iter()
        .find(|one| one["currency_code"] == "CHF")
        .cloned();
    let id = match known {
        Some(known) => known["currency_id"].clone(),
        None => world.books("POST", "/settings/currencies", Some(currency)).await["currency"]["currency_id"]
            .take(),
    };
    let id = id.as_str().expect("a currency");
    if let Some(rate) = rate {
        let rate = json!({ "effective_date": "2020-01-01", "rate": rate });
        assert_eq!(
            world.books("POST", &format!("/settings/currencies/{id}/exchangerates"), Some(rate)).await["code"],
            0
        );
    }
    let body = json!({ "contact_name": name, "contact_type": "customer", "customer_sub_type": "business", "currency_id": id,
        "payment_terms": 30, "payment_terms_label": "Net 30" });
    assert_eq!(world.books("POST", "/contacts", Some(body)).await["code"], 0);
}

both_databases! {
    async fn a17_6_the_lines_of_the_deal_or_one_line_of_its_amount_or_nothing(world: &TestWorld) {
        let desk = Desk::of(world).await;
        desk.invoices().await;
        let (tea, tin) = (product(world, "Tea").await, product(world, "Tin").await);
        let lines = json!([{ "productId": tea, "quantity": "2.5", "unitPrice": "3.20" }, { "productId": tin, "quantity": "1", "unitPrice": "4" }]);
        let lined = desk.deal_of(json!({ "name": "Lined", "stageId": desk.won, "accountId": desk.acme, "amount": "999", "lines": lines })).await;
        let invoice = desk.invoice(&desk.newest(&lined, 1).await).await;
        let told: Vec<_> = invoice["line_items"].as_array().expect("lines").iter()
            .map(|line| (line["name"].as_str().expect("a name").to_owned(), number(&line["quantity"]), number(&line["rate"]))).collect();
        assert_eq!(told, [("Tea".to_owned(), 2.5, 3.2), ("Tin".to_owned(), 1.0, 4.0)], "{invoice:#}");
        assert_eq!(number(&invoice["total"]), 12.0, "the amount of the deal is another matter");

        let plain = desk.deal("Plain", &desk.won).await;
        let invoice = desk.invoice(&desk.newest(&plain, 1).await).await;
        let lines = invoice["line_items"].as_array().expect("lines");
        assert_eq!((lines.len(), &lines[0]["name"], number(&lines[0]["rate"])), (1, &json!("Plain"), 250.5), "{invoice:#}");

        for (name, amount) in [("Blank", Value::Null), ("Zero", json!("0"))] {
            let deal = desk.deal_of(json!({ "name": name, "stageId": desk.won, "accountId": desk.acme, "amount": amount })).await;
            assert_eq!(said(&desk.newest(&deal, 1).await), ("CREATE", "SKIPPED", Some("DEAL_HAS_NO_AMOUNT")), "{name}");
        }
        let line = json!([{ "productId": tea, "quantity": "1", "unitPrice": null }]);
        let unpriced = desk.deal_of(json!({ "name": "Unpriced", "stageId": desk.won, "accountId": desk.acme, "amount": "5", "lines": line })).await;
        assert_eq!(said(&desk.newest(&unpriced, 1).await), ("CREATE", "SKIPPED", Some("LINE_HAS_NO_PRICE")));
        let line = json!([{ "productId": tea, "quantity": "1", "unitPrice": "0" }]);
        let free = desk.deal_of(json!({ "name": "Free", "stageId": desk.won, "accountId": desk.acme, "amount": "5", "lines": line })).await;
        assert_eq!(said(&desk.newest(&free, 1).await), ("CREATE", "SKIPPED", Some("DEAL_HAS_NO_AMOUNT")));
        assert_eq!(desk.listed("invoices").await.len(), 2);
    }

    async fn a17_27_currency_and_terms_are_the_customers_and_prices_the_deals(world: &TestWorld) {
        let desk = Desk::without_customers(world).await;
        foreign_customer(world, "Swiss", Some(1.1)).await;
        let swiss = world.account("Swiss").await;
        world.configure(&desk.integration, "OVERWRITE", false).await;
        assert_eq!(world.synced(&desk.integration).await["state"], "SUCCEEDED");
        desk.invoices().await;
        let deal = |name: &str, account: &str, currency: &str| {
            json!({ "name": name, "stageId": desk.won, "accountId": account, "amount": "100", "currencyCode": currency })
        };
        let theirs = desk.deal_of(deal("Theirs", &swiss, "CHF")).await;
        let entry = desk.newest(&theirs, 1).await;
        assert_eq!(said(&entry), ("CREATE", "DONE", None), "{entry:#}");
        let invoice = desk.invoice(&entry).await;
        assert_eq!((&invoice["currency_code"], number(&invoice["exchange_rate"]), number(&invoice["total"])), (&json!("CHF"), 1.1, 100.0), "{invoice:#}");
        assert_eq!((&invoice["payment_terms"], &invoice["due_date"]), (&json!(30), &json!("2026-02-04")));

        let ours = desk.deal_of(deal("Ours", &desk.acme, "USD")).await;
        let invoice = desk.invoice(&desk.newest(&ours, 1).await).await;
        assert_eq!((&invoice["currency_code"], &invoice["due_date"]), (&json!("USD"), &invoice["date"]), "{invoice:#}");
        // Nothing is converted.
        let mixed = desk.deal_of(deal("Mixed", &swiss, "USD")).await;
        assert_eq!(said(&desk.newest(&mixed, 1).await), ("CREATE", "SKIPPED", Some("CURRENCY_DIFFERS")));
    }

    async fn a17_21_no_rate_no_invoice(world: &TestWorld) {
        let desk = Desk::without_customers(world).await;
        foreign_customer(world, "Swiss", None).await;
        let swiss = world.account("Swiss").await;
        world.configure(&desk.integration, "OVERWRITE", false).await;
        assert_eq!(world.synced(&desk.integration).await["state"], "SUCCEEDED");
        desk.invoices().await;
        let wish = json!({ "name": "Theirs", "stageId": desk.won, "accountId": swiss, "amount": "100", "currencyCode": "CHF" });
        let theirs = desk.deal_of(wish).await;
        assert_eq!(said(&desk.newest(&theirs, 1).await), ("CREATE", "SKIPPED", Some("EXCHANGE_RATE_MISSING")));
        assert_eq!(desk.listed("invoices").await, Vec::<Value>::new());
    }
}
