//! GraphQL over HTTP, after its specification: what is sent, and how it is answered. What happens in between is the same
//! for every transport and stands in [`super::door`].

use std::net::SocketAddr;
use std::time::Duration;

use async_graphql::{Response as Answer, ServerError, Variables};
use axum::Extension;
use axum::body::{Body, BodyDataStream, Bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{ConnectInfo, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use serde::{Deserialize, Serialize};

use super::Shared;
use super::door::{self, Asked, Carries};
use super::envelope::RequestId;
use super::media::Media;
use super::sign_in;
use super::subscription::sse::{self, Wanted};
use crate::graphql::guard::lexer;
use crate::graphql::guard::refusal::{Manner, Refusal, seconds};

/// How much of a body that was refused is read and thrown away, and for how long, so that a client that sends all of it
/// before it looks for an answer finds one, instead of a broken connection.
const LINGER: (usize, Duration) = (64 * 1024 * 1024, Duration::from_secs(5));

/// A request as the specification describes it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Posted {
    pub(super) query: String,
    pub(super) operation_name: Option<String>,
    pub(super) variables: Option<serde_json::Map<String, serde_json::Value>>,
    #[serde(rename = "extensions")]
    _extensions: Option<serde_json::Map<String, serde_json::Value>>,
}

/// A request in the query string: variables are JSON text there.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Got {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<String>,
}

/// The body of an answer to a request that was not executed.
#[derive(Serialize)]
struct Unexecuted<'a> {
    errors: &'a [ServerError],
}

/// One exchange: what every answer of it needs.
pub(super) struct Exchange {
    pub(super) media: Media,
    pub(super) request_id: String,
}

pub(super) async fn post(
    State(shared): State<Shared>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Extension(id): Extension<RequestId>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    exchange(
        &shared,
        peer,
        id,
        &parts.headers,
        async { posted(&shared, &parts.headers, body).await },
        Carries::Everything,
    )
    .await
}

pub(super) async fn get(
    State(shared): State<Shared>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Extension(id): Extension<RequestId>,
    headers: HeaderMap,
    asked: Result<Query<Got>, QueryRejection>,
) -> Response {
    exchange(&shared, peer, id, &headers, async { got(&shared, &headers, asked) }, Carries::Queries).await
}

async fn exchange(
    shared: &Shared,
    peer: SocketAddr,
    RequestId(request_id): RequestId,
    headers: &HeaderMap,
    asked: impl Future<Output = Result<Asked, Refusal>>,
    carries: Carries,
) -> Response {
    let wanted = sse::wanted(headers);
    let media = match Media::accepted(headers) {
        // What goes wrong before a stream begins is told in the newer format, which has statuses.
        _ if wanted == Wanted::Always => Media::GraphqlResponse,
        Some(media) => media,
        None => {
            let message = "Accept `application/graphql-response+json` or `application/json`: the answer is one of these";
            let refusal = Refusal::new(Manner::NotAcceptable, "BAD_USER_INPUT", message);
            return Exchange { media: Media::Json, request_id }.refuse(refusal);
        }
    };
    let mut exchange = Exchange { media, request_id };
    let answered = async {
        let asked = asked.await?;
        let address = shared.client(peer, headers);
        let bearer = bearer(headers);
        // Nobody's document is looked at before the token is.
        let signed_in = sign_in::sign_in(shared, address, bearer).await?;
        if wanted == Wanted::Always || door::is_subscription(shared, &asked) {
            exchange.media = Media::GraphqlResponse;
            let carries = if carries == Carries::Queries { Carries::Streams } else { carries };
            return sse::answer(shared, &exchange, headers, (address, bearer), asked, carries).await;
        }
        let admitted = door::admit(shared, signed_in, asked, carries).await?;
        let answer = door::run(shared, admitted).await?;
        let status = exchange.status(if answer.executed { None } else { Some(Manner::Request) });
        Ok(if answer.executed {
            exchange.respond(status, answer.response)
        } else {
            exchange.respond_unexecuted(status, answer.response)
        })
    };
    match answered.await {
        Ok(response) => response,
        Err(refusal) => exchange.refuse(refusal),
    }
}

/// The token in the `Authorization` header.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    token_of(headers.get(header::AUTHORIZATION)?.to_str().ok()?)
}

