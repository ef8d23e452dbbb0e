//! What a webhook sends, and how: methods, chosen form fields, texts with placeholders, waits of its own.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method};
use chrono::TimeDelta;
use finbridge_emulator::*;
use finbridge_emulator_client as client;
use serde_json::{Value, json};

use crate::webhooks::{control, finished, item, receiver, receiver_after, subscribe};
use crate::world::*;

type Received = Arc<Mutex<Vec<(Method, HeaderMap, String)>>>;

/// A receiver that keeps what it gets as it is.
async fn verbatim() -> (String, Received) {
    let received = Received::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let keep = async |State(received): State<Received>, method: Method, headers: HeaderMap, body: Bytes| {
        let body = String::from_utf8(body.to_vec()).unwrap();
        received.lock().unwrap().push((method, headers, body));
    };
    let router = Router::new().fallback(keep).with_state(Arc::clone(&received));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, received)
}

#[tokio::test]
async fn a_star_means_modules_and_what_is_named_is_told() {
    let w = world().await;
    let (all, comments) = (receiver(&[200]).await, receiver(&[200]).await);
    subscribe(&w, &all, json!({})).await;
    subscribe(&w, &comments, json!({"events": ["comment.created"]})).await;
    let customer = w.api.named("Acme").await;
    let body = json!({"customer_id": customer, "line_items": [{"name": "x", "rate": 1, "quantity": 1}]});
    assert_eq!(w.api.call("POST", "invoices", body).await.0, 201);
    let bodies = comments.bodies(1).await;
    assert!(bodies[0]["comment"]["comment_id"].is_string(), "{bodies:?}");
    let log = finished(&w).await;
    let events: Vec<&str> = log.iter().map(|it| it["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["contact.created", "invoice.created", "comment.created"]);
}

#[tokio::test]
async fn methods_fields_and_templates_are_sent_and_signed() {
    let w = world().await;
    let (url, received) = verbatim().await;
    let secret = "s3cret";
    for more in [
        json!({"method": "PUT", "format": "form", "fields": ["name", "rate", "nothing"]}),
        json!({"method": "DELETE", "format": "text", "template": "${ITEM.NAME} at ${Item.Rate}, ${INVOICE.TOTAL}."}),
        json!({"format": "text", "template": "{\"id\":\"${ITEM.ITEM_ID}\"}", "headers": {"Content-Type": "application/json"}}),
    ] {
        let mut hook = json!({"organization_id": DEMO_ORGANIZATION_ID, "url": url, "secret": secret});
        crate::billing_world::merge(&mut hook, more);
        let (status, answer) = control(&w.api, "POST", "webhooks", hook).await;
        assert_eq!(status, 201, "{answer}");
    }
    let id = item(&w, "A & B").await;
    assert!(finished(&w).await.iter().all(|it| it["status"] == "delivered"));
    let mut received = received.lock().unwrap().clone();
    received.sort_by_key(|(method, ..)| method.to_string());
    let json_body = format!("{{\"id\":\"{id}\"}}");
    let expected = [
        ("DELETE", "text/plain; charset=utf-8", "A & B at 10.0, ."),
        ("POST", "application/json", json_body.as_str()),
        ("PUT", "application/x-www-form-urlencoded", "name=A+%26+B&rate=10.0&nothing="),
    ];
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret.as_bytes());
    for ((method, headers, body), (wanted, kind, text)) in received.iter().zip(expected) {
        assert_eq!((method.as_str(), body.as_str()), (wanted, text));
        assert_eq!(headers.get_all("content-type").iter().collect::<Vec<_>>(), [kind]);
        let tag = ring::hmac::sign(&key, body.as_bytes());
        let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(headers["x-zoho-webhook-signature"], hex.as_str());
    }
    assert_eq!(received.len(), expected.len());
}

#[tokio::test]
async fn what_does_not_belong_together_is_refused() {
    let w = world().await;
    for (wrong, word) in [
        (json!({"format": "text"}), "template"),
        (json!({"template": "x"}), "template"),
        (json!({"fields": ["name"]}), "fields"),
        (json!({"method": "PATCH"}), "PATCH"),
        (json!({"timeout_seconds": 0}), "timeout_seconds"),
        (json!({"retry_seconds": [0]}), "retry_seconds"),
    ] {
        let mut hook = json!({"organization_id": DEMO_ORGANIZATION_ID, "url": "http://127.0.0.1:1/"});
        crate::billing_world::merge(&mut hook, wrong);
        let (status, answer) = control(&w.api, "POST", "webhooks", hook.clone()).await;
        assert!(status == 400 && answer["error"].as_str().unwrap().contains(word), "{hook}: {answer}");
    }
}

#[tokio::test]
async fn waits_and_patience_are_the_subscriptions_own() {
    let w = world().await;
    let (hasty, slow) = (receiver(&[500]).await, receiver_after(Duration::from_secs(5), &[200]).await);
    subscribe(&w, &hasty, json!({"retry_seconds": [7]})).await;
    subscribe(&w, &slow, json!({"timeout_seconds": 1, "retry_seconds": []})).await;
    item(&w, "Screw").await;
    hasty.bodies(1).await;
    w.clock.advance(TimeDelta::seconds(6));
    tokio::time::sleep(Duration::from_millis(150)).await;
    hasty.bodies(1).await;
    w.clock.advance(TimeDelta::seconds(1));
    hasty.bodies(2).await;
    let log = finished(&w).await;
    let ends: Vec<_> = log.iter().map(|it| (&it["status"], &it["attempts"])).collect();
    assert_eq!(ends, [(&json!("failed"), &json!(2)), (&json!("failed"), &json!(1))]);
    assert_eq!(log[1]["last_error"], "the receiver did not answer within 1 seconds");
}

#[tokio::test]
async fn the_typed_client_chooses_method_and_form() {
    let w = world().await;
    let (url, received) = verbatim().await;
    let control = client::Control::new(&w.api.url);
    let mut wanted = client::Webhook::new(DEMO_ORGANIZATION_ID, &url);
    wanted.method = client::WebhookMethod::Put;
    wanted.format = client::WebhookFormat::Text;
    wanted.template = "${ITEM.NAME}".to_owned();
    wanted.retry_seconds = vec![1];
    wanted.timeout_seconds = 2;
    let made = control.subscribe(&wanted).await.unwrap();
    assert_eq!(made, client::Webhook { id: made.id, ..wanted });
    item(&w, "Bolt").await;
    assert_eq!(finished(&w).await[0]["status"], Value::from("delivered"));
    let received = received.lock().unwrap();
    assert_eq!((received[0].0.as_str(), received[0].2.as_str()), ("PUT", "Bolt"));
}
