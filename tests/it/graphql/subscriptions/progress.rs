//! Watching a run: what comes, in which order, and how one goes on after an interruption.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use finbridge::http::GraphiqlPage;
use finbridge_domain::{NodeId, NodeKind};
use finbridge_emulator::{FaultAction, FaultRule};
use finbridge_migration::{Migrator, MigratorTrait};
use finbridge_sync::outcome;
use finbridge_tests::both_databases;
use sea_orm::ConnectionTrait;
use sea_orm::prelude::Decimal;
use serde_json::{Value, json};

use super::super::{Server, absent, db, organization};
use super::{PROGRESS, Socket, code, ready};

fn cursor(state: &Value) -> &str {
    state["cursor"].as_str().unwrap_or_else(|| panic!("a cursor in {state:#}"))
}

/// Hears the states of a run to its end.
async fn states(socket: &mut Socket, id: &str, run: &str, after: Option<&str>) -> Vec<Value> {
    socket.subscribe(id, PROGRESS, json!({ "run": run, "after": after })).await;
    let (mut events, end) = socket.heard_out(id).await;
    assert_eq!(end["type"], "complete", "{end:#}");
    events.iter_mut().map(|event| event["data"]["syncRunProgress"].take()).collect()
}

fn number(state: &Value, path: &str) -> i64 {
    state.pointer(path).and_then(Value::as_i64).unwrap_or_else(|| panic!("{path} in {state:#}"))
}

