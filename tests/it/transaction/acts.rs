//! What is done with documents that are there: edits, changes of how they stand, mails, and what stands in the way.

use chrono::TimeDelta;
use finbridge_domain::NodeId;
use finbridge_emulator::{FaultAction, FaultRule};
use finbridge_entity::document_act;
use finbridge_entity::types::DocumentActState;
use finbridge_tests::acts::tea;
use finbridge_tests::{TestWorld, both_databases};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use super::seen;

/// A document made from here, of one tea for 100: its id here, and the document as the finance app has it.
async fn made(world: &TestWorld, integration: &str, kind: &str) -> (String, Value) {
    let customer = seen::customer(world, &format!("Customer of {kind}"), None).await;
    let job = world.done("transactionCreate", tea(integration, kind, json!({ "remoteKey": customer }))).await;
    let id = job["transaction"]["id"].as_str().expect("an id").to_owned();
    (id, there(world, kind).await)
}

/// The one document of this kind on the finance side.
async fn there(world: &TestWorld, kind: &str) -> Value {
    let (list, key) = match kind {
        "ESTIMATE" => ("/estimates", "estimate"),
        _ => ("/invoices", "invoice"),
    };
    let listed = world.listed(list).await;
    assert_eq!(listed.len(), 1, "{listed:#?}");
    let id = listed[0][format!("{key}_id")].as_str().expect("an id").to_owned();
    world.books("GET", &format!("{list}/{id}"), None).await[key].take()
}

/// Pays so much of an invoice on the finance side.
async fn pay(world: &TestWorld, invoice: &Value, amount: u32) {
    let body = json!({ "customer_id": invoice["customer_id"], "payment_mode": "cash", "amount": amount, "date": "2026-01-05",
        "invoices": [{ "invoice_id": invoice["invoice_id"], "amount_applied": amount }] });
    let answer = world.books("POST", "/customerpayments", Some(body)).await;
    assert_eq!(answer["code"], 0, "{answer:#}");
}

/// The calls that changed something of a document, since the journal was cleared.
fn writes(world: &TestWorld, path: &str) -> usize {
    world.finance_writes().iter().filter(|write| write.contains(path)).count()
}

