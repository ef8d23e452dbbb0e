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
        "custom_fields": [{"label": "Deal", "value": "7"}]}),
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
async fn future_trial_and_expiry() {
    let mut b = billing().await;
    b.plan("t", json!({"trial_period": 14, "billing_cycles": 2})).await;
    let customer = b.customer("Acme").await;
    let made = b.subscribe(&customer, "t", json!({"starts_at": "2026-01-10"})).await;
    let id = text(&made["subscription_id"]);
    assert_eq!(
        (&made["status"], &made["next_billing_at"], &made["activated_at"]),
        (&json!("future"), &json!("2026-01-10"), &json!(""))
    );
    b.refused(
        "POST",
        &format!("subscriptions/{id}/cancel?cancel_at_end=true"),
        Value::Null,
        400,
        4098,
        "A subscription in the status future cannot be cancelled at the end of its term.",
    )
    .await;
    b.refused(
        "POST",
        &format!("subscriptions/{id}/charge"),
        json!({"amount": 1}),
        400,
        4098,
        "A subscription in the status future cannot be charged.",
    )
    .await;
    b.at("2026-01-10").await;
    let trial = b.subscription(&id).await;
    assert_eq!(trial["status"], "trial");
    assert_eq!(dates(&trial), ["2026-01-10", "2026-01-24", "", "2026-01-24"]);
    assert_eq!(b.invoices(&customer).await.len(), 0);
    b.at("2026-01-24").await;
    let live = b.subscription(&id).await;
    assert_eq!(
        (&live["status"], &live["activated_at"], &live["expires_at"]),
        (&json!("live"), &json!("2026-01-24"), &json!("2026-03-24"))
    );
    b.at("2026-03-23").await;
    let last = b.subscription(&id).await;
    assert_eq!(
        (&last["status"], &last["next_billing_at"], &last["current_term_ends_at"]),
        (&json!("live"), &json!(""), &json!("2026-03-24"))
    );
    b.at("2026-12-31").await;
    let over = b.subscription(&id).await;
    assert_eq!((&over["status"], &over["expires_at"]), (&json!("expired"), &json!("2026-03-24")));
    assert_eq!(
        invoiced(&b.invoices(&customer).await),
        pairs(&[("2026-01-24", "100.0"), ("2026-02-24", "100.0")])
    );
    for (path, wish) in
        [("cancel", "cancelled"), ("reactivate", "reactivated"), ("pause", "paused"), ("resume", "resumed")]
    {
        let message = format!("A subscription in the status expired cannot be {wish}.");
        b.refused("POST", &format!("subscriptions/{id}/{path}"), Value::Null, 400, 4098, &message).await;
    }
    b.refused(
        "PUT",
        &format!("subscriptions/{id}"),
        json!({"reference_id": "x"}),
        400,
        4098,
        "A subscription in the status expired cannot be changed.",
    )
    .await;

    // A trial that is to be collected from a card that never came.
    let other = b.customer("Other").await;
    let made = b.subscribe(&other, "t", json!({"auto_collect": true})).await;
    assert_eq!(made["status"], "trial");
    b.at("2027-01-14").await;
    let over = b.subscription(&text(&made["subscription_id"])).await;
    assert_eq!((&over["status"], &over["expires_at"]), (&json!("trial_expired"), &json!("2027-01-14")));
    assert_eq!(b.invoices(&other).await.len(), 0);
    b.done(
        "DELETE",
        &format!("subscriptions/{}", text(&made["subscription_id"])),
        Value::Null,
        "The subscription has been deleted.",
    )
    .await;
    b.refused(
        "GET",
        &format!("subscriptions/{}", text(&made["subscription_id"])),
        Value::Null,
        404,
        1002,
        "Subscription does not exist.",
    )
    .await;
}

