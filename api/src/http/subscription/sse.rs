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
use tokio::task::JoinSet;
use tokio::time::{Instant, interval_at, timeout};

use super::operation::{Event, Operation};
use super::pass::{Pass, Refusal};
use crate::graphql::guard::refusal::Manner;
use crate::http::Shared;
use crate::http::body::Part;
use crate::http::door::{self, Asked, Carries};
use crate::http::graphql::Exchange;
use crate::http::media::{self, Media};
use crate::http::sign_in;
use crate::http::written::{self, Kept};

/// What an event stream is called.
const KIND: &str = "text/event-stream";

/// Events that may wait to be written.
const QUEUE: usize = 4;

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
    let named = media::ranges(headers).iter().any(|(name, weight)| name == KIND && *weight > 0);
    match Media::accepted(headers) {
        _ if !named => Wanted::Never,
        Some(_) => Wanted::ForSubscriptions,
        None => Wanted::Always,
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
    (asked, part): (Asked, Part),
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
    Ok(stream(exchange, shared.clone(), headers, pass, (operation, part)))
}

fn stream(
    exchange: &Exchange,
    shared: Shared,
    headers: &HeaderMap,
    pass: Pass,
    (operation, part): (Operation, Part),
) -> Response {
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let last = last.filter(|last| !last.is_empty()).map(str::to_owned);
    // One that is over at once is asked again by whoever tends it.
    let mut events = operation.run(&shared, exchange.request_id.clone(), last, part).fuse().boxed();
    // Validation waits for nothing, so what it refuses is known at once.
    let first = events.next().now_or_never().flatten();
    if let Some(refused) = first.as_ref().filter(|event| event.refused) {
        let answer = async_graphql::Response::from_errors(refused.answer.errors.clone());
        return exchange.respond_unexecuted(StatusCode::BAD_REQUEST, answer);
    }
    let (queue, mut waiting) = mpsc::channel(QUEUE);
    let tasks = shared.streams.tasks.clone();
    tasks.spawn(tend(shared, pass, first, events, queue));
    let mut last_kept: Option<Kept> = None;
    let frames = poll_fn(move |context| {
        // The connection asks for more when it has written what it has, or nearly.
        drop(last_kept.take());
        waiting.poll_recv(context).map(|frame: Option<Frame>| {
            let Frame { bytes, kept } = frame?;
            last_kept = kept;
            Some(Ok::<_, Infallible>(bytes))
        })
    });
    let mut response = Response::new(Body::from_stream(frames));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(KIND));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Proxies that gather answers before they pass them on would hold events back.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

/// What goes to the client next.
struct Frame {
    bytes: Bytes,
    /// The place of what it answers.
    kept: Option<Kept>,
}

impl Frame {
    fn bare(bytes: &'static [u8]) -> Self {
        Self { bytes: Bytes::from_static(bytes), kept: None }
    }

    fn of(event: Event, longest: Duration) -> Self {
        let answer = serde_json::to_string(&event.answer).unwrap_or_else(|error| {
            tracing::error!(%error, "An event could not be written");
            "{\"data\":null}".to_owned()
        });
        // Neither JSON nor a cursor has line breaks.
        let id = event.cursor.map(|cursor| format!("id: {cursor}\n")).unwrap_or_default();
        let bytes: Bytes = format!("event: next\n{id}data: {answer}\n\n").into();
        let kept = written::keep(event.place, bytes.len(), longest);
        Self { bytes, kept }
    }
}

/// Looks after a stream while it lives. One that is cut off has no `complete` at its end, so the client connects again.
async fn tend(
    shared: Shared,
    pass: Pass,
    first: Option<Event>,
    events: BoxStream<'static, Event>,
    queue: mpsc::Sender<Frame>,
) {
    let bounds = shared.streams.bounds;
    let slow = Duration::from_secs(bounds.slow_seconds);
    let longest = Duration::from_secs(shared.gate.limits().answer_seconds);
    let every = |seconds| {
        let period = Duration::from_secs(seconds);
        interval_at(Instant::now() + period, period)
    };
    let (mut pings, mut checks) = (every(bounds.ping_seconds), every(bounds.token_check_seconds));
    // In a task of its own, making an event goes on whatever happens here: one that stood still halfway would keep its
    // connection to the database meanwhile.
    let mut making = JoinSet::new();
    making.spawn(make(first, events, queue.clone(), (slow, longest)));
    loop {
        tokio::select! {
            () = shared.streams.stop.cancelled() => break,
            () = queue.closed() => break,
            _ = checks.tick() => if pass.look_again(&shared).await.is_err() { break },
            // A queue that is full shows enough of life.
            _ = pings.tick() => drop(queue.try_send(Frame::bare(b":\n\n"))),
            made = making.join_next() => {
                if let Some(Ok(Made::All)) = made {
                    let _ = timeout(slow, queue.send(Frame::bare(COMPLETE))).await;
                }
                break;
            }
        }
    }
    making.shutdown().await;
}

/// How making events ends.
enum Made {
    All,
    /// The client is gone, or takes nothing.
    Untaken,
}

/// Makes the events, each when the one before it has found its place in the queue. A client that leaves it without room for
/// longer than the first of these times is given up; for the second, an answer keeps its place among the running requests.
async fn make(
    first: Option<Event>,
    mut events: BoxStream<'static, Event>,
    queue: mpsc::Sender<Frame>,
    (slow, longest): (Duration, Duration),
) -> Made {
    let mut next = first;
    loop {
        let Some(event) = (match next.take() {
            Some(event) => Some(event),
            None => events.next().await,
        }) else {
            return Made::All;
        };
        if !timeout(slow, queue.send(Frame::of(event, longest))).await.is_ok_and(|sent| sent.is_ok()) {
            return Made::Untaken;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_for_whoever_accepts_one() {
        use Wanted::{Always, ForSubscriptions, Never};
        for (accept, meant) in [
            ("", Never),
            ("*/*", Never),
            ("application/json", Never),
            ("text/event-stream", Always),
            ("TEXT/Event-Stream;q=0.1", Always),
            ("text/event-stream, text/html", Always),
            ("text/event-stream, application/json", ForSubscriptions),
            ("text/event-stream;q=0.1, */*", ForSubscriptions),
            ("text/event-stream, application/graphql-response+json;q=0.5", ForSubscriptions),
            ("text/event-stream;q=0", Never),
            ("text/event-stream;q=0.000, */*", Never),
            ("application/json;q=0, text/event-stream", Always),
            ("text/event-stream, */*;q=0", Always),
            ("text/event-stream, application/*;q=0, */*", Always),
            ("text/event-stream;q=0, application/json;q=0", Never),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, accept.parse().expect("a value"));
            assert_eq!(wanted(&headers), meant, "{accept}");
        }
    }
}
