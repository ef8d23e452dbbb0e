//! What happens while a trigger is at work, or before it is: refusals half way, deals and stages that are deleted, documents that people
//! change.

use finbridge_domain::Clock;
use finbridge_emulator::{FaultAction, FaultRule};
use finbridge_entity::types::DealEventKind;
use finbridge_entity::{Scoped, deal_document, deal_event};
use finbridge_tests::{TestWorld, both_databases};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, Set};
use serde_json::{Value, json};

use super::desk::{Desk, said, uuid_of};
use super::faults::{invoicing, of, settled};
use crate::transaction::seen::until;

async fn delete(world: &TestWorld, deal: &str) {
    let query = "mutation($id: ID!) { dealDelete(input: { id: $id }) { userErrors { message } } }";
    let data = world.data(query, json!({ "id": deal })).await;
    assert_eq!(data["dealDelete"]["userErrors"], json!([]), "{data:#}");
}

/// What a deal claims of its document.
async fn claim(desk: &Desk<'_>, deal: &str) -> Option<deal_document::Model> {
    deal_document::Entity::of(desk.world.viewer.organization_id)
        .filter(deal_document::Column::DealId.eq(uuid_of(deal)))
        .one(&desk.world.app.engine.db)
        .await
        .expect("an answer")
}

/// Notes that a trigger was about to give the deal's document this status.
async fn meant(desk: &Desk<'_>, deal: &str, status: &str) {
    deal_document::Entity::update_many()
        .col_expr(deal_document::Column::IntendedStatus, Expr::value(Some(status)))
        .filter(deal_document::Column::DealId.eq(uuid_of(deal)))
        .exec(&desk.world.app.engine.db)
        .await
        .expect("an update");
}