#[tokio::test]
async fn cancel_reactivate_pause_resume_postpone() {
    let mut b = billing().await;
    b.plan("m", json!({})).await;
    let customer = b.customer("Acme").await;
    let id = text(&b.subscribe(&customer, "m", json!({})).await["subscription_id"]);
    let path = format!("subscriptions/{id}");
    let at_end = format!("{path}/cancel?cancel_at_end=true");
    let now = format!("{path}/cancel?cancel_at_end=false");
    let scheduled = "Your subscription will be canceled at the end of this term.";
    for _ in 0..2 {
        let body = b.done("POST", &at_end, Value::Null, scheduled).await;
        let subscription = &body["subscription"];
        assert_eq!(
            (&subscription["status"], &subscription["next_billing_at"], &subscription["expires_at"]),
            (&json!("non_renewing"), &json!(""), &json!("2026-02-05"))
        );
    }
    let reactivated = "Subscription has been reactivated successfully.";
    for _ in 0..2 {
        let body = b.done("POST", &format!("{path}/reactivate"), Value::Null, reactivated).await;
        assert_eq!(body["subscription"]["status"], "live");
        assert_eq!(body["subscription"]["next_billing_at"], "2026-02-05");
    }
    b.refused(
        "POST",
        &format!("{path}/cancel?cancel_at_end=x"),
        Value::Null,
        400,
        2,
        "Invalid value passed for cancel_at_end",
    )
    .await;
    b.done("POST", &at_end, Value::Null, scheduled).await;
    b.refused(
        "POST",
        &format!("{path}/pause"),
        Value::Null,
        400,
        4098,
        "A subscription in the status non_renewing cannot be paused.",
    )
    .await;
    b.at("2026-02-05").await;
    let over = b.subscription(&id).await;
    assert_eq!((&over["status"], &over["cancelled_at"]), (&json!("cancelled"), &json!("2026-02-05")));
    assert_eq!(b.invoices(&customer).await.len(), 1);
    for _ in 0..2 {
        b.done("POST", &now, Value::Null, "Your subscription has been canceled.").await;
    }
    b.refused(
        "POST",
        &at_end,
        Value::Null,
        400,
        4098,
        "A subscription in the status cancelled cannot be cancelled.",
    )
    .await;

    b.at("2026-02-10").await;
    let body = b.done("POST", &format!("{path}/reactivate"), Value::Null, reactivated).await;
    assert_eq!(dates(&body["subscription"]), ["2026-02-10", "2026-03-10", "2026-02-10", "2026-03-10"]);
    assert_eq!(body["subscription"]["cancelled_at"], "");

    b.at("2026-02-20").await;
    for _ in 0..2 {
        let body = b
            .done("POST", &format!("{path}/pause"), Value::Null, "Subscription has been paused successfully.")
            .await;
        assert_eq!(
            (&body["subscription"]["status"], &body["subscription"]["paused_at"]),
            (&json!("paused"), &json!("2026-02-20"))
        );
    }
    b.at("2026-04-01").await;
    assert_eq!(b.invoices(&customer).await.len(), 2);
    for _ in 0..2 {
        let body = b
            .done(
                "POST",
                &format!("{path}/resume"),
                Value::Null,
                "Subscription has been resumed successfully.",
            )
            .await;
        assert_eq!(
            (&body["subscription"]["status"], &body["subscription"]["next_billing_at"]),
            (&json!("live"), &json!("2026-04-19"))
        );
    }
    for (renewal, code) in [("2026-04-01", 2), ("soon", 2)] {
        b.refused(
            "POST",
            &format!("{path}/postpone"),
            json!({"renewal_at": renewal}),
            400,
            code,
            "Invalid value passed for renewal_at",
        )
        .await;
    }
    let body = b
        .done(
            "POST",
            &format!("{path}/postpone"),
            json!({"renewal_at": "2026-05-31"}),
            "Billing date of the subscription has been changed.",
        )
        .await;
    assert_eq!(body["subscription"]["current_term_ends_at"], "2026-05-31");
    b.at("2026-07-15").await;
    let dates_of: Vec<String> =
        b.invoices(&customer).await.iter().map(|it| text(&it["invoice_date"])).collect();
    assert_eq!(dates_of, ["2026-01-05", "2026-02-10", "2026-05-31", "2026-06-30"]);
    let body = b.done("POST", &now, Value::Null, "Your subscription has been canceled.").await;
    assert_eq!(
        (&body["subscription"]["status"], &body["subscription"]["current_term_ends_at"]),
        (&json!("cancelled"), &json!("2026-07-15"))
    );
    for (filter, count) in [
        ("ALL", 1),
        ("CANCELLED", 1),
        ("CANCELLED_THIS_MONTH", 1),
        ("CANCELLED_LAST_MONTH", 0),
        ("LIVE", 0),
        ("ACTIVE", 0),
    ] {
        let list = b.get(&format!("subscriptions?filter_by=SubscriptionStatus.{filter}")).await;
        assert_eq!(list["subscriptions"].as_array().unwrap().len(), count, "{filter}");
    }
    b.at("2026-08-01").await;
    let list = b
        .get(&format!(
            "subscriptions?filter_by=SubscriptionStatus.CANCELLED_LAST_MONTH&customer_id={customer}"
        ))
        .await;
    let row = &list["subscriptions"][0];
    assert_eq!(
        (&row["plan_code"], &row["customer_name"], &row["email"]),
        (&json!("m"), &json!("Acme"), &json!("acme@x.test"))
    );
    b.refused(
        "GET",
        "subscriptions?filter_by=SubscriptionStatus.ODD",
        Value::Null,
        400,
        2,
        "Invalid value passed for filter_by",
    )
    .await;
}

