use chrono::TimeDelta;
use finbridge_emulator::*;
use finbridge_emulator_client::{
    CodeOrder, Control, ControlError, Entry, Fault, JournalQuery, Order, Outcome,
};
use serde_json::{Value, json};

use crate::world::*;

fn query() -> JournalQuery {
    JournalQuery::new()
}

#[tokio::test]
async fn every_condition_narrows() {
    let w = world().await;
    let control = Control::new(&w.api.url);
    control.clear_journal().await.unwrap();
    let first = w.api.named("Ä first").await;
    w.clock.advance(TimeDelta::seconds(10));
    assert_eq!(w.api.call("GET", "contacts/1", Value::Null).await.0, 404);
    w.api.get(&format!("contacts/{first}/address")).await;
    w.clock.advance(TimeDelta::seconds(10));
    let fault = control.add_fault(&Fault::preset("502")).await.unwrap();
    w.api.call("GET", "contacts", Value::Null).await;
    control.clear_faults().await.unwrap();
    let other = w.api.request("GET", "contacts").header("X-com-zoho-books-organizationid", "1").send().await;
    assert_eq!(other.unwrap().status(), 400);

    let at = |seconds| start_time() + TimeDelta::seconds(seconds);
    for (query, sequences) in [
        (query(), vec![1, 2, 3, 4, 5]),
        (query().method("post"), vec![1]),
        (query().path("/books/v3/contacts"), vec![1, 2, 3, 4, 5]),
        (query().path("/books/v3/contacts/*"), vec![2]),
        (query().path("/books/**/address"), vec![3]),
        (query().status(404), vec![2]),
        (query().code(1002), vec![2]),
        (query().code(0), vec![1, 3]),
        (query().organization(DEMO_ORGANIZATION_ID), vec![1, 2, 3, 4]),
        (query().organization("1"), vec![]),
        (query().after(2).up_to(4), vec![3, 4]),
        (query().since(at(10)), vec![2, 3, 4, 5]),
        (query().since(at(10)).until(at(20)), vec![2, 3]),
        (query().fault(Outcome::Struck), vec![4]),
        (query().fault(Outcome::StruckBy(fault)), vec![4]),
        (query().fault(Outcome::StruckBy(fault + 1)), vec![]),
        (query().fault(Outcome::Unharmed), vec![1, 2, 3, 5]),
        (query().has_text("Ä first"), vec![1]),
        (query().has_text(&first), vec![1, 3]),
        (query().limit(2), vec![1, 2]),
        (query().limit(2).order(Order::Descending), vec![5, 4]),
        (query().method("get").has_text("contacts").limit(1).order(Order::Descending), vec![5]),
    ] {
        let found: Vec<u64> = control.journal(&query).await.unwrap().iter().map(|it| it.sequence).collect();
        assert_eq!(found, sequences, "{query:?}");
        if !format!("{query:?}").contains("limit") {
            control.expect_count(&query, sequences.len() as u64).await.unwrap();
        }
    }
    assert_eq!(control.count(&query().limit(1)).await.unwrap(), 5, "a limit does not count");
    for parameter in
        ["status=x", "code=x", "since=x", "until=x", "fault=x", "limit=x", "order=up", "limit=-1"]
    {
        let (status, answer) =
            w.api.call("GET", &format!("/_emulator/journal?{parameter}"), Value::Null).await;
        assert!(status == 400 && answer["error"].is_string(), "{parameter}: {answer}");
    }
}

#[tokio::test]
async fn counts_are_asserted() {
    let w = world().await;
    let control = Control::new(&w.api.url);
    for name in ["A", "B"] {
        w.api.named(name).await;
    }
    let creates = query().method("POST").path("/books/v3/contacts");
    control.expect_count(&creates, 2).await.unwrap();
    let error = control.expect_count(&creates, 3).await.unwrap_err();
    assert!(matches!(error, ControlError::UnexpectedCount { expected: 3, count: 2 }), "{error}");
    let path = "/_emulator/journal/count?method=POST&path=/books/v3/contacts";
    assert_eq!(w.api.call("GET", &format!("{path}&expect=2"), Value::Null).await, (200, json!({"count": 2})));
    let missed = json!({"count": 2, "expected": 3, "error": "3 calls were expected, 2 were made."});
    assert_eq!(w.api.call("GET", &format!("{path}&expect=3"), Value::Null).await, (409, missed));
    assert_eq!(w.api.call("GET", &format!("{path}&expect=x"), Value::Null).await.0, 400);
    control.clear_journal().await.unwrap();
    assert_eq!(control.count(&query()).await.unwrap(), 0);
}

