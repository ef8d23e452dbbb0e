//! One WebSocket, from the handshake to the close.
//!
//! One task hears the client and decides; one writes; each operation has its own. All messages go through one short queue.
//! While it is full nobody makes more, and a client that leaves a message untaken for too long is dropped.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use async_graphql::parser::types::OperationType;
use async_graphql::{ServerError, Value};
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use futures::future::poll_fn;
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use serde_json::Map;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, Id, JoinError, JoinHandle, JoinSet};
use tokio::time::{Instant, interval_at, sleep_until, timeout};

use super::operation::Operation;
use super::origin;
use super::pass::Pass;
use super::protocol::{Close, FromClient, MESSAGE_LIMIT, SUBPROTOCOL, ToClient};
use super::writer::{Letter, QUEUE, Written, say, write};
use crate::graphql::guard::lexer;
use crate::graphql::guard::refusal::{Manner, Refusal};
use crate::http::Shared;
use crate::http::body::{self, Part};
use crate::http::door::{Asked, Carries, name_request};
use crate::http::envelope::RequestId;
use crate::http::graphql::{Exchange, Posted, bearer, token_of};
use crate::http::media::Media;
use crate::http::server::Held;
use crate::http::sign_in::SignedIn;
use crate::http::wire::Line;
use crate::http::written;

/// Bytes that are read and written at a time.
const BUFFER: usize = 4 * 1024;

/// Bytes that a client may send until it is acknowledged. A token takes a hundred.
const BEFORE_ACK: usize = 8 * 1024;

/// Values that a message of a client may hold until it is acknowledged.
const VALUES_BEFORE_ACK: u64 = 50;

/// Longest wait for the client to take the close, and then to answer it.
const FAREWELL: Duration = Duration::from_secs(1);

/// Answers a handshake.
pub(super) fn open(
    shared: Shared,
    peer: SocketAddr,
    connection: Held,
    RequestId(request_id): RequestId,
    headers: &HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    if !origin::is_allowed(headers, &shared.server.cors_origins) {
        let message = "Web pages of this origin may not open a WebSocket here; the operator can list it in server.cors_origins";
        let refusal = Refusal::new(Manner::Forbidden, "FORBIDDEN", message);
        return Exchange { media: Media::Json, request_id }.refuse(refusal);
    }
    let address = shared.client(peer, headers);
    let is_acceptable =
        upgrade.requested_protocols().any(|protocol| *protocol == HeaderValue::from_static(SUBPROTOCOL));
    let token = bearer(headers).map(str::to_owned);
    let task = shared.streams.tasks.token();
    upgrade
        .protocols([SUBPROTOCOL])
        // What is a little too long can still be refused in good order.
        .max_message_size(4 * MESSAGE_LIMIT)
        .max_frame_size(4 * MESSAGE_LIMIT)
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .on_upgrade(move |socket| async move {
            connection.line.allow(BEFORE_ACK);
            let (sink, mut incoming) = socket.split();
            let slow = Duration::from_secs(shared.streams.bounds.slow_seconds);
            let (queue, waiting) = mpsc::channel(QUEUE);
            let mut writer = tokio::spawn(write(sink, waiting, slow));
            let farewell = if is_acceptable {
                Session::new(shared, address, token, queue, connection.line.clone())
                    .converse(&mut incoming, &mut writer)
                    .await
            } else {
                drop(queue);
                Farewell::Close(Close::subprotocol())
            };
            bid_farewell(farewell, incoming, writer, slow).await;
            drop((task, connection));
        })
}

/// How a conversation ends.
enum Farewell {
    /// The client is gone.
    Gone,
    Close(Close),
    /// The writer has given up.
    Slow(SplitSink<WebSocket, Message>),
}

async fn bid_farewell(
    farewell: Farewell,
    mut incoming: SplitStream<WebSocket>,
    mut writer: JoinHandle<Written>,
    slow: Duration,
) {
    let (mut sink, close) = match farewell {
        Farewell::Gone => return writer.abort(),
        Farewell::Slow(sink) => (sink, Close::slow()),
        Farewell::Close(close) => match timeout(slow, &mut writer).await {
            Ok(Ok(Written::All(sink))) => (sink, close),
            Ok(Ok(Written::Slow(sink))) => (sink, Close::slow()),
            Ok(Ok(Written::Gone) | Err(_)) => return,
            Err(_) => return writer.abort(),
        },
    };
    let frame = CloseFrame { code: close.code, reason: close.reason.into() };
    if let Ok(Ok(())) = timeout(FAREWELL, sink.send(Message::Close(Some(frame)))).await {
        // A connection that is dropped with something unread is reset, and the client may never see why.
        let _ = timeout(FAREWELL, async { while let Some(Ok(_)) = incoming.next().await {} }).await;
    }
}

/// What came of an operation.
enum Ended {
    Complete,
    Refused(Vec<ServerError>),
    /// Nobody is there to be told.
    Gone,
}

