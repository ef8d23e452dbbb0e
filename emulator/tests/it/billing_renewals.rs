use serde_json::{Value, json};

use crate::billing_world::*;

#[tokio::test]
async fn a_live_subscription_is_invoiced_once_per_term() {
    let mut b = billing_in("Asia/Kolkata", "2026-01-31").await;
    b.plan("m", json!({"setup_fee": 25, "description": "Monthly"})).await;
    b.addon("seat", json!({"pricing_scheme": "volume", "price_brackets": [{"end_quantity": 5, "price": 10}, {"price": 8}]})).await;
    let customer = b.customer("Acme").await;
    let made = b
        .subscribe(
            &customer,
            "m",
            json!({"addons": [{"addon_code": "seat", "quantity": 6}], "reference_id": "R1",
        "custom_fields": [{"label": "Ref", "value": "7"}]}),
        )
        .await;
    let id = text(&made["subscription_id"]);
    for (name, value) in [
        ("status", json!("live")),
        ("name", json!("Cloud-Plan m")),
        ("amount", json!(148.0)),
        ("sub_total", json!(148.0)),
        ("created_at", json!("2026-01-31")),
        ("activated_at", json!("2026-01-31")),
        ("interval", json!("1")),
        ("interval_unit", json!("months")),
        ("auto_collect", json!(false)),
        ("expires_at", json!("")),
        ("currency_code", json!("USD")),
        ("product_name", json!("Cloud")),
    ] {
        assert_eq!(made[name], value, "{name}");
    }
    assert_eq!(dates(&made), ["2026-01-31", "2026-02-28", "2026-01-31", "2026-02-28"]);
    assert_eq!((&made["plan"]["price"], &made["plan"]["setup_fee"]), (&json!(100.0), &json!(25.0)));
    assert_eq!((&made["addons"][0]["total"], &made["addons"][0]["quantity"]), (&json!(48.0), &json!(6)));
    assert!(made["plan"].get("pieces").is_none());
    assert_eq!(made["customer"]["display_name"], "Acme");
    assert_eq!(made["custom_fields"][0]["value"], "7");
    let invoice = b.get(&format!("invoices/{}", text(&made["child_invoice_id"]))).await["invoice"].clone();
    assert_eq!(
        (&invoice["status"], &invoice["total"], &invoice["subscription_id"]),
        (&json!("sent"), &json!(173.0), &json!(id))
    );
    let lines: Vec<Value> = invoice["invoice_items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| json!([it["name"], it["price"], it["quantity"], it["item_total"]]))
        .collect();
    assert_eq!(
        lines,
        [
            json!(["Plan m", 100.0, 1.0, 100.0]),
            json!(["Setup fee for Plan m", 25.0, 1.0, 25.0]),
            json!(["Addon seat", 8.0, 6.0, 48.0]),
        ]
    );

    // Nothing happens on the last day of the term, and one invoice follows on the first day of the next.
    b.at("2026-02-27").await;
    assert_eq!(b.invoices(&customer).await.len(), 1);
    b.at("2026-02-28").await;
    assert_eq!(dates(&b.subscription(&id).await), ["2026-02-28", "2026-03-31", "2026-02-28", "2026-03-31"]);
    // Many terms at once, seen by many callers at the same time.
    b.at("2026-06-29").await;
    let mut calls = Vec::new();
    for _ in 0..8 {
        let (api, customer) = (b.world.api.clone(), customer.clone());
        calls.push(tokio::spawn(async move {
            api.get(&format!("/billing/v1/invoices?customer_id={customer}")).await
        }));
    }
    for call in calls {
        assert_eq!(call.await.unwrap()["invoices"].as_array().unwrap().len(), 5);
    }
    let expected = pairs(&[
        ("2026-01-31", "173.0"),
        ("2026-02-28", "148.0"),
        ("2026-03-31", "148.0"),
        ("2026-04-30", "148.0"),
        ("2026-05-31", "148.0"),
    ]);
    let invoices = b.invoices(&customer).await;
    assert_eq!(invoiced(&invoices), expected);
    let numbers: Vec<String> = invoices.iter().map(|it| text(&it["number"])).collect();
    assert_eq!(numbers, ["INV-000001", "INV-000002", "INV-000003", "INV-000004", "INV-000005"]);
    // Midnight of 31 May in Kolkata.
    assert_eq!(invoices[4]["created_time"], "2026-05-31T00:00:00+0530");
    let now = b.subscription(&id).await;
    assert_eq!(dates(&now), ["2026-05-31", "2026-06-30", "2026-05-31", "2026-06-30"]);
    assert_eq!(now["child_invoice_id"], invoices[4]["invoice_id"]);
    // The customer owes it all, and Books sees the same invoices.
    assert_eq!(b.get(&format!("customers/{customer}")).await["customer"]["outstanding"], 765.0);
    let books = b.world.api.get(&format!("invoices?customer_id={customer}")).await;
    assert_eq!(books["invoices"].as_array().unwrap().len(), 5);
    b.refused(
        "DELETE",
        &format!("subscriptions/{id}"),
        Value::Null,
        400,
        1004,
        "The subscription has transactions and cannot be deleted.",
    )
    .await;
    b.refused(
        "DELETE",
        &format!("customers/{customer}"),
        Value::Null,
        400,
        1004,
        "The customer \"Acme\" has transactions and cannot be deleted. It can only be marked as inactive.",
    )
    .await;
    b.refused(
        "POST",
        &format!("customers/{customer}/markasinactive"),
        Value::Null,
        400,
        4098,
        "The customer has subscriptions that are not over and cannot be marked as inactive.",
    )
    .await;
    b.refused(
        "DELETE",
        "plans/m",
        Value::Null,
        400,
        36,
        "Plan is used by other records and cannot be deleted.",
    )
    .await;
    b.refused(
        "DELETE",
        "addons/seat",
        Value::Null,
        400,
        36,
        "Addon is used by other records and cannot be deleted.",
    )
    .await;
}

#[tokio::test]
async fn a_restart_does_not_invoice_again() {
    use finbridge_emulator::{Emulator, ManualClock, Seed};
    let directory = std::env::temp_dir().join(format!("finbridge-billing-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let file = directory.join("state");
    let _ = std::fs::remove_file(&file);
    let clock = std::sync::Arc::new(ManualClock::new(noon("2026-01-05")));
    let mut counts = Vec::new();
    for day in ["2026-01-05", "2026-03-06", "2026-03-06"] {
        clock.set(noon(day));
        let mut seed = Seed::demo();
        seed.organizations[0].apps = vec!["books".to_owned(), "billing".to_owned()];
        let emulator = Emulator::builder()
            .clock(clock.clone())
            .seed(seed)
            .state_file(file.clone())
            .start()
            .await
            .unwrap();
        let scopes = "ZohoBooks.fullaccess.all,ZohoSubscriptions.fullaccess.all";
        let api = crate::world::Api::login_as(
            &emulator.url(),
            finbridge_emulator::DEMO_EMAIL,
            finbridge_emulator::DEMO_ZSC_KEY,
            Some(scopes),
        )
        .await;
        if counts.is_empty() {
            let (_, made) = api.call("POST", "/billing/v1/products", json!({"name": "P"})).await;
            let plan = json!({"plan_code": "m", "name": "M", "recurring_price": 1, "interval": 1, "product_id": made["product"]["product_id"]});
            assert_eq!(api.call("POST", "/billing/v1/plans", plan).await.0, 201);
            let body = json!({"customer": {"display_name": "Acme", "email": "a@x.test"}, "plan": {"plan_code": "m"}});
            assert_eq!(api.call("POST", "/billing/v1/subscriptions", body).await.0, 201);
        }
        counts.push(api.get("/billing/v1/invoices").await["invoices"].as_array().unwrap().len());
        emulator.shutdown().await;
    }
    assert_eq!(counts, [1, 3, 3]);
    std::fs::remove_dir_all(directory).unwrap();
}

#[tokio::test]
async fn taxes_currencies_and_starts_in_the_past() {
    let mut b = billing_in("UTC", "2026-04-10").await;
    let (_, tax) = b.call("POST", "settings/taxes", json!({"tax_name": "VAT", "tax_percentage": 19})).await;
    b.plan("m", json!({"recurring_price": 9.99, "tax_id": tax["tax"]["tax_id"]})).await;
    let euro = text(
        &b.created("customers", json!({"display_name": "Euro", "email": "e@x.test", "currency_code": "EUR"}))
            .await["customer"]["customer_id"],
    );
    let made = b.subscribe(&euro, "m", json!({"exchange_rate": 2, "starts_at": "2026-01-31"})).await;
    // 9.99 / 2 = 4.995, rounded half up, and 19 % of it.
    assert_eq!(
        (&made["plan"]["price"], &made["sub_total"], &made["amount"]),
        (&json!(5.0), &json!(5.0), &json!(5.95))
    );
    assert_eq!((&made["taxes"][0]["tax_amount"], &made["currency_code"]), (&json!(0.95), &json!("EUR")));
    // Joined in its third term, which is billed today.
    assert_eq!(dates(&made), ["2026-03-31", "2026-04-30", "2026-03-31", "2026-04-30"]);
    assert_eq!(invoiced(&b.invoices(&euro).await), pairs(&[("2026-04-10", "5.95")]));
    let huge = json!({"customer_id": euro, "plan": {"plan_code": "m", "quantity": 1_000_000_000}, "exchange_rate": 1e-10});
    b.refused("POST", "subscriptions", huge, 400, 2, "Invalid value passed for price").await;
    let past = b.customer("Past").await;
    let events = b.events().await.len();
    let made =
        b.subscribe(&past, "m", json!({"starts_at": "2026-01-31", "create_backdated_invoice": true})).await;
    assert_eq!(dates(&made), ["2026-03-31", "2026-04-30", "2026-03-31", "2026-04-30"]);
    assert_eq!(
        invoiced(&b.invoices(&past).await),
        pairs(&[("2026-01-31", "11.89"), ("2026-02-28", "11.89"), ("2026-03-31", "11.89")])
    );
    assert_eq!(b.events().await[events..], ["subscription_created"]);
    b.at("2026-05-01").await;
    assert_eq!(invoiced(&b.invoices(&past).await).len(), 4);
    assert_eq!(invoiced(&b.invoices(&euro).await).len(), 2);
}

#[tokio::test]
async fn a_subscription_that_cannot_go_on_is_tried_again() {
    let mut b = billing().await;
    b.plan("m", json!({})).await;
    let customer = b.customer("Acme").await;
    let id = text(&b.subscribe(&customer, "m", json!({})).await["subscription_id"]);
    // Books knows no subscriptions.
    let path = format!("contacts/{customer}");
    assert_eq!(b.world.api.call("POST", &format!("{path}/inactive"), Value::Null).await.0, 200);
    b.at("2026-03-10").await;
    let held = b.subscription(&id).await;
    assert_eq!((&held["status"], &held["current_term_ends_at"]), (&json!("live"), &json!("2026-02-05")));
    assert_eq!(b.invoices(&customer).await.len(), 1);
    assert_eq!(b.world.api.call("POST", &format!("{path}/active"), Value::Null).await.0, 200);
    assert_eq!(b.invoices(&customer).await.len(), 1);
    b.at("2026-03-11").await;
    assert_eq!(b.invoices(&customer).await.len(), 3);
    assert_eq!(b.subscription(&id).await["next_billing_at"], "2026-04-05");
}

#[tokio::test]
async fn many_terms_pass_in_one_go() {
    let mut b = billing().await;
    b.plan("w", json!({"interval_unit": "weeks", "recurring_price": 1})).await;
    b.plan("last", json!({"interval_unit": "weeks", "recurring_price": 1, "billing_cycles": 3})).await;
    let (many, few) = (b.customer("Many").await, b.customer("Few").await);
    b.subscribe(&many, "w", json!({})).await;
    b.subscribe(&few, "last", json!({})).await;
    b.at("2031-01-06").await;
    // 5 January 2026 and 261 Mondays after it.
    assert_eq!(b.get(&format!("customers/{many}")).await["customer"]["outstanding"], 262.0);
    assert_eq!(b.get(&format!("customers/{few}")).await["customer"]["outstanding"], 3.0);
    let list = b.get("invoices?sort_column=created_time&sort_order=A&per_page=7").await;
    let row = |it: &Value| format!("{} {}", text(&it["customer_name"]), text(&it["number"]));
    let rows: Vec<String> = list["invoices"].as_array().unwrap().iter().map(row).collect();
    // Numbers are given in the order of the days, whatever subscription an invoice is for.
    assert_eq!(
        rows,
        [
            "Many INV-000001",
            "Few INV-000002",
            "Many INV-000003",
            "Few INV-000004",
            "Many INV-000005",
            "Few INV-000006",
            "Many INV-000007"
        ]
    );
    for (day, owed) in [("2031-01-12", 262.0), ("2031-01-13", 263.0)] {
        b.at(day).await;
        assert_eq!(b.get(&format!("customers/{many}")).await["customer"]["outstanding"], owed, "{day}");
    }
}
