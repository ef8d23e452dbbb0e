//! Scenarios: the shipped ones, references, refusals, and their place at the start.

use std::path::PathBuf;

use finbridge_emulator::*;
use finbridge_emulator_client::{ClockMode, Control, ControlError};
use serde_json::{Value, json};

use crate::world::*;

fn shipped(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(name);
    std::fs::read_to_string(path).unwrap()
}

async fn play(api: &Api, scenario: Value) -> (u16, Value) {
    api.call("POST", "/_emulator/seed", scenario).await
}

async fn emulator() -> (Emulator, Api) {
    let emulator = Emulator::builder().start().await.unwrap();
    let api = Api::login(&emulator.url()).await;
    (emulator, api)
}

#[tokio::test]
async fn the_small_company_is_played_over_http_and_at_the_start() {
    let (_emulator, api) = emulator().await;
    let control = Control::new(&api.url);
    let scenario: Value = serde_json::from_str(&shipped("small-b2b.json")).unwrap();
    let played = control.seed(&scenario).await.unwrap();
    assert_eq!(
        (played.calls, played.saved["acme"]["company_name"].as_str()),
        (10, Some("Acme Interiors Inc."))
    );
    let clock = control.clock().await.unwrap();
    assert_eq!((clock.mode, clock.now.to_rfc3339().get(..10)), (ClockMode::Manual, Some("2026-01-05")));

    let started = Emulator::builder().scenario(Scenario::from_json(&shipped("small-b2b.json")).unwrap());
    let started = started.start().await.unwrap();
    let control = Control::new(&started.url());
    assert!(
        control.journal(&Default::default()).await.unwrap().is_empty(),
        "calls of a scenario are not recorded"
    );
    // The token of before the scenario is still good only where the records were added to.
    assert_eq!(api.call("GET", "contacts", Value::Null).await.0, 200);
    for api in [api, Api::login(&started.url()).await] {
        let found = names(&api.get("contacts").await);
        assert_eq!(found, ["Acme Interiors", "Cedar Hill Mill", "Former customer", "Globex"]);
        assert_eq!(names(&api.get("contacts?filter_by=Status.Inactive").await), ["Former customer"]);
        let chair = &api.get("items?sku=CHAIR-01").await["items"][0];
        assert_eq!((&chair["rate"], &chair["tax_percentage"]), (&json!(149.9), &json!(8.25)));
        let globex = api.get("contacts?contact_name=Globex").await["contacts"][0]["contact_id"].clone();
        let globex = api.get(&format!("contacts/{}", globex.as_str().unwrap())).await;
        assert_eq!(globex["contact"]["contact_persons"][0]["first_name"], "Jürgen");
        assert!(globex["contact"]["created_time"].as_str().unwrap().starts_with("2026-01-05T01:00"));
    }
    // Going back to the seed plays the scenario again.
    let api = Api::login(&started.url()).await;
    api.named("Extra").await;
    started.reset().unwrap();
    let api = Api::login(&started.url()).await;
    assert_eq!(names(&api.get("contacts").await).len(), 4);
}

#[tokio::test]
async fn two_companies_have_users_zones_and_records_of_their_own() {
    let scenario = Scenario::from_json(&shipped("two-companies.json")).unwrap();
    let emulator = Emulator::builder().scenario(scenario).start().await.unwrap();
    let admin = Api::login(&emulator.url()).await;
    let priya = Api::login_as(&emulator.url(), "priya@example.com", "demo-zsc-key-0002", None).await;
    let count = async |api: &Api, path: &str| {
        let page = api.get(&format!("{path}?per_page=200")).await;
        page[path].as_array().unwrap().len()
    };
    assert_eq!((count(&admin, "contacts").await, count(&admin, "items").await), (41, 25));
    assert_eq!((count(&priya, "contacts").await, count(&priya, "items").await), (31, 21));
    let saree = &priya.get("items?name=Silk saree").await["items"][0];
    assert_eq!(
        (&saree["tax_name"], &saree["created_time"]),
        (&json!("GST 18"), &json!("2026-04-01T10:00:00+0530"))
    );
    let (status, body) = priya.call("GET", "contacts?organization_id=10234695", Value::Null).await;
    assert_eq!((status, &body["code"]), (400, &json!(6041)));
    assert_eq!(Control::new(&emulator.url()).clock().await.unwrap().mode, ClockMode::Frozen);
}

