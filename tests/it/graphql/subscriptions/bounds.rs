//! What a client may have, and what happens to one that takes more, or loses its right.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use finbridge::auth::token::{self, TokenFor};
use finbridge_domain::Clock;
use finbridge_entity::types::Role;
use finbridge_entity::{api_token, membership};
use finbridge_tests::{Backend, TestWorld};
use futures::SinkExt;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::super::{colleague, db};
use super::{PROGRESS, Socket, code, ready, server};

#[tokio::test]
async fn a_socket_carries_so_many_operations_at_a_time() {
    let world = TestWorld::start(Backend::Sqlite).await;
    let server = server(&world, |config| config.subscriptions.operations_per_socket = 2).await;
    let integration = ready(&world, 4, 400).await;
    let run = world.start_run(&integration).await;
    let mut socket = Socket::signed_in(&server.url, &world.token).await;
    for id in ["a", "b", "c"] {
        socket.subscribe(id, PROGRESS, json!({ "run": run })).await;
    }
    let mut message = socket.hear().await;
    while message["type"] == "next" {
        message = socket.hear().await;
    }
    assert_eq!((message["id"].as_str(), code(&message)), (Some("c"), "THROTTLED"));
    socket.say(json!({ "type": "complete", "id": "a" })).await;
    socket.subscribe("d", "{ viewer { user { id } } }", Value::Null).await;
    let mut message = socket.hear().await;
    while message["id"] != "d" {
        assert_eq!(message["type"], "next", "{message:#}");
        message = socket.hear().await;
    }
    assert_eq!(message["type"], "next", "{message:#}");
    world.ended(&run).await;
    server.finish().await;
    world.finish().await;
}

