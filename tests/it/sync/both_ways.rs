//! Both directions: what comes into the CRM, how changes of both sides meet, and what neither side loses.

use chrono::TimeDelta;
use finbridge_tests::{TestWorld, both_databases};
use serde_json::{Value, json};

use super::support::{account_named, change_account, items_of, settings};

/// Customers from accounts, both ways, with these further settings.
async fn both_ways(world: &TestWorld, more: &str) -> String {
    let integration = world.connect().await;
    let wish =
        format!("module: CUSTOMERS, crmModule: ACCOUNTS, direction: BOTH_WAYS, duplicatePolicy: SKIP {more}");
    settings(world, &integration, &wish, false).await;
    integration
}

async fn customer(world: &TestWorld, body: Value) -> String {
    let answer = world.books("POST", "/contacts", Some(body)).await;
    assert_eq!(answer["code"], 0, "{answer:#}");
    answer["contact"]["contact_id"].as_str().unwrap().to_owned()
}

/// Somebody changes a customer in the finance app, a minute later: finance apps tell changes apart by the second.
async fn edit(world: &TestWorld, contact: &str, body: Value) {
    world.advance(TimeDelta::minutes(1));
    let answer = world.books("PUT", &format!("/contacts/{contact}"), Some(body)).await;
    assert_eq!(answer["code"], 0, "{answer:#}");
}

async fn read(world: &TestWorld, contact: &str) -> Value {
    world.books("GET", &format!("/contacts/{contact}"), None).await["contact"].take()
}

const ACCOUNT: &str = "id name website phone version billingAddress { city country } owner { email }
  externalReferences { remoteKey } syncState";

