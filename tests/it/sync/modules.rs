//! Contacts, contact persons, vendors and items.

use chrono::TimeDelta;
use finbridge_tests::{TestWorld, both_databases};
use serde_json::{Value, json};

use super::support::{account_named, configure, items_of, make, names_unique, run, settings};

const CONTACTS: &str =
    "module: CUSTOMERS, crmModule: CONTACTS, direction: FETCH_FROM_CRM, duplicatePolicy: SKIP";
const PERSONS: &str =
    "module: CUSTOMERS, crmModule: ACCOUNTS_AND_CONTACTS, direction: FETCH_FROM_CRM, duplicatePolicy: SKIP";

async fn contact(world: &TestWorld, first: &str, last: &str, account: Option<&str>) -> String {
    let of = account.map(|id| format!(", accountId: \"{id}\"")).unwrap_or_default();
    make(
        world,
        "contact",
        &format!("firstName: \"{first}\", lastName: \"{last}\", email: \"{first}@example.org\"{of}"),
    )
    .await
}

/// The customer of this name with its persons.
async fn there(world: &TestWorld, name: &str) -> Value {
    let contacts = world.contacts().await;
    let row = contacts
        .iter()
        .find(|row| row["contact_name"] == name)
        .unwrap_or_else(|| panic!("no {name}: {contacts:#?}"));
    world.books("GET", &format!("/contacts/{}", row["contact_id"].as_str().unwrap()), None).await["contact"]
        .take()
}

fn persons(customer: &Value) -> Vec<&str> {
    let mut names: Vec<_> = customer["contact_persons"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["first_name"].as_str().unwrap())
        .collect();
    names.sort();
    names
}

