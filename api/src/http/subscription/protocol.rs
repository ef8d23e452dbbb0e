//! The messages and close codes of `graphql-transport-ws`, the protocol of the graphql-ws library:
//! <https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md>.

use std::fmt::Display;

use async_graphql::{Response as Answer, ServerError};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::pass::Refusal;
use crate::graphql::guard::refusal::seconds;
use crate::http::graphql::Posted;
use crate::http::sign_in::Stranger;

/// Its name in the handshake.
pub(super) const SUBPROTOCOL: &str = "graphql-transport-ws";

/// Longest message of a client.
pub(super) const MESSAGE_LIMIT: usize = 256 * 1024;

/// Longest reason in a close frame, by the WebSocket protocol.
const REASON_LIMIT: usize = 123;

/// What a client says.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum FromClient {
    ConnectionInit {
        payload: Option<Map<String, Value>>,
    },
    Ping {
        payload: Option<Map<String, Value>>,
    },
    Pong {
        #[serde(rename = "payload")]
        _payload: Option<Map<String, Value>>,
    },
    Subscribe {
        id: String,
        payload: Posted,
    },
    Complete {
        id: String,
    },
}

/// What the server says.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ToClient<'a> {
    ConnectionAck,
    Ping,
    Pong {
        #[serde(skip_serializing_if = "Option::is_none")]
        payload: Option<Map<String, Value>>,
    },
    Next {
        id: &'a str,
        payload: &'a Answer,
    },
    Error {
        id: &'a str,
        payload: &'a [ServerError],
    },
    Complete {
        id: &'a str,
    },
}

impl FromClient {
    /// Reads a message.
    pub fn parse(text: &str) -> Result<Self, Close> {
        if text.len() > MESSAGE_LIMIT {
            return Err(Close::new(1009, format!("Message too big: {MESSAGE_LIMIT} bytes at most")));
        }
        let message = serde_json::from_str(text).map_err(|error| Close::bad_message(&error))?;
        match &message {
            Self::Subscribe { id, .. } | Self::Complete { id } if id.is_empty() => {
                Err(Close::bad_message(&"an operation's id must not be empty"))
            }
            _ => Ok(message),
        }
    }
}

/// Why the server closes a WebSocket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Close {
    pub code: u16,
    pub reason: String,
}

impl Close {
    fn new(code: u16, reason: impl Into<String>) -> Self {
        let mut reason = reason.into();
        let end = (0..=REASON_LIMIT.min(reason.len())).rev().find(|at| reason.is_char_boundary(*at));
        reason.truncate(end.unwrap_or_default());
        Self { code, reason }
    }

    pub fn going_away() -> Self {
        Self::new(1001, "The server stops; connect again")
    }

    pub fn slow() -> Self {
        Self::new(1013, "Messages were not taken in time; connect again and go on with `after`")
    }

    pub fn too_much(most: usize) -> Self {
        Self::new(1009, format!("Message too big: {most} bytes at most before connection_ack"))
    }

    pub fn no_memory() -> Self {
        Self::new(1013, "The server has too much in hand; connect again, or send less at a time")
    }

    pub fn bad_message(why: &impl Display) -> Self {
        Self::new(4400, format!("Bad message: {why}"))
    }

    pub fn unauthorized() -> Self {
        Self::new(4401, "Unauthorized: send connection_init and wait for connection_ack first")
    }

    pub fn subprotocol() -> Self {
        Self::new(4406, format!("Subprotocol not acceptable: offer {SUBPROTOCOL}"))
    }

    pub fn init_timeout() -> Self {
        Self::new(4408, "Connection initialisation timeout")
    }

    pub fn duplicate(id: &str) -> Self {
        Self::new(4409, format!("Subscriber for {id} already exists"))
    }

    pub fn second_init() -> Self {
        Self::new(4429, "Too many initialisation requests")
    }

    pub fn silent() -> Self {
        Self::new(4499, "Terminated: pings were not answered")
    }

    pub fn internal() -> Self {
        Self::new(4500, "Internal server error")
    }
}

