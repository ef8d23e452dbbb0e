//! Fields that organizations add to their records, and the layouts that show them.

use finbridge_domain::NodeKind;
use finbridge_entity::account as account_table;
use finbridge_entity::types::Role;
use finbridge_tests::{TestWorld, both_databases};
use futures::future::join_all;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value, json};

use super::{absent, code, colleague, db, done, fault, faults, organization, refused};

const FIELD: &str = "mutation($input: CustomFieldCreateInput!) { customFieldCreate(input: $input) {
    customField { id key kind options isRequired isUnique version } userErrors { code message field } } }";
const LAYOUT: &str = "mutation($input: LayoutCreateInput!) { layoutCreate(input: $input) {
    layout { id fields { key } } userErrors { code message field } } }";
const VALUES: &str = "customFields { field { key } text number boolean date dateTime }";

async fn field(world: &TestWorld, record_type: &str, key: &str, kind: &str, more: Value) -> Value {
    let mut input = json!({ "recordType": record_type, "key": key, "label": key, "kind": kind });
    let fields = input.as_object_mut().expect("an object");
    fields.extend(more.as_object().expect("an object").clone());
    done(world, FIELD, json!({ "input": input })).await["customField"].take()
}

fn create(with: &str) -> String {
    format!(
        "mutation($input: AccountCreateInput!) {{ accountCreate(input: $input) {{
            account {{ id version {with} }} userErrors {{ code message field }} }} }}"
    )
}

fn update() -> String {
    format!(
        "mutation($input: AccountUpdateInput!) {{ accountUpdate(input: $input) {{
            account {{ id version {VALUES} }} userErrors {{ code message field }} }} }}"
    )
}

async fn account(world: &TestWorld, name: &str, values: Value) -> Value {
    let input = json!({ "name": name, "customFields": values });
    done(world, &create(VALUES), json!({ "input": input })).await["account"].take()
}

async fn names(world: &TestWorld, filter: Value) -> Vec<String> {
    let query = "query($filter: AccountFilter) { accounts(filter: $filter) { nodes { name } } }";
    let data = world.data(query, json!({ "filter": filter })).await;
    let nodes = data["accounts"]["nodes"].as_array().expect("nodes").clone();
    nodes.iter().map(|node| node["name"].as_str().expect("a name").to_owned()).collect()
}

