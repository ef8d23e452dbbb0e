//! What was decided about invoices of deals: when there is another one, who pays, who becomes a customer, and what a pause stops.

use finbridge_tests::both_databases;
use serde_json::{Value, json};

use super::desk::{Desk, said};
use crate::sync::support::take_profile;

const RECREATE: &str = "mutation($deal: ID!, $integration: ID!) {
    dealDocumentRecreate(input: { dealId: $deal, integrationId: $integration }) { deal { id } userErrors { code field message } } }";

async fn recreate(desk: &Desk<'_>, deal: &str) -> Value {
    let variables = json!({ "deal": deal, "integration": desk.integration });
    desk.world.data(RECREATE, variables).await["dealDocumentRecreate"].take()
}

/// Calls a mutation of one integration.
async fn integration(desk: &Desk<'_>, mutation: &str, members: &str) {
    let query = format!(
        "mutation($id: ID!) {{ done: {mutation}(input: {{ integrationId: $id {members} }}) {{ userErrors {{ message }} }} }}"
    );
    let data = desk.world.data(&query, json!({ "id": desk.integration })).await;
    assert_eq!(data["done"]["userErrors"], json!([]), "{data:#}");
}

both_databases! {
    async fn r127_nothing_is_made_before_somebody_says_so(world: &TestWorld) {
        let desk = Desk::of(world).await;
        let early = desk.deal("Early", &desk.open).await;
        desk.go(&early, &desk.won).await;
        desk.invoices().await;
        let late = desk.deal("Late", &desk.won).await;
        assert_eq!(said(&desk.newest(&late, 1).await), ("CREATE", "DONE", None));
        assert_eq!(desk.entries(&early).await, Vec::<Value>::new(), "nobody looked at it");
        assert_eq!(desk.listed("invoices").await.len(), 1);
        // And not any more once nothing is triggered.
        desk.trigger(json!({ "point": "NONE" })).await;
        let quiet = desk.deal("Quiet", &desk.won).await;
        desk.invoices().await;
        let last = desk.deal("Last", &desk.won).await;
        desk.newest(&last, 1).await;
        assert_eq!(desk.entries(&quiet).await, Vec::<Value>::new());
        assert_eq!(desk.listed("invoices").await.len(), 2);
    }

    async fn a17_1_a_deal_that_is_won_again_gets_another_invoice_only_when_somebody_asks(world: &TestWorld) {
        let desk = Desk::of(world).await;
        desk.invoices().await;
        let big = desk.deal("Big", &desk.won).await;
        let first = desk.newest(&big, 1).await;
        let early = recreate(&desk, &big).await;
        assert_eq!(early["userErrors"], json!([]), "{early:#}");
        assert_eq!(said(&desk.newest(&big, 2).await), ("CREATE", "SKIPPED", Some("ALREADY_HAS_DOCUMENT")), "it is in force");
        desk.gone(&big, &desk.lost).await;
        let again = desk.gone(&big, &desk.won).await;
        assert_eq!(said(&again), ("CREATE", "SKIPPED", Some("ALREADY_HAS_DOCUMENT")));
        assert!(again["message"].as_str().expect("a message").contains("dealDocumentRecreate"), "{again:#}");
        assert_eq!(desk.listed("invoices").await.len(), 1);

        assert_eq!(recreate(&desk, &big).await["userErrors"], json!([]));
        let second = desk.newest(&big, 5).await;
        assert_eq!(said(&second), ("CREATE", "DONE", None), "{second:#}");
        assert_ne!(second["remoteKey"], first["remoteKey"]);
        assert_eq!((&desk.invoice(&first).await["status"], &desk.invoice(&second).await["status"]), (&json!("void"), &json!("draft")));
        // From now on the new one is the deal's.
        let lost = desk.gone(&big, &desk.lost).await;
        assert_eq!((said(&lost), &lost["remoteKey"]), (("INVALIDATE", "DONE", None), &second["remoteKey"]));

        let other = desk.deal("Other", &desk.open).await;
        assert_eq!(recreate(&desk, &other).await["userErrors"][0]["code"], "NOT_FOUND");
    }

    async fn a17_2_an_invoice_with_payments_is_not_voided(world: &TestWorld) {
        let desk = Desk::of(world).await;
        desk.trigger(json!({ "point": "INVOICE", "markSent": true })).await;
        for (name, amount, status) in [("Part", 100.0, "partially_paid"), ("Whole", 250.5, "paid")] {
            let deal = desk.deal(name, &desk.won).await;
            let won = desk.newest(&deal, 1).await;
            desk.pay(&won, amount).await;
            let lost = desk.gone(&deal, &desk.lost).await;
            assert_eq!(said(&lost), ("INVALIDATE", "SKIPPED", Some("HAS_PAYMENTS")), "{lost:#}");
            assert_eq!(desk.invoice(&won).await["status"], status);
        }
    }

    async fn a17_3_documents_are_drafts_unless_they_shall_count_as_sent(world: &TestWorld) {
        let desk = Desk::of(world).await;
        desk.invoices().await;
        let draft = desk.deal("Draft", &desk.won).await;
        assert_eq!(desk.invoice(&desk.newest(&draft, 1).await).await["status"], "draft");
        let set = desk.trigger(json!({ "point": "INVOICE", "markSent": true })).await;
        assert_eq!((&set["point"], &set["isMarkedSent"]), (&json!("INVOICE"), &json!(true)));
        let sent = desk.deal("Sent", &desk.won).await;
        let won = desk.newest(&sent, 1).await;
        assert_eq!(desk.invoice(&won).await["status"], "sent");
        // Its own status is nobody's change.
        assert_eq!(said(&desk.gone(&sent, &desk.lost).await), ("INVALIDATE", "DONE", None));
    }

    async fn a17_4_an_account_becomes_a_customer_first(world: &TestWorld) {
        let desk = Desk::without_customers(world).await;
        desk.invoices().await;
        let early = desk.deal("Early", &desk.won).await;
        let entry = desk.newest(&early, 1).await;
        assert_eq!(said(&entry), ("CREATE", "SKIPPED", Some("NO_CUSTOMER")), "{entry:#}");
        assert_eq!((world.contacts().await.len(), desk.listed("invoices").await.len()), (0, 0));

        world.configure(&desk.integration, "SKIP", false).await;
        let big = desk.deal("Big", &desk.won).await;
        let won = desk.newest(&big, 1).await;
        assert_eq!(said(&won), ("CREATE", "DONE", None), "{won:#}");
        let invoice = desk.invoice(&won).await;
        let contacts = world.contacts().await;
        assert_eq!((contacts.len(), &contacts[0]["contact_name"], &contacts[0]["contact_id"]), (1, &json!("Acme"), &invoice["customer_id"]));
        // The next one finds it there.
        let next = desk.deal("Next", &desk.won).await;
        assert_eq!(desk.invoice(&desk.newest(&next, 1).await).await["customer_id"], invoice["customer_id"]);
        assert_eq!(world.contacts().await.len(), 1);
        let nobody = desk.deal_of(json!({ "name": "Nobody", "stageId": desk.won, "amount": "1" })).await;
        assert_eq!(said(&desk.newest(&nobody, 1).await), ("CREATE", "SKIPPED", Some("NO_ACCOUNT")));
    }

    async fn a17_5_a_pause_stops_no_trigger_and_disabling_does(world: &TestWorld) {
        let desk = Desk::of(world).await;
        desk.invoices().await;
        integration(&desk, "syncModulePause", ", module: CUSTOMERS").await;
        let paused = desk.deal("Paused", &desk.won).await;
        assert_eq!(said(&desk.newest(&paused, 1).await), ("CREATE", "DONE", None));
        // Nor does it keep an account from becoming a customer.
        let beta = world.account("Beta").await;
        let of_beta = desk.deal_of(json!({ "name": "Of Beta", "stageId": desk.won, "accountId": beta, "amount": "1" })).await;
        assert_eq!(said(&desk.newest(&of_beta, 1).await), ("CREATE", "DONE", None));

        integration(&desk, "integrationDisable", ", confirm: true").await;
        world.emulator.clear_journal();
        let disabled = desk.deal("Disabled", &desk.won).await;
        assert_eq!(said(&desk.newest(&disabled, 1).await), ("CREATE", "SKIPPED", Some("INTEGRATION_DISABLED")));
        assert_eq!(world.finance_writes(), Vec::<String>::new());
        let variables = json!({ "deal": disabled, "integration": desk.integration });
        assert_eq!(world.send(RECREATE, variables).await["errors"][0]["extensions"]["code"], "INTEGRATION_INACTIVE");
    }

    async fn r123_billing_makes_an_invoice_when_a_deal_is_won_and_leaves_it_when_it_is_lost(world: &TestWorld) {
        let desk = Desk::of(world).await;
        take_profile(world, "BILLING").await;
        desk.invoices().await;
        let big = desk.deal("Big", &desk.won).await;
        let won = desk.newest(&big, 1).await;
        assert_eq!(said(&won), ("CREATE", "DONE", None), "{won:#}");
        assert_eq!(said(&desk.gone(&big, &desk.lost).await), ("NONE", "SKIPPED", Some("STAGE_NOT_CHOSEN")));
        assert_eq!(desk.invoice(&won).await["status"], "draft");
    }
}