struct Session {
    shared: Shared,
    address: IpAddr,
    /// From the handshake.
    token: Option<String>,
    queue: mpsc::Sender<Letter>,
    line: Arc<Line>,
    initialised: bool,
    pass: Option<Pass>,
    operations: HashMap<String, AbortHandle>,
    tasks: JoinSet<Ended>,
    heard_at: Instant,
}

type Flow = ControlFlow<Farewell>;

fn close(close: Close) -> Flow {
    ControlFlow::Break(Farewell::Close(close))
}

const ON: Flow = ControlFlow::Continue(());

impl Session {
    fn new(
        shared: Shared,
        address: IpAddr,
        token: Option<String>,
        queue: mpsc::Sender<Letter>,
        line: Arc<Line>,
    ) -> Self {
        Self {
            shared,
            address,
            token,
            queue,
            line,
            initialised: false,
            pass: None,
            operations: HashMap::new(),
            tasks: JoinSet::new(),
            heard_at: Instant::now(),
        }
    }

    async fn converse(
        mut self,
        incoming: &mut SplitStream<WebSocket>,
        writer: &mut JoinHandle<Written>,
    ) -> Farewell {
        let bounds = self.shared.streams.bounds;
        let stop = self.shared.streams.stop.clone();
        let now = Instant::now();
        let deadline = now + Duration::from_secs(bounds.init_seconds);
        let every = |seconds| {
            let period = Duration::from_secs(seconds);
            interval_at(now + period, period)
        };
        let (mut pings, mut checks) = (every(bounds.ping_seconds), every(bounds.token_check_seconds));
        let line = self.line.clone();
        loop {
            let flow = tokio::select! {
                () = stop.cancelled() => close(Close::going_away()),
                () = sleep_until(deadline), if self.pass.is_none() => close(Close::init_timeout()),
                message = next(incoming, &line) => match message {
                    Some(Ok(message)) => self.hear(message).await,
                    Some(Err(_)) => ControlFlow::Break(Farewell::Gone),
                    None => close(Close::too_much(BEFORE_ACK)),
                },
                _ = pings.tick(), if self.pass.is_some() => self.ping(pings.period()).await,
                _ = checks.tick() => self.look_again().await,
                Some(ended) = self.tasks.join_next_with_id() => self.ended(ended).await,
                written = &mut *writer => ControlFlow::Break(match written {
                    Ok(Written::Slow(sink)) => Farewell::Slow(sink),
                    _ => Farewell::Gone,
                }),
            };
            if let ControlFlow::Break(farewell) = flow {
                self.tasks.shutdown().await;
                return farewell;
            }
        }
    }

    /// Queues a message. A queue without a writer is found out elsewhere.
    async fn say(&self, message: &ToClient<'_>) -> Flow {
        say(&self.queue, message, |_| None).await;
        ON
    }

