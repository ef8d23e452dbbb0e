//! The listener for those who run the server: metrics, and the probes beside them. It has an address of its own, so that
//! what it tells never stands on the port that the world can reach, and so that a crowd there cannot keep a probe out.

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::health::Probes;
use super::server;
use crate::app::{App, StartError};
use crate::config::Config;
use crate::telemetry::Telemetry;
use crate::telemetry::gauges;

/// How often samples that nobody fetched are condensed.
const UPKEEP: Duration = Duration::from_secs(5);

/// The port of the listener, taken before anything else is done.
pub struct Operations {
    listener: TcpListener,
    metrics: PrometheusHandle,
}

/// The running listener.
pub struct Running {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

#[derive(Clone)]
struct Scraped {
    app: App,
    metrics: PrometheusHandle,
}

impl Operations {
    /// Takes the port; nothing when the configuration asks for none.
    ///
    /// # Errors
    /// When somebody else has it.
    pub async fn listen(telemetry: &Telemetry) -> Result<Option<Self>, StartError> {
        let Some((address, metrics)) = telemetry.metrics() else { return Ok(None) };
        let listener = TcpListener::bind(address).await.map_err(|source| StartError::Listen {
            what: "the metrics server",
            address,
            variable: "FINBRIDGE_TELEMETRY_METRICS_LISTEN",
            source,
        })?;
        Ok(Some(Self { listener, metrics }))
    }

    /// Serves until [`Running::end`]. `stop` is what turns readiness off.
    pub fn serve(self, app: App, config: &Config, stop: CancellationToken) -> Running {
        gauges::begin();
        let probes = Probes::new(app.engine.db.clone(), stop);
        let scraped = Scraped { app, metrics: self.metrics.clone() };
        let router: Router =
            Router::new().route("/metrics", get(scrape)).with_state(scraped).merge(probes.router());
        let ended = CancellationToken::new();
        let (limits, stop, metrics) = (config.limits.clone(), ended.clone(), self.metrics);
        let task = tokio::spawn(async move {
            let serving = server::serve(self.listener, router, &limits, &[], stop.clone());
            let upkeep = async {
                while !stop.is_cancelled() {
                    metrics.run_upkeep();
                    tokio::select! {
                        () = tokio::time::sleep(UPKEEP) => {}
                        () = stop.cancelled() => {}
                    }
                }
            };
            tokio::join!(serving, upkeep);
        });
        Running { stop: ended, task }
    }
}

impl Running {
    /// Stops listening, once everything else has ended.
    pub async fn end(self) {
        self.stop.cancel();
        // A panic in there was reported when it happened.
        let _ = self.task.await;
    }
}

async fn scrape(State(scraped): State<Scraped>) -> Response {
    gauges::refresh(&scraped.app.engine).await;
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    ([(header::CONTENT_TYPE, kind)], scraped.metrics.render()).into_response()
}
