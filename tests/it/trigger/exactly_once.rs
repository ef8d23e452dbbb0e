//! Exactly one document for each deal and kind, whatever is repeated, lost or reordered.

use finbridge_emulator::{FaultAction, FaultRule};
use finbridge_tests::both_databases;
use serde_json::json;

use super::{documents, logged, moved, sales};

both_databases! {
    async fn an_answer_that_is_lost_makes_no_second_invoice(world: &TestWorld) {
        let sales = sales(world).await;
        sales.trigger(world, "INVOICE", json!({})).await;
        let lost = FaultRule::new(FaultAction::ResetAfterCommit).method("POST").path("/books/v3/invoices");
        world.emulator.fault(lost.count(1));
        let deal = sales.deal(world, &sales.won, json!({})).await;
        let log = logged(world, &deal, 1).await;
        assert_eq!(log[0]["outcome"], "DONE", "{log:#?}");
        assert_eq!(documents(world, "/invoices", "invoices").await.len(), 1);
    }

    async fn an_invoice_that_was_cut_off_before_it_counted_as_sent_is_finished(world: &TestWorld) {
        let sales = sales(world).await;
        sales.trigger(world, "INVOICE", json!({ "markSent": true })).await;
        let lost = FaultRule::new(FaultAction::CloseBeforeCommit).method("POST").path("/books/v3/invoices/*/status/sent");
        world.emulator.fault(lost.count(1));
        let deal = sales.deal(world, &sales.won, json!({})).await;
        let log = logged(world, &deal, 1).await;
        assert_eq!(log[0]["outcome"], "DONE", "{log:#?}");
        let invoices = documents(world, "/invoices", "invoices").await;
        assert_eq!((invoices.len(), &invoices[0]["status"]), (1, &json!("sent")));
    }

    async fn what_was_refused_once_is_made_by_the_next_stage_and_once(world: &TestWorld) {
        let sales = sales(world).await;
        sales.trigger(world, "INVOICE", json!({})).await;
        let no = FaultAction::Error { code: 15, subject: "reference".to_owned() };
        world.emulator.fault(FaultRule::new(no).method("POST").path("/books/v3/invoices").count(1));
        let deal = sales.deal(world, &sales.won, json!({})).await;
        let log = logged(world, &deal, 1).await;
        assert_eq!((&log[0]["outcome"], &log[0]["code"]), (&json!("FAILED"), &json!("FINANCE_REFUSED")), "{log:#?}");
        moved(world, &deal, &sales.open).await;
        moved(world, &deal, &sales.won).await;
        assert_eq!(logged(world, &deal, 3).await[2]["outcome"], "DONE");
        assert_eq!(documents(world, "/invoices", "invoices").await.len(), 1);
    }

    async fn stages_in_quick_succession_are_looked_at_in_order(world: &TestWorld) {
        let sales = sales(world).await;
        sales.trigger(world, "INVOICE", json!({})).await;
        let deal = sales.deal(world, &sales.open, json!({})).await;
        for stage in [&sales.won, &sales.lost, &sales.won, &sales.open, &sales.won, &sales.lost] {
            moved(world, &deal, stage).await;
        }
        let log = logged(world, &deal, 7).await;
        let codes: Vec<_> = log.iter().map(|entry| entry["code"].as_str().unwrap_or("DONE")).collect();
        let wanted = ["STAGE_NOT_CHOSEN", "DONE", "DONE", "ALREADY_HAS_DOCUMENT", "STAGE_NOT_CHOSEN", "ALREADY_HAS_DOCUMENT", "ALREADY_SO"];
        assert_eq!(codes, wanted, "{log:#?}");
        let invoices = documents(world, "/invoices", "invoices").await;
        assert_eq!((invoices.len(), &invoices[0]["status"]), (1, &json!("void")));
    }

    async fn many_deals_make_one_invoice_each(world: &TestWorld) {
        let sales = sales(world).await;
        sales.trigger(world, "INVOICE", json!({})).await;
        let mut deals = Vec::new();
        for n in 0..25 {
            deals.push(sales.deal(world, &sales.open, json!({ "name": format!("Deal {n}") })).await);
        }
        futures::future::join_all(deals.iter().map(|deal| moved(world, deal, &sales.won))).await;
        for deal in &deals {
            assert_eq!(logged(world, deal, 2).await[1]["outcome"], "DONE");
        }
        let invoices = documents(world, "/invoices", "invoices").await;
        let deals: std::collections::BTreeSet<_> = invoices.iter().map(|one| one["zcrm_potential_id"].as_str()).collect();
        assert_eq!((invoices.len(), deals.len()), (25, 25));
    }
}
