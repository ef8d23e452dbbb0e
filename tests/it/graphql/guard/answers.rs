//! The form of answers: nulls where the specification puts them, fields in the order of the query, failures of our own.

use std::sync::Arc;

use finbridge::http::GraphiqlPage;
use finbridge::service::{Sealer, ServiceResult};
use finbridge_domain::NodeKind;
use finbridge_emulator::{DEMO_EMAIL, DEMO_ZSC_KEY};
use finbridge_tests::{Backend, TestWorld, both_databases};
use serde_json::{Value, json};

use super::super::{Server, absent};
use super::{answered, ask, guarded, limit, long_texts, post};
use finbridge::config::Limits;

/// The answer's data as the text that was sent: a parsed object would not tell the order of its fields.
async fn data_text(world: &TestWorld, query: &str, variables: Value) -> String {
    let request = world.http().post(format!("{}/graphql", world.url)).bearer_auth(&world.token);
    let request = request.json(&json!({ "query": query, "variables": variables }));
    let text = request.send().await.unwrap().text().await.unwrap();
    let from = text.find("\"data\":").expect("data") + 7;
    let to = text.rfind(",\"extensions\":").or(text.rfind(",\"errors\":")).unwrap_or(text.len() - 1);
    text[from..to].to_owned()
}

both_databases! {
    async fn a_null_where_none_may_be_is_taken_up_to_where_one_may(world: &TestWorld) {
        let first = world.account("First").await;
        // `contacts` is not nullable, and neither is an item of `nodes`; the list itself is.
        let query = "query($id: ID!) { viewer { user { name } } accounts { nodes { name contacts(first: 0) { totalCount } } totalCount }
            account(id: $id) { name contacts(first: 0) { totalCount } } }";
        let answer = world.send(query, json!({ "id": first })).await;
        let wanted = json!({ "viewer": { "user": { "name": "Ada Administrator" } }, "accounts": { "nodes": null, "totalCount": 1 }, "account": null });
        assert_eq!(answer["data"], wanted, "{answer:#}");
        let mut paths: Vec<_> = answer["errors"].as_array().unwrap().iter().map(|error| error["path"].to_string()).collect();
        paths.sort();
        assert_eq!(paths, [r#"["account","contacts"]"#, r#"["accounts","nodes",0,"contacts"]"#]);
        assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");

        // Within a nullable object only that object is lost.
        let child = "mutation($parent: ID!) { accountCreate(input: { name: \"Child\", parentId: $parent }) { account {
            name parent { name contacts(first: 0) { totalCount } } } userErrors { code } } }";
        let answer = world.send(child, json!({ "parent": first })).await;
        let wanted = json!({ "accountCreate": { "account": { "name": "Child", "parent": null }, "userErrors": [] } });
        assert_eq!(answer["data"], wanted, "{answer:#}");
    }

    async fn fields_come_in_the_order_of_the_query(world: &TestWorld) {
        let id = world.account("Ordered").await;
        let query = "query($id: ID!, $no: Boolean!) { z: node(id: $id) { ... on Deal { stage { name } } ... on Account { version name } id ... on Node { __typename } }
            account(id: $id) { updatedAt @skip(if: $no) name ...More version owner { ...Skipped } parent { id @include(if: $no) } }
            a: __typename viewer { organization { name homeCurrencyCode } user { role name } } viewer { user { id } } }
            fragment More on Account { name wireId @skip(if: true) description industry }
            fragment Skipped on User { name @skip(if: true) }";
        let text = data_text(world, query, json!({ "id": id, "no": false })).await;
        let keys: Vec<_> = text.split('"').skip(1).step_by(2).collect();
        let keys: Vec<_> = keys.iter().copied().filter(|key| text.contains(&format!("\"{key}\":"))).collect();
        let wanted = ["z", "version", "name", "id", "__typename", "account", "updatedAt", "name", "description", "industry", "version",
            "owner", "parent", "a", "viewer", "organization", "name", "homeCurrencyCode", "user", "role", "name", "id"];
        assert_eq!(keys, wanted, "{text}");
        assert!(text.contains("\"owner\":{}") && text.contains("\"parent\":null"), "nothing of an object, and no object: {text}");
        assert!(!text.contains("__concrete"), "{text}");
    }

    async fn defaults_of_variables_count_where_fields_are_skipped(world: &TestWorld) {
        let query = "query($yes: Boolean! = true, $no: Boolean! = false) { viewer {
            a: user { name @include(if: $yes) role @skip(if: $yes) } b: user { name @include(if: $no) role @skip(if: $no) } } }";
        let text = data_text(world, query, json!({})).await;
        let wanted = r#"{"viewer":{"a":{"name":"Ada Administrator"},"b":{"role":"ADMINISTRATOR"}}}"#;
        assert_eq!(text, wanted);
        let text = data_text(world, query, json!({ "yes": false, "no": true })).await;
        let wanted = r#"{"viewer":{"a":{"role":"ADMINISTRATOR"},"b":{"name":"Ada Administrator"}}}"#;
        assert_eq!(text, wanted);
    }

    async fn objects_of_several_types_are_told_apart(world: &TestWorld) {
        let (account, absent) = (world.account("Known").await, absent(world, NodeKind::Contact));
        let query = "query($ids: [ID!]!) { nodes(ids: $ids) { ...A ... on Contact { email } } }
            fragment A on Account { n: name ... on Syncable { externalReferences { remoteKey } } }";
        let text = data_text(world, query, json!({ "ids": [account, absent, account] })).await;
        let known = r#"{"n":"Known","externalReferences":[]}"#;
        assert_eq!(text, format!(r#"{{"nodes":[{known},null,{known}]}}"#));
    }
}

struct Clumsy;

impl Sealer for Clumsy {
    fn seal(&self, _: &str) -> ServiceResult<String> {
        panic!("a resolver that fails in a way that nobody foresaw")
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_is_answered_and_hurts_nobody_else() {
    let world = TestWorld::start(Backend::Sqlite).await;
    let mut app = world.app.clone();
    app.sealer = Arc::new(Clumsy);
    let server = Server::start(app, GraphiqlPage::default()).await;
    let connect = "mutation($key: String!, $email: String!) {
        integrationConnect(input: { app: \"books\", email: $email, zscKey: $key }) { integration { id } } }";
    let variables = json!({ "key": DEMO_ZSC_KEY, "email": DEMO_EMAIL });
    let failing = ask(&world, &server, connect, variables);
    let fine = ask(&world, &server, "{ viewer { user { name } } }", json!({}));
    let ((status, answer), (others, _)) = tokio::join!(failing, fine);
    assert_eq!((status, others), (500, 200));
    let error = &answer["errors"][0];
    assert_eq!(error["extensions"]["code"], "INTERNAL_SERVER_ERROR");
    assert!(
        error["extensions"]["requestId"].is_string() && !answer.to_string().contains("foresaw"),
        "{answer:#}"
    );
    assert_eq!(ask(&world, &server, "{ viewer { user { name } } }", json!({})).await.0, 200);
    server.finish().await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_has_as_many_errors_as_are_allowed() {
    let world = TestWorld::start(Backend::Sqlite).await;
    let server = guarded(&world, Limits { errors: 3, ..Limits::default() }).await;
    let wrong: String = (0..19).map(|n| format!("wrong{n} ")).collect();
    let request = post(&world, &server).json(&json!({ "query": format!("{{ {wrong} }}") }));
    let (status, answer) = answered(request).await;
    assert_eq!((status, answer["errors"].as_array().map(Vec::len)), (400, Some(3)));
    server.finish().await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_too_large_is_not_sent() {
    let world = TestWorld::start(Backend::Sqlite).await;
    long_texts(&world, 10).await;
    let server = guarded(&world, Limits { answer_bytes: 1_000_000, ..Limits::default() }).await;
    let query = |aliases: usize| {
        let fields: String = (0..aliases).map(|n| format!("a{n}: description ")).collect();
        format!("{{ accounts(first: 100) {{ nodes {{ {fields} }} }} }}")
    };
    let (status, answer) = ask(&world, &server, &query(3), json!({})).await;
    assert_eq!((status, answer.get("errors")), (200, None), "900 kB");
    let (status, answer) = ask(&world, &server, &query(4), json!({})).await;
    assert_eq!((status, limit(&answer)), (200, ("ANSWER_TOO_LARGE".to_owned(), "ANSWER_BYTES".to_owned())));
    let extensions = &answer["errors"][0]["extensions"];
    let (found, maximum) = (extensions["found"].as_u64().unwrap(), extensions["maximum"].as_u64().unwrap());
    assert!((1_200_000..1_210_000).contains(&found) && maximum == 1_000_000, "{answer:#}");
    assert_eq!(answer["extensions"]["cost"]["actualQueryCost"], 11, "it was executed: {answer:#}");
    server.finish().await;

    let server = guarded(&world, Limits::default()).await;
    let (_, answer) = ask(&world, &server, &query(29), json!({})).await;
    assert_eq!(limit(&answer).1, "ANSWER_BYTES", "8.7 MB");
    server.finish().await;
    world.finish().await;
}