#[tokio::test]
async fn cards_pay_decline_and_are_tried_again() {
    let mut b = billing().await;
    b.plan("m", json!({})).await;
    let good = b.customer("Good").await;
    let made = b.subscribe(&good, "m", json!({"card_id": "990001"})).await;
    assert_eq!(
        (&made["status"], &made["auto_collect"], &made["card"]["last_four_digits"]),
        (&json!("live"), &json!(true), &json!("0001"))
    );
    let invoice = b.get(&format!("invoices/{}", text(&made["child_invoice_id"]))).await["invoice"].clone();
    assert_eq!(
        (&invoice["status"], &invoice["balance"], &invoice["payment_made"]),
        (&json!("paid"), &json!(0.0), &json!(100.0))
    );
    assert_eq!(invoice["payments"][0]["amount"], 100.0);
    let path = format!("subscriptions/{}", text(&made["subscription_id"]));
    b.done(
        "POST",
        &format!("{path}/card"),
        json!({"card_id": "990002"}),
        "Card has been updated successfully.",
    )
    .await;
    b.refused("POST", &format!("{path}/card"), json!({}), 400, 2, "Invalid value passed for card_id").await;
    b.at("2026-02-05").await;
    assert_eq!(b.get(&path).await["subscription"]["status"], "dunning");
    assert_eq!(
        b.get("subscriptions?filter_by=SubscriptionStatus.PAST_DUE").await["subscriptions"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    b.done(
        "POST",
        &format!("{path}/card"),
        json!({"card_id": "990003"}),
        "Card has been updated successfully.",
    )
    .await;
    b.at("2026-02-08").await;
    assert_eq!(b.get(&path).await["subscription"]["status"], "live");
    assert_eq!(b.get(&path).await["subscription"]["next_billing_at"], "2026-03-05");
    b.done(
        "POST",
        &format!("{path}/card"),
        json!({"card_id": "990002"}),
        "Card has been updated successfully.",
    )
    .await;
    b.at("2026-03-13").await;
    assert_eq!(b.get(&path).await["subscription"]["status"], "dunning");
    b.at("2026-03-14").await;
    let over = b.get(&path).await["subscription"].clone();
    assert_eq!(
        (&over["status"], &over["cancelled_at"]),
        (&json!("cancelled_from_dunning"), &json!("2026-03-14"))
    );
    assert_eq!(b.invoices(&good).await.len(), 3);

    let bad = b.customer("Bad").await;
    let made = b.subscribe(&bad, "m", json!({"card_id": "0002"})).await;
    assert_eq!(made["status"], "unpaid");
    let payment = json!({"customer_id": bad, "payment_mode": "cash", "amount": 100, "invoices": [{"invoice_id": made["child_invoice_id"], "amount_applied": 100}]});
    b.created("payments", payment).await;
    let path = format!("subscriptions/{}", text(&made["subscription_id"]));
    assert_eq!(b.get(&path).await["subscription"]["status"], "live");
    assert_eq!(b.get("subscriptions?filter_by=SubscriptionStatus.UNPAID").await["subscriptions"], json!([]));
    b.done("POST", &format!("{path}/pause"), Value::Null, "Subscription has been paused successfully.").await;
    b.done("POST", &format!("{path}/resume"), Value::Null, "Subscription has been resumed successfully.")
        .await;
    b.done(
        "DELETE",
        &format!("{path}/card"),
        Value::Null,
        "Card has been successfully removed from the subscription.",
    )
    .await;
    let bare = b.get(&path).await["subscription"].clone();
    assert_eq!((&bare["card"], &bare["auto_collect"]), (&json!({}), &json!(false)));
    b.done(
        "POST",
        &format!("{path}/autocollect"),
        json!({"auto_collect": true}),
        "Auto charge Status has been changed successfully.",
    )
    .await;
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