both_databases! {
    async fn r062_each_contact_becomes_an_individual_customer_and_accounts_do_not(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, CONTACTS, false).await;
        let account = world.account("Acme").await;
        contact(world, "Jane", "Doe", Some(&account)).await;
        let run = world.synced(&integration).await;
        assert_eq!((&run["state"], &run["totals"]["added"]), (&json!("SUCCEEDED"), &json!(1)), "{run:#}");
        assert_eq!(world.contacts().await.len(), 1);
        let jane = there(world, "Jane Doe").await;
        assert_eq!((&jane["customer_sub_type"], &jane["zcrm_account_id"]), (&json!("individual"), &json!("")));
        assert_ne!(jane["zcrm_contact_id"], "");
        assert_eq!(jane["contact_persons"][0]["email"], "Jane@example.org");
        assert_eq!(world.synced(&integration).await["totals"]["planned"], 0);
    }

    async fn r051_r063_r064_contacts_become_persons_of_their_accounts_and_orphans_are_left_out(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, PERSONS, false).await;
        let account = world.account("Acme").await;
        for name in ["Ada", "Bob", "Cyd"] {
            contact(world, name, "Smith", Some(&account)).await;
        }
        contact(world, "Orphan", "Annie", None).await;
        let run = world.synced(&integration).await;
        assert_eq!((&run["totals"]["added"], &run["totals"]["skipped"]), (&json!(4), &json!(1)), "{run:#}");
        let left = items_of(&run).iter().find(|item| item["action"] == "SKIP").unwrap();
        assert_eq!((&left["rule"], &left["recordName"]), (&json!("NO_ACCOUNT"), &json!("Orphan Annie")));
        assert_eq!(world.contacts().await.len(), 1);
        let acme = there(world, "Acme").await;
        assert_eq!(persons(&acme), ["Ada", "Bob", "Cyd"]);
        assert!(acme["contact_persons"].as_array().unwrap().iter().all(|one| one["zcrm_contact_id"] != ""), "{acme:#}");
        // R065: they become customers of their own when asked for.
        settings(world, &integration, &format!("{PERSONS}, includeUnassociated: true"), false).await;
        let run = world.synced(&integration).await;
        assert_eq!((&run["totals"]["added"], &run["totals"]["skipped"]), (&json!(1), &json!(0)), "{run:#}");
        assert_eq!(there(world, "Orphan Annie").await["customer_sub_type"], "individual");
    }

    async fn a17_14_a_person_moves_with_its_contact_and_is_unlinked_when_the_account_is_not_synced(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, PERSONS, false).await;
        let old = world.account("Old").await;
        let new = world.account("New").await;
        let jane = contact(world, "Jane", "Doe", Some(&old)).await;
        world.synced(&integration).await;
        let move_to = async |account: Value| {
            let query = "mutation($id: ID!, $account: ID) { contactUpdate(input: { id: $id, accountId: $account }) { userErrors { message } } }";
            world.data(query, json!({ "id": jane, "account": account })).await
        };
        move_to(json!(new)).await;
        let run = world.synced(&integration).await;
        assert_eq!((&items_of(&run)[0]["action"], &run["totals"]["updated"]), (&json!("MOVE"), &json!(1)), "{run:#}");
        assert_eq!((persons(&there(world, "Old").await), persons(&there(world, "New").await)), (vec![], vec!["Jane"]));
        assert_eq!(world.synced(&integration).await["totals"]["planned"], 0);
        move_to(Value::Null).await;
        let run = world.synced(&integration).await;
        assert!(items_of(&run).iter().any(|item| item["rule"] == "ACCOUNT_NOT_SYNCED"), "{run:#}");
        let there = there(world, "New").await;
        assert_eq!(there["contact_persons"][0]["zcrm_contact_id"], "");
    }

    async fn r077_a_view_of_accounts_and_one_of_contacts_narrow_together(world: &TestWorld) {
        let integration = world.connect().await;
        let view = async |on: &str, word: &str| {
            let query = format!("mutation {{ viewCreate(input: {{ name: \"{on} {word}\", recordType: {on}, criteria: {{ field: \"description\", operator: EQ, values: [\"{word}\"] }} }}) {{ view {{ id }} userErrors {{ message }} }} }}");
            let data = world.data(&query, json!({})).await;
            data["viewCreate"]["view"]["id"].as_str().unwrap_or_else(|| panic!("{data:#}")).to_owned()
        };
        let (accounts, contacts) = (view("ACCOUNT", "in").await, view("CONTACT", "in").await);
        let inside = make(world, "account", "name: \"Inside\", description: \"in\"").await;
        let outside = make(world, "account", "name: \"Outside\", description: \"out\"").await;
        for (name, description, account) in [("Both", "in", &inside), ("OnlyAccount", "out", &inside), ("OnlyContact", "in", &outside)] {
            make(world, "contact", &format!("firstName: \"{name}\", lastName: \"X\", description: \"{description}\", accountId: \"{account}\"")).await;
        }
        settings(world, &integration, &format!("{PERSONS}, accountViewId: \"{accounts}\", contactViewId: \"{contacts}\""), false).await;
        world.synced(&integration).await;
        assert_eq!(world.contacts().await.len(), 1);
        assert_eq!(persons(&there(world, "Inside").await), ["Both"]);
    }

    async fn r052_r082_vendors_become_vendors_both_ways(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, "module: VENDORS, direction: BOTH_WAYS, duplicatePolicy: OVERWRITE", false).await;
        make(world, "vendor", "name: \"Supplies Ltd\", email: \"sales@supplies.example\"").await;
        let born = world.books("POST", "/contacts", Some(json!({ "contact_name": "From Books", "contact_type": "vendor", "website": "https://v.example" }))).await;
        assert_eq!(born["code"], 0);
        let ended = run(world, &integration, "VENDORS").await;
        assert_eq!((&ended["state"], &ended["totals"]["added"]), (&json!("SUCCEEDED"), &json!(2)), "{ended:#}");
        let supplies = there(world, "Supplies Ltd").await;
        assert_eq!((&supplies["contact_type"], &supplies["contact_persons"][0]["email"]), (&json!("vendor"), &json!("sales@supplies.example")));
        assert_ne!(supplies["zcrm_vendor_id"], "");
        let vendors = world.data("{ vendors { nodes { name website syncState } } }", json!({})).await;
        let nodes = vendors["vendors"]["nodes"].as_array().unwrap();
        assert!(nodes.contains(&json!({ "name": "From Books", "website": "https://v.example", "syncState": "LINKED" })), "{nodes:#?}");
        assert_eq!(run(world, &integration, "VENDORS").await["totals"]["planned"], 0);
    }

    async fn r053_r084_items_go_both_ways_and_the_finance_side_comes_first(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, "module: ITEMS, direction: BOTH_WAYS, duplicatePolicy: SKIP", false).await;
        make(world, "product", "name: \"Widget\", code: \"W-1\", unitPrice: { amount: \"19.99\", currencyCode: \"USD\" }").await;
        let born = world.books("POST", "/items", Some(json!({ "name": "Gadget", "rate": 12.5, "sku": "G-1" }))).await;
        assert_eq!(born["code"], 0, "{born:#}");
        let ended = run(world, &integration, "ITEMS").await;
        assert_eq!((&ended["state"], &ended["totals"]["added"]), (&json!("SUCCEEDED"), &json!(2)), "{ended:#}");
        assert_eq!(items_of(&ended)[0]["action"], "CREATE_IN_CRM", "the finance side comes first");
        let phases = world.data("query($id: ID!) { syncRun(id: $id) { phases } }", json!({ "id": ended["id"] })).await;
        assert_eq!(phases["syncRun"]["phases"], json!(["FINANCE_TO_CRM", "CRM_TO_FINANCE"]));
        let items = world.books("GET", "/items?name=Widget", None).await;
        assert_eq!((&items["items"][0]["rate"], &items["items"][0]["sku"]), (&json!(19.99), &json!("W-1")));
        let products = world.data("{ products { nodes { name code unitPrice { amount currencyCode } } } }", json!({})).await;
        let nodes = products["products"]["nodes"].as_array().unwrap();
        assert!(nodes.contains(&json!({ "name": "Gadget", "code": "G-1", "unitPrice": { "amount": "12.5", "currencyCode": "USD" } })), "{nodes:#?}");
        // A price that changes on either side arrives on the other, exactly.
        let id = born["item"]["item_id"].as_str().unwrap();
        world.advance(TimeDelta::minutes(1));
        assert_eq!(world.books("PUT", &format!("/items/{id}"), Some(json!({ "rate": 13.05 }))).await["code"], 0);
        run(world, &integration, "ITEMS").await;
        let products = world.data("{ products(filter: { name: { eq: \"Gadget\" } }) { nodes { unitPrice { amount } } } }", json!({})).await;
        assert_eq!(products["products"]["nodes"][0]["unitPrice"]["amount"], "13.05");
        assert_eq!(run(world, &integration, "ITEMS").await["totals"]["planned"], 0);
    }

    async fn r086_items_are_the_same_by_name_or_by_sku_as_chosen(world: &TestWorld) {
        let integration = world.connect().await;
        assert_eq!(names_unique(world, true).await["userErrors"], json!([]));
        for (name, sku) in [("By name", "OTHER-1"), ("Other name", "BY-SKU")] {
            assert_eq!(world.books("POST", "/items", Some(json!({ "name": name, "rate": 1, "sku": sku }))).await["code"], 0);
        }
        make(world, "product", "name: \"By name\", code: \"N-1\"").await;
        make(world, "product", "name: \"By code\", code: \"by-sku\"").await;
        let decided = async |key: &str| {
            let wish = format!("module: ITEMS, direction: FETCH_FROM_CRM, duplicatePolicy: SKIP, itemMatchKey: {key}");
            settings(world, &integration, &wish, false).await;
            let query = "query($id: ID!) { syncPlan(integrationId: $id, module: ITEMS) { items { nodes { recordName rule } } } }";
            let plan = world.data(query, json!({ "id": integration })).await;
            let mut rules: Vec<_> = plan["syncPlan"]["items"]["nodes"].as_array().unwrap().iter()
                .map(|item| (item["recordName"].as_str().unwrap().to_owned(), item["rule"].as_str().unwrap().to_owned())).collect();
            rules.sort();
            rules.into_iter().map(|(_, rule)| rule).collect::<Vec<_>>()
        };
        assert_eq!(decided("NAME").await, ["NEW", "DUPLICATE"]);
        assert_eq!(decided("SKU").await, ["DUPLICATE", "NAME_TAKEN"]);
        let refused = configure(world, &integration, "module: ITEMS, direction: FETCH_FROM_CRM, duplicatePolicy: CLONE, itemMatchKey: SKU", false).await;
        assert_eq!(refused["userErrors"][0]["code"], "POLICY_NOT_ALLOWED", "{refused:#}");
    }

    async fn r092_only_mapped_fields_travel_and_a_chosen_map_replaces_the_default(world: &TestWorld) {
        let integration = world.connect().await;
        let map = "fieldMaps: [{ recordType: ACCOUNT, kind: CUSTOMER, pairs: [{ crm: \"name\", finance: \"displayName\" }, { crm: \"industry\", finance: \"notes\" }] }]";
        settings(world, &integration, &format!("module: CUSTOMERS, crmModule: ACCOUNTS, direction: BOTH_WAYS, duplicatePolicy: SKIP, {map}"), false).await;
        make(world, "account", "name: \"Acme\", industry: \"Rockets\", website: \"https://acme.example\"").await;
        world.synced(&integration).await;
        let acme = there(world, "Acme").await;
        assert_eq!((&acme["notes"], &acme["website"]), (&json!("Rockets"), &json!("")));
        let id = acme["contact_id"].as_str().unwrap();
        world.advance(TimeDelta::minutes(1));
        world.books("PUT", &format!("/contacts/{id}"), Some(json!({ "notes": "Anvils", "website": "https://there.example" }))).await;
        world.synced(&integration).await;
        let account = account_named(world, "Acme", "industry website").await;
        assert_eq!(account, json!({ "industry": "Anvils", "website": "https://acme.example" }));
    }
}
