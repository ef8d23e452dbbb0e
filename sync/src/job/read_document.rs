//! Read one document that a webhook named, or that a payment settled.

use finbridge_domain::DocumentKind;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::document::read;
use crate::engine::Engine;
use crate::error::SyncError;
use crate::queue::NewJob;

/// The job's name.
pub const KIND: &str = "sync.read_document";

#[derive(Serialize, Deserialize)]
struct Payload {
    organization_id: Uuid,
    integration_id: Uuid,
    kind: String,
    remote_id: String,
}

/// The job that reads this document.
///
/// # Errors
/// None in practice: texts always serialise.
pub fn job(
    organization_id: Uuid,
    integration_id: Uuid,
    kind: DocumentKind,
    remote_id: &str,
) -> Result<NewJob, SyncError> {
    let payload = Payload {
        organization_id,
        integration_id,
        kind: kind.as_str().to_owned(),
        remote_id: remote_id.to_owned(),
    };
    let payload =
        serde_json::to_value(payload).map_err(|source| SyncError::Corrupt { what: "a job", source })?;
    // However often it is told of, it is read once, and once more where it is told of while it is read.
    let key = format!("{KIND}:{integration_id}:{}:{remote_id}", kind.as_str());
    Ok(NewJob { key: Some(key.clone()), lane: Some(key), ..NewJob::new(KIND, payload) })
}

pub(super) async fn handle(engine: &Engine, payload: Value) -> Result<(), String> {
    let payload: Payload = serde_json::from_value(payload).map_err(|error| error.to_string())?;
    let Some(kind) = DocumentKind::by_name(&payload.kind) else {
        return Err(format!("this server knows no documents of kind `{}`", payload.kind));
    };
    read::one(engine, payload.organization_id, payload.integration_id, kind, &payload.remote_id)
        .await
        .map_err(|error| error.to_string())
}
