//! A document as the finance app prints it: `GET /transactions/{id}/pdf`.

use std::io;
use std::net::SocketAddr;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use finbridge_domain::{NodeId, NodeKind};
use futures::stream;
use tokio::sync::OwnedSemaphorePermit;
use uuid::Uuid;

use super::envelope::RequestId;
use super::export::{Refused, answer, malformed, refused};
use super::{Shared, door, graphql, sign_in};
use crate::graphql::guard::refusal::{Manner, Refusal};
use crate::service::ServiceError;
use crate::service::error::ErrorCode;
use crate::service::pdf::{self, Pdf};

pub(super) async fn get(
    State(shared): State<Shared>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let printed = async {
        let address = shared.client(peer, &headers);
        let signed_in =
            sign_in::sign_in(&shared, address, graphql::bearer(&headers)).await.map_err(refused)?;
        let document = document(&id)?;
        // Files are held in memory as a whole, so no more of them than exports are on their way at once.
        let place = door::admit_export(&shared).await.map_err(refused)?;
        let services = shared.app.services(signed_in.viewer);
        let pdf = pdf::print(&services, document).await.map_err(failed)?.ok_or_else(missing)?;
        Ok::<_, Refused>((pdf, place))
    };
    match printed.await {
        Ok((pdf, place)) => file(pdf, place),
        Err((status, refusal)) => answer(status, refusal, &request_id),
    }
}

fn document(id: &str) -> Result<Uuid, Refused> {
    match id.parse::<NodeId>() {
        Ok(id) if id.kind == NodeKind::Transaction => Ok(id.uuid),
        Ok(_) | Err(_) => Err(missing()),
    }
}

fn missing() -> Refused {
    let message = "There is no such transaction; `pdfPath` of a transaction is the right address";
    (StatusCode::NOT_FOUND, malformed(message))
}

/// The answer; the place among those on their way is given back once the client has taken the file.
fn file(pdf: Pdf, place: OwnedSemaphorePermit) -> Response {
    let length = HeaderValue::from(pdf.bytes.len());
    let name = format!("attachment; filename=\"{}\"", pdf.file_name);
    let name = HeaderValue::from_str(&name).unwrap_or_else(|_| HeaderValue::from_static("attachment"));
    let once = stream::unfold((Some(Bytes::from(pdf.bytes)), place), |(bytes, place)| async move {
        bytes.map(|bytes| (Ok::<_, io::Error>(bytes), (None, place)))
    });
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/pdf")),
        (header::CONTENT_LENGTH, length),
        (header::CONTENT_DISPOSITION, name),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, Body::from_stream(once)).into_response()
}

fn failed(error: ServiceError) -> Refused {
    match error {
        ServiceError::Refused(errors)
            if errors.iter().any(|error| error.code == ErrorCode::ReconnectNeeded) =>
        {
            let message = ServiceError::Refused(errors).to_string();
            (StatusCode::CONFLICT, Refusal::new(Manner::Request, "RECONNECT_NEEDED", message))
        }
        ServiceError::Refused(_) | ServiceError::BadInput(_) => {
            (StatusCode::BAD_REQUEST, malformed(error.to_string()))
        }
        ServiceError::Forbidden(message) => {
            (StatusCode::FORBIDDEN, Refusal::new(Manner::Forbidden, "FORBIDDEN", message))
        }
        ServiceError::Inactive(message) => {
            (StatusCode::CONFLICT, Refusal::new(Manner::Request, "INTEGRATION_INACTIVE", message))
        }
        ServiceError::Unavailable(message) => {
            refused(Refusal::new(Manner::Unavailable, "UNAVAILABLE", message))
        }
        ServiceError::Internal(source) => {
            tracing::error!(error = &*source as &dyn std::error::Error, "A document could not be printed");
            refused(door::failed())
        }
    }
}
