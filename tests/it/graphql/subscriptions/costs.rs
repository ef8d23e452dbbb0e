//! What subscriptions cost, and what bounds the execution of their events.

use finbridge::config::Limits;
use finbridge_tests::{Backend, TestWorld};
use sea_orm::{ConnectionTrait, TransactionTrait};
use serde_json::{Value, json};

use super::super::{Server, db};
use super::{Socket, code, ready, server};

async fn limited(world: &TestWorld, limits: Limits) -> Server {
    server(world, |config| config.limits = limits).await
}

/// What the token still has, which costs two points to ask.
async fn available(world: &TestWorld, server: &Server) -> u64 {
    let request = world.http().post(format!("{}/graphql", server.url)).bearer_auth(&world.token);
    let request = request.json(&json!({ "query": "{ viewer { user { id } } }" }));
    let answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
    let status = &answer["extensions"]["cost"]["throttleStatus"];
    status["currentlyAvailable"].as_u64().unwrap_or_else(|| panic!("no cost in {answer:#}")) + 2
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscription_pays_for_what_its_events_hold_and_nothing_twice() {
    let world = TestWorld::start(Backend::Sqlite).await;
    let limits = Limits { cost_bucket: 100, cost_per_request: 50, cost_restore: 1, ..Limits::default() };
    let server = limited(&world, limits).await;
    let integration = ready(&world, 2, 0).await;
    let run = world.start_run(&integration).await;
    world.ended(&run).await;
    let mut socket = Socket::signed_in(&server.url, &world.token).await;

    let items = "subscription($run: ID!, $after: String) { syncRunProgress(runId: $run, after: $after) {
        cursor run { items(first: 40) { nodes { id } } } } }";
    socket.subscribe("a", items, json!({ "run": run })).await;
    let (events, end) = socket.heard_out("a").await;
    assert_eq!((events.len(), end["type"].as_str()), (1, Some("complete")), "{events:#?}");
    let state = &events[0]["data"]["syncRunProgress"];
    let nodes = state["run"]["items"]["nodes"].as_array().expect("items").len() as u64;
    assert!((1..40).contains(&nodes), "{state:#}");
    let left = available(&world, &server).await;
    assert_eq!(left, 100 - (3 + nodes), "one event, by its objects");

    let mut left = left - 2;
    for (invalid, why) in [
        ("subscription { syncRunProgress { run { items(first: 40) { nodes { id } } } } }", "no run is named"),
        (
            "subscription($run: ID!) { syncRunProgress(runId: $run) { cursor }
               more: syncRunProgress(runId: $run) { run { items(first: 40) { nodes { id } } } } }",
            "two root fields",
        ),
    ] {
        socket.subscribe("b", invalid, json!({ "run": run })).await;
        let (_, end) = socket.heard_out("b").await;
        assert_eq!(code(&end), "GRAPHQL_VALIDATION_FAILED", "{why}");
        let now = available(&world, &server).await;
        assert_eq!(now, left - 1, "a point for what is not valid: {why}");
        left = now - 2;
    }

    let after = json!({ "run": run, "after": state["cursor"] });
    socket.subscribe("c", items, after).await;
    let (events, end) = socket.heard_out("c").await;
    assert_eq!((events.len(), end["type"].as_str()), (0, Some("complete")), "{events:#?}");
    assert_eq!(available(&world, &server).await, left - 1, "a point where no event came");
    server.finish().await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_ends_when_its_token_has_no_points_left() {
    let world = TestWorld::start(Backend::Sqlite).await;
    let limits = Limits { cost_bucket: 5, cost_per_request: 5, cost_restore: 1, ..Limits::default() };
    let server = limited(&world, limits).await;
    let integration = ready(&world, 8, 400).await;
    let run = world.start_run(&integration).await;
    let query = "subscription($run: ID!) { syncRunProgress(runId: $run) { cursor run { state } } }";
    let mut socket = Socket::signed_in(&server.url, &world.token).await;
    socket.subscribe("a", query, json!({ "run": run })).await;
    let (events, end) = socket.heard_out("a").await;
    assert_eq!((events.len(), code(&end)), (2, "THROTTLED"), "two points each: {events:#?}");
    let extensions = &end["payload"][0]["extensions"];
    assert_eq!(extensions["retryAfterSeconds"], 1, "{end:#}");
    assert_eq!(extensions["cost"]["throttleStatus"]["currentlyAvailable"], 1, "{end:#}");
    world.ended(&run).await;
    server.finish().await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_takes_a_place_and_is_given_up_when_it_takes_too_long() {
    let world = TestWorld::start(Backend::Postgres).await;
    let limits = Limits { execution_seconds: 3, concurrent_requests: 1, ..Limits::default() };
    let server = limited(&world, limits).await;
    let integration = ready(&world, 1, 0).await;
    let run = world.start_run(&integration).await;
    world.ended(&run).await;
    let query = "subscription($run: ID!) { syncRunProgress(runId: $run) { run { integration { id } } } }";
    let mut socket = Socket::signed_in(&server.url, &world.token).await;

    let lock = db(&world).begin().await.expect("a transaction");
    lock.execute_unprepared("LOCK TABLE integration IN ACCESS EXCLUSIVE MODE").await.expect("a lock");
    socket.subscribe("a", query, json!({ "run": run })).await;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    let request = world.http().post(format!("{}/graphql", server.url)).bearer_auth(&world.token);
    let request = request.json(&json!({ "query": "{ viewer { user { id } } }" }));
    let answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
    assert_eq!(answer["errors"][0]["extensions"]["limit"], "CONCURRENT_REQUESTS", "{answer:#}");
    let (events, end) = socket.heard_out("a").await;
    assert_eq!((events.len(), code(&end)), (0, "UNAVAILABLE"), "{events:#?}");
    assert_eq!(end["payload"][0]["extensions"]["limit"], "EXECUTION_TIME", "{end:#}");
    lock.rollback().await.expect("the lock is given back");

    socket.subscribe("b", query, json!({ "run": run })).await;
    let (events, end) = socket.heard_out("b").await;
    assert_eq!((events.len(), end["type"].as_str()), (1, Some("complete")), "{end:#}");
    server.finish().await;
    world.finish().await;
}
