//! Plans that are looked at, kept, and carried out to the letter.

use chrono::TimeDelta;
use finbridge_emulator::{FaultAction, FaultRule};
use finbridge_entity::sync_module;
use finbridge_sync::job::Jobs;
use finbridge_sync::queue::Dispatcher;
use finbridge_tests::{TestWorld, both_databases};
use sea_orm::EntityTrait;
use sea_orm::prelude::Uuid;
use sea_orm::sea_query::Expr;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::support::{account_named, change_account, items_of, settings, until};

const ONE_WAY: &str =
    "module: CUSTOMERS, crmModule: ACCOUNTS, direction: FETCH_FROM_CRM, duplicatePolicy: SKIP";
const BOTH: &str = "module: CUSTOMERS, crmModule: ACCOUNTS, direction: BOTH_WAYS, duplicatePolicy: SKIP";

const SUMMARY: &str = "hash totals { action kind records requests }
    forecast { requests reads writes durationSeconds tokenRenewals }";

/// The plan of this moment, as a whole.
async fn look(world: &TestWorld, integration: &str) -> Value {
    let query =
        format!("query($id: ID!) {{ syncPlan(integrationId: $id, module: CUSTOMERS) {{ {SUMMARY} }} }}");
    world.data(&query, json!({ "id": integration })).await["syncPlan"].take()
}

/// Has a plan made and kept: the run, and what its plan comes to.
async fn prepared(world: &TestWorld, integration: &str) -> (String, Value) {
    prepared_as(world, integration, false).await
}

/// The same, comparing every pair where that is asked for.
async fn prepared_as(world: &TestWorld, integration: &str, is_reconcile: bool) -> (String, Value) {
    let query = "mutation($id: ID!, $all: Boolean!) { syncPlanPrepare(input: { integrationId: $id, module: CUSTOMERS, isReconcile: $all }) { syncRun { id } userErrors { code } } }";
    let variables = json!({ "id": integration, "all": is_reconcile });
    let answer = world.data(query, variables).await["syncPlanPrepare"].take();
    let run = answer["syncRun"]["id"].as_str().unwrap_or_else(|| panic!("{answer:#}")).to_owned();
    world.run_when(&run, |run| run["state"] == "PLANNED").await;
    let query = format!("query($id: ID!) {{ syncRun(id: $id) {{ plan {{ {SUMMARY} }} }} }}");
    let plan = world.data(&query, json!({ "id": run })).await["syncRun"]["plan"].take();
    (run, plan)
}

/// Asks for the plan of this hash to be carried out.
async fn apply(world: &TestWorld, integration: &str, hash: &Value) -> Value {
    let query = "mutation($id: ID!, $hash: String!) { syncPlanApply(input: { integrationId: $id, module: CUSTOMERS, hash: $hash }) { syncRun { id } userErrors { code field } } }";
    world.data(query, json!({ "id": integration, "hash": hash })).await["syncPlanApply"].take()
}

/// The same, until its end.
async fn applied(world: &TestWorld, integration: &str, hash: &Value) -> Value {
    let answer = apply(world, integration, hash).await;
    world.ended(answer["syncRun"]["id"].as_str().unwrap_or_else(|| panic!("{answer:#}"))).await
}

fn item<'a>(run: &'a Value, name: &str) -> &'a Value {
    items_of(run).iter().find(|item| item["recordName"] == name).expect("the item")
}

/// Requests to the finance app, tokens apart, since the journal was cleared: those that read, and the others.
fn requests(world: &TestWorld) -> (usize, usize) {
    let journal = world.emulator.journal();
    let asked = || journal.iter().filter(|entry| !entry.path.starts_with("/oauth"));
    (
        asked().filter(|entry| entry.method == "GET").count(),
        asked().filter(|entry| entry.method != "GET").count(),
    )
}

async fn accounts(world: &TestWorld, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for n in 0..count {
        ids.push(world.account(&format!("Account {n}")).await);
    }
    ids
}

/// The module of a world that has one.
async fn module(world: &TestWorld) -> sync_module::Model {
    let row = sync_module::Entity::find().one(&world.app.engine.db).await;
    row.expect("the database answers").expect("the module is configured")
}

/// Lets the module be held by this run.
async fn hold(world: &TestWorld, run: Option<Uuid>) {
    sync_module::Entity::update_many()
        .col_expr(sync_module::Column::ActiveRunId, Expr::value(run))
        .exec(&world.app.engine.db)
        .await
        .expect("an update");
}

