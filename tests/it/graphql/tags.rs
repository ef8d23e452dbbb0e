//! Tags, and acts on up to 100 records of mixed kinds.

use finbridge_domain::{NodeId, NodeKind};
use finbridge_entity::types::{Role, StageKind};
use finbridge_tests::{TestWorld, both_databases};
use sea_orm::ActiveModelTrait;
use serde_json::{Value, json};

use super::{
    absent, code, colleague, db, done, fault, faults, organization, product_of, refused, stage_of, text,
    vendor_row,
};

const RESULTS: &str = "results { id record { id version deletedAt owner { id }
    ... on Account { tags { name } } ... on Contact { tags { name } } ... on Vendor { tags { name } }
    ... on Product { tags { name } } ... on Deal { tags { name } } }
    userErrors { code field message } } userErrors { code field message }";
const TAGS: &str = "query($first: Int, $after: String, $name: StringFilter) {
    tags(first: $first, after: $after, filter: { name: $name }) { totalCount nodes { id name recordCount }
      pageInfo { endCursor hasNextPage } } }";
const RENAME: &str = "mutation($input: TagRenameInput!) { tagRename(input: $input) {
    tag { id name } userErrors { code field message } } }";
const DELETE: &str = "mutation($input: TagDeleteInput!) { tagDelete(input: $input) {
    deletedTag userErrors { code field message } } }";

fn act(name: &str) -> String {
    let input = format!("{}{}Input", name[..1].to_uppercase(), &name[1..]);
    format!("mutation($input: {input}!) {{ {name}(input: $input) {{ {RESULTS} }} }}")
}

/// Acts on records and returns what came of each.
async fn acted(world: &TestWorld, name: &str, input: Value) -> Vec<Value> {
    let mut payload = done(world, &act(name), json!({ "input": input })).await;
    let Value::Array(results) = payload["results"].take() else { panic!("no results in {payload:#}") };
    results
}

/// The names of the tags of a record in an answer.
fn tags(record: &Value) -> Vec<String> {
    record["tags"].as_array().expect("tags").iter().map(|tag| text(&tag["name"])).collect()
}

/// One record of each kind.
async fn one_of_each(world: &TestWorld) -> Vec<String> {
    let here = world.viewer.organization_id;
    let stage = stage_of(world, here, "Open", StageKind::Open, 1).await;
    let account = world.account("Acme").await;
    let contact =
        "mutation { contactCreate(input: { lastName: \"Muster\" }) { contact { id } userErrors { code } } }";
    let contact = done(world, contact, json!({})).await;
    let deal = "mutation($stage: ID!) { dealCreate(input: { name: \"Big\", stageId: $stage }) { deal { id } userErrors { code } } }";
    let deal = done(world, deal, json!({ "stage": stage })).await;
    let vendor = vendor_row(world, here, "Paper Ltd").insert(db(world)).await.expect("a vendor");
    vec![
        account,
        text(&contact["contact"]["id"]),
        NodeId::new(NodeKind::Vendor, vendor.id).to_string(),
        product_of(world, here, "Chair").await,
        text(&deal["deal"]["id"]),
    ]
}

