//! One document for one wish, whatever is repeated, cut off or left without an answer; and one customer for one record, whoever
//! makes it.

use std::collections::HashSet;

use chrono::TimeDelta;
use finbridge_domain::NodeId;
use finbridge_emulator::{FaultAction, FaultRule};
use finbridge_entity::types::DocumentActState;
use finbridge_entity::{Scoped, document_act, record_link};
use finbridge_sync::job::Jobs;
use finbridge_sync::queue::Dispatcher;
use finbridge_tests::acts::tea;
use finbridge_tests::{TestWorld, both_databases};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::seen;
use crate::sync::support::{change_account, make, settings};

/// Connected, with customers synchronised from accounts.
async fn connected(world: &TestWorld) -> String {
    let integration = world.connect().await;
    world.configure(&integration, "SKIP", false).await;
    integration
}

/// The numbers of the invoices on the finance side.
async fn numbers(world: &TestWorld) -> HashSet<String> {
    let invoices = world.listed("/invoices").await;
    invoices.iter().map(|one| one["invoice_number"].as_str().expect("a number").to_owned()).collect()
}

/// The customers of this name on the finance side, by their ids.
async fn customers(world: &TestWorld, name: &str) -> Vec<Value> {
    let contacts = world.contacts().await.into_iter();
    contacts.filter(|one| one["contact_name"] == name).map(|one| one["contact_id"].clone()).collect()
}

async fn links(world: &TestWorld) -> usize {
    let links = record_link::Entity::of(world.viewer.organization_id)
        .filter(record_link::Column::Kind.eq("CUSTOMER"))
        .all(&world.app.engine.db);
    links.await.expect("the database answers").len()
}

