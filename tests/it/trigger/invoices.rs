//! Deals that make invoices when they are won, and void them when they are lost.

use finbridge_tests::both_databases;
use serde_json::json;

use super::{document, documents, logged, moved, said, sales};
use crate::transaction::seen::until;

both_databases! {
    async fn r126_a_won_deal_makes_an_invoice_and_a_lost_one_voids_it(world: &TestWorld) {
        let sales = sales(world).await;
        sales.trigger(world, "INVOICE", json!({})).await;
        let deal = sales.deal(world, &sales.open, json!({})).await;
        moved(world, &deal, &sales.won).await;
        let log = logged(world, &deal, 2).await;
        assert_eq!(said(&log[0]), ("NONE", "SKIPPED", "STAGE_NOT_CHOSEN"));
        assert_eq!(said(&log[1]), ("CREATE", "DONE", ""), "{log:#?}");
        let invoices = documents(world, "/invoices", "invoices").await;
        assert_eq!(invoices.len(), 1);
        let id = invoices[0]["invoice_id"].as_str().expect("an id");
        assert_eq!(log[1]["remoteKey"], id);
        let invoice = document(world, &format!("/invoices/{id}"), "invoice").await;
        // A17.3: a draft, unless the setting says otherwise. A17.6: one line with the deal's name and amount.
        assert_eq!((&invoice["status"], &invoice["customer_name"]), (&json!("draft"), &json!("Acme")), "{invoice:#}");
        assert_eq!((&invoice["total"], invoice["line_items"].as_array().map(Vec::len)), (&json!(1200.5), Some(1)));
        assert_eq!(invoice["line_items"][0]["name"], "Big deal");
        let wire = world.data("query($id: ID!) { deal(id: $id) { wireId transactions(first: 5) { nodes { kind status total { amount } deal { id } } } } }", json!({ "id": deal })).await;
        assert_eq!(invoice["zcrm_potential_id"], wire["deal"]["wireId"]);
        let mirrored = &wire["deal"]["transactions"]["nodes"];
        assert_eq!(mirrored, &json!([{ "kind": "INVOICE", "status": "DRAFT", "total": { "amount": "1200.5" }, "deal": { "id": deal } }]));

        moved(world, &deal, &sales.lost).await;
        let log = logged(world, &deal, 3).await;
        assert_eq!(said(&log[2]), ("INVALIDATE", "DONE", ""), "{log:#?}");
        assert_eq!(document(world, &format!("/invoices/{id}"), "invoice").await["status"], "void");

        // A17.1: won again, it makes no second one until somebody asks.
        moved(world, &deal, &sales.won).await;
        assert_eq!(said(&logged(world, &deal, 4).await[3]), ("CREATE", "SKIPPED", "ALREADY_HAS_DOCUMENT"));
        let recreate = "mutation($deal: ID!, $integration: ID!) { dealDocumentRecreate(input: { dealId: $deal, integrationId: $integration }) { deal { id } userErrors { code } } }";
        let asked = world.data(recreate, json!({ "deal": deal, "integration": sales.integration })).await;
        assert_eq!(asked["dealDocumentRecreate"]["userErrors"], json!([]));
        assert_eq!(said(&logged(world, &deal, 5).await[4]), ("CREATE", "DONE", ""));
        assert_eq!(documents(world, "/invoices", "invoices").await.len(), 2);
        // Asked once more, with a draft in force, nothing is made.
        world.data(recreate, json!({ "deal": deal, "integration": sales.integration })).await;
        assert_eq!(said(&logged(world, &deal, 6).await[5]), ("CREATE", "SKIPPED", "ALREADY_HAS_DOCUMENT"));
    }

    async fn r127_without_a_trigger_deals_make_nothing(world: &TestWorld) {
        let sales = sales(world).await;
        let deal = sales.deal(world, &sales.open, json!({})).await;
        moved(world, &deal, &sales.won).await;
        sales.trigger(world, "NONE", json!({})).await;
        moved(world, &deal, &sales.lost).await;
        moved(world, &deal, &sales.won).await;
        assert_eq!(logged(world, &deal, 0).await.len(), 0);
        assert_eq!(documents(world, "/invoices", "invoices").await.len(), 0);
    }

    async fn r128_a_status_given_by_hand_stops_triggers_for_that_document_alone(world: &TestWorld) {
        let sales = sales(world).await;
        sales.trigger(world, "INVOICE", json!({})).await;
        let (by_hand, other) = (sales.deal(world, &sales.won, json!({})).await, sales.deal(world, &sales.won, json!({ "name": "Other" })).await);
        let id = logged(world, &by_hand, 1).await[0]["remoteKey"].as_str().expect("a key").to_owned();
        let other_id = logged(world, &other, 1).await[0]["remoteKey"].as_str().expect("a key").to_owned();
        let sent = world.books("POST", &format!("/invoices/{id}/status/sent"), None).await;
        assert_eq!(sent["code"], 0, "{sent}");
        // Editing is no change of status (R129).
        let edited = world.books("PUT", &format!("/invoices/{other_id}"), Some(json!({ "notes": "edited" }))).await;
        assert_eq!(edited["code"], 0, "{edited}");
        moved(world, &by_hand, &sales.lost).await;
        moved(world, &other, &sales.lost).await;
        assert_eq!(said(&logged(world, &by_hand, 2).await[1]), ("INVALIDATE", "SKIPPED", "MANUAL_STATUS_CHANGE"));
        assert_eq!(said(&logged(world, &other, 2).await[1]), ("INVALIDATE", "DONE", ""));
        assert_eq!(document(world, &format!("/invoices/{id}"), "invoice").await["status"], "sent");
        assert_eq!(document(world, &format!("/invoices/{other_id}"), "invoice").await["status"], "void");
    }

    async fn a17_2_an_invoice_that_was_paid_is_not_voided(world: &TestWorld) {
        let sales = sales(world).await;
        sales.trigger(world, "INVOICE", json!({ "markSent": true })).await;
        let deal = sales.deal(world, &sales.won, json!({})).await;
        let id = logged(world, &deal, 1).await[0]["remoteKey"].as_str().expect("a key").to_owned();
        let invoice = document(world, &format!("/invoices/{id}"), "invoice").await;
        assert_eq!(invoice["status"], "sent");
        let payment = json!({ "customer_id": invoice["customer_id"], "payment_mode": "cash", "amount": 200, "date": "2026-01-05",
            "invoices": [{ "invoice_id": id, "amount_applied": 200 }] });
        assert_eq!(world.books("POST", "/customerpayments", Some(payment)).await["code"], 0);
        moved(world, &deal, &sales.lost).await;
        // A payment is nobody's change of status (A17.3), and keeps the invoice from being voided.
        assert_eq!(said(&logged(world, &deal, 2).await[1]), ("INVALIDATE", "SKIPPED", "HAS_PAYMENTS"));
        assert_eq!(document(world, &format!("/invoices/{id}"), "invoice").await["status"], "partially_paid");
    }

    async fn a17_4_the_account_becomes_a_customer_first(world: &TestWorld) {
        let sales = sales(world).await;
        sales.trigger(world, "INVOICE", json!({})).await;
        let newcomer = world.account("Newcomer").await;
        let simulate = "query($deal: ID!, $stage: ID!) { triggerSimulate(dealId: $deal, stageId: $stage) { wouldAct code message subTotal } }";
        let deal = sales.deal(world, &sales.open, json!({ "accountId": newcomer })).await;
        let told = world.data(simulate, json!({ "deal": deal, "stage": sales.won })).await;
        assert_eq!((&told["triggerSimulate"][0]["wouldAct"], &told["triggerSimulate"][0]["subTotal"]), (&json!(true), &json!("1200.5")), "{told:#}");
        moved(world, &deal, &sales.won).await;
        let log = logged(world, &deal, 2).await;
        assert_eq!(said(&log[1]), ("CREATE", "DONE", ""), "{log:#?}");
        let invoices = documents(world, "/invoices", "invoices").await;
        assert_eq!((invoices.len(), &invoices[0]["customer_name"]), (1, &json!("Newcomer")));
        assert_eq!(world.contacts().await.iter().filter(|one| one["contact_name"] == "Newcomer").count(), 1);
    }

    async fn a17_5_triggers_run_while_records_are_paused_and_not_while_disabled(world: &TestWorld) {
        let sales = sales(world).await;
        sales.trigger(world, "INVOICE", json!({})).await;
        let pause = "mutation($id: ID!) { syncModulePause(input: { integrationId: $id, module: CUSTOMERS }) { userErrors { code } } }";
        assert_eq!(world.data(pause, json!({ "id": sales.integration })).await["syncModulePause"]["userErrors"], json!([]));
        let paused = sales.deal(world, &sales.won, json!({})).await;
        assert_eq!(said(&logged(world, &paused, 1).await[0]), ("CREATE", "DONE", ""));
        let disable = "mutation($id: ID!) { integrationDisable(input: { integrationId: $id, confirm: true }) { integration { state } userErrors { code } } }";
        let disabled = world.data(disable, json!({ "id": sales.integration })).await;
        assert_eq!(disabled["integrationDisable"], json!({ "integration": { "state": "DISABLED" }, "userErrors": [] }));
        let deal = sales.deal(world, &sales.won, json!({ "name": "Later" })).await;
        assert_eq!(said(&logged(world, &deal, 1).await[0]), ("CREATE", "SKIPPED", "INTEGRATION_DISABLED"));
        assert_eq!(documents(world, "/invoices", "invoices").await.len(), 1);
    }

    async fn a17_6_what_cannot_be_billed_is_left_with_a_reason(world: &TestWorld) {
        let sales = sales(world).await;
        sales.trigger(world, "INVOICE", json!({})).await;
        for (members, code) in [
            (json!({ "amount": null }), "DEAL_HAS_NO_AMOUNT"),
            (json!({ "amount": "0" }), "DEAL_HAS_NO_AMOUNT"),
            (json!({ "accountId": null }), "NO_ACCOUNT"),
            (json!({ "currencyCode": "EUR" }), "CURRENCY_DIFFERS"),
        ] {
            let deal = sales.deal(world, &sales.won, members).await;
            let log = logged(world, &deal, 1).await;
            assert_eq!(said(&log[0]), ("CREATE", "SKIPPED", code), "{log:#?}");
            assert!(!log[0]["message"].as_str().unwrap_or_default().is_empty());
        }
        let product = world.data("mutation { productCreate(input: { name: \"Tea\", unitPrice: { amount: \"12.5\", currencyCode: \"USD\" } }) { product { id } userErrors { message } } }", json!({})).await;
        let lines = json!([{ "productId": product["productCreate"]["product"]["id"], "quantity": "4", "unitPrice": "10" }]);
        let deal = sales.deal(world, &sales.won, json!({ "lines": lines, "amount": null })).await;
        let id = logged(world, &deal, 1).await[0]["remoteKey"].as_str().expect("a key").to_owned();
        // A17.27: lines keep their own prices.
        let invoice = document(world, &format!("/invoices/{id}"), "invoice").await;
        let line = &invoice["line_items"][0];
        assert_eq!((&line["name"], &line["rate"], &line["quantity"], &invoice["total"]), (&json!("Tea"), &json!(10.0), &json!(4.0), &json!(40.0)), "{invoice:#}");
    }

    async fn a17_8_a_deleted_deal_leaves_its_invoice_without_a_link(world: &TestWorld) {
        let sales = sales(world).await;
        sales.trigger(world, "INVOICE", json!({})).await;
        let deal = sales.deal(world, &sales.won, json!({})).await;
        let id = logged(world, &deal, 1).await[0]["remoteKey"].as_str().expect("a key").to_owned();
        let delete = "mutation($id: ID!) { dealDelete(input: { id: $id }) { userErrors { code } } }";
        assert_eq!(world.data(delete, json!({ "id": deal })).await["dealDelete"]["userErrors"], json!([]));
        assert_eq!(said(&logged(world, &deal, 2).await[1]), ("UNLINK", "DONE", ""));
        let invoice = document(world, &format!("/invoices/{id}"), "invoice").await;
        assert_eq!((&invoice["zcrm_potential_id"], &invoice["status"]), (&json!(""), &json!("draft")));
        let query = "{ transactions(first: 5) { nodes { kind deal { id } } } }";
        until(async || world.data(query, json!({})).await["transactions"]["nodes"] == json!([{ "kind": "INVOICE", "deal": null }]), "the link is gone").await;
    }
}
