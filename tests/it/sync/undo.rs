//! Taking back what a run did.

use chrono::TimeDelta;
use finbridge_emulator::{FaultAction, FaultRule};
use finbridge_sync::job::Jobs;
use finbridge_sync::queue::Dispatcher;
use finbridge_tests::{TestWorld, both_databases};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::support::{account_named, change_account, items_of, make, settings};

const ONE_WAY: &str =
    "module: CUSTOMERS, crmModule: ACCOUNTS, direction: FETCH_FROM_CRM, duplicatePolicy: OVERWRITE";
const BOTH: &str = "module: CUSTOMERS, crmModule: ACCOUNTS, direction: BOTH_WAYS, duplicatePolicy: SKIP";

async fn undo(world: &TestWorld, run: &Value) -> Value {
    let query = "mutation($id: ID!) { syncRunUndo(input: { runId: $id }) { syncRun { id undoOf { id } } userErrors { code field } } }";
    world.data(query, json!({ "id": run["id"] })).await["syncRunUndo"].take()
}

/// The run that takes another back, as it ended.
async fn undone(world: &TestWorld, run: &Value) -> Value {
    let answer = undo(world, run).await;
    let id = answer["syncRun"]["id"].as_str().unwrap_or_else(|| panic!("{answer:#}"));
    assert_eq!(answer["syncRun"]["undoOf"]["id"], run["id"]);
    world.ended(id).await
}

async fn kept(world: &TestWorld, run: &Value) -> Value {
    let query = "query($id: ID!) { syncRun(id: $id) { totals { kept } } }";
    world.data(query, json!({ "id": run["id"] })).await["syncRun"]["totals"]["kept"].take()
}

async fn customer(world: &TestWorld, body: Value) -> String {
    let answer = world.books("POST", "/contacts", Some(body)).await;
    assert_eq!(answer["code"], 0, "{answer:#}");
    answer["contact"]["contact_id"].as_str().unwrap().to_owned()
}

/// Somebody changes a customer in the finance app, a minute later: finance apps tell changes apart by the second.
async fn edit(world: &TestWorld, contact: &str, body: Value) {
    world.advance(TimeDelta::minutes(1));
    assert_eq!(world.books("PUT", &format!("/contacts/{contact}"), Some(body)).await["code"], 0);
}

async fn read(world: &TestWorld, contact: &str) -> Value {
    world.books("GET", &format!("/contacts/{contact}"), None).await["contact"].take()
}

async fn id_there(world: &TestWorld, name: &str) -> String {
    let contacts = world.contacts().await;
    let row = contacts.iter().find(|row| row["contact_name"] == name).expect("the contact");
    row["contact_id"].as_str().unwrap().to_owned()
}

fn item<'a>(run: &'a Value, name: &str) -> &'a Value {
    items_of(run).iter().find(|item| item["recordName"] == name).expect("the item")
}

