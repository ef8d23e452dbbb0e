//! Faults that need a look at the bytes and at the connection.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use finbridge_emulator::*;
use serde_json::{Value, json};

use crate::world::*;

/// What a plain socket sees: the bytes, and how the connection ended.
async fn raw(api: &Api, request_line: &str, body: &str) -> (Vec<u8>, Option<ErrorKind>) {
    let address = api.url.strip_prefix("http://").unwrap().to_owned();
    let request = format!(
        "{request_line} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        api.token,
        body.len(),
    );
    tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut bytes = Vec::new();
        let error = stream.read_to_end(&mut bytes).err().map(|error| error.kind());
        (bytes, error)
    })
    .await
    .unwrap()
}

fn split(bytes: &[u8]) -> (String, Vec<u8>) {
    let at = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    (String::from_utf8(bytes[..at].to_vec()).unwrap().to_ascii_lowercase(), bytes[at + 4..].to_vec())
}

fn content_length(head: &str) -> usize {
    let line =
        head.lines().find(|line| line.starts_with("content-length:")).unwrap_or_else(|| panic!("{head}"));
    line.split(':').nth(1).unwrap().trim().parse().unwrap()
}

#[tokio::test]
async fn a_reset_is_no_orderly_end() {
    let w = world().await;
    let create = |name: &str| json!({ "contact_name": name }).to_string();
    for (action, name, error) in [
        (FaultAction::CloseBeforeCommit, "Closed", None),
        (FaultAction::CloseAfterCommit, "Closed after", None),
        (FaultAction::ResetBeforeCommit, "Reset", Some(ErrorKind::ConnectionReset)),
        (FaultAction::ResetAfterCommit, "Reset after", Some(ErrorKind::ConnectionReset)),
    ] {
        w.emulator.fault(FaultRule::new(action).method("POST").count(1));
        assert_eq!(
            raw(&w.api, "POST /books/v3/contacts", &create(name)).await,
            (Vec::new(), error),
            "{name}"
        );
    }
    assert_eq!(names(&w.api.get("contacts").await), ["Closed after", "Reset after"]);
    let journal = w.emulator.journal();
    let ended: Vec<_> =
        journal.iter().filter(|entry| entry.status.is_none()).map(|entry| entry.code).collect();
    assert_eq!(ended, [None, Some(0), None, Some(0)]);
}

#[tokio::test]
async fn bodies_are_truncated_cut_and_slow() {
    let w = world().await;
    w.emulator.fault(FaultRule::new(FaultAction::TruncateBody { keep: None }).method("POST").count(1));
    let response =
        w.api.request("POST", "contacts").json(&json!({"contact_name": "Half"})).send().await.unwrap();
    assert_eq!(response.status(), 201);
    let text = response.text().await.unwrap();
    assert!(text.starts_with("{\"code\":0") && serde_json::from_str::<Value>(&text).is_err(), "{text}");
    let whole = w.emulator.journal().pop().unwrap().response_body;
    assert_eq!((text.len(), whole.starts_with(&text)), (whole.len() / 2, true));
    assert_eq!(names(&w.api.get("contacts").await), ["Half"], "the call was handled");

    let list = w.api.get("contacts").await.to_string();
    w.emulator.fault(FaultRule::new(FaultAction::TruncateBody { keep: Some(9) }).count(1));
    let (head, body) = split(&raw(&w.api, "GET /books/v3/contacts", "").await.0);
    assert_eq!((content_length(&head), body.as_slice()), (9, &b"{\"code\":0"[..]));
    w.emulator.fault(FaultRule::new(FaultAction::TruncateBody { keep: Some(1_000_000) }).count(1));
    assert_eq!(w.api.get("contacts").await.to_string(), list, "more than there is keeps all");

    w.emulator.fault(FaultRule::new(FaultAction::CutBody { keep: None }).count(1));
    let (head, body) = split(&raw(&w.api, "GET /books/v3/contacts", "").await.0);
    assert!(!body.is_empty() && body.len() == content_length(&head) / 2, "{} {head}", body.len());
    w.emulator.fault(FaultRule::new(FaultAction::CutBody { keep: Some(10) }).count(1));
    let response = w.api.request("GET", "contacts").send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.bytes().await.is_err(), "the transfer fails");

    let pieces = (list.len() / 64) as u64;
    w.emulator.fault(FaultRule::new(FaultAction::SlowBody { bytes: 64, ms: 20 }).count(1));
    let begun = Instant::now();
    assert_eq!(w.api.get("contacts").await["contacts"][0]["contact_name"], "Half");
    assert!(begun.elapsed() >= Duration::from_millis(15 * pieces), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn garbage_is_no_text_and_follows_the_seed() {
    let run = async |number| {
        let emulator = Emulator::builder().seed_number(number).start().await.unwrap();
        let api = Api::login(&emulator.url()).await;
        emulator.fault(FaultRule::new(FaultAction::Garbage { bytes: 100 }));
        let response = api.request("GET", "contacts").send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert!(response.headers()["content-type"].to_str().unwrap().starts_with("application/json"));
        response.bytes().await.unwrap()
    };
    let bytes = run(7).await;
    assert!(bytes.len() == 100 && std::str::from_utf8(&bytes).is_err());
    assert_eq!(bytes, run(7).await);
    assert_ne!(bytes, run(8).await);
}

#[tokio::test]
async fn a_client_that_gives_up_is_in_the_journal_and_its_delayed_call_is_handled() {
    let w = world().await;
    let clear = async || w.emulator.clear_journal();
    for (action, name, status) in [
        (FaultAction::Delay { ms: 400 }, "Delayed", Some(201)),
        (FaultAction::Hang { ms: 400 }, "Hung", None),
    ] {
        clear().await;
        let rule = w.emulator.fault(FaultRule::new(action).method("POST"));
        let call = w.api.request("POST", "contacts").json(&json!({ "contact_name": name }));
        let error = call.timeout(Duration::from_millis(100)).send().await.unwrap_err();
        assert!(error.is_timeout(), "{error}");
        w.emulator.clear_faults();
        for _ in 0..200 {
            if !w.emulator.journal().is_empty() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let journal = w.emulator.journal();
        let seen: Vec<_> = journal.iter().map(|it| (it.method.as_str(), it.status, it.fault)).collect();
        assert_eq!(seen, [("POST", status, Some(rule))], "{name}");
    }
    assert_eq!(names(&w.api.get("contacts").await), ["Delayed"]);
}
