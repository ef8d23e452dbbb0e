//! Access tokens: shared, renewed once, and never in a loop.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use finbridge_contract::{Connector, Credential, FailureKind};
use serde_json::json;
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, ResponseTemplate};

use crate::support::{World, contact, contact_answer, failure};

const CONTACT: &str = "/books/v3/contacts/46";

fn expired() -> ResponseTemplate {
    let body = json!({ "code": 57, "message": "You are not authorized to perform this operation" });
    ResponseTemplate::new(401).set_body_json(body)
}

/// Answers the contact to holders of this token and a slow 401 to holders of any other.
async fn accept_only(world: &World, token: &str) {
    Mock::given(method("GET"))
        .and(path(CONTACT))
        .and(header("Authorization", format!("Zoho-oauthtoken {token}")))
        .respond_with(ResponseTemplate::new(200).set_body_json(contact_answer(contact("46", "Acme"))))
        .mount(&world.server)
        .await;
    Mock::given(method("GET"))
        .and(path(CONTACT))
        .respond_with(expired().set_delay(Duration::from_millis(50)))
        .with_priority(9)
        .mount(&world.server)
        .await;
}

async fn fetch_in_parallel(world: &Arc<World>, callers: usize) {
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..callers {
        let world = Arc::clone(world);
        calls.spawn(async move { world.customers().fetch(&world.connection, "46").await.unwrap() });
    }
    assert_eq!(calls.join_all().await.len(), callers);
}

#[tokio::test]
async fn twenty_callers_without_a_token_ask_for_one() {
    let world = Arc::new(World::start().await);
    accept_only(&world, "token-1").await;
    fetch_in_parallel(&world, 20).await;
    assert_eq!(world.token_requests().await.len(), 1);
}

#[tokio::test]
async fn twenty_callers_whose_token_is_refused_renew_it_once() {
    let world = Arc::new(World::start().await);
    world.issue("token-2", 3600).await;
    Mock::given(method("GET"))
        .and(path(CONTACT))
        .respond_with(ResponseTemplate::new(200).set_body_json(contact_answer(contact("46", "Acme"))))
        .up_to_n_times(1)
        .with_priority(1)
        .mount(&world.server)
        .await;
    fetch_in_parallel(&world, 1).await;
    assert_eq!(world.token_requests().await.len(), 1);

    accept_only(&world, "token-2").await;
    fetch_in_parallel(&world, 20).await;
    assert_eq!(world.token_requests().await.len(), 2);
}

#[tokio::test]
async fn a_token_is_renewed_before_it_expires() {
    let world = World::start().await;
    world.issue("token-2", 3600).await;
    world.answer("GET", CONTACT, 200, contact_answer(contact("46", "Acme"))).await;
    for (minutes, requests) in [(0, 1), (53, 1), (2, 2)] {
        world.clock.advance(TimeDelta::minutes(minutes));
        world.customers().fetch(&world.connection, "46").await.unwrap();
        assert_eq!(world.token_requests().await.len(), requests);
    }
}

#[tokio::test]
async fn a_second_refusal_is_final_and_names_both_remedies() {
    let world = World::start().await;
    world.issue("token-2", 3600).await;
    accept_only(&world, "token-3").await;
    let failure = failure(world.customers().fetch(&world.connection, "46").await);
    assert_eq!(failure.kind, FailureKind::Unauthorized);
    assert_eq!(failure.remote_code.as_deref(), Some("57"));
    for remedy in ["connect the organization again", "scope"] {
        assert!(failure.message.contains(remedy), "{}", failure.message);
    }
    assert_eq!(world.calls().await.len(), 2);
    assert_eq!(world.token_requests().await.len(), 2);
}

#[tokio::test]
async fn the_token_request_carries_the_grant_in_the_body_and_nothing_in_the_address() {
    let world = World::start().await;
    world.answer("GET", CONTACT, 200, contact_answer(contact("46", "Acme"))).await;
    world.customers().fetch(&world.connection, "46").await.unwrap();
    let requests = world.token_requests().await;
    assert_eq!(requests[0].url.query(), None);
    assert_eq!(
        String::from_utf8_lossy(&requests[0].body),
        "grant_type=refresh_token&refresh_token=refresh-1&client_id=1000.CLIENT&client_secret=client-secret"
    );
}

#[tokio::test]
async fn refusals_of_the_token_endpoint_are_told_apart() {
    let limited = FailureKind::RateLimited { retry_after: None };
    let cases = [
        (
            200,
            json!({ "error": "invalid_code" }),
            FailureKind::Unauthorized,
            "connect the organization again",
        ),
        (200, json!({ "error": "invalid_client" }), FailureKind::Unauthorized, "configuration"),
        (400, json!({ "error": "Access Denied", "status": "failure" }), limited, "no more access tokens"),
        (500, json!({}), FailureKind::Unavailable, "HTTP 500"),
        (200, json!({}), FailureKind::Unavailable, "HTTP 200"),
    ];
    for (status, body, kind, words) in cases {
        let world = World::without_tokens().await;
        world.answer("POST", "/oauth/v2/token", status, body.clone()).await;
        // A write, because a failure before it was sent must not read as an unknown outcome.
        let failure = failure(world.customers().remove(&world.connection, "46").await);
        assert_eq!(failure.kind, kind, "{body}");
        assert!(failure.message.contains(words), "{}", failure.message);
        assert!(world.calls().await.is_empty());
    }
}

#[tokio::test]
async fn an_unreadable_credential_asks_to_connect_again() {
    let world = World::start().await;
    let credential = Credential("not json".to_owned().into());
    let failure = failure(world.books.organizations(&credential).await);
    assert_eq!(failure.kind, FailureKind::Unauthorized);
    assert!(world.token_requests().await.is_empty());
}
