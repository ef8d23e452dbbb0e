//! Server-Sent Events, in the "distinct connections mode" of the graphql-sse protocol: one request, one stream.
//! <https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md>

use std::convert::Infallible;
use std::time::Duration;

use async_graphql::parser::types::OperationType;
use axum::body::{Body, Bytes};
use axum::extract::Query;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use futures::stream::{BoxStream, poll_fn};
use futures::{FutureExt, StreamExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, interval_at, timeout};

use super::operation::{Event, Parsed};
use super::pass::{Pass, Refusal};
use crate::http::Shared;
use crate::http::graphql::{Asked, AskedByGet, Exchange, Media, bearer};

/// Events that may wait to be written.
const QUEUE: usize = 16;

/// The end. Browsers pass on no event that has no `data` line at all.
const COMPLETE: &[u8] = b"event: complete\ndata:\n\n";

/// Whether a client wants an event stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// It takes nothing else.
    Always,
    /// It takes a plain answer too: a stream is for what needs one.
    ForSubscriptions,
    /// It does not take one.
    Never,
}

/// What the client's `Accept` says.
pub(super) fn wanted(headers: &HeaderMap) -> Wanted {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kinds: Vec<_> = accept
        .split(',')
        .map(|range| range.split(';').next().unwrap_or_default().trim().to_lowercase())
        .collect();
    let plain = ["application/json", "application/graphql-response+json", "application/*", "*/*"];
    if !kinds.iter().any(|kind| kind == "text/event-stream") {
        Wanted::Never
    } else if kinds.iter().any(|kind| plain.contains(&kind.as_str())) {
        Wanted::ForSubscriptions
    } else {
        Wanted::Always
    }
}

/// Whether a POST may be for this transport: all that wants a stream, and what looks like a subscription.
pub(super) fn concerns(headers: &HeaderMap, body: &Result<Bytes, BytesRejection>) -> bool {
    let word = b"subscription";
    let holds_word = |body: &Bytes| body.windows(word.len()).any(|text| text == word);
    wanted(headers) == Wanted::Always || body.as_ref().is_ok_and(holds_word)
}

pub(super) async fn get(
    shared: Shared,
    headers: HeaderMap,
    asked: Result<Query<AskedByGet>, QueryRejection>,
) -> Response {
    let exchange = exchange(&shared);
    let answer = async {
        let asked = exchange.read_get(&headers, asked)?;
        let pass = pass(&exchange, &shared, &headers).await?;
        let parsed = parse(&exchange, asked)?;
        if parsed.kind == OperationType::Mutation {
            let message = "GET runs queries and subscriptions only; POST mutations";
            let mut response = exchange.refuse(StatusCode::METHOD_NOT_ALLOWED, "BAD_USER_INPUT", message);
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
            return Err(Box::new(response));
        }
        Ok(stream(&exchange, shared, &headers, pass, parsed))
    };
    answer.await.unwrap_or_else(|refused: Box<Response>| *refused)
}

pub(super) async fn post(
    shared: Shared,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let wanted = wanted(&headers);
    if wanted != Wanted::Always && !body.as_ref().is_ok_and(is_subscription) {
        return crate::http::graphql::post(axum::extract::State(shared), headers, body).await;
    }
    let exchange = exchange(&shared);
    let answer = async {
        let asked = exchange.read_post(&headers, body)?;
        let pass = pass(&exchange, &shared, &headers).await?;
        if wanted == Wanted::Never {
            let message = "A subscription is answered as a stream: send `Accept: text/event-stream`, or use a WebSocket";
            return Err(Box::new(exchange.refuse(StatusCode::NOT_ACCEPTABLE, "BAD_USER_INPUT", message)));
        }
        let parsed = parse(&exchange, asked)?;
        Ok(stream(&exchange, shared, &headers, pass, parsed))
    };
    answer.await.unwrap_or_else(|refused: Box<Response>| *refused)
}

fn is_subscription(body: &Bytes) -> bool {
    let asked = serde_json::from_slice::<Asked>(body).ok();
    asked
        .and_then(|asked| Parsed::of(asked).ok())
        .is_some_and(|parsed| parsed.kind == OperationType::Subscription)
}

