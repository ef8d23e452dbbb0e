//! The emulator as a program.

use std::error::Error;
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use finbridge_emulator::{ClockStart, Emulator, Generate, Limits, Scenario, TlsOptions};

/// Emulates the Zoho finance REST APIs: Books, Invoice, ERP, Expense and Billing.
#[derive(Parser)]
#[command(name = "finbridge-emulator", version)]
struct Arguments {
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1")]
    host: IpAddr,
    /// Port to listen on; 0 takes any free one.
    #[arg(long, default_value_t = 8081)]
    port: u16,
    /// File that keeps the records over restarts; without it they live in memory.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Bytes from which on the state file is rewritten without what was overwritten.
    #[arg(long, value_name = "BYTES", default_value_t = 8 * 1024 * 1024, requires = "state")]
    compact_from: u64,
    /// JSON file with the users, clients and organizations to start with, instead of the demo ones, or with a scenario.
    #[arg(long, value_name = "FILE")]
    seed_file: Option<PathBuf>,
    /// Also serves TLS under the vendor's host names.
    #[arg(long)]
    tls: bool,
    /// Port for TLS; 0 takes any free one.
    #[arg(long, default_value_t = 8443, requires = "tls")]
    tls_port: u16,
    /// Directory that keeps the authority that signs for TLS, so that clients trust it once.
    #[arg(long, value_name = "DIR", default_value = "data/emulator-tls", requires = "tls")]
    tls_dir: PathBuf,
    /// Records to generate at the first start, such as contacts=1000,items=200,seed=7.
    #[arg(long, value_name = "COUNTS")]
    generate: Option<Generate>,
    /// The clock: real, frozen, frozen@INSTANT, or an RFC 3339 instant to run from. Without it the scenario's, or real.
    #[arg(long, value_name = "CLOCK")]
    clock: Option<ClockStart>,
    /// Number that makes tokens and chance repeatable; without it they are unpredictable.
    #[arg(long, value_name = "N")]
    random_seed: Option<u64>,
    /// Quotas to keep: off, or real for those of the service.
    #[arg(long, value_enum, default_value = "off")]
    limits: Quotas,
}

#[derive(Clone, Copy, ValueEnum)]
enum Quotas {
    Off,
    Real,
}

#[tokio::main]
async fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let limits = match arguments.limits {
        Quotas::Off => Limits::off(),
        Quotas::Real => Limits::real(),
    };
    let mut builder = Emulator::builder().host(arguments.host).port(arguments.port).limits(limits);
    if let Some(start) = arguments.clock {
        builder = builder.clock_start(start);
    }
    if let Some(number) = arguments.random_seed {
        builder = builder.seed_number(number);
    }
    if let Some(path) = arguments.seed_file {
        let text = std::fs::read_to_string(&path).map_err(|error| {
            format!("The seed file {} cannot be read: {error}. Check the path.", path.display())
        })?;
        let scenario = Scenario::from_json(&text).map_err(|error| {
            format!(
                "The seed file {} is not understood: {error}. Correct it and start again.",
                path.display()
            )
        })?;
        builder = builder.scenario(scenario);
    }
    if let Some(order) = arguments.generate {
        builder = builder.generate(order);
    }
    if let Some(path) = arguments.state {
        builder = builder.state_file(path).compact_state_from(arguments.compact_from);
    }
    if arguments.tls {
        builder = builder.tls(TlsOptions { port: arguments.tls_port, dir: Some(arguments.tls_dir.clone()) });
    }
    let emulator = builder.start().await?;
    let url = emulator.url();
    println!("The emulator listens on {url}");
    for (name, root) in Emulator::apps() {
        println!("  {name:<17}{url}/{root}");
    }
    println!("  OAuth            {url}/oauth/v2/token");
    println!("  status page      {url}/_emulator");
    println!("  documentation    {url}/_emulator/docs");
    if let Some(tls) = emulator.tls_url() {
        println!("  over TLS         {tls}");
        println!("  to be trusted    {}", arguments.tls_dir.join("ca.pem").display());
    }
    stop_signal().await?;
    emulator.shutdown().await;
    Ok(())
}

/// Waits for Ctrl-C or for the signal with which service managers stop a program.
async fn stop_signal() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted,
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}
