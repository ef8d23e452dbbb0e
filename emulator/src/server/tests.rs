//! What keeps the event loop free.

use std::sync::mpsc;
use std::thread;

use super::*;
use crate::Emulator;
use crate::scenario::ScenarioError;

#[tokio::test]
async fn a_panic_becomes_code_1000() {
    for durable in [false, true] {
        let answer = run(durable, || panic!("on purpose")).await;
        assert_eq!((answer.status, answer.code), (500, Some(1000)), "{durable}");
    }
}

/// A reset, a scenario or a rewrite may take minutes.
#[tokio::test]
async fn a_long_write_keeps_no_reader_and_no_event_loop_waiting() {
    const PATIENCE: Duration = Duration::from_secs(10);
    // One thread runs the emulator and this test: a write that blocked it would block everything below.
    let emulator = Emulator::builder().start().await.unwrap();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::builder().timeout(PATIENCE).build().unwrap();
    let ((begun, begins), (go_on, waits)) = (mpsc::channel(), mpsc::channel::<()>());
    let app = Arc::clone(&emulator.app);
    let long = thread::spawn(move || {
        app.store.replace(|state| {
            begun.send(()).unwrap();
            waits.recv().unwrap();
            Ok::<_, ScenarioError>((state, ()))
        })
    });
    begins.recv().unwrap();
    // Three that write: on the control surface, without a token, and what a person waits for.
    let hook =
        serde_json::json!({"organization_id": crate::DEMO_ORGANIZATION_ID, "url": "http://127.0.0.1:1/"});
    let subscribe = http.post(format!("{}/_emulator/webhooks", emulator.url())).json(&hook).send();
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", crate::DEMO_CLIENT_ID),
        ("client_secret", crate::DEMO_CLIENT_SECRET),
        ("scope", "ZohoBooks.fullaccess.all"),
    ];
    let token = http.post(format!("{}/oauth/v2/token", emulator.url())).form(&form).send();
    let (subscribe, token) = (tokio::spawn(subscribe), tokio::spawn(token));
    for _ in 0..10 {
        let health = http.get(format!("{}/_emulator/health", emulator.url())).send().await.unwrap();
        assert_eq!(health.status(), 200);
        let read = http.get(format!("{}/books/v3/contacts", emulator.url())).send().await.unwrap();
        assert_eq!(read.status(), 401);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(!subscribe.is_finished() && !token.is_finished(), "a write went ahead of another one");
    go_on.send(()).unwrap();
    assert_eq!(subscribe.await.unwrap().unwrap().status(), 201);
    assert_eq!(token.await.unwrap().unwrap().status(), 200);
    long.join().unwrap().unwrap();
}
