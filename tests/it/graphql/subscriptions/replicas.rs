//! Several servers on one database, servers that stop, and servers that die.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use finbridge::http::GraphiqlPage;
use finbridge_emulator::{FaultAction, FaultRule};
use finbridge_tests::{Backend, TestWorld, both_databases};
use sea_orm::ConnectionTrait;
use serde_json::json;

use super::super::Server;
use super::{PROGRESS, Socket, ready, server};

/// Well below the time after which watchers look by themselves.
const PROMPTLY: Duration = Duration::from_secs(6);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_on_one_server_is_watched_on_another() {
    let world = TestWorld::start(Backend::Postgres).await;
    let integration = ready(&world, 8, 0).await;
    let replica = Server::start(world.replica().await, GraphiqlPage::default()).await;
    // Long enough for the watcher to have nothing to do but wait for word.
    world.emulator.fault(
        FaultRule::new(FaultAction::Delay { ms: 2_500 })
            .method("POST")
            .path_contains("/import")
            .skip(4)
            .count(4),
    );
    let run = world.start_run(&integration).await;
    let mut socket = Socket::signed_in(&replica.url, &world.token).await;
    socket.subscribe("s", PROGRESS, json!({ "run": run })).await;
    let watched = tokio::spawn(async move {
        let (events, end) = socket.heard_out("s").await;
        (events, end, Instant::now())
    });
    world.ended(&run).await;
    let ended = Instant::now();
    let (events, end, heard) = watched.await.unwrap();
    assert_eq!(end["type"], "complete", "{end:#}");
    let last = &events.last().expect("states")["data"]["syncRunProgress"];
    assert_eq!((&last["run"]["state"], &last["done"]), (&json!("SUCCEEDED"), &json!(8)));
    assert!(events.len() >= 3, "{events:#?}");
    assert!(heard.saturating_duration_since(ended) < PROMPTLY, "the end was heard late");
    replica.finish().await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listener_that_is_cut_off_comes_back_and_nothing_is_missed() {
    let world = TestWorld::start(Backend::Postgres).await;
    let integration = ready(&world, 4, 0).await;
    world.emulator.fault(
        FaultRule::new(FaultAction::Delay { ms: 3_000 })
            .method("POST")
            .path_contains("/import")
            .skip(1)
            .count(3),
    );
    let run = world.start_run(&integration).await;
    let mut socket = Socket::signed_in(&world.url, &world.token).await;
    socket.subscribe("s", PROGRESS, json!({ "run": run })).await;
    socket.state().await;
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'";
    let begun = Instant::now();
    let db = &world.app.engine.db;
    while db.execute_unprepared(cut).await.unwrap().rows_affected() == 0 {
        assert!(begun.elapsed() < PROMPTLY, "nobody listens");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let watched = tokio::spawn(async move { (socket.heard_out("s").await, Instant::now()) });
    world.ended(&run).await;
    let ended = Instant::now();
    let ((events, end), heard) = watched.await.unwrap();
    assert_eq!(
        (&end["type"], &events.last().expect("states")["data"]["syncRunProgress"]["done"]),
        (&json!("complete"), &json!(4))
    );
    assert!(heard.saturating_duration_since(ended) < PROMPTLY, "the end was heard late");
    world.finish().await;
}

both_databases! {
    async fn a_server_that_stops_says_so_and_another_goes_on_from_the_cursor(world: &TestWorld) {
        let integration = ready(world, 12, 250).await;
        let first = server(world, |_| {}).await;
        let run = world.start_run(&integration).await;
        let mut socket = Socket::signed_in(&first.url, &world.token).await;
        let mut idle = Socket::connect(&first.url).await;
        socket.subscribe("s", PROGRESS, json!({ "run": run })).await;
        let seen = socket.state().await;
        let begun = Instant::now();
        first.finish().await;
        assert!(begun.elapsed() < Duration::from_secs(4), "stopping took {:?}", begun.elapsed());
        for socket in [&mut socket, &mut idle] {
            let (code, reason) = socket.closed().await;
            assert_eq!((code, reason.contains("stops")), (1001, true));
        }
        let second = server(world, |_| {}).await;
        let mut socket = Socket::signed_in(&second.url, &world.token).await;
        socket.subscribe("s", PROGRESS, json!({ "run": run, "after": seen["cursor"] })).await;
        let (events, _) = socket.heard_out("s").await;
        let cursors: Vec<_> = events.iter().map(|event| event["data"]["syncRunProgress"]["cursor"].as_str().unwrap()).collect();
        assert!(cursors.iter().all(|cursor| *cursor > seen["cursor"].as_str().unwrap()), "{cursors:?}");
        assert_eq!(events.last().expect("states")["data"]["syncRunProgress"]["run"]["state"], "SUCCEEDED");
        second.finish().await;
    }

    async fn a_run_that_waits_or_changes_hands_is_watched_on(world: &TestWorld) {
        let integration = ready(world, 6, 0).await;
        world.emulator.fault(FaultRule::new(FaultAction::Hang { ms: 1_500 }).method("POST").path_contains("/import").skip(2).count(1));
        let run = world.start_run(&integration).await;
        let mut socket = Socket::signed_in(&world.url, &world.token).await;
        socket.subscribe("s", PROGRESS, json!({ "run": run })).await;
        world.run_when(&run, |run| run["totals"]["added"].as_i64() >= Some(1)).await;
        // By the clock the worker is dead: its lease is over, and another one takes the run.
        world.advance(TimeDelta::seconds(31));
        tokio::time::sleep(Duration::from_millis(700)).await;
        world.advance(TimeDelta::seconds(31));
        let (events, end) = socket.heard_out("s").await;
        let last = &events.last().expect("states")["data"]["syncRunProgress"];
        assert_eq!((&end["type"], &last["run"]["state"], &last["done"], &last["totals"]["pending"]), (&json!("complete"), &json!("SUCCEEDED"), &json!(6), &json!(0)), "{last:#}");
        for pair in events.windows(2) {
            let cursor = |n: usize| pair[n]["data"]["syncRunProgress"]["cursor"].as_str().unwrap();
            assert!(cursor(0) < cursor(1), "{pair:#?}");
        }
    }
}
