//! What people do with documents that triggers made, and when triggers leave a document alone.

use chrono::TimeDelta;
use finbridge_domain::{DocumentAct, DocumentKind};
use finbridge_entity::begin_write;
use finbridge_entity::types::DocumentActKind;
use finbridge_entity::{Scoped, document};
use finbridge_sync::act::{self, ActInput, Wish};
use finbridge_tests::both_databases;
use sea_orm::{ColumnTrait, QueryFilter};
use serde_json::{Value, json};

use super::desk::{Desk, said, uuid_of};

/// A person here marks an invoice as sent.
async fn mark_here(desk: &Desk<'_>, entry: &Value) {
    let (engine, here) = (&desk.world.app.engine, desk.world.viewer.organization_id);
    let row = document::Entity::of(here)
        .filter(document::Column::RemoteId.eq(entry["remoteKey"].as_str().expect("an invoice")))
        .one(&engine.db)
        .await
        .expect("an answer")
        .expect("it is kept");
    let transaction = begin_write(&engine.db).await.expect("a transaction");
    let wish = Wish {
        organization_id: here,
        integration_id: uuid_of(&desk.integration),
        kind: DocumentKind::Invoice,
        document_id: Some(row.id),
        deal_id: None,
        act: DocumentActKind::Status,
        input: ActInput::Status { act: DocumentAct::MarkSent },
        actor_id: Some(desk.world.viewer.user_id),
    };
    let asked = act::ask(engine, &transaction, wish).await.expect("it is asked");
    transaction.commit().await.expect("a commit");
    let is_done = async || {
        let now = act::carry_out(engine, here, asked.id).await.expect("an answer");
        now.finished_at.is_some()
    };
    crate::transaction::seen::until(is_done, "it was marked").await;
}

both_databases! {
    async fn r128_an_invoice_whose_status_somebody_changed_there_is_left_alone(world: &TestWorld) {
        let desk = Desk::of(world).await;
        desk.invoices().await;
        let (touched, free) = (desk.deal("Touched", &desk.won).await, desk.deal("Free", &desk.won).await);
        let (of_touched, of_free) = (desk.newest(&touched, 1).await, desk.newest(&free, 1).await);
        desk.mark("invoice", &of_touched, "sent").await;
        world.emulator.clear_journal();
        let lost = desk.gone(&touched, &desk.lost).await;
        assert_eq!(said(&lost), ("INVALIDATE", "SKIPPED", Some("MANUAL_STATUS_CHANGE")), "{lost:#}");
        assert_eq!(world.finance_writes(), Vec::<String>::new());
        assert_eq!(desk.invoice(&of_touched).await["status"], "sent");
        // For good, also when the status is what it was.
        desk.mark("invoice", &of_touched, "void").await;
        desk.mark("invoice", &of_touched, "draft").await;
        desk.gone(&touched, &desk.won).await;
        assert_eq!(said(&desk.gone(&touched, &desk.lost).await), ("INVALIDATE", "SKIPPED", Some("MANUAL_STATUS_CHANGE")));
        assert_eq!(desk.invoice(&of_touched).await["status"], "draft");
        // Others are still looked after.
        assert_eq!(said(&desk.gone(&free, &desk.lost).await), ("INVALIDATE", "DONE", None));
        assert_eq!(desk.invoice(&of_free).await["status"], "void");
    }

    async fn a17_3_a_status_given_by_hand_stops_triggers_for_estimates_too(world: &TestWorld) {
        let desk = Desk::of(world).await;
        desk.estimates().await;
        let big = desk.deal("Big", &desk.offered).await;
        let made = desk.newest(&big, 1).await;
        desk.mark("estimate", &made, "declined").await;
        assert_eq!(said(&desk.gone(&big, &desk.agreed).await), ("ACCEPT", "SKIPPED", Some("MANUAL_STATUS_CHANGE")));
        assert_eq!(desk.estimate(&made).await["status"], "declined");
    }

    async fn a17_3_a_status_given_here_is_given_by_hand_as_well(world: &TestWorld) {
        let desk = Desk::of(world).await;
        desk.invoices().await;
        let big = desk.deal("Big", &desk.won).await;
        let made = desk.newest(&big, 1).await;
        mark_here(&desk, &made).await;
        assert_eq!(desk.invoice(&made).await["status"], "sent");
        assert_eq!(said(&desk.gone(&big, &desk.lost).await), ("INVALIDATE", "SKIPPED", Some("MANUAL_STATUS_CHANGE")));
        assert_eq!(desk.invoice(&made).await["status"], "sent");
    }

    async fn a17_3_what_comes_about_by_itself_is_nobodys_change(world: &TestWorld) {
        let desk = Desk::of(world).await;
        desk.trigger(json!({ "point": "INVOICE", "markSent": true })).await;
        let late = desk.deal("Late", &desk.won).await;
        let invoice = desk.newest(&late, 1).await;
        desk.trigger(json!({ "point": "ESTIMATE", "markSent": true, "createStageIds": [desk.offered], "acceptStageIds": [desk.agreed] })).await;
        let slow = desk.deal("Slow", &desk.offered).await;
        let estimate = desk.newest(&slow, 1).await;
        let id = estimate["remoteKey"].as_str().expect("an estimate");
        let expiry = json!({ "expiry_date": "2026-01-10" });
        assert_eq!(world.books("PUT", &format!("/estimates/{id}"), Some(expiry)).await["code"], 0);
        world.advance(TimeDelta::days(60));
        assert_eq!((&desk.invoice(&invoice).await["status"], &desk.estimate(&estimate).await["status"]), (&json!("overdue"), &json!("expired")));
        // Before it can be accepted it is sent once more, because the app asks for that.
        let agreed = desk.gone(&slow, &desk.agreed).await;
        assert_eq!(said(&agreed), ("ACCEPT", "DONE", None), "{agreed:#}");
        assert_eq!(desk.estimate(&agreed).await["status"], "accepted");
        desk.invoices().await;
        let lost = desk.gone(&late, &desk.lost).await;
        assert_eq!(said(&lost), ("INVALIDATE", "DONE", None), "{lost:#}");
        assert_eq!(desk.invoice(&invoice).await["status"], "void");
    }

    async fn r129_an_edit_is_no_change_of_status(world: &TestWorld) {
        let desk = Desk::of(world).await;
        desk.invoices().await;
        let big = desk.deal("Big", &desk.won).await;
        let made = desk.newest(&big, 1).await;
        let id = made["remoteKey"].as_str().expect("an invoice");
        let edit = json!({ "notes": "Thank you", "line_items": [{ "name": "Other", "rate": 10, "quantity": 2 }] });
        assert_eq!(world.books("PUT", &format!("/invoices/{id}"), Some(edit)).await["code"], 0);
        assert_eq!(said(&desk.gone(&big, &desk.lost).await), ("INVALIDATE", "DONE", None));
        let invoice = desk.invoice(&made).await;
        assert_eq!((&invoice["status"], &invoice["notes"]), (&json!("void"), &json!("Thank you")));
    }
}
