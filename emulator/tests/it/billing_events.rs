use serde_json::{Value, json};

use crate::billing_world::*;

#[tokio::test]
async fn every_change_leaves_an_event() {
    let mut b = billing().await;
    b.plan("m", json!({"trial_period": 7})).await;
    let made = b
        .created(
            "subscriptions",
            json!({"customer": {"display_name": "Acme", "email": "a@x.test"}, "plan": {"plan_code": "m"}}),
        )
        .await;
    let id = text(&made["subscription"]["subscription_id"]);
    assert_eq!(b.events().await, ["customer_created", "subscription_created"]);
    b.at("2026-02-13").await;
    b.done(
        "POST",
        &format!("subscriptions/{id}/cancel"),
        Value::Null,
        "Your subscription has been canceled.",
    )
    .await;
    let expected = [
        "customer_created",
        "subscription_created",
        "invoice_created",
        "subscription_activation",
        "invoice_created",
        "subscription_renewed",
        "subscription_cancelled",
    ];
    assert_eq!(b.events().await, expected);
    // Reading again changes nothing.
    assert_eq!(b.events().await, expected);

    let list = b.get("events?per_page=1").await;
    let newest = &list["events"][0];
    assert_eq!(newest["event_type"], "subscription_cancelled");
    assert_eq!(list["page_context"]["has_more_page"], true);
    let event = b.get(&format!("events/{}", text(&newest["event_id"]))).await["event"].clone();
    assert_eq!((&event["event_time"], &event["webhooks"]), (&json!("2026-02-13T12:00:00+0000"), &json!([])));
    let payload: Value = serde_json::from_str(&text(&event["payload"])).unwrap();
    assert_eq!(
        (&payload["event_id"], &payload["event_type"]),
        (&newest["event_id"], &json!("subscription_cancelled"))
    );
    assert_eq!(
        (&payload["data"]["subscription"]["status"], &payload["data"]["subscription"]["subscription_id"]),
        (&json!("cancelled"), &json!(id))
    );
    let renewed = b.get("events?event_type=subscription_renewed").await["events"][0].clone();
    assert_eq!(renewed["event_time"], "2026-02-12T00:00:00+0000");
    let invoice = b.get("events?event_type=invoice_created").await["events"][0].clone();
    let invoice = b.get(&format!("events/{}", text(&invoice["event_id"]))).await["event"].clone();
    let payload: Value = serde_json::from_str(&text(&invoice["payload"])).unwrap();
    assert_eq!(
        (&payload["data"]["invoice"]["number"], &payload["data"]["invoice"]["total"]),
        (&json!("INV-000002"), &json!(100.0))
    );
    b.refused("GET", "events/1", Value::Null, 404, 1002, "Event does not exist.").await;
}

#[tokio::test]
async fn refused_changes_leave_none() {
    let b = billing().await;
    b.refused("POST", "customers", json!({"display_name": "X"}), 400, 2, "Invalid value passed for email")
        .await;
    b.refused("POST", "subscriptions", json!({}), 400, 2, "Invalid value passed for customer_id").await;
    b.refused("DELETE", "customers/1", Value::Null, 404, 1002, "Customer does not exist.").await;
    assert_eq!(b.events().await, [] as [&str; 0]);
}

#[tokio::test]
async fn repeating_a_change_tells_of_it_once() {
    let b = billing().await;
    let customer = b.customer("Acme").await;
    let items = json!([{"name": "Work", "price": 1, "quantity": 1}]);
    let body = json!({"customer_id": customer, "date": "2026-01-05", "invoice_items": items});
    let path = format!("invoices/{}", text(&b.created("invoices", body).await["invoice"]["invoice_id"]));
    for _ in 0..2 {
        let opened = "Status of the invoice has been changed to open.";
        b.done("POST", &format!("{path}/converttoopen"), Value::Null, opened).await;
    }
    for _ in 0..2 {
        let voided = "Invoice status has been changed to Void.";
        b.done("POST", &format!("{path}/void"), Value::Null, voided).await;
    }
    let expected = ["customer_created", "invoice_created", "invoice_updated", "invoice_voided"];
    assert_eq!(b.events().await, expected);
}

