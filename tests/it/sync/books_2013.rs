//! Books as its guide of 2013 has it: one way, twice a day at most, with rules of its own on what is deleted and merged.

use chrono::TimeDelta;
use finbridge_emulator::{FaultAction, FaultRule};
use finbridge_entity::record_link;
use finbridge_entity::types::LinkState;
use finbridge_tests::{TestWorld, both_databases};
use sea_orm::EntityTrait;
use sea_orm::sea_query::Expr;
use serde_json::{Value, json};

use super::support::{change_account, configure, ended_runs, settings, take_profile};

const IMPORT: &str = "module: CUSTOMERS, crmModule: ACCOUNTS, duplicatePolicy: SKIP";

/// An integration of that profile.
async fn books_2013(world: &TestWorld) -> String {
    let integration = world.connect().await;
    take_profile(world, "BOOKS_2013").await;
    integration
}

async fn next_due(world: &TestWorld, integration: &str) -> Value {
    let query = "query($id: ID!) { integration(id: $id) { modules { nextDueAt } } }";
    world.data(query, json!({ "id": integration })).await["integration"]["modules"][0]["nextDueAt"].take()
}

async fn delete_account(world: &TestWorld, account: &str) {
    let query =
        "mutation($id: ID!) { accountDelete(input: { id: $id }) { deletedAccount userErrors { message } } }";
    let answer = world.data(query, json!({ "id": account })).await;
    assert_eq!(answer["accountDelete"]["userErrors"], json!([]), "{answer:#}");
}

async fn run_of(world: &TestWorld, run: &Value) -> Value {
    world.ended(run["id"].as_str().expect("an id")).await
}

