//! Getting in: manifest, service key, organizations.

use finbridge_contract::{Connector, FailureKind, Grant};
use finbridge_domain::CapabilityProfile;
use secrecy::ExposeSecret;
use serde_json::json;
use wiremock::matchers::{method, path, query_param};
use wiremock::{Mock, ResponseTemplate};

use crate::support::{World, failure};

const EXCHANGE: &str = "/integration/v1/zsc/exchange";

fn grant() -> Grant {
    Grant::ServiceKey { email: "ada@finance.example".to_owned(), key: "zsc-key".to_owned().into() }
}

#[tokio::test]
async fn the_manifest_names_a_profile_that_exists() {
    let world = World::start().await;
    let manifest = world.books.manifest();
    assert_eq!((manifest.app_key, manifest.vendor), ("books", "zoho"));
    assert!(CapabilityProfile::by_key(manifest.profile_key).is_some());
}

#[tokio::test]
async fn a_service_key_becomes_a_credential_that_gets_in() {
    let world = World::start().await;
    world.answer("POST", EXCHANGE, 200, json!({ "refresh_token": "refresh-9" })).await;
    world.answer("GET", "/books/v3/organizations", 200, json!({ "code": 0, "organizations": [] })).await;
    let credential = world.books.authorize(grant()).await.unwrap();
    assert_eq!(credential.0.expose_secret(), r#"{"refresh_token":"refresh-9"}"#);
    assert!(world.books.organizations(&credential).await.unwrap().is_empty());

    let body = json!({
        "client_id": "1000.CLIENT",
        "client_secret": "client-secret",
        "email": "ada@finance.example",
        "zsc_key": "zsc-key",
    });
    assert_eq!(world.calls().await[0], (format!("POST {EXCHANGE}"), body));
    let requests = world.server.received_requests().await.unwrap();
    assert!(!requests[0].headers.contains_key("Authorization"));
}

#[tokio::test]
async fn a_refused_key_fails_alike_whatever_part_is_wrong() {
    let mut messages = Vec::new();
    for (status, body) in [
        (200, json!({ "error": "invalid_code" })),
        (400, json!({ "code": 4, "message": "no such e-mail" })),
        (401, json!({ "code": 57, "message": "wrong key" })),
        (404, json!({ "code": 1002, "message": "no such user" })),
    ] {
        let world = World::start().await;
        world.answer("POST", EXCHANGE, status, body).await;
        let failure = failure(world.books.authorize(grant()).await);
        assert_eq!(failure.kind, FailureKind::Unauthorized);
        assert_eq!((failure.remote_code, failure.remote_message), (None, None));
        messages.push(failure.message);
    }
    messages.dedup();
    assert_eq!(messages.len(), 1);
}

#[tokio::test]
async fn an_exchange_that_fails_is_not_a_refused_key() {
    let world = World::start().await;
    world.answer("POST", EXCHANGE, 503, json!({})).await;
    assert_eq!(failure(world.books.authorize(grant()).await).kind, FailureKind::Unavailable);
}

#[tokio::test]
async fn organizations_come_with_what_they_declare() {
    let world = World::start().await;
    let rows = json!([
        { "organization_id": 10, "name": "North", "currency_code": "NOK", "country": "Norway", "time_zone": "Europe/Oslo" },
        { "organization_id": "20", "name": "", "currency_code": "USD", "country": "" },
        { "organization_id": "30", "name": "Plain", "currency_code": "JPY", "time_zone": null },
    ]);
    world.answer("GET", "/books/v3/organizations", 200, json!({ "code": 0, "organizations": rows })).await;
    for (id, status, body) in [
        ("10", 200, json!({ "code": 0, "capabilities": { "crm_link": true } })),
        ("20", 404, json!({ "code": 5, "message": "Invalid URL Passed" })),
        ("30", 501, json!({ "code": 501, "message": "not implemented" })),
    ] {
        Mock::given(method("GET"))
            .and(path("/integration/v1/capabilities"))
            .and(query_param("organization_id", id))
            .respond_with(ResponseTemplate::new(status).set_body_json(body))
            .mount(&world.server)
            .await;
    }
    let organizations = world.books.organizations(&world.connection.credential).await.unwrap();
    let told: Vec<_> = organizations
        .iter()
        .map(|it| {
            (
                it.remote_id.as_str(),
                it.name.as_str(),
                it.base_currency_code.as_str(),
                it.country.as_deref(),
                it.time_zone.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("10", "North", "NOK", Some("Norway"), Some("Europe/Oslo")),
            ("20", "20", "USD", None, None),
            ("30", "Plain", "JPY", None, None),
        ]
    );
    let declared: Vec<_> = organizations.into_iter().map(|it| it.capabilities).collect();
    assert_eq!(declared, [json!({ "crm_link": true }), json!({}), json!({})]);
}

#[tokio::test]
async fn capabilities_that_cannot_be_read_are_not_taken_for_none() {
    let world = World::start().await;
    let rows = json!([{ "organization_id": "10", "name": "North", "currency_code": "NOK" }]);
    world.answer("GET", "/books/v3/organizations", 200, json!({ "code": 0, "organizations": rows })).await;
    world
        .answer("GET", "/integration/v1/capabilities", 500, json!({ "code": 1000, "message": "oops" }))
        .await;
    let outcome = world.books.organizations(&world.connection.credential).await;
    assert_eq!(failure(outcome).kind, FailureKind::Unavailable);
}
