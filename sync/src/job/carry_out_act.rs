//! Carry out what somebody asked about a document.

use std::time::Duration;

use finbridge_entity::document_act;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::act;
use crate::engine::Engine;
use crate::error::SyncError;
use crate::queue::NewJob;

/// The job's name.
pub const KIND: &str = "sync.carry_out_act";

#[derive(Serialize, Deserialize)]
struct Payload {
    organization_id: Uuid,
    act_id: Uuid,
}

/// The job that carries out this act.
///
/// # Errors
/// None in practice: ids always serialise.
pub fn job(act: &document_act::Model) -> Result<NewJob, SyncError> {
    let payload = serde_json::to_value(Payload { organization_id: act.organization_id, act_id: act.id })
        .map_err(|source| SyncError::Corrupt { what: "a job", source })?;
    let key = format!("{KIND}:{}", act.id);
    // What is asked about one document is done one after the other; what makes one has nobody to wait for.
    let lane = act.document_id.map(|document_id| format!("{KIND}:{document_id}"));
    Ok(NewJob { key: Some(key), lane, ..NewJob::new(KIND, payload) })
}

/// The same after a moment of the machine's time, for what is over soon.
///
/// # Errors
/// As [`job`].
pub(crate) fn job_soon(act: &document_act::Model, delay: Duration) -> Result<NewJob, SyncError> {
    Ok(NewJob { delay, ..job(act)? })
}

pub(super) async fn handle(engine: &Engine, payload: Value) -> Result<(), String> {
    let payload: Payload = serde_json::from_value(payload).map_err(|error| error.to_string())?;
    match act::carry_out(engine, payload.organization_id, payload.act_id).await {
        Ok(_) => Ok(()),
        Err(error) => {
            tracing::error!(act = %payload.act_id, error = &error as &dyn std::error::Error, "What was asked about a document was interrupted");
            Err(error.to_string())
        }
    }
}