both_databases! {
    async fn what_a_run_made_or_linked_is_as_before_and_twice_is_once(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, ONE_WAY, false).await;
        let elder = customer(world, json!({ "contact_name": "Elder", "customer_sub_type": "business", "website": "https://old.example" })).await;
        let account = world.account("Elder").await;
        change_account(world, &account, "website: \"https://new.example\"").await;
        world.account("Made").await;
        let run = world.synced(&integration).await;
        assert_eq!((&run["totals"]["added"], &run["totals"]["updated"]), (&json!(1), &json!(1)), "{run:#}");
        assert_eq!(read(world, &elder).await["website"], "https://new.example");

        let back = undone(world, &run).await;
        assert_eq!((&back["state"], &back["trigger"]), (&json!("SUCCEEDED"), &json!("UNDO")), "{back:#}");
        assert_eq!(item(&back, "Made")["action"], "REMOVE");
        assert_eq!(item(&back, "Elder")["action"], "UNLINK");
        let contacts = world.contacts().await;
        assert_eq!(contacts.len(), 1, "what the run made is gone");
        let there = read(world, &elder).await;
        assert_eq!((&there["website"], &there["zcrm_account_id"]), (&json!("https://old.example"), &json!("")));
        for name in ["Made", "Elder"] {
            assert_eq!(account_named(world, name, "syncState").await["syncState"], "NOT_LINKED");
        }
        // Asked again it is the same run, and nothing happens; and what took a run back is not taken back.
        world.emulator.clear_journal();
        let again = undo(world, &run).await;
        assert_eq!(again["syncRun"]["id"], back["id"]);
        let refused = undo(world, &back).await;
        assert_eq!(refused["userErrors"], json!([{ "code": "NOT_UNDOABLE", "field": ["runId"] }]));
        assert_eq!(world.finance_writes(), Vec::<String>::new());
        // The cause is still there: the next run does the same.
        let next = world.synced(&integration).await;
        assert_eq!((&next["totals"]["added"], &next["totals"]["updated"]), (&json!(1), &json!(1)), "{next:#}");
    }

    async fn fields_go_back_on_the_side_where_the_run_wrote_them(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, BOTH, false).await;
        let account = world.account("Acme").await;
        world.synced(&integration).await;
        let contact = id_there(world, "Acme").await;
        change_account(world, &account, "website: \"https://crm.example\"").await;
        edit(world, &contact, json!({ "billing_address": { "city": "Bergen" } })).await;
        let run = world.synced(&integration).await;
        assert_eq!(items_of(&run)[0]["rule"], "BOTH_SIDES_CHANGED", "{run:#}");

        let back = undone(world, &run).await;
        assert_eq!((&back["state"], &items_of(&back)[0]["outcome"]), (&json!("SUCCEEDED"), &json!("UPDATED")), "{back:#}");
        let there = read(world, &contact).await;
        assert_eq!(there["website"].as_str().unwrap_or_default(), "", "{there:#}");
        assert_eq!(there["billing_address"]["city"], "Bergen");
        let here = account_named(world, "Acme", "website billingAddress { city } syncState").await;
        assert_eq!(here["website"], "https://crm.example");
        assert_eq!(here["billingAddress"]["city"], Value::Null);
        // The pair is linked as before, and each side's own change is still to travel.
        let next = world.synced(&integration).await;
        assert_eq!((&next["totals"]["planned"], &items_of(&next)[0]["rule"]), (&json!(1), &json!("BOTH_SIDES_CHANGED")), "{next:#}");
        assert_eq!(read(world, &contact).await["website"], "https://crm.example");
    }

    async fn what_anybody_touched_since_is_kept_and_told(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, BOTH, false).await;
        let touched_here = customer(world, json!({ "contact_name": "Touched here", "customer_sub_type": "business" })).await;
        customer(world, json!({ "contact_name": "Left alone", "customer_sub_type": "business" })).await;
        world.account("Touched there").await;
        let partly = world.account("Partly").await;
        let first = world.synced(&integration).await;
        change_account(world, &partly, "website: \"https://crm.example\", billingAddress: { city: \"Oslo\" }").await;
        let second = world.synced(&integration).await;
        assert_eq!(second["totals"]["updated"], 1, "{second:#}");

        let contact = id_there(world, "Partly").await;
        edit(world, &contact, json!({ "website": "https://somebody.example" })).await;
        let back = undone(world, &second).await;
        let item_back = items_of(&back)[0].clone();
        assert_eq!((&item_back["outcome"], &item_back["rule"]), (&json!("KEPT"), &json!("CHANGED_SINCE")), "{back:#}");
        assert!(item_back["reason"].as_str().unwrap().contains("`website`"), "{item_back:#}");
        let now = read(world, &contact).await;
        assert_eq!(now["website"], "https://somebody.example");
        assert_eq!(now["billing_address"]["city"].as_str().unwrap_or_default(), "", "{now:#}");

        let there = id_there(world, "Touched there").await;
        edit(world, &there, json!({ "website": "https://somebody.example" })).await;
        let account = account_named(world, "Touched here", "id").await["id"].as_str().unwrap().to_owned();
        change_account(world, &account, "website: \"https://here.example\"").await;
        let back = undone(world, &first).await;
        assert_eq!(kept(world, &back).await, 3, "{back:#}");
        for name in ["Touched here", "Touched there", "Partly"] {
            assert_eq!((&item(&back, name)["outcome"], &item(&back, name)["rule"]), (&json!("KEPT"), &json!("CHANGED_SINCE")), "{back:#}");
        }
        assert_eq!(item(&back, "Left alone")["outcome"], "DELETED", "{back:#}");
        let names = world.data("{ accounts(orderBy: { field: NAME, direction: ASC }) { nodes { name } } }", json!({})).await;
        assert_eq!(names["accounts"]["nodes"], json!([{ "name": "Partly" }, { "name": "Touched here" }, { "name": "Touched there" }]));
        assert_ne!(read(world, &touched_here).await["zcrm_account_id"], "");
        let left = id_there(world, "Left alone").await;
        assert_eq!(read(world, &left).await["zcrm_account_id"], "");
    }

    async fn what_is_deleted_in_books_stays_so_and_what_was_deleted_in_the_crm_comes_back(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, &format!("{BOTH}, isAutomatic: false"), false).await;
        let born_here = world.account("Born here").await;
        let elder = customer(world, json!({ "contact_name": "Elder", "customer_sub_type": "business" })).await;
        world.synced(&integration).await;
        world.data("mutation($id: ID!) { accountDelete(input: { id: $id }) { userErrors { message } } }", json!({ "id": born_here })).await;
        let unlink = world.http().delete(format!("{}/integration/v1/contacts/{elder}/link", world.emulator.url()));
        let token = world.books_token().await;
        assert!(unlink.header("Authorization", format!("Bearer {token}")).send().await.unwrap().status().is_success());
        assert_eq!(world.books("DELETE", &format!("/contacts/{elder}"), None).await["code"], 0);
        world.advance(TimeDelta::hours(25));
        let run = world.synced(&integration).await;
        assert_eq!(run["totals"]["deleted"], 2, "{run:#}");

        let back = undone(world, &run).await;
        assert_eq!((&item(&back, "Born here")["outcome"], &item(&back, "Born here")["rule"]), (&json!("KEPT"), &json!("GONE")), "{back:#}");
        assert_eq!(item(&back, "Elder")["action"], "RESTORE_IN_CRM", "{back:#}");
        assert_eq!(account_named(world, "Elder", "syncState").await["syncState"], "NOT_LINKED");
        assert_eq!(world.contacts().await.len(), 0);
    }

    async fn an_undo_whose_worker_vanished_is_finished_by_another_and_nothing_is_taken_for_touched(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, ONE_WAY, false).await;
        for n in 0..8 {
            world.account(&format!("Account {n}")).await;
        }
        let run = world.synced(&integration).await;
        assert_eq!(run["totals"]["added"], 8);
        // Held up in the middle: the record names no account any more, and is still there.
        world.emulator.fault(FaultRule::new(FaultAction::Hang { ms: 1_500 }).method("DELETE").path_contains("/books/v3/contacts/").skip(2).count(4));
        let answer = undo(world, &run).await;
        let id = answer["syncRun"]["id"].as_str().unwrap().to_owned();
        world.run_when(&id, |run| run["totals"]["deleted"].as_i64() >= Some(1)).await;
        world.advance(TimeDelta::seconds(31));
        let uuid = id.parse::<finbridge_domain::NodeId>().unwrap().uuid;
        let payload = json!({ "organization_id": world.viewer.organization_id, "run_id": uuid });
        let second = Jobs::new(world.app.engine.clone(), CancellationToken::new());
        second.dispatch("sync.continue_run", payload).await.expect("it goes on");
        world.advance(TimeDelta::seconds(31));
        let ended = world.ended(&id).await;
        assert_eq!((&ended["state"], &ended["totals"]["deleted"]), (&json!("SUCCEEDED"), &json!(8)), "{ended:#}");
        assert_eq!(world.contacts().await.len(), 0);
        let states = world.data("{ accounts { nodes { syncState } } }", json!({})).await;
        assert!(states["accounts"]["nodes"].as_array().unwrap().iter().all(|account| account["syncState"] == "NOT_LINKED"));
    }

    async fn what_somebody_wrote_in_books_since_is_kept_and_still_travels(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, BOTH, false).await;
        let account = world.account("Acme").await;
        world.synced(&integration).await;
        let contact = id_there(world, "Acme").await;
        change_account(world, &account, "website: \"https://crm.example\"").await;
        let run = world.synced(&integration).await;
        edit(world, &contact, json!({ "website": "https://somebody.example" })).await;
        let back = undone(world, &run).await;
        assert_eq!(items_of(&back)[0]["outcome"], "KEPT", "{back:#}");
        // The undo was the first to see it, and does not hide it from the next run.
        world.synced(&integration).await;
        assert_eq!(account_named(world, "Acme", "website").await["website"], "https://somebody.example");
    }

    async fn a_record_of_the_crm_that_somebody_changed_is_kept_although_a_run_agreed_to_it(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, BOTH, false).await;
        customer(world, json!({ "contact_name": "Elder", "customer_sub_type": "business" })).await;
        let run = world.synced(&integration).await;
        let account = account_named(world, "Elder", "id").await["id"].as_str().unwrap().to_owned();
        // Nothing of it travels.
        change_account(world, &account, "tags: [\"ours\"]").await;
        let next = world.synced(&integration).await;
        assert_eq!(next["totals"]["planned"], 0, "{next:#}");
        let back = undone(world, &run).await;
        assert_eq!((&item(&back, "Elder")["outcome"], &item(&back, "Elder")["rule"]), (&json!("KEPT"), &json!("CHANGED_SINCE")), "{back:#}");
        assert_eq!(account_named(world, "Elder", "syncState").await["syncState"], "LINKED");
    }

    async fn a_record_that_somebody_brought_back_and_deleted_again_stays_deleted(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, &format!("{BOTH}, isAutomatic: false"), false).await;
        let elder = customer(world, json!({ "contact_name": "Elder", "customer_sub_type": "business" })).await;
        world.synced(&integration).await;
        let account = account_named(world, "Elder", "id").await["id"].as_str().unwrap().to_owned();
        let unlink = world.http().delete(format!("{}/integration/v1/contacts/{elder}/link", world.emulator.url()));
        let token = world.books_token().await;
        assert!(unlink.header("Authorization", format!("Bearer {token}")).send().await.unwrap().status().is_success());
        assert_eq!(world.books("DELETE", &format!("/contacts/{elder}"), None).await["code"], 0);
        world.advance(TimeDelta::hours(25));
        let run = world.synced(&integration).await;
        assert_eq!(run["totals"]["deleted"], 1, "{run:#}");
        for verb in ["Restore", "Delete"] {
            let query = format!("mutation($id: ID!) {{ account{verb}(input: {{ id: $id }}) {{ userErrors {{ message }} }} }}");
            let done = world.data(&query, json!({ "id": account })).await;
            assert_eq!(done[format!("account{verb}")]["userErrors"], json!([]));
        }
        let back = undone(world, &run).await;
        assert_eq!((&item(&back, "Elder")["outcome"], &item(&back, "Elder")["rule"]), (&json!("KEPT"), &json!("CHANGED_SINCE")), "{back:#}");
        let accounts = world.data("{ accounts { nodes { name } } }", json!({})).await;
        assert_eq!(accounts["accounts"]["nodes"], json!([]));
    }

    async fn a_customer_stays_while_somebody_there_stays(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, &ONE_WAY.replace("crmModule: ACCOUNTS", "crmModule: ACCOUNTS_AND_CONTACTS"), false).await;
        let account = world.account("Acme").await;
        world.account("Alone").await;
        let first = world.synced(&integration).await;
        // A person whom the first run did not make.
        make(world, "contact", &format!("lastName: \"Doe\", accountId: \"{account}\"")).await;
        let second = world.synced(&integration).await;
        assert_eq!(second["totals"]["added"], 1, "{second:#}");
        let back = undone(world, &first).await;
        assert_eq!((&item(&back, "Acme")["outcome"], &item(&back, "Alone")["outcome"]), (&json!("KEPT"), &json!("DELETED")), "{back:#}");
        let acme = id_there(world, "Acme").await;
        let persons = read(world, &acme).await["contact_persons"].take();
        assert!(persons.as_array().unwrap().iter().any(|person| person["last_name"] == "Doe"), "{persons:#}");
        // Together they go, whoever comes last first.
        assert_eq!(undone(world, &second).await["totals"]["deleted"], 1);
    }
}
