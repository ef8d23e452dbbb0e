//! Webhooks beside each other: ids, order, receivers that hang, and deliveries that are forgotten on the way.

use std::collections::BTreeSet;
use std::time::Duration;

use finbridge_emulator::*;
use serde_json::{Value, json};

use crate::webhooks::*;
use crate::world::*;

/// An address that takes connections and never answers.
async fn silent() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            kept.push(stream);
        }
    });
    url
}

fn hook(url: &str) -> Value {
    json!({"organization_id": DEMO_ORGANIZATION_ID, "url": url})
}

async fn deliveries(api: &Api) -> Vec<Value> {
    control(api, "GET", "webhooks/deliveries", Value::Null).await.1["deliveries"].as_array().unwrap().clone()
}

fn names(bodies: &[Value]) -> Vec<&str> {
    bodies.iter().map(|it| it["item"]["name"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_two_webhooks_have_one_id() {
    let w = world().await;
    let tasks: Vec<_> = (0..40)
        .map(|_| {
            let api = w.api.clone();
            tokio::spawn(async move {
                control(&api, "POST", "webhooks", hook("http://127.0.0.1:1/")).await.1["webhook"]["id"]
                    .as_u64()
            })
        })
        .collect();
    let mut ids = BTreeSet::new();
    for task in tasks {
        ids.insert(task.await.unwrap().unwrap());
    }
    assert_eq!(ids, (1..=40).collect());
}

#[tokio::test]
async fn ids_of_ended_webhooks_and_forgotten_deliveries_are_not_given_again() {
    let state = crate::durability::scratch("webhook-ids");
    // So small that the state file is rewritten on the way, and the ids are in no line that stays.
    let start = || Emulator::builder().state_file(state.clone()).compact_state_from(1).start();
    for round in 1..=3u64 {
        let emulator = start().await.unwrap();
        let api = Api::login(&emulator.url()).await;
        let (_, made) = control(&api, "POST", "webhooks", hook("http://127.0.0.1:1/")).await;
        assert_eq!(made["webhook"]["id"], round);
        api.call("POST", "items", json!({"name": format!("I{round}"), "rate": 1})).await;
        assert_eq!(deliveries(&api).await[0]["id"], round);
        assert_eq!(control(&api, "DELETE", "webhooks/deliveries", Value::Null).await.0, 200);
        assert_eq!(control(&api, "DELETE", &format!("webhooks/{round}"), Value::Null).await.0, 200);
        for n in 0..30 {
            api.named(&format!("Filler {round} {n}")).await;
        }
        emulator.shutdown().await;
    }
}

#[tokio::test]
async fn what_an_ended_webhook_had_still_to_send_is_forgotten() {
    let w = world().await;
    let failing = receiver(&[500]).await;
    let first = subscribe(&w, &failing, json!({})).await;
    item(&w, "Secret").await;
    failing.bodies(1).await;
    assert_eq!(control(&w.api, "DELETE", &format!("webhooks/{first}"), Value::Null).await.0, 200);
    assert!(deliveries(&w.api).await.is_empty());
    let other = receiver(&[200]).await;
    assert!(subscribe(&w, &other, json!({})).await > first);
    w.clock.advance(chrono::TimeDelta::hours(1));
    tokio::time::sleep(Duration::from_millis(200)).await;
    other.bodies(0).await;
    failing.bodies(1).await;
}

#[tokio::test]
async fn a_receiver_that_hangs_keeps_nobody_else_waiting() {
    let w = world().await;
    let good = receiver(&[200]).await;
    assert_eq!(control(&w.api, "POST", "webhooks", hook(&silent().await)).await.0, 201);
    subscribe(&w, &good, json!({})).await;
    item(&w, "One").await;
    item(&w, "Two").await;
    assert_eq!(names(&good.bodies(2).await), ["One", "Two"]);
}

#[tokio::test]
async fn deliveries_that_were_forgotten_meanwhile_are_not_sent() {
    let w = world().await;
    let slow = receiver_after(Duration::from_millis(400), &[200]).await;
    subscribe(&w, &slow, json!({})).await;
    for name in ["One", "Two", "Three"] {
        item(&w, name).await;
    }
    // The first is on its way; the others wait for it.
    slow.bodies(1).await;
    assert_eq!(control(&w.api, "DELETE", "webhooks/deliveries", Value::Null).await.0, 200);
    tokio::time::sleep(Duration::from_millis(1000)).await;
    assert_eq!(names(&slow.bodies(1).await), ["One"]);
    assert!(deliveries(&w.api).await.is_empty());
}

#[tokio::test]
async fn reordered_swaps_two_and_two() {
    for count in [json!(2), Value::Null] {
        let w = world().await;
        let good = receiver(&[200]).await;
        subscribe(&w, &good, json!({})).await;
        let rule = json!({"kind": "reordered", "count": count});
        assert_eq!(control(&w.api, "POST", "webhooks/faults", rule).await.0, 201);
        for (at, name) in ["1", "2", "3", "4"].into_iter().enumerate() {
            item(&w, name).await;
            good.bodies(at.div_ceil(2) * 2).await;
            tokio::time::sleep(Duration::from_millis(80)).await;
        }
        assert_eq!(names(&good.bodies(4).await), ["2", "1", "4", "3"], "{count}");
        assert!(finished(&w).await.iter().all(|it| it["status"] == "delivered"));
    }
}
