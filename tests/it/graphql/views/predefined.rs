//! The views that every organization has.

use chrono::TimeDelta;
use finbridge_domain::NodeKind;
use finbridge_entity::types::Role;
use finbridge_tests::{TestWorld, both_databases};
use serde_json::{Value, json};

use super::super::{code, colleague, id, organization, refused, text};
use super::{CREATE, DELETE, account, accounts, holds, view};

/// The predefined views on accounts: all, mine, recently created.
async fn predefined(world: &TestWorld, token: &str) -> [String; 3] {
    let query = "{ views(recordType: ACCOUNT) { id kind name isShared version owner { id } createdAt
        criteria { field operator values } } }";
    let answer = world.send_as(token, query, json!({})).await;
    let views = answer["data"]["views"].as_array().expect("views").clone();
    let shown: Vec<_> = views.iter().take(3).map(|view| (text(&view["kind"]), text(&view["name"]))).collect();
    let wanted =
        [("ALL", "All accounts"), ("MINE", "My accounts"), ("RECENTLY_CREATED", "Recently created accounts")];
    assert_eq!(shown, wanted.map(|(kind, name)| (kind.to_owned(), name.to_owned())));
    assert_eq!(views[0]["criteria"], Value::Null);
    assert_eq!(views[1]["criteria"], holds("owner", "EQ", &["VIEWER"]));
    assert_eq!(views[2]["criteria"], holds("createdAt", "LAST_N_DAYS", &["7"]));
    for view in &views[..3] {
        assert_eq!((&view["isShared"], &view["version"]), (&json!(true), &Value::Null), "{view}");
        assert_eq!((&view["owner"], &view["createdAt"]), (&Value::Null, &Value::Null), "{view}");
    }
    [0, 1, 2].map(|place| text(&views[place]["id"]))
}

