//! GraphQL over HTTP, after its specification.

use async_graphql::parser::parse_query;
use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, OperationType};
use async_graphql::{
    ErrorExtensionValues, Name, PathSegment, Request, Response as Answer, ServerError, Value, Variables,
};
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use finbridge_domain::Clock;
use serde::Deserialize;

use super::{EXECUTION_LIMIT, Shared};
use crate::auth::Viewer;
use crate::auth::token::{self, Unauthenticated};
use crate::graphql::loader::{Loaders, Turns};

const GRAPHQL_JSON: &str = "application/graphql-response+json; charset=utf-8";
const JSON: &str = "application/json; charset=utf-8";

/// A request as the specification describes it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Asked {
    pub(super) query: String,
    pub(super) operation_name: Option<String>,
    pub(super) variables: Option<serde_json::Map<String, serde_json::Value>>,
    #[serde(rename = "extensions")]
    _extensions: Option<serde_json::Map<String, serde_json::Value>>,
}

/// A request in the query string: variables are JSON text there.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AskedByGet {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<String>,
}

/// How the client wants its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Media {
    GraphqlResponse,
    Json,
}

/// One exchange: what every answer of it needs.
pub(super) struct Exchange {
    pub(super) media: Media,
    pub(super) request_id: String,
}

pub(super) async fn post(
    State(shared): State<Shared>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let exchange = match Exchange::begin(&shared, &headers) {
        Ok(exchange) => exchange,
        Err(response) => return response,
    };
    match exchange.read_post(&headers, body) {
        Ok(asked) => exchange.answer(&shared, &headers, asked, true).await,
        Err(response) => *response,
    }
}

pub(super) async fn get(
    State(shared): State<Shared>,
    headers: HeaderMap,
    asked: Result<Query<AskedByGet>, QueryRejection>,
) -> Response {
    let exchange = match Exchange::begin(&shared, &headers) {
        Ok(exchange) => exchange,
        Err(response) => return response,
    };
    match exchange.read_get(&headers, asked) {
        Ok(asked) => exchange.answer(&shared, &headers, asked, false).await,
        Err(response) => *response,
    }
}

