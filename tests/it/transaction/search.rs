//! Finding whom a document is to be with, while it is written.

use finbridge_entity::types::Role;
use finbridge_tests::acts::tea;
use finbridge_tests::{TestWorld, both_databases};
use serde_json::{Value, json};

use super::kept::{Kept, each};
use super::seen;
use crate::graphql::colleague;
use crate::sync::support::{make, run, settings, take_profile};

const FIELDS: &str =
    "name source isLinked remoteKey account { id } contact { id } vendor { id } contacts { name }";

/// What is found; `arguments` stand beside the integration.
async fn found(world: &TestWorld, query: &str, integration: &str, arguments: &str) -> Vec<Value> {
    let query = format!("query($id: ID!) {{ {query}(integrationId: $id, {arguments}) {{ {FIELDS} }} }}");
    let data = world.data(&query, json!({ "id": integration })).await;
    data.as_object().expect("data").values().next().and_then(Value::as_array).expect("hits").clone()
}

async fn customers(world: &TestWorld, integration: &str, arguments: &str) -> Vec<Value> {
    found(world, "customerSearch", integration, arguments).await
}

fn names(hits: &[Value]) -> Vec<(&str, &str, bool)> {
    hits.iter()
        .map(|hit| {
            let text = |name: &str| hit[name].as_str().unwrap_or_default();
            (text("name"), text("source"), hit["isLinked"] == true)
        })
        .collect()
}

async fn refused(world: &TestWorld, token: &str, integration: &str, arguments: &str) -> String {
    let query = format!("query($id: ID!) {{ customerSearch(integrationId: $id, {arguments}) {{ name }} }}");
    let answer = world.send_as(token, &query, json!({ "id": integration })).await;
    let code = &answer["errors"][0]["extensions"]["code"];
    code.as_str().unwrap_or_else(|| panic!("it was not refused: {answer:#}")).to_owned()
}

/// Connected, with accounts and their contacts synchronised: Acorn is a customer, as is Acme of the finance side; Acacia is none.
async fn connected(world: &TestWorld) -> String {
    let integration = world.connect().await;
    seen::customer(world, "Acme", None).await;
    world.account("Acorn").await;
    settings(world, &integration, "module: CUSTOMERS, crmModule: ACCOUNTS_AND_CONTACTS, direction: FETCH_FROM_CRM, duplicatePolicy: SKIP", false).await;
    let ended = world.synced(&integration).await;
    assert_eq!(ended["totals"]["added"], 1, "{ended:#}");
    world.account("Acacia").await;
    integration
}