both_databases! {
    async fn r100_books_is_refreshed_every_twelve_hours_when_that_was_chosen_and_else_never(world: &TestWorld) {
        let integration = books_2013(world).await;
        settings(world, &integration, IMPORT, true).await;
        ended_runs(world, 1).await;
        assert_eq!(next_due(world, &integration).await, Value::Null, "nobody asked for more");
        world.advance(TimeDelta::hours(1));
        settings(world, &integration, &format!("{IMPORT}, isAutomatic: true"), false).await;
        assert_eq!(next_due(world, &integration).await, "2026-01-06T00:00:00Z", "twelve hours after the first");
        world.account("Acme").await;
        world.advance(TimeDelta::hours(11));
        let runs = ended_runs(world, 2).await;
        assert_eq!(runs[1]["trigger"], "AUTO");
        assert_eq!(world.contacts().await.len(), 1);
        assert_eq!(next_due(world, &integration).await, "2026-01-06T12:00:00Z");
    }

    async fn r116_r190_an_imported_customer_is_deleted_by_deleting_the_account_and_importing_again(world: &TestWorld) {
        let integration = books_2013(world).await;
        let (gone, used) = (world.account("Gone").await, world.account("Used").await);
        settings(world, &integration, &format!("{IMPORT}, isAutomatic: true"), true).await;
        ended_runs(world, 1).await;
        assert_eq!(world.contacts().await.len(), 2);
        delete_account(world, &gone).await;
        world.advance(TimeDelta::hours(12));
        let runs = ended_runs(world, 2).await;
        let run = run_of(world, &runs[1]).await;
        assert_eq!((&run["totals"]["deleted"], &run["totals"]["deactivated"]), (&json!(1), &json!(0)), "{run:#}");
        assert_eq!(world.contacts().await.len(), 1);
        // One with transactions is made inactive, and stays.
        let in_use = FaultAction::Respond { status: 400, body: json!({ "code": 1004, "message": "has transactions" }), headers: Default::default() };
        world.emulator.fault(FaultRule::new(in_use).method("DELETE").path_contains("/books/v3/contacts/"));
        delete_account(world, &used).await;
        world.advance(TimeDelta::hours(12));
        let runs = ended_runs(world, 3).await;
        let run = run_of(world, &runs[2]).await;
        assert_eq!((&run["totals"]["deleted"], &run["totals"]["deactivated"]), (&json!(0), &json!(1)), "{run:#}");
        assert_eq!(world.contacts().await[0]["status"], "inactive");
    }

    async fn r185_a_customer_made_in_books_never_shows_up_in_the_crm(world: &TestWorld) {
        let integration = books_2013(world).await;
        assert_eq!(world.books("POST", "/contacts", Some(json!({ "contact_name": "Born in Books", "customer_sub_type": "business" }))).await["code"], 0);
        world.account("Ours").await;
        let both = configure(world, &integration, &format!("{IMPORT}, direction: BOTH_WAYS"), false).await;
        assert_eq!(both["userErrors"][0]["code"], "SETTING_NOT_SUPPORTED", "{both:#}");
        settings(world, &integration, IMPORT, false).await;
        for _ in 0..2 {
            let run = world.synced(&integration).await;
            assert_eq!(run["state"], "SUCCEEDED", "{run:#}");
        }
        let accounts = world.data("{ accounts { nodes { name } } contacts { totalCount } }", json!({})).await;
        assert_eq!(accounts, json!({ "accounts": { "nodes": [{ "name": "Ours" }] }, "contacts": { "totalCount": 0 } }));
        assert_eq!(world.contacts().await.len(), 2);
    }

    async fn r023_r187_a_second_organization_is_never_connected(world: &TestWorld) {
        let integration = books_2013(world).await;
        let token = world.books_token().await;
        let second = json!({ "name": "Second", "currency_code": "USD", "time_zone": "America/Los_Angeles", "apps": ["books"] });
        let made = world.http().post(format!("{}/integration/v1/organizations", world.emulator.url()))
            .header("Authorization", format!("Zoho-oauthtoken {token}")).json(&second).send().await.expect("an answer");
        let made: Value = made.json().await.expect("JSON");
        let second = made["organization"]["organization_id"].as_str().unwrap_or_else(|| panic!("{made:#}"));
        let connect = "mutation($key: String!, $email: String!, $organization: String!) { integrationConnect(input: { app: \"books\", email: $email,
            zscKey: $key, financeOrganization: $organization }) { integration { id } userErrors { code field } } }";
        let variables = json!({ "key": finbridge_emulator::DEMO_ZSC_KEY, "email": finbridge_emulator::DEMO_EMAIL, "organization": second });
        let refused = world.data(connect, variables).await["integrationConnect"].take();
        assert_eq!(refused, json!({ "integration": null, "userErrors": [{ "code": "MULTI_ORG_UNSUPPORTED", "field": ["financeOrganization"] }] }));
        let listed = world.data("{ integrations { id } }", json!({})).await;
        assert_eq!(listed["integrations"], json!([{ "id": integration }]));
    }

    async fn r188_items_and_payments_of_books_never_come_into_the_crm(world: &TestWorld) {
        let integration = books_2013(world).await;
        assert_eq!(world.books("POST", "/items", Some(json!({ "name": "Widget", "rate": 1 }))).await["code"], 0);
        let items = configure(world, &integration, "module: ITEMS, duplicatePolicy: SKIP", false).await;
        assert_eq!(items["userErrors"][0]["code"], "MODULE_NOT_SUPPORTED", "{items:#}");
        settings(world, &integration, IMPORT, false).await;
        world.account("Acme").await;
        world.emulator.clear_journal();
        world.synced(&integration).await;
        assert_eq!(world.data("{ products { totalCount } }", json!({})).await["products"]["totalCount"], 0);
        let asked: Vec<_> = world.emulator.journal().into_iter().map(|entry| entry.path).filter(|path| path.contains("items") || path.contains("payments")).collect();
        assert_eq!(asked, Vec::<String>::new(), "nobody even asks for them");
    }

    async fn r189_documents_that_were_made_in_the_crm_are_never_imported(world: &TestWorld) {
        let integration = books_2013(world).await;
        settings(world, &integration, IMPORT, false).await;
        world.account("Acme").await;
        world.emulator.clear_journal();
        world.synced(&integration).await;
        let writes = world.finance_writes();
        assert!(!writes.is_empty() && writes.iter().all(|write| !write.contains("invoices") && !write.contains("estimates")), "{writes:?}");
        let schema = world.data("{ __schema { mutationType { fields { name } } } }", json!({})).await;
        let names: Vec<_> = schema["__schema"]["mutationType"]["fields"].as_array().unwrap().iter().map(|field| field["name"].as_str().unwrap().to_lowercase()).collect();
        assert!(names.iter().all(|name| !name.contains("native")), "{names:?}");
    }

    async fn r119_an_account_whose_customer_went_to_another_one_comes_back_without_it(world: &TestWorld) {
        let integration = world.connect().await;
        let made = world.books("POST", "/contacts", Some(json!({ "contact_name": "Acme", "customer_sub_type": "business" }))).await;
        let there = made["contact"]["contact_id"].as_str().unwrap_or_else(|| panic!("{made:#}"));
        let (acme, beta) = (world.account("Acme").await, world.account("Beta").await);
        settings(world, &integration, "module: CUSTOMERS, crmModule: ACCOUNTS, direction: FETCH_FROM_CRM, duplicatePolicy: OVERWRITE, isAutomatic: false", false).await;
        let links_of = async |account: &str| {
            let read = world.data("query($id: ID!) { account(id: $id) { externalReferences { remoteKey } } }", json!({ "id": account })).await;
            read["account"]["externalReferences"].clone()
        };
        world.synced(&integration).await;
        assert_eq!(links_of(&acme).await, json!([{ "remoteKey": there }]));
        let other = links_of(&beta).await[0]["remoteKey"].clone();
        // It was there first, so it stays, and takes the other one up.
        delete_account(world, &acme).await;
        assert_eq!(world.synced(&integration).await["items"]["nodes"][0]["action"], "KEEP");
        let merge = "mutation($input: SyncCustomersMergeInput!) { syncCustomersMerge(input: $input) { recordLink { remoteKey } userErrors { message } } }";
        let input = json!({ "integrationId": integration, "masterKey": there, "mergedKeys": [other] });
        let merged = world.data(merge, json!({ "input": input })).await;
        assert_eq!(merged["syncCustomersMerge"], json!({ "recordLink": { "remoteKey": there }, "userErrors": [] }));
        assert_eq!(links_of(&beta).await, json!([{ "remoteKey": there }]));

        world.data("mutation($id: ID!) { accountRestore(input: { id: $id }) { userErrors { message } } }", json!({ "id": acme })).await;
        assert_eq!(links_of(&acme).await, json!([]), "the next run makes it anew");
        let run = world.synced(&integration).await;
        assert_ne!(run["state"], "FAILED", "{run:#}");
    }

    async fn r119_r186_x20_duplicates_cannot_be_deleted_and_are_merged(world: &TestWorld) {
        let integration = books_2013(world).await;
        settings(world, &integration, IMPORT, false).await;
        let account = world.account("Acme").await;
        let linked = async || {
            let read = world.data("query($id: ID!) { account(id: $id) { syncState externalReferences { remoteKey } } }", json!({ "id": account })).await;
            read["account"].clone()
        };
        world.synced(&integration).await;
        let first = linked().await["externalReferences"][0]["remoteKey"].as_str().unwrap().to_owned();
        assert_ne!(world.books("DELETE", &format!("/contacts/{first}"), None).await["code"], 0, "what was imported cannot be deleted there");

        let there = async |name: &str, more: Value| {
            let mut body = json!({ "contact_name": name, "customer_sub_type": "business" });
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let made = world.books("POST", "/contacts", Some(body)).await;
            assert_eq!(made["code"], 0, "{made:#}");
            made["contact"]["contact_id"].as_str().unwrap().to_owned()
        };
        let read = async |id: &str| world.books("GET", &format!("/contacts/{id}"), None).await["contact"].take();
        let (second, third) = (there("Acme Limited", json!({})).await, there("Acme Holding", json!({})).await);
        // Ids of the starting currencies follow each other.
        let other = (read(&first).await["currency_id"].as_str().unwrap().parse::<u64>().unwrap() + 1).to_string();
        let foreign = there("Acme Europe", json!({ "currency_id": other })).await;
        let invoice = json!({ "customer_id": second, "date": "2026-01-05", "line_items": [{ "name": "x", "rate": 100, "quantity": 1 }] });
        let invoice = world.books("POST", "/invoices", Some(invoice)).await["invoice"]["invoice_id"].as_str().unwrap().to_owned();
        let of_invoice = async || world.books("GET", &format!("/invoices/{invoice}"), None).await["invoice"]["customer_id"].take();
        let merge = async |master: &str, merged: &[&str]| {
            let query = "mutation($input: SyncCustomersMergeInput!) { syncCustomersMerge(input: $input) {
                integration { id } recordLink { remoteKey } userErrors { code field message } } }";
            let input = json!({ "integrationId": integration, "masterKey": master, "mergedKeys": merged });
            world.data(query, json!({ "input": input })).await["syncCustomersMerge"].take()
        };
        let unread = merge(&first, &[&second]).await;
        assert_eq!(unread["userErrors"][0]["code"], "NOT_FOUND", "{unread:#}");
        world.synced(&integration).await;

        // While a run that was cut off has still to link one of them, none is merged.
        let stands = async |state: LinkState| {
            record_link::Entity::update_many().col_expr(record_link::Column::State, Expr::value(state)).exec(&world.app.engine.db).await.expect("a state");
        };
        stands(LinkState::Claimed).await;
        let claimed = merge(&first, &[&second]).await;
        assert_eq!((&claimed["integration"], &claimed["userErrors"][0]["code"]), (&Value::Null, &json!("SYNC_IN_PROGRESS")), "{claimed:#}");
        assert_eq!(of_invoice().await, json!(second));
        stands(LinkState::Linked).await;

        // The one that is linked takes the documents of the other.
        let merged = merge(&first, &[&second]).await;
        assert_eq!((&merged["userErrors"], &merged["recordLink"]["remoteKey"]), (&json!([]), &json!(first)), "{merged:#}");
        assert_eq!((of_invoice().await, read(&second).await["status"].clone()), (json!(first), json!("inactive")));
        assert_eq!(merge(&first, &[&second]).await, merged, "merging twice changes nothing");

        // Another currency, and itself: nothing is merged, on either side.
        let differs = merge(&first, &[&third, &foreign]).await;
        assert_eq!((&differs["integration"], &differs["userErrors"][0]["code"]), (&Value::Null, &json!("CURRENCY_DIFFERS")), "{differs:#}");
        assert!(differs["userErrors"][0]["message"].as_str().unwrap().contains(&foreign), "{differs:#}");
        assert_eq!(merge(&first, &[&first]).await["userErrors"][0]["code"], "INVALID");
        assert_eq!(read(&third).await["status"], "active");

        // Merged into one without a link, the account goes over with everything.
        let moved = merge(&third, &[&first]).await;
        assert_eq!((&moved["userErrors"], &moved["recordLink"]["remoteKey"]), (&json!([]), &json!(third)), "{moved:#}");
        assert_eq!(of_invoice().await, json!(third));
        assert_eq!(linked().await, json!({ "syncState": "LINKED", "externalReferences": [{ "remoteKey": third }] }));
        // The one that sleeps keeps its name, so the account takes that of the one that stayed.
        change_account(world, &account, "name: \"Acme Holding\"").await;
        let run = world.synced(&integration).await;
        assert_eq!((&run["state"], &run["items"]["nodes"][0]["rule"]), (&json!("SUCCEEDED"), &json!("IMPORTED")), "{run:#}");
        let wire_id = world.data("query($id: ID!) { account(id: $id) { wireId } }", json!({ "id": account })).await["account"]["wireId"].take();
        assert_eq!(read(&third).await["zcrm_account_id"], wire_id);
        assert_eq!(world.synced(&integration).await["totals"]["planned"], 0);
    }
}
