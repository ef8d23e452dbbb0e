//! The same over Server-Sent Events.

use std::time::{Duration, Instant};

use finbridge_domain::Clock;
use finbridge_entity::types::Role;
use finbridge_entity::{account, api_token};
use finbridge_tests::{Backend, TestWorld, both_databases};
use reqwest::{RequestBuilder, Response};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;

use super::super::{code, colleague, db};
use super::{PATIENCE, PROGRESS, ready, server};

/// One event as it came, or a comment.
#[derive(Debug, Default, PartialEq)]
struct Frame {
    event: String,
    id: Option<String>,
    data: Option<String>,
    comment: bool,
}

/// An event stream that is read frame by frame.
struct Frames {
    response: Response,
    text: String,
}

impl Frames {
    fn of(response: Response) -> Self {
        assert_eq!(response.status(), 200);
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        assert!(header("content-type").starts_with("text/event-stream"));
        assert_eq!(
            (header("cache-control").as_str(), header("x-accel-buffering").as_str()),
            ("no-store", "no")
        );
        Self { response, text: String::new() }
    }

    /// The next frame; none at the end, however that came.
    async fn next(&mut self) -> Option<Frame> {
        loop {
            if let Some((frame, rest)) = self.text.split_once("\n\n") {
                let read = read(frame);
                self.text = rest.to_owned();
                return Some(read);
            }
            let chunk =
                tokio::time::timeout(PATIENCE, self.response.chunk()).await.expect("something in time");
            let chunk = chunk.ok().flatten()?;
            self.text.push_str(std::str::from_utf8(&chunk).expect("UTF-8"));
        }
    }

    async fn rest(&mut self) -> Vec<Frame> {
        let mut frames = Vec::new();
        while let Some(frame) = self.next().await {
            frames.push(frame);
        }
        frames
    }
}

fn read(text: &str) -> Frame {
    let mut frame = Frame::default();
    for line in text.lines() {
        let (field, value) = line.split_once(':').expect("a field");
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => frame.event = value.to_owned(),
            "id" => frame.id = Some(value.to_owned()),
            "data" => frame.data = Some(value.to_owned()),
            "" => frame.comment = true,
            other => panic!("an unknown field {other}"),
        }
    }
    frame
}

fn state(frame: &Frame) -> Value {
    let mut answer: Value = serde_json::from_str(frame.data.as_deref().expect("data")).expect("JSON");
    assert!(answer.get("errors").is_none(), "{answer:#}");
    answer["data"]["syncRunProgress"].take()
}

fn post(world: &TestWorld, url: &str, token: &str, body: &Value) -> RequestBuilder {
    accepting(world, url, token, "text/event-stream", body)
}

fn accepting(world: &TestWorld, url: &str, token: &str, accept: &str, body: &Value) -> RequestBuilder {
    world.http().post(format!("{url}/graphql")).bearer_auth(token).header("accept", accept).json(body)
}

both_databases! {
    async fn a_stream_begins_completes_and_goes_on_from_the_last_event_id(world: &TestWorld) {
        let integration = ready(world, 10, 200).await;
        let first = server(world, |_| {}).await;
        let run = world.start_run(&integration).await;
        // The cursor is the id of the event whether it is asked for or not.
        let query = "subscription($run: ID!) { syncRunProgress(runId: $run) { done phase run { state } } }";
        let body = json!({ "query": query, "variables": { "run": run } });
        let mut frames = Frames::of(post(world, &first.url, &world.token, &body).send().await.expect("an answer"));
        let seen = frames.next().await.expect("the first state");
        assert_eq!(seen.event, "next");
        let last_seen = seen.id.clone().expect("an id");
        let begun = Instant::now();
        first.finish().await;
        assert!(begun.elapsed() < Duration::from_secs(4), "stopping took {:?}", begun.elapsed());
        assert!(frames.rest().await.iter().all(|frame| frame.event != "complete"), "a stream that is cut off is not complete");

        let again = post(world, &world.url, &world.token, &body).header("last-event-id", &last_seen);
        let rest = Frames::of(again.send().await.expect("an answer")).rest().await;
        let (end, states) = rest.split_last().expect("frames");
        assert_eq!((end.event.as_str(), end.data.as_deref()), ("complete", Some("")));
        let ids: Vec<_> = states.iter().map(|frame| frame.id.as_deref().expect("an id")).collect();
        assert!(!ids.is_empty() && ids.iter().all(|id| *id > last_seen.as_str()) && ids.is_sorted(), "{last_seen} {ids:?}");
        assert_eq!(state(states.last().unwrap())["run"]["state"], "SUCCEEDED");

        // Everything seen: nothing but the end. What the transport knows is newer than the argument.
        let body = json!({ "query": PROGRESS, "variables": { "run": run, "after": last_seen } });
        let done = post(world, &world.url, &world.token, &body).header("last-event-id", ids[ids.len() - 1]);
        let rest = Frames::of(done.send().await.expect("an answer")).rest().await;
        assert_eq!(rest.iter().map(|frame| frame.event.as_str()).collect::<Vec<_>>(), ["complete"]);
        let by_argument = Frames::of(post(world, &world.url, &world.token, &body).send().await.expect("an answer")).rest().await;
        assert_eq!(by_argument.len(), 2);
    }
}

