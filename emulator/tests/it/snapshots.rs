//! Snapshots and forks, through the typed client and the library.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use finbridge_emulator::*;
use finbridge_emulator_client::{ClockMode, Control, ControlError, Fault, ForkOrder, GenerateOrder, Webhook};
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::*;

/// An emulator on its own clock, frozen at the usual instant, with a client and its control surface.
async fn steered() -> (Emulator, Api, Control) {
    let start = ClockStart::FrozenAt(start_time());
    let emulator = Emulator::builder().clock_start(start).start().await.unwrap();
    let api = Api::login(&emulator.url()).await;
    let control = Control::new(&emulator.url());
    (emulator, api, control)
}

fn status(error: ControlError) -> u16 {
    match error {
        ControlError::Refused { status, sentence, .. } => {
            assert!(sentence.ends_with('.'), "{sentence}");
            status
        }
        other => panic!("{other}"),
    }
}

fn at(api: &Api, url: &str) -> Api {
    Api { url: url.to_owned(), ..api.clone() }
}

async fn contacts(api: &Api) -> Vec<String> {
    names(&api.get("contacts").await)
}

#[tokio::test]
async fn a_snapshot_brings_back_records_tokens_ids_and_webhooks() {
    let (_emulator, api, control) = steered().await;
    api.named("Kept").await;
    let (_, item) = api.call("POST", "items", json!({"name": "Bolt", "rate": 2})).await;
    let item = item["item"]["item_id"].as_str().unwrap().to_owned();
    let hook = Webhook::new(DEMO_ORGANIZATION_ID, "http://127.0.0.1:1/");
    let hook = control.subscribe(&hook).await.unwrap().id;
    let taken = control.snapshot("a.B_c-1").await.unwrap();
    assert_eq!((taken.name.as_str(), taken.time), ("a.B_c-1", start_time()));
    control.unsubscribe(hook).await.unwrap();

    let lost = api.named("Lost").await;
    assert_eq!(api.call("DELETE", &format!("items/{item}"), Value::Null).await.0, 200);
    let later = Api::login(&api.url).await;
    assert_eq!(contacts(&later).await, ["Kept", "Lost"]);

    control.restore("a.B_c-1").await.unwrap();
    assert_eq!(contacts(&api).await, ["Kept"]);
    assert_eq!(api.get(&format!("items/{item}")).await["item"]["rate"], 2.0);
    assert_eq!(later.call("GET", "contacts", Value::Null).await.0, 401, "the token was issued later");
    assert_eq!(api.named("Again").await, lost, "ids go on from the snapshot");
    assert_eq!(control.webhooks().await.unwrap().len(), 1);
    control.clear_deliveries().await.unwrap();

    // What came later is gone for good, the snapshot itself is not.
    control.restore("a.B_c-1").await.unwrap();
    assert_eq!(contacts(&api).await, ["Kept"]);
    control.reset().await.unwrap();
    control.restore("a.B_c-1").await.unwrap();
    assert_eq!(contacts(&api).await, ["Kept"]);
}

#[tokio::test]
async fn the_clock_goes_back_only_when_it_is_asked_to() {
    let (_emulator, api, control) = steered().await;
    control.snapshot("frozen").await.unwrap();
    control.advance(Duration::from_secs(3600)).await.unwrap();
    control.restore("frozen").await.unwrap();
    let hour = start_time() + TimeDelta::hours(1);
    assert_eq!(control.clock().await.unwrap().now, hour);
    control.run_clock(None).await.unwrap();
    control.snapshot("running").await.unwrap();
    control.restore_with_clock("frozen").await.unwrap();
    let clock = control.clock().await.unwrap();
    assert_eq!((clock.now, clock.mode), (start_time(), ClockMode::Frozen));
    control.restore_with_clock("running").await.unwrap();
    let clock = control.clock().await.unwrap();
    assert!(clock.now >= hour && clock.now < hour + TimeDelta::minutes(5), "{}", clock.now);
    assert_eq!(clock.mode, ClockMode::Manual);
    control.real_clock().await.unwrap();
    control.snapshot("real").await.unwrap();
    control.restore_with_clock("frozen").await.unwrap();
    control.restore_with_clock("real").await.unwrap();
    assert_eq!(control.clock().await.unwrap().mode, ClockMode::Real);
    assert!(contacts(&Api::login(&api.url).await).await.is_empty());

    let w = world().await;
    let control = Control::new(&w.api.url);
    control.snapshot("theirs").await.unwrap();
    w.api.named("Stays").await;
    assert_eq!(status(control.restore_with_clock("theirs").await.unwrap_err()), 409);
    assert_eq!(contacts(&w.api).await, ["Stays"]);
}

