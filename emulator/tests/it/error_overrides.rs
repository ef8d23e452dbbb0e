//! Kinds of refusals that an emulator answers in another way than the table of errors has it.

use std::collections::BTreeMap;

use finbridge_emulator::*;
use finbridge_emulator_client as client;
use serde_json::{Value, json};

use crate::world::*;

async fn put(api: &Api, wanted: Value) -> (u16, Value) {
    api.call("PUT", "/_emulator/errors", wanted).await
}

#[tokio::test]
async fn codes_statuses_and_sentences_are_overridden_and_given_back() {
    let w = world().await;
    w.api.named("Acme").await;
    let again = async || w.api.call("POST", "contacts", json!({"contact_name": "acme"})).await;
    let usual = (
        400,
        json!({"code": 3062, "message": "The customer \"acme\" already exists. Please specify a different name."}),
    );
    assert_eq!(again().await, usual);
    let wanted = json!({"duplicate_name": {"code": 3000, "status": 409, "message": "{} is taken."}});
    let (status, table) = put(&w.api, wanted).await;
    assert_eq!(status, 200);
    let row = table["errors"].as_array().unwrap().iter().find(|it| it["kind"] == "duplicate_name").unwrap();
    assert_eq!(
        *row,
        json!({"kind": "duplicate_name", "code": 3000, "status": 409, "message": "{} is taken.", "overridden": true})
    );
    assert_eq!(again().await, (409, json!({"code": 3000, "message": "customer \"acme\" is taken."})));
    assert_eq!(w.emulator.journal().last().map(|it| (it.status, it.code)), Some((Some(409), Some(3000))));
    // What is left out is as the table has it, and other kinds stay as they were told.
    put(&w.api, json!({"duplicate_name": {"status": 200}, "invalid_token": {"code": 15_014}})).await;
    assert_eq!(again().await, (200, usual.1.clone()));
    let stranger = Api { token: "nonsense".to_owned(), ..w.api.clone() };
    let (status, refused) = stranger.call("GET", "contacts", Value::Null).await;
    assert_eq!((status, &refused["code"]), (401, &json!(15_014)));
    put(&w.api, json!({"duplicate_name": null})).await;
    assert_eq!(again().await, usual);
    assert_eq!(stranger.call("GET", "contacts", Value::Null).await.1["code"], 15_014);
    assert_eq!(w.api.call("DELETE", "/_emulator/errors", Value::Null).await.0, 200);
    assert_eq!(stranger.call("GET", "contacts", Value::Null).await.1["code"], 14);
}

#[tokio::test]
async fn rows_of_bulk_calls_limits_and_faults_follow_too() {
    let w = world().await;
    let emulator = &w.emulator;
    emulator.override_error("not_found", ErrorOverride { code: Some(77), ..Default::default() }).unwrap();
    for path in ["contacts?contact_ids=1", "items?item_ids=1"] {
        let (_, answer) = w.api.call("DELETE", path, Value::Null).await;
        assert_eq!(answer["results"][0]["code"], 77, "{path}: {answer}");
    }
    let busy = ErrorOverride { status: Some(503), ..Default::default() };
    emulator.override_error("organization_blocked", busy).unwrap();
    emulator.set_limits(Limits { organization_minute: Some(1), ..Limits::real() }).unwrap();
    w.api.get("items").await;
    let response = w.api.request("GET", "items").send().await.unwrap();
    assert_eq!(response.status(), 503);
    assert!(response.headers().contains_key("retry-after"), "headers of a refusal stay");
    emulator.set_limits(Limits::off()).unwrap();
    w.api
        .call(
            "POST",
            "/_emulator/faults",
            json!({"action": {"kind": "error", "code": 1002, "subject": "It"}}),
        )
        .await;
    let answer = w.api.call("GET", "items", Value::Null).await;
    assert_eq!(answer, (404, json!({"code": 77, "message": "It does not exist."})));
    // A fork is told the same and goes its own way, and a reset leaves it.
    let fork = emulator.fork().unwrap();
    emulator.clear_error_overrides();
    fork.reset().unwrap();
    assert_eq!(fork.error_overrides().keys().collect::<Vec<_>>(), ["not_found", "organization_blocked"]);
    assert!(emulator.error_overrides().is_empty());
}

#[tokio::test]
async fn an_emulator_starts_with_overrides_and_refuses_what_is_none() {
    let wanted = ErrorOverride { code: Some(9), status: Some(403), message: None };
    let emulator = Emulator::builder().error("wrong_organization", wanted.clone()).start().await.unwrap();
    let api = Api::login(&emulator.url()).await;
    let (status, refused) = api.call("GET", "contacts?organization_id=1", Value::Null).await;
    assert_eq!((status, &refused["code"]), (403, &json!(9)));

    let unknown = Emulator::builder().error("nonsense", wanted).start().await.err().unwrap();
    assert!(matches!(unknown, StartError::Errors(OverrideError::UnknownKind(_))), "{unknown}");
    for (wrong, word) in [
        (json!({"nonsense": {"code": 1}}), "no kind"),
        (json!({"wrong_organization": {"code": 0}}), "code"),
        (json!({"wrong_organization": {"status": 99}}), "status"),
        (json!({"wrong_organization": {"message": " "}}), "message"),
        (json!({"wrong_organization": {"sentence": "x"}}), "unknown field"),
        (json!({"duplicate_name": {"code": 1}, "nonsense": null}), "no kind"),
    ] {
        let (status, answer) = put(&api, wrong.clone()).await;
        assert!(status == 400 && answer["error"].as_str().unwrap().contains(word), "{wrong}: {answer}");
    }
    assert_eq!(emulator.error_overrides().len(), 1, "a refused change changes nothing");
}

#[tokio::test]
async fn the_typed_client_overrides_errors() {
    let w = world().await;
    let control = client::Control::new(&w.api.url);
    let wanted = client::ErrorOverride { code: Some(4242), ..Default::default() };
    let table =
        control.override_errors(&BTreeMap::from([("empty_body".to_owned(), Some(wanted))])).await.unwrap();
    assert_eq!(table, control.errors().await.unwrap());
    let own: Vec<_> = table.iter().filter(|it| it.overridden).map(|it| (&*it.kind, it.code)).collect();
    assert_eq!(own, [("empty_body", 4242)]);
    assert_eq!(w.api.call("POST", "contacts", Value::Null).await.1["code"], 4242);
    control.clear_error_overrides().await.unwrap();
    assert!(control.errors().await.unwrap().iter().all(|it| !it.overridden));
    let unknown = control.override_errors(&BTreeMap::from([("x".to_owned(), None)])).await;
    assert!(matches!(unknown, Err(client::ControlError::Refused { status: 400, .. })));
}