both_databases! {
    async fn r068_r069_customers_of_the_finance_side_become_accounts_and_contacts(world: &TestWorld) {
        let integration = world.connect().await;
        let wish = "module: CUSTOMERS, crmModule: ACCOUNTS_AND_CONTACTS, direction: BOTH_WAYS, duplicatePolicy: SKIP, includeUnassociated: true";
        settings(world, &integration, wish, false).await;
        world.account("From the CRM").await;
        let business = customer(world, json!({
            "contact_name": "Born in Books", "customer_sub_type": "business", "website": "https://books.example",
            "billing_address": { "city": "Oslo", "country": "Norway" },
            "contact_persons": [{ "first_name": "Jane", "last_name": "Doe", "email": "jane@books.example" }],
        })).await;
        customer(world, json!({
            "contact_name": "Ola Nordmann", "customer_sub_type": "individual",
            "contact_persons": [{ "first_name": "Ola", "last_name": "Nordmann", "email": "ola@example.org" }],
        })).await;
        let run = world.synced(&integration).await;
        assert_eq!((&run["state"], &run["totals"]["added"]), (&json!("SUCCEEDED"), &json!(4)), "{run:#}");

        let account = account_named(world, "Born in Books", ACCOUNT).await;
        assert_eq!(account["website"], "https://books.example");
        assert_eq!(account["billingAddress"], json!({ "city": "Oslo", "country": "Norway" }));
        assert_eq!(account["externalReferences"][0]["remoteKey"], business.as_str());
        // R019: who connected owns what comes.
        assert_eq!(account["owner"]["email"], finbridge_emulator::DEMO_EMAIL);
        let people = world.data("{ contacts { nodes { name email account { name } syncState } } }", json!({})).await;
        let mut people: Vec<_> = people["contacts"]["nodes"].as_array().unwrap().clone();
        people.sort_by_key(|one| one["name"].as_str().unwrap().to_owned());
        assert_eq!(people, [
            json!({ "name": "Jane Doe", "email": "jane@books.example", "account": { "name": "Born in Books" }, "syncState": "LINKED" }),
            json!({ "name": "Ola Nordmann", "email": "ola@example.org", "account": null, "syncState": "LINKED" }),
        ]);
        assert!(world.contacts().await.iter().any(|row| row["contact_name"] == "From the CRM"));
        let linked = read(world, &business).await;
        assert_ne!(linked["zcrm_account_id"], "");

        // Nothing changed: nothing is planned, nothing is written.
        world.emulator.clear_journal();
        let run = world.synced(&integration).await;
        assert_eq!((&run["totals"]["planned"], world.finance_writes()), (&json!(0), Vec::new()), "{run:#}");
    }

    async fn a17_16_a_change_on_each_side_of_another_field_is_merged(world: &TestWorld) {
        let integration = both_ways(world, "").await;
        let account = world.account("Acme").await;
        world.synced(&integration).await;
        let contact = world.contacts().await[0]["contact_id"].as_str().unwrap().to_owned();
        change_account(world, &account, "website: \"https://acme.example\"").await;
        edit(world, &contact, json!({ "billing_address": { "city": "Bergen" } })).await;
        let run = world.synced(&integration).await;
        assert_eq!((&run["totals"]["updated"], &run["totals"]["conflicts"]), (&json!(1), &json!(0)), "{run:#}");
        assert_eq!(items_of(&run)[0]["rule"], "BOTH_SIDES_CHANGED");
        assert_eq!(account_named(world, "Acme", ACCOUNT).await["billingAddress"]["city"], "Bergen");
        let there = read(world, &contact).await;
        assert_eq!((&there["website"], &there["billing_address"]["city"]), (&json!("https://acme.example"), &json!("Bergen")));
        world.emulator.clear_journal();
        assert_eq!(world.synced(&integration).await["totals"]["planned"], 0);
        assert_eq!(world.finance_writes(), Vec::<String>::new());
    }

    async fn r074_overwrite_lets_the_crm_win_where_both_changed_the_same_field(world: &TestWorld) {
        let integration = both_ways(world, "").await;
        let account = world.account("Acme").await;
        world.synced(&integration).await;
        let contact = world.contacts().await[0]["contact_id"].as_str().unwrap().to_owned();
        change_account(world, &account, "website: \"https://crm.example\"").await;
        edit(world, &contact, json!({ "website": "https://books.example" })).await;
        let run = world.synced(&integration).await;
        assert_eq!(run["state"], "SUCCEEDED", "{run:#}");
        assert_eq!(read(world, &contact).await["website"], "https://crm.example");
        assert_eq!(account_named(world, "Acme", ACCOUNT).await["website"], "https://crm.example");
        assert_eq!(world.synced(&integration).await["totals"]["planned"], 0);
    }

    async fn r074_skip_leaves_both_sides_and_records_it(world: &TestWorld) {
        let integration = both_ways(world, ", bothModifiedPolicy: SKIP").await;
        let account = world.account("Acme").await;
        world.synced(&integration).await;
        let contact = world.contacts().await[0]["contact_id"].as_str().unwrap().to_owned();
        change_account(world, &account, "website: \"https://crm.example\"").await;
        edit(world, &contact, json!({ "website": "https://books.example" })).await;
        let run = world.synced(&integration).await;
        let item = &items_of(&run)[0];
        assert_eq!((&item["rule"], &item["outcome"]), (&json!("BOTH_CHANGED"), &json!("SKIPPED")), "{run:#}");
        assert_eq!(item["conflicts"], json!([{ "field": ["website"], "base": null, "crm": "https://crm.example", "finance": "https://books.example" }]), "{run:#}");
        assert_eq!(read(world, &contact).await["website"], "https://books.example");
        assert_eq!(account_named(world, "Acme", ACCOUNT).await["website"], "https://crm.example");
        assert_eq!(world.synced(&integration).await["totals"]["planned"], 0);
    }

    async fn r074_clone_keeps_the_finance_version_as_a_copy(world: &TestWorld) {
        let integration = both_ways(world, ", bothModifiedPolicy: CLONE").await;
        let account = world.account("Acme").await;
        world.synced(&integration).await;
        let contact = world.contacts().await[0]["contact_id"].as_str().unwrap().to_owned();
        change_account(world, &account, "website: \"https://crm.example\"").await;
        edit(world, &contact, json!({ "website": "https://books.example" })).await;
        world.synced(&integration).await;
        assert_eq!(read(world, &contact).await["website"], "https://crm.example");
        let contacts = world.contacts().await;
        let copy = contacts.iter().find(|row| row["contact_name"] == "Acme (2)").expect("the copy");
        let copy = read(world, copy["contact_id"].as_str().unwrap()).await;
        assert_eq!((&copy["website"], &copy["zcrm_account_id"]), (&json!("https://books.example"), &json!("")));
    }

    async fn r067_going_one_way_leaves_what_came_and_takes_nothing_more(world: &TestWorld) {
        let integration = both_ways(world, "").await;
        let contact = customer(world, json!({ "contact_name": "Came", "customer_sub_type": "business" })).await;
        world.synced(&integration).await;
        let before = account_named(world, "Came", ACCOUNT).await;
        settings(world, &integration, "module: CUSTOMERS, crmModule: ACCOUNTS, direction: FETCH_FROM_CRM, duplicatePolicy: SKIP", false).await;
        edit(world, &contact, json!({ "website": "https://later.example" })).await;
        customer(world, json!({ "contact_name": "Never comes", "customer_sub_type": "business" })).await;
        world.synced(&integration).await;
        assert_eq!(account_named(world, "Came", ACCOUNT).await, before);
        let all = world.data("{ accounts { totalCount } }", json!({})).await;
        assert_eq!(all["accounts"]["totalCount"], 1);
    }

    async fn r118_a_record_born_there_survives_its_deletion_here_and_is_not_made_again(world: &TestWorld) {
        let integration = both_ways(world, "").await;
        let contact = customer(world, json!({ "contact_name": "Elder", "customer_sub_type": "business" })).await;
        world.synced(&integration).await;
        let account = account_named(world, "Elder", "id").await["id"].clone();
        world.data("mutation($id: ID!) { accountDelete(input: { id: $id }) { userErrors { message } } }", json!({ "id": account })).await;
        let run = world.synced(&integration).await;
        assert_eq!((&run["totals"]["deleted"], &items_of(&run)[0]["rule"]), (&json!(0), &json!("FINANCE_ORIGIN")), "{run:#}");
        assert_eq!(read(world, &contact).await["contact_name"], "Elder");
        assert_eq!(world.synced(&integration).await["totals"]["planned"], 0);
        assert_eq!(world.data("{ accounts { totalCount } }", json!({})).await["accounts"]["totalCount"], 0);
    }

    async fn a17_28_what_is_deleted_there_is_learnt_from_the_sweep_and_goes_by_origin(world: &TestWorld) {
        let integration = both_ways(world, ", isAutomatic: false").await;
        world.account("Younger").await;
        let elder = customer(world, json!({ "contact_name": "Elder", "customer_sub_type": "business" })).await;
        world.synced(&integration).await;
        let token = world.books_token().await;
        for row in world.contacts().await {
            let id = row["contact_id"].as_str().unwrap();
            let unlink = world.http().delete(format!("{}/integration/v1/contacts/{id}/link", world.emulator.url()));
            assert!(unlink.header("Authorization", format!("Bearer {token}")).send().await.unwrap().status().is_success());
            assert_eq!(world.books("DELETE", &format!("/contacts/{id}"), None).await["code"], 0);
        }
        // Within a day nobody looks; nothing is invented.
        assert_eq!(world.synced(&integration).await["totals"]["deleted"], 0);
        world.advance(chrono::TimeDelta::hours(25));
        let run = world.synced(&integration).await;
        let mut rules: Vec<_> = items_of(&run).iter().map(|item| item["rule"].as_str().unwrap().to_owned()).collect();
        rules.sort();
        assert_eq!(rules, ["CRM_ORIGIN", "FINANCE_DELETED"], "{run:#}");
        let accounts = world.data("{ accounts { nodes { name syncState } } }", json!({})).await;
        assert_eq!(accounts["accounts"]["nodes"], json!([{ "name": "Younger", "syncState": "BROKEN" }]));
        assert_ne!(elder, "");
        assert_eq!(world.contacts().await.len(), 0, "nothing is made again");
    }
}
