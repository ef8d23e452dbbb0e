//! Webhooks: subscriptions, signatures, retries on the clock, faults, and what survives a restart.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use chrono::TimeDelta;
use finbridge_emulator::*;
use finbridge_emulator_client as client;
use serde_json::{Value, json};

use crate::world::{Api, World, start_time, world};

type Received = Arc<Mutex<Vec<(HeaderMap, String)>>>;

/// A receiver that answers the given statuses in turn, the last one for ever.
pub struct Receiver {
    pub url: String,
    received: Received,
}

pub async fn receiver(statuses: &[u16]) -> Receiver {
    receiver_after(Duration::ZERO, statuses).await
}

/// A receiver that thinks for a while before each answer.
pub async fn receiver_after(pause: Duration, statuses: &[u16]) -> Receiver {
    let received = Received::default();
    let statuses = Arc::new(Mutex::new(statuses.to_vec()));
    let state = (Arc::clone(&received), statuses, pause);
    type Shared = (Received, Arc<Mutex<Vec<u16>>>, Duration);
    let answer =
        async |State((received, statuses, pause)): State<Shared>, headers: HeaderMap, body: Bytes| {
            received.lock().unwrap().push((headers, String::from_utf8(body.to_vec()).unwrap()));
            tokio::time::sleep(pause).await;
            let mut statuses = statuses.lock().unwrap();
            let status = if statuses.len() > 1 { statuses.remove(0) } else { statuses[0] };
            StatusCode::from_u16(status).unwrap()
        };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook?b=2&a=1", listener.local_addr().unwrap());
    tokio::spawn(
        async move { axum::serve(listener, Router::new().fallback(answer).with_state(state)).await },
    );
    Receiver { url, received }
}

