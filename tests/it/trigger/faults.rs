//! What strikes while triggers are at work: answers that are lost, workers that die, apps that do not answer.

use chrono::{TimeDelta, Utc};
use finbridge_contract::{DocumentDraft, NewDealMark, NewLine};
use finbridge_domain::{Clock, DocumentKind};
use finbridge_emulator::{DEMO_EMAIL, DEMO_ZSC_KEY, FaultAction, FaultRule};
use finbridge_entity::{Scoped, deal, deal_document, deal_event};
use finbridge_sync::job::{Jobs, handle_deal_events};
use finbridge_sync::queue::Dispatcher;
use finbridge_tests::{TestWorld, both_databases};
use sea_orm::prelude::DateTimeUtc;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, Set};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::desk::{Desk, SET, said, uuid_of};
use crate::transaction::seen::until;

/// What strikes the call that makes an invoice, once.
fn faults() -> Vec<(&'static str, FaultAction)> {
    vec![
        ("closed before", FaultAction::CloseBeforeCommit),
        ("closed after", FaultAction::CloseAfterCommit),
        ("reset before", FaultAction::ResetBeforeCommit),
        ("reset after", FaultAction::ResetAfterCommit),
        ("held up", FaultAction::Hang { ms: 100 }),
        ("unavailable", FaultAction::ServerError { status: 503 }),
        ("broken", FaultAction::ServerError { status: 500 }),
        ("truncated", FaultAction::TruncateBody { keep: None }),
        ("a page", FaultAction::Html { status: 200 }),
        ("garbage", FaultAction::Garbage { bytes: 512 }),
    ]
}

/// Waits for the newest entry of a deal's log, of which there is then one; where its event waits for a time of the clock, the clock
/// moves there.
pub(super) async fn settled(desk: &Desk<'_>, deal: &str) -> Value {
    let (engine, clock) = (&desk.world.app.engine, &desk.world.clock);
    let is_there = async || {
        let waits = deal_event::Entity::of(desk.world.viewer.organization_id)
            .filter(deal_event::Column::DealId.eq(uuid_of(deal)))
            .filter(deal_event::Column::HandledAt.is_null())
            .filter(deal_event::Column::LeaseUntil.is_null())
            .filter(deal_event::Column::Attempts.gt(0))
            .one(&engine.db)
            .await
            .expect("an answer");
        let resume_at: Option<DateTimeUtc> = waits.and_then(|event| event.resume_at);
        if let Some(at) = resume_at.filter(|at| *at > clock.now()) {
            desk.world.advance(at - clock.now());
        }
        !desk.entries(deal).await.is_empty()
    };
    until(is_there, "the trigger was looked at").await;
    desk.newest(deal, 1).await
}

/// How many invoices there name each of these deals.
async fn counted(desk: &Desk<'_>, deals: &[String]) -> Vec<usize> {
    let mut named = Vec::new();
    for row in desk.listed("invoices").await {
        let id = row["invoice_id"].as_str().expect("an id");
        named.push(
            desk.world.books("GET", &format!("/invoices/{id}"), None).await["invoice"]["zcrm_potential_id"]
                .take(),
        );
    }
    let mut counts = Vec::new();
    for deal in deals {
        let number = desk.number(deal).await;
        counts.push(named.iter().filter(|one| **one == number).count());
    }
    assert_eq!(counts.iter().sum::<usize>(), named.len(), "no invoice of another deal: {named:?}");
    counts
}

/// Connects the Invoice app of the same finance organization, whose deals make invoices, and returns its integration.
pub(super) async fn invoicing(world: &TestWorld) -> String {
    let query = "mutation($key: String!, $email: String!) { integrationConnect(input: { app: \"invoice\", email: $email, zscKey: $key, transactionKinds: [] }) {
        integration { id } userErrors { code message } } }";
    let data = world.data(query, json!({ "key": DEMO_ZSC_KEY, "email": DEMO_EMAIL })).await;
    let integration =
        data["integrationConnect"]["integration"]["id"].as_str().unwrap_or_else(|| panic!("{data:#}"));
    let set = world.data(SET, json!({ "input": { "integrationId": integration, "point": "INVOICE" } })).await;
    assert_eq!(set["integrationTriggerSet"]["userErrors"], json!([]), "{set:#}");
    integration.to_owned()
}

/// What an integration did for a deal, newest first.
pub(super) async fn of(desk: &Desk<'_>, deal: &str, integration: &str) -> Vec<String> {
    let entries = desk.entries(deal).await;
    let own = entries.iter().filter(|entry| entry["integration"]["id"] == integration);
    let told = |entry: &Value| {
        let text = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        format!("{} {}", text("action"), text("outcome"))
    };
    own.map(told).collect()
}

