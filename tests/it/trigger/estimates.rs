//! Deals that make estimates.

use finbridge_tests::both_databases;
use serde_json::json;

use super::{document, documents, logged, moved, said, sales};

both_databases! {
    async fn r124_chosen_stages_make_an_estimate_accept_it_and_decline_it(world: &TestWorld) {
        let sales = sales(world).await;
        let stages = json!({ "createStageIds": [sales.further], "acceptStageIds": [sales.won], "invalidateStageIds": [sales.lost] });
        sales.trigger(world, "ESTIMATE", stages).await;
        let deal = sales.deal(world, &sales.open, json!({})).await;
        moved(world, &deal, &sales.further).await;
        moved(world, &deal, &sales.won).await;
        let log = logged(world, &deal, 3).await;
        let said: Vec<_> = log.iter().map(said).collect();
        assert_eq!(said, [("NONE", "SKIPPED", "STAGE_NOT_CHOSEN"), ("CREATE", "DONE", ""), ("ACCEPT", "DONE", "")], "{log:#?}");
        let estimates = documents(world, "/estimates", "estimates").await;
        assert_eq!((estimates.len(), &estimates[0]["status"]), (1, &json!("accepted")));

        let other = sales.deal(world, &sales.further, json!({ "name": "Other" })).await;
        moved(world, &other, &sales.lost).await;
        let log = logged(world, &other, 2).await;
        let id = log[1]["remoteKey"].as_str().expect("a key");
        assert_eq!(document(world, &format!("/estimates/{id}"), "estimate").await["status"], "declined");
        assert_eq!(documents(world, "/estimates", "estimates").await.len(), 2);
    }

    async fn a17_7_a_jump_to_the_accepting_stage_makes_and_accepts_in_one_go(world: &TestWorld) {
        let sales = sales(world).await;
        let stages = json!({ "createStageIds": [sales.further], "acceptStageIds": [sales.won] });
        sales.trigger(world, "ESTIMATE", stages).await;
        let deal = sales.deal(world, &sales.open, json!({})).await;
        moved(world, &deal, &sales.won).await;
        let log = logged(world, &deal, 2).await;
        assert_eq!(said(&log[1]), ("ACCEPT", "DONE", ""), "{log:#?}");
        let estimates = documents(world, "/estimates", "estimates").await;
        assert_eq!((estimates.len(), &estimates[0]["status"]), (1, &json!("accepted")));
        // A lost deal that never made one has none to be declined.
        let stages = json!({ "createStageIds": [sales.further], "invalidateStageIds": [sales.lost] });
        sales.trigger(world, "ESTIMATE", stages).await;
        let never = sales.deal(world, &sales.lost, json!({ "name": "Never" })).await;
        assert_eq!(said(&logged(world, &never, 1).await[0]), ("INVALIDATE", "SKIPPED", "NO_DOCUMENT"));
    }
}
