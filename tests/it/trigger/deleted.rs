//! Deals that are deleted or merged, and documents that are deleted under them.

use finbridge_tests::{TestWorld, both_databases};
use serde_json::json;

use super::desk::{Desk, said};
use crate::transaction::seen::until;

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

    async fn a17_8_a_disabled_integration_keeps_the_link_and_says_so_once(world: &TestWorld) {
        let desk = Desk::of(world).await;
        desk.invoices().await;
        let big = desk.deal("Big", &desk.won).await;
        let won = desk.newest(&big, 1).await;
        let disable = "mutation($id: ID!) { integrationDisable(input: { integrationId: $id, confirm: true }) { userErrors { code } } }";
        let disabled = world.data(disable, json!({ "id": desk.integration })).await;
        assert_eq!(disabled["integrationDisable"]["userErrors"], json!([]));
        world.emulator.clear_journal();
        delete(world, &big).await;
        let gone = desk.newest(&big, 2).await;
        assert_eq!((said(&gone), &gone["remoteKey"]), (("UNLINK", "SKIPPED", Some("INTEGRATION_DISABLED")), &won["remoteKey"]), "{gone:#}");
        assert_eq!(world.finance_writes(), Vec::<String>::new());
    }

    async fn documents_of_a_merged_deal_become_those_of_the_one_that_stays(world: &TestWorld) {
        let desk = Desk::of(world).await;
        desk.invoices().await;
        let (stays, merged) = (desk.deal("Stays", &desk.open).await, desk.deal("Merged", &desk.won).await);
        let made = desk.newest(&merged, 1).await;
        desk.newest(&stays, 1).await;
        let merge = "mutation($id: ID!, $ids: [ID!]!) { dealMerge(input: { id: $id, mergedIds: $ids }) { userErrors { code message } } }";
        let answer = world.data(merge, json!({ "id": stays, "ids": [merged] })).await;
        assert_eq!(answer["dealMerge"]["userErrors"], json!([]), "{answer:#}");
        let seen = world.data("query($id: ID!) { deal(id: $id) { transactions { nodes { remoteKey } } } }", json!({ "id": stays })).await;
        assert_eq!(seen["deal"]["transactions"]["nodes"], json!([{ "remoteKey": made["remoteKey"] }]));
        let number = desk.number(&stays).await;
        until(async || desk.invoice(&made).await["zcrm_potential_id"] == number, "the finance side knows it").await;
        // Triggers go on with it: there is no second one, and it is voided with the deal that stays.
        assert_eq!(said(&desk.gone(&stays, &desk.won).await), ("CREATE", "SKIPPED", Some("ALREADY_HAS_DOCUMENT")));
        assert_eq!(said(&desk.gone(&stays, &desk.lost).await), ("INVALIDATE", "DONE", None));
        assert_eq!((desk.invoice(&made).await["status"].take(), desk.listed("invoices").await.len()), (json!("void"), 1));
    }

    async fn x19_the_log_is_forgotten_in_time_and_the_document_is_not(world: &TestWorld) {
        let desk = Desk::of(world).await;
        desk.invoices().await;
        let big = desk.deal("Big", &desk.won).await;
        desk.newest(&big, 1).await;
        world.advance(chrono::TimeDelta::days(184));
        until(async || desk.entries(&big).await.is_empty(), "the log was forgotten").await;
        desk.go(&big, &desk.open).await;
        desk.newest(&big, 1).await;
        assert_eq!(said(&desk.gone(&big, &desk.won).await), ("CREATE", "SKIPPED", Some("ALREADY_HAS_DOCUMENT")));
        assert_eq!(desk.listed("invoices").await.len(), 1);
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
