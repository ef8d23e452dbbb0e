use std::time::Duration;

use chrono::TimeDelta;
use finbridge_emulator::*;
use finbridge_emulator_client::{Control, ControlError};
use reqwest::Response;
use serde_json::{Value, json};

use crate::world::*;

/// Limits as small as a test likes them.
async fn limited(change: Value) -> (World, Control) {
    let w = world_with(two_tenants()).await;
    let (status, answer) = w.api.call("PUT", "/_emulator/limits", change).await;
    assert_eq!(status, 200, "{answer}");
    let control = Control::new(&w.api.url);
    (w, control)
}

async fn get(api: &Api) -> Response {
    api.request("GET", "contacts").send().await.unwrap()
}

/// Status, code and `Retry-After`.
async fn fate(api: &Api) -> (u16, u64, Option<u64>) {
    let response = get(api).await;
    let status = response.status().as_u16();
    let wait = response.headers().get("retry-after").map(|it| it.to_str().unwrap().parse().unwrap());
    let body: Value = response.json().await.unwrap();
    (status, body["code"].as_u64().unwrap(), wait)
}

fn header(response: &Response, name: &str) -> u64 {
    response.headers()[name].to_str().unwrap().parse().unwrap()
}

const OK: (u16, u64, Option<u64>) = (200, 0, None);

#[tokio::test]
async fn the_minute_of_an_organization_rolls() {
    let (w, control) =
        limited(json!({"enforced": true, "organization_minute": 3, "user_minute": null})).await;
    for _ in 0..2 {
        assert_eq!(fate(&w.api).await, OK);
    }
    w.clock.advance(TimeDelta::seconds(30));
    assert_eq!(fate(&w.api).await, OK);
    assert_eq!(fate(&w.api).await, (429, 44, Some(30)));
    let second = Api::login_as(&w.api.url, "second@example.com", "second-key", None).await;
    assert_eq!(fate(&second).await, OK, "another organization has its own minute");
    w.clock.advance(TimeDelta::seconds(29));
    assert_eq!(fate(&w.api).await, (429, 44, Some(1)));
    w.clock.advance(TimeDelta::seconds(1));
    assert_eq!(fate(&w.api).await, OK, "two of the three have left");
    assert_eq!(fate(&w.api).await, OK);
    assert_eq!(fate(&w.api).await, (429, 44, Some(30)));

    let usage = control.limits().await.unwrap().usage;
    assert_eq!((usage.organizations[0].minute, usage.organizations[0].day), (3, 5));
    control.clear_limit_usage().await.unwrap();
    assert_eq!(fate(&w.api).await, OK);
    let struck = w.emulator.journal().into_iter().filter(|entry| entry.code == Some(44)).collect::<Vec<_>>();
    assert_eq!(struck.len(), 3);
    assert!(
        struck
            .iter()
            .all(|it| it.organization_id.as_deref() == Some(DEMO_ORGANIZATION_ID) && it.fault.is_none())
    );
}

#[tokio::test]
async fn a_hasty_user_is_blocked_for_an_hour() {
    let (w, control) = limited(json!({"enforced": true, "organization_minute": 2, "user_minute": 4})).await;
    let mut codes = Vec::new();
    for _ in 0..5 {
        codes.push(fate(&w.api).await);
    }
    assert_eq!(codes, [OK, OK, (429, 44, Some(60)), (429, 44, Some(60)), (429, 43, Some(3600))]);
    w.clock.advance(TimeDelta::seconds(600));
    assert_eq!(fate(&w.api).await, (429, 43, Some(3000)), "the minute is long over, the block is not");
    let user = control.limits().await.unwrap().usage.users.remove(0);
    assert_eq!(user.blocked_until, Some(start_time() + TimeDelta::seconds(3600)));
    w.clock.advance(TimeDelta::seconds(3000));
    assert_eq!(fate(&Api::login(&w.api.url).await).await, OK);

    let (w, _) = limited(json!({"enforced": true, "user_minute": 1, "user_block_seconds": 5})).await;
    assert_eq!(fate(&w.api).await, OK);
    assert_eq!(fate(&w.api).await, (429, 43, Some(5)));
    w.clock.set(start_time() - TimeDelta::seconds(1));
    assert_eq!(fate(&w.api).await, OK, "a clock set back lifts the block");
}

