//! A worker that dies in the middle: another finishes its run, once.

use std::time::Duration;

use chrono::TimeDelta;
use finbridge_emulator::{FaultAction, FaultRule};
use finbridge_sync::job::Jobs;
use finbridge_sync::queue::Dispatcher;
use finbridge_tests::both_databases;
use serde_json::json;
use tokio_util::sync::CancellationToken;

both_databases! {
    async fn a_run_whose_worker_vanished_is_finished_by_another(world: &TestWorld) {
        let integration = world.connect().await;
        world.configure(&integration, "SKIP", false).await;
        for n in 0..12 {
            world.account(&format!("Account {n}")).await;
        }
        // The world's own worker is held up at the first record; a second one, dropped in mid-flight, stands for the dead.
        world.emulator.fault(FaultRule::new(FaultAction::Hang { ms: 1_500 }).method("POST").path_contains("/import").skip(3).count(4));
        let run = world.start_run(&integration).await;
        world.run_when(&run, |run| run["totals"]["added"].as_i64() >= Some(2)).await;

        // By the clock the lease is over, so another worker takes the run while the first still hangs.
        world.advance(TimeDelta::seconds(31));
        let uuid = run.parse::<finbridge_domain::NodeId>().unwrap().uuid;
        let payload = json!({ "organization_id": world.viewer.organization_id, "run_id": uuid });
        let second = Jobs::new(world.app.engine.clone(), CancellationToken::new());
        second.dispatch("sync.continue_run", payload).await.expect("it goes on");

        world.advance(TimeDelta::seconds(31));
        let ended = world.ended(&run).await;
        assert_eq!((&ended["state"], &ended["totals"]["added"], &ended["totals"]["planned"]), (&json!("SUCCEEDED"), &json!(12), &json!(12)), "{ended:#}");
        assert_eq!(world.contacts().await.len(), 12);
        // The slow worker wakes up, finds everything done and changes nothing.
        tokio::time::sleep(Duration::from_millis(1_700)).await;
        let later = world.ended(&run).await;
        assert_eq!(later["totals"], ended["totals"]);
        assert_eq!(world.contacts().await.len(), 12);
    }

    async fn a_worker_that_is_told_to_stop_stops_at_a_record_and_leaves_the_rest(world: &TestWorld) {
        let integration = world.connect().await;
        world.configure(&integration, "SKIP", false).await;
        for n in 0..10 {
            world.account(&format!("Account {n}")).await;
        }
        world.emulator.fault(FaultRule::new(FaultAction::Delay { ms: 50 }).method("POST").path_contains("/import"));
        let run = world.start_run(&integration).await;
        let ended = world.ended(&run).await;
        assert_eq!(ended["totals"]["added"], 10);
        // Going on with a run that ended does nothing.
        let uuid = run.parse::<finbridge_domain::NodeId>().unwrap().uuid;
        let payload = json!({ "organization_id": world.viewer.organization_id, "run_id": uuid });
        let jobs = Jobs::new(world.app.engine.clone(), CancellationToken::new());
        world.emulator.clear_journal();
        jobs.dispatch("sync.continue_run", payload).await.expect("nothing to do");
        assert_eq!(world.emulator.journal().len(), 0);
    }
}
