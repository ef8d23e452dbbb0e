//! Server-Sent Events, in the "distinct connections mode" of the graphql-sse protocol: one request, one stream.
//! <https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md>

use std::convert::Infallible;
use std::net::IpAddr;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use futures::stream::{BoxStream, poll_fn};
use futures::{FutureExt, StreamExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, interval_at, timeout};

use super::operation::{Event, Operation};
use super::pass::{Pass, Refusal};
use crate::graphql::guard::refusal::Manner;
use crate::http::Shared;
use crate::http::door::{self, Asked, Carries};
use crate::http::graphql::Exchange;
use crate::http::sign_in;

/// Events that may wait to be written.
const QUEUE: usize = 16;

/// The end. Browsers pass on no event that has no `data` line at all.
const COMPLETE: &[u8] = b"event: complete\ndata:\n\n";

/// Whether a client wants an event stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum Wanted {
    /// It takes nothing else.
    Always,
    /// It takes a plain answer too: a stream is for what needs one.
    ForSubscriptions,
    /// It does not take one.
    Never,
}

/// What the client's `Accept` says.
pub(in crate::http) fn wanted(headers: &HeaderMap) -> Wanted {
    let accept = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let kinds: Vec<_> = accept
        .flat_map(|value| value.split(','))
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

/// Answers what a client wants as a stream, or what needs one.
///
/// # Errors
/// What is refused before the stream begins is refused as JSON, with a status that says so.
pub(in crate::http) async fn answer(
    shared: &Shared,
    exchange: &Exchange,
    headers: &HeaderMap,
    (address, bearer): (IpAddr, Option<&str>),
    asked: Asked,
    carries: Carries,
) -> Result<Response, door::Refusal> {
    let pass = match Pass::of(shared, address, bearer, "sse").await {
        Ok(pass) => pass,
        Err(Refusal::TooMany | Refusal::RightsChanged) => {
            let message = "This token has too many streams open; close one, or wait until one ends";
            return Err(door::Refusal::new(Manner::Throttled, "THROTTLED", message));
        }
        Err(Refusal::Stranger(stranger)) => return Err(sign_in::refused(shared, stranger)),
    };
    if wanted(headers) == Wanted::Never {
        let message =
            "A subscription is answered as a stream: send `Accept: text/event-stream`, or use a WebSocket";
        return Err(door::Refusal::new(Manner::NotAcceptable, "BAD_USER_INPUT", message));
    }
    let operation = Operation::admit(shared, pass.signed_in, asked, carries).await?;
    Ok(stream(exchange, shared.clone(), headers, pass, operation))
}

fn stream(
    exchange: &Exchange,
    shared: Shared,
    headers: &HeaderMap,
    pass: Pass,
    operation: Operation,
) -> Response {
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let last = last.filter(|last| !last.is_empty()).map(str::to_owned);
    let mut events = operation.run(&shared, exchange.request_id.clone(), last);
    // Validation waits for nothing, so what it refuses is known at once.
    let first = events.next().now_or_never().flatten();
    if let Some(refused) = first.as_ref().filter(|event| event.refused) {
        let answer = async_graphql::Response::from_errors(refused.answer.errors.clone());
        return exchange.respond_unexecuted(StatusCode::BAD_REQUEST, answer);
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
