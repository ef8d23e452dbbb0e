//! The jobs: one file each. Jobs are idempotent, small, and only wake what stands in our own tables.

pub mod carry_out_act;
pub mod continue_run;
pub mod handle_deal_events;
pub mod read_document;
pub mod read_documents;

use async_trait::async_trait;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::engine::Engine;
use crate::queue::Dispatcher;

/// Runs the engine's jobs.
pub struct Jobs {
    engine: Engine,
    stop: CancellationToken,
}

impl Jobs {
    /// Handlers that stop at the next safe point once `stop` is cancelled.
    pub fn new(engine: Engine, stop: CancellationToken) -> Self {
        Self { engine, stop }
    }
}

#[async_trait]
impl Dispatcher for Jobs {
    async fn dispatch(&self, kind: &str, payload: Value) -> Result<(), String> {
        match kind {
            carry_out_act::KIND => carry_out_act::handle(&self.engine, payload).await,
            continue_run::KIND => continue_run::handle(&self.engine, payload, &self.stop).await,
            handle_deal_events::KIND => handle_deal_events::handle(&self.engine, payload).await,
            read_document::KIND => read_document::handle(&self.engine, payload).await,
            read_documents::KIND => read_documents::handle(&self.engine, payload, &self.stop).await,
            unknown => Err(format!("this server knows no job `{unknown}`; was it enqueued by a newer one?")),
        }
    }
}
