use serde_json::{Value, json};

use crate::billing_world::*;

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