#[tokio::test]
async fn a_refused_call_refuses_everything_and_names_itself() {
    let (emulator, api) = emulator().await;
    let before = api.named("Before").await;
    let scenario = json!({
        "clock": "frozen@2026-01-05T20:06:10Z",
        "generate": [{"contacts": 5}],
        "calls": [
            {"call": "POST /books/v3/contacts", "body": {"contact_name": "Half"}, "as": "half"},
            {"call": "POST /books/v3/items", "body": {"name": "Bolt", "rate": 1}},
            {"call": "POST /books/v3/contacts", "body": {"contact_name": "BEFORE"}},
        ]
    });
    let (status, body) = play(&api, scenario.clone()).await;
    assert_eq!((status, &body["index"], &body["code"]), (400, &json!(2), &json!(3062)));
    let sentence = "The customer \"BEFORE\" already exists. Please specify a different name.";
    assert_eq!(body["message"], sentence);
    assert_eq!(
        body["error"],
        format!("Call 2 (POST /books/v3/contacts) was refused with code 3062: {sentence}")
    );
    assert_eq!(names(&api.get("contacts").await), ["Before"]);
    assert!(api.get("items").await["items"].as_array().unwrap().is_empty());
    assert_eq!(emulator.clock().unwrap().mode(), finbridge_emulator::ClockMode::Real);
    assert_eq!(api.named("Next").await.parse::<u64>().unwrap(), before.parse::<u64>().unwrap() + 3);

    let mut with_seed = scenario.clone();
    with_seed["seed"] = json!(Seed::demo());
    with_seed["calls"][2]["body"]["contact_name"] = "HALF".into();
    assert_eq!(play(&api, with_seed).await.1["code"], 3062);
    assert_eq!(
        names(&api.get("contacts").await),
        ["Before", "Next"],
        "a refused seed changes nothing either"
    );

    let mut scenario = scenario;
    scenario["calls"][2]["body"]["contact_name"] = "Before all".into();
    let text = scenario.to_string().replace("Before all", "Half");
    let error =
        Emulator::builder().scenario(Scenario::from_json(&text).unwrap()).start().await.err().unwrap();
    assert!(matches!(error, StartError::Scenario { .. }) && error.to_string().contains("Call 2"), "{error}");
}

#[tokio::test]
async fn calls_that_cannot_be_made_say_why() {
    let (_emulator, api) = emulator().await;
    for (call, code, part) in [
        (json!({"call": "contacts"}), None, "Name method and path"),
        (json!({"call": "POST /oauth/v2/token"}), None, "no call of a product"),
        (json!({"call": "POST /books/v3/nothing"}), Some(5), "Invalid URL"),
        (json!({"call": "PATCH /books/v3/contacts"}), Some(37), "method"),
        (json!({"call": "POST /books/v3/contacts", "user": "nobody@example.com"}), None, "no user"),
        (json!({"call": "GET /books/v3/contacts", "organization_id": "99999999"}), None, "No user belongs"),
        (
            json!({"call": "GET /books/v3/contacts", "organization_id": "99999999", "user": DEMO_EMAIL}),
            Some(6041),
            "99999999",
        ),
        (json!({"call": "GET /books/v3/contacts/$who.contact_id"}), None, "no earlier call saved"),
        (
            json!({"call": "POST /books/v3/items", "body": {"name": "$who.x.y"}}),
            None,
            "no earlier call saved",
        ),
        (json!({"call": "POST /books/v3/contacts"}), Some(11), "JSONString"),
    ] {
        let (status, body) = play(&api, json!({"calls": [call]})).await;
        assert_eq!((status, &body["index"]), (400, &json!(0)), "{body}");
        assert_eq!(body.get("code").and_then(Value::as_u64), code, "{body}");
        assert!(body["error"].as_str().unwrap().contains(part), "{body}");
    }
    for wrong in [json!([]), json!({"calls": [{"body": {}}]}), json!({"clock": "noon"}), json!({"users": 1})]
    {
        assert_eq!(play(&api, wrong).await.0, 400);
    }
    let mut seed = Seed::demo();
    seed.organizations[0].currency_code = "XQX".to_owned();
    let (status, body) = play(&api, json!({"seed": seed})).await;
    assert!(status == 400 && body["error"].as_str().unwrap().contains("ISO 4217"), "{body}");
}

#[tokio::test]
async fn a_seed_alone_starts_over_and_no_clock_of_others_is_moved() {
    let w = world().await;
    w.api.named("Gone").await;
    let (status, body) = play(&w.api, json!(two_tenants())).await;
    assert_eq!((status, &body["calls"]), (200, &json!(0)), "{body}");
    assert_eq!(w.api.call("GET", "contacts", Value::Null).await.0, 401);
    let second = Api::login_as(&w.api.url, "second@example.com", "second-key", None).await;
    assert!(names(&second.get("contacts").await).is_empty());
    assert_eq!(play(&w.api, json!({"clock": "real"})).await.0, 409);
    let control = Control::new(&w.api.url);
    let error = control.seed(&json!({"clock": "real"})).await.unwrap_err();
    assert!(matches!(error, ControlError::Refused { status: 409, .. }), "{error}");
}

#[tokio::test]
async fn saved_numbers_keep_their_digits() {
    let (_emulator, api) = emulator().await;
    let scenario = json!({"calls": [
        {"call": "POST /books/v3/items", "body": {"name": "Fine", "rate": "0.1000000001"}, "as": "fine"},
        {"call": "POST /books/v3/items", "body": {"name": "Copy", "rate": "$fine.rate", "description": "$$5 or $5.00"}, "as": "copy"},
        {"call": "GET /books/v3/items?sort_column=name", "as": "all"},
        {"call": "PUT /books/v3/items/$all.items.0.item_id", "body": {"unit": "box"}, "as": "last"},
    ]});
    let request = api.request("POST", "/_emulator/seed").json(&scenario);
    let text = request.send().await.unwrap().text().await.unwrap();
    assert_eq!(text.matches("\"rate\":0.1000000001").count(), 5, "{text}");
    let body: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(body["saved"]["copy"]["description"], "$5 or $5.00");
    assert_eq!(
        (&body["saved"]["last"]["name"], &body["saved"]["last"]["unit"]),
        (&json!("Copy"), &json!("box"))
    );
}
