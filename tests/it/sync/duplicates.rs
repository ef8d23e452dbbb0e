//! Records of the same name on both sides.

use finbridge_tests::{TestWorld, both_databases};
use serde_json::{Value, json};

/// A world with an account "Acme" and an unlinked customer "ACME" that has a note of its own.
async fn twins(world: &TestWorld, policy: &str) -> (String, Value) {
    let integration = world.connect().await;
    world.configure(&integration, policy, false).await;
    let existing = json!({ "contact_name": "ACME ", "notes": "ours", "billing_address": { "city": "Oslo", "zip": "0150" } });
    let existing = world.books("POST", "/contacts", Some(existing)).await["contact"].take();
    world
        .data(
            "mutation { accountCreate(input: { name: \"Acme\", website: \"https://acme.example\", billingAddress: { city: \"Bergen\" } }) {
               userErrors { message } } }",
            json!({}),
        )
        .await;
    (integration, existing)
}

async fn reread(world: &TestWorld, contact: &Value) -> Value {
    let id = contact["contact_id"].as_str().unwrap();
    world.books("GET", &format!("/contacts/{id}"), None).await["contact"].take()
}

both_databases! {
    async fn r070_equal_names_are_duplicates_and_different_ones_are_created(world: &TestWorld) {
        let (integration, _) = twins(world, "SKIP").await;
        world.account("Acme Limited").await;
        let run = world.synced(&integration).await;
        let items = run["items"]["nodes"].as_array().unwrap();
        let decided: Vec<_> = items.iter().map(|item| (item["recordName"].as_str().unwrap(), item["action"].as_str().unwrap(), item["rule"].as_str().unwrap())).collect();
        assert_eq!(decided, [("Acme", "SKIP", "DUPLICATE"), ("Acme Limited", "CREATE", "NEW")]);
    }

    async fn r071_a17_9_clone_keeps_both_and_links_the_new_one(world: &TestWorld) {
        let (integration, existing) = twins(world, "CLONE").await;
        let run = world.synced(&integration).await;
        assert_eq!(run["totals"]["added"], 1, "{run:#}");
        let contacts = world.contacts().await;
        assert_eq!(contacts.len(), 2);
        let clone = contacts.iter().find(|contact| contact["contact_name"] == "Acme (2)").expect("the clone");
        assert_eq!(clone["is_linked_with_zohocrm"], true);
        assert_eq!(reread(world, &existing).await, existing, "the old one is as it was");
        // The suffix is no difference afterwards, even when the account changes.
        let account = world.data("{ accounts { nodes { id } } }", json!({})).await;
        world.data("mutation($id: ID!) { accountUpdate(input: { id: $id, website: \"https://two.example\" }) { userErrors { message } } }", json!({ "id": account["accounts"]["nodes"][0]["id"] })).await;
        let run = world.synced(&integration).await;
        assert_eq!(run["items"]["nodes"][0]["changes"], json!([{ "field": ["website"], "before": "https://acme.example", "after": "https://two.example" }]));
        assert_eq!(reread(world, clone).await["contact_name"], "Acme (2)");
    }

    async fn r072_overwrite_links_the_existing_record_and_writes_the_crm_values(world: &TestWorld) {
        let (integration, existing) = twins(world, "OVERWRITE").await;
        let run = world.synced(&integration).await;
        assert_eq!((&run["totals"]["updated"], &run["totals"]["added"]), (&json!(1), &json!(0)), "{run:#}");
        assert_eq!(world.contacts().await.len(), 1);
        let now = reread(world, &existing).await;
        assert_eq!((&now["contact_name"], &now["website"], &now["billing_address"]["city"], &now["billing_address"]["zip"]),
                   (&json!("Acme"), &json!("https://acme.example"), &json!("Bergen"), &json!("")));
        assert_eq!(now["notes"], "ours", "fields that are not mapped stay");
        assert_eq!(now["is_linked_with_zohocrm"], true);
        let changes = &run["items"]["nodes"][0]["changes"];
        assert!(changes.as_array().unwrap().contains(&json!({ "field": ["billingAddress", "city"], "before": "Oslo", "after": "Bergen" })), "{changes:#}");

        // It was there first, so deleting the account leaves it (R118).
        let account = world.data("{ accounts { nodes { id } } }", json!({})).await;
        world.data("mutation($id: ID!) { accountDelete(input: { id: $id }) { userErrors { message } } }", json!({ "id": account["accounts"]["nodes"][0]["id"] })).await;
        let run = world.synced(&integration).await;
        assert_eq!((&run["items"]["nodes"][0]["action"], &run["items"]["nodes"][0]["rule"]), (&json!("KEEP"), &json!("FINANCE_ORIGIN")));
        assert_eq!(reread(world, &existing).await["status"], now["status"]);
        assert_eq!(world.synced(&integration).await["totals"]["planned"], 0, "told once");
    }

    async fn r073_skip_leaves_the_existing_record_untouched(world: &TestWorld) {
        let (integration, existing) = twins(world, "SKIP").await;
        world.emulator.clear_journal();
        let run = world.synced(&integration).await;
        assert_eq!((&run["state"], &run["totals"]["skipped"]), (&json!("SUCCEEDED"), &json!(1)));
        assert_eq!(reread(world, &existing).await, existing);
        assert_eq!(world.finance_writes(), Vec::<String>::new());
    }

    async fn a17_10_two_accounts_of_one_name_are_never_guessed(world: &TestWorld) {
        let (integration, existing) = twins(world, "OVERWRITE").await;
        world.account("acme").await;
        let run = world.synced(&integration).await;
        assert_eq!((&run["state"], &run["totals"]["conflicts"]), (&json!("PARTIAL"), &json!(2)), "{run:#}");
        let items = run["items"]["nodes"].as_array().unwrap();
        assert!(items.iter().all(|item| item["rule"] == "AMBIGUOUS_MATCH" && item["reason"].as_str().unwrap().contains(existing["contact_id"].as_str().unwrap())));
        assert_eq!(reread(world, &existing).await, existing);
    }

    async fn a17_10_a_second_account_of_a_linked_name_fails_alone_and_says_so(world: &TestWorld) {
        let integration = world.connect().await;
        world.configure(&integration, "OVERWRITE", false).await;
        world.account("Acme").await;
        world.synced(&integration).await;
        world.account("ACME").await;
        world.account("Other").await;
        let run = world.synced(&integration).await;
        assert_eq!((&run["state"], &run["totals"]["added"], &run["totals"]["failed"]), (&json!("PARTIAL"), &json!(1), &json!(1)), "{run:#}");
        let failed = run["items"]["nodes"].as_array().unwrap().iter().find(|item| item["outcome"] == "FAILED").unwrap().clone();
        assert_eq!((&failed["error"]["code"], &failed["error"]["remoteCode"]), (&json!("NAME_TAKEN"), &json!("3062")), "{failed:#}");
        assert_eq!(world.contacts().await.len(), 2);
    }
}
