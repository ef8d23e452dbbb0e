//! The map of links: out as a file, in by a mutation, and compared before anything is taken for agreed.

use finbridge_entity::membership;
use finbridge_entity::types::Role;
use finbridge_tests::{TestWorld, both_databases};
use sea_orm::EntityTrait;
use sea_orm::sea_query::Expr;
use serde_json::{Value, json};

use super::support::{account_named, change_account, items_of, make, settings};

const BOTH: &str = "module: CUSTOMERS, crmModule: ACCOUNTS, direction: BOTH_WAYS, duplicatePolicy: SKIP, bothModifiedPolicy: SKIP, isAutomatic: false";
const ONE_WAY: &str = "module: CUSTOMERS, crmModule: ACCOUNTS, direction: FETCH_FROM_CRM, duplicatePolicy: SKIP, isAutomatic: false";

async fn customer(world: &TestWorld, body: Value) -> String {
    let answer = world.books("POST", "/contacts", Some(body)).await;
    assert_eq!(answer["code"], 0, "{answer:#}");
    answer["contact"]["contact_id"].as_str().unwrap().to_owned()
}

async fn read(world: &TestWorld, contact: &str) -> Value {
    world.books("GET", &format!("/contacts/{contact}"), None).await["contact"].take()
}

/// The plan, for which the finance side is read; nothing is written.
async fn plan(world: &TestWorld, integration: &str) -> Value {
    let query = "query($id: ID!) { syncPlan(integrationId: $id, module: CUSTOMERS) { items(first: 100) { nodes { recordName action rule } } } }";
    world.data(query, json!({ "id": integration })).await["syncPlan"]["items"]["nodes"].take()
}

async fn import(world: &TestWorld, integration: &str, links: Value) -> Value {
    let query = "mutation($input: RecordLinksImportInput!) { recordLinksImport(input: $input) {
        results { recordLink { id remoteKey state origin nameSuffix } userErrors { code field message } } userErrors { code } } }";
    let input = json!({ "integrationId": integration, "links": links });
    world.data(query, json!({ "input": input })).await["recordLinksImport"]["results"].take()
}

fn link(record: &str, remote: &str) -> Value {
    json!({ "recordId": record, "kind": "CUSTOMER", "remoteKey": remote })
}

