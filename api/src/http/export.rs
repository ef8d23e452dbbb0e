//! Lists as CSV files, streamed: `GET /export/accounts.csv`.

use std::future::ready;
use std::io;
use std::net::SocketAddr;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use finbridge_domain::{DocumentKind, NodeId, NodeKind};
use finbridge_entity::types::{ItemOutcome, RecordType};
use futures::{StreamExt, stream};
use sea_orm::ActiveEnum;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::OwnedSemaphorePermit;
use uuid::Uuid;

use super::envelope::RequestId;
use super::{Shared, door, graphql, sign_in};
use crate::graphql::guard::refusal::{Manner, Refusal, seconds};
use crate::service::export::{
    DocumentExport, DocumentSelection, Export, Exporting, Guard, ItemExport, ItemSelection, LinkExport,
    LinkSelection, Selection,
};
use crate::service::{ServiceError, Services};

/// What can be exported.
#[derive(Debug, Clone, Copy)]
enum List {
    Records(RecordType),
    RunItems,
    Links,
    Documents,
}

/// What can be exported, by the name of the file.
const LISTS: [(&str, List); 8] = [
    ("accounts", List::Records(RecordType::Account)),
    ("contacts", List::Records(RecordType::Contact)),
    ("vendors", List::Records(RecordType::Vendor)),
    ("products", List::Records(RecordType::Product)),
    ("deals", List::Records(RecordType::Deal)),
    ("sync-run-items", List::RunItems),
    ("record-links", List::Links),
    ("transactions", List::Documents),
];

/// The parameters of an export of records.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RecordsAsked {
    owner: Option<String>,
    tag: Option<String>,
    updated_after: Option<DateTime<Utc>>,
    #[serde(default)]
    raw: bool,
}

/// The parameters of an export of what a run did.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ItemsAsked {
    run: String,
    outcome: Option<String>,
    #[serde(default)]
    raw: bool,
}

/// The parameters of an export of links.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LinksAsked {
    integration: Option<String>,
    #[serde(default)]
    raw: bool,
}

/// The parameters of an export of documents of finance apps.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DocumentsAsked {
    integration: Option<String>,
    kind: Option<String>,
    #[serde(default)]
    raw: bool,
}

/// A refusal and its status.
pub(super) type Refused = (StatusCode, Refusal);