impl Receiver {
    /// The bodies once there are `count` of them.
    pub async fn bodies(&self, count: usize) -> Vec<Value> {
        for _ in 0..400 {
            if self.received.lock().unwrap().len() >= count {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let received = self.received.lock().unwrap();
        assert_eq!(received.len(), count, "{:?}", received.iter().map(|it| &it.1).collect::<Vec<_>>());
        received.iter().map(|(_, body)| serde_json::from_str(body).unwrap()).collect()
    }

    fn header(&self, at: usize, name: &str) -> String {
        self.received.lock().unwrap()[at].0.get(name).unwrap().to_str().unwrap().to_owned()
    }
}

pub async fn control(api: &Api, method: &str, path: &str, body: Value) -> (u16, Value) {
    api.call(method, &format!("/_emulator/{path}"), body).await
}

pub async fn subscribe(world: &World, receiver: &Receiver, mut extra: Value) -> u64 {
    extra["organization_id"] = DEMO_ORGANIZATION_ID.into();
    extra["url"] = receiver.url.clone().into();
    let (status, answer) = control(&world.api, "POST", "webhooks", extra).await;
    assert_eq!(status, 201, "{answer}");
    answer["webhook"]["id"].as_u64().unwrap()
}

pub async fn item(world: &World, name: &str) -> String {
    let (status, answer) = world.api.call("POST", "items", json!({"name": name, "rate": 10})).await;
    assert_eq!(status, 201, "{answer}");
    answer["item"]["item_id"].as_str().unwrap().to_owned()
}

/// The deliveries once none of them is pending.
pub async fn finished(world: &World) -> Vec<Value> {
    for _ in 0..400 {
        let (_, answer) = control(&world.api, "GET", "webhooks/deliveries", Value::Null).await;
        let all = answer["deliveries"].as_array().unwrap().clone();
        if !all.is_empty() && all.iter().all(|it| it["status"] != "pending") {
            return all;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("a delivery stays pending");
}

#[tokio::test]
async fn a_record_is_told_when_created_edited_and_deleted_in_this_order() {
    let world = world().await;
    let receiver = receiver(&[200]).await;
    subscribe(&world, &receiver, json!({"events": ["item.*", "contact.created"]})).await;
    let id = item(&world, "Bolt").await;
    world.api.call("PUT", &format!("items/{id}"), json!({"rate": 12})).await;
    world.api.call("DELETE", &format!("items/{id}"), Value::Null).await;
    world.api.call("POST", "contacts", json!({"contact_name": "Acme"})).await;
    let bodies = receiver.bodies(4).await;
    assert_eq!(bodies[0]["item"]["rate"], 10.0);
    assert_eq!(bodies[1]["item"]["rate"], 12.0);
    assert_eq!(bodies[2]["item"]["item_id"], id.as_str());
    assert_eq!(bodies[3]["contact"]["contact_name"], "Acme");
    let log = finished(&world).await;
    let events: Vec<&str> = log.iter().map(|it| it["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["item.created", "item.edited", "item.deleted", "contact.created"]);
}

#[tokio::test]
async fn the_signature_covers_the_raw_body_in_either_encoding() {
    let world = world().await;
    let receiver = receiver(&[200]).await;
    let secret = "s3cret";
    subscribe(&world, &receiver, json!({"secret": secret})).await;
    subscribe(&world, &receiver, json!({"secret": secret, "encoding": "base64", "sign_query": true})).await;
    item(&world, "Nut").await;
    receiver.bodies(2).await;
    // The two are sent at the same time.
    let signature = |at| receiver.header(at, "X-Zoho-Webhook-Signature");
    let (hex, base64) =
        if signature(0).len() == 64 { (signature(0), signature(1)) } else { (signature(1), signature(0)) };
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret.as_bytes());
    let body = receiver.received.lock().unwrap()[0].1.clone();
    let bytes: Vec<u8> =
        (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()).collect();
    ring::hmac::verify(&key, body.as_bytes(), &bytes).unwrap();
    let bytes = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, base64).unwrap();
    ring::hmac::verify(&key, format!("a1b2{body}").as_bytes(), &bytes).unwrap();
    let (_, shown) = control(&world.api, "GET", "webhooks", Value::Null).await;
    assert!(!shown.to_string().contains(secret), "the secret is shown");
}

#[tokio::test]
async fn a_failing_receiver_is_tried_again_on_the_clock_and_given_up_in_the_end() {
    let world = world().await;
    let receiver = receiver(&[500, 503, 200]).await;
    subscribe(&world, &receiver, json!({})).await;
    item(&world, "Screw").await;
    receiver.bodies(1).await;
    world.clock.advance(TimeDelta::seconds(59));
    tokio::time::sleep(Duration::from_millis(150)).await;
    receiver.bodies(1).await;
    world.clock.advance(TimeDelta::seconds(1));
    receiver.bodies(2).await;
    world.clock.advance(TimeDelta::minutes(5));
    receiver.bodies(3).await;
    let log = finished(&world).await;
    assert_eq!((&log[0]["status"], &log[0]["attempts"]), (&json!("delivered"), &json!(3)));
}

#[tokio::test]
async fn five_failures_are_the_end() {
    let world = world().await;
    let receiver = receiver(&[500]).await;
    subscribe(&world, &receiver, json!({})).await;
    item(&world, "Screw").await;
    for attempts in 1..=5 {
        receiver.bodies(attempts).await;
        world.clock.advance(TimeDelta::hours(2));
    }
    let log = finished(&world).await;
    assert_eq!((&log[0]["status"], &log[0]["last_status"]), (&json!("failed"), &json!(500)));
}

#[tokio::test]
async fn deliveries_are_lost_doubled_late_and_reordered_on_demand() {
    let world = world().await;
    let receiver = receiver(&[200]).await;
    subscribe(&world, &receiver, json!({})).await;
    for rule in [
        json!({"kind": "lost", "count": 1}),
        json!({"kind": "doubled", "count": 1}),
        json!({"kind": "late", "seconds": 90, "count": 1}),
        json!({"kind": "reordered", "count": 1}),
    ] {
        assert_eq!(control(&world.api, "POST", "webhooks/faults", rule).await.0, 201);
    }
    let name = |body: &Value| body["item"]["name"].as_str().unwrap().to_owned();
    for (at, name) in ["lost", "doubled", "late", "second", "first"].into_iter().enumerate() {
        item(&world, name).await;
        // One after the other, so that each rule meets the delivery that it is meant for.
        let wanted = [0, 2, 2, 2, 4][at];
        receiver.bodies(wanted).await;
        tokio::time::sleep(Duration::from_millis(80)).await;
    }
    let names: Vec<String> = receiver.bodies(4).await.iter().map(name).collect();
    assert_eq!(names, ["doubled", "doubled", "first", "second"]);
    world.clock.advance(TimeDelta::seconds(90));
    assert_eq!(name(&receiver.bodies(5).await[4]), "late");
    let log = finished(&world).await;
    let statuses: Vec<&str> = log.iter().map(|it| it["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["lost", "delivered", "delivered", "delivered", "delivered"]);
}

#[tokio::test]
async fn an_event_is_fired_by_hand() {
    let world = world().await;
    let receiver = receiver(&[200]).await;
    let id = item(&world, "Old").await;
    let webhook = subscribe(&world, &receiver, json!({"format": "event"})).await;
    let fire = json!({"webhook_id": webhook, "resource": "item", "id": id, "event": "edited"});
    assert_eq!(control(&world.api, "POST", "webhooks/fire", fire.clone()).await.0, 201);
    let bodies = receiver.bodies(1).await;
    assert_eq!(bodies[0]["event_type"], "item_edited");
    assert_eq!(bodies[0]["data"]["item"]["name"], "Old");
    for (member, value) in [
        ("webhook_id", json!(99)),
        ("resource", json!("nothing")),
        ("id", json!("1")),
        ("event", json!("eaten")),
    ] {
        let mut wrong = fire.clone();
        wrong[member] = value;
        assert_eq!(control(&world.api, "POST", "webhooks/fire", wrong).await.0, 400, "{member}");
    }
}

#[tokio::test]
async fn a_subscription_that_cannot_work_is_refused() {
    let world = world().await;
    for wrong in [
        json!({"organization_id": DEMO_ORGANIZATION_ID, "url": "ftp://127.0.0.1"}),
        json!({"organization_id": "1", "url": "http://127.0.0.1:1"}),
        json!({"url": "http://127.0.0.1:1"}),
    ] {
        let (status, answer) = control(&world.api, "POST", "webhooks", wrong).await;
        assert_eq!(status, 400);
        assert!(answer["error"].as_str().unwrap().ends_with('.'));
    }
    assert_eq!(control(&world.api, "DELETE", "webhooks/7", Value::Null).await.0, 404);
}

#[tokio::test]
async fn what_was_not_delivered_before_a_restart_is_delivered_after_it() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("state");
    let clock = Arc::new(ManualClock::new(start_time()));
    let receiver = receiver(&[500, 200]).await;
    let emulator = Emulator::builder().clock(clock.clone()).state_file(file.clone()).start().await.unwrap();
    let world = World { api: Api::login(&emulator.url()).await, emulator, clock: clock.clone() };
    subscribe(&world, &receiver, json!({})).await;
    item(&world, "Washer").await;
    receiver.bodies(1).await;
    world.emulator.shutdown().await;
    clock.advance(TimeDelta::minutes(1));
    let emulator = Emulator::builder().clock(clock.clone()).state_file(file).start().await.unwrap();
    let bodies = receiver.bodies(2).await;
    assert_eq!(bodies[0], bodies[1]);
    emulator.shutdown().await;
}

#[tokio::test]
async fn the_typed_client_subscribes_lists_harms_and_fires() {
    use client::{DeliveryQuery, DeliveryStatus, Mishap, Shot, WebhookFault, WebhookFormat};
    let world = world().await;
    let receiver = receiver(&[200]).await;
    let control = client::Control::new(&world.api.url);
    let mut wanted = client::Webhook::new(DEMO_ORGANIZATION_ID, &receiver.url);
    wanted.events = vec!["item.created".to_owned()];
    wanted.secret = "s3cret".to_owned();
    wanted.format = WebhookFormat::Event;
    wanted.headers.insert("X-Own".to_owned(), "yes".to_owned());
    let webhook = control.subscribe(&wanted).await.unwrap();
    let shown = client::Webhook { id: webhook.id, secret: "***".to_owned(), ..wanted };
    assert_eq!(webhook, shown);
    assert_eq!(control.webhooks().await.unwrap(), [shown]);

    let lost = WebhookFault { event: None, count: Some(1), mishap: Mishap::Lost };
    let late = WebhookFault { event: None, count: None, mishap: Mishap::Late { seconds: 60 } };
    control.add_webhook_fault(&lost).await.unwrap();
    control.add_webhook_fault(&late).await.unwrap();
    assert_eq!(control.webhook_faults().await.unwrap(), [lost.clone(), late.clone()]);
    item(&world, "Bolt").await;
    assert_eq!(finished(&world).await.len(), 1);
    assert_eq!(control.webhook_faults().await.unwrap()[0].count, Some(0));
    control.clear_webhook_faults().await.unwrap();
    assert!(control.webhook_faults().await.unwrap().is_empty());

    let id = item(&world, "Nut").await;
    receiver.bodies(1).await;
    assert_eq!(receiver.header(0, "X-Own"), "yes");
    finished(&world).await;
    let of = |status| DeliveryQuery { status: Some(status), ..DeliveryQuery::default() };
    let delivered = control.deliveries(&of(DeliveryStatus::Delivered)).await.unwrap();
    assert_eq!((delivered.len(), &delivered[0].record_id, delivered[0].last_status), (1, &id, Some(200)));
    assert_eq!(control.deliveries(&of(DeliveryStatus::Lost)).await.unwrap().len(), 1);
    let other = DeliveryQuery { webhook_id: Some(webhook.id + 1), ..DeliveryQuery::default() };
    assert!(control.deliveries(&other).await.unwrap().is_empty());

    let mut shot =
        Shot { webhook_id: webhook.id, resource: "item".to_owned(), id, event: "deleted".to_owned() };
    let fired = control.fire(&shot).await.unwrap();
    assert_eq!(receiver.bodies(2).await[1]["event_type"], "item_deleted");
    finished(&world).await;
    let all = control.deliveries(&DeliveryQuery::default()).await.unwrap();
    assert_eq!(all.iter().map(|it| it.id).max(), Some(fired));
    shot.event = "eaten".to_owned();
    let refused = control.fire(&shot).await.unwrap_err();
    assert!(matches!(refused, client::ControlError::Refused { status: 400, .. }), "{refused}");
    control.clear_deliveries().await.unwrap();
    assert!(control.deliveries(&DeliveryQuery::default()).await.unwrap().is_empty());
    control.unsubscribe(webhook.id).await.unwrap();
    assert!(control.webhooks().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_restored_state_tells_what_it_had_still_to_tell_and_nothing_else() {
    let world = world().await;
    let receiver = receiver(&[500, 200]).await;
    let control = client::Control::new(&world.api.url);
    subscribe(&world, &receiver, json!({})).await;
    item(&world, "First").await;
    receiver.bodies(1).await;
    // The first attempt has failed and is written down; the second is due in a minute.
    for _ in 0..400 {
        if control.deliveries(&Default::default()).await.unwrap()[0].attempts == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    control.snapshot("waiting").await.unwrap();
    control
        .add_webhook_fault(&client::WebhookFault {
            event: None,
            count: None,
            mishap: client::Mishap::Reordered,
        })
        .await
        .unwrap();
    item(&world, "Held").await;
    tokio::time::sleep(Duration::from_millis(150)).await;
    control.restore("waiting").await.unwrap();
    control.clear_webhook_faults().await.unwrap();
    // The next event may have the id that the held one had.
    item(&world, "Second").await;
    assert_eq!(receiver.bodies(2).await[1]["item"]["name"], "Second");
    world.clock.advance(TimeDelta::minutes(1));
    assert_eq!(receiver.bodies(3).await[2]["item"]["name"], "First");
    assert!(finished(&world).await.iter().all(|it| it["status"] == "delivered"));
    tokio::time::sleep(Duration::from_millis(100)).await;
    receiver.bodies(3).await;
}