#[tokio::test]
async fn secrets_are_masked_wherever_they_stand() {
    let w = world().await;
    let control = Control::new(&w.api.url);
    let code = control
        .mint_code(&CodeOrder::new(DEMO_CLIENT_ID, DEMO_EMAIL, "ZohoBooks.contacts.READ"))
        .await
        .unwrap();
    let exchange = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("client_id", DEMO_CLIENT_ID),
        ("client_secret", DEMO_CLIENT_SECRET),
    ];
    let url = format!("{}/oauth/v2/token", w.api.url);
    let (status, granted) = send(w.api.http.post(&url).query(&exchange)).await;
    assert_eq!(status, 200);
    let refresh = granted["refresh_token"].as_str().unwrap();
    // The answer is longer than what is kept, so the scanner meets cut texts.
    let long =
        json!({"contact_name": "L", "notes": format!("{}{refresh}", "é".repeat(32_700)), "token": refresh});
    w.api.call("POST", "contacts", long).await;
    w.api.call("GET", &format!("contacts?search_text={refresh}"), Value::Null).await;
    w.api.request("GET", &format!("contacts/{refresh}")).header("X-Debug", refresh).send().await.unwrap();
    let revoke = format!("/oauth/v2/token/revoke?token={refresh}");
    w.api.call("POST", &revoke, Value::Null).await;

    let shown = control.export(&query(), true).await.unwrap();
    let archive = control.export_har(&query(), true).await.unwrap();
    let listed = serde_json::to_string(&w.emulator.journal()).unwrap();
    let access = granted["access_token"].as_str().unwrap();
    for secret in [refresh, access, &code, &w.api.token, DEMO_CLIENT_SECRET, DEMO_ZSC_KEY] {
        let piece = &secret[..secret.len().min(20)];
        for text in [&shown, &archive, &listed] {
            assert!(!text.contains(piece), "{piece}");
        }
    }
    assert_eq!(control.count(&query().has_text(refresh)).await.unwrap(), 0, "secrets cannot be searched for");
    assert!(shown.contains("grant_type=authorization_code"), "what is no secret stays readable");
}

async fn script(number: u64) -> (Emulator, Control) {
    let emulator = Emulator::builder()
        .clock_start(ClockStart::FrozenAt(start_time()))
        .seed_number(number)
        .start()
        .await
        .unwrap();
    let control = Control::new(&emulator.url());
    play(&emulator.url(), &control).await;
    (emulator, control)
}

async fn play(url: &str, control: &Control) {
    control
        .add_fault(&Fault::preset("500").probability("0.4".parse().unwrap()).path("/books/**"))
        .await
        .unwrap();
    control.add_fault(&Fault::preset("garbage").method("GET").nth(3)).await.unwrap();
    let api = Api::login(url).await;
    for n in 0..20 {
        api.call("POST", "contacts", json!({"contact_name": format!("N {n}"), "website": api.url})).await;
        // Looking on changes nothing.
        control.health().await.unwrap();
        api.call("GET", "contacts", Value::Null).await;
        control.advance(std::time::Duration::from_secs(7)).await.unwrap();
    }
}

#[tokio::test]
async fn two_runs_on_one_emulator_export_the_same_bytes() {
    let (emulator, control) = script(7).await;
    let first = control.export(&query(), false).await.unwrap();
    assert!(first.contains("\"req-1\""));
    control.clear_faults().await.unwrap();
    control.clear_journal().await.unwrap();
    control.reset().await.unwrap();
    control.restart_random(Some(7)).await.unwrap();
    control.freeze(Some(start_time())).await.unwrap();
    play(&emulator.url(), &control).await;
    let second = control.export(&query(), false).await.unwrap();
    // Rules are numbered on, because somebody may still hold the number of an old one.
    let ruleless = |text: &str| {
        let mut entries: Vec<Value> = text.lines().map(|it| serde_json::from_str(it).unwrap()).collect();
        entries.iter_mut().for_each(|it| it["fault"] = it["fault"].is_number().into());
        entries
    };
    assert_eq!(ruleless(&first), ruleless(&second));
    // Clearing the journal does not make calls unmade.
    assert_eq!(control.health().await.unwrap().requests, 84);
}

