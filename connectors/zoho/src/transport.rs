//! Bytes out, bytes in: the only place that touches the network. It bounds the size of an answer and tells "never
//! sent" from "sent, and no answer came".

use std::error::Error;
use std::time::Duration;

use finbridge_contract::{Failure, FailureKind};
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::{Client, Request, RequestBuilder, Response, StatusCode};
use tracing::Instrument;

use crate::observe::Observed;

/// Largest answer that is read. A page of 200 records stays well below one MiB.
const BODY_LIMIT: usize = 32 * 1024 * 1024;

/// Largest PDF that is read.
const PDF_LIMIT: usize = 20 * 1024 * 1024;

/// Longest wait that is believed: the vendor's longest block lasts until the daily quota renews.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// Names longer than this are not names, and are not kept.
const REQUEST_ID_LIMIT: usize = 128;

/// Whether a call can change something on the other side. It decides what a lost answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It can be asked again freely.
    Read,
    /// It may have been carried out although no answer came.
    Write,
}

impl Effect {
    /// The failure of a call that was sent and whose answer did not arrive whole.
    pub(crate) fn lost(self, message: String) -> Failure {
        match self {
            Self::Read => Failure::new(FailureKind::Unavailable, message),
            Self::Write => Failure::new(FailureKind::OutcomeUnknown, message),
        }
    }

    /// The failure of a call whose answer arrived and makes no sense.
    pub(crate) fn unreadable(self, message: String) -> Failure {
        match self {
            Self::Read => Failure::new(FailureKind::Malformed, message),
            Self::Write => Failure::new(FailureKind::OutcomeUnknown, message),
        }
    }
}

/// What came in the body.
pub(crate) enum Body {
    /// Bytes that call themselves JSON.
    Json(Vec<u8>),
    /// Bytes that call themselves a PDF.
    Pdf(Vec<u8>),
    /// Something else, such as the HTML page of a gateway.
    Foreign,
    /// The connection broke or time ran out before the end.
    Broken(String),
    /// More than [`BODY_LIMIT`], or [`PDF_LIMIT`].
    TooLarge,
}

/// An answer whose meaning is not yet judged.
pub(crate) struct RawAnswer {
    pub(crate) status: StatusCode,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) request_id: Option<String>,
    /// How many requests the organization has a day, where the answer tells it.
    pub(crate) per_day: Option<u32>,
    pub(crate) body: Body,
}

/// Sends a request and reads the answer.
pub(crate) async fn exchange(
    request: RequestBuilder,
    effect: Effect,
    app: &str,
) -> Result<RawAnswer, Failure> {
    let (client, request) = request.build_split();
    let request = request.map_err(|error| unsent_or_lost(error, effect, app))?;
    let observed = Observed::begin(&request, app);
    let answer = send(client, request, effect, app).instrument(observed.span()).await;
    observed.end(answer.as_ref().ok());
    answer
}

async fn send(client: Client, request: Request, effect: Effect, app: &str) -> Result<RawAnswer, Failure> {
    let mut response = client.execute(request).await.map_err(|error| unsent_or_lost(error, effect, app))?;
    let headers = response.headers();
    let (is_json, is_pdf) = (is(headers, "application/json"), is(headers, "application/pdf"));
    let retry_after = header(headers, RETRY_AFTER.as_str())
        .and_then(|seconds| seconds.trim().parse().ok())
        .map(|seconds| Duration::from_secs(seconds).min(LONGEST_WAIT));
    let request_id = header(headers, "X-Request-Id")
        .filter(|id| !id.is_empty() && id.len() <= REQUEST_ID_LIMIT)
        .map(str::to_owned);
    let per_day = header(headers, "X-Rate-Limit-Limit").and_then(|limit| limit.trim().parse().ok());
    let status = response.status();
    let body = match (is_json, is_pdf) {
        (true, _) => read_body(&mut response, BODY_LIMIT).await.map_or_else(|broken| broken, Body::Json),
        (_, true) => read_body(&mut response, PDF_LIMIT).await.map_or_else(|broken| broken, Body::Pdf),
        _ => Body::Foreign,
    };
    Ok(RawAnswer { status, retry_after, request_id, per_day, body })
}

async fn read_body(response: &mut Response, limit: usize) -> Result<Vec<u8>, Body> {
    let mut bytes = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if bytes.len() + chunk.len() > limit => return Err(Body::TooLarge),
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => return Ok(bytes),
            Err(error) => return Err(Body::Broken(reason(error))),
        }
    }
}

fn unsent_or_lost(error: reqwest::Error, effect: Effect, app: &str) -> Failure {
    if error.is_builder() {
        let message = format!("the request to {app} could not be built: {}", reason(error));
        return Failure::new(FailureKind::Refused, message);
    }
    if error.is_connect() {
        let message = format!("{app} could not be reached: {}", reason(error));
        return Failure::new(FailureKind::Unavailable, message);
    }
    effect.lost(format!("{app} did not answer: {}", reason(error)))
}

/// What went wrong, down to its cause. The address is left out: its query names the organization.
fn reason(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

fn is(headers: &HeaderMap, content_type: &str) -> bool {
    header(headers, CONTENT_TYPE.as_str())
        .and_then(|kind| kind.get(..content_type.len()))
        .is_some_and(|kind| kind.eq_ignore_ascii_case(content_type))
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
