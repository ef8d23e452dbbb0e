//! What is settled for every response: request ids, headers, browsers of other origins, introspection.

use finbridge::config::{Limits, Server as Settings};
use finbridge_tests::{Backend, TestWorld};
use reqwest::Method;
use serde_json::{Value, json};

use super::{GRAPHQL, answered, ask, configured, guarded, limit, post};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_response_has_a_request_id_and_the_headers_that_protect_browsers() {
    let world = TestWorld::start(Backend::Sqlite).await;
    let server = guarded(&world, Limits::default()).await;
    for path in ["/graphql", "/graphiql", "/graphiql/start.js", "/health/live", "/", "/nothing"] {
        let response = world.http().get(format!("{}{path}", server.url)).send().await.unwrap();
        let header = |name: &str| {
            response.headers().get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
        };
        assert!(!header("x-request-id").is_empty(), "{path}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header("x-frame-options"), "DENY", "{path}");
        assert_eq!(header("referrer-policy"), "no-referrer", "{path}");
        let policy = header("content-security-policy");
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
        let page = response.url().path() == "/graphiql";
        assert_eq!(policy.contains("script-src 'self';"), page, "{path}: {policy}");
        assert!(response.headers().get("access-control-allow-origin").is_none(), "{path}");
    }
    for (sent, taken) in [
        ("from-the_client.1:2", true),
        (&"x".repeat(128), true),
        (&"x".repeat(129), false),
        ("with blank", false),
        ("<script>", false),
        ("", false),
    ] {
        let request = post(&world, &server).header("x-request-id", sent).json(&json!({ "query": "{" }));
        let response = request.send().await.unwrap();
        let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
        assert_eq!(id == sent, taken, "{sent} → {id}");
        let answer: Value = response.json().await.unwrap();
        assert_eq!(answer["errors"][0]["extensions"]["requestId"], id.as_str());
    }
    server.finish().await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_the_listed_origins_may_ask_and_no_others() {
    let world = TestWorld::start(Backend::Sqlite).await;
    let ours = "https://app.example.com";
    let settings = Settings { cors_origins: vec![ours.to_owned()], ..Settings::default() };
    let server = configured(&world, settings, Limits::default()).await;
    for (origin, allowed) in
        [(ours, true), ("https://evil.example", false), ("https://app.example.com.evil.example", false)]
    {
        let flight =
            world.http().request(Method::OPTIONS, format!("{}/graphql", server.url)).header("origin", origin);
        let flight = flight.header("access-control-request-method", "POST");
        let flight = flight
            .header("access-control-request-headers", "authorization,content-type,last-event-id")
            .send()
            .await
            .unwrap();
        let headers =
            flight.headers().get("access-control-allow-headers").map(|value| value.to_str().unwrap());
        let headers: Vec<_> = headers.into_iter().flat_map(|value| value.split(',')).map(str::trim).collect();
        for needed in ["authorization", "content-type", "last-event-id", "x-requested-with", "x-request-id"] {
            assert!(headers.contains(&needed), "{needed} is not in {headers:?}");
        }
        let asked = post(&world, &server)
            .header("origin", origin)
            .json(&json!({ "query": "{ viewer { user { id } } }" }));
        for response in [flight, asked.send().await.unwrap()] {
            let told =
                response.headers().get("access-control-allow-origin").and_then(|value| value.to_str().ok());
            assert_eq!(told, allowed.then_some(origin), "{origin}");
            assert!(response.headers().get("access-control-allow-credentials").is_none());
        }
    }
    server.finish().await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn introspection_that_is_off_is_refused_plainly_and_nothing_is_suggested() {
    let world = TestWorld::start(Backend::Sqlite).await;
    let settings = Settings { introspection: false, graphiql: false, ..Settings::default() };
    let server = configured(&world, settings, Limits::default()).await;
    for query in [
        "{ __schema { types { name } } }",
        "{ viewer { user { id } } s: __type(name: \"Query\") { name } }",
        "{ ...F } fragment F on Query { ... { __schema { description } } }",
        "query A { viewer { user { id } } } query B { __schema { description } }",
    ] {
        let body = json!({ "query": query, "operationName": query.contains("query B").then_some("B") });
        let (status, answer) = answered(post(&world, &server).json(&body)).await;
        let wanted = ("GRAPHQL_VALIDATION_FAILED".to_owned(), "INTROSPECTION".to_owned());
        assert_eq!((status, limit(&answer)), (400, wanted), "{query}: {answer:#}");
    }
    let other = json!({ "query": "query A { __typename } query B { __schema { description } }", "operationName": "A" });
    let (status, answer) = answered(post(&world, &server).json(&other)).await;
    assert_eq!(
        (status, &answer["data"]),
        (200, &json!({ "__typename": "Query" })),
        "only what is executed counts"
    );
    for query in
        ["{ acounts { totalCount } }", "{ accounts(frst: 1) { totalCount } }", "{ viewer { usr { id } } }"]
    {
        let (_, answer) = ask(&world, &server, query, json!({})).await;
        let message = answer["errors"][0]["message"].as_str().unwrap();
        assert!(!message.contains("Did you mean"), "{message}");
    }
    let page = world.http().get(format!("{}/graphiql", server.url)).send().await.unwrap();
    assert_eq!(page.status(), 404);
    server.finish().await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn addresses_behind_a_proxy_of_ours_are_told_apart() {
    let world = TestWorld::start(Backend::Sqlite).await;
    let limits = Limits { unknown_tokens_per_minute: 2, ..Limits::default() };
    let trusting = Settings { trusted_proxies: vec!["127.0.0.1".parse().unwrap()], ..Settings::default() };
    for (settings, blocks_all) in [(trusting, false), (Settings::default(), true)] {
        let server = configured(&world, settings, limits.clone()).await;
        let guess = async |from: &str| {
            let request = world.http().post(format!("{}/graphql", server.url)).bearer_auth("fbt_guess");
            let request = request.header("accept", GRAPHQL).header("x-forwarded-for", from);
            answered(request.json(&json!({ "query": "{ __typename }" }))).await.0
        };
        assert_eq!((guess("192.0.2.1").await, guess("10.0.0.1, 192.0.2.1").await), (401, 401));
        assert_eq!(guess("192.0.2.1").await, 429);
        assert_eq!(guess("192.0.2.2").await, if blocks_all { 429 } else { 401 }, "who is believed");
        assert_eq!(guess("192.0.2.9, 192.0.2.1").await, 429, "what stands before could be anything");
        server.finish().await;
    }
    world.finish().await;
}
