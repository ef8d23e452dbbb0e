use finbridge_emulator::*;
use finbridge_emulator_client::{Action, Control, ControlError, Effect, Fault};
use serde_json::{Value, json};

use crate::world::*;

async fn status(api: &Api, path: &str) -> u16 {
    api.call("GET", path, Value::Null).await.0
}

async fn statuses(api: &Api, path: &str, calls: usize) -> Vec<u16> {
    let mut seen = Vec::new();
    for _ in 0..calls {
        seen.push(status(api, path).await);
    }
    seen
}

#[tokio::test]
async fn conditions_choose_the_calls() {
    let w = world_with(two_tenants()).await;
    let control = Control::new(&w.api.url);
    let second = Api::login_as(&w.api.url, "second@example.com", "second-key", None).await;
    let contact = w.api.named("Struck").await;
    let broken = || Fault::preset("503");

    let id = control.add_fault(&broken().path("/books/v3/contacts/*")).await.unwrap();
    assert_eq!(status(&w.api, "contacts").await, 200);
    assert_eq!(status(&w.api, &format!("contacts/{contact}/address")).await, 200);
    assert_eq!(status(&w.api, &format!("contacts/{contact}")).await, 503);
    control.remove_fault(id).await.unwrap();

    control.add_fault(&broken().organization("60012345")).await.unwrap();
    assert_eq!(status(&w.api, "contacts").await, 200);
    assert_eq!(status(&second, "contacts").await, 503);
    assert_eq!(status(&Api { token: "x".into(), ..second.clone() }, "contacts").await, 401, "nobody's call");
    control.clear_faults().await.unwrap();

    let id = control.add_fault(&broken().method("get").skip(1).nth(2)).await.unwrap();
    assert_eq!(statuses(&w.api, "contacts", 5).await, [200, 200, 503, 200, 200]);
    let state = control.fault(id).await.unwrap();
    assert_eq!((state.matched, state.fired), (5, 1));
    control.clear_faults().await.unwrap();

    control.add_fault(&broken().skip(1).count(2)).await.unwrap();
    assert_eq!(statuses(&w.api, "contacts", 4).await, [200, 503, 503, 200]);
}

#[tokio::test]
async fn probability_follows_the_seed() {
    let run = async |number| {
        let emulator = Emulator::builder().seed_number(number).start().await.unwrap();
        let api = Api::login(&emulator.url()).await;
        let rule = FaultRule::preset("500").unwrap().probability("0.5".parse().unwrap());
        emulator.fault(rule);
        statuses(&api, "contacts", 40).await
    };
    let first = run(7).await;
    assert_eq!(first, run(7).await);
    assert_ne!(first, run(8).await);
    assert!(first.contains(&200) && first.contains(&500), "{first:?}");

    let w = world().await;
    let control = Control::new(&w.api.url);
    assert_eq!(control.random_seed().await.unwrap(), None);
    control.add_fault(&Fault::preset("500").probability("0.3".parse().unwrap())).await.unwrap();
    let mut runs = Vec::new();
    for _ in 0..2 {
        control.restart_random(Some(3)).await.unwrap();
        runs.push(statuses(&w.api, "contacts", 30).await);
    }
    assert_eq!(control.random_seed().await.unwrap(), Some(3));
    assert_eq!(runs[0], runs[1]);
}