both_databases! {
    async fn every_kind_is_kept_as_it_was_given_and_can_be_filtered(world: &TestWorld) {
        for (key, kind) in [("memo", "TEXT"), ("story", "LONG_TEXT"), ("seats", "INTEGER"), ("rate", "DECIMAL"), ("vip", "BOOLEAN"), ("since", "DATE"), ("seen", "DATE_TIME")] {
            field(world, "ACCOUNT", key, kind, json!({})).await;
        }
        field(world, "ACCOUNT", "tier", "PICK_LIST", json!({ "options": ["Gold", "Silver"] })).await;
        let values = json!([
            { "key": "memo", "text": " Straße " }, { "key": "story", "text": "Once\nupon" }, { "key": "seats", "number": "12" },
            { "key": "rate", "number": "0.1234" }, { "key": "vip", "boolean": false }, { "key": "since", "date": "2024-02-29" },
            { "key": "seen", "dateTime": "2026-01-05T12:00:00.5Z" }, { "key": "tier", "text": "gold" },
        ]);
        let made = account(world, "Full", values).await;
        let value = |key: &str, member: &str, value: Value| {
            let mut one = json!({ "field": { "key": key }, "text": null, "number": null, "boolean": null, "date": null, "dateTime": null });
            one[member] = value;
            one
        };
        assert_eq!(made["customFields"], json!([
            value("memo", "text", json!("Straße")), value("story", "text", json!("Once\nupon")), value("seats", "number", json!("12")),
            value("rate", "number", json!("0.1234")), value("vip", "boolean", json!(false)), value("since", "date", json!("2024-02-29")),
            value("seen", "dateTime", json!("2026-01-05T12:00:00.500Z")), value("tier", "text", json!("Gold")),
        ]));
        account(world, "Empty", json!([])).await;
        account(world, "Other", json!([{ "key": "memo", "text": "Weg" }, { "key": "seats", "number": "3" }, { "key": "vip", "boolean": true }])).await;

        for (filter, wanted) in [
            (json!({ "key": "memo", "text": { "eq": "STRASSE" } }), vec!["Full"]),
            (json!({ "key": "memo", "text": { "contains": "e" } }), vec!["Full", "Other"]),
            (json!({ "key": "story", "text": { "contains": "UPON" } }), vec!["Full"]),
            (json!({ "key": "seats", "number": { "gt": "3" } }), vec!["Full"]),
            (json!({ "key": "seats", "number": { "gte": "3" } }), vec!["Full", "Other"]),
            (json!({ "key": "rate", "number": { "eq": "0.1234" } }), vec!["Full"]),
            (json!({ "key": "vip", "boolean": false }), vec!["Full"]),
            (json!({ "key": "since", "date": { "lt": "2024-03-01" } }), vec!["Full"]),
            (json!({ "key": "seen", "dateTime": { "gt": "2026-01-05T12:00:00Z" } }), vec!["Full"]),
            (json!({ "key": "tier", "text": { "in": ["silver", "GOLD"] } }), vec!["Full"]),
            (json!({ "key": "memo", "isNull": true }), vec!["Empty"]),
            (json!({ "key": "memo", "isNull": false }), vec!["Full", "Other"]),
        ] {
            assert_eq!(names(world, json!({ "customFields": [filter] })).await, wanted, "{filter}");
        }
        let both = json!({ "customFields": [{ "key": "memo", "isNull": false }, { "key": "vip", "boolean": true }] });
        assert_eq!(names(world, both).await, ["Other"]);
        let query = "query($filter: AccountFilter) { accounts(filter: $filter) { totalCount } }";
        for wrong in [json!({ "key": "nope", "isNull": true }), json!({ "key": "memo", "number": { "eq": "1" } }), json!({ "key": "memo", "isNull": true, "text": { "eq": "x" } })] {
            let answer = world.send(query, json!({ "filter": { "customFields": [wrong] } })).await;
            assert_eq!(code(&answer), "BAD_USER_INPUT");
        }
    }

    async fn values_that_do_not_fit_are_refused_with_their_place(world: &TestWorld) {
        field(world, "ACCOUNT", "seats", "INTEGER", json!({})).await;
        field(world, "ACCOUNT", "tier", "PICK_LIST", json!({ "options": ["Gold"] })).await;
        field(world, "CONTACT", "hobby", "TEXT", json!({})).await;
        let told = async |values: Value| {
            let input = json!({ "name": "x", "customFields": values });
            refused(world, &world.token, &create("name"), json!({ "input": input })).await
        };
        assert_eq!(told(json!([{ "key": "seats", "number": "1.5" }, { "key": "tier", "text": "Tin" }, { "key": "hobby", "text": "x" }])).await,
            faults(&[("INVALID", "customFields.0"), ("INVALID", "customFields.1"), ("NOT_FOUND", "customFields.2.key")]));
        assert_eq!(told(json!([{ "key": "seats", "text": "1" }])).await, faults(&[("INVALID", "customFields.0")]));
        assert_eq!(told(json!([{ "key": "seats", "number": "1" }, { "key": "seats", "number": "2" }])).await, faults(&[("INVALID", "customFields.1.key")]));
        let two = json!({ "input": { "name": "x", "customFields": [{ "key": "seats", "number": "1", "text": "1" }] } });
        assert_eq!(code(&world.send(&create("name"), two).await), "BAD_USER_INPUT");
        assert_eq!(names(world, json!({})).await, Vec::<String>::new(), "nothing was written");
    }

    async fn updates_change_what_they_name_and_null_empties(world: &TestWorld) {
        field(world, "ACCOUNT", "a", "TEXT", json!({})).await;
        field(world, "ACCOUNT", "b", "TEXT", json!({})).await;
        let made = account(world, "Acme", json!([{ "key": "a", "text": "1" }, { "key": "b", "text": "2" }])).await;
        let input = json!({ "id": made["id"], "version": 1, "customFields": [{ "key": "a" }, { "key": "b", "text": "3" }] });
        let changed = done(world, &update(), json!({ "input": input })).await;
        let texts: Vec<_> = changed["account"]["customFields"].as_array().expect("values").iter().map(|value| value["text"].clone()).collect();
        assert_eq!((texts, &changed["account"]["version"]), (vec![json!("3")], &json!(2)));
        assert_eq!(refused(world, &world.token, &update(), json!({ "input": input })).await, faults(&[("VERSION_CONFLICT", "version")]));
    }

    async fn unique_values_are_freed_by_deletion_and_taken_back_by_restoring(world: &TestWorld) {
        field(world, "ACCOUNT", "tax", "TEXT", json!({ "isUnique": true })).await;
        let first = account(world, "First", json!([{ "key": "tax", "text": "DE 1" }])).await;
        let taken = json!({ "input": { "name": "Second", "customFields": [{ "key": "tax", "text": "de 1" }] } });
        assert_eq!(refused(world, &world.token, &create("name"), taken).await, faults(&[("NOT_UNIQUE", "customFields.0")]));
        let same = json!({ "input": { "id": first["id"], "customFields": [{ "key": "tax", "text": "DE 1" }] } });
        done(world, &update(), same).await;

        let delete = "mutation($input: AccountDeleteInput!) { accountDelete(input: $input) { deletedAccount userErrors { code message field } } }";
        let restore = "mutation($input: AccountRestoreInput!) { accountRestore(input: $input) { account { id deletedAt customFields { text } } userErrors { code message field } } }";
        let which = json!({ "input": { "id": first["id"] } });
        done(world, delete, which.clone()).await;
        let second = account(world, "Second", json!([{ "key": "tax", "text": "de 1" }])).await;
        assert_eq!(refused(world, &world.token, restore, which.clone()).await, faults(&[("NOT_UNIQUE", "id")]));
        done(world, delete, json!({ "input": { "id": second["id"] } })).await;
        let back = done(world, restore, which.clone()).await;
        assert_eq!(back["account"], json!({ "id": first["id"], "deletedAt": null, "customFields": [{ "text": "DE 1" }] }));
        let taken = json!({ "input": { "name": "Third", "customFields": [{ "key": "tax", "text": "DE 1" }] } });
        assert_eq!(refused(world, &world.token, &create("name"), taken).await, faults(&[("NOT_UNIQUE", "customFields.0")]));
        assert_eq!(refused(world, &world.token, restore, which).await, faults(&[("NOT_FOUND", "id")]), "it lives already");
    }

    async fn of_many_records_that_take_a_unique_value_at_once_one_gets_it(world: &TestWorld) {
        field(world, "ACCOUNT", "tax", "TEXT", json!({ "isUnique": true })).await;
        let mutation = create("name");
        let sent = (0..8).map(|n| {
            let input = json!({ "input": { "name": format!("Account {n}"), "customFields": [{ "key": "tax", "text": "DE 1" }] } });
            world.send(&mutation, input)
        });
        let mut made = 0;
        for answer in futures::future::join_all(sent).await {
            let payload = &answer["data"]["accountCreate"];
            match payload["userErrors"].as_array().map(Vec::as_slice) {
                Some([]) => made += 1,
                Some([error]) => assert_eq!(error["code"], "NOT_UNIQUE", "{answer:#}"),
                _ => panic!("{answer:#}"),
            }
        }
        assert_eq!((made, names(world, json!({})).await.len()), (1, 1));
    }

    async fn layouts_say_what_is_required_and_what_can_be_filled(world: &TestWorld) {
        let plain = field(world, "ACCOUNT", "plain", "TEXT", json!({})).await;
        let partner = done(world, LAYOUT, json!({ "input": { "recordType": "ACCOUNT", "name": "Partner", "fieldIds": [plain["id"]] } })).await["layout"].take();
        field(world, "ACCOUNT", "margin", "DECIMAL", json!({ "isRequired": true, "layoutIds": [partner["id"]] })).await;
        let layouts = world.data("{ layouts(recordType: ACCOUNT) { name isStandard fields { key } } }", json!({})).await;
        assert_eq!(layouts["layouts"], json!([
            { "name": "Standard", "isStandard": true, "fields": [{ "key": "plain" }] },
            { "name": "Partner", "isStandard": false, "fields": [{ "key": "plain" }, { "key": "margin" }] },
        ]));
        account(world, "Standard needs no margin", json!([])).await;
        let told = async |input: Value| refused(world, &world.token, &create("name"), json!({ "input": input })).await;
        assert_eq!(told(json!({ "name": "x", "customFields": [{ "key": "margin", "number": "1" }] })).await, faults(&[("FIELD_NOT_ON_LAYOUT", "customFields.0")]));
        assert_eq!(told(json!({ "name": "x", "layoutId": partner["id"] })).await, faults(&[("REQUIRED", "customFields")]));
        assert_eq!(told(json!({ "name": "x", "layoutId": absent(world, NodeKind::Layout) })).await, faults(&[("NOT_FOUND", "layoutId")]));
        let contact = "mutation($input: ContactCreateInput!) { contactCreate(input: $input) { contact { id } userErrors { code message field } } }";
        let wrong = json!({ "input": { "lastName": "x", "layoutId": partner["id"] } });
        assert_eq!(refused(world, &world.token, contact, wrong).await, faults(&[("NOT_FOUND", "layoutId")]), "a layout of another kind of record");
        let input = json!({ "name": "Partner", "layoutId": partner["id"], "customFields": [{ "key": "margin", "number": "0.5" }] });
        let made = done(world, &create("layout { name }"), json!({ "input": input })).await;
        assert_eq!(made["account"]["layout"], json!({ "name": "Partner" }));
        let empty = json!({ "input": { "id": made["account"]["id"], "customFields": [{ "key": "margin" }] } });
        assert_eq!(refused(world, &world.token, &update(), empty).await, faults(&[("REQUIRED", "customFields.0")]));

        let delete = "mutation($input: LayoutDeleteInput!) { layoutDelete(input: $input) { deletedLayout userErrors { code message field } } }";
        assert_eq!(done(world, delete, json!({ "input": { "id": partner["id"] } })).await["deletedLayout"], partner["id"]);
        let read = world.data("query($id: ID!) { account(id: $id) { layout { name } customField(key: \"margin\") { number } } }", json!({ "id": made["account"]["id"] })).await;
        assert_eq!(read["account"], json!({ "layout": null, "customField": { "number": "0.5" } }), "what it holds stays with it");
    }

    async fn a_record_whose_layout_is_gone_can_be_changed(world: &TestWorld) {
        field(world, "ACCOUNT", "memo", "TEXT", json!({})).await;
        let made = account(world, "Acme", json!([])).await;
        account_table::Entity::update_many()
            .col_expr(account_table::Column::LayoutId, Expr::value(world.app.engine.ids.uuid()))
            .exec(db(world)).await.expect("a layout that is not there");
        let changed = done(world, &update(), json!({ "input": { "id": made["id"], "tags": ["new"] } })).await;
        assert_eq!(changed["account"]["version"], 2);
        let standard = json!({ "input": { "id": made["id"], "layoutId": null, "customFields": [{ "key": "memo", "text": "x" }] } });
        assert_eq!(done(world, &update(), standard).await["account"]["customFields"][0]["text"], "x");
    }

    async fn no_record_gets_a_layout_that_is_removed_meanwhile(world: &TestWorld) {
        let delete = "mutation($input: LayoutDeleteInput!) { layoutDelete(input: $input) { deletedLayout userErrors { code message field } } }";
        let (create, update) = (create("name"), update());
        for round in 0..4 {
            let input = json!({ "recordType": "ACCOUNT", "name": format!("Layout {round}"), "fieldIds": [] });
            let layout = done(world, LAYOUT, json!({ "input": input })).await["layout"]["id"].take();
            let mut there = Vec::new();
            for n in 0..4 {
                there.push(account(world, &format!("There {n}"), json!([])).await["id"].take());
            }
            let changes = there.iter().map(|id| world.send(&update, json!({ "input": { "id": id, "layoutId": layout, "parentId": null } })));
            let creates = (0..4).map(|n| world.send(&create, json!({ "input": { "name": format!("New {n}"), "layoutId": layout, "parentId": there[0] } })));
            let delete = world.send(delete, json!({ "input": { "id": layout } }));
            let (changed, created, deleted) = tokio::join!(join_all(changes), join_all(creates), delete);
            assert_eq!(deleted["data"]["layoutDelete"]["userErrors"], json!([]), "{deleted:#}");
            for answer in changed.iter().chain(&created) {
                assert!(answer.get("errors").is_none(), "{answer:#}");
                let payload = answer["data"].as_object().and_then(|fields| fields.values().next()).expect("a field");
                let told: Vec<_> = payload["userErrors"].as_array().expect("user errors").iter().map(fault).collect();
                assert!(told.is_empty() || told == faults(&[("NOT_FOUND", "layoutId")]), "{answer:#}");
            }
            let left = account_table::Entity::find().filter(account_table::Column::LayoutId.is_not_null()).count(db(world)).await;
            assert_eq!(left.expect("a count"), 0, "records have the layout that was removed");
        }
    }

    async fn fields_and_layouts_are_made_once_under_a_key(world: &TestWorld) {
        let input = json!({ "input": { "recordType": "ACCOUNT", "key": "tax", "label": "Tax", "kind": "TEXT", "idempotencyKey": "f" } });
        let first = done(world, FIELD, input.clone()).await;
        assert_eq!(done(world, FIELD, input.clone()).await, first);
        let layout = json!({ "input": { "recordType": "ACCOUNT", "name": "Partner", "fieldIds": [first["customField"]["id"]], "idempotencyKey": "l" } });
        let second = done(world, LAYOUT, layout.clone()).await;
        assert_eq!(done(world, LAYOUT, layout).await, second);
        let mut other = input.clone();
        other["input"]["label"] = json!("Other");
        assert_eq!(refused(world, &world.token, FIELD, other).await, faults(&[("IDEMPOTENCY_KEY_REUSED", "idempotencyKey")]));
        let delete = "mutation($input: CustomFieldDeleteInput!) { customFieldDelete(input: $input) { deletedCustomField userErrors { code message field } } }";
        done(world, delete, json!({ "input": { "id": first["customField"]["id"] } })).await;
        assert_eq!(refused(world, &world.token, FIELD, input).await, faults(&[("NOT_FOUND", "idempotencyKey")]), "removed since");
    }

    async fn only_administrators_change_fields_and_strangers_do_not_see_them(world: &TestWorld) {
        let own = field(world, "ACCOUNT", "own", "TEXT", json!({})).await;
        let colleague = colleague(world, "Cora", Role::Standard).await;
        let input = json!({ "input": { "recordType": "ACCOUNT", "key": "x", "label": "x", "kind": "TEXT" } });
        assert_eq!(code(&world.send_as(&colleague.token, FIELD, input.clone()).await), "FORBIDDEN");
        let stranger = organization(world, "Elsewhere", "otto@example.com").await;
        let seen = world.send_as(&stranger.token, "query($id: ID!) { customFields(recordType: ACCOUNT) { key } node(id: $id) { id } }", json!({ "id": own["id"] })).await;
        assert_eq!(seen["data"], json!({ "customFields": [], "node": null }));
        let delete = "mutation($input: CustomFieldDeleteInput!) { customFieldDelete(input: $input) { deletedCustomField userErrors { code message field } } }";
        assert_eq!(refused(world, &stranger.token, delete, json!({ "input": { "id": own["id"] } })).await, faults(&[("NOT_FOUND", "id")]));
        account(world, "Acme", json!([{ "key": "own", "text": "x" }])).await;
        assert_eq!(done(world, delete, json!({ "input": { "id": own["id"] } })).await["deletedCustomField"], own["id"]);
        let read = world.data("{ accounts { nodes { customFields { text } } } customFields(recordType: ACCOUNT) { key } }", json!({})).await;
        assert_eq!(read, json!({ "accounts": { "nodes": [{ "customFields": [] }] }, "customFields": [] }));
    }

    async fn wrong_definitions_are_refused_with_their_faults(world: &TestWorld) {
        field(world, "ACCOUNT", "taken", "TEXT", json!({})).await;
        let told = async |more: Value| {
            let mut input = json!({ "recordType": "ACCOUNT", "key": "fine", "label": "Fine", "kind": "TEXT" });
            input.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            refused(world, &world.token, FIELD, json!({ "input": input })).await
        };
        assert_eq!(told(json!({ "key": "Not Fine", "label": " " })).await, faults(&[("INVALID", "key"), ("REQUIRED", "label")]));
        assert_eq!(told(json!({ "key": "taken" })).await, faults(&[("NOT_UNIQUE", "key")]));
        assert_eq!(told(json!({ "options": ["x"] })).await, faults(&[("INVALID", "options")]));
        assert_eq!(told(json!({ "kind": "PICK_LIST" })).await, faults(&[("INVALID", "options")]));
        assert_eq!(told(json!({ "kind": "PICK_LIST", "options": ["A", " a "] })).await, faults(&[("INVALID", "options.1")]));
        assert_eq!(told(json!({ "kind": "BOOLEAN", "isUnique": true })).await, faults(&[("INVALID", "isUnique")]));
    }
}