#[tokio::test]
async fn the_day_ends_at_midnight_and_depends_on_the_plan() {
    let mut seed = two_tenants();
    seed.organizations[0].plan_name = "FREE".to_owned();
    let w = world_with(seed).await;
    let mut limits = Limits::real();
    limits.day = Some(DayLimits { free: 2, premium: 1234, ..DayLimits::default() });
    w.emulator.set_limits(limits).unwrap();
    let second = Api::login_as(&w.api.url, "second@example.com", "second-key", None).await;

    let first = get(&w.api).await;
    assert_eq!(header(&first, "x-rate-limit-limit"), 2);
    assert_eq!(header(&first, "x-rate-limit-remaining"), 1);
    let to_midnight = 24 * 3600 - (20 * 3600 + 6 * 60 + 10);
    assert_eq!(header(&first, "x-rate-limit-reset"), to_midnight);
    assert_eq!(header(&get(&w.api).await, "x-rate-limit-remaining"), 0);
    assert_eq!(fate(&w.api).await, (429, 45, Some(to_midnight)));
    assert_eq!(header(&get(&second).await, "x-rate-limit-remaining"), 1233);

    w.emulator
        .set_limits(Limits {
            day: Some(DayLimits { free: 1000, premium: 1, ..DayLimits::default() }),
            ..Limits::real()
        })
        .unwrap();
    let (_, refused) = second.call("GET", "contacts", Value::Null).await;
    assert_eq!(
        refused["message"],
        "The API call for this organization has exceeded the maximum call rate limit of 1."
    );
    w.emulator.set_limits(Limits { organization_minute: None, user_minute: None, ..Limits::real() }).unwrap();
    for _ in 0..998 {
        assert_eq!(get(&w.api).await.status(), 200);
    }
    let (_, refused) = w.api.call("GET", "contacts", Value::Null).await;
    assert_eq!(
        refused["message"],
        "The API call for this organization has exceeded the maximum call rate limit of 1,000."
    );

    w.clock.advance(TimeDelta::seconds(to_midnight as i64));
    let api = Api::login(&w.api.url).await;
    assert_eq!(header(&get(&api).await, "x-rate-limit-remaining"), 999);
}

#[tokio::test]
async fn calls_at_once_are_counted_while_they_last() {
    let (w, control) = limited(json!({"enforced": true, "concurrent": {"paid": 2}})).await;
    w.emulator.fault(FaultRule::new(FaultAction::Delay { ms: 1500 }).method("POST"));
    let slow = |name: &'static str| {
        let api = w.api.clone();
        tokio::spawn(async move { api.call("POST", "contacts", json!({"contact_name": name})).await.0 })
    };
    let running = [slow("A"), slow("B")];
    while control.limits().await.unwrap().usage.organizations.iter().map(|it| it.in_process).sum::<u64>() < 2
    {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(fate(&w.api).await, (429, 1070, Some(1)));
    for call in running {
        assert_eq!(call.await.unwrap(), 201);
    }
    assert_eq!(fate(&w.api).await, OK);
    assert_eq!(control.limits().await.unwrap().usage.organizations[0].in_process, 0);

    // A client that hangs up frees its place.
    w.emulator.clear_faults();
    w.emulator.fault(FaultRule::new(FaultAction::Hang { ms: 60_000 }).method("PUT").count(1));
    let hasty = w.api.request("PUT", "contacts/1").timeout(Duration::from_millis(200)).send().await;
    assert!(hasty.is_err());
    while control.limits().await.unwrap().usage.organizations[0].in_process > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn refreshing_too_often_is_denied_and_retries_prolong_it() {
    let (w, control) = limited(json!({"tokens": 2})).await;
    let refresh = w.api.refresh_token(DEMO_EMAIL, DEMO_ZSC_KEY, None).await;
    let other = w.api.refresh_token(DEMO_EMAIL, DEMO_ZSC_KEY, None).await;
    control.enforce_limits(true).await.unwrap();
    let token = async |refresh: &str| {
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh),
            ("client_id", DEMO_CLIENT_ID),
            ("client_secret", DEMO_CLIENT_SECRET),
        ];
        let (status, body) = send(w.api.http.post(format!("{}/oauth/v2/token", w.api.url)).form(&form)).await;
        (status, body["error"].as_str().unwrap_or_default().to_owned())
    };
    let granted = (200, String::new());
    let denied = (400, "Access Denied".to_owned());
    assert_eq!(token(&refresh).await, granted);
    assert_eq!(token(&refresh).await, granted);
    assert_eq!(token(&refresh).await, denied);
    assert_eq!(token(&other).await, granted, "another refresh token is counted apart");
    for _ in 0..5 {
        assert_eq!(token("1000.unknown").await, (200, "invalid_code".to_owned()));
    }
    w.clock.advance(TimeDelta::seconds(300));
    assert_eq!(token(&refresh).await, denied);
    assert_eq!(token(&refresh).await, denied);
    w.clock.advance(TimeDelta::seconds(301));
    assert_eq!(token(&refresh).await, denied, "the two refused tries still count");
    w.clock.advance(TimeDelta::seconds(600));
    assert_eq!(token(&refresh).await, granted);
}