impl From<Refusal> for Close {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Stranger(Stranger::Unauthenticated(reason)) => {
                Self::new(4403, format!("Forbidden: {}", reason.reason()))
            }
            Refusal::Stranger(Stranger::Guessing(wait)) => Self::new(
                1013,
                format!("Too many unknown tokens came from your address; wait {} seconds", seconds(wait)),
            ),
            Refusal::Stranger(Stranger::Unavailable) => {
                Self::new(1013, "The database cannot be reached; try again")
            }
            Refusal::RightsChanged => {
                Self::new(4403, "Forbidden: the rights of this token changed; connect again")
            }
            Refusal::TooMany => Self::new(1013, "This token has too many streams open; close one"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> Close {
        FromClient::parse(text).expect_err("it is refused")
    }

    #[test]
    fn messages_are_read_as_the_protocol_says() {
        let read = |text| FromClient::parse(text).expect("it is read");
        assert!(matches!(
            read(r#"{"type":"connection_init"}"#),
            FromClient::ConnectionInit { payload: None }
        ));
        assert!(matches!(
            read(r#"{"type":"connection_init","payload":null}"#),
            FromClient::ConnectionInit { payload: None }
        ));
        let FromClient::Ping { payload: Some(payload) } = read(r#"{"payload":{"n":1.5},"type":"ping"}"#)
        else {
            panic!("a ping with a payload")
        };
        assert_eq!(payload["n"], 1.5);
        assert!(matches!(read(r#"{"type":"pong","more":1}"#), FromClient::Pong { _payload: None }));
        let subscribe = r#"{"id":"1","type":"subscribe","payload":{"query":"{ a }","operationName":null,"variables":{"b":[1]},"extensions":{}}}"#;
        let FromClient::Subscribe { id, payload } = read(subscribe) else { panic!("a subscribe") };
        assert_eq!((id.as_str(), payload.query.as_str()), ("1", "{ a }"));
        assert_eq!(payload.variables.expect("variables")["b"][0], 1);
        assert!(matches!(read(r#"{"id":"1","type":"complete"}"#), FromClient::Complete { .. }));
    }

    #[test]
    fn anything_else_is_a_bad_message_with_a_reason_that_fits() {
        for text in [
            "",
            "hello",
            "[]",
            "null",
            "{}",
            r#"{"type":"start","id":"1"}"#,
            r#"{"type":"connection_ack"}"#,
            r#"{"type":"connection_init","payload":"token"}"#,
            r#"{"type":"ping","payload":[]}"#,
            r#"{"type":"subscribe","payload":{"query":"{ a }"}}"#,
            r#"{"type":"subscribe","id":7,"payload":{"query":"{ a }"}}"#,
            r#"{"type":"subscribe","id":"","payload":{"query":"{ a }"}}"#,
            r#"{"type":"subscribe","id":"1"}"#,
            r#"{"type":"subscribe","id":"1","payload":{}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":"{ a }","variables":[]}}"#,
            r#"{"type":"complete"}"#,
            r#"{"type":"complete","id":""}"#,
            &format!(r#"{{"type":"{}"}}"#, "é".repeat(500)),
        ] {
            let close = refused(text);
            assert_eq!(close.code, 4400, "{text}");
            assert!(
                close.reason.starts_with("Bad message: ") && close.reason.len() <= REASON_LIMIT,
                "{close:?}"
            );
        }
        let long = format!(r#"{{"type":"ping","payload":{{"a":"{}"}}}}"#, "x".repeat(MESSAGE_LIMIT));
        assert_eq!(refused(&long).code, 1009);
        assert!(Close::duplicate(&"ü".repeat(200)).reason.len() <= REASON_LIMIT);
    }

    #[test]
    fn messages_are_written_as_the_protocol_says() {
        let written = |message: &ToClient<'_>| serde_json::to_string(message).expect("JSON");
        assert_eq!(written(&ToClient::ConnectionAck), r#"{"type":"connection_ack"}"#);
        assert_eq!(written(&ToClient::Pong { payload: None }), r#"{"type":"pong"}"#);
        assert_eq!(written(&ToClient::Complete { id: "a" }), r#"{"type":"complete","id":"a"}"#);
        let answer = Answer::new(async_graphql::Value::Null);
        assert_eq!(
            written(&ToClient::Next { id: "a", payload: &answer }),
            r#"{"type":"next","id":"a","payload":{"data":null}}"#
        );
        let errors = [ServerError::new("no", None)];
        let error = written(&ToClient::Error { id: "a", payload: &errors });
        assert!(error.starts_with(r#"{"type":"error","id":"a","payload":[{"message":"no""#), "{error}");
    }
}
