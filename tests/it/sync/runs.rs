//! Runs: what they do, what they count, what history says.

use chrono::TimeDelta;
use finbridge_tests::{TestWorld, both_databases};
use serde_json::{Value, json};

/// Connects and configures, without starting a run.
async fn ready(world: &TestWorld) -> String {
    let integration = world.connect().await;
    world.configure(&integration, "SKIP", false).await;
    integration
}

async fn contact(world: &TestWorld, name: &str) -> Value {
    let list = world.contacts().await;
    let row = list
        .iter()
        .find(|row| row["contact_name"] == name)
        .unwrap_or_else(|| panic!("no {name} in {list:#?}"));
    let id = row["contact_id"].as_str().unwrap();
    world.books("GET", &format!("/contacts/{id}"), None).await["contact"].take()
}

both_databases! {
    async fn r061_each_account_becomes_a_business_customer_without_contact_persons(world: &TestWorld) {
        let integration = ready(world).await;
        let account = world.account("Acme Corporation").await;
        world.account("Zoë & Söhne “GmbH” 株式会社").await;
        world
            .data(
                "mutation($account: ID!) { contactCreate(input: { lastName: \"Doe\", accountId: $account }) { userErrors { message } } }",
                json!({ "account": account }),
            )
            .await;
        let run = world.synced(&integration).await;
        assert_eq!(run["totals"]["added"], 2, "{run:#}");
        let customer = contact(world, "Acme Corporation").await;
        assert_eq!((&customer["contact_type"], &customer["customer_sub_type"]), (&json!("customer"), &json!("business")));
        assert_eq!(customer["contact_persons"], json!([]));
        let wire = world.data("query($id: ID!) { account(id: $id) { wireId syncState externalReferences { remoteKey kind } } }", json!({ "id": account })).await;
        assert_eq!(customer["zcrm_account_id"], wire["account"]["wireId"]);
        assert_eq!(wire["account"]["syncState"], "LINKED");
        assert_eq!(wire["account"]["externalReferences"], json!([{ "remoteKey": customer["contact_id"], "kind": "CUSTOMER" }]));
        contact(world, "Zoë & Söhne “GmbH” 株式会社").await;
    }

    async fn r066_one_way_brings_no_finance_data_into_the_crm(world: &TestWorld) {
        let integration = ready(world).await;
        world.books("POST", "/contacts", Some(json!({ "contact_name": "Only in Books" }))).await;
        world.account("Acme").await;
        world.synced(&integration).await;
        world.advance(TimeDelta::minutes(30));
        world.synced(&integration).await;
        let accounts = world.data("{ accounts { nodes { name } } }", json!({})).await;
        assert_eq!(accounts["accounts"]["nodes"], json!([{ "name": "Acme" }]));

        // An edit on the finance side stays until the CRM record changes, and then only the changed field is written.
        let customer = contact(world, "Acme").await;
        let id = customer["contact_id"].as_str().unwrap();
        world.books("PUT", &format!("/contacts/{id}"), Some(json!({ "contact_name": "Acme", "website": "https://books.example" }))).await;
        world.synced(&integration).await;
        assert_eq!(contact(world, "Acme").await["website"], "https://books.example");
    }

    async fn r103_an_instant_sync_completes_without_the_clock_moving(world: &TestWorld) {
        let integration = ready(world).await;
        world.account("Acme").await;
        let run = world.synced(&integration).await;
        assert_eq!((&run["state"], &run["trigger"]), (&json!("SUCCEEDED"), &json!("INSTANT")));
        assert_eq!(run["createdAt"], run["finishedAt"]);
        assert_eq!(world.contacts().await.len(), 1);
    }

    async fn r105_the_status_of_a_module_goes_from_queued_to_running_to_its_end(world: &TestWorld) {
        use finbridge_emulator::{FaultAction, FaultRule};
        let integration = ready(world).await;
        world.account("Acme").await;
        world.emulator.fault(FaultRule::new(FaultAction::Delay { ms: 400 }).path_contains("/contacts"));
        let started = world.start_run(&integration).await;
        let status = "query($id: ID!) { integration(id: $id) { modules { status activeRun { id } } } }";
        let seen = world.run_when(&started, |run| run["state"] == "RUNNING").await;
        assert_eq!(seen["finishedAt"], Value::Null);
        let module = world.data(status, json!({ "id": integration })).await;
        assert_eq!(module["integration"]["modules"][0]["activeRun"]["id"], started.as_str());
        assert_eq!(module["integration"]["modules"][0]["status"], "RUNNING");
        let again = world.send(
            "mutation($id: ID!) { syncRunStart(input: { integrationId: $id, module: CUSTOMERS }) { syncRun { id } userErrors { code } } }",
            json!({ "id": integration }),
        ).await;
        assert_eq!(again["data"]["syncRunStart"]["userErrors"][0]["code"], "SYNC_ALREADY_RUNNING");
        world.ended(&started).await;
        let module = world.data(status, json!({ "id": integration })).await;
        assert_eq!(module["integration"]["modules"][0], json!({ "status": "SUCCEEDED", "activeRun": null }));
    }

    async fn r106_history_counts_added_updated_and_deleted_with_times(world: &TestWorld) {
        let integration = ready(world).await;
        let (kept, gone) = (world.account("Kept").await, world.account("Gone").await);
        world.synced(&integration).await;
        world.advance(TimeDelta::minutes(5));
        world.account("New 1").await;
        world.account("New 2").await;
        world.data("mutation($id: ID!) { accountUpdate(input: { id: $id, website: \"https://kept.example\", billingAddress: { city: \"Oslo\" } }) { userErrors { message } } }", json!({ "id": kept })).await;
        world.data("mutation($id: ID!) { accountDelete(input: { id: $id }) { deletedAccount userErrors { message } } }", json!({ "id": gone })).await;
        let run = world.synced(&integration).await;
        let expected = json!({ "planned": 4, "added": 2, "updated": 1, "deleted": 1, "deactivated": 0, "skipped": 0,
                               "conflicts": 0, "failed": 0, "pending": 0 });
        assert_eq!(run["totals"], expected, "{run:#}");
        assert_eq!(run["startedAt"], "2026-01-05T12:05:00Z");
        assert_eq!(run["finishedAt"], "2026-01-05T12:05:00Z");
        let items = run["items"]["nodes"].as_array().unwrap();
        let update = items.iter().find(|item| item["action"] == "UPDATE").expect("an update");
        assert_eq!(update["rule"], "CRM_CHANGED");
        assert_eq!(update["changes"], json!([
            { "field": ["billingAddress", "city"], "before": "", "after": "Oslo" },
            { "field": ["website"], "before": "", "after": "https://kept.example" },
        ]));
        let customer = contact(world, "Kept").await;
        assert_eq!((&customer["website"], &customer["billing_address"]["city"]), (&json!("https://kept.example"), &json!("Oslo")));
        let mut names: Vec<_> = world.contacts().await.into_iter().map(|row| row["contact_name"].clone()).collect();
        names.sort_by_key(Value::to_string);
        assert_eq!(names, ["Kept", "New 1", "New 2"]);

        world.emulator.clear_journal();
        let idle = world.synced(&integration).await;
        assert_eq!(idle["totals"]["planned"], 0, "nothing changed, nothing to do: {idle:#}");
        assert_eq!(world.finance_writes(), Vec::<String>::new());
    }

    async fn a_change_in_a_field_that_does_not_travel_writes_nothing(world: &TestWorld) {
        let integration = ready(world).await;
        let account = world.account("Acme").await;
        world.synced(&integration).await;
        world.data("mutation($id: ID!) { accountUpdate(input: { id: $id, industry: \"steel\", employeeCount: 7 }) { userErrors { message } } }", json!({ "id": account })).await;
        world.emulator.clear_journal();
        let run = world.synced(&integration).await;
        assert_eq!((&run["totals"]["planned"], &run["state"]), (&json!(0), &json!("SUCCEEDED")));
        assert_eq!(world.finance_writes(), Vec::<String>::new());
    }

    async fn the_plan_says_what_a_run_would_do_and_writes_nothing(world: &TestWorld) {
        let integration = ready(world).await;
        for n in 0..5 {
            world.account(&format!("Account {n}")).await;
        }
        world.books("POST", "/contacts", Some(json!({ "contact_name": "  account 3 " }))).await;
        world.emulator.clear_journal();
        let plan = "query($id: ID!, $first: Int, $after: String) { syncPlan(integrationId: $id, module: CUSTOMERS) {
            asOf items(first: $first, after: $after) { pageInfo { hasNextPage endCursor } nodes { recordName action rule reason changes { field before after } } } } }";
        let first = world.data(plan, json!({ "id": integration, "first": 3 })).await;
        let cursor = &first["syncPlan"]["items"]["pageInfo"]["endCursor"];
        assert_eq!(first["syncPlan"]["items"]["pageInfo"]["hasNextPage"], true);
        let rest = world.data(plan, json!({ "id": integration, "first": 3, "after": cursor })).await;
        assert_eq!(rest["syncPlan"]["items"]["pageInfo"]["hasNextPage"], false);
        let steps: Vec<_> = [&first, &rest].into_iter().flat_map(|page| page["syncPlan"]["items"]["nodes"].as_array().unwrap()).cloned().collect();
        let actions: Vec<_> = steps.iter().map(|step| (step["recordName"].as_str().unwrap(), step["action"].as_str().unwrap())).collect();
        assert_eq!(actions, [("Account 0", "CREATE"), ("Account 1", "CREATE"), ("Account 2", "CREATE"), ("Account 3", "SKIP"), ("Account 4", "CREATE")]);
        let named = |field| json!({ "field": [field], "before": null, "after": "Account 0" });
        assert_eq!(steps[0]["changes"], json!([named("companyName"), named("displayName")]));

        assert_eq!(world.finance_writes(), Vec::<String>::new());
        let crm = world.data("{ syncRuns { totalCount } accounts { nodes { syncState } } }", json!({})).await;
        assert_eq!(crm["syncRuns"]["totalCount"], 0);
        assert!(crm["accounts"]["nodes"].as_array().unwrap().iter().all(|account| account["syncState"] == "NOT_LINKED"));

        let run = world.synced(&integration).await;
        let done: Vec<_> = run["items"]["nodes"].as_array().unwrap().iter().map(|item| (item["recordName"].as_str().unwrap().to_owned(), item["action"].as_str().unwrap().to_owned())).collect();
        let planned: Vec<_> = actions.iter().map(|(name, action)| ((*name).to_owned(), (*action).to_owned())).collect();
        assert_eq!(done, planned, "the run does what the plan said");
    }

    async fn more_records_than_a_page_and_a_batch_arrive_once_each(world: &TestWorld) {
        let integration = ready(world).await;
        let engine = &world.app.engine;
        let services = world.app.services(world.viewer);
        for n in 0..230 {
            let new = finbridge::service::account::NewAccount { name: format!("Bulk {n:04}"), ..Default::default() };
            finbridge::service::account::create(&services, new).await.expect("an account");
        }
        let run = world.synced(&integration).await;
        assert_eq!((&run["totals"]["added"], &run["totals"]["planned"]), (&json!(230), &json!(230)));
        let mut names: Vec<_> = world.contacts().await.into_iter().map(|row| row["contact_name"].as_str().unwrap().to_owned()).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), 230);
        use sea_orm::{EntityTrait, PaginatorTrait};
        let links = finbridge_entity::record_link::Entity::find().count(&engine.db).await.unwrap();
        assert_eq!(links, 230);
    }
}
