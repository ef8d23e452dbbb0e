//! The graphql-transport-ws protocol, message by message and code by code.

use finbridge_domain::NodeKind;
use finbridge_tests::{Backend, TestWorld};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{self, Message};

use super::super::absent;
use super::{PROGRESS, Socket, accounts, code, ready, server};

const VIEWER: &str = "{ viewer { user { name } } }";

fn query(id: &str) -> Value {
    json!({ "type": "subscribe", "id": id, "payload": { "query": VIEWER } })
}

#[tokio::test]
async fn a_handshake_without_the_subprotocol_is_closed_with_4406() {
    let world = TestWorld::start(Backend::Sqlite).await;
    for offered in [None, Some("graphql-ws"), Some("soap, graphql-ws")] {
        let headers: Vec<_> =
            offered.map(|offered| ("sec-websocket-protocol", offered)).into_iter().collect();
        // A client of this library refuses a handshake in which none of its subprotocols is taken, as browsers do.
        match Socket::handshake(&world.url, &headers).await {
            Ok(mut socket) => assert_eq!(socket.closed().await.0, 4406),
            Err(error) => assert!(offered.is_some() && error.to_string().contains("ubprotocol"), "{error}"),
        }
    }
    let headers = [("sec-websocket-protocol", "soap, graphql-transport-ws")];
    let mut socket = Socket::handshake(&world.url, &headers).await.expect("a WebSocket");
    socket.init(&world.token).await;
    assert_eq!(socket.hear().await["type"], "connection_ack");
    world.finish().await;
}

#[tokio::test]
async fn web_pages_of_other_origins_open_no_socket() {
    let world = TestWorld::start(Backend::Sqlite).await;
    let other = server(&world, |config| {
        config.server.cors_origins = vec!["https://app.example.com".to_owned()];
    })
    .await;
    let own = world.url.clone();
    for (url, origin, may) in [
        (&world.url, own.as_str(), true),
        (&world.url, "https://evil.example", false),
        (&world.url, "null", false),
        (&world.url, "https://app.example.com", false),
        (&other.url, "https://app.example.com", true),
        (&other.url, "https://evil.example", false),
    ] {
        let headers = [("sec-websocket-protocol", "graphql-transport-ws"), ("origin", origin)];
        match Socket::handshake(url, &headers).await {
            Ok(_) => assert!(may, "{origin}"),
            Err(tungstenite::Error::Http(response)) => {
                assert_eq!((response.status().as_u16(), may), (403, false), "{origin}");
                let body: Value =
                    serde_json::from_slice(response.body().as_deref().unwrap_or_default()).expect("JSON");
                assert_eq!(super::super::code(&body), "FORBIDDEN");
            }
            Err(error) => panic!("{origin}: {error}"),
        }
    }
    other.finish().await;
    world.finish().await;
}

#[tokio::test]
async fn a_socket_is_initialised_once_with_a_good_token() {
    let world = TestWorld::start(Backend::Sqlite).await;
    let bearer = format!("Bearer {}", world.token);
    for (header, payload, wanted) in [
        (None, json!({ "authorization": bearer }), None),
        (None, json!({ "Authorization": bearer, "more": 1 }), None),
        (Some(bearer.as_str()), Value::Null, None),
        (Some(bearer.as_str()), json!({ "other": true }), None),
        (None, Value::Null, Some("Forbidden: TOKEN_MISSING")),
        (None, json!({ "authorization": 7 }), Some("Forbidden: TOKEN_MISSING")),
        (None, json!({ "authorization": "Bearer fbt_nobody" }), Some("Forbidden: TOKEN_UNKNOWN")),
        // What the payload says is meant, whatever a proxy or a cookie jar added.
        (
            Some(bearer.as_str()),
            json!({ "authorization": "Bearer fbt_nobody" }),
            Some("Forbidden: TOKEN_UNKNOWN"),
        ),
    ] {
        let mut headers = vec![("sec-websocket-protocol", "graphql-transport-ws")];
        headers.extend(header.map(|header| ("authorization", header)));
        let mut socket = Socket::handshake(&world.url, &headers).await.expect("a WebSocket");
        socket.say(json!({ "type": "connection_init", "payload": payload })).await;
        match wanted {
            None => assert_eq!(socket.hear().await["type"], "connection_ack", "{payload}"),
            Some(reason) => assert_eq!(socket.closed().await, (4403, reason.to_owned()), "{payload}"),
        }
    }
    let mut twice = Socket::signed_in(&world.url, &world.token).await;
    twice.init(&world.token).await;
    assert_eq!(twice.closed().await.0, 4429);
    // Also before the first was answered.
    let mut twice = Socket::connect(&world.url).await;
    twice.init(&world.token).await;
    twice.init(&world.token).await;
    assert_eq!(twice.closed().await.0, 4429);

    let mut early = Socket::connect(&world.url).await;
    early.say(query("1")).await;
    assert_eq!(early.closed().await.0, 4401);
    world.finish().await;
}

