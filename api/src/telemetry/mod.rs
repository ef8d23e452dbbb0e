//! What the process tells about itself: log lines, metrics and traces.
//!
//! Logs are always written. Metrics are kept only where somebody can fetch them, and spans are exported only where a
//! collector is named; without them, what stands in their places costs next to nothing.

pub mod catalogue;
pub mod fields;
pub mod gauges;
pub mod jobs;
pub mod measure;
mod measures;
pub mod panics;
pub mod sql;
pub mod traces;

use std::net::SocketAddr;
use std::time::Duration;

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::ExporterBuildError;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::level_filters::LevelFilter;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::{FilterExt, ParseError, Targets, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};
use tracing_subscriber::{EnvFilter, Layer, Registry};

use crate::config::{Config, LogFormat, SpanDetail};

/// The target of spans that are for traces only. Log lines show them only where traces are exported too.
pub const SPANS: &str = "otel";

/// The target of events that are for metrics only.
pub const MEASURES: &str = "measure";

/// How long the last spans may take to leave.
const FAREWELL: Duration = Duration::from_secs(5);

/// Upper bounds of what takes moments, in seconds.
const MOMENTS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// Upper bounds of what may take hours, in seconds.
const ERRANDS: &[f64] = &[0.01, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14400.0];

/// Why telemetry cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter of the logs is not one.
    #[error("log.filter: {0}")]
    Filter(#[from] ParseError),
    /// The exporter refuses its settings.
    #[error("telemetry.otlp_endpoint: spans cannot be exported: {0}")]
    Exporter(#[from] ExporterBuildError),
    /// The metrics cannot be kept.
    #[error("telemetry.metrics_listen: metrics cannot be kept: {0}")]
    Metrics(#[from] BuildError),
    /// Somebody in this process has set up logs already.
    #[error(transparent)]
    Twice(#[from] TryInitError),
}

/// Which part of the configuration counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The process serves or works until it is stopped.
    Service,
    /// The process does one thing and ends: nobody could fetch its metrics.
    Errand,
}

/// The telemetry of this process.
pub struct Telemetry {
    metrics: Option<(SocketAddr, PrometheusHandle)>,
    traces: Option<SdkTracerProvider>,
}

impl Telemetry {
    /// Sets up logs, and what else is configured. `log_filter` is used in place of the configured one.
    ///
    /// # Errors
    /// When a setting cannot be used.
    pub fn start(config: &Config, log_filter: &str, purpose: Purpose) -> Result<Self, TelemetryError> {
        let settings = &config.telemetry;
        let traces = match settings.otlp_endpoint.as_str() {
            "" => None,
            endpoint => Some(traces::provider(endpoint, settings.otlp_sample_ratio)?),
        };
        let metrics = match settings.metrics_address() {
            Some(address) if purpose == Purpose::Service => Some((address, keep_metrics()?)),
            _ => None,
        };
        let exporting = traces.is_some();
        let filter = EnvFilter::try_new(log_filter)?
            .and(filter_fn(move |metadata| exporting || metadata.target() != SPANS));
        let logs = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
        let logs = match config.log.format {
            LogFormat::Text => logs.with_filter(filter).boxed(),
            LogFormat::Json => logs.json().with_filter(filter).boxed(),
        };
        let spans = traces.as_ref().map(|provider| spans_layer(provider, settings.otlp_detail));
        let measures = metrics.is_some().then(|| {
            measures::Measures.with_filter(Targets::new().with_target(MEASURES, LevelFilter::TRACE))
        });
        tracing_subscriber::registry().with(logs).with(spans).with(measures).try_init()?;
        panics::report();
        Ok(Self { metrics, traces })
    }

    /// Where metrics are to be served, and what renders them; nothing when none are kept.
    pub fn metrics(&self) -> Option<(SocketAddr, PrometheusHandle)> {
        self.metrics.clone()
    }

    /// Sends what has not left yet.
    pub async fn end(self) {
        let Some(traces) = self.traces else { return };
        // Flushing waits for an answer, and would hold up the runtime that has to deliver it.
        let ended = tokio::task::spawn_blocking(move || traces.shutdown_with_timeout(FAREWELL)).await;
        if let Ok(Err(error)) = ended {
            tracing::warn!(%error, "The last spans could not be sent");
        }
    }
}

fn keep_metrics() -> Result<PrometheusHandle, BuildError> {
    let errands = [catalogue::SYNC_RUN_DURATION, catalogue::JOB_DURATION];
    let mut builder =
        PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), MOMENTS)?;
    for name in errands {
        builder = builder.set_buckets_for_metric(Matcher::Full(name.to_owned()), ERRANDS)?;
    }
    let handle = builder.install_recorder()?;
    catalogue::describe();
    Ok(handle)
}

fn spans_layer(provider: &SdkTracerProvider, detail: SpanDetail) -> Box<dyn Layer<Spanned> + Send + Sync> {
    let most = match detail {
        SpanDetail::Operations => Level::INFO,
        SpanDetail::Fields => Level::DEBUG,
    };
    tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("finbridge"))
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_target(false)
        .with_filter(filter_fn(move |metadata| is_exported(metadata, most)))
        .boxed()
}

/// Spans of our own, and what our own code logged while they lasted. Libraries would tell more than anybody asked for.
fn is_exported(metadata: &Metadata<'_>, most: Level) -> bool {
    let target = metadata.target();
    let ours = target == SPANS || target.starts_with("finbridge");
    ours && *metadata.level() <= if metadata.is_span() { most } else { Level::INFO }
}

/// What the layer of the logs makes of the registry.
type Spanned = tracing_subscriber::layer::Layered<Box<dyn Layer<Registry> + Send + Sync>, Registry>;
