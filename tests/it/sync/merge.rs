//! Merged accounts and their customers: none is made twice, none is deleted, and each names the account it belongs to.

use finbridge_emulator::{FaultAction, FaultRule};
use finbridge_tests::{TestWorld, both_databases};
use serde_json::{Value, json};

const MERGE: &str = "mutation($id: ID!, $merged: [ID!]!) { accountMerge(input: { id: $id, mergedIds: $merged }) {
    account { id wireId syncState externalReferences { remoteKey } } leftReferences { remoteKey } userErrors { code message } } }";

async fn ready(world: &TestWorld) -> String {
    let integration = world.connect().await;
    world.configure(&integration, "SKIP", false).await;
    integration
}

async fn merge(world: &TestWorld, id: &str, merged: &[&str]) -> Value {
    let payload = world.data(MERGE, json!({ "id": id, "merged": merged })).await["accountMerge"].take();
    assert_eq!(payload["userErrors"], json!([]), "{payload:#}");
    payload
}

async fn update(world: &TestWorld, id: &str, website: &str) {
    let mutation = "mutation($id: ID!, $w: String!) { accountUpdate(input: { id: $id, website: $w }) { userErrors { message } } }";
    let payload = world.data(mutation, json!({ "id": id, "w": website })).await;
    assert_eq!(payload["accountUpdate"]["userErrors"], json!([]));
}

async fn wire_id(world: &TestWorld, id: &str) -> Value {
    world.data("query($id: ID!) { account(id: $id) { wireId } }", json!({ "id": id })).await["account"]["wireId"].take()
}

async fn customer(world: &TestWorld, name: &str) -> Value {
    let list = world.contacts().await;
    let row = list
        .iter()
        .find(|row| row["contact_name"] == name)
        .unwrap_or_else(|| panic!("no {name} in {list:#?}"));
    let id = row["contact_id"].as_str().unwrap();
    world.books("GET", &format!("/contacts/{id}"), None).await["contact"].take()
}

/// A run without anything left to do.
async fn settled(world: &TestWorld, integration: &str) {
    world.emulator.clear_journal();
    let run = world.synced(integration).await;
    assert_eq!((&run["state"], &run["totals"]["planned"]), (&json!("SUCCEEDED"), &json!(0)), "{run:#}");
    assert_eq!(world.finance_writes(), Vec::<String>::new());
}

