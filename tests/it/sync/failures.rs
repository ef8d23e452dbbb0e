//! What goes wrong with one record, with the finance side, with the credential.

use chrono::TimeDelta;
use finbridge_emulator::{FaultAction, FaultRule};
use finbridge_tests::{TestWorld, both_databases};
use serde_json::{Value, json};

async fn ready(world: &TestWorld, accounts: usize) -> String {
    let integration = world.connect().await;
    world.configure(&integration, "SKIP", false).await;
    for n in 0..accounts {
        world.account(&format!("Account {n}")).await;
    }
    integration
}

fn respond(status: u16, code: u32, message: &str) -> FaultAction {
    FaultAction::Respond {
        status,
        body: json!({ "code": code, "message": message }),
        headers: Default::default(),
    }
}

/// Moves the clock on until the run has ended: what it waits for is due by then.
async fn ended_in_time(world: &TestWorld, run: &str) -> Value {
    for _ in 0..60 {
        world.advance(TimeDelta::seconds(20));
        tokio::time::sleep(std::time::Duration::from_millis(250)).await;
        let now = world.run_when(run, |_| true).await;
        if !["QUEUED", "RUNNING"].contains(&now["state"].as_str().unwrap()) {
            return now;
        }
    }
    world.ended(run).await
}

/// An account that both sides changed: its id, the run that made its customer, and the one that asks what shall hold.
async fn both_changed(world: &TestWorld, integration: &str) -> (String, Value, Value) {
    let wish = "module: CUSTOMERS, crmModule: ACCOUNTS, direction: BOTH_WAYS, duplicatePolicy: SKIP, bothModifiedPolicy: ASK, isAutomatic: false";
    crate::sync::support::settings(world, integration, wish, false).await;
    let account = world.account("Acme").await;
    let first = world.synced(integration).await;
    crate::sync::support::change_account(world, &account, "website: \"https://crm.example\"").await;
    let contact = world.contacts().await[0]["contact_id"].as_str().unwrap().to_owned();
    world.advance(TimeDelta::minutes(1));
    let there = json!({ "website": "https://books.example" });
    assert_eq!(world.books("PUT", &format!("/contacts/{contact}"), Some(there)).await["code"], 0);
    let asks = world.synced(integration).await;
    assert_eq!(asks["totals"]["conflicts"], 1, "{asks:#}");
    (account, first, asks)
}

