//! Where the values of linked records come from, and for how long that is known.

use chrono::TimeDelta;
use finbridge_emulator::DEMO_EMAIL;
use finbridge_tests::{TestWorld, both_databases};
use serde_json::{Value, json};

use super::support::{change_account, settings, until};

const BOTH: &str =
    "module: CUSTOMERS, crmModule: ACCOUNTS, direction: BOTH_WAYS, duplicatePolicy: SKIP, isAutomatic: false";

/// What is told of the first link of a record, or of a link.
async fn told(world: &TestWorld, id: &str) -> Value {
    let of = "field side value previousValue rule recordedAt replacedAt run { id } actor { email }";
    let query = format!(
        "query($id: ID!) {{ recordLink(id: $id) {{ id state origin lineage {{ {of} }}
           lineageHistory(first: 100, fields: [[\"website\"]]) {{ totalCount nodes {{ {of} }} }} }} }}"
    );
    world.data(&query, json!({ "id": id })).await["recordLink"].take()
}

fn of_field(link: &Value, field: &[&str]) -> Value {
    let rows = link["lineage"].as_array().expect("lineage").iter();
    let mut found: Vec<_> = rows.filter(|row| row["field"] == json!(field)).collect();
    assert_eq!(found.len(), 1, "{field:?} in {link:#}");
    found.remove(0).clone()
}

async fn website(world: &TestWorld, contact: &str, website: &str) {
    world.advance(TimeDelta::minutes(1));
    let answer =
        world.books("PUT", &format!("/contacts/{contact}"), Some(json!({ "website": website }))).await;
    assert_eq!(answer["code"], 0, "{answer:#}");
}

both_databases! {
    async fn each_value_tells_side_run_rule_person_and_what_was_there_before(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, BOTH, false).await;
        let account = world.account("Acme").await;
        change_account(world, &account, "website: \"https://one.example\"").await;
        let first = world.synced(&integration).await;

        let link = told(world, &account).await;
        assert_eq!((&link["state"], &link["origin"]), (&json!("LINKED"), &json!("CRM")));
        assert_eq!(of_field(&link, &["displayName"])["value"], "Acme");
        let made = json!({
            "field": ["website"], "side": "CRM", "value": "https://one.example", "previousValue": null, "rule": "NEW",
            "recordedAt": "2026-01-05T12:00:00Z", "replacedAt": null, "run": { "id": first["id"] },
            "actor": { "email": DEMO_EMAIL },
        });
        assert_eq!(of_field(&link, &["website"]), made);
        assert!(link["lineage"].as_array().unwrap().iter().all(|row| row["value"] != ""), "nothing came from empty fields: {link:#}");
        assert_eq!(told(world, link["id"].as_str().unwrap()).await, link, "by the link's own id as well");

        let contact = world.contacts().await[0]["contact_id"].as_str().unwrap().to_owned();
        website(world, &contact, "https://two.example").await;
        let second = world.synced(&integration).await;
        assert_eq!(second["totals"]["updated"], 1, "{second:#}");
        let link = told(world, &account).await;
        let now = of_field(&link, &["website"]);
        assert_eq!((&now["side"], &now["value"], &now["previousValue"], &now["rule"]),
                   (&json!("FINANCE"), &json!("https://two.example"), &json!("https://one.example"), &json!("FINANCE_CHANGED")));
        assert_eq!(now["run"]["id"], second["id"]);
        assert_eq!(of_field(&link, &["displayName"])["run"]["id"], first["id"], "the others stay as they were");
        let history = &link["lineageHistory"];
        assert_eq!(history["totalCount"], 2);
        assert_eq!(history["nodes"][0], now);
        assert_eq!((&history["nodes"][1]["value"], &history["nodes"][1]["replacedAt"]),
                   (&json!("https://one.example"), &json!("2026-01-05T12:01:00Z")));

        // A run that has nothing to carry says nothing.
        assert_eq!(world.synced(&integration).await["totals"]["planned"], 0);
        assert_eq!(told(world, &account).await, link);
    }

    async fn a_record_that_was_taken_over_tells_who_had_what_first(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, &BOTH.replace("duplicatePolicy: SKIP", "duplicatePolicy: OVERWRITE"), false).await;
        let there = json!({ "contact_name": "Acme", "website": "https://same.example", "customer_sub_type": "business" });
        assert_eq!(world.books("POST", "/contacts", Some(there)).await["code"], 0);
        let account = world.account("Acme").await;
        change_account(world, &account, "website: \"https://same.example\", billingAddress: { city: \"Oslo\" }").await;
        world.synced(&integration).await;
        let link = told(world, &account).await;
        assert_eq!(link["origin"], "FINANCE");
        assert_eq!(of_field(&link, &["website"])["side"], "FINANCE", "both had it; the finance side was there first");
        let city = of_field(&link, &["billingAddress", "city"]);
        assert_eq!((&city["side"], &city["value"], &city["rule"]), (&json!("CRM"), &json!("Oslo"), &json!("DUPLICATE")));
    }

    async fn a17_25_lineage_stays_with_the_link_through_merges_and_deletions(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, BOTH, false).await;
        let old = world.account("Acme Inc").await;
        change_account(world, &old, "website: \"https://inc.example\"").await;
        let first = world.synced(&integration).await;
        let before = told(world, &old).await;
        let stays = world.account("Acme").await;
        let merge = "mutation($id: ID!, $merged: [ID!]!) { accountMerge(input: { id: $id, mergedIds: $merged }) { userErrors { message } } }";
        let merged = world.data(merge, json!({ "id": stays, "merged": [old] })).await;
        assert_eq!(merged["accountMerge"]["userErrors"], json!([]), "{merged:#}");
        let link = told(world, &stays).await;
        assert_eq!((&link["id"], &link["lineage"]), (&before["id"], &before["lineage"]));
        world.synced(&integration).await;
        let link = told(world, &stays).await;
        assert_eq!(of_field(&link, &["website"])["run"]["id"], first["id"], "{link:#}");
        assert_eq!(of_field(&link, &["displayName"])["rule"], "MERGED");

        // What was deleted leaves a tombstone, and the link says what it was.
        world.data("mutation($id: ID!) { accountDelete(input: { id: $id }) { userErrors { message } } }", json!({ "id": stays })).await;
        assert_eq!(world.synced(&integration).await["totals"]["deleted"], 1);
        let tombstone = told(world, link["id"].as_str().unwrap()).await;
        assert_eq!((&tombstone["state"], &tombstone["lineage"]), (&json!("DELETED"), &link["lineage"]));
    }

    async fn earlier_values_are_forgotten_in_time_and_present_ones_are_not(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, BOTH, false).await;
        let account = world.account("Acme").await;
        change_account(world, &account, "website: \"https://one.example\"").await;
        world.synced(&integration).await;
        world.advance(TimeDelta::days(179));
        change_account(world, &account, "website: \"https://two.example\"").await;
        world.synced(&integration).await;
        let history = async || told(world, &account).await["lineageHistory"]["totalCount"].take();
        assert_eq!(history().await, 2);
        // The age of an earlier value counts from when another took its place.
        world.advance(TimeDelta::days(181));
        until(async || history().await == 1, "the earlier value is forgotten").await;
        let link = told(world, &account).await;
        assert_eq!(of_field(&link, &["website"])["value"], "https://two.example");
        assert_eq!(of_field(&link, &["displayName"])["value"], "Acme");
        assert_eq!(of_field(&link, &["displayName"])["run"], Value::Null, "history forgot the run that made it");
    }
}
