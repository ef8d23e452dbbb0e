//! Read what changed of one kind of documents.

use finbridge_entity::document_feed;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::document::read;
use crate::engine::Engine;
use crate::error::SyncError;
use crate::queue::NewJob;

/// The job's name.
pub const KIND: &str = "sync.read_documents";

#[derive(Serialize, Deserialize)]
struct Payload {
    organization_id: Uuid,
    feed_id: Uuid,
}

/// The job that reads this feed on.
///
/// # Errors
/// None in practice: ids always serialise.
pub fn job(feed: &document_feed::Model) -> Result<NewJob, SyncError> {
    let payload = serde_json::to_value(Payload { organization_id: feed.organization_id, feed_id: feed.id })
        .map_err(|source| SyncError::Corrupt { what: "a job", source })?;
    // A wake-up that comes while the feed is read waits behind it.
    let key = format!("{KIND}:{}", feed.id);
    Ok(NewJob { key: Some(key.clone()), lane: Some(key), ..NewJob::new(KIND, payload) })
}

pub(super) async fn handle(engine: &Engine, payload: Value, stop: &CancellationToken) -> Result<(), String> {
    let payload: Payload = serde_json::from_value(payload).map_err(|error| error.to_string())?;
    read::go_on(engine, payload.organization_id, payload.feed_id, stop).await.map_err(|error| {
        tracing::error!(feed = %payload.feed_id, error = &error as &dyn std::error::Error, "Reading documents was interrupted");
        error.to_string()
    })
}
