//! Deals that are deleted, and documents that are deleted under them.

use finbridge_tests::{TestWorld, both_databases};
use serde_json::json;

use super::{Desk, said};

async fn delete(world: &TestWorld, deal: &str) {
    let query = "mutation($id: ID!) { dealDelete(input: { id: $id }) { userErrors { message } } }";
    let data = world.data(query, json!({ "id": deal })).await;
    assert_eq!(data["dealDelete"]["userErrors"], json!([]), "{data:#}");
}

both_databases! {
    async fn a17_8_the_document_of_a_deleted_deal_stays_without_its_link(world: &TestWorld) {
        let desk = Desk::of(world).await;
        desk.invoices().await;
        let big = desk.deal("Big", &desk.won).await;
        let won = desk.newest(&big, 1).await;
        delete(world, &big).await;
        let gone = desk.newest(&big, 2).await;
        assert_eq!((said(&gone), &gone["remoteKey"]), (("UNLINK", "DONE", None), &won["remoteKey"]), "{gone:#}");
        let invoice = desk.invoice(&won).await;
        assert_eq!((&invoice["status"], &invoice["zcrm_potential_id"]), (&json!("draft"), &json!("")), "{invoice:#}");
        let left = world.data("{ transactions { nodes { remoteKey deal { id } } } }", json!({})).await;
        assert_eq!(left["transactions"]["nodes"], json!([{ "remoteKey": won["remoteKey"], "deal": null }]));
        // It is so also where nothing is triggered any more.
        let small = desk.deal("Small", &desk.won).await;
        let won = desk.newest(&small, 1).await;
        desk.trigger(json!({ "point": "NONE" })).await;
        delete(world, &small).await;
        assert_eq!(said(&desk.newest(&small, 2).await), ("UNLINK", "DONE", None));
        assert_eq!(desk.invoice(&won).await["zcrm_potential_id"], "");
    }

    async fn a_document_that_was_deleted_there_is_not_made_again_by_itself(world: &TestWorld) {
        let desk = Desk::of(world).await;
        desk.invoices().await;
        let big = desk.deal("Big", &desk.won).await;
        let won = desk.newest(&big, 1).await;
        let path = format!("/invoices/{}", won["remoteKey"].as_str().expect("an invoice"));
        assert_eq!(world.books("DELETE", &path, None).await["code"], 0);
        assert_eq!(said(&desk.gone(&big, &desk.lost).await), ("INVALIDATE", "SKIPPED", Some("DOCUMENT_GONE")));
        assert_eq!(said(&desk.gone(&big, &desk.won).await), ("CREATE", "SKIPPED", Some("DOCUMENT_GONE")));
        assert_eq!(desk.listed("invoices").await.len(), 0);
        let query = "mutation($deal: ID!, $integration: ID!) { dealDocumentRecreate(input: { dealId: $deal, integrationId: $integration }) { userErrors { code } } }";
        world.data(query, json!({ "deal": big, "integration": desk.integration })).await;
        assert_eq!(said(&desk.newest(&big, 4).await), ("CREATE", "DONE", None));
        assert_eq!(desk.listed("invoices").await.len(), 1);
    }
}
