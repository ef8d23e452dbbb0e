//! Making, changing and removing views, and who may.

use finbridge_entity::types::Role;
use finbridge_tests::{TestWorld, both_databases};
use serde_json::{Value, json};

use super::super::{code, colleague, db, done, faults, refused, text};
use super::{CREATE, DELETE, UPDATE, accounts, custom_field, holds, view};

fn named(name: &str) -> Value {
    json!({ "recordType": "ACCOUNT", "name": name, "criteria": holds("name", "EQ", &["x"]) })
}

async fn sees(world: &TestWorld, token: &str, view: &str) -> bool {
    let query =
        "query($id: ID!) { view(id: $id) { id } node(id: $id) { id } views(recordType: ACCOUNT) { id } }";
    let answer = world.send_as(token, query, json!({ "id": view })).await;
    let listed = answer["data"]["views"].as_array().expect("views").iter().any(|one| one["id"] == view);
    let found = !answer["data"]["view"].is_null();
    assert_eq!((found, !answer["data"]["node"].is_null()), (listed, listed), "{answer:#}");
    listed
}

both_databases! {
    async fn views_are_seen_by_their_owner_until_they_are_shared_and_changed_by_owner_or_administrator(world: &TestWorld) {
        let carl = colleague(world, "Carl", Role::Standard).await;
        let dora = colleague(world, "Dora", Role::Standard).await;
        let made = world.send_as(&carl.token, CREATE, json!({ "input": named("Carl's") })).await;
        let carls = text(&made["data"]["viewCreate"]["view"]["id"]);
        assert!(sees(world, &carl.token, &carls).await);
        for other in [&dora.token, &world.token] {
            assert!(!sees(world, other, &carls).await, "not even an administrator");
            let listed = world.send_as(other, "query($id: ID!) { accounts(filter: { view: $id }) { totalCount } }", json!({ "id": carls })).await;
            assert_eq!(code(&listed), "BAD_USER_INPUT");
            assert_eq!(refused(world, other, UPDATE, json!({ "input": { "id": carls, "name": "Mine" } })).await, faults(&[("NOT_FOUND", "id")]));
            assert_eq!(refused(world, other, DELETE, json!({ "input": { "id": carls } })).await, faults(&[("NOT_FOUND", "id")]));
        }

        let shared = world.send_as(&carl.token, UPDATE, json!({ "input": { "id": carls, "isShared": true, "version": 1 } })).await;
        assert_eq!(shared["data"]["viewUpdate"]["view"]["version"], 2);
        assert!(sees(world, &dora.token, &carls).await && sees(world, &world.token, &carls).await);
        for act in [UPDATE, DELETE] {
            let answer = world.send_as(&dora.token, act, json!({ "input": { "id": carls } })).await;
            assert_eq!(code(&answer), "FORBIDDEN");
        }
        let stale = json!({ "input": { "id": carls, "version": 1, "name": "New" } });
        assert_eq!(refused(world, &carl.token, UPDATE, stale).await, faults(&[("VERSION_CONFLICT", "version")]));
        let changed = done(world, UPDATE, json!({ "input": { "id": carls, "name": " Everybody's ", "criteria": holds("name", "CONTAINS", &["a"]) } })).await;
        assert_eq!((&changed["view"]["name"], &changed["view"]["version"]), (&json!("Everybody's"), &json!(3)));
        assert_eq!(changed["view"]["criteria"], holds("name", "CONTAINS", &["a"]));
        assert_eq!(done(world, DELETE, json!({ "input": { "id": carls, "version": 3 } })).await["deletedView"], json!(carls));
        assert!(!sees(world, &carl.token, &carls).await);
    }

    async fn views_are_listed_predefined_first_and_then_by_name(world: &TestWorld) {
        for name in ["zebra", "Äpfel", "apple", "Banana"] {
            view(world, "ACCOUNT", name, holds("name", "EQ", &["x"])).await;
        }
        let carl = colleague(world, "Carl", Role::Standard).await;
        let mut shared = named("Mango");
        shared["isShared"] = true.into();
        world.send_as(&carl.token, CREATE, json!({ "input": shared })).await;
        world.send_as(&carl.token, CREATE, json!({ "input": named("Hidden") })).await;
        let views = world.data("{ views(recordType: ACCOUNT) { name } }", json!({})).await;
        let names: Vec<_> = views["views"].as_array().unwrap().iter().map(|view| text(&view["name"])).collect();
        assert_eq!(names[3..], ["apple", "Banana", "Mango", "zebra", "Äpfel"]);
    }

    async fn predefined_views_stay_and_names_are_taken_once(world: &TestWorld) {
        let views = world.data("{ views(recordType: ACCOUNT) { id } }", json!({})).await;
        for act in [UPDATE, DELETE] {
            let input = json!({ "input": { "id": views["views"][0]["id"] } });
            assert_eq!(refused(world, &world.token, act, input).await, faults(&[("INVALID", "id")]));
        }
        let first = view(world, "ACCOUNT", "Taken", holds("name", "EQ", &["x"])).await;
        assert_eq!(refused(world, &world.token, CREATE, json!({ "input": named(" TAKEN ") })).await, faults(&[("NOT_UNIQUE", "name")]));
        view(world, "CONTACT", "Taken", holds("name", "EQ", &["x"])).await;
        let second = view(world, "ACCOUNT", "Free", holds("name", "EQ", &["x"])).await;
        let input = json!({ "input": { "id": second, "name": "taken" } });
        assert_eq!(refused(world, &world.token, UPDATE, input).await, faults(&[("NOT_UNIQUE", "name")]));
        done(world, UPDATE, json!({ "input": { "id": first, "name": "TAKEN" } })).await;
        let blank = json!({ "recordType": "ACCOUNT", "name": " ", "criteria": {} });
        assert_eq!(refused(world, &world.token, CREATE, json!({ "input": blank })).await, faults(&[("REQUIRED", "name"), ("INVALID", "criteria")]));
    }

    async fn a_create_with_a_key_can_be_repeated(world: &TestWorld) {
        let mut input = named("Once");
        input["idempotencyKey"] = "k1".into();
        let first = done(world, CREATE, json!({ "input": input })).await;
        assert_eq!(done(world, CREATE, json!({ "input": input })).await, first);
        let mut other = input.clone();
        other["name"] = "Other".into();
        assert_eq!(refused(world, &world.token, CREATE, json!({ "input": other })).await, faults(&[("IDEMPOTENCY_KEY_REUSED", "idempotencyKey")]));
        // What was refused gives its key back.
        let mut wrong = named("Once");
        wrong["idempotencyKey"] = "k2".into();
        assert_eq!(refused(world, &world.token, CREATE, json!({ "input": wrong })).await, faults(&[("NOT_UNIQUE", "name")]));
        wrong["name"] = "Twice".into();
        done(world, CREATE, json!({ "input": wrong })).await;
        let views = world.data("{ views(recordType: ACCOUNT) { name } }", json!({})).await;
        assert_eq!(views["views"].as_array().unwrap().len(), 5);
    }

    async fn a_view_about_a_removed_field_is_an_error_and_never_everything(world: &TestWorld) {
        let field = custom_field(world, "tier", "TEXT", None).await;
        let gold = view(world, "ACCOUNT", "Gold", json!({ "not": holds("customFields.tier", "EQ", &["gold"]) })).await;
        world.account("Acme").await;
        assert_eq!(accounts(world, &world.token, &gold).await, ["Acme"]);
        let remove = "mutation($id: ID!) { customFieldDelete(input: { id: $id }) { deletedCustomField userErrors { message } } }";
        done(world, remove, json!({ "id": field })).await;

        let listed = world.send("query($view: ID!) { accounts(filter: { view: $view }) { totalCount } }", json!({ "view": gold })).await;
        assert_eq!(code(&listed), "BAD_USER_INPUT");
        let message = listed["errors"][0]["message"].as_str().unwrap();
        assert!(message.contains("Gold") && message.contains("customFields.tier"), "{message}");
        let counted = world.data("{ views(recordType: ACCOUNT) { name count problem } }", json!({})).await;
        let problem = "The view `Gold` cannot be used: the field `customFields.tier` of accounts was removed; change the criteria of the view";
        assert_eq!(counted["views"][3], json!({ "name": "Gold", "count": null, "problem": problem }));
        assert_eq!(counted["views"][0], json!({ "name": "All accounts", "count": 1, "problem": null }), "the others are counted");

        let mended = json!({ "input": { "id": gold, "criteria": holds("name", "EQ", &["acme"]) } });
        done(world, UPDATE, mended).await;
        assert_eq!(accounts(world, &world.token, &gold).await, ["Acme"]);
    }

    async fn a_kind_of_record_takes_a_bounded_number_of_views(world: &TestWorld) {
        use finbridge_entity::view as table;
        use finbridge_entity::types::RecordType;
        use finbridge_domain::Clock;
        use sea_orm::{EntityTrait, Set};
        let rows = (0..95).map(|n| table::ActiveModel {
            organization_id: Set(world.viewer.organization_id),
            id: Set(world.app.engine.ids.uuid()),
            record_type: Set(RecordType::Account),
            name: Set(format!("{n}")),
            name_key: Set(format!("{n}")),
            criteria: Set(json!({ "condition": { "field": "name", "operator": "IS_NOT_EMPTY" } })),
            is_shared: Set(false),
            owner_id: Set(world.viewer.user_id),
            version: Set(1),
            created_at: Set(world.clock.now()),
            updated_at: Set(world.clock.now()),
        });
        table::Entity::insert_many(rows).exec_without_returning(db(world)).await.unwrap();
        assert_eq!(refused(world, &world.token, CREATE, json!({ "input": named("One more") })).await, faults(&[("INVALID", "isShared")]));
        let mut shared = named("Shared");
        shared["isShared"] = true.into();
        let shared = text(&done(world, CREATE, json!({ "input": shared })).await["view"]["id"]);
        let unshare = json!({ "input": { "id": shared, "isShared": false } });
        assert_eq!(refused(world, &world.token, UPDATE, unshare).await, faults(&[("INVALID", "isShared")]));
        let views = world.data("{ views(recordType: ACCOUNT) { name count } }", json!({})).await;
        assert_eq!(views["views"].as_array().unwrap().len(), 99, "all of them, with counts");
    }
}