both_databases! {
    async fn r129_a_document_that_was_made_here_is_edited_from_here(world: &TestWorld) {
        let integration = world.connect().await;
        let (id, before) = made(world, &integration, "INVOICE").await;
        let edit = json!({ "id": id, "notes": "As discussed",
            "lines": [{ "name": "Tea", "quantity": "3", "unitPrice": "33.3333" }] });
        let job = world.done("transactionUpdate", edit).await;
        assert_eq!(job["transaction"]["id"], json!(id));
        let after = there(world, "INVOICE").await;
        assert_eq!(after["notes"], "As discussed", "{after:#}");
        assert_eq!(after["line_items"][0]["quantity"].as_f64(), Some(3.0), "{after:#}");
        // An edit says nothing about how the document stands.
        assert_eq!((&after["status"], &after["invoice_number"]), (&before["status"], &before["invoice_number"]));
        assert_eq!(after["customer_id"], before["customer_id"]);
    }

    async fn an_edit_that_is_not_answered_is_made_once_more_and_changes_nothing_further(world: &TestWorld) {
        let integration = world.connect().await;
        let (id, _) = made(world, &integration, "INVOICE").await;
        let fault = FaultRule::new(FaultAction::CloseAfterCommit).method("PUT").path_contains("/invoices/");
        world.emulator.fault(fault.count(1));
        world.done("transactionUpdate", json!({ "id": id, "notes": "Twice" })).await;
        assert_eq!(there(world, "INVOICE").await["notes"], "Twice");
    }

    async fn how_a_document_stands_is_asked_before_it_is_changed(world: &TestWorld) {
        let integration = world.connect().await;
        let (id, invoice) = made(world, &integration, "INVOICE").await;
        world.done("transactionMarkSent", json!({ "id": id })).await;
        // Nobody told the CRM of this payment yet.
        pay(world, &invoice, 40).await;
        world.emulator.clear_journal();
        assert_eq!(world.not_done("transactionVoid", json!({ "id": id })).await, "HAS_PAYMENTS");
        assert_eq!(writes(world, "/status/void"), 0);
        // What was found out on the way is kept.
        let data = world.data("query($id: ID!) { transaction(id: $id) { status balance { amount } } }", json!({ "id": id })).await;
        assert_eq!(data["transaction"]["status"], "PARTIALLY_PAID", "{data:#}");
    }

    async fn what_is_so_already_is_not_done_again(world: &TestWorld) {
        let integration = world.connect().await;
        let (id, estimate) = made(world, &integration, "ESTIMATE").await;
        world.done("transactionMarkSent", json!({ "id": id })).await;
        let path = format!("/estimates/{}/status/accepted", estimate["estimate_id"].as_str().expect("an id"));
        let answer = world.books("POST", &path, None).await;
        assert_eq!(answer["code"], 0, "{answer:#}");
        world.emulator.clear_journal();
        let job = world.done("transactionAccept", json!({ "id": id })).await;
        assert_eq!(job["transaction"]["status"], "ACCEPTED");
        assert_eq!(writes(world, "/status/"), 0);
    }

    async fn a_change_that_is_not_answered_is_found_to_be_done(world: &TestWorld) {
        let integration = world.connect().await;
        let (id, _) = made(world, &integration, "ESTIMATE").await;
        let fault = FaultRule::new(FaultAction::CloseAfterCommit).method("POST").path_contains("/status/sent");
        world.emulator.fault(fault.count(1));
        world.emulator.clear_journal();
        let job = world.done("transactionMarkSent", json!({ "id": id })).await;
        assert_eq!(job["transaction"]["status"], "SENT");
        assert_eq!(writes(world, "/status/sent"), 1);
    }

    async fn what_is_asked_about_one_document_is_done_in_the_order_in_which_it_is_asked(world: &TestWorld) {
        let integration = world.connect().await;
        let (id, _) = made(world, &integration, "ESTIMATE").await;
        let slow = FaultRule::new(FaultAction::ServerError { status: 503 }).method("PUT").path_contains("/estimates/");
        world.emulator.fault(slow.count(1));
        let first = world.asked("transactionUpdate", json!({ "id": id, "notes": "First" })).await;
        let second = world.asked("transactionUpdate", json!({ "id": id, "notes": "Second" })).await;
        let third = world.asked("transactionMarkSent", json!({ "id": id })).await;
        for job in [&first, &second, &third] {
            let job = world.job_ended(job).await;
            assert_eq!(job["state"], "SUCCEEDED", "{job:#}");
        }
        let estimate = there(world, "ESTIMATE").await;
        assert_eq!((&estimate["notes"], &estimate["status"]), (&json!("Second"), &json!("sent")), "{estimate:#}");
    }

    async fn a17_25_a_document_that_is_gone_is_noted_as_gone(world: &TestWorld) {
        let integration = world.connect().await;
        let (id, invoice) = made(world, &integration, "INVOICE").await;
        let path = format!("/invoices/{}", invoice["invoice_id"].as_str().expect("an id"));
        let answer = world.books("DELETE", &path, None).await;
        assert_eq!(answer["code"], 0, "{answer:#}");
        assert_eq!(world.not_done("transactionMarkSent", json!({ "id": id })).await, "DOCUMENT_GONE");
        let refused = world.ask("transactionMarkSent", json!({ "id": id })).await;
        assert_eq!(refused["userErrors"][0]["code"], "NOT_FOUND", "{refused:#}");
        // Its job still leads to it.
        let job = world.asked("transactionRefresh", json!({ "id": id })).await;
        let job = world.job_ended(&job).await;
        assert_eq!(job["error"]["code"], "DOCUMENT_GONE", "{job:#}");
        let query = "query($id: ID!, $job: ID!) { transaction(id: $id) { id } transactionJob(id: $job) { transaction { deletedAt } } }";
        let data = world.data(query, json!({ "id": id, "job": job["id"] })).await;
        assert_eq!(data["transaction"], Value::Null);
        assert!(data["transactionJob"]["transaction"]["deletedAt"].is_string(), "{data:#}");
    }

    async fn r135_a_mail_of_which_nobody_knows_whether_it_went_out_is_not_sent_again(world: &TestWorld) {
        let integration = world.connect().await;
        let (id, _) = made(world, &integration, "INVOICE").await;
        let wish = json!({ "id": id, "to": ["buyer@example.com"], "subject": "Your invoice", "body": "Thank you." });
        let fault = FaultRule::new(FaultAction::CloseAfterCommit).method("POST").path_contains("/email");
        world.emulator.fault(fault.count(1));
        assert_eq!(world.not_done("transactionMail", wish.clone()).await, "MAIL_OUTCOME_UNKNOWN");
        assert_eq!(world.mails().await.len(), 1);
        // Whoever has looked may ask again.
        world.done("transactionMail", wish).await;
        assert_eq!(world.mails().await.len(), 2);
    }

    async fn r135_a_mail_whose_worker_died_is_not_sent_again(world: &TestWorld) {
        let integration = world.connect().await;
        let (id, _) = made(world, &integration, "INVOICE").await;
        let wish = json!({ "id": id, "to": ["buyer@example.com"], "subject": "Your invoice", "body": "Thank you." });
        let job = world.done("transactionMail", wish).await;
        let job = job["id"].as_str().expect("an id").to_owned();
        let uuid = job.parse::<NodeId>().expect("an id").uuid;
        // As a worker leaves it that dies before it notes that the mail went out.
        use document_act::Column;
        document_act::Entity::update_many()
            .col_expr(Column::State, Expr::value(DocumentActState::Running))
            .col_expr(Column::FinishedAt, Expr::value(Option::<sea_orm::prelude::DateTimeUtc>::None))
            .col_expr(Column::LeaseUntil, Expr::value(Some(world.app.engine.clock.now() + TimeDelta::seconds(45))))
            .col_expr(Column::ResumeAt, Expr::value(Some(world.app.engine.clock.now() + TimeDelta::seconds(45))))
            .filter(Column::OrganizationId.eq(world.viewer.organization_id))
            .filter(Column::Id.eq(uuid))
            .exec(&world.app.engine.db)
            .await
            .expect("the database answers");
        world.advance(TimeDelta::seconds(46));
        let job = world.job_ended(&job).await;
        assert_eq!((&job["state"], &job["error"]["code"]), (&json!("FAILED"), &json!("MAIL_OUTCOME_UNKNOWN")), "{job:#}");
        assert_eq!(world.mails().await.len(), 1);
    }

    async fn r135_a_document_is_made_and_mailed_with_one_wish(world: &TestWorld) {
        let integration = world.connect().await;
        let customer = seen::customer(world, "Mailed Ltd", None).await;
        let mut wish = tea(&integration, "INVOICE", json!({ "remoteKey": customer }));
        wish["send"] = json!({ "to": ["buyer@example.com"], "subject": "Your invoice", "body": "Thank you." });
        let job = world.done("transactionCreate", wish).await;
        let id = job["transaction"]["id"].as_str().expect("an id").to_owned();
        seen::until(async || world.mails().await.len() == 1, "the mail went out").await;
        let status = async || {
            let data = world.data("query($id: ID!) { transaction(id: $id) { status } }", json!({ "id": id })).await;
            data["transaction"]["status"] == "SENT"
        };
        seen::until(status, "what was mailed counts as sent").await;
    }

    async fn what_the_finance_app_refuses_is_told_in_its_own_words(world: &TestWorld) {
        let integration = world.connect().await;
        let wish = tea(&integration, "INVOICE", json!({ "remoteKey": "460000000000001" }));
        let job = world.asked("transactionCreate", wish).await;
        let job = world.job_ended(&job).await;
        assert_eq!(job["state"], "FAILED", "{job:#}");
        assert!(job["error"]["message"].as_str().is_some_and(|message| !message.is_empty()), "{job:#}");
        assert_eq!(world.listed("/invoices").await.len(), 0);
    }
}
