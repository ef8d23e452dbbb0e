//! Why a request is not executed.

use std::time::Duration;

use async_graphql::{ErrorExtensionValues, Response, ServerError, Value};

/// How a refusal travels, where the transport has a way to say so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// The request itself is at fault: it was understood and is not executed.
    Request,
    /// The request could not be read: 400.
    Malformed,
    /// Its body is too large: 413.
    TooLarge,
    /// It came too slowly: 408.
    TooSlow,
    /// It is in a format that is not served: 415.
    MediaType,
    /// An answer in a format that is not served is asked for: 406.
    NotAcceptable,
    /// Only POST may do that: 405.
    Method,
    /// It is not signed in: 401.
    Unauthenticated,
    /// It comes from where it may not: 403.
    Forbidden,
    /// The caller asks too fast: 429.
    Throttled,
    /// The server cannot do it now: 503.
    Unavailable,
    /// The server failed: 500.
    Internal,
}

/// Why a request is not executed.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// How it travels.
    pub manner: Manner,
    /// After how long the request may be repeated; for throttled ones.
    pub retry_after: Option<Duration>,
    code: &'static str,
    errors: Vec<ServerError>,
}

impl Refusal {
    /// A refusal with one error.
    pub fn new(manner: Manner, code: &'static str, message: impl Into<String>) -> Self {
        Self::of(manner, code, ServerError::new(message, None))
    }

    /// A refusal with this error, which gets the code.
    pub fn of(manner: Manner, code: &'static str, error: ServerError) -> Self {
        Self { manner, retry_after: None, code, errors: vec![error] }.with("code", code)
    }

    /// More than a limit allows.
    pub fn limit(code: &'static str, limit: &'static str, found: u64, maximum: u64, message: String) -> Self {
        Self::new(Manner::Request, code, message)
            .with("limit", limit)
            .with("found", found)
            .with("maximum", maximum)
    }

    /// Says more to programs.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        let value = value.into();
        for error in &mut self.errors {
            error.extensions.get_or_insert_with(ErrorExtensionValues::default).set(name, value.clone());
        }
        self
    }

    /// Says when to come again: in whole seconds, rounded up.
    #[must_use]
    pub fn after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        let seconds = seconds(wait);
        self.with("retryAfterSeconds", seconds)
    }

    /// Its code.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The answer that says so.
    pub fn into_response(self) -> Response {
        Response::from_errors(self.errors)
    }

    /// The errors that say so.
    pub fn into_errors(self) -> Vec<ServerError> {
        self.errors
    }
}

/// Whole seconds, rounded up, and at least one.
pub fn seconds(wait: Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}