both_databases! {
    async fn r132_any_number_of_documents_is_made_one_for_each_wish(world: &TestWorld) {
        let integration = connected(world).await;
        let account = world.account("Many Ltd").await;
        let mut jobs = Vec::new();
        for n in 0..50 {
            let kind = if n % 2 == 0 { "INVOICE" } else { "ESTIMATE" };
            let wish = tea(&integration, kind, json!({ "accountId": account }));
            jobs.push(world.asked("transactionCreate", wish).await);
        }
        let mut made = HashSet::new();
        for job in &jobs {
            let job = world.job_ended(job).await;
            assert_eq!(job["state"], "SUCCEEDED", "{job:#}");
            made.insert(job["transaction"]["id"].as_str().expect("a document").to_owned());
        }
        assert_eq!(made.len(), 50);
        assert_eq!((numbers(world).await.len(), world.listed("/estimates").await.len()), (25, 25));
        // All of them are with the one customer that the account became.
        assert_eq!(customers(world, "Many Ltd").await.len(), 1);
    }

    async fn a_document_whose_making_is_not_answered_is_found_and_not_made_again(world: &TestWorld) {
        let integration = connected(world).await;
        let customer = seen::customer(world, "Silent Ltd", None).await;
        let unanswered = [FaultAction::CloseAfterCommit, FaultAction::ResetAfterCommit,
            FaultAction::CutBody { keep: None }, FaultAction::TruncateBody { keep: None }];
        for (n, action) in unanswered.into_iter().enumerate() {
            let fault = FaultRule::new(action.clone()).method("POST").path("**/invoices").count(1);
            world.emulator.fault(fault);
            let job = world.done("transactionCreate", tea(&integration, "INVOICE", json!({ "remoteKey": customer }))).await;
            assert_eq!(job["transaction"]["customer"]["remoteKey"], json!(customer), "{action:?}");
            assert_eq!(numbers(world).await.len(), n + 1, "{action:?}");
        }
    }

    async fn what_counts_as_sent_is_marked_so_whatever_happens_to_the_marking(world: &TestWorld) {
        let integration = connected(world).await;
        let customer = seen::customer(world, "Marked Ltd", None).await;
        let mut wish = tea(&integration, "INVOICE", json!({ "remoteKey": customer }));
        wish["markSent"] = json!(true);
        let failing = [FaultAction::ServerError { status: 503 }, FaultAction::CloseBeforeCommit, FaultAction::CloseAfterCommit];
        for (n, action) in failing.into_iter().enumerate() {
            world.emulator.fault(FaultRule::new(action.clone()).method("POST").path("**/status/sent").count(1));
            let job = world.done("transactionCreate", wish.clone()).await;
            assert_eq!(job["transaction"]["status"], "SENT", "{action:?}: {job:#}");
            let statuses: Vec<Value> = world.listed("/invoices").await.iter().map(|one| one["status"].clone()).collect();
            assert_eq!(statuses, vec![json!("sent"); n + 1], "{action:?}");
        }
    }

    async fn a_look_that_finds_nothing_yet_is_repeated_before_anything_is_made(world: &TestWorld) {
        let integration = connected(world).await;
        let customer = seen::customer(world, "Stale Ltd", None).await;
        let post = || FaultRule::new(FaultAction::CloseAfterCommit).method("POST").path("**/invoices");
        world.emulator.fault(post().count(1));
        let look = FaultRule::new(FaultAction::ServerError { status: 502 }).method("GET").path("**/invoices");
        world.emulator.fault(look.count(2));
        world.done("transactionCreate", tea(&integration, "INVOICE", json!({ "remoteKey": customer }))).await;
        assert_eq!(numbers(world).await.len(), 1);
    }

    async fn a_document_that_was_not_made_is_made_when_the_finance_app_is_back(world: &TestWorld) {
        let integration = connected(world).await;
        let customer = seen::customer(world, "Patient Ltd", None).await;
        let fault = FaultRule::new(FaultAction::CloseBeforeCommit).method("POST").path("**/invoices");
        world.emulator.fault(fault.count(2));
        world.done("transactionCreate", tea(&integration, "INVOICE", json!({ "remoteKey": customer }))).await;
        assert_eq!(numbers(world).await.len(), 1);
    }

    async fn whoever_goes_on_after_a_crash_finds_what_was_made(world: &TestWorld) {
        let integration = connected(world).await;
        let customer = seen::customer(world, "Crash Ltd", None).await;
        let job = world.done("transactionCreate", tea(&integration, "INVOICE", json!({ "remoteKey": customer }))).await;
        let first = job["transaction"]["id"].clone();
        let id = job["id"].as_str().expect("an id").parse::<NodeId>().expect("an id").uuid;
        // As a worker leaves it that dies after the finance app has made the document and before that is noted.
        use document_act::Column;
        document_act::Entity::update_many()
            .col_expr(Column::State, Expr::value(DocumentActState::Running))
            .col_expr(Column::DocumentId, Expr::value(Option::<sea_orm::prelude::Uuid>::None))
            .col_expr(Column::FinishedAt, Expr::value(Option::<sea_orm::prelude::DateTimeUtc>::None))
            .col_expr(Column::LeaseUntil, Expr::value(Some(world.app.engine.clock.now() + TimeDelta::seconds(45))))
            .col_expr(Column::ResumeAt, Expr::value(Some(world.app.engine.clock.now() + TimeDelta::seconds(45))))
            .filter(Column::OrganizationId.eq(world.viewer.organization_id))
            .filter(Column::Id.eq(id))
            .exec(&world.app.engine.db)
            .await
            .expect("the database answers");
        let payload = json!({ "organization_id": world.viewer.organization_id, "act_id": id });
        let other = Jobs::new(world.app.engine.clone(), CancellationToken::new());
        other.dispatch("sync.carry_out_act", payload.clone()).await.expect("it is left to who has it");
        assert_eq!(world.job(job["id"].as_str().expect("an id")).await["state"], "RUNNING");
        // By the clock whoever had it is gone.
        world.advance(TimeDelta::seconds(46));
        let job = world.job_ended(job["id"].as_str().expect("an id")).await;
        assert_eq!((&job["state"], &job["transaction"]["id"]), (&json!("SUCCEEDED"), &first), "{job:#}");
        assert_eq!(numbers(world).await.len(), 1);
        // Once it is over, a job that comes late does nothing.
        world.emulator.clear_journal();
        other.dispatch("sync.carry_out_act", payload).await.expect("nothing to do");
        assert_eq!(world.emulator.journal().len(), 0);
    }

    async fn a_reference_of_ones_own_takes_the_place_of_ours_once_the_document_is_there(world: &TestWorld) {
        let integration = connected(world).await;
        let customer = seen::customer(world, "Own Ltd", None).await;
        let mut wish = tea(&integration, "INVOICE", json!({ "remoteKey": customer }));
        wish["reference"] = json!("PO 4711");
        let fault = FaultRule::new(FaultAction::CloseAfterCommit).method("POST").path("**/invoices");
        world.emulator.fault(fault.count(1));
        for _ in 0..2 {
            // Two documents may have the same one.
            world.done("transactionCreate", wish.clone()).await;
        }
        let invoices = world.listed("/invoices").await;
        let references: Vec<_> = invoices.iter().map(|one| &one["reference_number"]).collect();
        assert_eq!(references, [&json!("PO 4711"), &json!("PO 4711")]);
    }

    async fn a_bill_keeps_the_number_of_the_vendor_when_its_reference_changes(world: &TestWorld) {
        let integration = connected(world).await;
        let vendor = json!({ "remoteKey": seen::party(world, "Seller Ltd", "vendor", None).await });
        let bill = |members: Value| {
            let mut wish = tea(&integration, "BILL", vendor.clone());
            let members = members.as_object().expect("members").clone();
            wish.as_object_mut().expect("a wish").extend(members);
            wish
        };
        let numbers = async || {
            let bills = world.listed("/bills").await;
            let mut told: Vec<_> = bills.iter().map(|one| (one["bill_number"].clone(), one["reference_number"].clone())).collect();
            told.sort_by_key(|(number, _)| number.to_string());
            told
        };
        let job = world.done("transactionCreate", bill(json!({ "name": "B-1", "reference": "PO 1" }))).await;
        world.done("transactionCreate", bill(json!({ "reference": "PO 2" }))).await;
        assert_eq!(numbers().await, [(json!("B-1"), json!("PO 1")), (json!("PO 2"), json!("PO 2"))]);
        world.done("transactionUpdate", json!({ "id": job["transaction"]["id"], "reference": "PO 9" })).await;
        assert_eq!(numbers().await, [(json!("B-1"), json!("PO 9")), (json!("PO 2"), json!("PO 2"))]);
    }

    async fn r144_a_record_becomes_a_customer_with_its_first_document_and_stays_that_one(world: &TestWorld) {
        let integration = connected(world).await;
        let account = world.account("Fetched Ltd").await;
        let wish = tea(&integration, "INVOICE", json!({ "accountId": account }));
        let first = world.done("transactionCreate", wish.clone()).await;
        let second = world.done("transactionCreate", wish).await;
        let customer = &first["transaction"]["customer"]["remoteKey"];
        assert_eq!(customer, &second["transaction"]["customer"]["remoteKey"]);
        assert_eq!(customers(world, "Fetched Ltd").await, std::slice::from_ref(customer));
        assert_eq!(numbers(world).await.len(), 2);
        // It is an ordinary pair: what changes in the CRM reaches the customer, and nothing is made once more.
        change_account(world, &account, "name: \"Renamed Ltd\"").await;
        let run = world.synced(&integration).await;
        assert_eq!((&run["state"], &run["totals"]["added"]), (&json!("SUCCEEDED"), &json!(0)), "{run:#}");
        assert_eq!(customers(world, "Renamed Ltd").await, std::slice::from_ref(customer));
    }

    async fn r144_a_customer_of_the_same_name_is_not_guessed_to_be_the_record(world: &TestWorld) {
        let integration = connected(world).await;
        let customer = seen::customer(world, "Twin Ltd", None).await;
        world.synced(&integration).await;
        let account = world.account("Twin Ltd").await;
        let wish = tea(&integration, "INVOICE", json!({ "accountId": account }));
        assert_eq!(world.not_done("transactionCreate", wish).await, "DUPLICATE_CUSTOMER");
        assert_eq!(customers(world, "Twin Ltd").await, [json!(customer)]);
        assert_eq!(world.listed("/invoices").await.len(), 0);
    }

    async fn r144_a_run_and_people_who_make_the_same_customers_make_each_of_them_once(world: &TestWorld) {
        let integration = connected(world).await;
        let mut accounts = Vec::new();
        for n in 0..24 {
            accounts.push(world.account(&format!("Busy {n:02}")).await);
        }
        let slow = FaultRule::new(FaultAction::Delay { ms: 40 }).method("POST").path_contains("/import");
        world.emulator.fault(slow);
        let run = world.start_run(&integration).await;
        // From the end of the list and its middle, where the run arrives while they are at it; two people for each.
        let mut jobs = Vec::new();
        for n in [23, 22, 21, 12, 11, 10] {
            for _ in 0..2 {
                let wish = tea(&integration, "INVOICE", json!({ "accountId": accounts[n] }));
                jobs.push((n, world.asked("transactionCreate", wish).await));
            }
        }
        for (n, job) in &jobs {
            let begun = std::time::Instant::now();
            while !["SUCCEEDED", "FAILED"].contains(&world.job(job).await["state"].as_str().expect("a state")) {
                assert!(begun.elapsed() < std::time::Duration::from_secs(60), "job of account {n} did not end");
                // Who finds somebody else at it waits by the clock.
                world.advance(TimeDelta::seconds(1));
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
            let job = world.job_ended(job).await;
            assert_eq!(job["state"], "SUCCEEDED", "{job:#}");
        }
        let begun = std::time::Instant::now();
        let state = async || world.run_when(&run, |_| true).await["state"].clone();
        while !["SUCCEEDED", "PARTIAL", "FAILED"].contains(&state().await.as_str().expect("a state")) {
            assert!(begun.elapsed() < std::time::Duration::from_secs(60), "the run did not end");
            world.advance(TimeDelta::seconds(1));
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        let ended = world.ended(&run).await;
        assert_eq!((&ended["state"], &ended["totals"]["failed"]), (&json!("SUCCEEDED"), &json!(0)), "{ended:#}");
        for n in 0..24 {
            assert_eq!(customers(world, &format!("Busy {n:02}")).await.len(), 1, "account {n}");
        }
        assert_eq!((links(world).await, numbers(world).await.len()), (24, 12));
    }

    async fn r144_people_who_make_the_same_customer_at_once_make_one(world: &TestWorld) {
        let integration = connected(world).await;
        let account = world.account("Wanted Ltd").await;
        let slow = FaultRule::new(FaultAction::Delay { ms: 300 }).method("POST").path_contains("/import");
        world.emulator.fault(slow);
        let mut jobs = Vec::new();
        for _ in 0..4 {
            let wish = tea(&integration, "ESTIMATE", json!({ "accountId": account }));
            jobs.push(world.asked("transactionCreate", wish).await);
        }
        for job in &jobs {
            let job = world.job_ended(job).await;
            assert_eq!(job["state"], "SUCCEEDED", "{job:#}");
        }
        assert_eq!(customers(world, "Wanted Ltd").await.len(), 1);
        assert_eq!((links(world).await, world.listed("/estimates").await.len()), (1, 4));
    }

    async fn r144_a_contact_is_billed_through_its_account_where_contacts_are_persons(world: &TestWorld) {
        let integration = world.connect().await;
        let wish = "module: CUSTOMERS, crmModule: ACCOUNTS_AND_CONTACTS, includeUnassociated: true,
                    direction: FETCH_FROM_CRM, duplicatePolicy: SKIP";
        settings(world, &integration, wish, false).await;
        let account = world.account("Company Ltd").await;
        let person = make(world, "contact", &format!("lastName: \"Person\", accountId: \"{account}\"")).await;
        let alone = make(world, "contact", "firstName: \"Lone\", lastName: \"Wolf\"").await;
        let of_person = world.done("transactionCreate", tea(&integration, "INVOICE", json!({ "contactId": person }))).await;
        assert_eq!(customers(world, "Company Ltd").await, [of_person["transaction"]["customer"]["remoteKey"].clone()]);
        let of_one = world.done("transactionCreate", tea(&integration, "INVOICE", json!({ "contactId": alone }))).await;
        assert_eq!(customers(world, "Lone Wolf").await, [of_one["transaction"]["customer"]["remoteKey"].clone()]);
        assert_eq!(world.contacts().await.len(), 2);
    }

    async fn r144_without_synchronised_customers_nobody_becomes_one(world: &TestWorld) {
        let integration = world.connect().await;
        let account = world.account("Unknown Ltd").await;
        let wish = tea(&integration, "INVOICE", json!({ "accountId": account }));
        assert_eq!(world.not_done("transactionCreate", wish).await, "NO_CUSTOMER");
        assert_eq!((world.contacts().await.len(), links(world).await), (0, 0));
    }

    async fn r144_what_a_person_made_stands_in_the_history_and_can_be_explained(world: &TestWorld) {
        let integration = connected(world).await;
        let account = world.account("History Ltd").await;
        world.done("transactionCreate", tea(&integration, "INVOICE", json!({ "accountId": account }))).await;
        let query = "{ syncRuns(first: 5) { nodes { id trigger state totals { planned added } } } }";
        let runs = world.data(query, json!({})).await["syncRuns"]["nodes"].as_array().expect("runs").clone();
        assert_eq!(runs.len(), 1, "{runs:#?}");
        assert_eq!((&runs[0]["trigger"], &runs[0]["state"]), (&json!("RESYNC"), &json!("SUCCEEDED")));
        assert_eq!(runs[0]["totals"], json!({ "planned": 1, "added": 1 }));
        let run = world.ended(runs[0]["id"].as_str().expect("an id")).await;
        let item = &run["items"]["nodes"][0];
        assert_eq!((&item["recordName"], &item["outcome"]), (&json!("History Ltd"), &json!("ADDED")), "{run:#}");
    }

    async fn a17_21_no_rate_is_made_up_for_a_document_in_a_foreign_currency(world: &TestWorld) {
        let integration = connected(world).await;
        let customer = seen::customer(world, "Euro GmbH", Some("EUR")).await;
        let wish = tea(&integration, "INVOICE", json!({ "remoteKey": customer }));
        world.emulator.clear_journal();
        assert_eq!(world.not_done("transactionCreate", wish.clone()).await, "EXCHANGE_RATE_MISSING");
        assert_eq!(world.finance_writes(), Vec::<String>::new());
        let with_rate = Value::Object({
            let mut members = wish.as_object().expect("an object").clone();
            members.insert("exchangeRate".to_owned(), json!("1.0825"));
            members
        });
        let job = world.done("transactionCreate", with_rate).await;
        assert_eq!(job["transaction"]["total"]["currencyCode"], "EUR", "{job:#}");
        let invoice = &world.listed("/invoices").await[0];
        let whole = world.books("GET", &format!("/invoices/{}", invoice["invoice_id"].as_str().expect("an id")), None).await;
        assert_eq!(whole["invoice"]["exchange_rate"].to_string(), "1.0825");
    }
}