fn is_json(content_type: &str) -> bool {
    content_type.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

impl Exchange {
    #[expect(clippy::result_large_err, reason = "the error is the answer itself")]
    fn begin(shared: &Shared, headers: &HeaderMap) -> Result<Self, Response> {
        let request_id = shared.app.engine.ids.uuid().to_string();
        let accept =
            headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("*/*").to_lowercase();
        let accepts = |kind: &str| {
            accept.split(',').any(|range| range.split(';').next().is_some_and(|one| one.trim() == kind))
        };
        let media = if accepts("application/graphql-response+json") {
            Media::GraphqlResponse
        } else if accept.trim().is_empty()
            || ["application/json", "application/*", "*/*"].into_iter().any(accepts)
        {
            Media::Json
        } else {
            let exchange = Self { media: Media::Json, request_id };
            let message = "Accept `application/graphql-response+json` or `application/json`: the answer is one of these";
            return Err(exchange.refuse(StatusCode::NOT_ACCEPTABLE, "BAD_USER_INPUT", message));
        };
        Ok(Self { media, request_id })
    }

    /// The request in a body.
    pub(super) fn read_post(
        &self,
        headers: &HeaderMap,
        body: Result<Bytes, BytesRejection>,
    ) -> Result<Asked, Box<Response>> {
        let refuse = |status, message: String| Box::new(self.refuse(status, "BAD_USER_INPUT", message));
        let content_type =
            headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !is_json(content_type) {
            let message = "Send the request as JSON with `Content-Type: application/json`".to_owned();
            return Err(refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
        }
        let body = body.map_err(|rejection| {
            let message = format!("The body cannot be read: {rejection}; it may have 256 KiB");
            refuse(rejection.status(), message)
        })?;
        serde_json::from_slice(&body).map_err(|error| {
            let message = format!(
                "The body must be a JSON object with `query` and, where needed, `variables` and `operationName`: {error}"
            );
            refuse(StatusCode::BAD_REQUEST, message)
        })
    }

    /// The request in a query string.
    pub(super) fn read_get(
        &self,
        headers: &HeaderMap,
        asked: Result<Query<AskedByGet>, QueryRejection>,
    ) -> Result<Asked, Box<Response>> {
        let refuse = |message: &str| {
            Box::new(self.refuse(StatusCode::BAD_REQUEST, "BAD_USER_INPUT", message.to_owned()))
        };
        let typed =
            headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !(headers.contains_key("x-requested-with") || is_json(typed)) {
            let message = "Send the header `X-Requested-With`: without one that forms and images cannot send, GET runs nothing";
            return Err(refuse(message));
        }
        let Ok(Query(asked)) = asked else {
            return Err(refuse("Send `query`, `variables` and `operationName` once each, percent-encoded"));
        };
        let Some(query) = asked.query else {
            return Err(refuse("Send the query as the parameter `query`, or POST it as JSON"));
        };
        let variables = asked.variables.as_deref().map(serde_json::from_str).transpose();
        let variables =
            variables.map_err(|error| refuse(&format!("`variables` must be a JSON object: {error}")))?;
        Ok(Asked { query, operation_name: asked.operation_name, variables, _extensions: None })
    }

    async fn answer(&self, shared: &Shared, headers: &HeaderMap, asked: Asked, may_change: bool) -> Response {
        let viewer = match self.viewer(shared, headers).await {
            Ok(viewer) => viewer,
            Err(response) => return *response,
        };
        let document = match parse_query(&asked.query) {
            Ok(document) => document,
            Err(error) => return self.request_error("GRAPHQL_PARSE_FAILED", error.into()),
        };
        if !may_change && !is_query(&document, asked.operation_name.as_deref()) {
            let message = "GET runs queries only; POST mutations and subscriptions";
            let mut response = self.refuse(StatusCode::METHOD_NOT_ALLOWED, "BAD_USER_INPUT", message);
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
            return response;
        }
        let services = shared.app.services(viewer);
        let turns = Turns::default();
        let loaders = Loaders::new(&services, &turns);
        let variables =
            asked.variables.map(|variables| Variables::from_json(variables.into())).unwrap_or_default();
        let mut request = Request::new(asked.query).variables(variables).data(services).data(loaders);
        if let Some(name) = asked.operation_name {
            request = request.operation_name(name);
        }
        request.set_parsed_query(document);
        match tokio::time::timeout(EXECUTION_LIMIT, turns.run(shared.schema.execute(request))).await {
            Ok(answer) => self.executed(answer),
            Err(_) => {
                let message =
                    "The request took longer than 10 seconds and was given up; ask for less at a time";
                self.refuse(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", message)
            }
        }
    }

    pub(super) async fn viewer(&self, shared: &Shared, headers: &HeaderMap) -> Result<Viewer, Box<Response>> {
        let bearer =
            headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(bearer);
        let engine = &shared.app.engine;
        let clock: &dyn Clock = engine.clock.as_ref();
        match token::check(&engine.db, clock, bearer).await {
            Ok(Ok(viewer)) => Ok(viewer),
            Ok(Err(reason)) => Err(Box::new(self.unauthenticated(reason))),
            Err(error) => {
                tracing::error!(request = self.request_id, %error, "A token could not be checked");
                let message = "The database cannot be reached; try again";
                Err(Box::new(self.refuse(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", message)))
            }
        }
    }

    pub(super) fn unauthenticated(&self, reason: Unauthenticated) -> Response {
        let mut error = error("UNAUTHENTICATED", reason.to_string());
        error.extensions.get_or_insert_default().set("reason", reason.reason());
        let mut response = self.respond(StatusCode::UNAUTHORIZED, Answer::from_errors(vec![error]));
        let challenge = HeaderValue::from_static("Bearer realm=\"finbridge\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        response
    }

    /// The answer of an execution, or of a request that never came so far.
    fn executed(&self, answer: Answer) -> Response {
        let (answer, failed) = completed(answer);
        self.respond(self.status_of_request_error(failed), answer)
    }

    pub(super) fn request_error(&self, code: &str, mut error: ServerError) -> Response {
        error.extensions.get_or_insert_default().set("code", code);
        self.respond(self.status_of_request_error(true), Answer::from_errors(vec![error]))
    }

    /// A well-formed request that GraphQL refuses is 400 for clients that know the newer media type, and 200 for others.
    fn status_of_request_error(&self, failed: bool) -> StatusCode {
        if failed && self.media == Media::GraphqlResponse { StatusCode::BAD_REQUEST } else { StatusCode::OK }
    }

    pub(super) fn refuse(&self, status: StatusCode, code: &str, message: impl Into<String>) -> Response {
        self.respond(status, Answer::from_errors(vec![error(code, message)]))
    }

    pub(super) fn respond(&self, status: StatusCode, mut answer: Answer) -> Response {
        name_request(&mut answer, &self.request_id);
        let body = match serde_json::to_vec(&answer) {
            Ok(body) => body,
            Err(error) => {
                tracing::error!(request = self.request_id, %error, "An answer could not be written");
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            }
        };
        let media = if self.media == Media::GraphqlResponse { GRAPHQL_JSON } else { JSON };
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static(media)),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ];
        let mut response = (status, headers, body).into_response();
        if let Ok(id) = HeaderValue::from_str(&self.request_id) {
            response.headers_mut().insert("x-request-id", id);
        }
        response
    }
}

/// The token in an `Authorization` header or its like.
pub(super) fn bearer(sent: &str) -> Option<&str> {
    let (scheme, token) = sent.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// What an execution answered, with a code in each error; and whether the request never came to be executed.
pub(super) fn completed(mut answer: Answer) -> (Answer, bool) {
    let never_ran =
        matches!(answer.data, Value::Null) && answer.errors.iter().all(|error| error.path.is_empty());
    let code = if never_ran { "GRAPHQL_VALIDATION_FAILED" } else { "BAD_USER_INPUT" };
    answer.data = with_failed_fields(answer.data, &answer.errors);
    answer.errors.truncate(10);
    for error in &mut answer.errors {
        let extensions = error.extensions.get_or_insert_default();
        if extensions.get("code").is_none() {
            extensions.set("code", code);
        }
    }
    let failed = never_ran && !answer.errors.is_empty();
    (answer, failed)
}

/// Puts the request's id into each error.
pub(super) fn name_request(answer: &mut Answer, request_id: &str) {
    for error in &mut answer.errors {
        error.extensions.get_or_insert_default().set("requestId", request_id);
    }
}

pub(super) fn error(code: &str, message: impl Into<String>) -> ServerError {
    let mut error = ServerError::new(message, None);
    let mut extensions = ErrorExtensionValues::default();
    extensions.set("code", code);
    error.extensions = Some(extensions);
    error
}

/// The library leaves root fields that failed out of the answer; they are to be there, as null.
fn with_failed_fields(data: Value, errors: &[ServerError]) -> Value {
    let mut fields = match data {
        Value::Object(fields) => fields,
        Value::Null => Default::default(),
        other => return other,
    };
    for error in errors {
        if let [PathSegment::Field(name)] = error.path.as_slice() {
            fields.entry(Name::new(name)).or_insert(Value::Null);
        }
    }
    if fields.is_empty() { Value::Null } else { Value::Object(fields) }
}

/// Whether the operation to be run is a query. One that cannot be told apart is left to validation.
fn is_query(document: &ExecutableDocument, operation_name: Option<&str>) -> bool {
    let query = |ty: OperationType| ty == OperationType::Query;
    match (&document.operations, operation_name) {
        (DocumentOperations::Single(operation), _) => query(operation.node.ty),
        (DocumentOperations::Multiple(operations), Some(name)) => {
            operations.get(name).is_none_or(|operation| query(operation.node.ty))
        }
        (DocumentOperations::Multiple(operations), None) => {
            operations.values().all(|operation| query(operation.node.ty))
        }
    }
}