both_databases! {
    async fn of_two_accounts_with_customers_each_customer_stays_and_one_follows(world: &TestWorld) {
        let integration = ready(world).await;
        let (stays, other) = (world.account("Acme").await, world.account("Acme Inc").await);
        update(world, &other, "https://inc.example").await;
        world.synced(&integration).await;
        let (own, left) = (customer(world, "Acme").await, customer(world, "Acme Inc").await);

        let merged = merge(world, &stays, &[&other]).await;
        assert_eq!(merged["leftReferences"], json!([{ "remoteKey": left["contact_id"] }]));
        assert_eq!(merged["account"]["externalReferences"], json!([{ "remoteKey": own["contact_id"] }]));
        world.emulator.clear_journal();
        let run = world.synced(&integration).await;
        let item = &run["items"]["nodes"][0];
        assert_eq!((&run["totals"]["planned"], &item["action"], &item["rule"]), (&json!(1), &json!("UPDATE"), &json!("CRM_CHANGED")), "{run:#}");
        assert!(world.finance_writes().iter().all(|write| !write.starts_with("DELETE")), "{:?}", world.finance_writes());
        assert_eq!(world.contacts().await.len(), 2);
        assert_eq!(customer(world, "Acme").await["website"], "https://inc.example", "what was taken over travels");
        assert_eq!(customer(world, "Acme Inc").await, left, "nobody touches the other one");
        settled(world, &integration).await;

        // The customer that was left is nobody's: neither changing nor deleting the account that stayed reaches it.
        update(world, &stays, "https://acme.example").await;
        world.synced(&integration).await;
        assert_eq!(customer(world, "Acme Inc").await, left);
        world.data("mutation($id: ID!) { accountDelete(input: { id: $id }) { userErrors { message } } }", json!({ "id": stays })).await;
        let run = world.synced(&integration).await;
        assert_eq!(run["totals"]["deleted"], 1, "{run:#}");
        assert_eq!(world.contacts().await.len(), 1);
        assert_eq!(customer(world, "Acme Inc").await, left);
    }

    async fn the_customer_of_a_merged_account_goes_over_to_one_that_has_none(world: &TestWorld) {
        let integration = ready(world).await;
        let old = world.account("Acme Inc").await;
        update(world, &old, "https://inc.example").await;
        world.synced(&integration).await;
        let before = customer(world, "Acme Inc").await;
        let stays = world.account("Acme").await;

        let merged = merge(world, &stays, &[&old]).await;
        assert_eq!((&merged["leftReferences"], &merged["account"]["syncState"]), (&json!([]), &json!("LINKED")));
        let plan = world.data("query($id: ID!) { syncPlan(integrationId: $id, module: CUSTOMERS) { items { nodes { recordName action rule } } } }", json!({ "id": integration })).await;
        assert_eq!(plan["syncPlan"]["items"]["nodes"], json!([{ "recordName": "Acme", "action": "UPDATE", "rule": "MERGED" }]));
        let run = world.synced(&integration).await;
        assert_eq!((&run["state"], &run["totals"]["updated"], &run["totals"]["planned"]), (&json!("SUCCEEDED"), &json!(1), &json!(1)), "{run:#}");
        assert_eq!(world.contacts().await.len(), 1);
        let after = customer(world, "Acme").await;
        assert_eq!((&after["contact_id"], &after["zcrm_account_id"], &after["website"]),
                   (&before["contact_id"], &wire_id(world, &stays).await, &json!("https://inc.example")));
        settled(world, &integration).await;
        update(world, &stays, "https://acme.example").await;
        world.synced(&integration).await;
        assert_eq!(customer(world, "Acme").await["website"], "https://acme.example", "the first change after it is seen");
    }

    async fn an_account_with_a_customer_takes_in_one_without(world: &TestWorld) {
        let integration = ready(world).await;
        let stays = world.account("Acme").await;
        world.synced(&integration).await;
        let new = world.account("Acme Inc").await;
        merge(world, &stays, &[&new]).await;
        settled(world, &integration).await;
        assert_eq!(world.contacts().await.len(), 1);
        assert_eq!(customer(world, "Acme").await["zcrm_account_id"], wire_id(world, &stays).await);
    }

    async fn the_reference_follows_a_chain_of_merges_and_a_run_that_was_cut_off(world: &TestWorld) {
        let integration = ready(world).await;
        let first = world.account("First").await;
        world.synced(&integration).await;
        let second = world.account("Second").await;
        merge(world, &second, &[&first]).await;
        let third = world.account("Third").await;
        merge(world, &third, &[&second]).await;
        // The link was taken away, and the app is gone before it is made anew.
        world.emulator.fault(FaultRule::new(FaultAction::CloseBeforeCommit).method("PUT").path_contains("/link").count(1));
        let run = world.start_run(&integration).await;
        world.run_when(&run, |run| run["items"]["nodes"][0]["attempts"] == 1 || run["state"] == "SUCCEEDED").await;
        world.advance(chrono::TimeDelta::minutes(10));
        let run = world.ended(&run).await;
        assert_eq!((&run["state"], &run["totals"]["updated"]), (&json!("SUCCEEDED"), &json!(1)), "{run:#}");
        assert_eq!(world.contacts().await.len(), 1);
        assert_eq!(customer(world, "Third").await["zcrm_account_id"], wire_id(world, &third).await);
        settled(world, &integration).await;
    }

    async fn a_customer_that_was_linked_to_somebody_else_there_is_not_taken_away(world: &TestWorld) {
        let integration = ready(world).await;
        let old = world.account("Old").await;
        world.synced(&integration).await;
        let contact = customer(world, "Old").await["contact_id"].as_str().unwrap().to_owned();
        let stays = world.account("New").await;
        merge(world, &stays, &[&old]).await;
        let token = world.books_token().await;
        let link = format!("{}/integration/v1/contacts/{contact}/link", world.emulator.url());
        let organization = world.books("GET", "/organizations", None).await["organizations"][0]["organization_id"].clone();
        let call = |request: reqwest::RequestBuilder| request.header("Authorization", format!("Zoho-oauthtoken {token}")).query(&[("organization_id", organization.as_str().unwrap())]).send();
        assert!(call(world.http().delete(&link)).await.unwrap().status().is_success());
        let theirs = json!({ "zcrm_account_id": "123456789012345678" });
        assert!(call(world.http().put(&link).json(&theirs)).await.unwrap().status().is_success());

        let run = world.synced(&integration).await;
        let item = &run["items"]["nodes"][0];
        assert_eq!((&run["state"], &item["outcome"], &item["error"]["code"]), (&json!("PARTIAL"), &json!("FAILED"), &json!("FINANCE_REFUSED")), "{run:#}");
        assert_eq!(customer(world, "Old").await["zcrm_account_id"], "123456789012345678");
        assert_eq!(world.contacts().await.len(), 1);
    }

    async fn a_customer_that_works_goes_before_one_that_was_removed_there(world: &TestWorld) {
        let integration = ready(world).await;
        let (stays, other) = (world.account("Acme").await, world.account("Acme Inc").await);
        world.synced(&integration).await;
        let gone = customer(world, "Acme").await["contact_id"].as_str().unwrap().to_owned();
        let token = world.books_token().await;
        let organization = world.books("GET", "/organizations", None).await["organizations"][0]["organization_id"].clone();
        let call = |request: reqwest::RequestBuilder| request.header("Authorization", format!("Zoho-oauthtoken {token}")).query(&[("organization_id", organization.as_str().unwrap())]).send();
        let link = format!("{}/integration/v1/contacts/{gone}/link", world.emulator.url());
        assert!(call(world.http().delete(&link)).await.unwrap().status().is_success());
        world.books("DELETE", &format!("/contacts/{gone}"), None).await;
        update(world, &stays, "https://acme.example").await;
        world.synced(&integration).await;

        let merged = merge(world, &stays, &[&other]).await;
        assert_eq!((&merged["account"]["syncState"], &merged["leftReferences"]), (&json!("LINKED"), &json!([])));
        let run = world.synced(&integration).await;
        assert_eq!(run["totals"]["updated"], 1, "{run:#}");
        assert_eq!(world.contacts().await.len(), 1);
        let customer = customer(world, "Acme").await;
        assert_eq!((&customer["zcrm_account_id"], &customer["website"]), (&wire_id(world, &stays).await, &json!("https://acme.example")));
        settled(world, &integration).await;
    }

    async fn a_merge_waits_for_a_run_that_has_one_of_the_accounts_in_hand(world: &TestWorld) {
        let integration = ready(world).await;
        let (stays, other, third) = (world.account("Acme").await, world.account("Acme Inc").await, world.account("Third").await);
        world.emulator.fault(FaultRule::new(FaultAction::Delay { ms: 1_500 }).method("POST").path_contains("/import"));
        let run = world.start_run(&integration).await;
        world.run_when(&run, |run| run["phase"] == "APPLY").await;
        let free = world.account("Free").await;
        let refused = world.data(MERGE, json!({ "id": stays, "merged": [other] })).await;
        assert_eq!(refused["accountMerge"]["userErrors"][0]["code"], "SYNC_IN_PROGRESS", "{refused:#}");
        let spare = world.account("Spare").await;
        merge(world, &free, &[&spare]).await;
        world.ended(&run).await;
        let merged = merge(world, &stays, &[&other, &third]).await;
        assert_eq!(merged["leftReferences"].as_array().map(Vec::len), Some(2));
        world.synced(&integration).await;
        assert_eq!(world.contacts().await.len(), 4, "three from before and the free one");
        settled(world, &integration).await;
    }
}
