//! Metrics and traces.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use super::ConfigError;

/// Metrics and traces.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Telemetry {
    /// Address and port of the listener for metrics and probes. Empty: no metrics are kept.
    pub metrics_listen: String,
    /// Address of an OpenTelemetry collector that takes OTLP over HTTP. Empty: no spans are made.
    pub otlp_endpoint: String,
    /// Share of the traces that is exported, from 0 to 1.
    pub otlp_sample_ratio: f64,
    /// How much of each trace.
    pub otlp_detail: SpanDetail,
}

/// How much of a trace is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SpanDetail {
    /// Requests, operations, root fields, statements, jobs, calls.
    Operations,
    /// Every field that has fields of its own, too.
    Fields,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self {
            metrics_listen: String::new(),
            otlp_endpoint: String::new(),
            otlp_sample_ratio: 1.0,
            otlp_detail: SpanDetail::Operations,
        }
    }
}

impl Telemetry {
    /// Where metrics are served; nothing when they are not.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics_listen.parse().ok()
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let invalid = |key, problem: &str| Err(ConfigError::Invalid { key, problem: problem.to_owned() });
        if !self.metrics_listen.is_empty() && self.metrics_address().is_none() {
            return invalid(
                "telemetry.metrics_listen",
                "must be an address and a port such as 127.0.0.1:9464",
            );
        }
        let endpoint = &self.otlp_endpoint;
        let host = endpoint.strip_prefix("http://").or_else(|| endpoint.strip_prefix("https://"));
        if !endpoint.is_empty() && host.is_none_or(|host| host.is_empty() || host.contains(['@', '?', '#'])) {
            return invalid(
                "telemetry.otlp_endpoint",
                "must be an address such as http://127.0.0.1:4318, without credentials (give those by OTEL_EXPORTER_OTLP_HEADERS)",
            );
        }
        if !(0.0..=1.0).contains(&self.otlp_sample_ratio) {
            return invalid("telemetry.otlp_sample_ratio", "must lie between 0 and 1");
        }
        Ok(())
    }
}