#[tokio::test]
async fn names_and_number_of_snapshots_are_limited() {
    let (emulator, api, control) = steered().await;
    for name in ["", "a b", "a/b", "ä", &"x".repeat(65)] {
        assert_eq!(status(control.snapshot(name).await.unwrap_err()), 400, "{name}");
        assert!(matches!(emulator.snapshot(name), Err(SnapshotError::Name)));
    }
    for number in 0..32 {
        control.snapshot(&format!("s{number:02}")).await.unwrap();
    }
    assert_eq!(status(control.snapshot("another").await.unwrap_err()), 409);
    assert!(matches!(emulator.snapshot("another"), Err(SnapshotError::TooMany)));
    api.named("New").await;
    control.snapshot("s07").await.unwrap();
    control.remove_snapshot("s31").await.unwrap();
    assert_eq!(status(control.remove_snapshot("s31").await.unwrap_err()), 404);
    assert_eq!(status(control.restore("s31").await.unwrap_err()), 404);
    assert!(matches!(emulator.restore("s31"), Err(SnapshotError::Unknown)));
    let all = control.snapshots().await.unwrap();
    assert_eq!((all.len(), all[0].name.as_str(), all[30].name.as_str()), (31, "s00", "s30"));
    emulator.restore("s06").unwrap();
    assert!(contacts(&api).await.is_empty());
    emulator.restore("s07").unwrap();
    assert_eq!(contacts(&api).await, ["New"]);
    let wrong = json!({"name": "s07", "clocks": true});
    assert_eq!(api.call("POST", "/_emulator/snapshots/restore", wrong).await.0, 400);
}

#[tokio::test]
async fn what_stale_reads_and_limits_remember_does_not_outlive_a_restore() {
    let (emulator, api, control) = steered().await;
    control.snapshot("empty").await.unwrap();
    api.named("Gone").await;
    api.named("Gone, too").await;
    emulator.set_limits(Limits { organization_minute: Some(2), ..Limits::real() }).unwrap();
    api.get("contacts").await;
    control.restore("empty").await.unwrap();
    control.add_fault(&Fault::preset("stale_read").path("/books/v3/contacts")).await.unwrap();
    assert!(contacts(&api).await.is_empty());
    assert!(contacts(&api).await.is_empty());
}