#[tokio::test]
async fn a_socket_that_is_not_initialised_in_time_is_closed_with_4408() {
    let world = TestWorld::start(Backend::Sqlite).await;
    let server = server(&world, |config| config.subscriptions.init_seconds = 1).await;
    let mut late = Socket::connect(&server.url).await;
    late.say(json!({ "type": "ping" })).await;
    assert_eq!(late.hear().await, json!({ "type": "pong" }));
    assert_eq!(late.closed().await.0, 4408);
    let mut in_time = Socket::signed_in(&server.url, &world.token).await;
    tokio::time::sleep(std::time::Duration::from_millis(1_300)).await;
    in_time.say(query("1")).await;
    assert_eq!(in_time.hear().await["type"], "next");
    server.finish().await;
    world.finish().await;
}

#[tokio::test]
async fn messages_that_are_none_are_answered_with_4400() {
    let world = TestWorld::start(Backend::Sqlite).await;
    let big = json!({ "type": "ping", "payload": { "a": "x".repeat(300 * 1024) } }).to_string();
    for (message, wanted) in [
        (Message::text("hello"), 4400),
        (Message::text(r#"{"type":"start","id":"1","payload":{"query":"{ a }"}}"#), 4400),
        (Message::text(r#"{"type":"subscribe","id":"1","payload":{"query":7}}"#), 4400),
        (Message::text(r#"{"type":"subscribe","id":"","payload":{"query":"{ a }"}}"#), 4400),
        (Message::binary(r#"{"type":"ping"}"#), 4400),
        (Message::text(big), 1009),
    ] {
        let mut socket = Socket::signed_in(&world.url, &world.token).await;
        socket.send(message.clone()).await;
        let (code, reason) = socket.closed().await;
        assert_eq!(code, wanted, "{reason}");
    }
    world.finish().await;
}

#[tokio::test]
async fn pings_go_both_ways_and_a_client_that_is_silent_is_dropped() {
    let world = TestWorld::start(Backend::Sqlite).await;
    let server = server(&world, |config| config.subscriptions.ping_seconds = 1).await;
    let mut socket = Socket::signed_in(&server.url, &world.token).await;
    let payload = json!({ "sent": 1.5, "nested": [null] });
    socket.say(json!({ "type": "ping", "payload": payload })).await;
    assert_eq!(socket.hear().await, json!({ "type": "pong", "payload": payload }));

    let mut silent = Socket::signed_in(&server.url, &world.token).await;
    silent.answers_pings = false;
    let begun = std::time::Instant::now();
    let closing = async {
        // The library below answers pings of the WebSocket protocol by itself, so only those of this one count here.
        let (code, reason) = silent.closed().await;
        (code, reason, begun.elapsed().as_millis())
    };
    let staying = async {
        for _ in 0..4 {
            let Some(Message::Text(text)) = socket.frame().await else { panic!("a ping was to come") };
            assert_eq!(text.as_str(), r#"{"type":"ping"}"#);
            socket.say(json!({ "type": "pong" })).await;
        }
        socket.say(query("1")).await;
        assert_eq!(socket.hear().await["type"], "next");
    };
    let ((code, _, after), ()) = tokio::join!(closing, staying);
    assert_eq!(code, 4499);
    assert!(after >= 1_900, "it was dropped after {after} ms");
    server.finish().await;
    world.finish().await;
}

#[tokio::test]
async fn queries_and_mutations_are_answered_and_completed() {
    let world = TestWorld::start(Backend::Sqlite).await;
    let mut socket = Socket::signed_in(&world.url, &world.token).await;
    socket.subscribe("q", "query Who { viewer { user { name } } }", Value::Null).await;
    let (answers, end) = socket.heard_out("q").await;
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0]["data"], json!({ "viewer": { "user": { "name": "Ada Administrator" } } }));
    assert_eq!(answers[0]["extensions"]["cost"]["actualQueryCost"], 2, "what it cost is told here too");
    assert_eq!(end, json!({ "type": "complete", "id": "q" }));

    let create = "mutation($name: String!) { accountCreate(input: { name: $name }) { account { name } userErrors { code } } }";
    socket.subscribe("m", create, json!({ "name": "Over a socket" })).await;
    let (answers, end) = socket.heard_out("m").await;
    assert_eq!(answers[0]["data"]["accountCreate"]["account"]["name"], "Over a socket");
    assert_eq!((answers.len(), &end["type"]), (1, &json!("complete")));
    assert_eq!(world.data("{ accounts { totalCount } }", json!({})).await["accounts"]["totalCount"], 1);

    // A field that fails is part of an answer; a request that is refused has none.
    socket
        .subscribe("f", "{ viewer { user { name } } accounts(first: 0) { totalCount } }", Value::Null)
        .await;
    let (answers, end) = socket.heard_out("f").await;
    assert_eq!(
        answers[0]["data"],
        json!({ "viewer": { "user": { "name": "Ada Administrator" } }, "accounts": null })
    );
    assert_eq!(answers[0]["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
    assert!(answers[0]["errors"][0]["extensions"]["requestId"].is_string());
    assert_eq!(end["type"], "complete");
    let aliases: String = (0..31).map(|n| format!("a{n}: name ")).collect();
    let many_aliases = format!("{{ viewer {{ user {{ {aliases} }} }} }}");
    for (text, wanted) in [
        ("{ viewer ", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        (
            "query A { viewer { user { id } } } query B { viewer { user { id } } }",
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (&many_aliases, "COST_LIMIT"),
    ] {
        socket.subscribe("bad", text, Value::Null).await;
        assert_eq!(code(&socket.hear().await), wanted, "{text}");
    }
    world.finish().await;
}

#[tokio::test]
async fn many_operations_share_a_socket_each_under_its_own_id() {
    let world = TestWorld::start(Backend::Sqlite).await;
    let integration = ready(&world, 6, 100).await;
    let run = world.start_run(&integration).await;
    let mut socket = Socket::signed_in(&world.url, &world.token).await;
    for id in ["a", "b"] {
        socket.subscribe(id, PROGRESS, json!({ "run": run })).await;
    }
    socket.subscribe("q", VIEWER, Value::Null).await;
    let mut ended = Vec::new();
    let mut last = Value::Null;
    while ended.len() < 3 {
        let mut message = socket.hear().await;
        if message["type"] == "next" {
            if message["id"] == "a" {
                last = message["payload"]["data"]["syncRunProgress"].take();
            }
            continue;
        }
        assert_eq!(message["type"], "complete", "{message:#}");
        ended.push(message["id"].as_str().unwrap().to_owned());
    }
    assert_eq!(ended[0], "q", "a query does not wait for subscriptions");
    assert_eq!((&last["run"]["state"], &last["totals"]["added"]), (&json!("SUCCEEDED"), &json!(6)));
    world.finish().await;
}

#[tokio::test]
async fn an_id_is_taken_until_its_operation_ends_and_free_afterwards() {
    let world = TestWorld::start(Backend::Sqlite).await;
    let integration = ready(&world, 8, 700).await;
    let mut socket = Socket::signed_in(&world.url, &world.token).await;
    for _ in 0..20 {
        socket.subscribe("same", VIEWER, Value::Null).await;
        assert_eq!(socket.heard_out("same").await.0.len(), 1);
    }
    let run = world.start_run(&integration).await;
    // A client that has enough says so, and hears no more of it.
    socket.subscribe("same", PROGRESS, json!({ "run": run })).await;
    socket.state().await;
    socket.say(json!({ "type": "complete", "id": "same" })).await;
    socket.say(json!({ "type": "complete", "id": "same" })).await;
    socket.say(json!({ "type": "complete", "id": "never" })).await;
    socket.subscribe("same", VIEWER, Value::Null).await;
    let mut message = socket.hear().await;
    while message["payload"]["data"].get("viewer").is_none() {
        assert_eq!((&message["type"], &message["id"]), (&json!("next"), &json!("same")), "{message:#}");
        message = socket.hear().await;
    }
    assert_eq!(socket.hear().await, json!({ "type": "complete", "id": "same" }));

    socket.subscribe("same", PROGRESS, json!({ "run": run })).await;
    socket.state().await;
    socket.subscribe("same", VIEWER, Value::Null).await;
    assert_eq!(socket.closed().await, (4409, "Subscriber for same already exists".to_owned()));
    world.ended(&run).await;
    world.finish().await;
}

#[tokio::test]
async fn a_subscription_has_one_root_field_which_may_stand_in_a_fragment() {
    let world = TestWorld::start(Backend::Sqlite).await;
    let integration = world.connect().await;
    world.configure(&integration, "SKIP", false).await;
    accounts(&world, 1).await;
    let run = world.start_run(&integration).await;
    world.ended(&run).await;
    let mut socket = Socket::signed_in(&world.url, &world.token).await;
    let field = format!("syncRunProgress(runId: \"{run}\")");
    for (n, text) in [
        format!("subscription {{ ...F }} fragment F on Subscription {{ {field} {{ phase }} }}"),
        format!("subscription {{ ... on Subscription {{ ... {{ {field} {{ phase }} }} }} }}"),
        format!("subscription {{ ...A ...B {field} {{ cursor }} }} fragment A on Subscription {{ ...B }} fragment B on Subscription {{ {field} {{ ...P }} }} fragment P on SyncRunProgress {{ phase }}"),
        format!("subscription One {{ {field} {{ phase }} }}"),
    ]
    .iter()
    .enumerate()
    {
        let id = n.to_string();
        socket.subscribe(&id, text, Value::Null).await;
        let (events, end) = socket.heard_out(&id).await;
        assert_eq!(events.len(), 1, "{text}\n{end:#}");
        assert_eq!(events[0]["data"]["syncRunProgress"]["phase"], "DONE", "{text}");
    }
    for (text, wanted) in [
        (format!("subscription {{ a: {field} {{ phase }} b: {field} {{ phase }} }}"), "exactly one"),
        (
            format!(
                "subscription {{ {field} {{ phase }} ...F }} fragment F on Subscription {{ b: {field} {{ phase }} }}"
            ),
            "exactly one",
        ),
        (
            format!("subscription {{ {field} {{ phase }} syncRunProgress(runId: \"x\") {{ phase }} }}"),
            "different arguments",
        ),
        (format!("subscription {{ {field} @skip(if: false) {{ phase }} }}"), "@skip"),
        (
            format!(
                "subscription {{ ...F @include(if: true) }} fragment F on Subscription {{ {field} {{ phase }} }}"
            ),
            "@skip",
        ),
        ("subscription { __typename }".to_owned(), "root field"),
        ("subscription { ...F } fragment F on Query { viewer { user { id } } }".to_owned(), "F"),
        ("subscription { ...Missing }".to_owned(), "Missing"),
        (
            format!("subscription {{ ...F }} fragment F on Subscription {{ {field} {{ nothing }} }}"),
            "nothing",
        ),
    ] {
        socket.subscribe("x", &text, Value::Null).await;
        let message = socket.hear().await;
        assert_eq!(
            message["payload"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED",
            "{text}\n{message:#}"
        );
        assert!(message["payload"][0]["message"].as_str().unwrap().contains(wanted), "{text}\n{message:#}");
    }
    let own = absent(&world, NodeKind::SyncRun);
    for (id, wanted) in [
        (own.as_str(), "BAD_USER_INPUT"),
        ("account_01h455vb4pex5vsknk084sn02q", "BAD_USER_INPUT"),
        ("x", "BAD_USER_INPUT"),
    ] {
        socket.subscribe("x", PROGRESS, json!({ "run": id })).await;
        assert_eq!(code(&socket.hear().await), wanted, "{id}");
    }
    world.finish().await;
}
