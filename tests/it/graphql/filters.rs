//! Filters: each operator finds what it says and nothing else, and `totalCount` counts under the filter.

use chrono::TimeDelta;
use finbridge_domain::{NodeKind, name_key};
use finbridge_entity::types::{Role, StageKind};
use finbridge_tests::{TestWorld, both_databases};
use sea_orm::{ActiveModelTrait, Set};
use serde_json::{Value, json};

use super::{absent, code, colleague, db, done, id, product_row, stage_of, vendor_row};

/// Names of what the filter finds, in alphabetical order; the count must agree.
async fn found(world: &TestWorld, list: &str, filter: Value) -> Vec<String> {
    let kind = match list {
        "accounts" => "AccountFilter",
        "contacts" => "ContactFilter",
        "deals" => "DealFilter",
        "products" => "ProductFilter",
        "vendors" => "VendorFilter",
        _ => "UserFilter",
    };
    let query = format!(
        "query($filter: {kind}) {{ list: {list}(filter: $filter, first: 100) {{ totalCount nodes {{ name }} }} one: {list}(filter: $filter, first: 1) {{ totalCount }} }}"
    );
    let data = world.data(&query, json!({ "filter": filter })).await;
    let names: Vec<_> = data["list"]["nodes"]
        .as_array()
        .expect("nodes")
        .iter()
        .filter_map(|node| node["name"].as_str().map(str::to_owned))
        .collect();
    assert_eq!(
        (&data["list"]["totalCount"], &data["one"]["totalCount"]),
        (&json!(names.len()), &json!(names.len())),
        "{filter}"
    );
    names
}

async fn account(world: &TestWorld, input: Value) -> String {
    let create = "mutation($input: AccountCreateInput!) { accountCreate(input: $input) { account { id } userErrors { code message } } }";
    super::text(&done(world, create, json!({ "input": input })).await["account"]["id"])
}

