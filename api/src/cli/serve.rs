//! `finbridge serve` and `finbridge worker`.

use std::sync::Arc;

use finbridge_domain::SystemClock;
use finbridge_sync::worker;

use super::{CliResult, stop_signal};
use crate::app::{App, DatabaseLock};
use crate::config::Config;
use crate::http::operations::Operations;
use crate::http::{self, GraphiqlPage, Shared};
use crate::telemetry::Telemetry;

pub(super) async fn serve(config: Config, also_work: bool, telemetry: &Telemetry) -> CliResult {
    if !also_work && config.sqlite_file().is_some() {
        return Err("--no-worker needs PostgreSQL: on SQLite one process does everything, so nothing would ever be synchronised".into());
    }
    let _lock = DatabaseLock::take(&config)?;
    let listener = http::listen(config.server.listen).await?;
    let operations = Operations::listen(telemetry).await?;
    let app = App::open(&config, Arc::new(SystemClock)).await?;
    let stop = stop_signal();
    let operations = operations.map(|operations| operations.serve(app.clone(), &config, stop.clone()));
    tracing::info!(address = %config.server.listen, "The GraphQL server is ready at /graphql");
    let shared = Shared::new(app.clone(), &config, GraphiqlPage::default())?;
    let work = async {
        if also_work {
            worker::run(app.engine.clone(), stop.clone()).await;
        } else {
            worker::settle(&app.engine, &stop).await;
        }
    };
    tokio::join!(http::serve(listener, shared, stop.clone()), work);
    if let Some(operations) = operations {
        operations.end().await;
    }
    Ok(())
}

pub(super) async fn work(config: Config, telemetry: &Telemetry) -> CliResult {
    let _lock = DatabaseLock::take(&config)?;
    let operations = Operations::listen(telemetry).await?;
    let app = App::open(&config, Arc::new(SystemClock)).await?;
    let stop = stop_signal();
    let operations = operations.map(|operations| operations.serve(app.clone(), &config, stop.clone()));
    tracing::info!("The worker is ready");
    worker::run(app.engine, stop).await;
    if let Some(operations) = operations {
        operations.end().await;
    }
    Ok(())
}
