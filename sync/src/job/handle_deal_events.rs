//! Look at what happened to a deal.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::engine::Engine;
use crate::error::SyncError;
use crate::queue::NewJob;
use crate::trigger;

/// The job's name.
pub const KIND: &str = "sync.handle_deal_events";

#[derive(Serialize, Deserialize)]
struct Payload {
    organization_id: Uuid,
    deal_id: Uuid,
}

/// The job that looks at what happened to this deal.
///
/// # Errors
/// None in practice: ids always serialise.
pub fn job(organization_id: Uuid, deal_id: Uuid) -> Result<NewJob, SyncError> {
    let payload = serde_json::to_value(Payload { organization_id, deal_id })
        .map_err(|source| SyncError::Corrupt { what: "a job", source })?;
    // No lane: whoever looks at a deal takes its events one after the other, and another one finds them taken. Were each deal a
    // lane, thousands that move at once would be thousands of lanes, which the queue looks through whenever it fetches jobs.
    Ok(NewJob { key: Some(format!("{KIND}:{deal_id}")), ..NewJob::new(KIND, payload) })
}

pub(super) async fn handle(engine: &Engine, payload: Value) -> Result<(), String> {
    let payload: Payload = serde_json::from_value(payload).map_err(|error| error.to_string())?;
    trigger::handle(engine, payload.organization_id, payload.deal_id).await.map_err(|error| {
        tracing::error!(deal = %payload.deal_id, error = &error as &dyn std::error::Error, "A trigger was interrupted");
        error.to_string()
    })
}