both_databases! {
    async fn views_with_more_values_than_a_statement_takes_are_counted(world: &TestWorld) {
        account(world, json!({ "name": "value 7" })).await;
        let values: Vec<String> = (0..100).map(|n| format!("value {n}")).collect();
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        let all: Vec<_> = (0..47).map(|_| holds("name", "IN", &values)).collect();
        for n in 0..8 {
            view(world, "ACCOUNT", &format!("Long {n}"), json!({ "all": all })).await;
        }
        let read = world.data("{ views(recordType: ACCOUNT) { name count } }", json!({})).await;
        let counts: Vec<_> = read["views"].as_array().expect("views").iter().filter(|view| text(&view["name"]).starts_with("Long")).map(|view| view["count"].clone()).collect();
        assert_eq!(counts, vec![json!(1); 8]);
    }

    async fn r076_all_my_and_recently_created_are_there_for_every_kind_of_record(world: &TestWorld) {
        let [all, mine, recent] = predefined(world, &world.token).await;
        let carl = colleague(world, "Carl", Role::Standard).await;
        assert_eq!(predefined(world, &carl.token).await, [all.clone(), mine.clone(), recent.clone()], "the same ids for everybody");

        account(world, json!({ "name": "Ada's" })).await;
        account(world, json!({ "name": "Carl's", "ownerId": id(NodeKind::User, carl.viewer.user_id) })).await;
        for (token, name) in [(&world.token, "Ada's"), (&carl.token, "Carl's")] {
            assert_eq!(accounts(world, token, &all).await, ["Ada's", "Carl's"]);
            assert_eq!(accounts(world, token, &mine).await, [name], "my depends on the viewer and the owner");
            assert_eq!(accounts(world, token, &recent).await, ["Ada's", "Carl's"]);
        }

        // The clock shows 4 in the morning of January 5th in Los Angeles; the 5th to the 11th are seven days there.
        world.advance(TimeDelta::days(6) + TimeDelta::hours(19));
        account(world, json!({ "name": "Late" })).await;
        world.advance(TimeDelta::minutes(59));
        assert_eq!(accounts(world, &world.token, &recent).await, ["Ada's", "Carl's", "Late"]);
        world.advance(TimeDelta::minutes(1));
        assert_eq!(accounts(world, &world.token, &recent).await, ["Late"]);
        assert_eq!(accounts(world, &world.token, &all).await.len(), 3);

        for (list, record_type) in [("contacts", "CONTACT"), ("vendors", "VENDOR"), ("products", "PRODUCT"), ("deals", "DEAL")] {
            let query = format!("{{ views(recordType: {record_type}) {{ id kind name recordType count }} }}");
            let views = world.data(&query, json!({})).await;
            let kinds: Vec<_> = views["views"].as_array().unwrap().iter().map(|view| text(&view["kind"])).collect();
            assert_eq!(kinds, ["ALL", "MINE", "RECENTLY_CREATED"]);
            for view in views["views"].as_array().unwrap() {
                assert_eq!((&view["recordType"], &view["count"]), (&json!(record_type), &json!(0)));
                let listed = format!("query($view: ID!) {{ {list}(filter: {{ view: $view }}) {{ totalCount }} node(id: $view) {{ id ... on View {{ name }} }} }}");
                let listed = world.data(&listed, json!({ "view": view["id"] })).await;
                assert_eq!(listed[list]["totalCount"], 0);
                assert_eq!(listed["node"], json!({ "id": view["id"], "name": view["name"] }));
            }
        }
    }

    async fn r078_views_are_offered_for_their_kind_of_record_and_refused_elsewhere(world: &TestWorld) {
        let contacts = view(world, "CONTACT", "Without e-mail", holds("email", "IS_EMPTY", &[])).await;
        for (record_type, own) in [("ACCOUNT", 0), ("CONTACT", 1)] {
            let query = format!("{{ views(recordType: {record_type}) {{ id recordType kind }} }}");
            let views = world.data(&query, json!({})).await;
            let views = views["views"].as_array().unwrap();
            assert!(views.iter().all(|view| view["recordType"] == record_type), "{views:?}");
            assert_eq!(views.iter().filter(|view| view["kind"] == "CUSTOM").count(), own);
        }
        let answer = world.send("query($view: ID!) { accounts(filter: { view: $view }) { totalCount } }", json!({ "view": contacts })).await;
        assert_eq!(code(&answer), "BAD_USER_INPUT");
        let message = answer["errors"][0]["message"].as_str().unwrap();
        assert!(message.contains(&contacts) && message.contains("is on contacts, not on accounts"), "{message}");

        let integration = world.connect().await;
        let configure = "mutation($input: SyncModuleConfigureInput!) { syncModuleConfigure(input: $input) { syncModule { module }
            userErrors { code message field } } }";
        let all_contacts = world.data("{ views(recordType: CONTACT) { id } }", json!({})).await["views"][0]["id"].take();
        for foreign in [json!(contacts), all_contacts] {
            let input = json!({ "integrationId": integration, "module": "CUSTOMERS", "crmModule": "ACCOUNTS", "direction": "FETCH_FROM_CRM",
                "duplicatePolicy": "SKIP", "start": false, "accountViewId": foreign });
            assert_eq!(
                refused(world, &world.token, configure, json!({ "input": input })).await,
                [("VIEW_MODULE_MISMATCH".to_owned(), "accountViewId".to_owned())]
            );
        }
        let modules = world.data("{ integrations { modules { module } } }", json!({})).await;
        assert_eq!(modules["integrations"][0]["modules"], json!([]), "nothing was saved");
    }

    async fn views_of_another_organization_do_not_exist(world: &TestWorld) {
        let ours = view(world, "ACCOUNT", "Ours", holds("name", "IS_NOT_EMPTY", &[])).await;
        let [all, ..] = predefined(world, &world.token).await;
        let stranger = organization(world, "Elsewhere", "stranger@example.com").await;
        for foreign in [ours, all] {
            let query = "query($id: ID!) { view(id: $id) { name } node(id: $id) { id } }";
            let answer = world.send_as(&stranger.token, query, json!({ "id": foreign })).await;
            assert_eq!(answer["data"], json!({ "view": null, "node": null }));
            let listed = "query($id: ID!) { accounts(filter: { view: $id }) { totalCount } }";
            let answer = world.send_as(&stranger.token, listed, json!({ "id": foreign })).await;
            assert_eq!(code(&answer), "BAD_USER_INPUT");
            let delete = refused(world, &stranger.token, DELETE, json!({ "input": { "id": foreign } })).await;
            assert_eq!(delete, [("NOT_FOUND".to_owned(), "id".to_owned())]);
        }
        let listed = world.send_as(&stranger.token, "{ views(recordType: ACCOUNT) { kind } }", json!({})).await;
        assert_eq!(listed["data"]["views"].as_array().unwrap().len(), 3);
        let input = json!({ "recordType": "ACCOUNT", "name": "Ours", "criteria": holds("name", "IS_NOT_EMPTY", &[]) });
        let made = world.send_as(&stranger.token, CREATE, json!({ "input": input })).await;
        assert_eq!(made["data"]["viewCreate"]["userErrors"], json!([]), "names are taken within an organization only");
    }
}
