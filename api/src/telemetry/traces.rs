//! Traces: spans go to an OpenTelemetry collector, and the trace of whoever called us goes on in ours.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::http::HeaderMap;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry::trace::TraceContextExt;
use opentelemetry::{Context, KeyValue, global};
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{ParentBasedSampler, Sampler, SdkTracerProvider};

/// The header, and the member of a job's payload, that names a trace.
pub const TRACEPARENT: &str = "traceparent";

/// How long the collector may take for one batch.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whether this process exports spans.
static EXPORTING: AtomicBool = AtomicBool::new(false);

/// Whether this process exports spans: what is costly to make for them is made only then.
pub fn exporting() -> bool {
    EXPORTING.load(Ordering::Relaxed)
}

/// Begins to export spans to the collector at this address, this share of the traces.
///
/// # Errors
/// When the exporter cannot be made.
pub fn provider(endpoint: &str, sample_ratio: f64) -> Result<SdkTracerProvider, ExporterBuildError> {
    let endpoint = format!("{}/v1/traces", endpoint.trim_end_matches('/'));
    let exporter =
        SpanExporter::builder().with_http().with_endpoint(endpoint).with_timeout(PATIENCE).build()?;
    let resource = Resource::builder()
        .with_service_name("finbridge")
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build();
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_sampler(sampler(sample_ratio))
        .with_resource(resource)
        .build();
    global::set_tracer_provider(provider.clone());
    EXPORTING.store(true, Ordering::Relaxed);
    Ok(provider)
}

/// Callers may name a trace, but not decide that it is kept: a stranger could have all of his kept. The ratio looks at the
/// trace's id, so services with the same ratio keep the same traces.
fn sampler(ratio: f64) -> ParentBasedSampler {
    Sampler::parent_based(Sampler::TraceIdRatioBased(ratio))
        .with_remote_parent_sampled(Sampler::TraceIdRatioBased(ratio))
        .with_remote_parent_not_sampled(Sampler::AlwaysOff)
}

/// A carrier of nothing but the name of a trace. What else a caller sends along is not ours to pass on.
struct Name(Option<String>);

impl Extractor for Name {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.as_deref().filter(|_| key == TRACEPARENT)
    }

    fn keys(&self) -> Vec<&str> {
        vec![TRACEPARENT]
    }
}

impl Injector for Name {
    fn set(&mut self, key: &str, value: String) {
        if key == TRACEPARENT {
            self.0 = Some(value);
        }
    }
}

/// The trace that a request names in its header.
pub fn of_headers(headers: &HeaderMap) -> Context {
    named(headers.get(TRACEPARENT).and_then(|value| value.to_str().ok()).unwrap_or_default())
}

/// The trace of this name; an empty context where it is none.
pub fn named(traceparent: &str) -> Context {
    TraceContextPropagator::new().extract_with_context(&Context::new(), &Name(Some(traceparent.to_owned())))
}

/// The name of the trace that is being exported here and now.
pub fn current() -> Option<String> {
    let context = Context::current();
    if !context.span().span_context().is_sampled() {
        return None;
    }
    let mut name = Name(None);
    TraceContextPropagator::new().inject_context(&context, &mut name);
    name.0
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::SpanKind;
    use opentelemetry_sdk::trace::{SamplingDecision, ShouldSample};

    use super::*;

    #[test]
    fn a_caller_cannot_have_a_trace_kept() {
        let asked = named("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        let unasked = named("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00");
        let decided = |ratio: f64, parent: &Context| {
            let trace = parent.span().span_context().trace_id();
            sampler(ratio).should_sample(Some(parent), trace, "x", &SpanKind::Server, &[], &[]).decision
        };
        assert_eq!(decided(0.0, &asked), SamplingDecision::Drop);
        assert_eq!(decided(1.0, &asked), SamplingDecision::RecordAndSample);
        assert_eq!(decided(1.0, &unasked), SamplingDecision::Drop);
    }

    #[test]
    fn only_a_well_formed_name_names_a_trace() {
        let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let context = named(good);
        assert_eq!(context.span().span_context().trace_id().to_string(), "0af7651916cd43dd8448eb211c80319c");
        assert!(context.span().span_context().is_remote());
        for bad in [
            "",
            "00",
            "00-zz-b7ad6b7169203331-01",
            &good.replace("0af7651916cd43dd8448eb211c80319c", &"0".repeat(32)),
        ] {
            assert!(!named(bad).span().span_context().is_valid(), "{bad}");
        }
        assert_eq!(current(), None, "nothing is exported here");
    }
}