#[tokio::test]
async fn rules_are_changed_listed_and_refused() {
    let w = world().await;
    let control = Control::new(&w.api.url);
    let id = control.add_fault(&Fault::preset("429_minute").path("**/contacts").count(1)).await.unwrap();
    assert_eq!(statuses(&w.api, "contacts", 2).await, [429, 200]);

    let changed = control.change_fault(id, &json!({"count": 2, "path": null})).await.unwrap();
    assert_eq!((changed.rule.count, changed.rule.path, changed.fired), (Some(2), None, 1));
    assert_eq!(statuses(&w.api, "contacts", 2).await, [429, 200]);
    let changed = control.change_fault(id, &json!({"preset": "502", "count": null})).await.unwrap();
    assert_eq!(changed.rule.effect, Effect::Action(Action::ServerError { status: 502 }));
    assert_eq!(status(&w.api, "contacts").await, 502);
    let listed = control.faults().await.unwrap();
    assert_eq!((listed.len(), listed[0].id, listed[0].fired, listed[0].matched), (1, id, 3, 5));
    assert_eq!(w.emulator.faults()[0].fired, 3);

    for (body, word) in [
        (json!({}), "either an action or a preset"),
        (json!({"preset": "502", "action": {"kind": "hang", "ms": 1}}), "either an action or a preset"),
        (json!({"preset": "451"}), "no preset"),
        (json!({"preset": "502", "probability": 1.5}), "from 0 to 1"),
        (json!({"preset": "502", "probability": "often"}), "probability is a number"),
        (json!({"preset": "502", "nth": 0}), "from 1"),
        (json!({"preset": "502", "pth": "x"}), "unknown field"),
        (json!({"action": {"kind": "server_error", "status": 404}}), "500 to 599"),
        (json!({"action": {"kind": "respond", "status": 99}}), "200 to 599"),
        (json!({"action": {"kind": "garbage", "bytes": 0}}), "garbage"),
        (json!({"action": {"kind": "slow_body", "bytes": 0}}), "at least one byte"),
    ] {
        let (status, answer) = w.api.call("POST", "/_emulator/faults", body.clone()).await;
        let sentence = answer["error"].as_str().unwrap_or_default();
        assert!(status == 400 && sentence.contains(word), "{body}: {answer}");
    }
    let error = control.change_fault(id, &json!({"nth": 0})).await.unwrap_err();
    assert!(matches!(error, ControlError::Refused { status: 400, .. }), "{error}");
    for error in [
        control.fault(99).await.map(|_| ()).unwrap_err(),
        control.remove_fault(99).await.unwrap_err(),
        control.change_fault(99, &json!({})).await.map(|_| ()).unwrap_err(),
    ] {
        assert!(matches!(&error, ControlError::Refused { status: 404, .. }), "{error}");
        assert!(error.to_string().contains("no fault rule with this id"));
    }
    assert_eq!(control.faults().await.unwrap().len(), 1);
    assert!(w.emulator.remove_fault(id) && !w.emulator.remove_fault(id));
}

#[tokio::test]
async fn every_preset_is_accepted() {
    let w = world().await;
    let control = Control::new(&w.api.url);
    let presets = control.presets().await.unwrap();
    assert!(presets.len() > 20);
    for preset in presets {
        let id = control.add_fault(&Fault::preset(&preset.name)).await.unwrap();
        assert_eq!(control.fault(id).await.unwrap().rule.effect, Effect::Action(preset.action));
        assert!(FaultRule::preset(&preset.name).is_some());
    }
    assert!(FaultRule::preset("nonsense").is_none());
}

#[tokio::test]
async fn refusals_are_those_of_the_service() {
    let w = world().await;
    w.clock.set("2026-01-05T23:00:00Z".parse().unwrap());
    let api = Api::login(&w.api.url).await;
    let control = Control::new(&w.api.url);
    for (preset, status, code, retry_after, words) in [
        ("429_user_minute", 429, 43, Some("3600"), "you have been blocked for some time"),
        ("429_minute", 429, 44, Some("60"), "your organization has been blocked as it have exceeded"),
        ("429_day", 429, 45, Some("3600"), "maximum call rate limit of 10,000."),
        ("429_concurrency", 429, 1070, Some("1"), "maximum number of in process requests"),
        ("429_without_retry_after", 429, 44, None, "your organization has been blocked"),
        ("expired_token", 401, 57, None, "You are not authorized to perform this operation"),
        ("500", 500, 1000, None, "Internal error"),
    ] {
        let id = control.add_fault(&Fault::preset(preset)).await.unwrap();
        let response = api.request("GET", "contacts").send().await.unwrap();
        let shown = response.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
        assert_eq!((response.status().as_u16(), shown.as_deref()), (status, retry_after), "{preset}");
        assert!(response.headers().contains_key("x-rate-limit-remaining"), "{preset}");
        let body: Value = response.json().await.unwrap();
        assert_eq!(body["code"], code, "{preset}");
        assert!(body["message"].as_str().unwrap().contains(words), "{preset}: {body}");
        control.remove_fault(id).await.unwrap();
    }

    let refresh = api.refresh_token(DEMO_EMAIL, DEMO_ZSC_KEY, None).await;
    let exceeded = json!({"action": {"kind": "exceeded", "limit": "organization_minute", "retry_after": 7}});
    w.api.call("POST", "/_emulator/faults", exceeded).await;
    let response = api.request("GET", "contacts").send().await.unwrap();
    assert_eq!(response.headers()["retry-after"], "7");
    // It concerns no call of the token endpoint.
    api.access_token(&refresh).await;

    control.clear_faults().await.unwrap();
    control.add_fault(&Fault::preset("token_throttle")).await.unwrap();
    assert_eq!(status(&api, "contacts").await, 200, "it concerns the token endpoint only");
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh.as_str()),
        ("client_id", DEMO_CLIENT_ID),
        ("client_secret", DEMO_CLIENT_SECRET),
    ];
    let (code, body) = send(api.http.post(format!("{}/oauth/v2/token", api.url)).form(&form)).await;
    let denied = json!({
        "error_description": "You have made too many requests continuously. Please try again after some time.",
        "error": "Access Denied",
        "status": "failure"
    });
    assert_eq!((code, body), (400, denied));
}

