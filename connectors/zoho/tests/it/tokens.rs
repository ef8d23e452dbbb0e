//! Access tokens: shared, renewed once, and never in a loop.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use finbridge_contract::{
    Budget, Connector, Credential, Failure, FailureKind, IssuedToken, Limit, Permit, RenewalRight,
    TokenLookup, TokenStore,
};
use secrecy::SecretString;
use serde_json::json;
use tokio::sync::Notify;
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

/// What other processes know: a token that may be refused by now, or none.
#[derive(Debug, Default)]
struct Store {
    known: Option<&'static str>,
    looked: Notify,
    abandoned: AtomicUsize,
}

#[async_trait]
impl TokenStore for Store {
    async fn look_up(&self, refused: Option<&SecretString>) -> Result<TokenLookup, Failure> {
        self.looked.notify_one();
        Ok(match self.known {
            Some(token) if refused.is_none() => TokenLookup::Known(IssuedToken {
                text: token.to_owned().into(),
                renew_at: "2026-01-05T13:00:00Z".parse().unwrap(),
            }),
            _ => TokenLookup::Renew(RenewalRight("right".to_owned())),
        })
    }

    async fn renewed(&self, _right: &RenewalRight, _token: &IssuedToken) {}

    async fn not_renewed(&self, _right: &RenewalRight, _failure: &Failure) -> Option<Duration> {
        None
    }

    fn abandoned(&self, _right: &RenewalRight) {
        self.abandoned.fetch_add(1, Ordering::Relaxed);
    }
}

/// Lets somebody else call between the refusal of a token and its renewal.
struct Meddler {
    world: Arc<World>,
    admitted: AtomicUsize,
}

impl fmt::Debug for Meddler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Meddler")
    }
}

#[async_trait]
impl Budget for Meddler {
    async fn admit(&self) -> Result<Permit, Failure> {
        if self.admitted.fetch_add(1, Ordering::Relaxed) == 1 {
            self.world.customers().fetch(&self.world.connection, "47").await?;
        }
        Ok(Permit::free())
    }

    async fn answered(&self, _per_day: Option<u32>) {}

    async fn unanswered(&self, _failure: &Failure) {}

    async fn exceeded(&self, _limit: Limit, _retry_after: Option<Duration>) -> Option<Duration> {
        None
    }
}

#[tokio::test]
async fn a_refused_token_that_somebody_else_brings_back_is_not_used_again() {
    let mut world = World::start().await;
    world.connection.tokens = Arc::new(Store { known: Some("token-0"), ..Store::default() });
    accept_only(&world, "token-1").await;
    world.answer("GET", "/books/v3/contacts/47", 200, contact_answer(contact("47", "Ada"))).await;
    let world = Arc::new(world);
    let mut connection = world.connection.clone();
    connection.budget = Arc::new(Meddler { world: Arc::clone(&world), admitted: AtomicUsize::new(0) });
    world.customers().fetch(&connection, "46").await.unwrap();
    assert_eq!(world.token_requests().await.len(), 1);
}

#[tokio::test]
async fn who_gives_up_during_a_renewal_gives_the_right_back() {
    let mut world = World::start().await;
    world.issue("token-2", 3600).await;
    let store = Arc::new(Store::default());
    world.connection.tokens = store.clone();
    tokio::select! {
        biased;
        _ = world.customers().fetch(&world.connection, "46") => panic!("it cannot be done yet"),
        () = store.looked.notified() => {}
    }
    assert_eq!(store.abandoned.load(Ordering::Relaxed), 1);
    world.answer("GET", CONTACT, 200, contact_answer(contact("46", "Acme"))).await;
    world.customers().fetch(&world.connection, "46").await.unwrap();
    assert_eq!(store.abandoned.load(Ordering::Relaxed), 1, "that one came to its end");
}
