//! A job queue that is watched: what its jobs come to is counted, and a job goes on with the trace of whoever enqueued it.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use finbridge_sync::queue::{DeadJob, Dispatcher, JobQueue, NewJob, QueueError};
use metrics::{counter, histogram};
use sea_orm::DatabaseTransaction;
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use tracing::field::Empty;
use tracing::{Instrument, Span, error_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::catalogue::{JOB_DURATION, JOBS};
use super::traces::{self, TRACEPARENT};

/// The queue, watched.
pub fn watched(queue: Arc<dyn JobQueue>) -> Arc<dyn JobQueue> {
    Arc::new(Watched(queue))
}

struct Watched(Arc<dyn JobQueue>);

#[async_trait]
impl JobQueue for Watched {
    async fn enqueue(&self, transaction: &DatabaseTransaction, mut job: NewJob) -> Result<(), QueueError> {
        if let (Some(payload), Some(trace)) = (job.payload.as_object_mut(), traces::current()) {
            payload.insert(TRACEPARENT.to_owned(), trace.into());
        }
        self.0.enqueue(transaction, job).await
    }

    async fn run(&self, dispatcher: Arc<dyn Dispatcher>, stop: CancellationToken) {
        self.0.run(Arc::new(Watching(dispatcher)), stop).await;
    }

    async fn outstanding(&self) -> Result<u64, QueueError> {
        self.0.outstanding().await
    }

    async fn dead(&self) -> Result<Vec<DeadJob>, QueueError> {
        self.0.dead().await
    }
}

struct Watching(Arc<dyn Dispatcher>);

#[async_trait]
impl Dispatcher for Watching {
    async fn dispatch(&self, kind: &str, mut payload: Value) -> Result<(), String> {
        let trace = payload.as_object_mut().and_then(|payload| payload.remove(TRACEPARENT));
        let span = span(kind, trace.as_ref().and_then(Value::as_str));
        let mut running = Running { kind: kind.to_owned(), begun: Instant::now(), outcome: "cut_off" };
        let result = self.0.dispatch(kind, payload).instrument(span.clone()).await;
        running.outcome = if result.is_ok() { "done" } else { "failed" };
        if result.is_err() {
            span.record("otel.status_code", "ERROR");
        }
        result
    }
}

fn span(kind: &str, trace: Option<&str>) -> Span {
    if !traces::exporting() {
        return error_span!("job", kind);
    }
    let span = error_span!(
        "job",
        kind,
        otel.name = format!("job {kind}"),
        otel.kind = "consumer",
        otel.status_code = Empty
    );
    if let Some(trace) = trace {
        // It fails only for spans that are not exported.
        let _ = span.set_parent(traces::named(trace));
    }
    span
}

/// A job under way. One that panics or is given up ends without having said how.
struct Running {
    kind: String,
    begun: Instant,
    outcome: &'static str,
}

impl Drop for Running {
    fn drop(&mut self) {
        let kind = std::mem::take(&mut self.kind);
        counter!(JOBS, "kind" => kind.clone(), "outcome" => self.outcome).increment(1);
        histogram!(JOB_DURATION, "kind" => kind).record(self.begun.elapsed());
    }
}