both_databases! {
    async fn r143_records_of_the_crm_that_are_no_customers_yet_are_found_by_name(world: &TestWorld) {
        let integration = connected(world).await;
        make(world, "contact", "firstName: \"Ach\", lastName: \"Im\"").await;
        world.account("Zebra").await;
        world.emulator.clear_journal();
        let hits = customers(world, &integration, "source: CRM, text: \"ac\"").await;
        assert_eq!(names(&hits), [("Acacia", "CRM", false), ("Ach Im", "CRM", false)], "{hits:#?}");
        assert!(hits[0]["account"]["id"].is_string() && hits[1]["contact"]["id"].is_string());
        assert_eq!((&hits[0]["remoteKey"], &hits[0]["contact"]), (&Value::Null, &Value::Null));
        let one = customers(world, &integration, "source: CRM, text: \"  ACA \", first: 1").await;
        assert_eq!(names(&one), [("Acacia", "CRM", false)]);
        assert!(customers(world, &integration, "source: CRM, text: \"acacias\"").await.is_empty());
        // No finance app is asked, whatever is looked for.
        customers(world, &integration, "text: \"ac\"").await;
        let asked: Vec<_> = world.emulator.journal().into_iter().map(|entry| entry.path).filter(|path| path.contains("/contacts")).collect();
        assert!(asked.is_empty(), "{asked:?}");
    }

    async fn r145_customers_of_both_sides_are_told_apart_by_their_source(world: &TestWorld) {
        let integration = connected(world).await;
        let all = customers(world, &integration, "text: \"ac\"").await;
        assert_eq!(names(&all), [("Acacia", "CRM", false), ("Acme", "FINANCE", false), ("Acorn", "FINANCE", true)], "{all:#?}");
        assert!(all[2]["account"]["id"].is_string() && all[2]["remoteKey"].is_string() && all[1]["remoteKey"].is_string());
        let finance = customers(world, &integration, "source: FINANCE, text: \"ac\"").await;
        assert_eq!(names(&finance), [("Acme", "FINANCE", false), ("Acorn", "FINANCE", true)]);
        let crm = customers(world, &integration, "source: CRM, text: \"ac\"").await;
        assert_eq!(names(&crm), [("Acacia", "CRM", false)]);
        assert_eq!(customers(world, &integration, "text: \"ac\", first: 2").await, all[..2]);
        // ERP shows no documents in the CRM, and those who write them there search all the same.
        take_profile(world, "ERP").await;
        assert_eq!(customers(world, &integration, "text: \"ac\"").await, all);

    }

    async fn r146_accounts_come_with_their_contacts_and_contacts_are_found_by_either_name(world: &TestWorld) {
        let integration = connected(world).await;
        let account = world.account("Umbrella").await;
        let person = async |first: Option<&str>, last: &str, of: Option<&str>| {
            let first = first.map(|first| format!("firstName: \"{first}\", ")).unwrap_or_default();
            let of = of.map(|of| format!(", accountId: \"{of}\"")).unwrap_or_default();
            make(world, "contact", &format!("{first}lastName: \"{last}\"{of}")).await
        };
        person(Some("Ada"), "Wong", Some(&account)).await;
        person(Some("Wong"), "Adams", None).await;
        person(None, "Wongler", None).await;
        let by_account = customers(world, &integration, "by: ACCOUNT_NAME, text: \"umb\"").await;
        assert_eq!(names(&by_account), [("Umbrella", "CRM", false)]);
        assert_eq!((&by_account[0]["account"]["id"], &by_account[0]["contacts"]), (&json!(account), &json!([{ "name": "Ada Wong" }])));
        assert!(customers(world, &integration, "by: ACCOUNT_NAME, text: \"ada\"").await.is_empty());
        let by_first = customers(world, &integration, "by: FIRST_NAME, text: \"wong\"").await;
        assert_eq!(each(&json!(by_first), "name"), [json!("Wong Adams")]);
        assert!(customers(world, &integration, "by: FIRST_NAME, text: \"ada w\"").await.is_empty(), "a given name ends somewhere");
        let by_last = customers(world, &integration, "by: LAST_NAME, text: \"won\"").await;
        assert_eq!(each(&json!(by_last), "name"), [json!("Ada Wong"), json!("Wongler")]);
        assert_eq!(each(&json!(customers(world, &integration, "by: LAST_NAME, text: \"wong_\"").await), "name"), Vec::<Value>::new());
        // The finance side has one name for each, and nothing can be looked for but names.
        assert_eq!(refused(world, &world.token, &integration, "source: FINANCE, by: LAST_NAME, text: \"won\"").await, "BAD_USER_INPUT");
        let schema = world.data("{ __type(name: \"CustomerSearchKey\") { enumValues { name } } }", json!({})).await;
        let mut keys = each(&schema["__type"]["enumValues"], "name");
        keys.sort_by_key(ToString::to_string);
        assert_eq!(keys, ["ACCOUNT_NAME", "FIRST_NAME", "LAST_NAME", "NAME"].map(|key| json!(key)));
    }

    async fn r147_vendors_are_found_and_become_vendors_with_their_first_purchase_order(world: &TestWorld) {
        let integration = world.connect().await;
        seen::party(world, "Paper Mill", "vendor", None).await;
        settings(world, &integration, "module: VENDORS, direction: FETCH_FROM_CRM, duplicatePolicy: SKIP", false).await;
        make(world, "vendor", "name: \"Zed\"").await;
        run(world, &integration, "VENDORS").await;
        let vendor = make(world, "vendor", "name: \"Paper Tiger\"").await;
        world.account("Paper Account").await;
        let hits = found(world, "vendorSearch", &integration, "text: \"paper\"").await;
        assert_eq!(names(&hits), [("Paper Mill", "FINANCE", false), ("Paper Tiger", "CRM", false)], "{hits:#?}");
        assert_eq!(hits[1]["vendor"]["id"], json!(vendor));
        let crm = found(world, "vendorSearch", &integration, "source: CRM, text: \"paper\"").await;
        assert_eq!(names(&crm), [("Paper Tiger", "CRM", false)]);

        world.done("transactionCreate", tea(&integration, "PURCHASE_ORDER", json!({ "vendorId": vendor }))).await;
        assert_eq!(world.listed("/purchaseorders").await.len(), 1);
        let hits = found(world, "vendorSearch", &integration, "text: \"paper\"").await;
        assert_eq!(names(&hits), [("Paper Mill", "FINANCE", false), ("Paper Tiger", "FINANCE", true)], "{hits:#?}");
        assert_eq!(hits[1]["vendor"]["id"], json!(vendor));
    }

    async fn x13_whoever_is_found_in_the_crm_is_fetched_by_using_it(world: &TestWorld) {
        let integration = connected(world).await;
        let hits = customers(world, &integration, "source: CRM, text: \"acacia\"").await;
        let account = hits[0]["account"]["id"].clone();
        for _ in 0..2 {
            world.done("transactionCreate", tea(&integration, "INVOICE", json!({ "accountId": account }))).await;
        }
        let contacts = world.contacts().await;
        let made: Vec<_> = contacts.iter().filter(|one| one["contact_name"] == "Acacia").collect();
        assert_eq!(made.len(), 1, "the second invoice is with the customer that the first one made");
        let invoices = world.listed("/invoices").await;
        assert_eq!(each(&json!(invoices), "customer_id"), [made[0]["contact_id"].clone(), made[0]["contact_id"].clone()]);
        assert!(customers(world, &integration, "source: CRM, text: \"acacia\"").await.is_empty());
        let hits = customers(world, &integration, "text: \"acacia\"").await;
        assert_eq!((names(&hits), &hits[0]["remoteKey"]), (vec![("Acacia", "FINANCE", true)], &made[0]["contact_id"]));
    }

    async fn a_search_is_of_this_organization_and_of_what_the_integration_has(world: &TestWorld) {
        let integration = connected(world).await;
        for arguments in ["text: \" - \"", "text: \"a\\u0000\"", "text: \"a\", first: 101", &format!("text: \"{}\"", "a".repeat(201))] {
            assert_eq!(refused(world, &world.token, &integration, arguments).await, "BAD_USER_INPUT", "{arguments}");
        }
        take_profile(world, "BILLING").await;
        let answer = world.send("query($id: ID!) { vendorSearch(integrationId: $id, text: \"a\") { name } }", json!({ "id": integration })).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "it has no vendors: {answer:#}");
        take_profile(world, "BOOKS_NOW").await;
        let (_, stranger) = world.tenant("Other").await;
        assert_eq!(refused(world, &stranger, &integration, "text: \"ac\"").await, "BAD_USER_INPUT");
        // Whoever may make documents may look for whom they are with.
        let member = colleague(world, "Stan Standard", Role::Standard).await;
        let query = "query($id: ID!) { customerSearch(integrationId: $id, text: \"ac\") { name } }";
        let answer = world.send_as(&member.token, query, json!({ "id": integration })).await;
        assert_eq!(answer["data"]["customerSearch"].as_array().map(Vec::len), Some(3), "{answer:#}");
        // Customers of another finance organization are none of this one's.
        let other = Kept::new(world, "USD", "UTC").await;
        let hits = customers(world, &other.integration, "text: \"ac\"").await;
        assert_eq!(names(&hits), [("Acacia", "CRM", false), ("Acorn", "CRM", false)], "{hits:#?}");
    }
}
