//! What becomes of acts of which nobody knows whether they were done, and what is told of them.

use chrono::TimeDelta;
use finbridge_domain::NodeId;
use finbridge_emulator::{ExceededLimit, FaultAction, FaultRule};
use finbridge_entity::types::DocumentActState;
use finbridge_entity::{Scoped, document_act};
use finbridge_tests::acts::tea;
use finbridge_tests::{TestWorld, both_databases};
use serde_json::{Value, json};

use super::seen::{self, until};

/// What strikes the call that makes an invoice.
fn making(action: FaultAction) -> FaultRule {
    FaultRule::new(action).method("POST").path("**/invoices")
}

/// The finance app says no.
fn refusal() -> FaultAction {
    let body = json!({ "code": 4, "message": "Not today." });
    FaultAction::Respond { status: 400, body, headers: Default::default() }
}

/// The reference that the document of this job carries, or would.
fn reference(job: &Value) -> String {
    let id = job["id"].as_str().expect("an id").parse::<NodeId>().expect("an id");
    format!("FB-{}", id.uuid.simple())
}

/// Whether the job's message names that reference.
fn names_it(job: &Value) -> bool {
    job["error"]["message"].as_str().expect("a message").contains(&reference(job))
}

/// Waits until the job has ended; the clock moves on by so much again and again.
async fn ended_in_time(world: &TestWorld, job: &str, step: TimeDelta) -> Value {
    let is_over = async || {
        world.advance(step);
        let job = world.job(job).await;
        ["SUCCEEDED", "FAILED"].contains(&job["state"].as_str().expect("a state"))
    };
    until(is_over, "the job ended").await;
    world.job(job).await
}

/// Mails that were asked for since the journal was cleared.
fn letters(world: &TestWorld) -> usize {
    world.finance_writes().iter().filter(|write| write.contains("/email")).count()
}

both_databases! {
    async fn a_refusal_names_the_reference_of_a_document_that_an_earlier_try_may_have_made(world: &TestWorld) {
        let integration = world.connect().await;
        let customer = seen::customer(world, "Doubtful Ltd", None).await;
        let wish = tea(&integration, "INVOICE", json!({ "remoteKey": customer }));
        world.emulator.fault(making(refusal()));
        let job = world.asked("transactionCreate", wish.clone()).await;
        let job = world.job_ended(&job).await;
        assert_eq!(job["error"]["code"], "FINANCE_REFUSED", "{job:#}");
        assert!(!names_it(&job), "nothing can have been made: {job:#}");

        world.emulator.clear_faults();
        world.emulator.fault(making(FaultAction::CloseBeforeCommit).count(1));
        world.emulator.fault(making(refusal()));
        let job = world.asked("transactionCreate", wish).await;
        let job = world.job_ended(&job).await;
        assert_eq!(job["error"]["code"], "FINANCE_REFUSED", "{job:#}");
        assert!(names_it(&job), "{job:#}");
    }

    async fn an_integration_that_is_disabled_meanwhile_does_not_hide_what_may_have_been_made(world: &TestWorld) {
        let integration = world.connect().await;
        let customer = seen::customer(world, "Disabled Ltd", None).await;
        world.emulator.fault(making(FaultAction::CloseBeforeCommit));
        let job = world.asked("transactionCreate", tea(&integration, "INVOICE", json!({ "remoteKey": customer }))).await;
        let act = job.parse::<NodeId>().expect("an id").uuid;
        let waits = async || {
            let act = document_act::Entity::one_of(world.viewer.organization_id, act).one(&world.app.engine.db).await;
            let act = act.expect("the database answers").expect("the act");
            act.attempts > 0 && act.state == DocumentActState::Queued
        };
        until(waits, "the act waits for its next try").await;
        let disable = "mutation($id: ID!) { integrationDisable(input: { integrationId: $id, confirm: true }) { userErrors { code } } }";
        world.data(disable, json!({ "id": integration })).await;
        let job = world.job_ended(&job).await;
        assert_eq!(job["error"]["code"], "INTEGRATION_DISABLED", "{job:#}");
        assert!(names_it(&job), "{job:#}");
    }

    async fn x17_limits_of_the_finance_app_use_up_no_tries(world: &TestWorld) {
        let integration = world.connect().await;
        let customer = seen::customer(world, "Limited Ltd", None).await;
        let wish = tea(&integration, "INVOICE", json!({ "remoteKey": customer }));
        let limit = || making(FaultAction::Exceeded { limit: ExceededLimit::Concurrency, retry_after: Some(10), bare: false });
        world.emulator.fault(limit().count(11));
        let job = world.asked("transactionCreate", wish.clone()).await;
        let job = ended_in_time(world, &job, TimeDelta::seconds(5)).await;
        assert_eq!(job["state"], "SUCCEEDED", "{job:#}");

        // A day later there is no more hope.
        world.emulator.fault(limit());
        let job = world.asked("transactionCreate", wish).await;
        let job = ended_in_time(world, &job, TimeDelta::minutes(10)).await;
        assert_eq!((&job["state"], &job["error"]["code"]), (&json!("FAILED"), &json!("OUTCOME_UNKNOWN")), "{job:#}");
        assert_eq!(world.listed("/invoices").await.len(), 1);
    }

    async fn r135_a_mail_at_which_the_finance_app_broke_down_is_asked_for_once(world: &TestWorld) {
        let integration = world.connect().await;
        let customer = seen::customer(world, "Broken Ltd", None).await;
        let made = world.done("transactionCreate", tea(&integration, "INVOICE", json!({ "remoteKey": customer }))).await;
        let wish = json!({ "id": made["transaction"]["id"], "to": ["buyer@example.com"], "subject": "Your invoice", "body": "Thank you." });
        world.emulator.fault(FaultRule::new(FaultAction::ServerError { status: 500 }).method("POST").path_contains("/email"));
        world.emulator.clear_journal();
        assert_eq!(world.not_done("transactionMail", wish).await, "MAIL_OUTCOME_UNKNOWN");
        assert_eq!(letters(world), 1);
    }

    async fn a_document_at_which_the_finance_app_broke_down_is_looked_for_and_made(world: &TestWorld) {
        let integration = world.connect().await;
        let customer = seen::customer(world, "Mended Ltd", None).await;
        world.emulator.fault(making(FaultAction::ServerError { status: 500 }).count(2));
        world.done("transactionCreate", tea(&integration, "INVOICE", json!({ "remoteKey": customer }))).await;
        assert_eq!(world.listed("/invoices").await.len(), 1);
    }

    async fn r135_a_mail_that_went_out_is_done_also_where_the_document_cannot_be_kept(world: &TestWorld) {
        let integration = world.connect().await;
        let customer = seen::customer(world, "Exact Ltd", None).await;
        let made = world.done("transactionCreate", tea(&integration, "INVOICE", json!({ "remoteKey": customer }))).await;
        let listed = world.listed("/invoices").await;
        let path = format!("/invoices/{}", listed[0]["invoice_id"].as_str().expect("an id"));
        let mut body = world.books("GET", &path, None).await;
        body["invoice"]["total"] = serde_json::from_str("100.123456").expect("a number");
        let finer = FaultAction::Respond { status: 200, body, headers: Default::default() };
        world.emulator.fault(FaultRule::new(finer).method("GET").path("**/invoices/*"));
        let wish = json!({ "id": made["transaction"]["id"], "to": ["buyer@example.com"], "subject": "Your invoice", "body": "Thank you." });
        let job = world.done("transactionMail", wish).await;
        assert_eq!(job["transaction"]["id"], made["transaction"]["id"]);
        assert_eq!(world.mails().await.len(), 1);
    }
}
