//! Turns the measures that the engine and the connectors tell as events into metrics. They know of no metrics: an event
//! of the target `measure` is all they say.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use metrics::{counter, histogram};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::catalogue::{CALL_DURATION, CALLS, SYNC_ITEMS, SYNC_RUN_DURATION, SYNC_RUNS};

/// What a run may have done to a record, as its event names it.
const OUTCOMES: [&str; 8] =
    ["added", "updated", "deleted", "deactivated", "skipped", "conflicts", "failed", "kept"];

/// The layer that hears measures.
pub struct Measures;

#[derive(Default)]
struct Fields {
    texts: HashMap<&'static str, String>,
    numbers: HashMap<&'static str, u64>,
}

impl Visit for Fields {
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.numbers.insert(field.name(), value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.numbers.insert(field.name(), u64::try_from(value).unwrap_or_default());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.texts.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.texts.insert(field.name(), format!("{value:?}"));
    }
}

impl Fields {
    fn text(&mut self, name: &str) -> String {
        self.texts.remove(name).unwrap_or_default()
    }

    fn number(&self, name: &str) -> u64 {
        self.numbers.get(name).copied().unwrap_or_default()
    }

    fn took(&self) -> Duration {
        Duration::from_micros(self.number("micros"))
    }
}

impl<S: Subscriber> Layer<S> for Measures {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        match fields.text("measure").as_str() {
            "sync_run" => run(fields),
            "call" => call(fields),
            _ => {}
        }
    }
}

fn run(mut fields: Fields) {
    let module = fields.text("module");
    counter!(SYNC_RUNS, "module" => module.clone(), "state" => fields.text("state")).increment(1);
    histogram!(SYNC_RUN_DURATION, "module" => module.clone()).record(fields.took());
    for outcome in OUTCOMES {
        let records = fields.number(outcome);
        if records > 0 {
            counter!(SYNC_ITEMS, "module" => module.clone(), "outcome" => outcome).increment(records);
        }
    }
}

fn call(mut fields: Fields) {
    let app = fields.text("app");
    let status = match fields.number("status") {
        0 => "none".to_owned(),
        status => status.to_string(),
    };
    counter!(CALLS, "app" => app.clone(), "method" => fields.text("method"), "status" => status).increment(1);
    histogram!(CALL_DURATION, "app" => app).record(fields.took());
}

#[cfg(test)]
mod tests {
    use metrics_exporter_prometheus::PrometheusBuilder;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;
    use crate::telemetry::MEASURES;

    #[test]
    fn events_of_the_target_become_metrics() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        let subscriber = tracing_subscriber::registry().with(Measures);
        metrics::with_local_recorder(&recorder, || {
            tracing::subscriber::with_default(subscriber, || {
                tracing::trace!(
                    target: MEASURES, measure = "sync_run", module = "CUSTOMERS", state = "PARTIAL",
                    micros = 2_000_000_u64, added = 3_i64, failed = 1_i64, skipped = 0_i64
                );
                tracing::trace!(
                    target: MEASURES, measure = "call", app = "Zoho Books", method = "GET", status = 0_u16,
                    micros = 5_u64
                );
            });
        });
        let text = handle.render();
        for line in [
            "finbridge_sync_runs_total{module=\"CUSTOMERS\",state=\"PARTIAL\"} 1",
            "finbridge_sync_items_total{module=\"CUSTOMERS\",outcome=\"added\"} 3",
            "finbridge_sync_items_total{module=\"CUSTOMERS\",outcome=\"failed\"} 1",
            "finbridge_connector_calls_total{app=\"Zoho Books\",method=\"GET\",status=\"none\"} 1",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
        assert!(!text.contains("skipped"), "{text}");
    }
}
