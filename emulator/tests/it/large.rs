//! Bodies that are as large as bodies may be, from anybody.

use std::time::Duration;

use serde_json::{Value, json};

use crate::world::*;

/// A body that costs a square would take hours.
const PATIENCE: Duration = Duration::from_secs(100);
const MEMBERS: usize = 1_000_000;

/// A JSON object of a million members, a little below the largest body.
fn many_members() -> String {
    let mut body = String::with_capacity(10 * MEMBERS);
    body.push('{');
    for n in 0..MEMBERS {
        body.push_str(&format!("{}\"{n:05x}\":1", if n == 0 { "" } else { "," }));
    }
    body.push('}');
    body
}

#[tokio::test]
async fn a_body_of_a_million_members_is_answered_and_keeps_nobody_waiting() {
    // One thread runs the emulator and this test: whatever held it would hold the calls below.
    let w = world().await;
    let body = many_members();
    assert!(body.len() < 10 * 1024 * 1024);
    let large = |token: &str, kind: &str, body: String| {
        let url = format!("{}/books/v3/contacts", w.api.url);
        let request = w.api.http.post(url).header("Authorization", format!("Bearer {token}"));
        request.header("Content-Type", kind).body(body).timeout(PATIENCE)
    };
    for (token, status, code) in [("unknown", 401, Some(14)), (w.api.token.as_str(), 400, None)] {
        let call = tokio::spawn(send(large(token, "application/json", body.clone())));
        while !call.is_finished() {
            let answered = tokio::time::timeout(Duration::from_secs(5), w.api.get("contacts"));
            assert_eq!(answered.await.unwrap()["code"], 0);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let (found, answer) = call.await.unwrap();
        assert_eq!(found, status, "{answer}");
        assert!(code.is_none_or(|code| answer["code"] == code), "{answer}");
    }
    // In a form, and in a scenario for the control surface.
    let form = large(&w.api.token, "application/x-www-form-urlencoded", format!("JSONString={body}"));
    assert_eq!(send(form).await.0, 400);
    let scenario = format!(r#"{{"calls": [{{"call": "POST /books/v3/contacts", "body": {body}}}]}}"#);
    let played = w.api.request("POST", "/_emulator/seed").body(scenario).timeout(PATIENCE);
    assert_eq!(send(played).await.0, 400);
    let (status, refused) = w.api.call("POST", "/_emulator/seed", json!("x".repeat(11 << 20))).await;
    assert_eq!((status, refused["error"].is_string()), (413, true), "{refused}");
    assert_eq!(w.api.get("contacts").await["contacts"], Value::Array(Vec::new()));
}
