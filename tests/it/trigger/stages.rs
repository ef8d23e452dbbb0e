//! Estimates by the stages of deals, and by their life in 2013.

use finbridge_tests::both_databases;
use serde_json::json;

use super::desk::{Desk, said};
use crate::sync::support::take_profile;

both_databases! {
    async fn r124_stages_make_accept_and_decline_one_estimate(world: &TestWorld) {
        let desk = Desk::of(world).await;
        desk.estimates().await;
        let big = desk.deal("Big", &desk.open).await;
        assert_eq!(said(&desk.newest(&big, 1).await), ("NONE", "SKIPPED", Some("STAGE_NOT_CHOSEN")));

        let made = desk.gone(&big, &desk.offered).await;
        assert_eq!(said(&made), ("CREATE", "DONE", None), "{made:#}");
        let estimate = desk.estimate(&made).await;
        assert_eq!((&estimate["status"], &estimate["zcrm_potential_id"]), (&json!("draft"), &desk.number(&big).await), "{estimate:#}");
        let agreed = desk.gone(&big, &desk.agreed).await;
        assert_eq!(said(&agreed), ("ACCEPT", "DONE", None), "{agreed:#}");
        assert_eq!(desk.estimate(&agreed).await["status"], "accepted");

        let small = desk.deal("Small", &desk.offered).await;
        assert_eq!(said(&desk.newest(&small, 1).await), ("CREATE", "DONE", None), "made in the stage");
        let refused = desk.gone(&small, &desk.refused).await;
        assert_eq!(said(&refused), ("INVALIDATE", "DONE", None), "{refused:#}");
        assert_eq!(desk.estimate(&refused).await["status"], "declined");
        // Whoever comes round is heard.
        assert_eq!(said(&desk.gone(&small, &desk.agreed).await), ("ACCEPT", "DONE", None));
        assert_eq!(said(&desk.gone(&small, &desk.offered).await), ("CREATE", "SKIPPED", Some("ALREADY_HAS_DOCUMENT")));
        assert_eq!(desk.listed("estimates").await.len(), 2);
    }

    async fn r125_in_2013_a_deal_is_an_estimate_from_its_beginning_to_its_end(world: &TestWorld) {
        let desk = Desk::of(world).await;
        take_profile(world, "BOOKS_2013").await;
        desk.trigger(json!({ "point": "ESTIMATE" })).await;
        for (name, end, status) in [("Good", &desk.won, "accepted"), ("Bad", &desk.lost, "declined")] {
            let deal = desk.deal(name, &desk.open).await;
            let made = desk.newest(&deal, 1).await;
            assert_eq!(said(&made), ("CREATE", "DONE", None), "{made:#}");
            let estimate = desk.estimate(&made).await;
            assert_eq!((&estimate["status"], &estimate["zcrm_potential_id"]), (&json!("draft"), &desk.number(&deal).await));
            assert_eq!(said(&desk.gone(&deal, &desk.offered).await), ("NONE", "SKIPPED", Some("STAGE_NOT_CHOSEN")));
            let ended = desk.gone(&deal, end).await;
            assert_eq!(ended["outcome"], "DONE", "{ended:#}");
            assert_eq!(desk.estimate(&ended).await["status"], status);
        }
        assert_eq!(desk.listed("estimates").await.len(), 2);
    }
}
