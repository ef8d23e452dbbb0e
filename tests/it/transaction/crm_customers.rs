//! Customers of the finance side that came from the CRM.

use finbridge_entity::types::Role;
use finbridge_tests::{TestWorld, both_databases};
use serde_json::{Value, json};

use super::kept::{each, stage};
use super::seen;
use crate::graphql::colleague;
use crate::sync::support::{account_named, make, run, settings};

const UPDATE: &str = "mutation($input: CustomersBulkUpdateInput!) { customersBulkUpdate(input: $input) {
    results { remoteKey customer { name notes: value(field: \"notes\") website: value(field: \"website\") } userErrors { code field } }
    userErrors { code field } } }";

/// The customers of the finance side, or only those that came from the CRM.
async fn customers(world: &TestWorld, integration: &str, arguments: &str) -> Vec<Value> {
    let query = format!(
        "query($id: ID!) {{ customers(integrationId: $id, {arguments}) {{ totalCount nodes {{ kind name remoteKey isFromCrm isBusiness isActive }} }} }}"
    );
    let data = world.data(&query, json!({ "id": integration })).await;
    let nodes = data["customers"]["nodes"].as_array().expect("customers").clone();
    assert_eq!(data["customers"]["totalCount"], json!(nodes.len()), "{data:#}");
    nodes
}

async fn update(world: &TestWorld, integration: &str, keys: &[&str], values: Value) -> Value {
    let input = json!({ "integrationId": integration, "remoteKeys": keys, "values": values });
    world.data(UPDATE, json!({ "input": input })).await["customersBulkUpdate"].take()
}

async fn whole(world: &TestWorld, id: &str) -> Value {
    world.books("GET", &format!("/contacts/{id}"), None).await["contact"].take()
}

/// Connected, with two customers from the CRM and one that only the finance side has: the ids of the three.
async fn connected(world: &TestWorld) -> (String, [String; 3]) {
    let integration = world.connect().await;
    let stranger = seen::customer(world, "Stranger", None).await;
    world.account("Acme").await;
    world.account("Globex").await;
    world.configure(&integration, "SKIP", false).await;
    let ended = world.synced(&integration).await;
    assert_eq!(ended["totals"]["added"], 2, "{ended:#}");
    let contacts = world.contacts().await;
    let id = |name: &str| {
        let one = contacts.iter().find(|one| one["contact_name"] == name).expect("a customer");
        one["contact_id"].as_str().expect("an id").to_owned()
    };
    (integration, [id("Acme"), id("Globex"), stranger])
}

both_databases! {
    async fn r142_customers_that_came_from_the_crm_are_filtered_as_the_finance_app_filters_them(world: &TestWorld) {
        let (integration, _) = connected(world).await;
        let mine = customers(world, &integration, "isFromCrm: true").await;
        assert_eq!(each(&json!(mine), "name"), [json!("Acme"), json!("Globex")]);
        assert_eq!((&mine[0]["kind"], &mine[0]["isBusiness"], &mine[0]["isActive"]), (&json!("CUSTOMER"), &json!(true), &json!(true)));
        let there = world.books("GET", "/contacts?filter_by=Status.Crm", None).await;
        let sorted = |list: &Value, member: &str| {
            let mut ids: Vec<_> = each(list, member).iter().map(ToString::to_string).collect();
            ids.sort();
            ids
        };
        assert_eq!(sorted(&json!(mine), "remoteKey"), sorted(&there["contacts"], "contact_id"));
        let all = customers(world, &integration, "first: 10").await;
        assert_eq!(each(&json!(all), "isFromCrm"), [json!(true), json!(true), json!(false)], "{all:#?}");
        // And page by page.
        let query = "query($id: ID!, $after: String) { customers(integrationId: $id, first: 2, after: $after) { nodes { name } pageInfo { hasNextPage endCursor } } }";
        let first = world.data(query, json!({ "id": integration })).await["customers"].take();
        let next = world.data(query, json!({ "id": integration, "after": first["pageInfo"]["endCursor"] })).await["customers"].take();
        assert_eq!((&next["nodes"], &next["pageInfo"]["hasNextPage"]), (&json!([{ "name": "Stranger" }]), &json!(false)));
        // Nobody else sees them.
        let (_, stranger) = world.tenant("Other").await;
        let answer = world.send_as(&stranger, "query($id: ID!) { customers(integrationId: $id) { totalCount } }", json!({ "id": integration })).await;
        assert!(answer["errors"].is_array() && answer["data"]["customers"].is_null(), "{answer:#}");
    }

    async fn r142_many_are_changed_at_once_and_only_those_that_came_from_the_crm(world: &TestWorld) {
        let (integration, [acme, globex, stranger]) = connected(world).await;
        world.emulator.clear_journal();
        let values = json!([{ "field": "notes", "value": "Pays late" }, { "field": "website", "value": "https://late.example" }]);
        let updated = update(world, &integration, &[&globex, &stranger, &acme, "460000000000001"], values.clone()).await;
        assert_eq!(updated["userErrors"], json!([]), "{updated:#}");
        let results = updated["results"].as_array().expect("results");
        let new = |name: &str| json!({ "name": name, "notes": "Pays late", "website": "https://late.example" });
        assert_eq!(each(&updated["results"], "customer"), [new("Globex"), Value::Null, new("Acme"), Value::Null], "{updated:#}");
        assert_eq!((&results[1]["userErrors"][0]["code"], &results[3]["userErrors"][0]["code"]), (&json!("NOT_CRM_LINKED"), &json!("NOT_FOUND")));
        assert!(world.finance_writes().iter().all(|write| write.contains(&acme) || write.contains(&globex)), "{:?}", world.finance_writes());
        for (id, notes) in [(&acme, "Pays late"), (&globex, "Pays late"), (&stranger, "")] {
            assert_eq!(whole(world, id).await["notes"], notes);
        }
        // Sent again, it comes to the same.
        assert_eq!(update(world, &integration, &[&acme], values).await["results"][0]["customer"], new("Acme"));
        // Null empties a field.
        let emptied = update(world, &integration, &[&acme], json!([{ "field": "notes", "value": null }])).await;
        assert_eq!((&emptied["results"][0]["customer"]["notes"], &whole(world, &acme).await["notes"]), (&Value::Null, &json!("")));
    }

    async fn r142_what_cannot_be_the_same_for_many_is_refused_before_anything_is_changed(world: &TestWorld) {
        let (integration, [acme, ..]) = connected(world).await;
        world.emulator.clear_journal();
        for (field, value, code) in [
            ("displayName", "Everybody", "FIELD_NOT_MAPPABLE"),
            ("colour", "red", "FIELD_NOT_FOUND"),
            ("notes", &"x".repeat(10_001), "TOO_LONG"),
        ] {
            let refused = update(world, &integration, &[&acme], json!([{ "field": "website", "value": "https://a.example" }, { "field": field, "value": value }])).await;
            assert_eq!((&refused["results"], &refused["userErrors"][0]["code"]), (&Value::Null, &json!(code)), "{refused:#}");
            assert_eq!(refused["userErrors"][0]["field"][1], "1");
        }
        assert!(world.finance_writes().is_empty());
        let member = colleague(world, "Stan Standard", Role::Standard).await;
        let input = json!({ "integrationId": integration, "remoteKeys": [acme], "values": [{ "field": "notes", "value": "x" }] });
        let answer = world.send_as(&member.token, UPDATE, json!({ "input": input })).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "{answer:#}");
        assert!(world.finance_writes().is_empty());
    }

    async fn r142_a_change_of_many_comes_into_the_crm_where_records_go_both_ways(world: &TestWorld) {
        let integration = world.connect().await;
        world.account("Acme").await;
        settings(world, &integration, "module: CUSTOMERS, crmModule: ACCOUNTS, direction: BOTH_WAYS, duplicatePolicy: SKIP", false).await;
        world.synced(&integration).await;
        let key = customers(world, &integration, "isFromCrm: true").await[0]["remoteKey"].as_str().expect("an id").to_owned();
        let updated = update(world, &integration, &[&key], json!([{ "field": "website", "value": "https://new.example" }])).await;
        assert_eq!(updated["results"][0]["userErrors"], json!([]), "{updated:#}");
        world.synced(&integration).await;
        assert_eq!(account_named(world, "Acme", "website").await, json!({ "website": "https://new.example" }));
        assert_eq!(world.synced(&integration).await["totals"]["planned"], 0, "and then both are the same");
    }

    async fn r142_vendors_are_filtered_and_changed_likewise(world: &TestWorld) {
        let integration = world.connect().await;
        seen::party(world, "Stranger", "vendor", None).await;
        make(world, "vendor", "name: \"Supplies\"").await;
        settings(world, &integration, "module: VENDORS, direction: FETCH_FROM_CRM, duplicatePolicy: SKIP", false).await;
        run(world, &integration, "VENDORS").await;
        let query = "query($id: ID!) { financeVendors(integrationId: $id, isFromCrm: true) { nodes { kind name remoteKey isBusiness crm { vendor { name } deals { totalCount } } } } }";
        let data = world.data(query, json!({ "id": integration })).await;
        let nodes = data["financeVendors"]["nodes"].as_array().expect("vendors");
        assert_eq!(nodes.len(), 1, "{data:#}");
        assert_eq!((&nodes[0]["kind"], &nodes[0]["name"], &nodes[0]["isBusiness"]), (&json!("VENDOR"), &json!("Supplies"), &Value::Null));
        assert_eq!(nodes[0]["crm"], json!({ "vendor": { "name": "Supplies" }, "deals": { "totalCount": 0 } }));
        let input = json!({ "integrationId": integration, "kind": "VENDOR", "remoteKeys": [nodes[0]["remoteKey"]], "values": [{ "field": "notes", "value": "Good" }] });
        let updated = world.data(UPDATE, json!({ "input": input })).await;
        assert_eq!(updated["customersBulkUpdate"]["results"][0]["customer"]["notes"], "Good", "{updated:#}");
    }

    async fn r138_a_customer_leads_to_its_record_in_the_crm_and_to_its_deals(world: &TestWorld) {
        let (integration, [acme, _, stranger]) = connected(world).await;
        let open = stage(world, "Open", "OPEN").await;
        let accounts = [account_named(world, "Acme", "id").await, account_named(world, "Globex", "id").await];
        for (name, account) in [("Roof", &accounts[0]), ("Cellar", &accounts[0]), ("Other", &accounts[1])] {
            let account = account["id"].as_str().expect("an id");
            make(world, "deal", &format!("name: \"{name}\", accountId: \"{account}\", stageId: \"{open}\"")).await;
        }
        let query = "query($id: ID!, $key: String!) { customer(integrationId: $id, remoteKey: $key) { name isFromCrm
            crm { account { id name } contact { id } vendor { id } deals { totalCount nodes { name } } } } }";
        let of = async |key: &str| world.data(query, json!({ "id": integration, "key": key })).await["customer"].take();
        let panel = of(&acme).await;
        assert_eq!((&panel["crm"]["account"]["id"], &panel["crm"]["contact"], &panel["crm"]["vendor"]), (&accounts[0]["id"], &Value::Null, &Value::Null));
        // R137: only the deals of this customer.
        assert_eq!(panel["crm"]["deals"]["totalCount"], 2);
        let mut deals = each(&panel["crm"]["deals"]["nodes"], "name");
        deals.sort_by_key(ToString::to_string);
        assert_eq!(deals, [json!("Cellar"), json!("Roof")]);
        assert_eq!(of(&stranger).await, json!({ "name": "Stranger", "isFromCrm": false, "crm": null }));
        assert_eq!(of("460000000000001").await, Value::Null);
    }

    async fn r149_records_of_the_crm_are_ordinary_customers_in_the_shape_that_was_chosen(world: &TestWorld) {
        let integration = world.connect().await;
        let acme = world.account("Acme").await;
        make(world, "contact", &format!("firstName: \"Ada\", lastName: \"Lovelace\", accountId: \"{acme}\"")).await;
        make(world, "contact", "firstName: \"Solo\", lastName: \"Singer\"").await;
        settings(world, &integration, "module: CUSTOMERS, crmModule: ACCOUNTS_AND_CONTACTS, includeUnassociated: true, direction: FETCH_FROM_CRM, duplicatePolicy: SKIP", false).await;
        make(world, "vendor", "name: \"Supplies\"").await;
        settings(world, &integration, "module: VENDORS, direction: FETCH_FROM_CRM, duplicatePolicy: SKIP", false).await;
        world.synced(&integration).await;
        run(world, &integration, "VENDORS").await;
        let contacts = world.contacts().await;
        let mut kinds = Vec::new();
        for one in &contacts {
            let id = one["contact_id"].as_str().expect("an id");
            let name = one["contact_name"].as_str().expect("a name").to_owned();
            let there = whole(world, id).await;
            if one["contact_type"] == "vendor" {
                seen::made(world, "/bills", "bill", json!({ "vendor_id": id, "bill_number": "B-1", "date": "2026-01-05", "line_items": [{ "name": "Paper", "quantity": 1, "rate": 5 }] })).await;
                kinds.push((name, "vendor".to_owned(), 0));
                continue;
            }
            // Usable in documents right away.
            seen::invoice(world, id, json!({})).await;
            let persons = there["contact_persons"].as_array().map_or(0, Vec::len);
            kinds.push((name, there["customer_sub_type"].as_str().unwrap_or_default().to_owned(), persons));
        }
        kinds.sort();
        let shape = |name: &str, kind: &str| (name.to_owned(), kind.to_owned());
        assert_eq!(kinds.iter().map(|(name, kind, _)| (name.clone(), kind.clone())).collect::<Vec<_>>(),
            [shape("Acme", "business"), shape("Solo Singer", "individual"), shape("Supplies", "vendor")]);
        assert_eq!(kinds[0].2, 1, "Ada is a person at Acme");
    }
}