#[tokio::test]
async fn gateways_answer_with_pages() {
    let w = world().await;
    let control = Control::new(&w.api.url);
    for (preset, status, title) in [
        ("502", 502, "502 Bad Gateway"),
        ("503", 503, "503 Service Unavailable"),
        ("504", 504, "504 Gateway Timeout"),
        ("html", 200, "200 OK"),
    ] {
        let id = control.add_fault(&Fault::preset(preset)).await.unwrap();
        let response =
            w.api.request("POST", "contacts").json(&json!({"contact_name": "X"})).send().await.unwrap();
        assert_eq!(response.status().as_u16(), status);
        assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
        assert!(response.text().await.unwrap().contains(title), "{preset}");
        control.remove_fault(id).await.unwrap();
    }
    assert!(names(&w.api.get("contacts").await).is_empty(), "nothing was created");
}

#[tokio::test]
async fn stale_reads_show_earlier_records() {
    let w = world().await;
    let control = Control::new(&w.api.url);
    let first = w.api.named("First").await;
    w.clock.advance(chrono::TimeDelta::seconds(10));
    w.api.named("Second").await;
    w.clock.advance(chrono::TimeDelta::seconds(10));
    w.api.call("PUT", &format!("contacts/{first}"), json!({"contact_name": "Renamed"})).await;
    assert_eq!(
        w.api.call("PUT", &format!("contacts/{first}"), json!({"contact_name": "second"})).await.0,
        400
    );

    control.add_fault(&Fault::preset("stale_read").count(1)).await.unwrap();
    assert_eq!(names(&w.api.get("contacts").await), ["First", "Second"], "before the last write");
    assert_eq!(names(&w.api.get("contacts").await), ["Renamed", "Second"]);
    for (seconds, expected) in
        [(0, vec!["Renamed", "Second"]), (5, vec!["First", "Second"]), (15, vec!["First"]), (100, vec![])]
    {
        control.add_fault(&Fault::new(Action::StaleRead { seconds: Some(seconds) }).count(1)).await.unwrap();
        assert_eq!(names(&w.api.get("contacts").await), expected, "{seconds} s ago");
    }
    let id = control.add_fault(&Fault::preset("stale_read")).await.unwrap();
    let refreshed = Api::login(&w.api.url).await;
    assert_eq!(names(&refreshed.get("contacts").await), ["First", "Second"], "a new token reads old records");
    assert_eq!(refreshed.call("POST", "contacts", json!({"contact_name": "Third"})).await.0, 201);
    assert_eq!(control.fault(id).await.unwrap().matched, 1, "it concerns reads only");
    control.clear_faults().await.unwrap();
    assert_eq!(names(&w.api.get("contacts").await), ["Renamed", "Second", "Third"]);
}

#[tokio::test]
async fn partial_batches_act_on_the_first_half() {
    let w = world().await;
    let mut ids = Vec::new();
    for name in ["A", "B", "C"] {
        ids.push(w.api.named(name).await);
    }
    w.emulator.fault(FaultRule::new(FaultAction::PartialBatch).method("DELETE"));
    let path = format!("contacts?contact_ids={}", ids.join(","));
    let (status, answer) = w.api.call("DELETE", &path, Value::Null).await;
    assert_eq!(status, 200, "{answer}");
    assert!(answer.to_string().contains(&ids[1]) && !answer.to_string().contains(&ids[2]), "{answer}");
    assert_eq!(names(&w.api.get("contacts").await), ["C"]);
    // Lists of ids in a body are halved however the body is encoded.
    w.emulator.fault(FaultRule::new(FaultAction::PartialBatch).method("POST"));
    let kept = ids[2].clone();
    let letter = json!({"to_mail_ids": ["a@x.test", "b@x.test"], "subject": "S", "body": "B"}).to_string();
    let mail = async |request: reqwest::RequestBuilder| {
        let (status, answer) = send(request).await;
        assert_eq!(status, 200, "{answer}");
        w.api.get("/_emulator/outbox?limit=1").await["mails"][0]["to"].clone()
    };
    let post = || w.api.request("POST", &format!("contacts/{kept}/email"));
    let json_type = "application/json";
    assert_eq!(
        mail(post().header("Content-Type", json_type).body(letter.clone())).await,
        json!(["a@x.test"])
    );
    assert_eq!(mail(post().form(&[("JSONString", &letter)])).await, json!(["a@x.test"]));
    assert_eq!(mail(post().query(&[("JSONString", &letter)])).await, json!(["a@x.test"]));
    let entry = w.emulator.journal().into_iter().find(|it| it.method == "DELETE").unwrap();
    assert!(entry.query.contains(&ids[2]), "the journal shows what was asked: {}", entry.query);
}