#[tokio::test]
async fn a_published_client_finds_what_it_reads() {
    let b = billing().await;
    b.plan("m", json!({})).await;
    b.addon("once", json!({"type": "one_time"})).await;
    let customer = b.customer("Acme").await;
    let id = text(&b.subscribe(&customer, "m", json!({})).await["subscription_id"]);
    let path = format!("subscriptions/{id}");
    let addons = json!({"addons": [{"addon_code": "once", "quantity": 1}]});
    for (method, path, body, key) in [
        ("GET", "customers".to_owned(), Value::Null, "customers"),
        ("GET", "customers?email=acme@x.test".to_owned(), Value::Null, "customers"),
        ("GET", format!("customers/{customer}"), Value::Null, "customer"),
        ("GET", "plans".to_owned(), Value::Null, "plans"),
        ("GET", "plans/m".to_owned(), Value::Null, "plan"),
        ("GET", "addons".to_owned(), Value::Null, "addons"),
        ("GET", "addons/once".to_owned(), Value::Null, "addon"),
        ("GET", "settings/taxes".to_owned(), Value::Null, "taxes"),
        ("GET", format!("invoices?customer_id={customer}"), Value::Null, "invoices"),
        ("GET", "subscriptions".to_owned(), Value::Null, "subscriptions"),
        ("GET", format!("subscriptions?customer_id={customer}"), Value::Null, "subscriptions"),
        ("GET", path.clone(), Value::Null, "subscription"),
        ("POST", format!("{path}/buyonetimeaddon"), addons, "invoice"),
        ("POST", format!("{path}/cancel?cancel_at_end=false"), Value::Null, "subscription"),
        ("POST", format!("{path}/reactivate"), Value::Null, "subscription"),
    ] {
        let request = b.world.api.request(method, &format!("/billing/v1/{path}"));
        let request = request.header("X-com-zoho-subscriptions-organizationid", "10234695").json(&body);
        let (status, answer) = crate::world::send(request).await;
        assert_eq!((status, &answer["code"]), (200, &json!(0)), "{path}: {answer}");
        assert!(answer[key].is_object() || answer[key].is_array(), "{path}: {answer}");
    }
}

#[tokio::test]
async fn cards_are_told_when_they_come_change_and_go() {
    let b = billing().await;
    b.plan("m", json!({})).await;
    let customer = b.customer("Acme").await;
    let id = text(&b.subscribe(&customer, "m", json!({})).await["subscription_id"]);
    let path = format!("subscriptions/{id}/card");
    let set = async |card: &str| {
        b.done("POST", &path, json!({"card_id": card}), "Card has been updated successfully.").await
    };
    set("990001").await;
    set("990003").await;
    let page = b.call("POST", "hostedpages/updatecard", json!({"subscription_id": id})).await.1;
    let page = text(&page["hostedpage"]["hostedpage_id"]);
    b.done("POST", &format!("/integration/v1/hostedpages/{page}/complete"), Value::Null, "success").await;
    b.call("PUT", &format!("subscriptions/{id}"), json!({"reference_id": "r"})).await;
    let removed = "Card has been successfully removed from the subscription.";
    for _ in 0..2 {
        b.done("DELETE", &path, Value::Null, removed).await;
    }
    let told: Vec<String> = b.events().await.into_iter().filter(|it| it.starts_with("card_")).collect();
    assert_eq!(told, ["card_added", "card_updated", "card_updated", "card_deleted"]);
    let event = b.get("events?event_type=card_deleted").await["events"][0].clone();
    let event = b.get(&format!("events/{}", text(&event["event_id"]))).await["event"].clone();
    let payload: Value = serde_json::from_str(&text(&event["payload"])).unwrap();
    let card = &payload["data"]["card"];
    assert_eq!(
        (&card["card_id"], &card["last_four_digits"], &card["customer_id"]),
        (&json!("900000001"), &json!("0001"), &json!(customer))
    );
}
