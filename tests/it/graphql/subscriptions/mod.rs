//! Subscriptions as their clients see them: over real WebSockets and event streams.

mod bounds;
mod costs;
mod progress;
mod protocol;
mod replicas;
mod sse;

use std::time::Duration;

use finbridge::config::Config;
use finbridge::http::GraphiqlPage;
use finbridge_emulator::{FaultAction, FaultRule};
use finbridge_tests::TestWorld;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::Server;

/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(60);

const PROGRESS: &str =
    "subscription($run: ID!, $after: String) { syncRunProgress(runId: $run, after: $after) {
    cursor phase done expected ratePerSecond estimatedEndAt
    totals { planned added skipped failed pending }
    run { id state totals { added pending } integration { app { key } } } } }";

/// A client that speaks graphql-transport-ws by hand.
struct Socket {
    ws: WebSocketStream<MaybeTlsStream<TcpStream>>,
    answers_pings: bool,
}

impl Socket {
    /// A handshake with these headers.
    async fn handshake(url: &str, headers: &[(&str, &str)]) -> Result<Self, tungstenite::Error> {
        let mut request = format!("{}/graphql", url.replace("http://", "ws://")).into_client_request()?;
        for (name, value) in headers {
            let name: HeaderName = name.parse().expect("a name");
            request.headers_mut().insert(name, HeaderValue::from_str(value).expect("a value"));
        }
        let (ws, _) = connect_async(request).await?;
        Ok(Self { ws, answers_pings: true })
    }

    async fn connect(url: &str) -> Self {
        let headers = [("sec-websocket-protocol", "graphql-transport-ws")];
        Self::handshake(url, &headers).await.expect("a WebSocket")
    }

    /// A socket that has been acknowledged.
    async fn signed_in(url: &str, token: &str) -> Self {
        let mut socket = Self::connect(url).await;
        socket.init(token).await;
        assert_eq!(socket.hear().await, json!({ "type": "connection_ack" }));
        socket
    }

    async fn init(&mut self, token: &str) {
        let payload = json!({ "authorization": format!("Bearer {token}") });
        self.say(json!({ "type": "connection_init", "payload": payload })).await;
    }

    async fn say(&mut self, message: Value) {
        self.send(Message::text(message.to_string())).await;
    }

    async fn send(&mut self, message: Message) {
        self.ws.send(message).await.expect("it can be sent");
    }

    async fn subscribe(&mut self, id: &str, query: &str, variables: Value) {
        let payload = json!({ "query": query, "variables": variables });
        self.say(json!({ "type": "subscribe", "id": id, "payload": payload })).await;
    }

    /// The next message of any kind; none when the connection ended without a close.
    async fn frame(&mut self) -> Option<Message> {
        let frame = tokio::time::timeout(PATIENCE, self.ws.next()).await.expect("something comes in time");
        frame.and_then(Result::ok)
    }

    /// The next message other than a ping.
    async fn hear(&mut self) -> Value {
        loop {
            let text = match self.frame().await {
                Some(Message::Text(text)) => text,
                Some(Message::Ping(_) | Message::Pong(_)) => continue,
                other => panic!("a message was to come, not {other:?}"),
            };
            let message: Value = serde_json::from_str(&text).expect("JSON");
            if message["type"] != "ping" {
                return message;
            }
            if self.answers_pings {
                self.say(json!({ "type": "pong" })).await;
            }
        }
    }

    /// Hears the rest, until the server closes; its code and reason.
    async fn closed(&mut self) -> (u16, String) {
        loop {
            match self.frame().await {
                Some(Message::Close(Some(frame))) => return (frame.code.into(), frame.reason.to_string()),
                Some(Message::Close(None)) | None => panic!("the server went without a word"),
                Some(_) => {}
            }
        }
    }

    /// Hears one operation to its end: the payloads of `next`, and the message that ended it.
    async fn heard_out(&mut self, id: &str) -> (Vec<Value>, Value) {
        let mut events = Vec::new();
        loop {
            let mut message = self.hear().await;
            assert_eq!(message["id"], id, "{message:#}");
            if message["type"] != "next" {
                return (events, message);
            }
            events.push(message["payload"].take());
        }
    }

    /// The next state of a run, without errors.
    async fn state(&mut self) -> Value {
        let mut message = self.hear().await;
        assert_eq!(message["type"], "next", "{message:#}");
        assert!(message["payload"].get("errors").is_none(), "{message:#}");
        message["payload"]["data"]["syncRunProgress"].take()
    }
}

/// Another server on the world's parts, with other settings.
async fn server(world: &TestWorld, change: impl FnOnce(&mut Config)) -> Server {
    let mut config = Config::default();
    change(&mut config);
    Server::with(world.app.clone(), GraphiqlPage::default(), &config).await
}

async fn accounts(world: &TestWorld, count: usize) {
    for n in 0..count {
        world.account(&format!("Account {n}")).await;
    }
}

/// A connected world with accounts whose sync takes so long for each; with no time, other faults may follow.
async fn ready(world: &TestWorld, count: usize, ms: u64) -> String {
    let integration = world.connect().await;
    world.configure(&integration, "SKIP", false).await;
    accounts(world, count).await;
    if ms > 0 {
        world
            .emulator
            .fault(FaultRule::new(FaultAction::Delay { ms }).method("POST").path_contains("/import"));
    }
    integration
}

/// The code of an operation's only error.
fn code(message: &Value) -> &str {
    assert_eq!(message["type"], "error", "{message:#}");
    let errors = message["payload"].as_array().unwrap_or_else(|| panic!("a list of errors in {message:#}"));
    assert_eq!(errors.len(), 1, "{message:#}");
    assert!(errors[0]["extensions"]["requestId"].is_string(), "{message:#}");
    errors[0]["extensions"]["code"].as_str().unwrap_or_else(|| panic!("a code in {message:#}"))
}