both_databases! {
    async fn an_invoice_that_may_not_count_as_sent_is_the_triggers_draft(world: &TestWorld) {
        let desk = Desk::of(world).await;
        desk.trigger(json!({ "point": "INVOICE", "markSent": true })).await;
        let refusal = FaultAction::Respond { status: 400, body: json!({ "code": 4, "message": "Not today." }), headers: Default::default() };
        world.emulator.fault(FaultRule::new(refusal).method("POST").path("/books/v3/invoices/*/status/sent"));
        let big = desk.deal("Big", &desk.won).await;
        let made = settled(&desk, &big).await;
        assert_eq!(said(&made), ("CREATE", "DONE", None), "{made:#}");
        assert_eq!(desk.invoice(&made).await["status"], "draft");
        // Nobody touched it.
        assert_eq!(said(&desk.gone(&big, &desk.lost).await), ("INVALIDATE", "DONE", None));
        assert_eq!(desk.invoice(&made).await["status"], "void");
    }

    async fn a_deal_that_is_deleted_while_its_invoice_is_made_loses_the_link(world: &TestWorld) {
        let desk = Desk::of(world).await;
        desk.invoices().await;
        let slow = FaultRule::new(FaultAction::Delay { ms: 2_000 }).method("POST").path("/books/v3/invoices");
        world.emulator.fault(slow.count(1));
        let big = desk.deal("Big", &desk.won).await;
        until(async || claim(&desk, &big).await.is_some(), "the invoice is about to be made").await;
        delete(world, &big).await;
        let gone = desk.newest(&big, 2).await;
        assert_eq!(said(&gone), ("UNLINK", "DONE", None), "{gone:#}");
        assert_eq!(desk.invoice(&gone).await["zcrm_potential_id"], "");
    }

    async fn an_invoice_that_nobody_saw_being_made_loses_the_link_as_well(world: &TestWorld) {
        let desk = Desk::of(world).await;
        desk.invoices().await;
        // It is made, and for a while nobody can see that.
        let lost = FaultRule::new(FaultAction::CloseAfterCommit).method("POST").path("/books/v3/invoices");
        world.emulator.fault(lost.count(1));
        let outage = FaultRule::new(FaultAction::ServerError { status: 500 }).method("GET").path("/books/v3/invoices");
        let outage = world.emulator.fault(outage);
        let big = desk.deal("Big", &desk.won).await;
        until(async || claim(&desk, &big).await.is_some(), "the invoice is about to be made").await;
        delete(world, &big).await;
        world.emulator.remove_fault(outage);
        let is_unlinked = async || {
            world.advance(chrono::TimeDelta::seconds(1));
            desk.entries(&big).await.first().is_some_and(|entry| entry["action"] == "UNLINK")
        };
        until(is_unlinked, "the link was taken away").await;
        let entries = desk.entries(&big).await;
        assert_eq!(said(&entries[0]), ("UNLINK", "DONE", None), "{entries:#?}");
        assert_eq!(desk.invoice(&entries[0]).await["zcrm_potential_id"], "");
        assert_eq!(desk.listed("invoices").await.len(), 1);
    }

    async fn a_stage_that_is_gone_is_told_in_the_log(world: &TestWorld) {
        let desk = Desk::of(world).await;
        desk.invoices().await;
        let big = desk.deal("Big", &desk.open).await;
        desk.newest(&big, 1).await;
        let engine = &world.app.engine;
        let now = world.clock.now();
        let event = deal_event::ActiveModel {
            organization_id: Set(world.viewer.organization_id),
            id: Set(engine.ids.uuid()),
            deal_id: Set(uuid_of(&big)),
            event: Set(DealEventKind::Moved),
            stage_id: Set(engine.ids.uuid()),
            actor_id: Set(None),
            occurred_at: Set(now),
            is_recreating: Set(false),
            integration_id: Set(None),
            attempts: Set(0),
            limited: Set(0),
            lease_until: Set(None),
            resume_at: Set(Some(now)),
            handled_at: Set(None),
        };
        event.insert(&engine.db).await.expect("an event");
        let gone = desk.newest(&big, 2).await;
        assert_eq!((said(&gone), &gone["stage"]), (("NONE", "SKIPPED", Some("STAGE_GONE")), &Value::Null), "{gone:#}");
        assert_eq!(said(&desk.gone(&big, &desk.won).await), ("CREATE", "DONE", None));
    }

    async fn a_void_that_was_not_done_is_somebody_elses_later(world: &TestWorld) {
        let desk = Desk::of(world).await;
        desk.invoices().await;
        let big = desk.deal("Big", &desk.won).await;
        let won = desk.newest(&big, 1).await;
        desk.gone(&big, &desk.open).await;
        meant(&desk, &big, "VOID").await;
        // The trigger sees that it is a draft still; then somebody voids it.
        assert_eq!(said(&desk.gone(&big, &desk.won).await), ("CREATE", "SKIPPED", Some("ALREADY_HAS_DOCUMENT")));
        assert_eq!(claim(&desk, &big).await.expect("a claim").intended_status, None);
        desk.mark("invoice", &won, "void").await;
        assert_eq!(said(&desk.gone(&big, &desk.lost).await), ("INVALIDATE", "SKIPPED", Some("MANUAL_STATUS_CHANGE")));
    }

    async fn a_disabled_integration_makes_no_customers_for_its_siblings(world: &TestWorld) {
        let desk = Desk::without_customers(world).await;
        desk.invoices().await;
        let other = invoicing(world).await;
        world.configure(&other, "SKIP", false).await;
        let disable = "mutation($id: ID!) { integrationDisable(input: { integrationId: $id, confirm: true }) { userErrors { code } } }";
        let disabled = world.data(disable, json!({ "id": other })).await;
        assert_eq!(disabled["integrationDisable"]["userErrors"], json!([]));
        let big = desk.deal("Big", &desk.won).await;
        until(async || of(&desk, &big, &desk.integration).await == ["CREATE SKIPPED"], "it was looked at").await;
        let entries = desk.entries(&big).await;
        let own = entries.iter().find(|entry| entry["integration"]["id"] == json!(desk.integration)).expect("an entry");
        assert_eq!(own["code"], "NO_CUSTOMER", "{entries:#?}");
        assert_eq!((world.contacts().await.len(), desk.listed("invoices").await.len()), (0, 0));
    }
}