#[tokio::test]
async fn two_runs_of_one_script_export_the_same_bytes() {
    let (first, control) = script(7).await;
    let (second, other) = script(7).await;
    assert_ne!(first.addr().port(), second.addr().port());
    let exported = control.export(&query(), false).await.unwrap();
    assert_eq!(exported, other.export(&query(), false).await.unwrap());
    let archive = control.export_har(&query(), false).await.unwrap();
    assert_eq!(archive, other.export_har(&query(), false).await.unwrap());
    assert!(exported.contains("500") && exported.lines().count() == 42);

    let (_third, unlike) = script(8).await;
    assert_ne!(exported, unlike.export(&query(), false).await.unwrap());
    let timed = control.export(&query(), true).await.unwrap();
    let port = first.addr().port().to_string();
    assert!(timed.contains(&port) && timed.contains("duration_ms"));
    assert!(!exported.contains(&port) && !exported.contains("duration_ms"));
    let entries: Vec<Entry> = exported.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((entries[41].sequence, entries[41].request_id.as_str()), (42, "req-42"));
}

#[tokio::test]
async fn an_archive_has_what_viewers_need() {
    let w = world().await;
    let control = Control::new(&w.api.url);
    w.api.named("Seen").await;
    w.emulator.fault(FaultRule::new(FaultAction::CloseBeforeCommit).count(1));
    let _ = w.api.request("GET", "contacts?page=2").send().await;
    let archive: Value =
        serde_json::from_str(&control.export_har(&query().after(2), false).await.unwrap()).unwrap();
    let entries = archive["log"]["entries"].as_array().unwrap();
    assert_eq!((&archive["log"]["version"], entries.len()), (&json!("1.2"), 2));
    let create = &entries[0];
    assert_eq!(create["request"]["method"], "POST");
    assert_eq!(create["request"]["url"], "http://127.0.0.1/books/v3/contacts");
    assert_eq!(create["request"]["postData"]["mimeType"], "application/json");
    assert_eq!(create["response"]["status"], 201);
    assert!(create["response"]["content"]["text"].as_str().unwrap().contains("Seen"));
    assert_eq!(create["startedDateTime"], "2026-01-05T20:06:10Z");
    let closed = &entries[1];
    assert_eq!(closed["response"]["status"], 0);
    assert_eq!(closed["request"]["queryString"], json!([{"name": "page", "value": "2"}]));
    let (status, _) = w.api.call("GET", "/_emulator/journal/export?format=pdf", Value::Null).await;
    assert_eq!(status, 400);
    let (status, _) = w.api.call("GET", "/_emulator/journal/export?timing=maybe", Value::Null).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn the_client_says_what_to_do() {
    let nobody = Control::new("http://127.0.0.1:1");
    let error = nobody.health().await.unwrap_err();
    assert!(
        matches!(error, ControlError::Unreachable { .. }) && error.to_string().contains("Start one"),
        "{error}"
    );
    let w = world().await;
    let control = Control::new(&format!("{}/", w.api.url));
    let health = control.health().await.unwrap();
    assert_eq!(
        (health.status.as_str(), health.url.as_str(), health.time),
        ("ok", w.api.url.as_str(), start_time())
    );
    let elsewhere = Control::new(&format!("{}/books/v3", w.api.url));
    let error = elsewhere.health().await.unwrap_err();
    assert!(matches!(error, ControlError::Refused { status: 404, .. }), "{error}");
    let error = control
        .mint_code(&CodeOrder::new("nobody", DEMO_EMAIL, "ZohoBooks.contacts.READ"))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("client_id names no client"), "{error}");
    w.api.named("Gone").await;
    control.reset().await.unwrap();
    assert!(names(&Api::login(&w.api.url).await.get("contacts").await).is_empty());
}