#[tokio::test]
async fn limits_are_off_until_asked_for_and_are_checked() {
    let w = world().await;
    let control = Control::new(&w.api.url);
    for _ in 0..120 {
        assert_eq!(get(&w.api).await.status(), 200);
    }
    let shown = control.limits().await.unwrap();
    assert!(!shown.limits.enforced && shown.limits.organization_minute == Some(100));
    assert_eq!(shown.usage.organizations[0].day, 120);
    control.reset().await.unwrap();
    assert!(
        control.limits().await.unwrap().usage.organizations.is_empty(),
        "the quotas start over with the records"
    );
    let w = World { api: Api::login(&w.api.url).await, ..w };
    let mut limits = shown.limits.clone();
    limits.headers = false;
    limits.day = None;
    assert_eq!(control.set_limits(&limits).await.unwrap().limits, limits);
    assert!(!get(&w.api).await.headers().contains_key("x-rate-limit-limit"));

    for (body, word) in [
        (json!({"organization_minute": 0}), "from 1"),
        (json!({"day": {"free": 0}}), "from 1"),
        (json!({"token_seconds": 90_000}), "86400"),
        (json!({"user_minute": "many"}), "not understood"),
        (json!({"hourly": 1}), "unknown field"),
        (json!([]), "object"),
    ] {
        let (status, answer) = w.api.call("PUT", "/_emulator/limits", body.clone()).await;
        assert!(status == 400 && answer["error"].as_str().unwrap().contains(word), "{body}: {answer}");
    }
    assert_eq!(control.limits().await.unwrap().limits, limits, "a refused change changes nothing");
    limits.user_minute = Some(0);
    assert!(matches!(control.set_limits(&limits).await, Err(ControlError::Refused { status: 400, .. })));
    let bad = Limits { token_seconds: 0, ..Limits::real() };
    assert!(w.emulator.set_limits(bad.clone()).is_err());
    let error = Emulator::builder().limits(bad).start().await.err().unwrap();
    assert!(error.to_string().contains("token_seconds"), "{error}");
}

#[tokio::test]
async fn a_plan_may_allow_only_so_many_contacts() {
    let (w, control) = limited(json!({"contacts": 2})).await;
    for name in ["A", "B", "C"] {
        w.api.named(name).await;
    }
    assert_eq!(control.limits().await.unwrap().limits.contacts, Some(2));
    control.enforce_limits(true).await.unwrap();
    let full =
        (400, json!({"code": 1009, "message": "Your plan allows 2 contacts. Upgrade it to add more."}));
    let more = async |name: &str| w.api.call("POST", "contacts", json!({"contact_name": name})).await;
    assert_eq!(more("D").await, full);
    let c = w.api.get("contacts?contact_name=C").await["contacts"][0]["contact_id"].clone();
    let path = format!("contacts/{}", c.as_str().unwrap());
    assert_eq!(
        w.api.call("PUT", &path, json!({"notes": "n"})).await.0,
        200,
        "those there are can be changed"
    );
    let push = json!({"record": {"contact_name": "E"}});
    w.api.call("PUT", "/integration/v1/crm/accounts/1", push).await;
    assert_eq!(w.api.call("POST", "crm/account/1/import", Value::Null).await, full);
    for name in ["A", "C"] {
        let id =
            w.api.get(&format!("contacts?contact_name={name}")).await["contacts"][0]["contact_id"].clone();
        w.api.call("DELETE", &format!("contacts/{}", id.as_str().unwrap()), Value::Null).await;
    }
    assert_eq!(more("D").await.0, 201);
    assert_eq!(more("F").await, full);
}
