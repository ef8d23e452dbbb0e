//! Go on with a sync run.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;
use uuid::Uuid;

use crate::engine::Engine;
use crate::error::SyncError;
use crate::queue::NewJob;
use crate::run;

/// The job's name.
pub const KIND: &str = "sync.continue_run";

#[derive(Serialize, Deserialize)]
struct Payload {
    organization_id: Uuid,
    run_id: Uuid,
}

/// The job that goes on with this run.
///
/// # Errors
/// None in practice: ids always serialise.
pub fn job(organization_id: Uuid, run_id: Uuid) -> Result<NewJob, SyncError> {
    let payload = serde_json::to_value(Payload { organization_id, run_id })
        .map_err(|source| SyncError::Corrupt { what: "a job", source })?;
    // Key and lane are the same: a wake-up that arrives while the run is being worked on waits behind it.
    let key = format!("{KIND}:{run_id}");
    Ok(NewJob { key: Some(key.clone()), lane: Some(key), ..NewJob::new(KIND, payload) })
}

pub(super) async fn handle(engine: &Engine, payload: Value, stop: &CancellationToken) -> Result<(), String> {
    let payload: Payload = serde_json::from_value(payload).map_err(|error| error.to_string())?;
    // The level is that of errors, so that no filter leaves the run's id out of the lines that it lets through.
    let span = tracing::error_span!("run", id = %payload.run_id, organization = %payload.organization_id);
    let going_on = async {
        run::go_on(engine, payload.organization_id, payload.run_id, stop).await.map_err(|error| {
            tracing::error!(run = %payload.run_id, error = &error as &dyn std::error::Error, "A sync run was interrupted");
            error.to_string()
        })
    };
    going_on.instrument(span).await
}
