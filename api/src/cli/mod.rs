//! The command line.

mod demo;
mod progress;
mod serve;
mod tools;
mod up;

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::telemetry::{Purpose, Telemetry};

/// What a command returns when it fails: a sentence for the person at the terminal.
pub type CliResult = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// Finbridge joins a CRM to the finance apps its invoices live in.
///
/// Without a subcommand it starts everything on this machine: the GraphQL server, the worker, a Books emulator and the
/// sample CRM, connected and synchronised.
#[derive(Debug, Parser)]
#[command(name = "finbridge", version, max_term_width = 110)]
struct Cli {
    /// Configuration file; `finbridge.toml` in this folder when it is there.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve GraphQL, and work unless told otherwise.
    ///
    /// On PostgreSQL any number of these may share a database. On SQLite there can be one.
    Serve {
        /// Serve only; `finbridge worker` processes do the work.
        #[arg(long)]
        no_worker: bool,
    },
    /// Work without serving: run sync runs and other jobs.
    Worker,
    /// Bring the database up to date and stop. Starting does the same.
    Migrate,
    /// Import CSV files into the CRM, as a mapping file says. Importing again changes only what changed in the files.
    Import(tools::ImportArgs),
    /// Start only the Books emulator.
    Emulator(tools::EmulatorArgs),
    /// Print the GraphQL schema.
    Schema,
    /// Make an API token and print it.
    Token(tools::TokenArgs),
    /// Check the configuration and print what is in force.
    CheckConfig {
        /// Print the commented file with every key instead.
        #[arg(long)]
        template: bool,
    },
}

/// Runs the program.
///
/// # Errors
/// What is in the way, with the remedy.
pub async fn run() -> CliResult {
    let cli = Cli::parse();
    if let Some(Command::Schema) = cli.command {
        print!("{}", crate::graphql::sdl());
        return Ok(());
    }
    if let Some(Command::CheckConfig { template: true }) = cli.command {
        print!("{}", crate::config::TEMPLATE);
        return Ok(());
    }
    // Several TLS providers could be compiled in; one has to be named before the first connection.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let usual = PathBuf::from("finbridge.toml");
    let file = cli.config.or_else(|| usual.exists().then_some(usual));
    let config = Config::load(file.as_deref(), std::env::vars())?;
    let level = if cli.command.is_none() { "warn" } else { &config.log.filter };
    let purpose = match cli.command {
        None | Some(Command::Serve { .. } | Command::Worker) => Purpose::Service,
        _ => Purpose::Errand,
    };
    let telemetry = Telemetry::start(&config, level, purpose)?;
    let result = match cli.command {
        None => up::run(config, &telemetry).await,
        Some(Command::Serve { no_worker }) => serve::serve(config, !no_worker, &telemetry).await,
        Some(Command::Worker) => serve::work(config, &telemetry).await,
        Some(Command::Migrate) => tools::migrate(&config).await,
        Some(Command::Import(args)) => tools::import(&config, args).await,
        Some(Command::Emulator(args)) => tools::emulator(&config, args).await,
        Some(Command::Token(args)) => tools::token(&config, args).await,
        Some(Command::CheckConfig { .. }) => tools::check_config(&config),
        Some(Command::Schema) => Ok(()),
    };
    telemetry.end().await;
    result
}

/// Cancelled when the system or the person at the terminal asks the program to stop.
fn stop_signal() -> CancellationToken {
    let stop = CancellationToken::new();
    let cancel = stop.clone();
    tokio::spawn(async move {
        #[cfg(unix)]
        let terminated = async {
            match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
                Ok(mut signal) => {
                    signal.recv().await;
                }
                Err(_) => std::future::pending().await,
            }
        };
        #[cfg(not(unix))]
        let terminated = std::future::pending::<()>();
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            () = terminated => {}
        }
        cancel.cancel();
    });
    stop
}
