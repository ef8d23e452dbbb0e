//! What finance apps are asked: never more than they take, by one token, and not at all while they do not answer.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use finbridge::app::App;
use finbridge::config::Config;
use finbridge_contract::{Connection, Failure, FailureKind};
use finbridge_domain::record::RecordKind;
use finbridge_emulator::{FaultAction, FaultRule, JournalEntry, Limits};
use finbridge_sync::budget::Priority;
use finbridge_sync::worker;
use finbridge_tests::{Backend, TestWorld, both_databases};
use sea_orm::prelude::Uuid;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::support::settings;

const STATE: &str = "query($id: ID!) { integration(id: $id) { connectionState {
  circuit openedAt retryAt reason isReconnectNeeded closedUntil closedBy minute { limit used left } day { limit used left } } } }";

async fn state(world: &TestWorld, integration: &str) -> Value {
    world.data(STATE, json!({ "id": integration })).await["integration"]["connectionState"].take()
}

fn uuid(id: &str) -> Uuid {
    id.parse::<finbridge_domain::NodeId>().expect("an id").uuid
}

/// Calls that the limits of the finance organization count.
fn counted(world: &TestWorld) -> Vec<JournalEntry> {
    let mut calls = world.emulator.journal();
    calls.retain(|entry| !entry.path.starts_with("/oauth") && entry.organization_id.is_some());
    calls
}

/// The most calls in any sixty seconds.
fn densest(calls: &[JournalEntry]) -> usize {
    let times: Vec<DateTime<Utc>> = calls.iter().map(|entry| entry.time).collect();
    let within = |end: &DateTime<Utc>| {
        times.iter().filter(|time| **time <= *end && *end - **time < TimeDelta::seconds(60)).count()
    };
    times.iter().map(within).max().unwrap_or_default()
}

/// The vendor's limits.
fn limited(config: &mut Config) {
    config.books.requests_per_minute = 100;
    config.books.requests_per_day = 10_000;
    config.books.concurrent_requests = 10;
    config.books.token_renewals = 9;
}

/// Moves the clock, whenever nobody has anything to do, until every one of these runs has ended.
async fn all_ended(world: &TestWorld, runs: &[String], step: TimeDelta) -> Vec<Value> {
    for _ in 0..2_000 {
        let before = world.emulator.journal().len();
        let mut ended = Vec::new();
        for run in runs {
            let now = world.run_when(run, |_| true).await;
            if !["QUEUED", "RUNNING"].contains(&now["state"].as_str().expect("a state")) {
                ended.push(now);
            }
        }
        if ended.len() == runs.len() {
            return ended;
        }
        tokio::time::sleep(Duration::from_millis(60)).await;
        if world.emulator.journal().len() == before {
            world.advance(step);
        }
    }
    panic!("the runs did not end");
}

async fn vendor(world: &TestWorld, name: &str) {
    let query =
        "mutation($name: String!) { vendorCreate(input: { name: $name }) { userErrors { message } } }";
    let data = world.data(query, json!({ "name": name })).await;
    assert_eq!(data["vendorCreate"]["userErrors"], json!([]));
}

