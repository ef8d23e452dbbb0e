use std::time::{Duration, Instant};

use finbridge_emulator::*;
use serde_json::{Value, json};

use crate::world::*;

#[tokio::test]
async fn journal_records_and_masks() {
    let w = world().await;
    w.api.named("Seen").await;
    let url = format!(
        "{}/books/v3//contacts?authtoken=topsecret&JSONString=%7B%22zsc_key%22%3A%22hidden%22%7D",
        w.api.url
    );
    let _ = send(w.api.http.get(url)).await;
    let all = w.emulator.journal();
    assert_eq!(all.iter().map(|it| it.sequence).collect::<Vec<_>>(), [1, 2, 3, 4]);
    let text = serde_json::to_string(&all).unwrap();
    for secret in [DEMO_CLIENT_SECRET, DEMO_ZSC_KEY, "topsecret", "hidden", w.api.token.as_str(), "1000."] {
        assert!(!text.replace(DEMO_CLIENT_ID, "").contains(secret), "{secret} in {text}");
    }
    let create = &all[2];
    assert_eq!(
        (create.path.as_str(), create.status, create.code),
        ("/books/v3/contacts", Some(201), Some(0))
    );
    assert_eq!((create.organization_id.as_deref(), create.time), (Some(DEMO_ORGANIZATION_ID), start_time()));
    assert!(create.request_body.contains("Seen") && create.response_body.contains("contact_id"));
    let over_http = async |query: &str| {
        w.api.get(&format!("/_emulator/journal?{query}")).await["entries"].as_array().unwrap().len()
    };
    for (query, count) in
        [("", 4), ("method=get", 1), ("path=/books", 2), ("status=201", 1), ("since=2", 2), ("since=4", 0)]
    {
        assert_eq!(over_http(query).await, count, "{query}");
    }
    assert_eq!(w.api.call("GET", "/_emulator/journal?since=x", Value::Null).await.0, 400);
    w.api.call("POST", "contacts", json!({"contact_name": "Long", "notes": "é".repeat(100_000)})).await;
    assert!(w.emulator.journal()[4].request_body.len() <= 64 * 1024);
    assert_eq!(w.api.call("DELETE", "/_emulator/journal", Value::Null).await.0, 200);
    assert!(w.emulator.journal().is_empty());
}