/// What is refused before the stream begins is refused as JSON, with a status that says so.
fn exchange(shared: &Shared) -> Exchange {
    Exchange { media: Media::GraphqlResponse, request_id: shared.app.engine.ids.uuid().to_string() }
}

async fn pass(exchange: &Exchange, shared: &Shared, headers: &HeaderMap) -> Result<Pass, Box<Response>> {
    let sent = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let refusal = match Pass::of(shared, sent.and_then(bearer)).await {
        Ok(pass) => return Ok(pass),
        Err(refusal) => refusal,
    };
    Err(Box::new(match refusal {
        Refusal::Unauthenticated(reason) => exchange.unauthenticated(reason),
        Refusal::TooMany => {
            let message = "This token has too many streams open; close one, or wait until one ends";
            exchange.refuse(StatusCode::TOO_MANY_REQUESTS, "THROTTLED", message)
        }
        Refusal::RightsChanged | Refusal::Unavailable => {
            let message = "The database cannot be reached; try again";
            exchange.refuse(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", message)
        }
    }))
}

fn parse(exchange: &Exchange, asked: Asked) -> Result<Parsed, Box<Response>> {
    Parsed::of(asked).map_err(|refused| {
        let answer = async_graphql::Response::from_errors(vec![refused]);
        Box::new(exchange.respond(StatusCode::BAD_REQUEST, answer))
    })
}

fn stream(exchange: &Exchange, shared: Shared, headers: &HeaderMap, pass: Pass, parsed: Parsed) -> Response {
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let last = last.filter(|last| !last.is_empty()).map(str::to_owned);
    let mut events = parsed.run(&shared, pass.viewer, exchange.request_id.clone(), last);
    // Validation waits for nothing, so what it refuses is known at once.
    let first = events.next().now_or_never().flatten();
    if let Some(refused) = first.as_ref().filter(|event| event.refused) {
        let answer = async_graphql::Response::from_errors(refused.answer.errors.clone());
        return exchange.respond(StatusCode::BAD_REQUEST, answer);
    }
    let (queue, mut waiting) = mpsc::channel(QUEUE);
    let tasks = shared.streams.tasks.clone();
    tasks.spawn(produce(shared, pass, first, events, queue));
    let frames = poll_fn(move |context| waiting.poll_recv(context)).map(Ok::<_, Infallible>);
    let mut response = Response::new(Body::from_stream(frames));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Proxies that gather answers before they pass them on would hold events back.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    if let Ok(id) = HeaderValue::from_str(&exchange.request_id) {
        headers.insert("x-request-id", id);
    }
    response
}

/// Makes the events. A stream that is cut off has no `complete` at its end, so the client connects again.
async fn produce(
    shared: Shared,
    pass: Pass,
    first: Option<Event>,
    mut events: BoxStream<'static, Event>,
    queue: mpsc::Sender<Bytes>,
) {
    let bounds = shared.streams.bounds;
    let slow = Duration::from_secs(bounds.slow_seconds);
    let every = |seconds| {
        let period = Duration::from_secs(seconds);
        interval_at(Instant::now() + period, period)
    };
    let (mut pings, mut checks) = (every(bounds.ping_seconds), every(bounds.token_check_seconds));
    let mut next = first.as_ref().map(frame);
    loop {
        if let Some(frame) = next.take()
            && !timeout(slow, queue.send(frame)).await.is_ok_and(|sent| sent.is_ok())
        {
            return;
        }
        tokio::select! {
            () = shared.streams.stop.cancelled() => return,
            () = queue.closed() => return,
            _ = checks.tick() => if pass.look_again(&shared).await.is_err() { return },
            _ = pings.tick() => next = Some(Bytes::from_static(b":\n\n")),
            event = events.next() => match event {
                Some(event) => next = Some(frame(&event)),
                None => break,
            },
        }
    }
    let _ = timeout(slow, queue.send(Bytes::from_static(COMPLETE))).await;
}

fn frame(event: &Event) -> Bytes {
    let answer = serde_json::to_string(&event.answer).unwrap_or_else(|error| {
        tracing::error!(%error, "An event could not be written");
        "{\"data\":null}".to_owned()
    });
    // Neither JSON nor a cursor has line breaks.
    let id = event.cursor.as_ref().map(|cursor| format!("id: {cursor}\n")).unwrap_or_default();
    format!("event: next\n{id}data: {answer}\n\n").into()
}