async fn two_engines(backend: Backend) {
    let world = TestWorld::start_with(backend, limited).await;
    let stop = CancellationToken::new();
    let second = tokio::spawn(worker::run(world.replica().await.engine, stop.clone()));
    let integration = world.connect().await;
    for n in 0..55 {
        world.account(&format!("Account {n}")).await;
        vendor(&world, &format!("Vendor {n}")).await;
    }
    world.emulator.set_limits(Limits::real()).expect("the limits are right");
    world.emulator.clear_journal();
    let customers = world.configure(&integration, "SKIP", true).await.expect("a run");
    let vendors = "module: VENDORS, direction: FETCH_FROM_CRM, duplicatePolicy: SKIP";
    let vendors = settings(&world, &integration, vendors, true).await.expect("a run");
    let runs = all_ended(&world, &[customers, vendors], TimeDelta::seconds(2)).await;
    for run in &runs {
        assert_eq!((&run["state"], &run["totals"]["added"]), (&json!("SUCCEEDED"), &json!(55)), "{run:#}");
    }
    let calls = counted(&world);
    let refused: Vec<_> = calls.iter().filter(|entry| entry.status == Some(429)).collect();
    assert!(refused.is_empty(), "{refused:#?}");
    assert!(calls.len() > 200, "{} calls are too few to need a second minute", calls.len());
    let densest = densest(&calls);
    assert!(densest <= 100, "{densest} calls in a minute");
    let state = state(&world, &integration).await;
    assert_eq!(
        (&state["minute"]["limit"], &state["day"]["limit"]),
        (&json!(100), &json!(10_000)),
        "{state:#}"
    );
    let used = state["day"]["used"].as_u64().expect("a number");
    assert!(used >= calls.len() as u64, "{used} of {}", calls.len());
    stop.cancel();
    second.await.expect("the second worker ends in peace");
    world.emulator.set_limits(Limits::off()).expect("the limits are right");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn x17_two_engines_together_never_exceed_the_rolling_minute_sqlite() {
    two_engines(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn x17_two_engines_together_never_exceed_the_rolling_minute_postgres() {
    two_engines(Backend::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_part_of_every_limit_is_kept_back_for_people_and_what_is_not_used_goes_back() {
    let world = TestWorld::start_with(Backend::Sqlite, |config| {
        limited(config);
        config.books.requests_per_minute = 20;
    })
    .await;
    let integration = world.connect().await;
    let id = uuid(&integration);
    let engine = &world.app.engine;
    let open = async |priority| {
        let remote = engine.remote_for(&engine.db, world.viewer.organization_id, id, priority).await;
        remote.expect("it is connected").connection
    };
    let background = open(Priority::Background).await;
    for n in 0..19 {
        drop(background.budget.admit().await.unwrap_or_else(|failure| panic!("{n}: {failure}")));
    }
    let refused = background.budget.admit().await.err().expect("the rest is kept back");
    assert!(refused.is_transient(), "{refused}");
    let person = open(Priority::Person).await;
    drop(person.budget.admit().await.expect("it was kept back for people"));
    assert!(person.budget.admit().await.is_err(), "now the minute is full");
    assert_eq!(state(&world, &integration).await["minute"], json!({ "limit": 20, "used": 20, "left": 0 }));
    world.advance(TimeDelta::seconds(62));
    drop(background.budget.admit().await.expect("a minute has passed"));
    // Ten were taken and one was used; the others go back once nobody wants them.
    world.advance(TimeDelta::seconds(3));
    for _ in 0..200 {
        if state(&world, &integration).await["minute"]["used"] == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(state(&world, &integration).await["minute"]["used"], 1);
    assert_eq!(state(&world, &integration).await["day"]["used"], 21);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_that_asks_to_wait_is_not_asked_by_anybody() {
    let world = TestWorld::start_with(Backend::Sqlite, limited).await;
    let integration = world.connect().await;
    world.configure(&integration, "SKIP", false).await;
    world.account("Acme").await;
    let refusal = FaultAction::Respond {
        status: 429,
        body: json!({ "code": 45, "message": "The API call for this organization has exceeded the maximum call rate limit of 1,000." }),
        headers: Default::default(),
    };
    world.emulator.fault(FaultRule::new(refusal).path_contains("/books/v3").count(1));
    let run = world.start_run(&integration).await;
    let begun = std::time::Instant::now();
    while state(&world, &integration).await["closedBy"] != "DAY" {
        assert!(begun.elapsed() < Duration::from_secs(60), "the refusal is not noted");
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    world.emulator.clear_journal();
    // Another process learns of it from the database.
    let other = world.replica().await.engine;
    let remote = other
        .remote(&other.db, world.viewer.organization_id, uuid(&integration))
        .await
        .expect("it is connected");
    assert!(remote.connection.budget.admit().await.is_err());
    assert_eq!(counted(&world).len(), 0);
    world.advance(TimeDelta::hours(25));
    assert_eq!(world.ended(&run).await["totals"]["added"], 1);
    world.finish().await;
}

async fn fetch(app: &App, connection: &Connection) {
    let connector = app.engine.connectors.get("books").expect("Books is there");
    let customers = connector.records(RecordKind::Customer).expect("it has customers");
    customers.list_changed(connection, None).await.expect("a page");
}

async fn connection(world: &TestWorld, app: &App, integration: &str) -> Connection {
    let engine = &app.engine;
    let remote = engine.remote(&engine.db, world.viewer.organization_id, uuid(integration)).await;
    remote.expect("it is connected").connection
}

fn renewals(world: &TestWorld) -> usize {
    world.emulator.journal().iter().filter(|entry| entry.path == "/oauth/v2/token").count()
}

async fn one_token(backend: Backend) {
    let world = TestWorld::start_with(backend, limited).await;
    let integration = world.connect().await;
    let (first, second) = (Arc::new(world.replica().await), Arc::new(world.replica().await));
    world.emulator.clear_journal();
    let (a, b) =
        tokio::join!(connection(&world, &first, &integration), connection(&world, &second, &integration));
    tokio::join!(fetch(&first, &a), fetch(&second, &b), fetch(&first, &a), fetch(&second, &b));
    assert_eq!(renewals(&world), 1, "one of them renews it, and the other uses what that one got");

    // A token that is refused is renewed once, by whoever notices first.
    let refused = || {
        let body = json!({ "code": 57, "message": "You are not authorized to perform this operation" });
        let action = FaultAction::Respond { status: 401, body, headers: Default::default() };
        world.emulator.fault(FaultRule::new(action).path_contains("/books/v3").count(1));
    };
    refused();
    fetch(&first, &a).await;
    assert_eq!(renewals(&world), 2);
    refused();
    fetch(&second, &b).await;
    assert_eq!(renewals(&world), 2, "the other one had a new token already");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_share_one_access_token_on_sqlite() {
    one_token(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_share_one_access_token_on_postgres() {
    one_token(Backend::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_gives_up_while_trying_an_app_that_rested_lets_the_next_one_try() {
    let world = TestWorld::start_with(Backend::Sqlite, limited).await;
    let integration = world.connect().await;
    let first = connection(&world, &world.app, &integration).await;
    let lost = Failure::new(FailureKind::Unavailable, "nobody answers");
    for _ in 0..4 {
        first.budget.unanswered(&lost).await;
    }
    assert_eq!(state(&world, &integration).await["circuit"], "OPEN");
    world.advance(TimeDelta::seconds(16));
    let trying = first.budget.admit().await.expect("one may try");
    assert!(first.budget.admit().await.is_err(), "the others wait for what it finds");
    drop(trying);
    // The clock stands, so nobody's time is over.
    let begun = std::time::Instant::now();
    loop {
        let next = connection(&world, &world.app, &integration).await;
        if let Ok(trying) = next.budget.admit().await {
            next.budget.answered(None).await;
            drop(trying);
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "nobody may try any more");
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    assert_eq!(state(&world, &integration).await["circuit"], "CLOSED");
    world.finish().await;
}

both_databases! {
    async fn an_app_that_does_not_answer_is_left_alone_and_nobody_fails_for_it(world: &TestWorld) {
        let integration = world.connect().await;
        world.configure(&integration, "SKIP", false).await;
        world.account("Acme").await;
        assert_eq!(state(world, &integration).await["circuit"], "CLOSED");
        world.emulator.fault(FaultRule::new(FaultAction::CloseBeforeCommit).path_contains("/integration/v1"));
        let run = world.start_run(&integration).await;
        let mut open = Value::Null;
        for _ in 0..200 {
            open = state(world, &integration).await;
            if open["circuit"] == "OPEN" {
                break;
            }
            world.advance(TimeDelta::seconds(2));
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(open["circuit"], "OPEN", "{open:#}");
        assert!(open["reason"].is_string() && open["retryAt"].is_string() && open["openedAt"].is_string(), "{open:#}");
        assert_eq!(open["isReconnectNeeded"], false);

        // Nobody asks, neither for the run nor for a person, who is told.
        world.emulator.clear_journal();
        let query = "query($id: ID!) { syncPlan(integrationId: $id, module: CUSTOMERS) { items(first: 5) { nodes { recordName } } } }";
        let plan = world.send(query, json!({ "id": integration })).await;
        assert_eq!(plan["errors"][0]["extensions"]["code"], "UNAVAILABLE", "{plan:#}");
        assert_eq!(world.emulator.journal().len(), 0);
        assert_eq!(world.run_when(&run, |_| true).await["state"], "RUNNING", "it waits");

        // Half an hour of outage opens it again and again, and fails no run.
        for _ in 0..90 {
            world.advance(TimeDelta::seconds(20));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(world.run_when(&run, |_| true).await["state"], "RUNNING", "it still waits");
        world.emulator.clear_faults();
        let ended = all_ended(world, &[run], TimeDelta::seconds(20)).await;
        assert_eq!((&ended[0]["state"], &ended[0]["totals"]["added"]), (&json!("SUCCEEDED"), &json!(1)), "{ended:#?}");
        let closed = state(world, &integration).await;
        assert_eq!((&closed["circuit"], &closed["reason"], &closed["retryAt"]), (&json!("CLOSED"), &Value::Null, &Value::Null));
    }
}