#[tokio::test]
async fn reset_health_and_status_page() {
    let w = world().await;
    w.api.named("<b>Gone & lost").await;
    let page = w.api.request("GET", "/_emulator").send().await.unwrap();
    assert!(page.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    let page = page.text().await.unwrap();
    assert!(page.contains("Finbridge Demo Inc.") && page.contains("/books/v3/contacts"));
    assert!(
        page.contains("Contacts 1")
            && page.contains("Off: no call is refused.")
            && !page.contains("http-equiv")
    );
    w.emulator.fault(FaultRule::preset("stale_read").unwrap().path("/nowhere"));
    w.emulator.set_limits(Limits::real()).unwrap();
    let page = w.api.request("GET", "/_emulator").send().await.unwrap().text().await.unwrap();
    assert!(page.contains("stale_read") && page.contains("per user and minute 200"), "{page}");
    w.emulator.clear_faults();
    w.emulator.set_limits(Limits::off()).unwrap();
    let docs = w.api.request("GET", "/_emulator/docs/control").send().await.unwrap().text().await.unwrap();
    for call in
        ["POST /_emulator/clock/advance", "PATCH /_emulator/faults/{id}", "GET /_emulator/journal/count"]
    {
        assert!(docs.contains(call), "{call}");
    }
    assert_eq!(w.api.get("/_emulator/health").await["status"], "ok");
    let first = w.api.get("contacts").await["contacts"][0]["contact_id"].clone();
    assert_eq!(w.api.call("POST", "/_emulator/reset", Value::Null).await.0, 200);
    assert_eq!(w.api.call("GET", "contacts", Value::Null).await.0, 401);
    let api = Api::login(&w.api.url).await;
    assert!(names(&api.get("contacts").await).is_empty());
    assert_eq!(api.named("Again").await, first.as_str().unwrap());
    w.emulator.reset().unwrap();
    for (method, path, status) in [
        ("GET", "nope", 404),
        ("GET", "journal/nope", 404),
        ("GET", "ca.pem", 404),
        ("PUT", "reset", 405),
        ("DELETE", "outbox/1", 405),
    ] {
        let (found, answer) = api.call(method, &format!("/_emulator/{path}"), Value::Null).await;
        assert_eq!(found, status, "{method} {path}");
        let sentence = answer["error"].as_str().unwrap_or_default();
        assert!(sentence.ends_with('.') && answer["code"].is_null(), "{method} {path}: {answer}");
    }
}

#[tokio::test]
async fn faults_of_every_kind() {
    let w = world().await;
    let post = |name: &str| w.api.request("POST", "contacts").json(&json!({"contact_name": name}));
    let rule = |action| FaultRule::new(action).method("post").path_contains("/contacts");

    // Over HTTP: the second and third matching calls fail, the first and fourth do not.
    let (status, body) = w.api.call("POST", "/_emulator/faults", json!({
        "method": "POST", "body_contains": "Odd", "skip": 1, "count": 2,
        "action": {"kind": "respond", "status": 429, "body": {"code": 44, "message": "blocked"}, "headers": {"Retry-After": "3"}}
    })).await;
    assert_eq!((status, &body["id"]), (201, &json!(1)));
    let mut statuses = Vec::new();
    for n in 0..4 {
        let response = post(&format!("Odd {n}")).send().await.unwrap();
        assert_eq!(response.headers().contains_key("retry-after"), response.status() == 429);
        statuses.push(response.status().as_u16());
    }
    assert_eq!(statuses, [201, 429, 429, 201]);
    assert_eq!(w.api.get("/_emulator/faults").await["faults"][0]["fired"], 2);
    assert_eq!(w.api.call("DELETE", "/_emulator/faults/1", Value::Null).await.0, 200);
    assert_eq!(w.api.call("DELETE", "/_emulator/faults/1", Value::Null).await.0, 404);
    assert_eq!(w.api.call("POST", "/_emulator/faults", json!({"action": {"kind": "explode"}})).await.0, 400);

    w.emulator.fault(rule(FaultAction::Delay { ms: 300 }).count(1));
    let begun = Instant::now();
    assert_eq!(send(post("Late")).await.0, 201);
    assert!(begun.elapsed() >= Duration::from_millis(300));

    w.emulator.fault(rule(FaultAction::CloseBeforeCommit).count(1));
    assert!(post("Never").send().await.is_err());
    w.emulator.fault(rule(FaultAction::CloseAfterCommit).body_contains("Silent").count(1));
    assert!(post("Silent").send().await.is_err());
    w.emulator.fault(rule(FaultAction::Hang { ms: 200 }).count(1));
    assert!(post("Hung").send().await.is_err());
    assert_eq!(names(&w.api.get("contacts").await), ["Late", "Odd 0", "Odd 3", "Silent"]);
    let closed: Vec<_> = w.emulator.journal().into_iter().filter(|it| it.status.is_none()).collect();
    assert_eq!(closed.len(), 3);
    assert_eq!(closed[1].code, Some(0));
    assert!(closed.iter().all(|it| it.fault.is_some()));

    let forever = w.emulator.fault(FaultRule::new(FaultAction::Respond {
        status: 503,
        body: Value::Null,
        headers: Default::default(),
    }));
    assert!(forever > 1);
    for _ in 0..3 {
        assert_eq!(w.api.call("GET", "contacts", Value::Null).await.0, 503);
    }
    w.emulator.clear_faults();
    assert_eq!(w.api.call("GET", "contacts", Value::Null).await.0, 200);
}

#[tokio::test]
async fn shutdown_does_not_wait_for_a_hanging_call() {
    let w = world().await;
    w.emulator.fault(FaultRule::new(FaultAction::Hang { ms: 60_000 }).path_contains("/contacts"));
    let api = w.api.clone();
    let hanging = tokio::spawn(async move { api.request("GET", "contacts").send().await.is_err() });
    tokio::time::sleep(Duration::from_millis(200)).await;
    let begun = Instant::now();
    w.emulator.shutdown().await;
    assert!(begun.elapsed() < Duration::from_secs(4));
    assert!(hanging.await.unwrap());
    assert!(http().get(w.api.url).send().await.is_err());
}

#[tokio::test]
async fn start_errors_say_what_to_do() {
    let w = world().await;
    let error = Emulator::builder().port(w.emulator.addr().port()).start().await.err().unwrap();
    assert!(matches!(error, StartError::PortInUse { address } if address == w.emulator.addr()));
    assert!(error.to_string().contains("choose another port"));
    let error = Emulator::builder().state_file("/nonexistent/dir/state".into()).start().await.err().unwrap();
    assert!(matches!(error, StartError::StateFile { .. }), "{error}");
    let mut seed = Seed::demo();
    seed.organizations[0].time_zone = "Mars/Olympus".into();
    let error = Emulator::builder().seed(seed).start().await.err().unwrap();
    assert!(matches!(error, StartError::Seed { .. }) && error.to_string().contains("Mars/Olympus"));
}
