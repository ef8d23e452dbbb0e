//! Another document in the place of one that is void: for the integration that was asked, and no other.

use finbridge_tests::both_databases;
use serde_json::json;

use super::desk::Desk;
use super::faults::{invoicing, of};
use crate::transaction::seen::until;

both_databases! {
    async fn another_document_is_made_by_the_integration_that_was_asked_and_no_other(world: &TestWorld) {
        let desk = Desk::of(world).await;
        desk.trigger(json!({ "point": "ESTIMATE", "createStageIds": [desk.won], "invalidateStageIds": [desk.lost] })).await;
        let other = invoicing(world).await;
        let big = desk.deal("Big", &desk.won).await;
        for stage in [&desk.lost, &desk.won] {
            desk.go(&big, stage).await;
        }
        let before = ["CREATE SKIPPED", "INVALIDATE DONE", "CREATE DONE"];
        for integration in [&desk.integration, &other] {
            until(async || of(&desk, &big, integration).await == before, "both looked at everything").await;
        }
        let query = "mutation($deal: ID!, $integration: ID!) { dealDocumentRecreate(input: { dealId: $deal, integrationId: $integration }) { userErrors { code } } }";
        let asked = world.data(query, json!({ "deal": big, "integration": desk.integration })).await;
        assert_eq!(asked["dealDocumentRecreate"]["userErrors"], json!([]), "{asked:#}");
        let newest = async || of(&desk, &big, &desk.integration).await[0] == "CREATE DONE";
        until(newest, "there is another estimate").await;
        // What happens next is looked at by both again, after what was asked for.
        desk.go(&big, &desk.open).await;
        until(async || of(&desk, &big, &other).await.len() == 4, "the other one looks at the next stage").await;
        assert_eq!(of(&desk, &big, &other).await, ["NONE SKIPPED", "CREATE SKIPPED", "INVALIDATE DONE", "CREATE DONE"]);
        assert_eq!((desk.listed("estimates").await.len(), desk.listed("invoices").await.len()), (2, 1));
    }
}
