//! `finbridge` without a subcommand: the whole product on one screen.

use std::sync::Arc;
use std::time::Duration;

use finbridge_domain::SystemClock;
use finbridge_emulator::{DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, Emulator, Seed, StartError as EmulatorError};
use finbridge_entity::types::RunState;
use finbridge_entity::{Scoped, sync_run};
use finbridge_sync::outcome::{self, Totals};
use finbridge_sync::worker;
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

use super::{CliResult, demo, progress, stop_signal};
use crate::app::{App, DatabaseLock, StartError};
use crate::config::Config;
use crate::http::operations::Operations;
use crate::http::{self, GraphiqlPage, Shared};
use crate::telemetry::Telemetry;

/// How often the first sync is looked at while it is shown.
const GLANCE: Duration = Duration::from_millis(100);

pub(super) async fn run(mut config: Config, telemetry: &Telemetry) -> CliResult {
    let lock = DatabaseLock::take(&config)?;
    // All ports are taken before anything is changed, so that a taken one leaves nothing behind.
    let listener = http::listen(config.server.listen).await?;
    let operations = Operations::listen(telemetry).await?;
    let emulator = start_emulator(&config).await?;
    config.books.accounts_url = emulator.url();
    config.books.api_url = emulator.url();
    config.books.client_id = DEMO_CLIENT_ID.to_owned();
    config.books.client_secret = SecretString::from(DEMO_CLIENT_SECRET);
    // This emulator refuses nobody, and at the vendor's pace a first sync would take long.
    config.books = config.books.without_limits();

    let app = App::open(&config, Arc::new(SystemClock)).await?;
    let stop = stop_signal();
    let operations = operations.map(|operations| operations.serve(app.clone(), &config, stop.clone()));
    let demo = tokio::select! {
        demo = demo::prepare(&app, &config) => demo?,
        () = stop.cancelled() => return Ok(()),
    };
    let page =
        GraphiqlPage { token: Some(Arc::new(demo.token.clone().into())), queries: demo::QUERIES.to_vec() };
    let shared = Shared::new(app.clone(), &config, page)?;
    let server = tokio::spawn(http::serve(listener, shared, stop.clone()));
    let worker = tokio::spawn(worker::run(app.engine.clone(), stop.clone()));

    let synced = watch_first_sync(&app, &demo, &stop).await?;
    if !stop.is_cancelled() {
        demo::greet(&config, &emulator.url(), &demo, synced);
    }
    stop.cancelled().await;
    eprintln!("Stopping: what is under way is finished first.");
    let _ = tokio::join!(server, worker);
    if let Some(operations) = operations {
        operations.end().await;
    }
    emulator.shutdown().await;
    drop(lock);
    Ok(())
}

async fn start_emulator(config: &Config) -> Result<Emulator, Box<dyn std::error::Error + Send + Sync>> {
    let listen = config.emulator.listen;
    let started = Emulator::builder()
        .host(listen.ip())
        .port(listen.port())
        .state_file(config.data.dir.join("emulator.state"))
        .seed(Seed::demo())
        .start()
        .await;
    started.map_err(|error| match error {
        EmulatorError::PortInUse { address } => StartError::Listen {
            what: "the Books emulator",
            address,
            variable: "FINBRIDGE_EMULATOR_LISTEN",
            source: std::io::ErrorKind::AddrInUse.into(),
        }
        .into(),
        other => other.into(),
    })
}

/// Shows the first sync until it ends. A later start finds it ended and shows nothing.
async fn watch_first_sync(
    app: &App,
    demo: &demo::Demo,
    stop: &CancellationToken,
) -> Result<Option<Totals>, Box<dyn std::error::Error + Send + Sync>> {
    let Some(run_id) = demo.first_run else { return Ok(None) };
    let db = &app.engine.db;
    let mut bar = None;
    let mut was_under_way = demo.began_first_run;
    while !stop.is_cancelled() {
        let run = sync_run::Entity::one_of(demo.viewer.organization_id, run_id).one(db).await?;
        let Some(run) = run else { return Ok(None) };
        let totals =
            outcome::totals(db, run.organization_id, &[run.id]).await?.remove(&run.id).unwrap_or_default();
        if run.state.is_final() {
            if let Some(bar) = bar {
                indicatif::ProgressBar::finish(&bar);
            }
            if run.state == RunState::Failed {
                let why = run.error_message.unwrap_or_default();
                eprintln!("The first sync failed: {why}\nStart another with the mutation syncRunStart.");
            }
            return Ok(was_under_way.then_some(totals));
        }
        was_under_way = true;
        let template = "  {msg:28} {bar:40.cyan/dim} {pos:>10} of {len:10} {eta:>4}";
        let bar = bar.get_or_insert_with(|| progress::bar(0, "Syncing customers", template));
        bar.set_length(totals.planned().unsigned_abs());
        bar.set_position(totals.done().unsigned_abs());
        tokio::time::sleep(GLANCE).await;
    }
    Ok(None)
}