both_databases! {
    async fn a_reconcile_reports_all_that_drifted_apart_and_repairs_it_when_asked(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, ONE_WAY, false).await;
        for id in accounts(world, 3).await {
            change_account(world, &id, "website: \"https://crm.example\"").await;
        }
        world.synced(&integration).await;
        let drifted = world.contacts().await[0].clone();
        let path = format!("/contacts/{}", drifted["contact_id"].as_str().unwrap());
        world.books("PUT", &path, Some(json!({ "website": "https://drifted.example" }))).await;
        // One way, nobody looks at what was changed there.
        assert_eq!(prepared(world, &integration).await.1["totals"], json!([]));
        world.emulator.clear_journal();
        let (run, plan) = prepared_as(world, &integration, true).await;
        assert_eq!(world.finance_writes(), Vec::<String>::new(), "a report writes nothing");
        let report = world.run_when(&run, |_| true).await;
        assert_eq!(items_of(&report).len(), 1, "{report:#}");
        assert_eq!(item(&report, drifted["contact_name"].as_str().unwrap())["changes"], json!([{ "field": ["website"], "before": "https://drifted.example", "after": "https://crm.example" }]));
        let done = applied(world, &integration, &plan["hash"]).await;
        assert_eq!((&done["state"], &done["totals"]["updated"]), (&json!("SUCCEEDED"), &json!(1)), "{done:#}");
        assert_eq!(world.books("GET", &path, None).await["contact"]["website"], "https://crm.example");
        assert_eq!(prepared_as(world, &integration, true).await.1["totals"], json!([]));
    }

    async fn a_plan_is_kept_without_a_write_and_then_carried_out_record_by_record(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, ONE_WAY, false).await;
        let ids = accounts(world, 4).await;
        world.emulator.clear_journal();
        let (run, plan) = prepared(world, &integration).await;
        assert_eq!(plan["totals"], json!([{ "action": "CREATE", "kind": "CUSTOMER", "records": 4, "requests": 12 }]), "{plan:#}");
        assert_eq!(look(world, &integration).await["hash"], plan["hash"], "looking and keeping come to the same");
        assert_eq!(world.finance_writes(), Vec::<String>::new());
        assert_eq!(items_of(&world.run_when(&run, |_| true).await).len(), 4);

        // One record changes, another one comes: the one is told by name, the other is no part of the plan.
        change_account(world, &ids[1], "website: \"https://later.example\"").await;
        world.account("Newcomer").await;
        let ended = applied(world, &integration, &plan["hash"]).await;
        assert_eq!(ended["id"], run.as_str(), "it is the run that kept the plan");
        assert_eq!((&ended["state"], &ended["totals"]["added"], &ended["totals"]["failed"]), (&json!("PARTIAL"), &json!(3), &json!(1)), "{ended:#}");
        let stale = item(&ended, "Account 1");
        assert_eq!((&stale["state"], &stale["error"]["code"]), (&json!("FAILED"), &json!("PLAN_STALE")));
        let mut there: Vec<_> = world.contacts().await.iter().map(|row| row["contact_name"].as_str().unwrap().to_owned()).collect();
        there.sort();
        assert_eq!(there, ["Account 0", "Account 2", "Account 3"]);
        // The next run takes up what was left.
        assert_eq!(world.synced(&integration).await["totals"]["added"], 2);
    }

    async fn a_change_in_books_after_the_plan_is_stale_and_a_field_that_nobody_saw_is_not_written(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, BOTH, false).await;
        let ids = accounts(world, 2).await;
        world.synced(&integration).await;
        for id in &ids {
            change_account(world, id, "website: \"https://crm.example\"").await;
        }
        let (_, plan) = prepared(world, &integration).await;
        let contacts = world.contacts().await;
        let id_of = |name: &str| contacts.iter().find(|row| row["contact_name"] == name).unwrap()["contact_id"].as_str().unwrap().to_owned();
        world.advance(TimeDelta::minutes(1));
        let edit = json!({ "billing_address": { "city": "Bergen" } });
        assert_eq!(world.books("PUT", &format!("/contacts/{}", id_of("Account 0")), Some(edit)).await["code"], 0);
        let ended = applied(world, &integration, &plan["hash"]).await;
        assert_eq!(item(&ended, "Account 0")["error"]["code"], "PLAN_STALE", "{ended:#}");
        assert_eq!(item(&ended, "Account 1")["outcome"], "UPDATED", "{ended:#}");
        let website = async |name: &str| {
            let there = world.books("GET", &format!("/contacts/{}", id_of(name)), None).await;
            there["contact"]["website"].as_str().unwrap_or_default().to_owned()
        };
        assert_eq!((website("Account 0").await, website("Account 1").await), (String::new(), "https://crm.example".to_owned()));
        assert_eq!(account_named(world, "Account 0", "billingAddress { city }").await["billingAddress"]["city"], Value::Null);
    }

    async fn a_plan_that_was_only_looked_at_is_carried_out_as_a_whole_or_not_at_all(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, ONE_WAY, false).await;
        let ids = accounts(world, 3).await;
        let seen = look(world, &integration).await["hash"].take();
        change_account(world, &ids[0], "website: \"https://later.example\"").await;
        let failed = applied(world, &integration, &seen).await;
        assert_eq!((&failed["state"], &failed["error"]["code"]), (&json!("FAILED"), &json!("PLAN_STALE")), "{failed:#}");
        assert_eq!(world.contacts().await.len(), 0);
        let seen = look(world, &integration).await["hash"].take();
        let done = applied(world, &integration, &seen).await;
        assert_eq!((&done["state"], &done["trigger"], &done["totals"]["added"]), (&json!("SUCCEEDED"), &json!("PLAN"), &json!(3)), "{done:#}");
    }

    async fn a_plan_holds_nobody_up_and_ends_by_its_age_by_the_next_one_or_by_hand(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, ONE_WAY, false).await;
        accounts(world, 2).await;
        let (first, plan) = prepared(world, &integration).await;
        let (second, _) = prepared(world, &integration).await;
        assert_eq!(world.ended(&first).await["state"], "CANCELLED");
        // Another run does it meanwhile; then there is nothing left of the plan.
        assert_eq!(world.synced(&integration).await["totals"]["added"], 2);
        let late = applied(world, &integration, &plan["hash"]).await;
        assert_eq!((&late["id"], &late["totals"]["failed"]), (&json!(second), &json!(2)), "{late:#}");
        assert_eq!(world.contacts().await.len(), 2);

        world.account("Later").await;
        let (third, _) = prepared(world, &integration).await;
        let cancel = "mutation($id: ID!) { syncRunCancel(input: { id: $id }) { userErrors { code } } }";
        assert_eq!(world.data(cancel, json!({ "id": third })).await["syncRunCancel"]["userErrors"], json!([]));
        assert_eq!(world.ended(&third).await["state"], "CANCELLED");
        settings(world, &integration, &format!("{ONE_WAY}, isAutomatic: false"), false).await;
        let (fourth, _) = prepared(world, &integration).await;
        world.advance(TimeDelta::hours(25));
        assert_eq!(world.ended(&fourth).await["state"], "CANCELLED");
        assert_eq!(world.contacts().await.len(), 2);
    }

    async fn a_plan_under_other_settings_and_a_text_that_is_no_hash_are_refused(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, ONE_WAY, false).await;
        accounts(world, 1).await;
        let (_, plan) = prepared(world, &integration).await;
        let refused = apply(world, &integration, &json!("abc")).await;
        assert_eq!(refused["userErrors"], json!([{ "code": "INVALID", "field": ["hash"] }]));
        settings(world, &integration, &ONE_WAY.replace("SKIP", "OVERWRITE"), false).await;
        let refused = apply(world, &integration, &plan["hash"]).await;
        assert_eq!(refused["userErrors"], json!([{ "code": "PLAN_STALE", "field": ["hash"] }]));
        assert_ne!(look(world, &integration).await["hash"], plan["hash"]);
        assert_eq!(world.contacts().await.len(), 0);
    }

    async fn a_forecast_is_within_a_twentieth_of_what_happens(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, BOTH, false).await;
        let ids = accounts(world, 24).await;
        for round in 0..2 {
            let (_, plan) = prepared(world, &integration).await;
            world.emulator.clear_journal();
            let ended = applied(world, &integration, &plan["hash"]).await;
            assert_eq!(ended["state"], "SUCCEEDED", "{ended:#}");
            let (reads, writes) = requests(world);
            let forecast = &plan["forecast"];
            let near = |told: &Value, happened: usize| {
                let told = usize::try_from(told.as_u64().unwrap()).unwrap();
                assert!(told.abs_diff(happened) * 20 <= happened, "round {round}: {happened} happened, {forecast:#}");
            };
            near(&forecast["reads"], reads);
            near(&forecast["writes"], writes);
            near(&forecast["requests"], reads + writes);
            // Both kinds of updates: one that the app takes as it is, and addresses, which are looked at first.
            for (n, id) in ids.iter().enumerate() {
                let change = if n % 2 == 0 { "website: \"https://a.example\"" } else { "billingAddress: { city: \"Oslo\" }" };
                change_account(world, id, change).await;
            }
        }
    }

    async fn a_plan_whose_worker_vanished_is_carried_out_by_another_once(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, ONE_WAY, false).await;
        accounts(world, 10).await;
        let (run, plan) = prepared(world, &integration).await;
        world.emulator.fault(FaultRule::new(FaultAction::Hang { ms: 1_500 }).method("POST").path_contains("/import").skip(3).count(4));
        assert_eq!(apply(world, &integration, &plan["hash"]).await["userErrors"], json!([]));
        world.run_when(&run, |run| run["totals"]["added"].as_i64() >= Some(2)).await;
        world.advance(TimeDelta::seconds(31));
        let uuid = run.parse::<finbridge_domain::NodeId>().unwrap().uuid;
        let payload = json!({ "organization_id": world.viewer.organization_id, "run_id": uuid });
        let second = Jobs::new(world.app.engine.clone(), CancellationToken::new());
        second.dispatch("sync.continue_run", payload).await.expect("it goes on");
        world.advance(TimeDelta::seconds(31));
        let ended = world.ended(&run).await;
        // What was begun is finished, and is not taken for a record that changed.
        assert_eq!((&ended["state"], &ended["totals"]["added"], &ended["totals"]["failed"]), (&json!("SUCCEEDED"), &json!(10), &json!(0)), "{ended:#}");
        assert_eq!(world.contacts().await.len(), 10);
    }

    async fn a_plan_that_is_cancelled_while_it_is_made_ends_so_and_does_not_wait(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, ONE_WAY, false).await;
        accounts(world, 1).await;
        world.emulator.fault(FaultRule::new(FaultAction::Delay { ms: 1_500 }).method("GET").path_contains("/contacts").count(1));
        let query = "mutation($id: ID!) { syncPlanPrepare(input: { integrationId: $id, module: CUSTOMERS }) { syncRun { id } userErrors { code } } }";
        let answer = world.data(query, json!({ "id": integration })).await["syncPlanPrepare"].take();
        let run = answer["syncRun"]["id"].as_str().unwrap_or_else(|| panic!("{answer:#}")).to_owned();
        world.run_when(&run, |run| run["state"] == "RUNNING").await;
        let cancel = "mutation($id: ID!) { syncRunCancel(input: { id: $id }) { syncRun { state } userErrors { code } } }";
        let answer = world.data(cancel, json!({ "id": run })).await["syncRunCancel"].take();
        assert_eq!(answer, json!({ "syncRun": { "state": "RUNNING" }, "userErrors": [] }), "it was being made");
        assert_eq!(world.ended(&run).await["state"], "CANCELLED");
        // The module is free.
        assert_eq!(world.synced(&integration).await["totals"]["added"], 1);
    }

    async fn an_automatic_run_that_is_due_while_a_plan_is_made_comes_after_it(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, ONE_WAY, false).await;
        world.synced(&integration).await;
        let (run, _) = prepared(world, &integration).await;
        let uuid = run.parse::<finbridge_domain::NodeId>().unwrap().uuid;
        let due = module(world).await.next_due_at.expect("automatic runs");
        // As if it were still being made when the automatic run is due.
        hold(world, Some(uuid)).await;
        world.advance(TimeDelta::minutes(121));
        until(async || module(world).await.next_due_at != Some(due), "the automatic run was tried").await;
        let next = module(world).await.next_due_at.expect("automatic runs");
        assert!(next - due < TimeDelta::minutes(10), "{due} is followed by {next}");
        hold(world, None).await;
        world.advance(TimeDelta::seconds(11));
        let query = "{ syncRuns(first: 100) { nodes { trigger state } } }";
        let is_there = async || {
            let runs = world.data(query, json!({})).await;
            runs["syncRuns"]["nodes"].as_array().unwrap().contains(&json!({ "trigger": "AUTO", "state": "SUCCEEDED" }))
        };
        until(is_there, "the automatic run").await;
    }

    async fn a_plan_that_waited_while_others_ran_is_taken_back_like_any_run(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, ONE_WAY, false).await;
        accounts(world, 1).await;
        let (_, plan) = prepared(world, &integration).await;
        let undone = async |run: &Value| {
            let query = "mutation($id: ID!) { syncRunUndo(input: { runId: $id }) { syncRun { id } userErrors { code } } }";
            let answer = world.data(query, json!({ "id": run["id"] })).await["syncRunUndo"].take();
            world.ended(answer["syncRun"]["id"].as_str().unwrap_or_else(|| panic!("{answer:#}"))).await
        };
        let between = world.synced(&integration).await;
        assert_eq!(undone(&between).await["totals"]["deleted"], 1);
        world.advance(TimeDelta::minutes(1));
        let ended = applied(world, &integration, &plan["hash"]).await;
        assert_eq!(ended["totals"]["added"], 1, "it is as it was planned: {ended:#}");
        // What ran before it was carried out is nothing later, although it was planned later.
        let back = undone(&ended).await;
        assert_eq!(item(&back, "Account 0")["outcome"], "DELETED", "{back:#}");
        assert_eq!(world.contacts().await.len(), 0);
    }
}
