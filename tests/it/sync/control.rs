//! Schedules, pauses, single records, cancelling, deletions that wait, decisions.

use std::time::Duration;

use chrono::TimeDelta;
use finbridge_emulator::{FaultAction, FaultRule};
use finbridge_tests::{TestWorld, both_databases};
use serde_json::{Value, json};

use super::support::{account_named, change_account, items_of, settings};

const ONE_WAY: &str =
    "module: CUSTOMERS, crmModule: ACCOUNTS, direction: FETCH_FROM_CRM, duplicatePolicy: SKIP";
const BOTH: &str = "module: CUSTOMERS, crmModule: ACCOUNTS, direction: BOTH_WAYS, duplicatePolicy: SKIP";

/// The triggers of all runs, oldest first.
async fn triggers(world: &TestWorld) -> Vec<String> {
    let data = world
        .data(
            "{ syncRuns(orderBy: { field: CREATED_AT, direction: ASC }, first: 100) { nodes { trigger } } }",
            json!({}),
        )
        .await;
    let nodes = data["syncRuns"]["nodes"].as_array().unwrap();
    nodes.iter().map(|run| run["trigger"].as_str().unwrap().to_owned()).collect()
}

/// Waits until there are so many runs, and all have ended.
async fn runs(world: &TestWorld, count: usize) -> Vec<Value> {
    for _ in 0..200 {
        let data = world.data("{ syncRuns(orderBy: { field: CREATED_AT, direction: ASC }, first: 100) { nodes { id trigger state createdAt } } }", json!({})).await;
        let nodes = data["syncRuns"]["nodes"].as_array().unwrap().clone();
        if nodes.len() == count
            && nodes.iter().all(|run| !["QUEUED", "RUNNING"].contains(&run["state"].as_str().unwrap()))
        {
            return nodes;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("there are not {count} ended runs: {:?}", triggers(world).await)
}

/// Gives the worker time to begin something that it must not begin.
async fn quiet(world: &TestWorld, count: usize) {
    tokio::time::sleep(Duration::from_millis(1_300)).await;
    assert_eq!(triggers(world).await.len(), count);
}

async fn act(world: &TestWorld, name: &str, integration: &str) -> Value {
    let input = format!("{}{}Input", name[..1].to_uppercase(), &name[1..]);
    let query = format!(
        "mutation($input: {input}!) {{ {name}(input: $input) {{ syncModule {{ state nextDueAt }} userErrors {{ code message }} }} }}"
    );
    let data =
        world.data(&query, json!({ "input": { "integrationId": integration, "module": "CUSTOMERS" } })).await;
    data[name].clone()
}

async fn start(world: &TestWorld, integration: &str) -> Value {
    let query = "mutation($id: ID!) { syncRunStart(input: { integrationId: $id, module: CUSTOMERS }) { syncRun { id } userErrors { code } } }";
    world.data(query, json!({ "id": integration })).await["syncRunStart"].take()
}

async fn run_act(world: &TestWorld, name: &str, run: &str) -> Value {
    let query = format!(
        "mutation($id: ID!) {{ {name}(input: {{ id: $id }}) {{ syncRun {{ id }} userErrors {{ code }} }} }}"
    );
    world.data(&query, json!({ "id": run })).await[name].take()
}

both_databases! {
    async fn r101_after_the_first_sync_one_run_every_two_hours_and_none_before(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, ONE_WAY, false).await;
        world.account("Acme").await;
        world.advance(TimeDelta::hours(5));
        quiet(world, 0).await;
        world.synced(&integration).await;
        world.advance(TimeDelta::minutes(119));
        quiet(world, 1).await;
        world.account("Later").await;
        world.advance(TimeDelta::minutes(1));
        let all = runs(world, 2).await;
        assert_eq!(all[1]["trigger"], "AUTO");
        assert_eq!(world.contacts().await.len(), 2);
        quiet(world, 2).await;
    }

    async fn a17_24_a_module_saved_for_later_waits_for_its_first_run_and_r100_runs_may_be_off(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, &format!("{ONE_WAY}, isAutomatic: false"), true).await;
        runs(world, 1).await;
        world.advance(TimeDelta::hours(30));
        quiet(world, 1).await;
        settings(world, &integration, ONE_WAY, false).await;
        world.advance(TimeDelta::hours(2));
        assert_eq!(runs(world, 2).await[1]["trigger"], "AUTO");
    }

    async fn r108_r110_a_pause_stops_every_run_and_resuming_makes_good_nothing(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, ONE_WAY, true).await;
        runs(world, 1).await;
        assert_eq!(act(world, "syncModulePause", &integration).await["syncModule"], json!({ "state": "PAUSED", "nextDueAt": null }));
        world.advance(TimeDelta::hours(9));
        quiet(world, 1).await;
        assert_eq!(start(world, &integration).await["userErrors"][0]["code"], "SYNC_PAUSED");
        let resumed = act(world, "syncModuleResume", &integration).await;
        assert_eq!(resumed["syncModule"]["state"], "ACTIVE", "{resumed:#}");
        quiet(world, 1).await;
        world.advance(TimeDelta::hours(2));
        runs(world, 2).await;
        world.synced(&integration).await;
        assert_eq!(triggers(world).await, ["INITIAL", "AUTO", "INSTANT"]);
    }

    async fn r109_a_run_under_way_ends_before_the_pause(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, ONE_WAY, false).await;
        for n in 0..6 {
            world.account(&format!("Account {n}")).await;
        }
        world.emulator.fault(FaultRule::new(FaultAction::Delay { ms: 300 }).method("POST").path_contains("/import"));
        let run = world.start_run(&integration).await;
        world.run_when(&run, |run| run["state"] == "RUNNING").await;
        assert_eq!(act(world, "syncModulePause", &integration).await["syncModule"]["state"], "PAUSING");
        let ended = world.ended(&run).await;
        assert_eq!((&ended["state"], &ended["totals"]["added"]), (&json!("SUCCEEDED"), &json!(6)), "{ended:#}");
        let data = world.data("query($id: ID!) { integration(id: $id) { modules { state } } }", json!({ "id": integration })).await;
        assert_eq!(data["integration"]["modules"][0]["state"], "PAUSED");
    }

    async fn r104_one_record_is_synchronised_again_with_one_write(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, BOTH, false).await;
        let account = world.account("Acme").await;
        world.account("Other").await;
        let born = world.books("POST", "/contacts", Some(json!({ "contact_name": "Elder", "customer_sub_type": "business" }))).await;
        assert_eq!(born["code"], 0);
        world.synced(&integration).await;
        change_account(world, &account, "website: \"https://acme.example\"").await;
        let other = account_named(world, "Other", "id").await["id"].as_str().unwrap().to_owned();
        change_account(world, &other, "website: \"https://other.example\"").await;
        world.emulator.clear_journal();
        let resync = async |record: String| {
            let query = "mutation($id: ID!, $record: ID!) { syncRecordResync(input: { integrationId: $id, recordId: $record }) { syncRun { id } userErrors { code } } }";
            world.data(query, json!({ "id": integration, "record": record })).await["syncRecordResync"].take()
        };
        let answer = resync(account).await;
        let run = world.ended(answer["syncRun"]["id"].as_str().unwrap()).await;
        assert_eq!((&run["trigger"], &run["totals"]["planned"], &run["totals"]["updated"]), (&json!("RESYNC"), &json!(1), &json!(1)), "{run:#}");
        let writes = world.finance_writes();
        assert_eq!(writes.len(), 1, "{writes:?}");
        let elder = account_named(world, "Elder", "id").await["id"].as_str().unwrap().to_owned();
        assert_eq!(resync(elder).await["userErrors"][0]["code"], "NOT_CRM_LINKED");
    }

    async fn a_cancelled_run_ends_soon_and_the_next_one_goes_on(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, ONE_WAY, false).await;
        for n in 0..120 {
            world.account(&format!("Account {n}")).await;
        }
        world.emulator.fault(FaultRule::new(FaultAction::Delay { ms: 100 }).method("POST").path_contains("/import"));
        let run = world.start_run(&integration).await;
        world.run_when(&run, |run| run["totals"]["added"].as_i64() >= Some(1)).await;
        assert_eq!(run_act(world, "syncRunCancel", &run).await["userErrors"], json!([]));
        let ended = world.ended(&run).await;
        assert_eq!(ended["state"], "CANCELLED");
        assert!(ended["totals"]["skipped"].as_i64() >= Some(1), "{}", ended["totals"]);
        world.emulator.clear_faults();
        let next = world.synced(&integration).await;
        assert_eq!(next["state"], "SUCCEEDED");
        assert_eq!(world.contacts().await.len(), 120);
    }

    async fn what_failed_is_tried_again_alone(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, ONE_WAY, false).await;
        for n in 0..3 {
            world.account(&format!("Account {n}")).await;
        }
        let refusal = FaultAction::Respond { status: 400, body: json!({ "code": 15, "message": "Too long." }), headers: Default::default() };
        world.emulator.fault(FaultRule::new(refusal).method("PUT").body_contains("Account 1"));
        let run = world.synced(&integration).await;
        assert_eq!(run["totals"]["failed"], 1);
        world.emulator.clear_faults();
        world.account("Newer").await;
        let answer = run_act(world, "syncRunRetry", run["id"].as_str().unwrap()).await;
        let retried = world.ended(answer["syncRun"]["id"].as_str().unwrap()).await;
        assert_eq!((&retried["totals"]["planned"], &items_of(&retried)[0]["recordName"]), (&json!(1), &json!("Account 1")), "{retried:#}");
        assert_eq!(world.contacts().await.len(), 3);
    }

    async fn more_deletions_than_the_guard_allows_wait_for_approval(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, ONE_WAY, false).await;
        for n in 0..15 {
            world.account(&format!("Account {n}")).await;
        }
        world.synced(&integration).await;
        let ids = world.data("{ accounts(first: 12) { nodes { id } } }", json!({})).await;
        for account in ids["accounts"]["nodes"].as_array().unwrap() {
            world.data("mutation($id: ID!) { accountDelete(input: { id: $id }) { userErrors { message } } }", json!({ "id": account["id"] })).await;
        }
        let held = world.synced(&integration).await;
        assert_eq!((&held["state"], &held["totals"]["conflicts"], &held["totals"]["deleted"]), (&json!("PARTIAL"), &json!(12), &json!(0)), "{held:#}");
        assert!(items_of(&held).iter().all(|item| item["rule"] == "DELETION_GUARD"));
        assert_eq!(world.contacts().await.len(), 15);
        let answer = run_act(world, "syncDeletionsApprove", held["id"].as_str().unwrap()).await;
        let done = world.ended(answer["syncRun"]["id"].as_str().unwrap()).await;
        assert_eq!(done["totals"]["deleted"], 12, "{done:#}");
        assert_eq!(world.contacts().await.len(), 3);
    }

    async fn a17_16_ask_waits_for_a_person_and_either_side_can_be_chosen(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, &format!("{BOTH}, bothModifiedPolicy: ASK"), false).await;
        let account = world.account("Acme").await;
        world.synced(&integration).await;
        let contact = world.contacts().await[0]["contact_id"].as_str().unwrap().to_owned();
        for (choice, expected) in [("FINANCE", "https://books.example/FINANCE"), ("CRM", "https://crm.example/CRM")] {
            change_account(world, &account, &format!("website: \"https://crm.example/{choice}\"")).await;
            let there = json!({ "website": format!("https://books.example/{choice}") });
            assert_eq!(world.books("PUT", &format!("/contacts/{contact}"), Some(there)).await["code"], 0);
            let run = world.synced(&integration).await;
            assert_eq!((&run["state"], &run["totals"]["conflicts"]), (&json!("PARTIAL"), &json!(1)), "{run:#}");
            let open = world.data("{ syncConflicts(filter: { state: { eq: OPEN } }) { nodes { id field crm finance record { id } } } }", json!({})).await;
            let open = &open["syncConflicts"]["nodes"];
            assert_eq!((open.as_array().unwrap().len(), &open[0]["field"]), (1, &json!(["website"])), "{open:#}");
            assert_eq!(world.synced(&integration).await["totals"]["planned"], 0, "an open conflict is asked once");
            let query = "mutation($ids: [ID!]!, $choice: SyncConflictChoice!) { syncConflictResolve(input: { ids: $ids, choice: $choice }) { results { userErrors { message } syncConflict { state } } userErrors { message } } }";
            let resolved = world.data(query, json!({ "ids": [open[0]["id"]], "choice": choice })).await;
            assert_eq!(resolved["syncConflictResolve"]["results"][0]["syncConflict"]["state"], choice, "{resolved:#}");
            world.synced(&integration).await;
            let there = world.books("GET", &format!("/contacts/{contact}"), None).await;
            assert_eq!(there["contact"]["website"], expected);
            assert_eq!(account_named(world, "Acme", "website").await["website"], expected);
            assert_eq!(world.synced(&integration).await["totals"]["planned"], 0);
        }
    }

    async fn a17_10_a_person_decides_what_an_ambiguous_record_is(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, ONE_WAY, false).await;
        world.books("POST", "/contacts", Some(json!({ "contact_name": "Acme", "customer_sub_type": "business" }))).await;
        let account = world.account("Acme").await;
        world.account("ACME").await;
        let run = world.synced(&integration).await;
        assert_eq!(run["totals"]["conflicts"], 2, "{run:#}");
        let contact = world.contacts().await[0]["contact_id"].as_str().unwrap().to_owned();
        let query = "mutation($input: SyncMatchDecideInput!) { syncMatchDecide(input: $input) { record { id } userErrors { code message } } }";
        let input = json!({ "integrationId": integration, "recordId": account, "kind": "CUSTOMER", "choice": "LINK", "remoteKey": contact });
        let decided = world.data(query, json!({ "input": input })).await;
        assert_eq!(decided["syncMatchDecide"]["record"]["id"], account.as_str(), "{decided:#}");
        world.synced(&integration).await;
        let linked = world.data("query($id: ID!) { account(id: $id) { externalReferences { remoteKey } } }", json!({ "id": account })).await;
        assert_eq!(linked["account"]["externalReferences"][0]["remoteKey"], contact.as_str());
    }
}
