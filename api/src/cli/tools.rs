//! The subcommands that do one thing and stop, and the emulator alone.

use std::fs::File;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::TimeDelta;
use clap::Args;
use finbridge_domain::{Clock, CurrencyCode, Ids, SystemClock};
use finbridge_emulator::{Emulator, Seed};
use finbridge_entity::{begin_write, organization};
use sea_orm::ConnectionTrait;

use super::progress::ImportBars;
use super::{CliResult, stop_signal};
use crate::app::open_database;
use crate::auth::token::{self, TokenFor};
use crate::config::Config;
use crate::import::{CsvNotes, Importer, NoNotes, NoteSink};
use crate::service::tenant::{self, Administrator, Tenant};

/// `finbridge import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// The mapping file: which CSV files, which column fills which field.
    mapping: PathBuf,
    /// Name of the organization to import into; may be left out when there is only one.
    #[arg(long)]
    organization: Option<String>,
    /// Write every adjusted and rejected row to this CSV file: file, line, kind, reason.
    #[arg(long, value_name = "FILE")]
    notes: Option<PathBuf>,
    /// Let deals that are made or moved make documents, as the triggers of integrations say. Nothing is triggered otherwise.
    #[arg(long)]
    fire_triggers: bool,
}

/// `finbridge emulator`.
#[derive(Debug, Args)]
pub struct EmulatorArgs {
    /// Address and port; the configured ones when left out.
    #[arg(long)]
    listen: Option<SocketAddr>,
    /// File that keeps its state; nothing is kept when left out.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
}

/// `finbridge token`.
#[derive(Debug, Args)]
pub struct TokenArgs {
    /// E-mail address of the person the token acts for.
    #[arg(long)]
    email: String,
    /// Name of the organization it is bound to; may be left out when there is only one.
    #[arg(long)]
    organization: Option<String>,
    /// What it is for, so that people know which one to revoke.
    #[arg(long, default_value = "command line")]
    name: String,
    /// Days until it expires.
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u16).range(1..=3650))]
    days: u16,
    /// Make the organization and its administrator when they are not there yet.
    #[arg(long, requires = "organization")]
    create: bool,
    /// Home currency of an organization that is made. It can never change.
    #[arg(long, default_value = "USD", requires = "create")]
    currency: CurrencyCode,
    /// Time zone of an organization that is made.
    #[arg(long, default_value = "Etc/UTC", requires = "create")]
    time_zone: String,
}

pub(super) async fn migrate(config: &Config) -> CliResult {
    open_database(config).await?;
    println!("The database is up to date.");
    Ok(())
}

pub(super) async fn import(config: &Config, args: ImportArgs) -> CliResult {
    let db = open_database(config).await?;
    let organization = choose(&db, args.organization.as_deref()).await?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let ids = Ids::new(clock.clone());
    let importer = Importer {
        db: &db,
        clock: clock.as_ref(),
        ids: &ids,
        organization_id: organization.id,
        fires_triggers: args.fire_triggers,
    };
    let mut notes: Box<dyn NoteSink> = match &args.notes {
        Some(path) => Box::new(CsvNotes::new(
            File::create(path).map_err(|error| format!("{}: {error}", path.display()))?,
        )?),
        None => Box::new(NoNotes),
    };
    let report = importer.run(&args.mapping, &ImportBars::default(), notes.as_mut()).await?;
    println!("{report}");
    match &args.notes {
        Some(path) => println!("Every adjusted and rejected row: {}", path.display()),
        None => println!("For every adjusted and rejected row, add --notes FILE."),
    }
    Ok(())
}

async fn choose(
    db: &impl ConnectionTrait,
    name: Option<&str>,
) -> Result<organization::Model, Box<dyn std::error::Error + Send + Sync>> {
    if let Some(name) = name {
        let known = tenant::by_name(db, name).await?;
        return known.ok_or_else(|| {
            format!("there is no organization `{name}`; `finbridge token --create` makes one with its administrator").into()
        });
    }
    let mut all = tenant::all(db).await?;
    let names: Vec<_> = all.iter().map(|one| one.name.clone()).collect();
    match (all.pop(), names.len()) {
        (Some(only), 1) => Ok(only),
        (None, _) => {
            Err("there is no organization yet; `finbridge token --create` makes one with its administrator"
                .into())
        }
        _ => Err(format!("name one of the organizations with --organization: {}", names.join(", ")).into()),
    }
}

pub(super) async fn token(config: &Config, args: TokenArgs) -> CliResult {
    let db = open_database(config).await?;
    let clock = SystemClock;
    let ids = Ids::new(Arc::new(clock));
    let transaction = begin_write(&db).await?;
    let (organization_id, user_id) = if let (true, Some(name)) = (args.create, args.organization.as_deref()) {
        args.time_zone
            .parse::<chrono_tz::Tz>()
            .map_err(|_| format!("`{}` is not an IANA time zone such as Europe/Berlin", args.time_zone))?;
        let wish = Tenant { name, home_currency: args.currency, time_zone: &args.time_zone };
        let person = Administrator { email: &args.email, name: &args.email };
        let viewer = tenant::ensure(&transaction, &clock, &ids, wish, person).await?;
        (viewer.organization_id, viewer.user_id)
    } else {
        let organization = choose(&transaction, args.organization.as_deref()).await?;
        let user = tenant::member(&transaction, organization.id, &args.email).await?;
        let user =
            user.ok_or_else(|| format!("there is no person {} in {}", args.email, organization.name))?;
        (organization.id, user)
    };
    let secret = token::generate();
    let expires_at = Some(clock.now() + TimeDelta::days(args.days.into()));
    let wish = TokenFor { organization_id, user_id, name: args.name, expires_at };
    token::store(&transaction, &clock, &ids, wish, &secret).await?;
    transaction.commit().await?;
    println!("{secret}");
    Ok(())
}

pub(super) fn check_config(config: &Config) -> CliResult {
    print!("{}", toml::to_string_pretty(config)?);
    eprintln!("The configuration is right. Secrets that are set show as (set).");
    Ok(())
}

pub(super) async fn emulator(config: &Config, args: EmulatorArgs) -> CliResult {
    let listen = args.listen.unwrap_or(config.emulator.listen);
    let mut builder = Emulator::builder().host(listen.ip()).port(listen.port()).seed(Seed::demo());
    if let Some(state) = args.state {
        builder = builder.state_file(state);
    }
    let emulator = builder.start().await?;
    println!("Emulator: {}/_emulator", emulator.url());
    stop_signal().cancelled().await;
    emulator.shutdown().await;
    Ok(())
}
