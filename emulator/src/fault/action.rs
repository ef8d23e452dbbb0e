//! What a fault does to a call.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::Code;

/// Which limit a 429 speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExceededLimit {
    /// 429 code 43: the user's minute. `Retry-After` is 3600 seconds.
    UserMinute,
    /// 429 code 44: the organization's minute. `Retry-After` is 60 seconds.
    OrganizationMinute,
    /// 429 code 45: the organization's day. `Retry-After` is what is left of the day.
    Day,
    /// 429 code 1070: calls in process. `Retry-After` is 1 second.
    Concurrency,
    /// 400 `Access Denied` of the token endpoint, without `Retry-After`.
    Tokens,
}

/// What a fault does to a call. Times are real milliseconds, whatever the emulator's clock says.
///
/// As JSON an action is an object whose `kind` is the name in snake case: `{"kind":"delay","ms":500}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum FaultAction {
    /// Answers this instead of handling the call.
    Respond {
        /// HTTP status, 200 to 599.
        status: u16,
        /// JSON body.
        #[serde(default)]
        body: serde_json::Value,
        /// Further headers, for example `Retry-After`.
        #[serde(default)]
        headers: BTreeMap<String, String>,
    },
    /// Waits, then handles the call.
    Delay {
        /// Real milliseconds.
        ms: u64,
    },
    /// Closes the connection; the call has no effect.
    CloseBeforeCommit,
    /// Handles the call, then closes the connection without an answer.
    CloseAfterCommit,
    /// Holds the connection without handling the call, then closes it.
    Hang {
        /// Real milliseconds.
        ms: u64,
    },
    /// Resets the connection (TCP RST); the call has no effect.
    ResetBeforeCommit,
    /// Handles the call, then resets the connection (TCP RST) without an answer.
    ResetAfterCommit,
    /// Refuses the call as the service does when a limit is exceeded. It strikes only calls that the limit is about:
    /// those to the token endpoint for [`ExceededLimit::Tokens`], all but OAuth calls for the others.
    Exceeded {
        /// The limit.
        limit: ExceededLimit,
        /// Seconds of `Retry-After`; without it the limit's own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<u64>,
        /// Leaves `Retry-After` out.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        bare: bool,
    },
    /// Refuses the call as if the token had expired: 401 code 57. It strikes all but OAuth calls.
    ExpiredToken,
    /// Refuses the call with a code of the error table, its status and its sentence.
    Error {
        /// The number in the envelope. Those of the limits have an action of their own, [`FaultAction::Exceeded`].
        code: u32,
        /// What the sentence speaks of, for example `contact_name` for code 2.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        subject: String,
    },
    /// Fails with this status: 500 with code 1000, any other 5xx with a page of HTML, as a gateway does.
    ServerError {
        /// HTTP status, 500 to 599.
        status: u16,
    },
    /// Answers a page of HTML instead of handling the call.
    Html {
        /// HTTP status, 200 to 599.
        #[serde(default = "ok")]
        status: u16,
    },
    /// Answers 200 with the content type of JSON and a body that is not even text, instead of handling the call.
    Garbage {
        /// Length of the body.
        #[serde(default = "garbage_bytes")]
        bytes: usize,
    },
    /// Handles the call, then answers a part of the body with a `Content-Length` that fits the part: the transfer
    /// succeeds, and the JSON is broken.
    TruncateBody {
        /// Bytes that are sent; without it the first half.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        keep: Option<usize>,
    },
    /// Handles the call, then closes the connection in the middle of the body: the transfer fails.
    CutBody {
        /// Bytes that are sent; without it the first half.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        keep: Option<usize>,
    },
    /// Handles the call, then sends the body in small pieces.
    SlowBody {
        /// Bytes in a piece.
        #[serde(default = "slow_bytes")]
        bytes: usize,
        /// Real milliseconds before each piece.
        #[serde(default = "slow_ms")]
        ms: u64,
    },
    /// Answers a GET from the records as they were earlier. Tokens, users and organizations are those of now. It
    /// strikes only GET and HEAD.
    StaleRead {
        /// Seconds of the emulator's clock; without it the state before the last write. Among the last 256 writes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seconds: Option<u64>,
    },
    /// Hands only the first half of a list of ids on to the operation and answers what the operation answers. Lists
    /// are the parameters and top-level members whose names end in `_ids`; a half is rounded up.
    PartialBatch,
}

fn ok() -> u16 {
    200
}

fn garbage_bytes() -> usize {
    512
}

fn slow_bytes() -> usize {
    16
}

fn slow_ms() -> u64 {
    50
}

impl FaultAction {
    /// Whether the action makes sense for a call.
    pub(super) fn concerns(&self, method: &str, path: &str) -> bool {
        let oauth = path.starts_with("/oauth/");
        match self {
            Self::Exceeded { limit: ExceededLimit::Tokens, .. } => path == "/oauth/v2/token",
            Self::Exceeded { .. } | Self::ExpiredToken | Self::Error { .. } => !oauth,
            Self::StaleRead { .. } => matches!(method, "GET" | "HEAD"),
            _ => true,
        }
    }

    /// What is wrong with the action, as a sentence.
    pub(super) fn problem(&self) -> Option<&'static str> {
        /// A body longer than this would fill the memory for nothing.
        const MOST_GARBAGE: usize = 16 * 1024 * 1024;
        match self {
            Self::Respond { status, .. } | Self::Html { status } if !(200..=599).contains(status) => {
                Some("The status of an answer is a number from 200 to 599.")
            }
            Self::Error { code, .. } => match Code::numbered(*code) {
                None => Some("The code of an error is one of the table of errors."),
                Some(kind) if kind.status() == 429 => Some("The codes of limits are answered by exceeded."),
                Some(_) => None,
            },
            Self::ServerError { status } if !(500..=599).contains(status) => {
                Some("The status of a server error is a number from 500 to 599.")
            }
            Self::Garbage { bytes } if !(1..=MOST_GARBAGE).contains(bytes) => {
                Some("The bytes of a garbage answer are a number from 1 to 16777216.")
            }
            Self::SlowBody { bytes: 0, .. } => Some("A piece of a slow body has at least one byte."),
            _ => None,
        }
    }
}
