//! Webhooks in the format of events tell what happened in Billing, in the words of `GET /events`.

use serde_json::{Value, json};

use crate::billing_world::*;
use crate::webhooks::{control, receiver, subscribe};

/// The event under Billing's path.
async fn event(b: &Billing, id: &Value) -> Value {
    b.get(&format!("events/{}", text(id))).await["event"].clone()
}

/// The event once no delivery of it waits to be sent.
async fn told(b: &Billing, id: &Value, status: &str) -> Value {
    for _ in 0..200 {
        let event = event(b, id).await;
        if event["webhooks"][0]["status"] == status {
            return event;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the webhook of {id} does not become {status}: {}", event(b, id).await)
}

#[tokio::test]
async fn a_renewal_is_delivered_as_the_event_that_is_listed() {
    let mut b = billing().await;
    b.plan("m", json!({})).await;
    let customer = b.customer("Acme").await;
    let id = text(&b.subscribe(&customer, "m", json!({})).await["subscription_id"]);
    let receiver = receiver(&[200]).await;
    let webhook = subscribe(&b.world, &receiver, json!({"format": "event"})).await;
    b.at("2026-02-05").await;
    assert_eq!(b.subscription(&id).await["status"], "live");
    let bodies = receiver.bodies(2).await;
    let types: Vec<&Value> = bodies.iter().map(|it| &it["event_type"]).collect();
    assert_eq!(types, ["invoice_created", "subscription_renewed"]);
    let renewed = &bodies[1];
    assert_eq!(renewed["data"]["subscription"]["subscription_id"], id.as_str());
    assert_eq!(renewed["data"]["subscription"]["current_term_starts_at"], "2026-02-05");
    assert_eq!(renewed["event_time"], "2026-02-05T00:00:00+0000");
    let listed = told(&b, &renewed["event_id"], "success").await;
    assert_eq!(listed["event_type"], "subscription_renewed");
    assert_eq!(serde_json::from_str::<Value>(&text(&listed["payload"])).unwrap(), *renewed);
    let shown = &listed["webhooks"][0];
    assert_eq!((&shown["webhook_id"], &shown["url"]), (&json!(webhook.to_string()), &json!(receiver.url)));
    assert!(!text(&shown["last_updated_time"]).is_empty());
    let log =
        control(&b.world.api, "GET", "webhooks/deliveries?event=subscription_renewed", Value::Null).await;
    assert_eq!(log.1["deliveries"][0]["record_id"], renewed["event_id"]);
}

#[tokio::test]
async fn a_void_invoice_is_told_as_such_and_books_changes_are_not() {
    let b = billing().await;
    let customer = b.customer("Acme").await;
    let items = json!([{"name": "Work", "price": 1, "quantity": 1}]);
    let body = json!({"customer_id": customer, "date": "2026-01-05", "invoice_items": items});
    let id = text(&b.created("invoices", body).await["invoice"]["invoice_id"]);
    let all = receiver(&[200]).await;
    let some = receiver(&[200]).await;
    subscribe(&b.world, &all, json!({"format": "event"})).await;
    subscribe(&b.world, &some, json!({"format": "event", "events": ["invoice.voided", "subscription.*"]}))
        .await;
    let opened = "Status of the invoice has been changed to open.";
    b.done("POST", &format!("invoices/{id}/converttoopen"), Value::Null, opened).await;
    let voided = "Invoice status has been changed to Void.";
    b.done("POST", &format!("invoices/{id}/void"), Value::Null, voided).await;
    // A change under Books' path makes no event.
    b.call("POST", "/books/v3/items", json!({"name": "Box", "rate": 1})).await;
    let bodies = all.bodies(2).await;
    assert_eq!(
        (&bodies[0]["event_type"], &bodies[1]["event_type"]),
        (&json!("invoice_updated"), &json!("invoice_voided"))
    );
    let bodies = some.bodies(1).await;
    assert_eq!(bodies[0]["data"]["invoice"]["status"], "void");
    let both = told(&b, &bodies[0]["event_id"], "success").await;
    assert_eq!(both["webhooks"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn an_event_shows_a_delivery_that_waits_and_one_that_failed() {
    let b = billing().await;
    let receiver = receiver(&[500]).await;
    subscribe(&b.world, &receiver, json!({"format": "event", "events": ["customer_created"]})).await;
    b.customer("Acme").await;
    let body = receiver.bodies(1).await[0].clone();
    assert_eq!(body["data"]["customer"]["display_name"], "Acme");
    let waits = told(&b, &body["event_id"], "scheduled").await;
    assert_eq!(waits["webhooks"][0]["url"], receiver.url.as_str());
    let lost = json!({"kind": "lost", "event": "customer_created"});
    control(&b.world.api, "POST", "webhooks/faults", lost).await;
    b.customer("Beta").await;
    let newest = b.get("events").await["events"][0].clone();
    told(&b, &newest["event_id"], "failure").await;
    // By hand, an event is fired as it is.
    let webhook = subscribe(&b.world, &receiver, json!({"format": "event"})).await;
    control(&b.world.api, "DELETE", "webhooks/faults", Value::Null).await;
    let shot =
        json!({"webhook_id": webhook, "resource": "event", "id": newest["event_id"], "event": "created"});
    assert_eq!(control(&b.world.api, "POST", "webhooks/fire", shot).await.0, 201);
    assert_eq!(receiver.bodies(2).await[1]["event_id"], newest["event_id"]);
}