#[tokio::test]
async fn what_is_refused_before_the_stream_is_refused_as_json() {
    let world = TestWorld::start(Backend::Sqlite).await;
    let viewer = json!({ "query": "{ viewer { user { id } } }" });
    let subscription = json!({ "query": PROGRESS, "variables": { "run": "x" } });
    let url = format!("{}/graphql", world.url);
    let get = |query: &str| {
        let request = world.http().get(&url).bearer_auth(&world.token).query(&[("query", query)]);
        request.header("accept", "text/event-stream")
    };
    let with = |body: &Value| post(&world, &world.url, &world.token, body);
    for (request, status, wanted) in [
        (post(&world, &world.url, "fbt_nobody", &viewer), 401, "UNAUTHENTICATED"),
        (world.http().post(&url).header("accept", "text/event-stream").json(&viewer), 401, "UNAUTHENTICATED"),
        (with(&json!({ "query": "{ viewer " })), 400, "GRAPHQL_PARSE_FAILED"),
        (with(&json!({ "query": "{ nothing }" })), 400, "GRAPHQL_VALIDATION_FAILED"),
        (with(&json!({ "query": "subscription { nothing }" })), 400, "GRAPHQL_VALIDATION_FAILED"),
        (with(&json!({ "query": "subscription { __typename }" })), 400, "GRAPHQL_VALIDATION_FAILED"),
        (with(&json!([])), 400, "BAD_USER_INPUT"),
        (
            world
                .http()
                .post(&url)
                .bearer_auth(&world.token)
                .header("accept", "text/event-stream")
                .body(viewer.to_string()),
            415,
            "BAD_USER_INPUT",
        ),
        (get("{ viewer { user { id } } }"), 400, "BAD_USER_INPUT"),
        (
            get("mutation { accountDelete(input: { id: \"x\" }) { userErrors { code } } }")
                .header("x-requested-with", "fetch"),
            405,
            "BAD_USER_INPUT",
        ),
        (
            world
                .http()
                .post(&url)
                .bearer_auth(&world.token)
                .header("accept", "application/json")
                .json(&subscription),
            406,
            "BAD_USER_INPUT",
        ),
        (world.http().post(&url).bearer_auth(&world.token).json(&subscription), 406, "BAD_USER_INPUT"),
    ] {
        let response = request.send().await.expect("an answer");
        let (got, kind) =
            (response.status(), response.headers()["content-type"].to_str().unwrap().to_owned());
        let body = response.text().await.expect("a body");
        let answer: Value = serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error}: {body}"));
        assert_eq!((got.as_u16(), code(&answer)), (status, wanted), "{answer:#}");
        assert!(kind.contains("json"), "{kind}");
    }
    world.finish().await;
}

#[tokio::test]
async fn queries_come_as_streams_when_nothing_else_is_taken() {
    let world = TestWorld::start(Backend::Sqlite).await;
    let query = "{ viewer { user { name } } }";
    let body = json!({ "query": query });
    let get = world
        .http()
        .get(format!("{}/graphql", world.url))
        .bearer_auth(&world.token)
        .query(&[("query", query)]);
    let get = get.header("accept", "text/event-stream").header("x-requested-with", "fetch");
    for request in [post(&world, &world.url, &world.token, &body), get] {
        let frames = Frames::of(request.send().await.expect("an answer")).rest().await;
        assert_eq!(frames.iter().map(|frame| frame.event.as_str()).collect::<Vec<_>>(), ["next", "complete"]);
        assert!(frames[0].data.as_deref().unwrap().contains("Ada Administrator"));
        assert_eq!(frames[0].id, None);
    }
    // Clients that take both get a stream for what needs one, and a plain answer otherwise.
    let both = "application/graphql-response+json, application/json, text/event-stream";
    let plain = accepting(&world, &world.url, &world.token, both, &body).send().await.expect("an answer");
    assert_eq!(plain.headers()["content-type"], "application/graphql-response+json; charset=utf-8");
    let word = json!({ "query": "query subscription { viewer { user { name } } }" });
    let plain = accepting(&world, &world.url, &world.token, both, &word).send().await.expect("an answer");
    assert_eq!(
        plain.json::<Value>().await.expect("JSON")["data"]["viewer"]["user"]["name"],
        "Ada Administrator"
    );

    // An error of the operation itself is one of its events.
    let absent = super::super::absent(&world, finbridge_domain::NodeKind::SyncRun);
    let body = json!({ "query": PROGRESS, "variables": { "run": absent } });
    let frames = accepting(&world, &world.url, &world.token, both, &body).send().await.expect("an answer");
    let frames = Frames::of(frames).rest().await;
    let answer: Value = serde_json::from_str(frames[0].data.as_deref().unwrap()).unwrap();
    assert_eq!((code(&answer), &answer["data"]), ("BAD_USER_INPUT", &json!({ "syncRunProgress": null })));
    assert_eq!((frames.len(), frames[1].event.as_str()), (2, "complete"));
    world.finish().await;
}