both_databases! {
    async fn texts_are_found_literally_whatever_their_case(world: &TestWorld) {
        let field = "mutation($input: CustomFieldCreateInput!) { customFieldCreate(input: $input) { customField { id } userErrors { code message } } }";
        done(world, field, json!({ "input": { "recordType": "ACCOUNT", "key": "remark", "label": "Remark", "kind": "LONG_TEXT" } })).await;
        let names = ["100% Wool", "1000 Wool", "a_b", "axb", r"back\slash", "backslash", "Größe Äpfel", "Zoë  Cole", "quote's"];
        for name in names {
            account(world, json!({ "name": name, "industry": name, "customFields": [{ "key": "remark", "text": name }] })).await;
        }
        for (filter, wanted) in [
            (json!({ "eq": "100% WOOL" }), &["100% Wool"] as &[&str]),
            (json!({ "eq": " a_B " }), &["a_b"]),
            (json!({ "eq": "100%" }), &[]),
            (json!({ "eq": r"BACK\slash" }), &[r"back\slash"]),
            (json!({ "eq": "quote's" }), &["quote's"]),
            (json!({ "in": ["A_B", "axb", "nothing"] }), &["a_b", "axb"]),
            (json!({ "in": [] }), &[]),
            (json!({ "startsWith": "100" }), &["100% Wool", "1000 Wool"]),
            (json!({ "startsWith": "100%" }), &["100% Wool"]),
            (json!({ "startsWith": "A_" }), &["a_b"]),
            (json!({ "startsWith": r"back\" }), &[r"back\slash"]),
            (json!({ "startsWith": "%" }), &[]),
            (json!({ "contains": "wool" }), &["100% Wool", "1000 Wool"]),
            (json!({ "contains": "%" }), &["100% Wool"]),
            (json!({ "contains": "_" }), &["a_b"]),
            (json!({ "contains": r"\" }), &[r"back\slash"]),
            (json!({ "contains": r"\s" }), &[r"back\slash"]),
            (json!({ "contains": "KSLASH" }), &["backslash"]),
            (json!({ "contains": "o", "startsWith": "1", "eq": "1000 wool" }), &["1000 Wool"]),
            (json!({ "contains": "o", "startsWith": "z", "eq": "1000 wool" }), &[]),
        ] {
            assert_eq!(found(world, "accounts", json!({ "name": filter })).await, wanted, "name {filter}");
            assert_eq!(found(world, "accounts", json!({ "industry": filter })).await, wanted, "industry {filter}");
        }
        for (filter, wanted) in [
            (json!({ "eq": "GRÖSSE äpfel" }), "Größe Äpfel"), (json!({ "contains": "ÄPF" }), "Größe Äpfel"),
            (json!({ "eq": "zoë cole" }), "Zoë  Cole"), (json!({ "startsWith": "ZOË" }), "Zoë  Cole"),
        ] {
            assert_eq!(found(world, "accounts", json!({ "name": filter })).await, [wanted], "name {filter}");
        }
        for name in ["MÜLLER", "müller", "ÖSTERREICH", "Österreich", "ß", "ΟΔΟΣ 1"] {
            account(world, json!({ "name": name, "industry": name, "customFields": [{ "key": "remark", "text": name }] })).await;
        }
        for (filter, wanted) in [
            (json!({ "eq": "Müller" }), &["MÜLLER", "müller"] as &[&str]),
            (json!({ "eq": "österreich" }), &["ÖSTERREICH", "Österreich"]),
            (json!({ "in": ["ÖSTERREICH", "ẞ"] }), &["ß", "ÖSTERREICH", "Österreich"]),
            (json!({ "startsWith": "ÖST" }), &["ÖSTERREICH", "Österreich"]),
            (json!({ "startsWith": "οδος" }), &["ΟΔΟΣ 1"]),
            (json!({ "startsWith": "οδοσ" }), &["ΟΔΟΣ 1"]),
            (json!({ "contains": "ÜLL" }), &["MÜLLER", "müller"]),
            (json!({ "startsWith": "bac\u{212A}s" }), &["backslash"]),
            (json!({ "eq": "SS" }), &["ß"]),
        ] {
            assert_eq!(found(world, "accounts", json!({ "name": filter })).await, wanted, "name {filter}");
            assert_eq!(found(world, "accounts", json!({ "industry": filter })).await, wanted, "industry {filter}");
            let long = json!({ "customFields": [{ "key": "remark", "text": filter }] });
            assert_eq!(found(world, "accounts", long).await, wanted, "a long text {filter}");
        }
        // As many letters as a text may have, none of them plain.
        let letters: String = ('\u{80}'..'\u{2000}').filter(|letter| letter.is_uppercase()).take(250).collect();
        let long = json!({ "customFields": [{ "key": "remark", "text": { "contains": letters } }] });
        assert_eq!(found(world, "accounts", long).await, [""; 0]);
        assert_eq!(found(world, "accounts", json!({ "industry": { "contains": "größe Äp" } })).await, ["Größe Äpfel"]);
        assert_eq!(found(world, "accounts", json!({ "name": { "eq": "a\u{0}b" } })).await, [""; 0], "U+0000 is nowhere");
        assert_eq!(found(world, "accounts", json!({ "industry": { "contains": "\u{0}" } })).await, [""; 0]);
    }

    async fn texts_of_the_other_lists_are_found(world: &TestWorld) {
        let here = world.viewer.organization_id;
        for (name, code, family, active) in [("GTX Pro", Some("g-1"), Some("GTX"), true), ("MG", Some("G-2"), None, false)] {
            let mut row = product_row(world, here, name);
            (row.code, row.code_key) = (Set(code.map(str::to_owned)), Set(code.map(name_key)));
            (row.family, row.family_key) = (Set(family.map(str::to_owned)), Set(family.map(name_key)));
            row.is_active = Set(active);
            row.insert(db(world)).await.expect("a product");
        }
        for name in ["Supplier A", "supplier b"] {
            vendor_row(world, here, name).insert(db(world)).await.expect("a vendor");
        }
        for (first, last, email) in [("Ada", "Lovelace", Some("Ada_L@Example.com")), ("Bob", "Lo%ve", Some("adaxl@example.com")), ("Cy", "Ng", None)] {
            let create = "mutation($input: ContactCreateInput!) { contactCreate(input: $input) { contact { id } userErrors { code message } } }";
            done(world, create, json!({ "input": { "firstName": first, "lastName": last, "email": email } })).await;
        }
        colleague(world, "Zoë Cole", Role::Standard).await;
        for (list, filter, wanted) in [
            ("products", json!({ "code": { "eq": "G-1" } }), &["GTX Pro"] as &[&str]),
            ("products", json!({ "code": { "startsWith": "g-" }, "isActive": { "eq": false } }), &["MG"]),
            ("products", json!({ "family": { "in": ["gtx"] }, "name": { "contains": "pro" } }), &["GTX Pro"]),
            ("products", json!({ "isActive": { "eq": true } }), &["GTX Pro"]),
            ("vendors", json!({ "name": { "in": ["SUPPLIER B"] } }), &["supplier b"]),
            ("vendors", json!({ "name": { "startsWith": "supplier" } }), &["Supplier A", "supplier b"]),
            ("contacts", json!({ "name": { "eq": "ada lovelace" } }), &["Ada Lovelace"]),
            ("contacts", json!({ "name": { "contains": "a lo" } }), &["Ada Lovelace"]),
            ("contacts", json!({ "name": { "contains": "o%v" } }), &["Bob Lo%ve"]),
            ("contacts", json!({ "email": { "startsWith": "ADA_" } }), &["Ada Lovelace"]),
            ("contacts", json!({ "email": { "contains": "@example.COM" } }), &["Ada Lovelace", "Bob Lo%ve"]),
            ("users", json!({ "name": { "startsWith": "ZOË" } }), &["Zoë Cole"]),
            ("users", json!({ "name": { "contains": "a" } }), &["Ada Administrator"]),
            ("users", json!({ "email": { "eq": finbridge_emulator::DEMO_EMAIL.to_uppercase() } }), &["Ada Administrator"]),
            ("users", json!({ "email": { "contains": "nobody" } }), &[]),
        ] {
            assert_eq!(found(world, list, filter.clone()).await, wanted, "{list} {filter}");
        }
    }

    async fn amounts_days_ids_and_emptiness_are_filtered(world: &TestWorld) {
        let here = world.viewer.organization_id;
        let open = stage_of(world, here, "Open", StageKind::Open, 1).await;
        let won = stage_of(world, here, "Won", StageKind::Won, 2).await;
        let lost = stage_of(world, here, "Lost", StageKind::Lost, 3).await;
        let acme = account(world, json!({ "name": "Acme" })).await;
        let carl = id(NodeKind::User, colleague(world, "Carl", Role::Standard).await.viewer.user_id);
        let me = id(NodeKind::User, world.viewer.user_id);
        for (name, input) in [
            ("a", json!({ "stageId": open, "amount": "100", "openedOn": "2025-01-31", "accountId": acme })),
            ("b", json!({ "stageId": won, "amount": "100.0001", "openedOn": "2025-02-01", "closedOn": "2025-03-01", "ownerId": carl })),
            ("c", json!({ "stageId": lost, "amount": "-5" })),
            ("d", json!({ "stageId": open, "openedOn": "2024-12-31" })),
        ] {
            let mut input = input;
            input["name"] = json!(name);
            let create = "mutation($input: DealCreateInput!) { dealCreate(input: $input) { deal { id } userErrors { code message } } }";
            done(world, create, json!({ "input": input })).await;
        }
        for (filter, wanted) in [
            (json!({ "amount": { "eq": "100.00" } }), "a"), (json!({ "amount": { "eq": 100 } }), "a"),
            (json!({ "amount": { "gt": "100" } }), "b"), (json!({ "amount": { "gte": "100" } }), "ab"),
            (json!({ "amount": { "lt": "100" } }), "c"), (json!({ "amount": { "lte": "100" } }), "ac"),
            (json!({ "amount": { "gt": "-5", "lt": "100.0001" } }), "a"),
            (json!({ "amount": { "isNull": true } }), "d"), (json!({ "amount": { "isNull": false } }), "abc"),
            (json!({ "openedOn": { "eq": "2025-01-31" } }), "a"), (json!({ "openedOn": { "gte": "2025-01-31" } }), "ab"),
            (json!({ "openedOn": { "lte": "2025-01-31" } }), "ad"), (json!({ "openedOn": { "isNull": true } }), "c"),
            (json!({ "closedOn": { "isNull": false } }), "b"), (json!({ "closedOn": { "gte": "2025-03-02" } }), ""),
            (json!({ "account": { "eq": acme } }), "a"), (json!({ "account": { "in": [acme, absent(world, NodeKind::Account)] } }), "a"),
            (json!({ "account": { "in": [] } }), ""), (json!({ "account": { "isNull": true } }), "bcd"),
            (json!({ "account": { "eq": absent(world, NodeKind::Account) } }), ""),
            (json!({ "owner": { "eq": carl } }), "b"), (json!({ "owner": { "in": [carl, me] } }), "abcd"),
            (json!({ "stage": { "in": [open, lost] } }), "acd"), (json!({ "stageKind": { "eq": "WON" } }), "b"),
            (json!({ "stageKind": { "in": ["WON", "OPEN"] } }), "abd"), (json!({ "stageKind": {} }), "abcd"),
            (json!({ "stageKind": { "eq": "OPEN" }, "amount": { "isNull": false } }), "a"),
            (json!({ "name": { "in": ["A", "D"] }, "openedOn": { "lte": "2024-12-31" } }), "d"),
            (json!({ "name": null, "amount": null }), "abcd"), (json!({}), "abcd"), (json!(null), "abcd"),
        ] {
            assert_eq!(found(world, "deals", filter.clone()).await.concat(), wanted, "{filter}");
        }
        assert_eq!(found(world, "accounts", json!({ "owner": { "isNull": true } })).await, [""; 0]);
        for wrong in [
            json!({ "account": { "eq": carl } }), json!({ "account": { "eq": "nonsense" } }), json!({ "stage": { "in": [acme] } }),
            json!({ "amount": { "eq": "0.00001" } }), json!({ "amount": { "lte": "922337203685477.5808" } }),
            json!({ "name": { "in": vec!["x"; 101] } }),
        ] {
            let answer = world.send("query($f: DealFilter) { deals(filter: $f) { totalCount } }", json!({ "f": wrong })).await;
            assert_eq!(code(&answer), "BAD_USER_INPUT", "{wrong}");
        }
    }

    async fn texts_that_no_name_is_as_long_as_are_refused(world: &TestWorld) {
        let (long, longest) = ("ö".repeat(60_000), "%".repeat(250));
        for (operator, wrong) in [("contains", json!(long)), ("startsWith", json!(long)), ("eq", json!("x".repeat(251))), ("in", json!(["x", long]))] {
            for (list, kind, member) in [
                ("accounts", "AccountFilter", "name"), ("accounts", "AccountFilter", "industry"), ("contacts", "ContactFilter", "email"),
                ("products", "ProductFilter", "code"), ("users", "UserFilter", "email"), ("tags", "TagFilter", "name"),
            ] {
                let query = format!("query($f: {kind}) {{ {list}(filter: $f) {{ totalCount }} }}");
                let answer = world.send(&query, json!({ "f": { (member): { (operator): wrong } } })).await;
                assert_eq!(code(&answer), "BAD_USER_INPUT", "{list}.{member}");
                assert!(answer["errors"][0]["message"].as_str().is_some_and(|message| message.contains(&format!("{member}.{operator}"))), "{answer:#}");
            }
        }
        for operator in ["contains", "startsWith", "eq"] {
            assert_eq!(found(world, "accounts", json!({ "name": { (operator): longest } })).await, [""; 0]);
        }
    }

    async fn letters_with_marks_are_the_same_composed_or_not(world: &TestWorld) {
        account(world, json!({ "name": "Mu\u{308}ller" })).await;
        account(world, json!({ "name": "İstanbul Lines" })).await;
        for wanted in ["MÜLLER", "mu\u{308}ller"] {
            for operator in ["eq", "startsWith", "contains"] {
                assert_eq!(found(world, "accounts", json!({ "name": { (operator): wanted } })).await, ["Mu\u{308}ller"], "{operator} {wanted}");
            }
        }
        let search = "query($q: String!) { search(query: $q) { nodes { name } } }";
        for (query, wanted) in [("MÜLL", json!([{ "name": "Mu\u{308}ller" }])), ("İst", json!([{ "name": "İstanbul Lines" }])), ("stan", json!([]))] {
            assert_eq!(world.data(search, json!({ "q": query })).await["search"]["nodes"], wanted, "{query}");
        }
    }

    async fn instants_are_filtered_to_the_microsecond(world: &TestWorld) {
        let first = account(world, json!({ "name": "first" })).await;
        world.advance(TimeDelta::microseconds(1));
        account(world, json!({ "name": "second" })).await;
        world.advance(TimeDelta::milliseconds(500));
        account(world, json!({ "name": "third" })).await;
        world.advance(TimeDelta::hours(1));
        let touch = "mutation($id: ID!) { accountUpdate(input: { id: $id, phone: \"1\" }) { account { id } userErrors { code } } }";
        done(world, touch, json!({ "id": first })).await;
        for (filter, wanted) in [
            (json!({ "createdAt": { "gte": "2026-01-05T12:00:00Z" } }), &["first", "second", "third"] as &[&str]),
            (json!({ "createdAt": { "gte": "2026-01-05T12:00:00.000001Z" } }), &["second", "third"]),
            (json!({ "createdAt": { "lt": "2026-01-05T12:00:00.000001Z" } }), &["first"]),
            (json!({ "createdAt": { "gte": "2026-01-05T12:00:00.000001Z", "lt": "2026-01-05T12:00:00.500001Z" } }), &["second"]),
            (json!({ "createdAt": { "gte": "2026-01-05T13:00:00.5+01:00" } }), &["third"]),
            (json!({ "updatedAt": { "gte": "2026-01-05T13:00:00Z" } }), &["first"]),
            (json!({ "updatedAt": { "lt": "2026-01-05T13:00:00Z" } }), &["second", "third"]),
        ] {
            assert_eq!(found(world, "accounts", filter.clone()).await, wanted, "{filter}");
        }
    }
}