pub(super) async fn get(
    State(shared): State<Shared>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    Path(file): Path<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let begun = async {
        let address = shared.client(peer, &headers);
        let signed_in =
            sign_in::sign_in(&shared, address, graphql::bearer(&headers)).await.map_err(refused)?;
        let (name, list) = list(&file)?;
        let wish = Wish::read(list, &uri)?;
        let place = door::admit_export(&shared).await.map_err(refused)?;
        let mut export = wish.begin(shared.app.services(signed_in.viewer)).await?;
        // What goes wrong at the start can still be told with a status.
        let first = export.next().await.map_err(failed)?.unwrap_or_default();
        Ok::<_, Refused>((name, first, export, place))
    };
    match begun.await {
        Ok((name, first, export, place)) => {
            let today = shared.app.engine.clock.now().date_naive();
            let file = format!("attachment; filename=\"{name}-{today}.csv\"");
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

fn list(file: &str) -> Result<(&'static str, List), Refused> {
    let wanted = file.strip_suffix(".csv");
    LISTS.into_iter().find(|(name, _)| wanted == Some(*name)).ok_or_else(|| {
        let files = LISTS.map(|(name, _)| format!("{name}.csv")).join(", ");
        (StatusCode::NOT_FOUND, malformed(format!("There is no such export; these are: {files}")))
    })
}

/// What is wished for, understood.
enum Wish {
    Records(RecordType, Selection, Guard),
    Items(ItemSelection, Guard),
    Links(LinkSelection, Guard),
    Documents(DocumentSelection, Guard),
}

impl Wish {
    fn read(list: List, uri: &Uri) -> Result<Self, Refused> {
        let guard = |raw| if raw { Guard::Nothing } else { Guard::Formulas };
        Ok(match list {
            List::Records(record_type) => {
                let asked: RecordsAsked = parameters(
                    uri,
                    "`owner` (a user id), `tag` (a name), `updatedAfter` (an RFC 3339 instant)",
                )?;
                let owner = asked.owner.map(|text| named("owner", NodeKind::User, &text)).transpose()?;
                let selection = Selection { owner, tag: asked.tag, updated_after: asked.updated_after };
                Self::Records(record_type, selection, guard(asked.raw))
            }
            List::RunItems => {
                let asked: ItemsAsked =
                    parameters(uri, "`run` (the id of a run, which is needed), `outcome` (such as FAILED)")?;
                let run = named("run", NodeKind::SyncRun, &asked.run)?;
                let outcome = asked.outcome.map(|text| {
                    ItemOutcome::try_from_value(&text).map_err(|_| {
                        let message = format!(
                            "`outcome` is `{text}`, which is no outcome of an item; give one of `SyncRunItemOutcome` in the schema, such as FAILED"
                        );
                        (StatusCode::BAD_REQUEST, malformed(message))
                    })
                });
                Self::Items(ItemSelection { run, outcome: outcome.transpose()? }, guard(asked.raw))
            }
            List::Links => {
                let asked: LinksAsked = parameters(uri, "`integration` (an id)")?;
                let integration = asked.integration;
                let integration =
                    integration.map(|text| named("integration", NodeKind::Integration, &text)).transpose()?;
                Self::Links(LinkSelection { integration }, guard(asked.raw))
            }
            List::Documents => {
                let asked: DocumentsAsked =
                    parameters(uri, "`integration` (an id), `kind` (such as INVOICE)")?;
                let integration = asked.integration;
                let integration =
                    integration.map(|text| named("integration", NodeKind::Integration, &text)).transpose()?;
                let kind = asked.kind.map(|text| {
                    DocumentKind::by_name(&text).ok_or_else(|| {
                        let message = format!(
                            "`kind` is `{text}`, which is no kind of transaction; give one of `TransactionKind` in the schema, such as INVOICE"
                        );
                        (StatusCode::BAD_REQUEST, malformed(message))
                    })
                });
                Self::Documents(DocumentSelection { integration, kind: kind.transpose()? }, guard(asked.raw))
            }
        })
    }

    async fn begin(self, services: Services) -> Result<Exporting, Refused> {
        Ok(match self {
            Self::Records(record_type, selection, guard) => {
                let export = Export::begin(services, record_type, selection, guard).await.map_err(failed)?;
                Exporting::Records(Box::new(export))
            }
            Self::Items(selection, guard) => Exporting::Items(ItemExport::of(services, selection, guard)),
            Self::Links(selection, guard) => {
                Exporting::Links(LinkExport::begin(services, selection, guard).await.map_err(failed)?)
            }
            Self::Documents(selection, guard) => {
                Exporting::Documents(DocumentExport::begin(services, selection, guard).await.map_err(failed)?)
            }
        })
    }
}

/// The parameters of a file; `known` names those that it has beside `raw`.
fn parameters<T: DeserializeOwned>(uri: &Uri, known: &str) -> Result<T, Refused> {
    let asked = Query::<T>::try_from_uri(uri).map_err(|rejection| {
        let message =
            format!("Send {known} and `raw` (true or false), each at most once: {}", rejection.body_text());
        (StatusCode::BAD_REQUEST, malformed(message))
    })?;
    Ok(asked.0)
}

/// The UUID of an id that must be of this kind.
fn named(parameter: &str, kind: NodeKind, text: &str) -> Result<Uuid, Refused> {
    let bad = |message: String| (StatusCode::BAD_REQUEST, malformed(message));
    match text.parse::<NodeId>() {
        Ok(id) if id.kind == kind => Ok(id.uuid),
        Ok(id) => {
            let (found, wanted) = (id.kind.prefix(), kind.prefix());
            Err(bad(format!("`{parameter}` is the id of a {found}, not of a {wanted}")))
        }
        Err(error) => Err(bad(error.to_string())),
    }
}

/// The pieces after the first, each read when the client has taken the one before; nothing is read for a client that has
/// gone. An error breaks the connection off, so that nobody takes what came for the whole file.
fn rest(
    export: Exporting,
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

pub(super) fn malformed(message: impl Into<String>) -> Refusal {
    Refusal::new(Manner::Malformed, "BAD_USER_INPUT", message)
}

fn failed(error: ServiceError) -> Refused {
    tracing::error!(error = &error as &dyn std::error::Error, "An export could not be begun");
    refused(door::failed())
}

/// The refusal of somebody who may not, or of a server that cannot.
pub(super) fn refused(refusal: Refusal) -> Refused {
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
pub(super) fn answer(status: StatusCode, refusal: Refusal, request_id: &str) -> Response {
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