#[tokio::test]
async fn a_token_has_so_many_streams_over_both_transports() {
    let world = TestWorld::start(Backend::Sqlite).await;
    let server = server(&world, |config| config.subscriptions.streams_per_token = 2).await;
    let first = Socket::signed_in(&server.url, &world.token).await;
    let _second = Socket::signed_in(&server.url, &world.token).await;
    let mut third = Socket::connect(&server.url).await;
    third.init(&world.token).await;
    let (code, reason) = third.closed().await;
    assert_eq!((code, reason.contains("too many streams")), (1013, true), "{reason}");
    let stream = || {
        let request = world.http().post(format!("{}/graphql", server.url)).bearer_auth(&world.token);
        request
            .header("accept", "text/event-stream")
            .json(&json!({ "query": "{ viewer { user { id } } }" }))
            .send()
    };
    let refused = stream().await.expect("an answer");
    assert_eq!(refused.status(), 429);
    let refused: Value = refused.json().await.expect("JSON");
    assert_eq!(super::super::code(&refused), "THROTTLED");
    let other = colleague(&world, "Olga", Role::Standard).await;
    let _other = Socket::signed_in(&server.url, &other.token).await;
    drop(first);
    let begun = Instant::now();
    while stream().await.expect("an answer").status() != 200 {
        assert!(begun.elapsed() < Duration::from_secs(10), "a place is free again");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    server.finish().await;
    world.finish().await;
}

#[tokio::test]
async fn a_socket_ends_with_its_token() {
    let world = TestWorld::start(Backend::Sqlite).await;
    let server = server(&world, |config| config.subscriptions.token_check_seconds = 1).await;
    let (revoked, moved) =
        (colleague(&world, "Rita", Role::Standard).await, colleague(&world, "Mo", Role::Standard).await);
    let expiring = token::generate();
    let wish = TokenFor {
        organization_id: world.viewer.organization_id,
        user_id: world.viewer.user_id,
        name: "expiring".to_owned(),
        expires_at: Some(world.clock.now() + TimeDelta::hours(1)),
    };
    token::store(db(&world), world.clock.as_ref(), &world.app.engine.ids, wish, &expiring)
        .await
        .expect("a token");

    let mut sockets = Vec::new();
    for token in [&revoked.token, &moved.token, &expiring, &world.token] {
        sockets.push(Socket::signed_in(&server.url, token).await);
    }
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    let [mut revoked_socket, mut moved_socket, mut expiring_socket, mut good] =
        <[Socket; 4]>::try_from(sockets).unwrap_or_else(|_| panic!("four sockets"));
    good.subscribe("1", "{ viewer { user { id } } }", Value::Null).await;
    assert_eq!(good.heard_out("1").await.1["type"], "complete", "good tokens were looked at, and stay");

    api_token::Entity::update_many()
        .col_expr(api_token::Column::RevokedAt, Expr::value(Some(world.clock.now())))
        .filter(api_token::Column::TokenHash.eq(token::hash(&revoked.token)))
        .exec(db(&world))
        .await
        .unwrap();
    membership::Entity::update_many()
        .col_expr(membership::Column::Role, Expr::value(Role::Administrator))
        .filter(membership::Column::UserId.eq(moved.viewer.user_id))
        .exec(db(&world))
        .await
        .unwrap();
    world.advance(TimeDelta::hours(2));
    assert_eq!(revoked_socket.closed().await, (4403, "Forbidden: TOKEN_REVOKED".to_owned()));
    assert_eq!(expiring_socket.closed().await, (4403, "Forbidden: TOKEN_EXPIRED".to_owned()));
    let (code, reason) = moved_socket.closed().await;
    assert_eq!((code, reason.contains("rights")), (4403, true));
    good.subscribe("2", "{ viewer { user { id } } }", Value::Null).await;
    assert_eq!(good.heard_out("2").await.1["type"], "complete");
    server.finish().await;
    world.finish().await;
}

/// The whole schema, some hundred kilobytes.
const LARGE: &str = "{ __schema { types { name description fields { name description type { name ofType { name ofType { name } } } args { name description } } } } }";

#[tokio::test]
async fn a_client_that_takes_nothing_is_dropped() {
    let world = TestWorld::start(Backend::Sqlite).await;
    let server = server(&world, |config| {
        config.subscriptions.slow_seconds = 1;
        config.subscriptions.operations_per_socket = 500;
        config.subscriptions.streams_per_token = 1;
    })
    .await;
    let mut slow = Socket::signed_in(&server.url, &world.token).await;
    const ASKED: usize = 400;
    for n in 0..ASKED {
        slow.subscribe(&n.to_string(), LARGE, Value::Null).await;
    }
    // Its place is free again as soon as it is dropped. Until then nobody else gets in.
    let begun = Instant::now();
    loop {
        let mut next = Socket::connect(&server.url).await;
        next.init(&world.token).await;
        match next.frame().await {
            Some(Message::Text(text)) if text.contains("connection_ack") => break,
            other => assert!(begun.elapsed() < Duration::from_secs(45), "it is still there: {other:?}"),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let (mut answers, mut code) = (0, None);
    while let Some(frame) = slow.frame().await {
        match frame {
            Message::Text(text) => answers += usize::from(text.contains("\"next\"")),
            Message::Close(frame) => code = frame.map(|frame| u16::from(frame.code)),
            _ => {}
        }
    }
    assert!(answers < ASKED, "everything was kept for it");
    // Whether the close still fits into what the network buffers is not ours to say.
    assert!(matches!(code, None | Some(1013)), "{code:?}");
    server.finish().await;
    world.finish().await;
}

#[tokio::test]
async fn a_socket_may_say_little_before_it_is_acknowledged() {
    let world = TestWorld::start(Backend::Sqlite).await;
    for size in [20_000, 900_000] {
        let mut socket = Socket::connect(&world.url).await;
        // How much of it can be sent is the affair of the network's buffers.
        let long = json!({ "type": "ping", "payload": { "a": "x".repeat(size) } }).to_string();
        let sending = socket.ws.send(Message::text(long));
        let _ = tokio::time::timeout(Duration::from_millis(200), sending).await;
        let (code, reason) = socket.closed().await;
        assert_eq!((code, reason.contains("before connection_ack")), (1009, true), "{reason}");
    }
    let mut socket = Socket::signed_in(&world.url, &world.token).await;
    let payload = json!({ "a": "x".repeat(200_000) });
    socket.say(json!({ "type": "ping", "payload": payload })).await;
    assert_eq!(socket.hear().await, json!({ "type": "pong", "payload": payload }));
    let many = json!({ "type": "ping", "payload": { "a": vec![0; 5_000] } });
    socket.say(many).await;
    assert_eq!(socket.closed().await.0, 4400);
    world.finish().await;
}

#[tokio::test]
async fn subscribers_stay_while_the_server_drains() {
    let world = TestWorld::start(Backend::Sqlite).await;
    let server = server(&world, |config| config.server.drain_seconds = 2).await;
    let mut socket = Socket::signed_in(&server.url, &world.token).await;
    let begun = Instant::now();
    server.stop.cancel();
    tokio::time::sleep(Duration::from_millis(500)).await;
    socket.subscribe("1", "{ viewer { user { id } } }", Value::Null).await;
    let (events, end) = socket.heard_out("1").await;
    assert_eq!((events.len(), end["type"].as_str()), (1, Some("complete")));
    assert_eq!(socket.closed().await.0, 1001);
    assert!(begun.elapsed() >= Duration::from_millis(1_900), "after {:?}", begun.elapsed());
    server.finish().await;
    world.finish().await;
}
