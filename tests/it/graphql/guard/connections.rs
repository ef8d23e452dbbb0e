//! Connections that dawdle, are too many, or ask too much at once.

use std::time::{Duration, Instant};

use finbridge::config::Limits;
use finbridge_emulator::{DEMO_EMAIL, DEMO_ZSC_KEY, FaultAction, FaultRule};
use finbridge_tests::{Backend, TestWorld};
use serde_json::json;

use super::{ask, guarded, head, heard, limit, raw, send, until_closed};

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

    for stream in [&mut half_a_head, &mut nothing] {
        let heard = until_closed(stream).await;
        assert!(heard.is_empty() || heard.starts_with("HTTP/1.1 408"), "{heard}");
    }
    for stream in [&mut half_a_body, &mut chunk] {
        let heard = until_closed(stream).await;
        assert!(heard.starts_with("HTTP/1.1 408") && heard.contains("BODY_TIME"), "{heard}");
    }
    let heard = until_closed(&mut idle).await;
    assert!(heard.starts_with("HTTP/1.1 200"), "{heard}");
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
