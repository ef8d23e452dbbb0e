//! Answers on their way to the client.

use std::borrow::Cow;
use std::convert::Infallible;
use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use futures::stream;
use tokio_util::sync::CancellationToken;

use crate::envelope::Reply;
use crate::error::ApiError;
use crate::error::overrides::Overrides;
use crate::fault::Delivery;

/// How long the first part of a cut body has to leave before the connection closes.
const FLUSH: Duration = Duration::from_millis(30);

/// An answer whose body is shared, not copied.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The envelope's code; OAuth answers have none.
    pub(crate) code: Option<u32>,
    pub(crate) content_type: Cow<'static, str>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
    /// As of [`Reply::refusal`].
    pub(crate) refusal: Option<Box<ApiError>>,
}

impl Answer {
    /// The answer as the emulator was told to word it; headers stay.
    pub(super) fn worded_by(mut self, overrides: &Overrides) -> Self {
        if let Some(wording) = self.refusal.take().and_then(|error| overrides.own_wording(&error)) {
            let headers = std::mem::take(&mut self.headers);
            self = Self { headers, ..Reply::from(wording).into() };
        }
        self
    }
}

impl From<Reply> for Answer {
    fn from(reply: Reply) -> Self {
        Self {
            status: reply.status,
            code: reply.code,
            content_type: reply.content_type,
            headers: reply.headers,
            body: reply.body,
            refusal: reply.refusal,
        }
    }
}

impl From<ApiError> for Answer {
    fn from(error: ApiError) -> Self {
        Reply::from(error).into()
    }
}

/// Marks an answer whose connection must end without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Withheld {
    #[error("the connection is closed by a fault rule")]
    Closed,
    #[error("the connection is reset by a fault rule")]
    Reset,
}

/// Marks an answer that must not be compressed, because compression would change what a fault did to its bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct AsItIs;

/// The answer as it travels. `stop` ends a body that is sent slowly.
pub(super) fn deliver(
    mut answer: Answer,
    delivery: Delivery,
    request_id: &str,
    stop: &CancellationToken,
) -> Response {
    let whole = answer.body.clone();
    let part = |keep: Option<usize>| whole.slice(..keep.unwrap_or(whole.len() / 2).min(whole.len()));
    match delivery {
        Delivery::Whole => response(answer, Some(request_id)),
        Delivery::Close => withheld(Withheld::Closed),
        Delivery::Reset => withheld(Withheld::Reset),
        Delivery::Truncated(keep) => {
            answer.body = part(keep);
            as_it_is(response(answer, Some(request_id)), None)
        }
        Delivery::Cut(keep) => {
            let sent = part(keep);
            let pieces = stream::unfold(Some(sent), |sent| async move {
                match sent {
                    Some(sent) if !sent.is_empty() => Some((Ok(sent), Some(Bytes::new()))),
                    Some(_) => {
                        tokio::time::sleep(FLUSH).await;
                        Some((Err(io::Error::other("cut by a fault rule")), None))
                    }
                    None => None,
                }
            });
            as_it_is(response(answer, Some(request_id)), Some((Body::from_stream(pieces), whole.len())))
        }
        Delivery::Slow { bytes, ms } => {
            let (length, stop) = (whole.len(), stop.clone());
            let pieces = stream::unfold((whole, stop), move |(mut rest, stop)| async move {
                if rest.is_empty() {
                    return None;
                }
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = tokio::time::sleep(Duration::from_millis(ms)) => {}
                }
                let size = if stop.is_cancelled() { rest.len() } else { bytes.min(rest.len()) };
                let piece = rest.split_to(size);
                Some((Ok::<_, Infallible>(piece), (rest, stop)))
            });
            as_it_is(response(answer, Some(request_id)), Some((Body::from_stream(pieces), length)))
        }
    }
}

fn as_it_is(mut response: Response, body: Option<(Body, usize)>) -> Response {
    response.extensions_mut().insert(AsItIs);
    if let Some((body, length)) = body {
        *response.body_mut() = body;
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    response
}

fn withheld(how: Withheld) -> Response {
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(how);
    response
}

/// The answer with the headers that every answer has. Control calls have no number.
pub(super) fn response(answer: Answer, request_id: Option<&str>) -> Response {
    // A content type that a client stored with a file may be no header value.
    let content_type = HeaderValue::from_str(&answer.content_type);
    let content_type = content_type.unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, content_type);
    for (name, value) in [
        ("cache-control", "no-cache, no-store, must-revalidate, private"),
        ("pragma", "no-cache"),
        ("expires", "Thu, 01 Jan 1970 00:00:00 GMT"),
        ("server", "ZGS"),
        // A browser that trusts the emulator's certificate must not refuse plain HTTP on this host afterwards.
        ("strict-transport-security", "max-age=0"),
        ("build_version", env!("CARGO_PKG_VERSION")),
        ("vary", "accept-encoding"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let request_id = request_id.map(|id| ("X-Request-Id".to_owned(), id.to_owned()));
    for (name, value) in answer.headers.into_iter().chain(request_id) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    }
    response
}
