//! GraphQL over HTTP, after its specification: what is sent, and how it is answered. What happens in between is the same
//! for every transport and stands in [`super::door`].

use std::net::SocketAddr;
use std::time::Duration;

use async_graphql::{Response as Answer, ServerError, Variables};
use axum::Extension;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{ConnectInfo, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use tokio::sync::OwnedSemaphorePermit;

use super::body::{self, Part, malformed};
use super::door::{self, Asked, Carries};
use super::envelope::RequestId;
use super::media::Media;
use super::sign_in;
use super::subscription::sse::{self, Wanted};
use super::{Shared, written};
use crate::graphql::guard::refusal::{Manner, Refusal, seconds};

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
    exchange(&shared, peer, id, &parts.headers, Sent::Body(body)).await
}

pub(super) async fn get(
    State(shared): State<Shared>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Extension(id): Extension<RequestId>,
    headers: HeaderMap,
    asked: Result<Query<Got>, QueryRejection>,
) -> Response {
    exchange(&shared, peer, id, &headers, Sent::Address(asked)).await
}

/// Where a request stands.
enum Sent {
    Body(Body),
    Address(Result<Query<Got>, QueryRejection>),
}

impl Sent {
    /// Nobody will read it.
    fn let_go(self) {
        if let Self::Body(body) = self {
            body::discard(body);
        }
    }
}

async fn exchange(
    shared: &Shared,
    peer: SocketAddr,
    RequestId(request_id): RequestId,
    headers: &HeaderMap,
    sent: Sent,
) -> Response {
    let wanted = sse::wanted(headers);
    let media = match Media::accepted(headers) {
        // What goes wrong before a stream begins is told in the newer format, which has statuses.
        _ if wanted == Wanted::Always => Media::GraphqlResponse,
        Some(media) => media,
        None => {
            let message = "Accept `application/graphql-response+json` or `application/json`: the answer is one of these";
            let refusal = Refusal::new(Manner::NotAcceptable, "BAD_USER_INPUT", message);
            sent.let_go();
            return Exchange { media: Media::Json, request_id }.refuse(refusal);
        }
    };
    let mut exchange = Exchange { media, request_id };
    let answered = async {
        let address = shared.client(peer, headers);
        let bearer = bearer(headers);
        // Nothing that anybody sends is kept before the token is looked at.
        let signed_in = match sign_in::sign_in(shared, address, bearer).await {
            Ok(signed_in) => signed_in,
            Err(refusal) => {
                sent.let_go();
                return Err(refusal);
            }
        };
        // What the request takes in memory is counted until it is answered, over a stream until it is executed.
        let mut part = Part::default();
        let (mut asked, carries) = match sent {
            Sent::Body(body) => (posted(shared, headers, body, &mut part).await?, Carries::Everything),
            Sent::Address(asked) => (got(shared, headers, asked, &mut part).await?, Carries::Queries),
        };
        if wanted == Wanted::Always || door::is_subscription(shared, &mut asked) {
            exchange.media = Media::GraphqlResponse;
            let carries = if carries == Carries::Queries { Carries::Streams } else { carries };
            return sse::answer(shared, &exchange, headers, (address, bearer), (asked, part), carries).await;
        }
        let admitted = door::admit(shared, signed_in, asked, carries).await?;
        let answer = door::run(shared, admitted).await?;
        let status = exchange.status(if answer.executed { None } else { Some(Manner::Request) });
        Ok(if answer.executed {
            let longest = Duration::from_secs(shared.gate.limits().answer_seconds);
            exchange.respond(status, answer.response, (answer.place, longest))
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

async fn posted(shared: &Shared, headers: &HeaderMap, body: Body, part: &mut Part) -> Result<Asked, Refusal> {
    if !is_json(content_type(headers)) {
        body::discard(body);
        let message = "Send the request as JSON with `Content-Type: application/json`";
        return Err(Refusal::new(Manner::MediaType, "BAD_USER_INPUT", message));
    }
    let body = body::read(shared, headers, body, part).await?;
    if body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
        let message = "Batches are not served: send each request in a body of its own, as a JSON object; several may be under way at once";
        return Err(malformed(message).with("limit", "BATCH"));
    }
    body::check_json(shared, &body)?;
    shared.memory.grow_by_values(part, &body).await?;
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
        Self::new(posted.query, posted.operation_name, variables.unwrap_or_default())
    }
}

async fn got(
    shared: &Shared,
    headers: &HeaderMap,
    asked: Result<Query<Got>, QueryRejection>,
    part: &mut Part,
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
        body::check_json(shared, text.as_bytes())?;
        shared.memory.grow_by_values(part, text.as_bytes()).await?;
        let parsed: Option<serde_json::Map<String, serde_json::Value>> = serde_json::from_str(&text)
            .map_err(|error| malformed(format!("`variables` must be a JSON object: {error}")))?;
        variables = Variables::from_json(parsed.unwrap_or_default().into());
    }
    Ok(Asked::new(query, asked.operation_name, variables))
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

    /// The answer of an execution, which keeps its place until it is written, or for so long.
    fn respond(
        &self,
        status: StatusCode,
        mut answer: Answer,
        (place, longest): (Option<OwnedSemaphorePermit>, Duration),
    ) -> Response {
        door::name_request(&mut answer, &self.request_id);
        self.write(status, &answer, |bytes| written::in_parts(bytes, place, longest))
    }

    /// The answer of a request that was not executed: it has no `data`, not even null.
    pub(super) fn respond_unexecuted(&self, status: StatusCode, mut answer: Answer) -> Response {
        door::name_request(&mut answer, &self.request_id);
        self.write(status, &Unexecuted { errors: &answer.errors }, Body::from)
    }

    fn write(
        &self,
        status: StatusCode,
        answer: &impl Serialize,
        body: impl FnOnce(Vec<u8>) -> Body,
    ) -> Response {
        let bytes = match serde_json::to_vec(answer) {
            Ok(bytes) => bytes,
            Err(error) => {
                tracing::error!(request = self.request_id, %error, "An answer could not be written");
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            }
        };
        let headers = [
            (header::CONTENT_TYPE, self.media.content_type()),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ];
        (status, headers, body(bytes)).into_response()
    }
}