both_databases! {
    async fn x18_links_are_brought_in_once_and_only_between_free_records(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, BOTH, false).await;
        let (acme, other) = (world.account("Acme").await, world.account("Other").await);
        let there = customer(world, json!({ "contact_name": "Acme Limited", "customer_sub_type": "business" })).await;
        let second = customer(world, json!({ "contact_name": "Second", "customer_sub_type": "business" })).await;

        // What was never read is not known, and the message says how it becomes so.
        let unread = import(world, &integration, json!([link(&acme, &there)])).await;
        assert_eq!((&unread[0]["userErrors"][0]["code"], &unread[0]["recordLink"]), (&json!("NOT_FOUND"), &Value::Null));
        assert!(unread[0]["userErrors"][0]["message"].as_str().unwrap().contains("syncPlan"));
        plan(world, &integration).await;

        let wire_id = account_named(world, "Acme", "wireId").await["wireId"].as_str().unwrap().to_owned();
        world.emulator.clear_journal();
        let made = import(world, &integration, json!([link(&wire_id, &there)])).await;
        assert_eq!(made[0]["userErrors"], json!([]), "{made:#}");
        let expected = json!({ "id": made[0]["recordLink"]["id"], "remoteKey": there, "state": "LINKED", "origin": "FINANCE", "nameSuffix": null });
        assert_eq!(made[0]["recordLink"], expected);
        // The same again, taken records on either side, and what is not there: each has its own answer.
        let absent = "account_01h455vb4pex5vsknk084sn02q";
        let again = import(world, &integration, json!([
            link(&acme, &there), link(&other, &there), link(&acme, &second), link(absent, &second), link(&other, "1"),
            { "recordId": other, "kind": "ITEM", "remoteKey": second },
        ])).await;
        assert_eq!(again[0], made[0], "importing twice changes nothing");
        let codes: Vec<_> = again.as_array().unwrap()[1..].iter().map(|one| (one["userErrors"][0]["code"].as_str().unwrap(), one["userErrors"][0]["field"][0].as_str().unwrap())).collect();
        assert_eq!(codes, [("ALREADY_LINKED", "remoteKey"), ("ALREADY_LINKED", "recordId"), ("NOT_FOUND", "recordId"), ("NOT_FOUND", "remoteKey"), ("INVALID", "kind")]);
        let odd = import(world, &integration, json!([
            { "recordId": other, "kind": "CUSTOMER", "remoteKey": second, "nameSuffix": " (2)\u{7}" },
            { "recordId": other, "kind": "CUSTOMER", "remoteKey": "1\u{0}" },
        ])).await;
        assert_eq!([&odd[0]["userErrors"][0]["code"], &odd[1]["userErrors"][0]["code"]], ["INVALID", "NOT_FOUND"], "{odd:#}");
        assert_eq!(world.finance_writes(), Vec::<String>::new(), "nothing is written before a run");

        let role = async |role: Role| {
            membership::Entity::update_many().col_expr(membership::Column::Role, Expr::value(role)).exec(&world.app.engine.db).await.expect("a role");
        };
        role(Role::Standard).await;
        let query = "mutation($input: RecordLinksImportInput!) { recordLinksImport(input: $input) { userErrors { code } } }";
        let refused = world.send(query, json!({ "input": { "integrationId": integration, "links": [link(&other, &second)] } })).await;
        role(Role::Administrator).await;
        assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN", "{refused:#}");
    }

    async fn x18_an_imported_pair_is_compared_and_no_side_is_taken_silently(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, BOTH, false).await;
        let acme = world.account("Acme").await;
        change_account(world, &acme, "website: \"https://crm.example\", phone: \"+47 1\"").await;
        let there = customer(world, json!({
            "contact_name": "Acme", "customer_sub_type": "business", "website": "https://books.example", "billing_address": { "city": "Oslo" },
        })).await;
        plan(world, &integration).await;
        import(world, &integration, json!([link(&acme, &there)])).await;
        let planned = plan(world, &integration).await;
        assert_eq!(planned, json!([{ "recordName": "Acme", "action": "UPDATE", "rule": "IMPORTED" }]));

        let run = world.synced(&integration).await;
        let item = &items_of(&run)[0];
        assert_eq!((&run["state"], &item["outcome"], &item["rule"]), (&json!("SUCCEEDED"), &json!("UPDATED"), &json!("IMPORTED")), "{run:#}");
        assert_eq!(item["conflicts"], json!([{ "field": ["website"], "base": null, "crm": "https://crm.example", "finance": "https://books.example" }]));
        let (now, account) = (read(world, &there).await, account_named(world, "Acme", "wireId website billingAddress { city }").await);
        assert_eq!((&now["website"], &now["billing_address"]["phone"], &now["zcrm_account_id"]),
                   (&json!("https://books.example"), &json!("+47 1"), &account["wireId"]), "{now:#}");
        assert_eq!((&account["website"], &account["billingAddress"]["city"]), (&json!("https://crm.example"), &json!("Oslo")));
        assert_eq!(world.contacts().await.len(), 1);
        assert_eq!(world.synced(&integration).await["totals"]["planned"], 0);
    }

    async fn x18_a_person_is_linked_where_it_is_and_never_moved_by_an_import(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, &BOTH.replace("crmModule: ACCOUNTS", "crmModule: ACCOUNTS_AND_CONTACTS"), false).await;
        let there = customer(world, json!({
            "contact_name": "Acme", "customer_sub_type": "business",
            "contact_persons": [{ "first_name": "Jane", "last_name": "Doe", "email": "jane@books.example" }],
        })).await;
        let person = read(world, &there).await["contact_persons"][0]["contact_person_id"].as_str().expect("a person").to_owned();
        let account = world.account("Acme").await;
        let contact = make(world, "contact", &format!("firstName: \"Jane\", lastName: \"Doe\", accountId: \"{account}\"")).await;
        plan(world, &integration).await;
        let of_person = json!({ "recordId": contact, "kind": "CONTACT_PERSON", "remoteKey": person });
        // The next run would take her away from there.
        let refused = import(world, &integration, json!([of_person])).await;
        assert_eq!((&refused[0]["userErrors"][0]["code"], &refused[0]["userErrors"][0]["field"]), (&json!("INVALID"), &json!(["remoteKey"])), "{refused:#}");
        let made = import(world, &integration, json!([link(&account, &there), of_person])).await;
        assert_eq!((&made[0]["userErrors"], &made[1]["userErrors"]), (&json!([]), &json!([])), "{made:#}");
        let run = world.synced(&integration).await;
        assert_eq!(run["state"], "SUCCEEDED", "{run:#}");
        let persons = read(world, &there).await["contact_persons"].take();
        assert_eq!((persons.as_array().map(Vec::len), &persons[0]["contact_person_id"]), (Some(1), &json!(person)), "{persons:#}");
    }

    async fn x18_one_way_an_imported_pair_takes_what_the_crm_has_and_loses_nothing_else(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, ONE_WAY, false).await;
        let acme = world.account("Acme").await;
        change_account(world, &acme, "billingAddress: { city: \"Bergen\" }").await;
        let there = customer(world, json!({
            "contact_name": "Acme Limited", "customer_sub_type": "business", "website": "https://books.example", "billing_address": { "city": "Oslo" },
        })).await;
        plan(world, &integration).await;
        import(world, &integration, json!([link(&acme, &there)])).await;
        let run = world.synced(&integration).await;
        assert_eq!((&run["state"], &items_of(&run)[0]["rule"], &run["totals"]["updated"]), (&json!("SUCCEEDED"), &json!("IMPORTED"), &json!(1)), "{run:#}");
        let now = read(world, &there).await;
        assert_eq!((&now["contact_name"], &now["billing_address"]["city"], &now["website"]),
                   (&json!("Acme"), &json!("Bergen"), &json!("https://books.example")));
        assert_eq!(world.contacts().await.len(), 1, "none was made beside it");
        // Born there, so deleting the account leaves it (R118).
        world.data("mutation($id: ID!) { accountDelete(input: { id: $id }) { userErrors { message } } }", json!({ "id": acme })).await;
        assert_eq!(items_of(&world.synced(&integration).await)[0]["action"], "KEEP");
        assert_eq!(world.contacts().await.len(), 1);
    }

    async fn x18_the_file_of_links_tells_both_sides_and_survives_connecting_again(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, ONE_WAY, false).await;
        let (acme, gone) = (world.account("=Acme").await, world.account("Gone").await);
        world.synced(&integration).await;
        world.data("mutation($id: ID!) { accountDelete(input: { id: $id }) { userErrors { message } } }", json!({ "id": gone })).await;
        world.synced(&integration).await;
        let file = async |parameters: &str| {
            let url = format!("{}/export/record-links.csv{parameters}", world.url);
            let answer = world.http().get(url).bearer_auth(&world.token).send().await.expect("an answer");
            assert_eq!(answer.status(), 200, "{parameters}");
            let body = answer.text().await.expect("a whole file");
            let mut reader = csv::Reader::from_reader(body.as_bytes());
            let header: Vec<_> = reader.headers().expect("a header").iter().map(str::to_owned).collect();
            reader.records().map(|row| header.iter().cloned().zip(row.expect("a row").iter().map(str::to_owned)).collect::<std::collections::HashMap<_, _>>()).collect::<Vec<_>>()
        };
        let rows = file(&format!("?integration={integration}")).await;
        assert_eq!(rows.len(), 2);
        let row = |rows: &[std::collections::HashMap<String, String>], record: &str| rows.iter().find(|row| row["recordId"] == record).expect("the record").clone();
        let wire_id = account_named(world, "=Acme", "wireId externalReferences { remoteKey }").await;
        let own = row(&rows, &acme);
        assert_eq!((own["wireId"].as_str(), own["remoteKey"].as_str()), (wire_id["wireId"].as_str().unwrap(), wire_id["externalReferences"][0]["remoteKey"].as_str().unwrap()));
        assert_eq!((&*own["kind"], &*own["recordType"], &*own["origin"], &*own["state"], &*own["name"]), ("CUSTOMER", "ACCOUNT", "CRM", "LINKED", "'=Acme"));
        assert_eq!(row(&rows, &gone)["state"], "DELETED");
        assert_eq!(row(&file("?raw=true").await, &acme)["name"], "=Acme");

        // Connecting again finds the same links: nothing is made twice.
        assert_eq!(world.connect().await, integration);
        assert_eq!(file("").await, rows);
        assert_eq!(world.synced(&integration).await["totals"]["planned"], 0);
        let refused = world.http().get(format!("{}/export/record-links.csv?integration={acme}", world.url)).bearer_auth(&world.token).send().await.expect("an answer");
        assert_eq!(refused.status(), 400);
    }
}
