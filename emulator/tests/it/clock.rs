use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use finbridge_emulator::{ClockStart, Emulator, Seed};
use finbridge_emulator_client::{ClockMode, Control, ControlError};
use serde_json::{Value, json};

use crate::world::*;

async fn started(start: ClockStart) -> (Emulator, Control, Api) {
    let emulator = Emulator::builder().clock_start(start).seed(Seed::demo()).start().await.unwrap();
    let api = Api::login(&emulator.url()).await;
    (emulator, Control::new(&api.url), api)
}

/// A running clock has moved on by the time it is read.
fn close(shown: DateTime<Utc>, expected: DateTime<Utc>) -> bool {
    (TimeDelta::zero()..TimeDelta::seconds(20)).contains(&(shown - expected))
}

#[tokio::test]
async fn a_frozen_clock_stands_until_it_is_moved() {
    let (emulator, control, api) = started(ClockStart::FrozenAt(start_time())).await;
    let shown = control.clock().await.unwrap();
    assert_eq!((shown.now, shown.mode, shown.steerable), (start_time(), ClockMode::Frozen, true));
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(control.clock().await.unwrap().now, start_time());

    let moved = control.advance(Duration::from_secs(90)).await.unwrap();
    assert_eq!((moved.now, moved.mode), (start_time() + TimeDelta::seconds(90), ClockMode::Frozen));
    let (status, moved) = api.call("POST", "/_emulator/clock/advance", json!({"duration": "P1DT1H"})).await;
    assert_eq!((status, &moved["now"]), (200, &json!("2026-01-06T21:07:40Z")));
    assert_eq!(api.call("GET", "contacts", Value::Null).await.0, 401, "the token has expired");

    let back = control.set_clock(start_time()).await.unwrap();
    assert_eq!((back.now, back.mode), (start_time(), ClockMode::Frozen));
    let contact = api.create(json!({"contact_name": "Dated"})).await;
    assert_eq!(contact["created_time"], "2026-01-05T12:06:10-0800");
    assert_eq!(emulator.clock().unwrap().mode(), finbridge_emulator::ClockMode::Frozen);
}

#[tokio::test]
async fn modes_change_into_each_other() {
    let (_emulator, control, api) = started(ClockStart::Real).await;
    let real = control.clock().await.unwrap();
    assert_eq!(real.mode, ClockMode::Real);

    let ahead = control.advance(Duration::from_secs(86_400)).await.unwrap();
    assert_eq!(ahead.mode, ClockMode::Manual);
    assert!(close(ahead.now, real.now + TimeDelta::days(1)));
    let ahead = control.advance(Duration::from_secs(86_400)).await.unwrap();
    assert!(close(ahead.now, real.now + TimeDelta::days(2)));

    let run = control.run_clock(Some(start_time())).await.unwrap();
    assert_eq!(run.mode, ClockMode::Manual);
    assert!(close(run.now, start_time()));
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(control.clock().await.unwrap().now >= run.now + TimeDelta::milliseconds(20), "it runs");

    let frozen = control.freeze(None).await.unwrap();
    assert!(frozen.mode == ClockMode::Frozen && close(frozen.now, start_time()));
    let frozen = control.freeze(Some(start_time())).await.unwrap();
    assert_eq!(frozen.now, start_time());
    let run = control.run_clock(None).await.unwrap();
    assert!(run.mode == ClockMode::Manual && close(run.now, start_time()));
    let set = control.set_clock(start_time() - TimeDelta::days(30)).await.unwrap();
    assert!(set.mode == ClockMode::Manual && close(set.now, start_time() - TimeDelta::days(30)));

    let again = control.real_clock().await.unwrap();
    assert!(again.mode == ClockMode::Real && close(again.now, real.now));
    for (mode, now) in [("frozen", Some(start_time())), ("manual", None), ("real", None)] {
        let (status, shown) = api.call("PUT", "/_emulator/clock", json!({"mode": mode, "now": now})).await;
        assert_eq!((status, &shown["mode"]), (200, &json!(mode)));
    }
}

#[tokio::test]
async fn what_a_clock_cannot_do_is_refused_and_moves_nothing() {
    let (_emulator, control, api) = started(ClockStart::FrozenAt(start_time())).await;
    for (method, path, body, word) in [
        ("PUT", "clock", json!({}), "Name an instant"),
        ("PUT", "clock", json!({"mode": "real", "now": start_time()}), "cannot be set"),
        ("PUT", "clock", json!({"mode": "backwards"}), "not understood"),
        ("PUT", "clock", json!({"now": "soon"}), "not understood"),
        ("PUT", "clock", json!({"now": "9999-01-01T00:00:00Z"}), "years"),
        ("PUT", "clock", json!({"then": 1}), "unknown field"),
        ("POST", "clock/advance", json!({}), "either"),
        ("POST", "clock/advance", json!({"seconds": 1, "duration": "PT1S"}), "either"),
        ("POST", "clock/advance", json!({"seconds": -1}), "forward"),
        ("POST", "clock/advance", json!({"seconds": i64::MAX}), "years"),
        ("POST", "clock/advance", json!({"seconds": 1.5}), "not understood"),
        ("POST", "clock/advance", json!({"duration": "P1M"}), "no duration"),
        ("POST", "clock/freeze", json!({"mode": "frozen"}), "Freezing"),
    ] {
        let (status, answer) = api.call(method, &format!("/_emulator/{path}"), body.clone()).await;
        let sentence = answer["error"].as_str().unwrap_or_default();
        assert!(status == 400 && sentence.contains(word), "{path} {body}: {status} {answer}");
    }
    let shown = control.clock().await.unwrap();
    assert_eq!((shown.now, shown.mode), (start_time(), ClockMode::Frozen));
    assert_eq!(api.call("POST", "/_emulator/clock", Value::Null).await.0, 405);
}

#[tokio::test]
async fn a_foreign_clock_is_left_alone() {
    let w = world().await;
    let control = Control::new(&w.api.url);
    let shown = control.clock().await.unwrap();
    assert_eq!((shown.now, shown.mode, shown.steerable), (start_time(), ClockMode::Foreign, false));
    assert!(w.emulator.clock().is_none());
    for error in [
        control.advance(Duration::from_secs(1)).await.unwrap_err(),
        control.set_clock(start_time()).await.unwrap_err(),
        control.freeze(None).await.unwrap_err(),
        control.real_clock().await.unwrap_err(),
    ] {
        assert!(matches!(&error, ControlError::Refused { status: 409, .. }), "{error}");
        assert!(error.to_string().contains("Move that clock there"), "{error}");
    }
    w.clock.advance(TimeDelta::seconds(5));
    assert_eq!(control.clock().await.unwrap().now, start_time() + TimeDelta::seconds(5));
}

#[tokio::test]
async fn the_program_takes_clock_seed_and_limits() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_finbridge-emulator"))
        .args([
            "--port",
            "0",
            "--clock",
            "frozen@2026-01-05T20:06:10Z",
            "--random-seed",
            "7",
            "--limits",
            "real",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let control = Control::new(line.trim().rsplit(' ').next().unwrap());
    let clock = control.clock().await.unwrap();
    assert_eq!((clock.now, clock.mode), (start_time(), ClockMode::Frozen));
    assert_eq!(control.random_seed().await.unwrap(), Some(7));
    assert!(control.limits().await.unwrap().limits.enforced);
    child.kill().unwrap();
    child.wait().unwrap();

    let refused =
        Command::new(env!("CARGO_BIN_EXE_finbridge-emulator")).args(["--clock", "noon"]).output().unwrap();
    let message = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success() && message.contains("frozen@<instant>"), "{message}");
}