both_databases! {
    async fn states_rise_to_the_end_and_say_what_the_run_says(world: &TestWorld) {
        let integration = ready(world, 12, 150).await;
        let mut socket = Socket::signed_in(&world.url, &world.token).await;
        let run = world.start_run(&integration).await;
        let begun = std::time::Instant::now();
        let states = states(&mut socket, "s", &run, None).await;
        let took = begun.elapsed().as_millis();
        let last = states.last().expect("states");
        assert!(states.len() >= 3, "{states:#?}");
        assert!(states.len() as u128 <= took / 200 + 2, "{} states in {took} ms", states.len());
        for pair in states.windows(2) {
            assert!(cursor(&pair[0]) < cursor(&pair[1]), "{pair:#?}");
            assert!(number(&pair[0], "/done") <= number(&pair[1], "/done"), "{pair:#?}");
            // Read with the event, and not kept from the one before.
            assert!(number(&pair[1], "/run/totals/added") >= number(&pair[1], "/totals/added"), "{pair:#?}");
        }
        for state in &states {
            assert_eq!((&state["run"]["id"], &state["run"]["integration"]["app"]["key"]), (&json!(run), &json!("books")));
            let totals = &state["totals"];
            assert_eq!(number(state, "/done"), number(totals, "/planned") - number(totals, "/pending"));
            assert_eq!(state["expected"].is_null(), ["READ", "PLAN"].contains(&state["phase"].as_str().unwrap()), "{state:#}");
        }
        assert_eq!(last["run"]["state"], "SUCCEEDED");
        assert_eq!((&last["phase"], &last["expected"], &last["done"], &last["totals"]["added"]), (&json!("DONE"), &json!(12), &json!(12), &json!(12)));
        assert_eq!(last["run"]["totals"], json!({ "added": 12, "pending": 0 }));
        assert!(states.iter().filter(|state| state["run"]["state"] == "SUCCEEDED").count() == 1, "the end is told once");
    }

    async fn rate_and_end_are_told_by_the_clock_of_the_run(world: &TestWorld) {
        let integration = ready(world, 16, 250).await;
        let run = world.start_run(&integration).await;
        let mut socket = Socket::signed_in(&world.url, &world.token).await;
        socket.subscribe("s", PROGRESS, json!({ "run": run })).await;
        let mut state = socket.state().await;
        while number(&state, "/done") < 4 {
            assert_eq!((&state["ratePerSecond"], &state["estimatedEndAt"]), (&Value::Null, &Value::Null), "no time has passed");
            state = socket.state().await;
        }
        world.advance(TimeDelta::seconds(8));
        while state["ratePerSecond"].is_null() {
            state = socket.state().await;
        }
        let (done, pending) = (number(&state, "/done"), number(&state, "/totals/pending"));
        let rate = (Decimal::from(done) / Decimal::from(8)).round_dp(2).normalize();
        assert_eq!(state["ratePerSecond"], rate.to_string(), "{state:#}");
        if pending > 0 {
            let start: chrono::DateTime<chrono::Utc> = "2026-01-05T12:00:08Z".parse().unwrap();
            let end: chrono::DateTime<chrono::Utc> = state["estimatedEndAt"].as_str().unwrap().parse().unwrap();
            let left = (end - start).num_milliseconds();
            assert!((left - 8_000 * pending / done).abs() <= 1, "{left} ms: {state:#}");
        }
        let (events, _) = socket.heard_out("s").await;
        let last = &events.last().expect("the end")["data"]["syncRunProgress"];
        assert_eq!((&last["ratePerSecond"], &last["estimatedEndAt"]), (&json!("2"), &Value::Null), "{last:#}");
    }

    async fn a_cursor_goes_on_where_it_was_and_never_back(world: &TestWorld) {
        let integration = ready(world, 10, 150).await;
        let run = world.start_run(&integration).await;
        let mut first = Socket::signed_in(&world.url, &world.token).await;
        first.subscribe("s", PROGRESS, json!({ "run": run })).await;
        let seen = first.state().await;
        drop(first);

        let mut second = Socket::signed_in(&world.url, &world.token).await;
        let rest = states(&mut second, "s", &run, Some(cursor(&seen))).await;
        assert!(rest.iter().all(|state| cursor(state) > cursor(&seen)), "{seen:#}\n{rest:#?}");
        let end = rest.last().expect("the end").clone();
        assert_eq!(end["run"]["state"], "SUCCEEDED");

        // The run has ended: whoever has not seen that sees it, whoever has sees nothing more.
        let late = states(&mut second, "late", &run, Some(cursor(&seen))).await;
        assert_eq!((late.len(), &late[0]["cursor"], &late[0]["run"]["state"]), (1, &end["cursor"], &json!("SUCCEEDED")));
        assert_eq!(states(&mut second, "again", &run, Some(cursor(&end))).await, [] as [Value; 0]);
        assert_eq!(states(&mut second, "fresh", &run, None).await, late);

        let other = world.synced(&integration).await;
        let other = other["id"].as_str().unwrap();
        for after in [cursor(&end), "", "nonsense", &cursor(&end)[1..]] {
            second.subscribe("x", PROGRESS, json!({ "run": other, "after": after })).await;
            assert_eq!(code(&second.hear().await), "BAD_USER_INPUT", "{after}");
        }
        let future = format!("{}{:016x}", &cursor(&end)[..32], i64::MAX);
        assert_eq!(states(&mut second, "restored", &run, Some(&future)).await.len(), 1, "a cursor from before a restore");
    }

    async fn the_numbers_kept_are_those_of_the_items_whatever_came_of_them(world: &TestWorld) {
        let integration = ready(world, 7, 0).await;
        let body = json!({ "code": 15, "message": "Please ensure that the contact_name has less than 200 characters." });
        for name in ["Account 2", "Account 5"] {
            let refuse = FaultAction::Respond { status: 400, body: body.clone(), headers: BTreeMap::new() };
            world.emulator.fault(FaultRule::new(refuse).method("PUT").body_contains(name));
        }
        let run = world.start_run(&integration).await;
        let mut socket = Socket::signed_in(&world.url, &world.token).await;
        let states = states(&mut socket, "s", &run, None).await;
        let last = states.last().expect("the end");
        assert_eq!((&last["run"]["state"], &last["totals"]["failed"]), (&json!("PARTIAL"), &json!(2)), "{last:#}");
        let id = run.parse::<NodeId>().unwrap().uuid;
        let tenant = world.viewer.organization_id;
        let counted = outcome::counted(db(world), tenant, id).await.unwrap();
        let kept = outcome::totals(db(world), tenant, &[id]).await.unwrap();
        assert_eq!((kept[&id], counted.failed, counted.added), (counted, 2, 5));

        // The same for runs that were there before numbers were kept.
        for sql in ["DROP TABLE sync_run_progress", "DELETE FROM seaql_migrations WHERE version LIKE '%run_progress'"] {
            db(world).execute_unprepared(sql).await.unwrap();
        }
        Migrator::up(db(world), None).await.unwrap();
        // What a later migration added to the table.
        let later = "ALTER TABLE sync_run_progress ADD COLUMN kept bigint NOT NULL DEFAULT 0";
        db(world).execute_unprepared(later).await.unwrap();
        let kept = outcome::totals(db(world), tenant, &[id]).await.unwrap();
        assert_eq!(kept[&id], counted);
    }

    async fn looking_costs_the_same_however_many_records_there_are(world: &TestWorld) {
        let integration = ready(world, 1, 0).await;
        let mut app = world.app.clone();
        let statements = Arc::new(Mutex::new(Vec::new()));
        let witness = statements.clone();
        app.engine.db.set_metric_callback(move |info| witness.lock().unwrap().push(info.statement.sql.clone()));
        let server = Server::start(app, GraphiqlPage::default()).await;
        let mut socket = Socket::signed_in(&server.url, &world.token).await;
        let query = "subscription($run: ID!) { syncRunProgress(runId: $run) { done totals { planned } run { state totals { planned } } } }";
        let mut looks = async |count: i64| {
            let run = world.synced(&integration).await;
            assert_eq!(run["totals"]["planned"], count);
            statements.lock().unwrap().clear();
            socket.subscribe("s", query, json!({ "run": run["id"] })).await;
            assert_eq!(socket.heard_out("s").await.0.len(), 1);
            std::mem::take(&mut *statements.lock().unwrap())
        };
        let few = looks(1).await;
        for n in 0..40 {
            world.account(&format!("Further account {n}")).await;
        }
        let many = looks(40).await;
        assert_eq!((few.len(), &few), (2, &many), "one look, and the loader of the run's totals");
        assert!(few.iter().all(|sql| !sql.contains("sync_run_item")), "nothing is counted: {few:#?}");
        server.finish().await;
    }

    async fn another_organizations_run_is_not_there(world: &TestWorld) {
        let integration = ready(world, 1, 1).await;
        let run = world.start_run(&integration).await;
        world.ended(&run).await;
        let other = organization(world, "Other", "other@example.com").await;
        let mut socket = Socket::signed_in(&world.url, &other.token).await;
        socket.subscribe("x", PROGRESS, json!({ "run": run })).await;
        let theirs = socket.hear().await;
        assert_eq!(code(&theirs), "BAD_USER_INPUT");
        let nobodys = absent(world, NodeKind::SyncRun);
        socket.subscribe("x", PROGRESS, json!({ "run": nobodys })).await;
        assert_eq!(socket.hear().await["payload"][0]["message"], theirs["payload"][0]["message"]);
    }
}