both_databases! {
    async fn records_of_all_kinds_are_tagged_and_untagged(world: &TestWorld) {
        let ids = one_of_each(world).await;
        let input = json!({ "ids": ids, "tags": ["VIP", " key account ", "vip"] });
        let results = acted(world, "recordsTag", input.clone()).await;
        for (result, id) in results.iter().zip(&ids) {
            assert_eq!((&result["id"], &result["record"]["id"]), (&json!(id), &json!(id)));
            assert_eq!(result["userErrors"], json!([]));
            assert_eq!(tags(&result["record"]), ["key account", "VIP"], "by name");
            assert_eq!(result["record"]["version"], 2, "being tagged is a change");
        }
        for result in acted(world, "recordsTag", input).await {
            assert_eq!(result["record"]["version"], 2, "nothing changed");
        }
        let all = world.data(TAGS, json!({})).await;
        let uses: Vec<_> = all["tags"]["nodes"].as_array().expect("nodes").iter().map(|tag| (text(&tag["name"]), tag["recordCount"].clone())).collect();
        assert_eq!(uses, [("key account".to_owned(), json!(5)), ("VIP".to_owned(), json!(5))]);

        let results = acted(world, "recordsUntag", json!({ "ids": ids[..2], "tags": ["Vip", "unknown"] })).await;
        for result in &results {
            assert_eq!(tags(&result["record"]), ["key account"]);
            assert_eq!(result["record"]["version"], 3);
        }
        for result in acted(world, "recordsUntag", json!({ "ids": ids[..2], "tags": ["vip"] })).await {
            assert_eq!(result["record"]["version"], 3, "it had none of the tags");
        }
        let tagged = world.data("{ accounts(filter: { tags: [\"vip\"] }) { totalCount } deals(filter: { tags: [\"vip\"] }) { totalCount } }", json!({})).await;
        assert_eq!(tagged, json!({ "accounts": { "totalCount": 0 }, "deals": { "totalCount": 1 } }));
    }

    async fn each_record_is_answered_on_its_own(world: &TestWorld) {
        let ids = one_of_each(world).await;
        let stranger = organization(world, "Other", "other@example.com").await;
        let unknown = absent(world, NodeKind::Contact);
        // A record takes 20 tags, so one that has 19 takes no two more.
        let many: Vec<_> = (0..19).map(|n| format!("t{n:02}")).collect();
        acted(world, "recordsTag", json!({ "ids": [ids[1]], "tags": many })).await;
        let input = json!({ "ids": [ids[0], unknown, ids[1], ids[2]], "tags": ["a", "b"] });
        let results = acted(world, "recordsTag", input.clone()).await;
        let codes: Vec<_> = results.iter().map(|result| {
            let errors = result["userErrors"].as_array().expect("errors");
            assert_eq!(result["record"].is_null(), !errors.is_empty(), "{result:#}");
            errors.first().map(fault)
        }).collect();
        let wrong = |code: &str, field: &str| Some((code.to_owned(), field.to_owned()));
        assert_eq!(codes, [None, wrong("NOT_FOUND", "id"), wrong("INVALID", "tags"), None]);

        let answer = world.send_as(&stranger.token, &act("recordsTag"), json!({ "input": input })).await;
        for result in answer["data"]["recordsTag"]["results"].as_array().expect("results") {
            assert_eq!(fault(&result["userErrors"][0]), ("NOT_FOUND".to_owned(), "id".to_owned()));
        }
        let refusal = refused(world, &world.token, &act("recordsTag"), json!({ "input": { "ids": ids, "tags": ["x".repeat(51)] } })).await;
        assert_eq!(refusal, faults(&[("TOO_LONG", "tags")]));
    }

    async fn an_act_takes_1_to_100_records(world: &TestWorld) {
        let account = world.account("Acme").await;
        let user = NodeId::new(NodeKind::User, world.viewer.user_id).to_string();
        for (name, extra) in [
            ("recordsTag", json!({ "tags": ["a"] })),
            ("recordsUntag", json!({ "tags": ["a"] })),
            ("recordsAssign", json!({ "ownerId": user })),
            ("recordsDelete", json!({})),
            ("recordsRestore", json!({})),
        ] {
            let send = async |ids: Vec<String>| {
                let mut input = extra.clone();
                input["ids"] = json!(ids);
                world.send(&act(name), json!({ "input": input })).await
            };
            assert_eq!(code(&send(vec![account.clone(); 101]).await), "BAD_USER_INPUT", "{name}");
            assert_eq!(code(&send(Vec::new()).await), "BAD_USER_INPUT", "{name}");
            assert_eq!(code(&send(vec![user.clone()]).await), "BAD_USER_INPUT", "{name}");
            let answer = send(vec![account.clone(); 100]).await;
            assert_eq!(answer["data"][name]["results"].as_array().map(Vec::len), Some(100), "{name}");
            if name == "recordsDelete" {
                let results = answer["data"][name]["results"].as_array().expect("results");
                assert!(results[0]["record"]["deletedAt"].is_string());
                assert!(results[1..].iter().all(|result| result["userErrors"][0]["code"] == "NOT_FOUND"));
            }
        }
    }

    async fn records_are_deleted_restored_and_assigned_together(world: &TestWorld) {
        let ids = one_of_each(world).await;
        let anna = colleague(world, "Anna", Role::Standard).await;
        let anna = NodeId::new(NodeKind::User, anna.viewer.user_id).to_string();
        for result in acted(world, "recordsAssign", json!({ "ids": ids, "ownerId": anna })).await {
            assert_eq!((&result["record"]["owner"]["id"], &result["record"]["version"]), (&json!(anna), &json!(2)));
        }
        for result in acted(world, "recordsAssign", json!({ "ids": ids, "ownerId": anna })).await {
            assert_eq!(result["record"]["version"], 2, "nothing changed");
        }
        let nobody = absent(world, NodeKind::User);
        for result in acted(world, "recordsAssign", json!({ "ids": ids, "ownerId": nobody })).await {
            assert_eq!(fault(&result["userErrors"][0]), ("NOT_FOUND".to_owned(), "ownerId".to_owned()));
        }
        acted(world, "recordsTag", json!({ "ids": ids, "tags": ["kept"] })).await;
        for result in acted(world, "recordsDelete", json!({ "ids": ids })).await {
            assert!(result["record"]["deletedAt"].is_string(), "{result:#}");
        }
        let gone = world.data("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", json!({ "ids": ids })).await;
        assert_eq!(gone["nodes"], json!([null, null, null, null, null]));
        let counted = world.data(TAGS, json!({})).await;
        assert_eq!(counted["tags"]["nodes"][0]["recordCount"], 0, "deleted records do not count");
        for result in acted(world, "recordsRestore", json!({ "ids": ids })).await {
            assert_eq!(result["record"]["deletedAt"], Value::Null);
            assert_eq!(tags(&result["record"]), ["kept"]);
        }
        for result in acted(world, "recordsRestore", json!({ "ids": ids })).await {
            assert_eq!(fault(&result["userErrors"][0]), ("NOT_FOUND".to_owned(), "id".to_owned()), "it lives");
        }
    }

    async fn tags_are_listed_renamed_and_deleted(world: &TestWorld) {
        let account = world.account("Acme").await;
        acted(world, "recordsTag", json!({ "ids": [account], "tags": ["beta", "Alpha", "ärger", "Zulu", "alpine"] })).await;
        let names = |page: &Value| -> Vec<String> {
            page["tags"]["nodes"].as_array().expect("nodes").iter().map(|tag| text(&tag["name"])).collect()
        };
        let first = world.data(TAGS, json!({ "first": 3 })).await;
        assert_eq!(names(&first), ["Alpha", "alpine", "beta"]);
        let rest = world.data(TAGS, json!({ "first": 3, "after": first["tags"]["pageInfo"]["endCursor"] })).await;
        assert_eq!((names(&rest), &rest["tags"]["totalCount"]), (vec!["Zulu".to_owned(), "ärger".to_owned()], &json!(5)));
        let found = world.data(TAGS, json!({ "name": { "startsWith": "ALP" } })).await;
        assert_eq!((names(&found), &found["tags"]["totalCount"]), (vec!["Alpha".to_owned(), "alpine".to_owned()], &json!(2)));

        let alpha = text(&first["tags"]["nodes"][0]["id"]);
        let node = world.data("query($id: ID!) { node(id: $id) { __typename ... on Tag { name } } }", json!({ "id": alpha })).await;
        assert_eq!(node["node"], json!({ "__typename": "Tag", "name": "Alpha" }));
        let taken = json!({ "input": { "id": alpha, "name": " BETA" } });
        assert_eq!(refused(world, &world.token, RENAME, taken).await, faults(&[("NOT_UNIQUE", "name")]));
        for (name, wanted) in [("", "REQUIRED"), (&*"x".repeat(51), "TOO_LONG")] {
            let input = json!({ "input": { "id": alpha, "name": name } });
            assert_eq!(refused(world, &world.token, RENAME, input).await, faults(&[(wanted, "name")]));
        }
        done(world, RENAME, json!({ "input": { "id": alpha, "name": "ALPHA" } })).await;
        let renamed = done(world, RENAME, json!({ "input": { "id": alpha, "name": "Omega" } })).await;
        assert_eq!(renamed["tag"], json!({ "id": alpha, "name": "Omega" }));
        let tags_now = "query($id: ID!) { account(id: $id) { version tags { name } } }";
        let account_now = world.data(tags_now, json!({ "id": account })).await;
        assert_eq!(tags(&account_now["account"]), ["alpine", "beta", "Omega", "Zulu", "ärger"]);

        let standard = colleague(world, "Standard", Role::Standard).await;
        let answer = world.send_as(&standard.token, DELETE, json!({ "input": { "id": alpha } })).await;
        assert_eq!(code(&answer), "FORBIDDEN");
        let stranger = organization(world, "Other", "other@example.com").await;
        for (mutation, input) in [(RENAME, json!({ "id": alpha, "name": "Mine" })), (DELETE, json!({ "id": alpha }))] {
            let input = json!({ "input": input });
            assert_eq!(refused(world, &stranger.token, mutation, input).await, faults(&[("NOT_FOUND", "id")]));
        }
        let theirs = world.send_as(&stranger.token, TAGS, json!({})).await;
        assert_eq!(theirs["data"]["tags"]["totalCount"], 0);
        let deleted = done(world, DELETE, json!({ "input": { "id": alpha } })).await;
        assert_eq!(deleted["deletedTag"], alpha);
        let left = world.data(tags_now, json!({ "id": account })).await;
        assert_eq!(tags(&left["account"]), ["alpine", "beta", "Zulu", "ärger"]);
        assert_eq!(left["account"]["version"], account_now["account"]["version"]);
        let input = json!({ "input": { "id": alpha } });
        assert_eq!(refused(world, &world.token, DELETE, input).await, faults(&[("NOT_FOUND", "id")]));
    }
}