#[tokio::test]
async fn a_quiet_stream_is_kept_alive_and_ends_with_its_token() {
    let world = TestWorld::start(Backend::Sqlite).await;
    let server = server(&world, |config| {
        config.subscriptions.ping_seconds = 1;
        config.subscriptions.token_check_seconds = 1;
    })
    .await;
    let integration = ready(&world, 4, 5_000).await;
    let run = world.start_run(&integration).await;
    let rita = colleague(&world, "Rita", Role::Standard).await;
    let body = json!({ "query": PROGRESS, "variables": { "run": run } });
    let mut frames =
        Frames::of(post(&world, &server.url, &rita.token, &body).send().await.expect("an answer"));
    let mut frame = frames.next().await.expect("a frame");
    while !frame.comment {
        frame = frames.next().await.expect("a frame");
    }
    api_token::Entity::update_many()
        .col_expr(api_token::Column::RevokedAt, Expr::value(Some(world.clock.now())))
        .filter(api_token::Column::TokenHash.eq(finbridge::auth::token::hash(&rita.token)))
        .exec(db(&world))
        .await
        .unwrap();
    let begun = Instant::now();
    let rest = frames.rest().await;
    assert!(begun.elapsed() < Duration::from_secs(4), "it went on for {:?}", begun.elapsed());
    assert!(rest.iter().all(|frame| frame.event != "complete"), "{rest:?}");
    let again = post(&world, &server.url, &rita.token, &body).send().await.expect("an answer");
    assert_eq!(again.status(), 401);
    world.ended(&run).await;
    server.finish().await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_takes_no_events_is_dropped() {
    let world = TestWorld::start(Backend::Sqlite).await;
    let server = server(&world, |config| {
        config.subscriptions.slow_seconds = 1;
        config.subscriptions.streams_per_token = 1;
    })
    .await;
    let integration = ready(&world, 30, 300).await;
    account::Entity::update_many()
        .col_expr(account::Column::Description, Expr::value("€".repeat(10_000)))
        .exec(db(&world))
        .await
        .unwrap();
    let run = world.start_run(&integration).await;
    // Megabytes with each state of the run, so that no buffer between here and there holds them.
    let long: String = (0..8).map(|n| format!("a{n}: description ")).collect();
    let query = format!(
        "subscription($run: ID!) {{ syncRunProgress(runId: $run) {{ done run {{ items(first: 30) {{ nodes {{
            record {{ ... on Account {{ {long} }} }} }} }} }} }} }}"
    );
    let body = json!({ "query": query, "variables": { "run": run } }).to_string();
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let address = server.url.trim_start_matches("http://").parse().unwrap();
    let mut deaf = socket.connect(address).await.unwrap();
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: test\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\naccept: text/event-stream\r\ncontent-length: {}\r\n\r\n",
        world.token,
        body.len()
    );
    deaf.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    let mut beginning = [0; 15];
    deaf.read_exact(&mut beginning).await.unwrap();
    assert_eq!(&beginning, b"HTTP/1.1 200 OK");

    // Its place is free again as soon as it is dropped, long before the connection itself would be.
    let viewer = json!({ "query": "{ viewer { user { id } } }" });
    let status = async || post(&world, &server.url, &world.token, &viewer).send().await.unwrap().status();
    assert_eq!(status().await, 429, "it has the only place");
    let begun = Instant::now();
    while status().await != 200 {
        assert!(begun.elapsed() < Duration::from_secs(20), "it is still there");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    drop(deaf);
    world.ended(&run).await;
    server.finish().await;
    world.finish().await;
}

#[tokio::test]
async fn what_is_not_wanted_at_all_is_not_sent() {
    let world = TestWorld::start(Backend::Sqlite).await;
    let body = json!({ "query": "{ viewer { user { id } } }" });
    for (accept, status, kind) in [
        ("text/event-stream;q=0", 406, "application/json"),
        ("text/event-stream;q=0, */*", 200, "application/json"),
        ("application/json;q=0, text/event-stream", 200, "text/event-stream"),
        ("text/event-stream, */*;q=0", 200, "text/event-stream"),
    ] {
        let answer =
            accepting(&world, &world.url, &world.token, accept, &body).send().await.expect("an answer");
        assert_eq!(answer.status(), status, "{accept}");
        assert!(answer.headers()["content-type"].to_str().unwrap().starts_with(kind), "{accept}");
    }
    world.finish().await;
}