both_databases! {
    async fn r126_a_fault_while_an_invoice_is_made_makes_no_second_one(world: &TestWorld) {
        let desk = Desk::of(world).await;
        desk.invoices().await;
        let mut deals = Vec::new();
        for (name, action) in faults() {
            let fault = world.emulator.fault(FaultRule::new(action).method("POST").path("/books/v3/invoices").count(1));
            let deal = desk.deal(name, &desk.won).await;
            let entry = settled(&desk, &deal).await;
            assert_eq!(said(&entry), ("CREATE", "DONE", None), "{name}: {entry:#}");
            world.emulator.remove_fault(fault);
            deals.push(deal);
        }
        assert_eq!(counted(&desk, &deals).await, vec![1; deals.len()]);
        // And a void that was cut off is the trigger's own doing.
        world.emulator.fault(FaultRule::new(FaultAction::ResetAfterCommit).method("POST").path_contains("/status/void").count(1));
        let lost = desk.gone(&deals[0], &desk.lost).await;
        assert_eq!(said(&lost), ("INVALIDATE", "DONE", None), "{lost:#}");
        assert_eq!(desk.invoice(&lost).await["status"], "void");
    }

    async fn r126_whoever_comes_twice_or_at_the_same_time_makes_one(world: &TestWorld) {
        let desk = Desk::of(world).await;
        desk.invoices().await;
        let replica = world.replica().await;
        let mut deals = Vec::new();
        for n in 0..12 {
            deals.push(desk.deal(&format!("Deal {n}"), &desk.open).await);
        }
        for deal in &deals {
            desk.newest(deal, 1).await;
        }
        // What two processes write down within one millisecond has no order.
        world.advance(TimeDelta::seconds(1));
        let query = "mutation($ids: [ID!]!, $stage: ID!) { dealsMoveToStage(input: { ids: $ids, stageId: $stage }) {
            results { id deal { stage { id } } userErrors { code } } userErrors { code } } }";
        let data = world.data(query, json!({ "ids": deals, "stage": desk.won })).await;
        let results = data["dealsMoveToStage"]["results"].as_array().expect("results");
        assert!(results.iter().all(|one| one["deal"]["stage"]["id"] == json!(desk.won)), "{data:#}");
        let engines = [world.app.engine.clone(), replica.engine.clone(), world.app.engine.clone()];
        let again = engines.into_iter().flat_map(|engine| {
            deals.iter().map(move |deal| {
                let payload = json!({ "organization_id": world.viewer.organization_id, "deal_id": uuid_of(deal) });
                let jobs = Jobs::new(engine.clone(), CancellationToken::new());
                async move { jobs.dispatch(handle_deal_events::KIND, payload).await }
            })
        });
        for done in futures::future::join_all(again).await {
            done.expect("it is handled");
        }
        for deal in &deals {
            assert_eq!(said(&desk.newest(deal, 2).await), ("CREATE", "DONE", None));
        }
        assert_eq!(counted(&desk, &deals).await, vec![1; deals.len()]);
    }

    async fn r126_what_a_dead_worker_had_begun_is_found_again(world: &TestWorld) {
        let desk = Desk::of(world).await;
        desk.invoices().await;
        let engine = &world.app.engine;
        let here = world.viewer.organization_id;
        let big = desk.deal("Big", &desk.open).await;
        desk.newest(&big, 1).await;
        // It had made the invoice, and died before it could write that down.
        let row = deal::Entity::one_of(here, uuid_of(&big)).one(&engine.db).await.expect("an answer").expect("the deal");
        let reference = format!("FB-{:018}-I", row.wire_id);
        let remote = engine.remote(&engine.db, here, uuid_of(&desk.integration)).await.expect("a connection");
        let customer = world.contacts().await[0]["contact_id"].as_str().expect("a customer").to_owned();
        let line = NewLine { item_id: None, name: "Big".to_owned(), description: None, quantity: 1.into(), unit: None, unit_price: 7.into() };
        let draft = DocumentDraft {
            party_id: Some(customer),
            reference: Some(reference.clone()),
            lines: Some(vec![line]),
            deal: Some(NewDealMark { wire_id: row.wire_id, name: row.name }),
            ..DocumentDraft::default()
        };
        let adapter = remote.connector.documents(DocumentKind::Invoice).expect("invoices");
        let made = adapter.create(&remote.connection, &draft).await.expect("it is made");
        let now = world.clock.now();
        let claim = deal_document::ActiveModel {
            organization_id: Set(here),
            id: Set(engine.ids.uuid()),
            deal_id: Set(row.id),
            integration_id: Set(uuid_of(&desk.integration)),
            kind: Set("INVOICE".to_owned()),
            reference: Set(reference),
            created_at: Set(now),
            updated_at: Set(now),
            ..Default::default()
        };
        claim.insert(&engine.db).await.expect("a claim");
        let won = desk.gone(&big, &desk.won).await;
        assert_eq!((said(&won), &won["remoteKey"]), (("CREATE", "DONE", None), &json!(made.remote_id)), "{won:#}");
        assert_eq!(desk.listed("invoices").await.len(), 1);

        // It had written everything, and died before it could say that the event is handled.
        deal_event::Entity::update_many()
            .col_expr(deal_event::Column::HandledAt, Expr::value(Option::<chrono::DateTime<Utc>>::None))
            .col_expr(deal_event::Column::ResumeAt, Expr::value(Some(now)))
            .filter(deal_event::Column::DealId.eq(row.id))
            .exec(&engine.db)
            .await
            .expect("an update");
        let is_handled = async || {
            let open = deal_event::Entity::of(here).filter(deal_event::Column::HandledAt.is_null()).one(&engine.db).await;
            open.expect("an answer").is_none()
        };
        until(is_handled, "somebody took it up").await;
        assert_eq!((desk.entries(&big).await.len(), desk.listed("invoices").await.len()), (2, 1));
    }

    async fn r126_a_void_that_a_dead_worker_had_done_is_told_as_done(world: &TestWorld) {
        let desk = Desk::of(world).await;
        desk.invoices().await;
        let big = desk.deal("Big", &desk.won).await;
        let won = desk.newest(&big, 1).await;
        deal_document::Entity::update_many()
            .col_expr(deal_document::Column::IntendedStatus, Expr::value(Some("VOID")))
            .filter(deal_document::Column::DealId.eq(uuid_of(&big)))
            .exec(&world.app.engine.db)
            .await
            .expect("an update");
        // Its own call, of which it never heard.
        desk.mark("invoice", &won, "void").await;
        world.emulator.clear_journal();
        assert_eq!(said(&desk.gone(&big, &desk.lost).await), ("INVALIDATE", "DONE", None));
        assert_eq!(world.finance_writes(), Vec::<String>::new());
        desk.gone(&big, &desk.open).await;
        assert_eq!(said(&desk.gone(&big, &desk.lost).await), ("INVALIDATE", "SKIPPED", Some("ALREADY_SO")));
    }

    async fn r126_an_app_that_does_not_answer_holds_up_no_other(world: &TestWorld) {
        let desk = Desk::of(world).await;
        desk.trigger(json!({ "point": "ESTIMATE", "createStageIds": [desk.won], "invalidateStageIds": [desk.lost] })).await;
        let other = invoicing(world).await;
        let outage = FaultRule::new(FaultAction::ServerError { status: 503 }).method("POST").path("/books/v3/estimates");
        let outage = world.emulator.fault(outage);
        let big = desk.deal("Big", &desk.won).await;
        until(async || of(&desk, &big, &other).await == ["CREATE DONE"], "the other app made its invoice").await;
        // Also what happens to the deal later is looked at for the other one.
        desk.go(&big, &desk.lost).await;
        let both = ["INVALIDATE DONE", "CREATE DONE"];
        until(async || of(&desk, &big, &other).await == both, "the other app voided its invoice").await;
        assert_eq!(of(&desk, &big, &desk.integration).await, [""; 0]);
        world.emulator.remove_fault(outage);
        let is_done = async || {
            world.advance(chrono::TimeDelta::seconds(30));
            of(&desk, &big, &desk.integration).await == both
        };
        until(is_done, "the app that was away made its estimate, and then declined it").await;
    }

    async fn r126_two_apps_of_one_finance_organization_bill_a_deal_once(world: &TestWorld) {
        let desk = Desk::of(world).await;
        desk.invoices().await;
        let other = invoicing(world).await;
        let big = desk.deal("Big", &desk.won).await;
        until(async || desk.entries(&big).await.len() == 2, "both looked at it").await;
        let entries = desk.entries(&big).await;
        let keys: Vec<_> = entries.iter().map(|entry| &entry["remoteKey"]).collect();
        assert_eq!(keys[0], keys[1], "{entries:#?}");
        let mut outcomes = [of(&desk, &big, &desk.integration).await, of(&desk, &big, &other).await].concat();
        outcomes.sort();
        assert_eq!(outcomes, ["CREATE DONE", "CREATE SKIPPED"], "{entries:#?}");
        assert_eq!(desk.listed("invoices").await.len(), 1);
    }

    async fn a_finance_app_that_refuses_is_quoted_and_may_be_asked_again(world: &TestWorld) {
        let desk = Desk::of(world).await;
        desk.invoices().await;
        let refusal = FaultAction::Respond { status: 400, body: json!({ "code": 4, "message": "Not today." }), headers: Default::default() };
        let fault = world.emulator.fault(FaultRule::new(refusal).method("POST").path("/books/v3/invoices"));
        let big = desk.deal("Big", &desk.won).await;
        let refused = desk.newest(&big, 1).await;
        assert_eq!((said(&refused), &refused["remoteCode"]), (("CREATE", "FAILED", Some("FINANCE_REFUSED")), &json!("4")), "{refused:#}");
        assert!(refused["message"].as_str().expect("a message").contains("Not today."), "{refused:#}");
        world.emulator.remove_fault(fault);
        desk.gone(&big, &desk.open).await;
        assert_eq!(said(&desk.gone(&big, &desk.won).await), ("CREATE", "DONE", None));
        assert_eq!(desk.listed("invoices").await.len(), 1);
    }
}