#[tokio::test]
async fn a_fork_goes_its_own_way() {
    let (emulator, api, control) = steered().await;
    api.named("Common").await;
    control.snapshot("common").await.unwrap();
    let later = api.named("Later").await;
    emulator.set_limits(Limits { headers: false, ..Limits::off() }).unwrap();
    control.add_fault(&Fault::preset("500").path("/nowhere")).await.unwrap();
    let first = control.fork(&ForkOrder::default()).await.unwrap();
    let order = ForkOrder { snapshot: Some("common".to_owned()), ..ForkOrder::default() };
    let second = control.fork(&order).await.unwrap();
    assert_ne!(first.url, second.url);
    let (one, two) = (at(&api, &first.url), at(&api, &second.url));
    assert_eq!(contacts(&one).await, ["Common", "Later"]);
    assert_eq!(contacts(&two).await, ["Common"]);

    // Each has the settings of the original, and a journal, faults and a clock of its own.
    let fork = first.control();
    assert_eq!(fork.clock().await.unwrap(), control.clock().await.unwrap());
    assert!(!fork.limits().await.unwrap().limits.headers);
    assert!(fork.faults().await.unwrap().is_empty());
    assert_eq!(fork.journal(&Default::default()).await.unwrap().len(), 1);
    assert_eq!(fork.health().await.unwrap().url, first.url);
    fork.advance(Duration::from_secs(60)).await.unwrap();
    assert_eq!(control.clock().await.unwrap().now, start_time());
    assert!(one.named("Only here").await > later);
    assert_eq!(two.named("Only there").await, later, "ids go on from the snapshot");
    assert_eq!(contacts(&api).await, ["Common", "Later"]);
    fork.reset().await.unwrap();
    assert_eq!(one.call("GET", "contacts", Value::Null).await.0, 401);

    assert_eq!(control.forks().await.unwrap(), [first.clone(), second.clone()]);
    control.end_fork(first.id).await.unwrap();
    assert_eq!(status(control.end_fork(first.id).await.unwrap_err()), 404);
    for _ in 0..200 {
        if fork.health().await.is_err() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(matches!(Control::new(&first.url).health().await, Err(ControlError::Unreachable { .. })));
    assert_eq!(contacts(&two).await, ["Common", "Only there"]);

    let taken = ForkOrder { port: emulator.addr().port(), ..ForkOrder::default() };
    assert_eq!(status(control.fork(&taken).await.unwrap_err()), 409);
    let unknown = ForkOrder { snapshot: Some("nothing".to_owned()), ..ForkOrder::default() };
    assert_eq!(status(control.fork(&unknown).await.unwrap_err()), 404);
    emulator.shutdown().await;
    assert!(matches!(Control::new(&second.url).health().await, Err(ControlError::Unreachable { .. })));
}

#[tokio::test]
async fn there_are_sixteen_forks_at_most_and_they_end_with_their_original() {
    let (emulator, api, control) = steered().await;
    let fork = emulator.fork().unwrap();
    let nested = fork.fork().unwrap();
    let mut urls = vec![fork.url(), nested.url()];
    for _ in 0..14 {
        urls.push(control.fork(&ForkOrder::default()).await.unwrap().url);
    }
    assert_eq!(status(control.fork(&ForkOrder::default()).await.unwrap_err()), 409);
    assert!(matches!(nested.fork(), Err(StartError::TooManyForks { limit: 16 })));
    nested.shutdown().await;
    urls.push(control.fork(&ForkOrder::default()).await.unwrap().url);
    assert!(contacts(&at(&api, &urls[0])).await.is_empty());
    drop(emulator);
    for url in urls {
        let mut answers = true;
        for _ in 0..200 {
            answers = Control::new(&url).health().await.is_ok();
            if !answers {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(!answers, "{url}");
    }
}

#[tokio::test]
async fn a_fork_of_a_foreign_clock_shares_it_and_leaves_waiting_deliveries_to_the_original() {
    let w = world().await;
    let control = Control::new(&w.api.url);
    // Nobody listens there, so the delivery waits for its second attempt.
    control.subscribe(&Webhook::new(DEMO_ORGANIZATION_ID, "http://127.0.0.1:1/")).await.unwrap();
    w.api.named("Told").await;
    assert_eq!(control.deliveries(&Default::default()).await.unwrap().len(), 1);
    let fork = w.emulator.fork().unwrap();
    let copy = Control::new(&fork.url());
    assert!(copy.deliveries(&Default::default()).await.unwrap().is_empty());
    assert_eq!(copy.webhooks().await.unwrap().len(), 1);
    w.clock.advance(TimeDelta::minutes(5));
    assert_eq!(copy.clock().await.unwrap(), control.clock().await.unwrap());
    assert_eq!(copy.clock().await.unwrap().mode, ClockMode::Foreign);
    fork.shutdown().await;
}

#[tokio::test]
async fn chance_with_a_seed_goes_on_alike_in_a_fork() {
    let emulator = Emulator::builder().seed_number(7).start().await.unwrap();
    let fork = emulator.fork().unwrap();
    let (one, two) = (Api::login(&emulator.url()).await, Api::login(&fork.url()).await);
    assert_eq!(one.token, two.token);
    let emulator = Emulator::builder().start().await.unwrap();
    let fork = emulator.fork().unwrap();
    let (one, two) = (Api::login(&emulator.url()).await, Api::login(&fork.url()).await);
    assert_ne!(one.token, two.token);
}

#[tokio::test]
async fn ten_thousand_records_are_forked() {
    let (emulator, api, control) = steered().await;
    let order = GenerateOrder { contacts: 8_000, items: 2_000, ..GenerateOrder::default() };
    control.generate(&order).await.unwrap();
    let begun = Instant::now();
    let fork = control.fork(&ForkOrder::default()).await.unwrap();
    let over_http = begun.elapsed();
    let begun = Instant::now();
    let second = emulator.fork().unwrap();
    println!("forking 10,000 records took {over_http:?} over HTTP and {:?} in Rust", begun.elapsed());
    let begun = Instant::now();
    control.snapshot("s").await.unwrap();
    control.restore("s").await.unwrap();
    println!("a snapshot of them and going back to it took {:?}", begun.elapsed());
    for url in [&fork.url, &second.url()] {
        let (_, body) = send(at(&api, url).request(Method::GET.as_str(), "items?per_page=200&page=10")).await;
        assert_eq!(body["items"].as_array().unwrap().len(), 200);
    }
}
