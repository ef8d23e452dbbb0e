//! GraphQL over HTTP, after its specification, and what else the server serves.

use std::collections::HashSet;
use std::sync::Arc;

use finbridge::http::GraphiqlPage;
use finbridge_tests::{TestWorld, both_databases};
use reqwest::{RequestBuilder, Response};
use secrecy::SecretString;
use serde_json::{Value, json};

use super::{Server, code};

const GRAPHQL: &str = "application/graphql-response+json";
const JSON: &str = "application/json";

fn post(world: &TestWorld) -> RequestBuilder {
    world.http().post(format!("{}/graphql", world.url)).bearer_auth(&world.token)
}

fn get(world: &TestWorld, parameters: &[(&str, &str)]) -> RequestBuilder {
    world.http().get(format!("{}/graphql", world.url)).bearer_auth(&world.token).query(parameters)
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// Sends a request and checks what holds for every answer: a media type, a request id, and that id in each error.
async fn answered(request: RequestBuilder) -> (u16, String, Value) {
    let response = request.send().await.expect("an answer");
    let (status, request_id) = (response.status().as_u16(), header(&response, "x-request-id").to_owned());
    let media = header(&response, "content-type").to_owned();
    assert_eq!(header(&response, "cache-control"), "no-store");
    let answer: Value = response.json().await.expect("JSON");
    assert!(!request_id.is_empty(), "{answer:#}");
    for error in answer["errors"].as_array().into_iter().flatten() {
        assert_eq!(error["extensions"]["requestId"], request_id.as_str(), "{answer:#}");
        assert!(error["extensions"]["code"].is_string(), "{answer:#}");
    }
    let kind = media.split(';').next().unwrap_or_default().to_owned();
    (status, kind, answer)
}

both_databases! {
    async fn the_answer_is_of_the_media_type_that_the_client_accepts(world: &TestWorld) {
        let right = json!({ "query": "{ viewer { user { id } } }" });
        let unparsable = json!({ "query": "{ viewer " });
        let invalid = json!({ "query": "{ nothing }" });
        for (accept, media) in [
            (Some(GRAPHQL), GRAPHQL),
            (Some("application/graphql-response+json; charset=utf-8, application/json;q=0.9"), GRAPHQL),
            (Some("application/json, application/graphql-response+json"), GRAPHQL),
            (Some("Application/GraphQL-Response+JSON"), GRAPHQL),
            (Some(JSON), JSON),
            (Some("text/html, application/json;q=0.5"), JSON),
            (Some("application/*"), JSON),
            (Some("*/*"), JSON),
            (Some("text/html, */*;q=0.1"), JSON),
            (None, JSON),
        ] {
            let ask = async |body: &Value| {
                let request = post(world).json(body);
                answered(match accept {
                    Some(accept) => request.header("accept", accept),
                    None => request,
                })
                .await
            };
            let (status, kind, answer) = ask(&right).await;
            assert_eq!((status, kind.as_str()), (200, media), "{accept:?}");
            assert!(answer["data"]["viewer"]["user"]["id"].is_string() && answer.get("errors").is_none());
            let refused = if media == GRAPHQL { 400 } else { 200 };
            for (body, wanted) in [(&unparsable, "GRAPHQL_PARSE_FAILED"), (&invalid, "GRAPHQL_VALIDATION_FAILED")] {
                let (status, kind, answer) = ask(body).await;
                assert_eq!((status, kind.as_str(), code(&answer)), (refused, media, wanted), "{accept:?}");
                assert!(answer["data"].is_null(), "{answer:#}");
            }
        }
        for accept in ["text/html", "application/xml, text/*", "image/png"] {
            let (status, _, answer) = answered(post(world).json(&right).header("accept", accept)).await;
            assert_eq!((status, code(&answer)), (406, "BAD_USER_INPUT"), "{accept}");
        }
    }

    async fn an_error_in_a_field_is_part_of_a_successful_answer(world: &TestWorld) {
        let query = json!({ "query": "{ viewer { user { name } } accounts(first: 0) { totalCount } }" });
        let (status, _, answer) = answered(post(world).json(&query).header("accept", GRAPHQL)).await;
        assert_eq!((status, code(&answer)), (200, "BAD_USER_INPUT"));
        assert_eq!(answer["data"], json!({ "viewer": { "user": { "name": "Ada Administrator" } }, "accounts": null }));
        assert_eq!(answer["errors"][0]["path"], json!(["accounts"]));
    }

    async fn bodies_that_are_not_a_request_are_refused(world: &TestWorld) {
        let right = r#"{ "query": "{ viewer { user { id } } }" }"#;
        for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/graphql", ""] {
            let (status, _, answer) = answered(post(world).header("content-type", kind).body(right)).await;
            assert_eq!((status, code(&answer)), (415, "BAD_USER_INPUT"), "{kind}");
        }
        let (status, _, answer) = answered(post(world).body(right)).await;
        assert_eq!((status, code(&answer)), (415, "BAD_USER_INPUT"), "no content type");
        for kind in ["application/json", "application/json; charset=utf-8", "Application/JSON"] {
            assert_eq!(answered(post(world).header("content-type", kind).body(right)).await.0, 200, "{kind}");
        }
        for body in [
            "", "{", "null", "[]", "\"{ viewer }\"", "{}", r#"{ "query": 7 }"#, r#"{ "query": null }"#,
            r#"{ "query": "{ viewer { user { id } } }", "variables": [] }"#,
            r#"{ "query": "{ viewer { user { id } } }", "operationName": 1 }"#,
            r#"[{ "query": "{ viewer { user { id } } }" }]"#,
        ] {
            for accept in [GRAPHQL, JSON] {
                let request = post(world).header("content-type", JSON).header("accept", accept).body(body);
                let (status, kind, answer) = answered(request).await;
                assert_eq!((status, kind.as_str(), code(&answer)), (400, accept, "BAD_USER_INPUT"), "{body}");
            }
        }
    }

    async fn bodies_have_at_most_256_kibibytes(world: &TestWorld) {
        let frame = json!({ "query": "{ viewer { user { id } } }", "variables": { "x": "" } }).to_string();
        let body = |size: usize| frame.replace("\"\"", &format!("\"{}\"", "x".repeat(size - frame.len())));
        let largest = body(256 * 1024);
        assert_eq!(largest.len(), 256 * 1024);
        assert_eq!(answered(post(world).header("content-type", JSON).body(largest)).await.0, 200);
        let (status, _, answer) = answered(post(world).header("content-type", JSON).body(body(256 * 1024 + 1))).await;
        assert_eq!((status, code(&answer)), (413, "BAD_USER_INPUT"));
    }

    async fn get_runs_queries_that_no_form_can_send_and_nothing_else(world: &TestWorld) {
        let query = ("query", "query($id: ID!) { viewer { user { id } } account(id: $id) { name } }");
        let account = world.account("Got").await;
        let variables = json!({ "id": account }).to_string();
        let simple = get(world, &[query, ("variables", &variables)]);
        let (status, _, answer) = answered(simple).await;
        assert_eq!((status, code(&answer)), (400, "BAD_USER_INPUT"));
        for (name, value) in [("x-requested-with", "test"), ("content-type", "application/json")] {
            let request = get(world, &[query, ("variables", &variables)]).header(name, value);
            let (status, _, answer) = answered(request).await;
            assert_eq!((status, &answer["data"]["account"]["name"]), (200, &json!("Got")));
        }
        for kind in ["text/plain", "application", "multipart/form-data", "application/x-www-form-urlencoded"] {
            assert_eq!(answered(get(world, &[query]).header("content-type", kind)).await.0, 400, "{kind}");
        }

        let xhr = |parameters: &[(&str, &str)]| get(world, parameters).header("x-requested-with", "test");
        let two = "query Read { viewer { user { id } } } mutation Write { accountCreate(input: { name: \"No\" }) { account { id } } }";
        for write in [
            vec![("query", "mutation { accountCreate(input: { name: \"No\" }) { account { id } } }")],
            vec![("query", two), ("operationName", "Write")],
            vec![("query", two)],
        ] {
            let response = xhr(&write).send().await.expect("an answer");
            assert_eq!((response.status().as_u16(), header(&response, "allow")), (405, "POST"), "{write:?}");
            assert_eq!(code(&response.json().await.expect("JSON")), "BAD_USER_INPUT");
        }
        let names = world.data("{ accounts { nodes { name } } }", json!({})).await;
        assert_eq!(names["accounts"]["nodes"], json!([{ "name": "Got" }]), "nothing was written");
        assert_eq!(answered(xhr(&[("query", two), ("operationName", "Read")])).await.0, 200);

        for wrong in [vec![], vec![query, ("variables", "{")], vec![query, ("variables", "[]")], vec![query, query]] {
            let (status, _, answer) = answered(xhr(&wrong)).await;
            assert_eq!((status, code(&answer)), (400, "BAD_USER_INPUT"), "{wrong:?}");
        }
        let (status, _, answer) = answered(xhr(&[("query", "{")])).await;
        assert_eq!((status, code(&answer)), (200, "GRAPHQL_PARSE_FAILED"));
    }

    async fn each_answer_has_a_request_id_of_its_own(world: &TestWorld) {
        let mut seen = HashSet::new();
        for _ in 0..3 {
            let response = post(world).json(&json!({ "query": "{ nothing }" })).send().await.expect("an answer");
            assert!(seen.insert(header(&response, "x-request-id").to_owned()));
        }
    }

    async fn an_answer_has_at_most_ten_errors(world: &TestWorld) {
        let fields: String = (0..20).map(|n| format!("f{n}: accounts(first: 0) {{ totalCount }} ")).collect();
        let answer = world.send(&format!("{{ {fields} }}"), json!({})).await;
        let errors = answer["errors"].as_array().expect("errors");
        assert_eq!(errors.len(), 10);
        assert!(errors.iter().all(|error| error["extensions"]["code"] == "BAD_USER_INPUT"), "{answer:#}");
    }

    async fn health_is_told_without_a_token(world: &TestWorld) {
        for path in ["/health/live", "/health/ready"] {
            let response = world.http().get(format!("{}{path}", world.url)).send().await.expect("an answer");
            assert_eq!(response.status(), 200, "{path}");
        }
    }

    async fn graphiql_loads_everything_from_this_server(world: &TestWorld) {
        let response = world.http().get(&world.url).send().await.expect("an answer");
        assert_eq!((response.status().as_u16(), response.url().path()), (200, "/graphiql"));
        assert!(header(&response, "content-type").starts_with("text/html"));
        let page = response.text().await.expect("a page");
        assert!(!page.contains("{{"), "every place is filled: {page}");
        let mut loaded = 0;
        for tag in page.split('<').filter(|tag| tag.starts_with("script") || tag.starts_with("link")) {
            let tag = tag.split('>').next().unwrap_or_default();
            let Some(source) = tag.split(['"', '\'']).skip(1).step_by(2).find(|value| value.contains('/') && value.contains('.')) else {
                let is_in_the_page = tag.contains("href=\"data:");
                assert!(!tag.contains("src") && (is_in_the_page || !tag.contains("href")), "{tag}");
                continue;
            };
            assert!(source.starts_with("/graphiql/"), "{tag}");
            let file = world.http().get(format!("{}{source}", world.url)).send().await.expect("a file");
            let kind = if source.ends_with(".css") { "text/css" } else { "text/javascript" };
            assert_eq!((file.status().as_u16(), header(&file, "content-type").starts_with(kind)), (200, true), "{source}");
            assert!(file.bytes().await.is_ok_and(|bytes| bytes.len() > 100), "{source}");
            loaded += 1;
        }
        assert!(loaded >= 4, "{page}");
        assert!(!page.contains("http://") && !page.contains("https://"), "nothing points elsewhere: {page}");
        let missing = ["/graphiql/none.js", "/graphiql/index.html", "/graphiql/..%2f..%2fCargo.toml", "/graphiql/README.md"];
        for path in missing {
            let response = world.http().get(format!("{}{path}", world.url)).send().await.expect("an answer");
            assert_eq!(response.status(), 404, "{path}");
        }
    }

    async fn graphiql_shows_its_token_to_this_machine_only(world: &TestWorld) {
        let secret = "fbt_theTokenOfTheDemo</script>";
        let page = GraphiqlPage { token: Some(Arc::new(SecretString::from(secret))), queries: vec!["{ viewer { user { id } } }"] };
        let server = Server::start(world.app.clone(), page).await;
        let shown = async |host: Option<&str>| {
            let request = world.http().get(format!("{}/graphiql", server.url));
            let request = match host {
                Some(host) => request.header("host", host),
                None => request,
            };
            let response = request.send().await.expect("an answer");
            assert_eq!(header(&response, "x-frame-options"), "DENY");
            assert_eq!(header(&response, "cache-control"), "no-store");
            response.text().await.expect("a page")
        };
        for host in [None, Some("localhost"), Some("localhost:8080"), Some("127.0.0.1"), Some("[::1]:8080")] {
            let page = shown(host).await;
            assert!(page.contains("theTokenOfTheDemo"), "{host:?}");
            assert!(!page.contains(secret), "a token cannot end the script element");
        }
        for host in ["evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example:80", "10.0.0.1", "0.0.0.0:8080"] {
            let page = shown(Some(host)).await;
            assert!(!page.contains("theTokenOfTheDemo"), "{host}");
            assert!(page.contains("finbridge token"), "{host}");
        }
        server.finish().await;
    }
}