both_databases! {
    async fn r107_one_bad_record_fails_with_its_reason_and_the_others_are_synced(world: &TestWorld) {
        let integration = ready(world, 4).await;
        let fault = FaultRule::new(respond(400, 15, "Please ensure that the contact_name has less than 200 characters."));
        world.emulator.fault(fault.method("PUT").body_contains("Account 2"));
        let run = world.synced(&integration).await;
        assert_eq!((&run["state"], &run["totals"]["added"], &run["totals"]["failed"]), (&json!("PARTIAL"), &json!(3), &json!(1)), "{run:#}");
        let failed = run["items"]["nodes"].as_array().unwrap().iter().find(|item| item["outcome"] == "FAILED").unwrap().clone();
        assert_eq!(failed["recordName"], "Account 2");
        assert_eq!((&failed["error"]["code"], &failed["error"]["remoteCode"]), (&json!("FINANCE_REFUSED"), &json!("15")));
        assert_eq!(failed["error"]["remoteMessage"], "Please ensure that the contact_name has less than 200 characters.");
        assert!(!failed["error"]["message"].as_str().unwrap().is_empty());

        // The next run takes it up again.
        world.emulator.clear_faults();
        let run = world.synced(&integration).await;
        assert_eq!((&run["state"], &run["totals"]["added"], &run["totals"]["planned"]), (&json!("SUCCEEDED"), &json!(1), &json!(1)));
        assert_eq!(world.contacts().await.len(), 4);
    }

    async fn a_failure_that_passes_is_tried_again_and_leaves_no_duplicate(world: &TestWorld) {
        let integration = ready(world, 6).await;
        world.emulator.fault(FaultRule::new(FaultAction::CloseAfterCommit).method("POST").path_contains("/import").count(2));
        world.emulator.fault(FaultRule::new(FaultAction::CloseBeforeCommit).method("POST").path_contains("/import").skip(3).count(1));
        world.emulator.fault(FaultRule::new(respond(500, 1000, "Internal error")).method("PUT").path_contains("/crm/").skip(4).count(1));
        let run = world.start_run(&integration).await;
        let run = ended_in_time(world, &run).await;
        assert_eq!((&run["state"], &run["totals"]["added"], &run["totals"]["failed"]), (&json!("SUCCEEDED"), &json!(6), &json!(0)), "{run:#}");
        assert_eq!(world.contacts().await.len(), 6);
    }

    async fn a_record_that_never_succeeds_is_given_up_and_stops_nobody(world: &TestWorld) {
        let integration = ready(world, 3).await;
        world.emulator.fault(FaultRule::new(respond(500, 1000, "Internal error")).method("PUT").body_contains("Account 1"));
        let run = world.start_run(&integration).await;
        let run = ended_in_time(world, &run).await;
        assert_eq!((&run["state"], &run["totals"]["added"], &run["totals"]["failed"]), (&json!("PARTIAL"), &json!(2), &json!(1)), "{run:#}");
        let failed = run["items"]["nodes"].as_array().unwrap().iter().find(|item| item["outcome"] == "FAILED").unwrap().clone();
        assert_eq!((&failed["error"]["code"], &failed["attempts"]), (&json!("FINANCE_UNAVAILABLE"), &json!(5)));
        world.emulator.clear_faults();
        assert_eq!(world.synced(&integration).await["totals"]["added"], 1);
        assert_eq!(world.contacts().await.len(), 3);
    }

    async fn a_rate_limit_makes_the_run_wait_as_long_as_it_is_told(world: &TestWorld) {
        let integration = ready(world, 2).await;
        let FaultAction::Respond { status, body, mut headers } = respond(429, 44, "blocked") else { unreachable!() };
        headers.insert("Retry-After".to_owned(), "60".to_owned());
        world.emulator.fault(FaultRule::new(FaultAction::Respond { status, body, headers }).path_contains("/books/v3").count(1));
        let run = world.start_run(&integration).await;
        tokio::time::sleep(std::time::Duration::from_millis(700)).await;
        world.advance(TimeDelta::seconds(55));
        tokio::time::sleep(std::time::Duration::from_millis(1200)).await;
        assert_eq!(world.run_when(&run, |_| true).await["state"], "RUNNING", "it still waits");
        world.advance(TimeDelta::seconds(6));
        let run = world.ended(&run).await;
        assert_eq!((&run["state"], &run["totals"]["added"]), (&json!("SUCCEEDED"), &json!(2)));
    }

    async fn a_refused_credential_ends_the_run_and_says_how_to_mend_it(world: &TestWorld) {
        let integration = ready(world, 2).await;
        world.emulator.fault(FaultRule::new(respond(401, 57, "You are not authorized to perform this operation")).path_contains("/books/v3"));
        let run = world.synced(&integration).await;
        assert_eq!((&run["state"], &run["error"]["code"]), (&json!("FAILED"), &json!("RECONNECT_NEEDED")), "{run:#}");
        let state = world.data("query($id: ID!) { integration(id: $id) { state } }", json!({ "id": integration })).await;
        assert_eq!(state["integration"]["state"], "RECONNECT_NEEDED");
        world.emulator.clear_faults();
        assert_eq!(world.connect().await, integration, "connecting again mends the same integration");
        assert_eq!(world.synced(&integration).await["totals"]["added"], 2);
    }

    async fn a_customer_that_was_removed_there_is_told_and_not_made_again(world: &TestWorld) {
        let integration = ready(world, 2).await;
        world.synced(&integration).await;
        let contacts = world.contacts().await;
        let id = contacts.iter().find(|row| row["contact_name"] == "Account 1").unwrap()["contact_id"].as_str().unwrap().to_owned();
        // Linked customers cannot be deleted there; somebody unlinks it first.
        let unlink = world.http().delete(format!("{}/integration/v1/contacts/{id}/link", world.emulator.url()));
        let token = world.books_token().await;
        assert!(unlink.header("Authorization", format!("Bearer {token}")).send().await.unwrap().status().is_success());
        assert_eq!(world.books("DELETE", &format!("/contacts/{id}"), None).await["code"], 0);
        let account = world.data("{ accounts(filter: { name: { eq: \"Account 1\" } }) { nodes { id } } }", json!({})).await;
        let account = account["accounts"]["nodes"][0]["id"].clone();
        world.data("mutation($id: ID!) { accountUpdate(input: { id: $id, website: \"https://x.example\" }) { userErrors { message } } }", json!({ "id": account })).await;
        let run = world.synced(&integration).await;
        assert_eq!((&run["state"], &run["items"]["nodes"][0]["error"]["code"]), (&json!("PARTIAL"), &json!("REMOTE_RECORD_MISSING")), "{run:#}");
        let state = world.data("query($id: ID!) { account(id: $id) { syncState } }", json!({ "id": account })).await;
        assert_eq!(state["account"]["syncState"], "BROKEN");
        assert_eq!(world.contacts().await.len(), 1);
    }

    async fn r117_a_customer_with_transactions_becomes_inactive_instead_of_deleted(world: &TestWorld) {
        let integration = ready(world, 1).await;
        world.synced(&integration).await;
        world.emulator.fault(FaultRule::new(respond(400, 1004, "has transactions")).method("DELETE").path_contains("/books/v3/contacts/"));
        let account = world.data("{ accounts { nodes { id } } }", json!({})).await["accounts"]["nodes"][0]["id"].clone();
        world.data("mutation($id: ID!) { accountDelete(input: { id: $id }) { userErrors { message } } }", json!({ "id": account })).await;
        let run = world.synced(&integration).await;
        assert_eq!((&run["totals"]["deactivated"], &run["totals"]["deleted"]), (&json!(1), &json!(0)), "{run:#}");
        assert_eq!(world.contacts().await[0]["status"], "inactive");
        assert_eq!(world.synced(&integration).await["totals"]["planned"], 0);
    }

    async fn x19_failures_are_told_by_reason_without_what_is_the_records_own(world: &TestWorld) {
        let integration = ready(world, 4).await;
        world.account("=HYPERLINK(1)").await;
        for name in ["Account 1", "Account 3", "=HYPERLINK(1)"] {
            let fault = FaultRule::new(respond(400, 15, &format!("Please ensure that {name} has less than 200 characters.")));
            world.emulator.fault(fault.method("PUT").body_contains(&format!("\"{name}\"")));
        }
        world.emulator.fault(FaultRule::new(respond(400, 11, "Enter a valid currency.")).method("PUT").body_contains("\"Account 2\""));
        let run = world.synced(&integration).await;
        assert_eq!((&run["state"], &run["totals"]["failed"], &run["totals"]["added"]), (&json!("PARTIAL"), &json!(4), &json!(1)), "{run:#}");
        let query = "query($id: ID!) { syncRun(id: $id) { failures(groupBy: REASON) { code remoteCode message count examples { recordName outcome error { message } } } } }";
        let groups = world.data(query, json!({ "id": run["id"] })).await["syncRun"]["failures"].take();
        let told: Vec<_> = groups.as_array().unwrap().iter().map(|group| (group["count"].clone(), group["code"].clone(), group["remoteCode"].clone())).collect();
        assert_eq!(told, [(json!(3), json!("FINANCE_REFUSED"), json!("15")), (json!(1), json!("FINANCE_REFUSED"), json!("11"))], "{groups:#}");
        let message = groups[0]["message"].as_str().unwrap();
        assert!(message.contains("that \u{2026} has less than 200 characters"), "{message}");
        let names: Vec<_> = groups[0]["examples"].as_array().unwrap().iter().map(|item| item["recordName"].as_str().unwrap()).collect();
        assert_eq!(names, ["Account 1", "Account 3", "=HYPERLINK(1)"]);
        assert!(groups[0]["examples"][0]["error"]["message"].as_str().unwrap().contains("Account 1"), "the item itself has the whole sentence");

        let file = async |parameters: &str| {
            let url = format!("{}/export/sync-run-items.csv?{parameters}", world.url);
            let answer = world.http().get(url).bearer_auth(&world.token).send().await.expect("an answer");
            (answer.status().as_u16(), answer.text().await.expect("a whole file"))
        };
        let id = run["id"].as_str().unwrap();
        let (status, failed) = file(&format!("run={id}&outcome=FAILED")).await;
        assert_eq!(status, 200, "{failed}");
        let mut reader = csv::Reader::from_reader(failed.as_bytes());
        let place = |reader: &mut csv::Reader<&[u8]>, name: &str| reader.headers().expect("a header").iter().position(|column| column == name).expect("the column");
        let (name, code, outcome) = (place(&mut reader, "recordName"), place(&mut reader, "remoteCode"), place(&mut reader, "outcome"));
        let rows: Vec<_> = reader.records().map(|row| row.expect("a row")).collect();
        let cells: Vec<_> = rows.iter().map(|row| (&row[name], &row[code], &row[outcome])).collect();
        assert_eq!(cells, [("Account 1", "15", "FAILED"), ("Account 2", "11", "FAILED"), ("Account 3", "15", "FAILED"), ("'=HYPERLINK(1)", "15", "FAILED")]);
        assert_eq!(file(&format!("run={id}")).await.1.lines().count(), 6, "the header and every item");
        assert_eq!(file("run=syncrun_01h455vb4pex5vsknk084sn02q").await.1.lines().count(), 1, "of a run that is not there the header alone");
        for wrong in ["", "run=1", &*format!("run={id}&outcome=LOST"), &*format!("run={id}&owner=x")] {
            assert_eq!(file(wrong).await.0, 400, "{wrong}");
        }
    }

    async fn x19_history_is_kept_for_half_a_year_and_longer_where_a_conflict_waits(world: &TestWorld) {
        let integration = world.connect().await;
        let (_, first, asks) = both_changed(world, &integration).await;
        let query = "query($first: ID!, $asks: ID!) { first: syncRun(id: $first) { id } asks: syncRun(id: $asks) { items { totalCount } } }";
        let known = async || world.data(query, json!({ "first": first["id"], "asks": asks["id"] })).await;
        world.advance(TimeDelta::days(182));
        assert_eq!(known().await["first"]["id"], first["id"]);
        world.advance(TimeDelta::days(2));
        crate::sync::support::until(async || known().await["first"].is_null(), "the first run is forgotten").await;
        assert_eq!(known().await["asks"]["items"]["totalCount"], 1, "its conflict waits for a person");
        // What later runs did with the same records is forgotten, so it is not taken back any more.
        let undo = "mutation($id: ID!) { syncRunUndo(input: { runId: $id }) { syncRun { id } userErrors { code } } }";
        let refused = world.data(undo, json!({ "id": asks["id"] })).await;
        assert_eq!(refused["syncRunUndo"], json!({ "syncRun": null, "userErrors": [{ "code": "NOT_UNDOABLE" }] }));

        // Once somebody decided, it goes like the others; what runs do later goes on from the links.
        let open = world.data("{ syncConflicts(filter: { state: { eq: OPEN } }) { nodes { id } } }", json!({})).await;
        let resolve = "mutation($ids: [ID!]!) { syncConflictResolve(input: { ids: $ids, choice: CRM }) { results { userErrors { message } } } }";
        world.data(resolve, json!({ "ids": [open["syncConflicts"]["nodes"][0]["id"]] })).await;
        world.advance(TimeDelta::hours(1));
        crate::sync::support::until(async || known().await["asks"].is_null(), "the other run is forgotten").await;
        let run = world.synced(&integration).await;
        assert_eq!((&run["state"], &run["totals"]["updated"]), (&json!("SUCCEEDED"), &json!(1)), "{run:#}");
        assert_eq!(world.contacts().await.len(), 1);
    }

    async fn x19_a_conflict_of_a_pair_that_is_none_any_more_keeps_no_run(world: &TestWorld) {
        let integration = world.connect().await;
        let (account, _, asks) = both_changed(world, &integration).await;
        // The customer goes with the account, and with its coming back their link.
        world.data("mutation($id: ID!) { accountDelete(input: { id: $id }) { userErrors { message } } }", json!({ "id": account })).await;
        assert_eq!(world.synced(&integration).await["totals"]["deleted"], 1);
        world.data("mutation($id: ID!) { accountRestore(input: { id: $id }) { userErrors { message } } }", json!({ "id": account })).await;
        world.advance(TimeDelta::days(184));
        let is_forgotten = async || {
            let read = world.data("query($id: ID!) { syncRun(id: $id) { id } }", json!({ "id": asks["id"] })).await;
            read["syncRun"].is_null()
        };
        crate::sync::support::until(is_forgotten, "the run is forgotten").await;
        let left = world.data("{ syncConflicts { totalCount } }", json!({})).await;
        assert_eq!(left["syncConflicts"]["totalCount"], 0);
    }
}