    async fn hear(&mut self, message: Message) -> Flow {
        self.heard_at = Instant::now();
        let text = match message {
            Message::Text(text) => text,
            Message::Binary(_) => return close(Close::bad_message(&"messages are text")),
            // The library answers these; after a close nothing more comes.
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) => return ON,
        };
        // The message and its payload are two more brackets around the variables than a body over HTTP has one.
        let deepest = self.shared.gate.limits().variables_depth.saturating_add(1);
        if lexer::json_nesting(text.as_bytes()) > deepest {
            return close(Close::bad_message(&format!("brackets nest deeper than {deepest}")));
        }
        let signed_in = self.pass.is_some();
        let most = self.shared.gate.limits().variables_values;
        let (most, when) =
            if signed_in { (most, "") } else { (most.min(VALUES_BEFORE_ACK), " before connection_ack") };
        if body::values(text.as_bytes()) > most {
            return close(Close::bad_message(&format!("it holds more than {most} values{when}")));
        }
        // What it takes is counted before anybody knows what it asks for. What comes before the acknowledgement is bounded to
        // little instead: nobody who is not signed in may take of what the requests of all others share.
        let mut part = Part::default();
        let memory = &self.shared.memory;
        if signed_in
            && (memory.grow(&mut part, text.len()).await.is_err()
                || memory.grow_by_values(&mut part, text.as_bytes()).await.is_err())
        {
            return close(Close::no_memory());
        }
        match FromClient::parse(&text) {
            Ok(FromClient::ConnectionInit { payload }) => self.initialise(payload).await,
            Ok(FromClient::Ping { payload }) => self.say(&ToClient::Pong { payload }).await,
            Ok(FromClient::Pong { .. }) => ON,
            Ok(FromClient::Subscribe { id, payload }) => self.subscribe(id, payload, part).await,
            Ok(FromClient::Complete { id }) => {
                if let Some(operation) = self.operations.remove(&id) {
                    operation.abort();
                }
                ON
            }
            Err(refused) => close(refused),
        }
    }

    async fn initialise(&mut self, payload: Option<Map<String, serde_json::Value>>) -> Flow {
        if std::mem::replace(&mut self.initialised, true) {
            return close(Close::second_init());
        }
        let payload = payload.unwrap_or_default();
        let sent = payload.iter().find(|(key, _)| key.eq_ignore_ascii_case("authorization"));
        let token = match sent {
            Some((_, sent)) => sent.as_str().and_then(token_of),
            None => self.token.as_deref(),
        };
        match Pass::of(&self.shared, self.address, token, "websocket").await {
            Ok(pass) => {
                self.pass = Some(pass);
                self.line.allow(usize::MAX);
            }
            Err(refusal) => return close(refusal.into()),
        }
        self.say(&ToClient::ConnectionAck).await
    }

    async fn subscribe(&mut self, id: String, posted: Posted, part: Part) -> Flow {
        let Some(pass) = &self.pass else { return close(Close::unauthorized()) };
        if self.operations.contains_key(&id) {
            return close(Close::duplicate(&id));
        }
        let request_id = self.shared.app.engine.ids.uuid().to_string();
        let most = self.shared.streams.bounds.operations_per_socket;
        if u64::try_from(self.operations.len()).is_ok_and(|running| running < most) {
            let signed_in = pass.signed_in;
            let asked = (Asked::from(posted), part);
            let perform =
                perform(self.shared.clone(), signed_in, asked, request_id, id.clone(), self.queue.clone());
            self.operations.insert(id, self.tasks.spawn(perform));
            return ON;
        }
        let message = format!(
            "One WebSocket carries at most {most} operations at a time; complete one, or open another"
        );
        let mut refused = Refusal::new(Manner::Throttled, "THROTTLED", message).into_response();
        name_request(&mut refused, &request_id);
        self.say(&ToClient::Error { id: &id, payload: &refused.errors }).await
    }

    /// The end of an operation is told here, so that its id is free before the client knows of it.
    async fn ended(&mut self, ended: Result<(Id, Ended), JoinError>) -> Flow {
        let (task, ended) = match ended {
            Ok((task, ended)) => (task, ended),
            Err(failure) if failure.is_panic() => return close(Close::internal()),
            Err(_) => return ON,
        };
        let id = self.operations.iter().find(|(_, operation)| operation.id() == task);
        // The client may have completed it in the meantime, and used the id again.
        let Some(id) = id.map(|(id, _)| id.clone()) else { return ON };
        self.operations.remove(&id);
        match ended {
            Ended::Complete => self.say(&ToClient::Complete { id: &id }).await,
            Ended::Refused(errors) => self.say(&ToClient::Error { id: &id, payload: &errors }).await,
            Ended::Gone => ON,
        }
    }

    async fn ping(&mut self, period: Duration) -> Flow {
        if self.heard_at.elapsed() >= 2 * period {
            return close(Close::silent());
        }
        self.say(&ToClient::Ping).await
    }

    async fn look_again(&mut self) -> Flow {
        let Some(pass) = &self.pass else { return ON };
        match pass.look_again(&self.shared).await {
            Ok(()) => ON,
            Err(refusal) => close(refusal.into()),
        }
    }
}

/// The next message, or what went wrong with the connection; none when the client sent more than it may so early.
async fn next(incoming: &mut SplitStream<WebSocket>, line: &Line) -> Option<Result<Message, ()>> {
    poll_fn(|context| match incoming.poll_next_unpin(context) {
        Poll::Ready(Some(message)) => Poll::Ready(Some(message.map_err(drop))),
        Poll::Ready(None) => Poll::Ready(Some(Err(()))),
        Poll::Pending if line.is_exhausted() => Poll::Ready(None),
        Poll::Pending => Poll::Pending,
    })
    .await
}

async fn perform(
    shared: Shared,
    signed_in: SignedIn,
    (asked, part): (Asked, Part),
    request_id: String,
    id: String,
    queue: mpsc::Sender<Letter>,
) -> Ended {
    let operation = match Operation::admit(&shared, signed_in, asked, Carries::Everything).await {
        Ok(operation) => operation,
        Err(refusal) => {
            let mut refused = refusal.into_response();
            name_request(&mut refused, &request_id);
            return Ended::Refused(refused.errors);
        }
    };
    let is_subscription = operation.kind == OperationType::Subscription;
    let longest = Duration::from_secs(shared.gate.limits().answer_seconds);
    let mut events = operation.run(&shared, request_id, None, part);
    let mut is_first = true;
    while let Some(event) = events.next().await {
        let failed = !event.answer.errors.is_empty();
        let never_began = event.refused || (is_subscription && is_first && is_empty(&event.answer.data));
        if failed && never_began {
            return Ended::Refused(event.answer.errors);
        }
        is_first = false;
        let message = ToClient::Next { id: &id, payload: &event.answer };
        if !say(&queue, &message, |bytes| written::keep(event.place, bytes, longest)).await {
            return Ended::Gone;
        }
    }
    Ended::Complete
}

fn is_empty(data: &Value) -> bool {
    match data {
        Value::Null => true,
        Value::Object(fields) => fields.values().all(|field| *field == Value::Null),
        _ => false,
    }
}
