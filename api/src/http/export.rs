//! Lists as CSV files, streamed: `GET /export/accounts.csv`.

use std::future::ready;
use std::io;
use std::net::SocketAddr;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{ConnectInfo, Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use finbridge_domain::{NodeId, NodeKind};
use finbridge_entity::types::RecordType;
use futures::{StreamExt, stream};
use serde::Deserialize;
use tokio::sync::OwnedSemaphorePermit;

use super::envelope::RequestId;
use super::{Shared, door, graphql, sign_in};
use crate::graphql::guard::refusal::{Manner, Refusal, seconds};
use crate::service::ServiceError;
use crate::service::export::{Export, Guard, Selection};

/// What can be exported, by the name of the file.
const LISTS: [(&str, RecordType); 5] = [
    ("accounts", RecordType::Account),
    ("contacts", RecordType::Contact),
    ("vendors", RecordType::Vendor),
    ("products", RecordType::Product),
    ("deals", RecordType::Deal),
];

/// The parameters of an export.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Asked {
    owner: Option<String>,
    tag: Option<String>,
    updated_after: Option<DateTime<Utc>>,
    #[serde(default)]
    raw: bool,
}

/// A refusal and its status.
type Refused = (StatusCode, Refusal);

pub(super) async fn get(
    State(shared): State<Shared>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    Path(file): Path<String>,
    headers: HeaderMap,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Response {
    let begun = async {
        let address = shared.client(peer, &headers);
        let signed_in =
            sign_in::sign_in(&shared, address, graphql::bearer(&headers)).await.map_err(refused)?;
        let (list, record_type) = list(&file)?;
        let asked = asked.map_err(|rejection| unknown_parameters(&rejection))?.0;
        let guard = if asked.raw { Guard::Nothing } else { Guard::Formulas };
        let selection = asked.selection()?;
        let place = door::admit_export(&shared).await.map_err(refused)?;
        let services = shared.app.services(signed_in.viewer);
        let mut export = Export::begin(services, record_type, selection, guard).await.map_err(failed)?;
        // What goes wrong at the start can still be told with a status.
        let first = export.next().await.map_err(failed)?.unwrap_or_default();
        Ok::<_, Refused>((list, first, export, place))
    };
    match begun.await {
        Ok((list, first, export, place)) => {
            let today = shared.app.engine.clock.now().date_naive();
            let file = format!("attachment; filename=\"{list}-{today}.csv\"");
            let rest = rest(export, place, request_id);
            let body = Body::from_stream(stream::once(ready(Ok(Bytes::from(first)))).chain(rest));
            let kind = HeaderValue::from_static("text/csv; charset=utf-8; header=present");
            let file =
                HeaderValue::from_str(&file).unwrap_or_else(|_| HeaderValue::from_static("attachment"));
            let no_store = HeaderValue::from_static("no-store");
            let headers = [
                (header::CONTENT_TYPE, kind),
                (header::CONTENT_DISPOSITION, file),
                (header::CACHE_CONTROL, no_store),
            ];
            (headers, body).into_response()
        }
        Err((status, refusal)) => answer(status, refusal, &request_id),
    }
}

fn list(file: &str) -> Result<(&'static str, RecordType), Refused> {
    let wanted = file.strip_suffix(".csv");
    LISTS.into_iter().find(|(name, _)| wanted == Some(*name)).ok_or_else(|| {
        let files = LISTS.map(|(name, _)| format!("{name}.csv")).join(", ");
        (StatusCode::NOT_FOUND, malformed(format!("There is no such export; these are: {files}")))
    })
}

fn unknown_parameters(rejection: &QueryRejection) -> Refused {
    let message = format!(
        "Send `owner` (a user id), `tag` (a name), `updatedAfter` (an RFC 3339 instant) and `raw` (true or false), each at most once: {}",
        rejection.body_text()
    );
    (StatusCode::BAD_REQUEST, malformed(message))
}

impl Asked {
    fn selection(self) -> Result<Selection, Refused> {
        let bad = |message: String| (StatusCode::BAD_REQUEST, malformed(message));
        let owner = self.owner.map(|text| match text.parse::<NodeId>() {
            Ok(id) if id.kind == NodeKind::User => Ok(id.uuid),
            Ok(id) => Err(bad(format!("`owner` is the id of a {}, not of a user", id.kind.prefix()))),
            Err(error) => Err(bad(error.to_string())),
        });
        Ok(Selection { owner: owner.transpose()?, tag: self.tag, updated_after: self.updated_after })
    }
}

/// The pieces after the first, each read when the client has taken the one before; nothing is read for a client that has
/// gone. An error breaks the connection off, so that nobody takes what came for the whole file.
fn rest(
    export: Export,
    place: OwnedSemaphorePermit,
    request_id: String,
) -> impl stream::Stream<Item = io::Result<Bytes>> {
    stream::try_unfold((export, place, request_id), async |(mut export, place, request_id)| {
        match export.next().await {
            Ok(piece) => Ok(piece.map(|piece| (Bytes::from(piece), (export, place, request_id)))),
            Err(error) => {
                tracing::error!(
                    request = request_id,
                    error = &error as &dyn std::error::Error,
                    "An export was broken off"
                );
                Err(io::Error::other("the export was broken off"))
            }
        }
    })
}

fn malformed(message: impl Into<String>) -> Refusal {
    Refusal::new(Manner::Malformed, "BAD_USER_INPUT", message)
}

fn failed(error: ServiceError) -> Refused {
    tracing::error!(error = &error as &dyn std::error::Error, "An export could not be begun");
    refused(door::failed())
}

/// The refusal of somebody who may not, or of a server that cannot.
fn refused(refusal: Refusal) -> Refused {
    let status = match refusal.manner {
        Manner::Unauthenticated => StatusCode::UNAUTHORIZED,
        Manner::Throttled => StatusCode::TOO_MANY_REQUESTS,
        Manner::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Manner::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    };
    (status, refusal)
}

/// The refusal in the form in which GraphQL answers errors.
fn answer(status: StatusCode, refusal: Refusal, request_id: &str) -> Response {
    let retry_after = refusal.retry_after;
    let mut errors = refusal.into_response();
    door::name_request(&mut errors, request_id);
    let body = match serde_json::to_vec(&errors) {
        Ok(body) => body,
        Err(error) => {
            tracing::error!(request = request_id, %error, "An answer could not be written");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let kind = HeaderValue::from_static("application/json; charset=utf-8");
    let headers =
        [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    let mut response = (status, headers, body).into_response();
    let headers = response.headers_mut();
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"finbridge\""));
    }
    if let Some(wait) = retry_after {
        headers.insert(header::RETRY_AFTER, seconds(wait).into());
    }
    response
}