/// The token in an `Authorization` header or its like.
pub(super) fn token_of(sent: &str) -> Option<&str> {
    let (scheme, token) = sent.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn content_type(headers: &HeaderMap) -> &str {
    headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn is_json(content_type: &str) -> bool {
    content_type.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

fn malformed(message: impl Into<String>) -> Refusal {
    Refusal::new(Manner::Malformed, "BAD_USER_INPUT", message)
}

async fn posted(shared: &Shared, headers: &HeaderMap, body: Body) -> Result<Asked, Refusal> {
    if !is_json(content_type(headers)) {
        let message = "Send the request as JSON with `Content-Type: application/json`";
        return Err(Refusal::new(Manner::MediaType, "BAD_USER_INPUT", message));
    }
    let body = read(shared, headers, body).await?;
    if body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
        let message = "Batches are not served: send each request in a body of its own, as a JSON object; several may be under way at once";
        return Err(malformed(message).with("limit", "BATCH"));
    }
    check_nesting(shared, &body)?;
    let posted: Posted = serde_json::from_slice(&body).map_err(|error| {
        malformed(format!(
            "The body must be a JSON object with `query` and, where needed, `variables` and `operationName`: {error}"
        ))
    })?;
    Ok(posted.into())
}

impl From<Posted> for Asked {
    fn from(posted: Posted) -> Self {
        let variables = posted.variables.map(|variables| Variables::from_json(variables.into()));
        Self {
            query: posted.query,
            operation_name: posted.operation_name,
            variables: variables.unwrap_or_default(),
        }
    }
}

fn got(
    shared: &Shared,
    headers: &HeaderMap,
    asked: Result<Query<Got>, QueryRejection>,
) -> Result<Asked, Refusal> {
    if !(headers.contains_key("x-requested-with") || is_json(content_type(headers))) {
        let message = "Send the header `X-Requested-With`: without one that forms and images cannot send, GET runs nothing";
        return Err(malformed(message));
    }
    let Ok(Query(asked)) = asked else {
        return Err(malformed("Send `query`, `variables` and `operationName` once each, percent-encoded"));
    };
    let Some(query) = asked.query else {
        return Err(malformed("Send the query as the parameter `query`, or POST it as JSON"));
    };
    let mut variables = Variables::default();
    if let Some(text) = asked.variables {
        check_nesting(shared, text.as_bytes())?;
        let parsed: Option<serde_json::Map<String, serde_json::Value>> = serde_json::from_str(&text)
            .map_err(|error| malformed(format!("`variables` must be a JSON object: {error}")))?;
        variables = Variables::from_json(parsed.unwrap_or_default().into());
    }
    Ok(Asked { query, operation_name: asked.operation_name, variables })
}

pub(super) fn check_nesting(shared: &Shared, json: &[u8]) -> Result<(), Refusal> {
    let (found, maximum) = (lexer::json_nesting(json), shared.gate.limits().variables_depth);
    if found <= maximum {
        return Ok(());
    }
    let message = format!(
        "The JSON nests brackets {found} deep, and {maximum} are allowed (VARIABLES_DEPTH); flatten the variables"
    );
    Err(malformed(message).with("limit", "VARIABLES_DEPTH").with("found", found).with("maximum", maximum))
}

/// Reads a body that is small and comes soon.
async fn read(shared: &Shared, headers: &HeaderMap, body: Body) -> Result<Bytes, Refusal> {
    let limits = shared.gate.limits();
    let maximum = usize::try_from(limits.body_bytes).unwrap_or(usize::MAX);
    let declared = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let mut chunks = body.into_data_stream();
    if let Some(declared) = declared.filter(|declared: &u64| *declared > limits.body_bytes) {
        tokio::spawn(discard(chunks));
        return Err(too_large(limits.body_bytes).with("found", declared));
    }
    let mut whole = Vec::new();
    let reading = async {
        while let Some(chunk) = chunks.next().await {
            let chunk =
                chunk.map_err(|error| malformed(format!("The body broke off: {error}; send it again")))?;
            if whole.len() + chunk.len() > maximum {
                return Err(too_large(limits.body_bytes));
            }
            whole.extend_from_slice(&chunk);
        }
        Ok(())
    };
    match tokio::time::timeout(Duration::from_secs(limits.body_seconds), reading).await {
        Ok(Ok(())) => Ok(whole.into()),
        Ok(Err(refusal)) => {
            tokio::spawn(discard(chunks));
            Err(refusal)
        }
        Err(_) => {
            let maximum = limits.body_seconds;
            let message =
                format!("The body did not come within {maximum} seconds (BODY_TIME); send it at once");
            let refusal = Refusal::new(Manner::TooSlow, "BAD_USER_INPUT", message);
            Err(refusal.with("limit", "BODY_TIME").with("maximum", maximum))
        }
    }
}

fn too_large(maximum: u64) -> Refusal {
    let message = format!(
        "The body is larger than {maximum} bytes (BODY_BYTES); send less, or ask in several requests"
    );
    Refusal::new(Manner::TooLarge, "BAD_USER_INPUT", message)
        .with("limit", "BODY_BYTES")
        .with("maximum", maximum)
}

async fn discard(mut chunks: BodyDataStream) {
    let (bytes, time) = LINGER;
    let reading = async {
        let mut left = bytes;
        while let Some(Ok(chunk)) = chunks.next().await {
            left = left.saturating_sub(chunk.len());
            if left == 0 {
                break;
            }
        }
    };
    // However it ends, the connection is closed when the rest of the body is let go.
    let _ = tokio::time::timeout(time, reading).await;
}

impl Exchange {
    pub(super) fn refuse(&self, refusal: Refusal) -> Response {
        let manner = refusal.manner;
        let retry_after = refusal.retry_after;
        let mut response = self.respond_unexecuted(self.status(Some(manner)), refusal.into_response());
        let headers = response.headers_mut();
        match manner {
            Manner::Unauthenticated => {
                let challenge = HeaderValue::from_static("Bearer realm=\"finbridge\"");
                headers.insert(header::WWW_AUTHENTICATE, challenge);
            }
            Manner::Method => {
                headers.insert(header::ALLOW, HeaderValue::from_static("POST"));
            }
            Manner::TooSlow => {
                headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            _ => {}
        }
        if let Some(wait) = retry_after {
            headers.insert(header::RETRY_AFTER, seconds(wait).into());
        }
        response
    }

    /// A well-formed request that is refused has a status of its own for clients that know the newer media type, and 200
    /// for others: to those, anything else means that the answer is not GraphQL.
    fn status(&self, refused: Option<Manner>) -> StatusCode {
        let newer = self.media == Media::GraphqlResponse;
        match refused {
            None => StatusCode::OK,
            Some(Manner::Request) if newer => StatusCode::BAD_REQUEST,
            Some(Manner::Throttled) if newer => StatusCode::TOO_MANY_REQUESTS,
            Some(Manner::Request | Manner::Throttled) => StatusCode::OK,
            Some(Manner::Malformed) => StatusCode::BAD_REQUEST,
            Some(Manner::TooLarge) => StatusCode::PAYLOAD_TOO_LARGE,
            Some(Manner::TooSlow) => StatusCode::REQUEST_TIMEOUT,
            Some(Manner::MediaType) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Some(Manner::NotAcceptable) => StatusCode::NOT_ACCEPTABLE,
            Some(Manner::Method) => StatusCode::METHOD_NOT_ALLOWED,
            Some(Manner::Unauthenticated) => StatusCode::UNAUTHORIZED,
            Some(Manner::Forbidden) => StatusCode::FORBIDDEN,
            Some(Manner::Unavailable) => StatusCode::SERVICE_UNAVAILABLE,
            Some(Manner::Internal) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The answer of an execution.
    fn respond(&self, status: StatusCode, mut answer: Answer) -> Response {
        door::name_request(&mut answer, &self.request_id);
        self.write(status, &answer)
    }

    /// The answer of a request that was not executed: it has no `data`, not even null.
    pub(super) fn respond_unexecuted(&self, status: StatusCode, mut answer: Answer) -> Response {
        door::name_request(&mut answer, &self.request_id);
        self.write(status, &Unexecuted { errors: &answer.errors })
    }

    fn write(&self, status: StatusCode, answer: &impl Serialize) -> Response {
        let body = match serde_json::to_vec(answer) {
            Ok(body) => body,
            Err(error) => {
                tracing::error!(request = self.request_id, %error, "An answer could not be written");
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            }
        };
        let headers = [
            (header::CONTENT_TYPE, self.media.content_type()),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ];
        (status, headers, body).into_response()
    }
}
