//! Connections that dawdle, are too many, or ask too much at once.

use std::time::{Duration, Instant};

use finbridge::config::Limits;
use finbridge_emulator::{DEMO_EMAIL, DEMO_ZSC_KEY, FaultAction, FaultRule};
use finbridge_tests::{Backend, TestWorld};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use super::{ask, guarded, head, heard, limit, long_texts, raw, send, until_closed};

/// The handshake of a WebSocket on which nobody signs in.
const HANDSHAKE: &[u8] = b"GET /graphql HTTP/1.1\r\nhost: test\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-protocol: graphql-transport-ws\r\n\r\n";

const CONNECT: &str = "mutation($key: String!, $email: String!) {
    integrationConnect(input: { app: \"books\", email: $email, zscKey: $key }) { integration { id } userErrors { code } } }";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_sends_half_a_request_is_not_waited_for() {
    let world = TestWorld::start(Backend::Sqlite).await;
    let server = guarded(&world, Limits { header_seconds: 1, body_seconds: 1, ..Limits::default() }).await;
    let begun = Instant::now();

    let mut half_a_head = raw(&server).await;
    send(&mut half_a_head, b"POST /graphql HTTP/1.1\r\nhost: test\r\ncontent-ty").await;
    let mut nothing = raw(&server).await;
    let mut half_a_body = raw(&server).await;
    let whole = head(&world, "content-length: 100");
    send(&mut half_a_body, format!("{whole}{{\"query\":").as_bytes()).await;
    let mut chunk = raw(&server).await;
    send(&mut chunk, format!("{}5\r\n{{\"que", head(&world, "transfer-encoding: chunked")).as_bytes()).await;
    let mut idle = raw(&server).await;
    send(&mut idle, b"GET /health/live HTTP/1.1\r\nhost: test\r\n\r\n").await;

    let heard = until_closed(&mut half_a_head).await;
    assert!(heard.starts_with("HTTP/1.1 408") && heard.contains("HEADER_TIME"), "{heard}");
    assert_eq!(until_closed(&mut nothing).await, "", "nobody asked for anything");
    for stream in [&mut half_a_body, &mut chunk] {
        let heard = until_closed(stream).await;
        assert!(heard.starts_with("HTTP/1.1 408") && heard.contains("BODY_TIME"), "{heard}");
    }
    let heard = until_closed(&mut idle).await;
    assert!(heard.starts_with("HTTP/1.1 200") && !heard.contains("408"), "{heard}");
    assert!(begun.elapsed() >= Duration::from_millis(900), "nobody is hurried either");
    assert_eq!(ask(&world, &server, "{ viewer { user { id } } }", json!({})).await.0, 200);
    server.finish().await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_are_counted_and_places_are_given_back() {
    let world = TestWorld::start(Backend::Sqlite).await;
    for limits in [
        Limits { connections: 3, ..Limits::default() },
        Limits { connections_per_address: 3, ..Limits::default() },
    ] {
        let server = guarded(&world, limits).await;
        let mut open = Vec::new();
        for _ in 0..3 {
            let mut stream = raw(&server).await;
            send(&mut stream, b"GET /health/live HTTP/1.1\r\nhost: test\r\n\r\n").await;
            assert!(heard(&mut stream).await.starts_with("HTTP/1.1 200"));
            open.push(stream);
        }
        let refused = until_closed(&mut raw(&server).await).await;
        assert!(refused.starts_with("HTTP/1.1 503") && refused.contains("UNAVAILABLE"), "{refused}");
        assert!(refused.to_lowercase().contains("retry-after: 1"), "{refused}");
        drop(open);
        let begun = Instant::now();
        loop {
            let mut stream = raw(&server).await;
            send(&mut stream, b"GET /health/live HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n").await;
            if until_closed(&mut stream).await.starts_with("HTTP/1.1 200") {
                break;
            }
            assert!(begun.elapsed() < super::PATIENCE, "the places never came back");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        server.finish().await;
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn heads_that_cannot_be_read_are_refused_with_an_error() {
    let world = TestWorld::start(Backend::Sqlite).await;
    let server = guarded(&world, Limits::default()).await;
    let get = "GET /health/live HTTP/1.1\r\nhost: test\r\n";
    let long = "x".repeat(100_000);
    let many: String = (0..150).map(|n| format!("x-{n}: y\r\n")).collect();
    for (sent, statuses, wanted) in [
        (format!("{get}x-long: {long}\r\n\r\n"), &[431][..], "HEAD_BYTES"),
        (format!("{get}{many}\r\n"), &[431], "HEAD_BYTES"),
        (format!("GET /graphql?query={long} HTTP/1.1\r\nhost: test\r\n\r\n"), &[414, 431], "HEAD_BYTES"),
        ("this is not HTTP\r\n\r\n".to_owned(), &[400], "BAD_USER_INPUT"),
        // What was asked before it is answered first.
        (format!("{get}\r\nnor is this\r\n\r\n"), &[200], "BAD_USER_INPUT"),
    ] {
        let mut stream = raw(&server).await;
        // The server may have heard enough before all of it is sent.
        let _ = stream.write_all(sent.as_bytes()).await;
        let heard = until_closed(&mut stream).await;
        let (head, body) = heard.rsplit_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {heard}"));
        assert!(statuses.iter().any(|status| head.starts_with(&format!("HTTP/1.1 {status} "))), "{heard}");
        assert!(head.contains(&format!("content-length: {}", body.len())), "{heard}");
        let answer: Value = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {heard}"));
        let extensions = &answer["errors"][0]["extensions"];
        assert_eq!(extensions["code"], "BAD_USER_INPUT");
        assert!(extensions.to_string().contains(wanted), "{heard}");
    }
    server.finish().await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sockets_are_connections_as_long_as_they_are_open() {
    let world = TestWorld::start(Backend::Sqlite).await;
    for limits in [
        Limits { connections: 3, ..Limits::default() },
        Limits { connections_per_address: 3, ..Limits::default() },
    ] {
        let server = guarded(&world, limits).await;
        let mut open = Vec::new();
        for _ in 0..3 {
            let mut socket = raw(&server).await;
            send(&mut socket, HANDSHAKE).await;
            assert!(heard(&mut socket).await.starts_with("HTTP/1.1 101"));
            open.push(socket);
        }
        // The connections of before have long become sockets.
        tokio::time::sleep(Duration::from_millis(300)).await;
        let refused = until_closed(&mut raw(&server).await).await;
        assert!(refused.starts_with("HTTP/1.1 503") && refused.contains("CONNECTIONS"), "{refused}");
        open.pop();
        let begun = Instant::now();
        loop {
            let mut socket = raw(&server).await;
            send(&mut socket, HANDSHAKE).await;
            if heard(&mut socket).await.starts_with("HTTP/1.1 101") {
                break;
            }
            assert!(begun.elapsed() < super::PATIENCE, "the place never came back");
        }
        drop(open);
        server.finish().await;
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_who_is_not_signed_in_is_read_from() {
    let world = TestWorld::start(Backend::Sqlite).await;
    let server = guarded(&world, Limits::default()).await;
    for token in ["", "authorization: Bearer fbt_nobody\r\n"] {
        let mut stream = raw(&server).await;
        let half = format!(
            "POST /graphql HTTP/1.1\r\nhost: test\r\n{token}content-type: application/json\r\ncontent-length: 200000\r\n\r\n{{\"query\":"
        );
        send(&mut stream, half.as_bytes()).await;
        let begun = Instant::now();
        let heard = heard(&mut stream).await;
        assert!(heard.starts_with("HTTP/1.1 401") && heard.contains("UNAUTHENTICATED"), "{heard}");
        assert!(begun.elapsed() < Duration::from_secs(5), "it was waited for");
    }
    // One that sends all of it before it looks hears why, and may go on.
    let request = world.http().post(format!("{}/graphql", server.url)).bearer_auth("fbt_nobody");
    let answer = request.json(&json!({ "query": "x".repeat(200_000) })).send().await.expect("an answer");
    assert_eq!(answer.status(), 401);
    server.finish().await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_requests_share_their_memory_and_small_ones_do_not_wait_for_it() {
    let world = TestWorld::start(Backend::Sqlite).await;
    let limits = Limits { request_memory_bytes: 100_000, body_seconds: 4, ..Limits::default() };
    let server = guarded(&world, limits).await;
    let large = json!({ "a": vec![1; 1_000] });
    let query = "{ viewer { user { id } } }";
    assert_eq!(ask(&world, &server, query, large.clone()).await.0, 200, "alone it has room");

    let mut half = raw(&server).await;
    let begun = format!("{}{{\"query\":\"{}", head(&world, "content-length: 200000"), "x".repeat(150_000));
    send(&mut half, begun.as_bytes()).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let (status, answer) = ask(&world, &server, query, large.clone()).await;
    assert_eq!((status, limit(&answer)), (503, ("UNAVAILABLE".to_owned(), "REQUEST_MEMORY".to_owned())));
    assert_eq!(ask(&world, &server, query, json!({})).await.0, 200, "small requests do not count");
    drop(half);
    let begun = Instant::now();
    while ask(&world, &server, query, large.clone()).await.0 != 200 {
        assert!(begun.elapsed() < super::PATIENCE, "the memory never came back");
    }
    server.finish().await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_keeps_its_place_until_its_answer_is_taken() {
    let world = TestWorld::start(Backend::Sqlite).await;
    long_texts(&world, 25).await;
    let server = guarded(&world, Limits { concurrent_requests: 1, ..Limits::default() }).await;
    let fields: String = (0..8).map(|n| format!("a{n}: description ")).collect();
    let body =
        json!({ "query": format!("{{ accounts(first: 100) {{ nodes {{ {fields} }} }} }}") }).to_string();
    // What the system keeps for a client is bounded by what the client says that it has room for.
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4_096).expect("a size");
    let address = server.url.trim_start_matches("http://").parse().expect("an address");
    let mut deaf = socket.connect(address).await.expect("a connection");
    let asked = format!("{}{body}", head(&world, &format!("content-length: {}", body.len())));
    send(&mut deaf, asked.as_bytes()).await;
    // Something of the answer is there, so it has been made.
    deaf.readable().await.expect("an answer");

    let (status, answer) = ask(&world, &server, "{ viewer { user { id } } }", json!({})).await;
    assert_eq!((status, limit(&answer)), (503, ("UNAVAILABLE".to_owned(), "CONCURRENT_REQUESTS".to_owned())));
    drop(deaf);
    let begun = Instant::now();
    while ask(&world, &server, "{ viewer { user { id } } }", json!({})).await.0 != 200 {
        assert!(begun.elapsed() < Duration::from_secs(20), "the place never came back");
    }
    server.finish().await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_does_not_take_its_answer_loses_its_place() {
    let world = TestWorld::start(Backend::Sqlite).await;
    let server = guarded(&world, Limits { connections: 1, answer_seconds: 1, ..Limits::default() }).await;
    let mut deaf = raw(&server).await;
    // More than the system would keep for a client that does not read.
    let ask = "GET /graphiql/graphiql.min.js HTTP/1.1\r\nhost: test\r\n\r\n".repeat(100);
    send(&mut deaf, ask.as_bytes()).await;
    let begun = Instant::now();
    loop {
        let mut stream = raw(&server).await;
        send(&mut stream, b"GET /health/live HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n").await;
        if until_closed(&mut stream).await.starts_with("HTTP/1.1 200") {
            break;
        }
        assert!(begun.elapsed() < super::PATIENCE, "the place never came back");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(begun.elapsed() >= Duration::from_millis(900), "it was given time");
    drop(deaf);
    server.finish().await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_executions_are_given_up_and_only_so_many_run_at_once() {
    let world = TestWorld::start(Backend::Sqlite).await;
    let variables = json!({ "key": DEMO_ZSC_KEY, "email": DEMO_EMAIL });
    world.emulator.fault(FaultRule::new(FaultAction::Delay { ms: 4_000 }));
    let server = guarded(&world, Limits { execution_seconds: 1, ..Limits::default() }).await;
    let (status, answer) = ask(&world, &server, CONNECT, variables.clone()).await;
    assert_eq!((status, limit(&answer)), (503, ("UNAVAILABLE".to_owned(), "EXECUTION_TIME".to_owned())));
    server.finish().await;

    let server = guarded(&world, Limits { concurrent_requests: 1, ..Limits::default() }).await;
    let slow = ask(&world, &server, CONNECT, variables);
    let other = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        ask(&world, &server, "{ viewer { user { id } } }", json!({})).await
    };
    let ((slow, _), (status, answer)) = tokio::join!(slow, other);
    assert_eq!(slow, 200);
    assert_eq!((status, limit(&answer)), (503, ("UNAVAILABLE".to_owned(), "CONCURRENT_REQUESTS".to_owned())));
    assert_eq!(
        ask(&world, &server, "{ viewer { user { id } } }", json!({})).await.0,
        200,
        "afterwards there is room"
    );
    server.finish().await;
    world.emulator.clear_faults();
    world.finish().await;
}
