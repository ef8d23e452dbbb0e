//! The server's parts, put together.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use finbridge_contract::{Connector, Failure, Quota, Registry};
use finbridge_domain::{Clock, Ids};
use finbridge_entity::PoolSize;
use finbridge_migration::{Migrator, MigratorTrait};
use finbridge_sync::budget::Budgets;
use finbridge_sync::queue::{self, QueueError};
use finbridge_sync::{Engine, Events, Vault};
use finbridge_zoho::{ZohoApp, ZohoConfig};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement, TransactionTrait};
use secrecy::ExposeSecret;

use crate::auth::Viewer;
use crate::config::{self, Config};
use crate::secrets::{KeyError, SecretBox};
use crate::service::crm::CrmWriter;
use crate::service::{Sealer, Services};
use crate::telemetry;

/// Any number that no other program takes as its advisory lock in this database.
const MIGRATION_LOCK: i64 = 0x6669_6e62_7269_6467;

/// Why the server cannot start. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder cannot be used.
    #[error(
        "the data folder {path} cannot be written: {source}\nGive yourself write access to it, or choose another with FINBRIDGE_DATA_DIR"
    )]
    DataFolder {
        /// Which folder.
        path: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// Another process has the database.
    #[error(
        "another Finbridge process is using {0}\nStop it first. For several processes on one database, use PostgreSQL (FINBRIDGE_DATABASE_URL=postgres://…)"
    )]
    InUse(String),
    /// The port is taken.
    #[error(
        "{what} cannot listen on {address}: {source}\nStop the program that has the port, or choose another with {variable}"
    )]
    Listen {
        /// Which server.
        what: &'static str,
        /// Where.
        address: std::net::SocketAddr,
        /// The variable that changes it.
        variable: &'static str,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The database cannot be opened or brought up to date.
    #[error(
        "the database {url} cannot be used: {source}\nIs the server running, and is the address right? Set it with FINBRIDGE_DATABASE_URL"
    )]
    Database {
        /// Where, without a password.
        url: String,
        /// What the driver said.
        #[source]
        source: DbErr,
    },
    /// The job queue cannot be opened.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// There is no key for secrets.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The guard cannot read the schema that it is to guard.
    #[error("the schema cannot be read by its guard: {0}\nThis is a fault of the program; please report it")]
    Schema(#[source] async_graphql::parser::Error),
    /// A finance app cannot be set up.
    #[error("the connectors of the finance apps cannot be set up: {0}")]
    Connector(#[from] Failure),
}

/// The server's parts.
#[derive(Clone)]
pub struct App {
    /// Database, clock, ids, queue and finance apps.
    pub engine: Engine,
    /// Encrypts what must not be readable in the database.
    pub sealer: Arc<dyn Sealer>,
}

impl App {
    /// Opens the database, brings it up to date, and composes the finance apps.
    ///
    /// # Errors
    /// What is in the way, with the remedy.
    pub async fn open(config: &Config, clock: Arc<dyn Clock>) -> Result<Self, StartError> {
        let db = open_database(config).await?;
        let secrets = Arc::new(match config.secrets.key.expose_secret() {
            "" => SecretBox::from_file(&config.data.dir.join("secret.key"))?,
            key => SecretBox::new(key)?,
        });
        let queue = telemetry::jobs::watched(queue::open(&db).await?);
        let events = Events::of(&db);
        let connectors = connectors(&config.books, clock.clone())?;
        let vault: Arc<dyn Vault> = secrets.clone();
        let ids = Arc::new(Ids::new(clock.clone()));
        let sealer: Arc<dyn Sealer> = secrets;
        let retention = config.retention.into();
        let budgets = Arc::new(Budgets::new(db.clone(), clock.clone(), vault.clone()));
        let parts = CrmWriter {
            db,
            clock,
            ids,
            queue,
            events,
            connectors,
            vault,
            sealer: sealer.clone(),
            budgets,
            retention,
        };
        Ok(Self { engine: parts.engine(), sealer })
    }

    /// The services, acting for this person.
    pub fn services(&self, viewer: Viewer) -> Services {
        Services { viewer, engine: self.engine.clone(), sealer: self.sealer.clone() }
    }
}

/// The finance apps of this server: a line for each vendor.
fn connectors(books: &config::Books, clock: Arc<dyn Clock>) -> Result<Registry, Failure> {
    let mut apps: Vec<Arc<dyn Connector>> = Vec::new();
    if !books.client_id.is_empty() {
        let config = ZohoConfig {
            accounts_url: books.accounts_url.clone(),
            api_url: books.api_url.clone(),
            client_id: books.client_id.clone(),
            client_secret: books.client_secret.clone(),
            quota: Quota {
                per_minute: books.requests_per_minute,
                per_day: books.requests_per_day,
                concurrent: books.concurrent_requests,
                renewals: books.token_renewals,
            },
        };
        for app in ZohoApp::all(config, clock)? {
            apps.push(Arc::new(app));
        }
    }
    Ok(Registry::of(apps))
}

fn make_data_folder(path: &Path) -> Result<(), StartError> {
    let told = |source| StartError::DataFolder { path: path.display().to_string(), source };
    fs::create_dir_all(path).map_err(told)?;
    // Whether one can write is only known by writing.
    let probe = path.join(".write-test");
    fs::write(&probe, "").and_then(|()| fs::remove_file(&probe)).map_err(told)
}

/// Opens the database and applies the migrations that are missing.
///
/// # Errors
/// The driver's, with the address.
pub async fn open_database(config: &Config) -> Result<DatabaseConnection, StartError> {
    make_data_folder(&config.data.dir)?;
    let url = config.database_url();
    let told = |source| StartError::Database { url: without_password(url.expose_secret()), source };
    let pool = PoolSize(config.database.max_connections);
    let mut db = finbridge_entity::database::open(url.expose_secret(), pool).await.map_err(told)?;
    db.set_metric_callback(telemetry::sql::observe);
    migrate(&db).await.map_err(told)?;
    Ok(db)
}

/// Applies the migrations that are missing. Many replicas may start at once: on PostgreSQL one does it, the others wait.
async fn migrate(db: &DatabaseConnection) -> Result<(), DbErr> {
    if db.get_database_backend() != DbBackend::Postgres {
        return Migrator::up(db, None).await;
    }
    let guard = db.begin().await?;
    let lock = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "SELECT pg_advisory_xact_lock($1)",
        [MIGRATION_LOCK.into()],
    );
    guard.execute_raw(lock).await?;
    Migrator::up(db, None).await?;
    guard.commit().await
}

fn without_password(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://…@{host}"),
        _ => url.to_owned(),
    }
}

/// The right to be the one process on an SQLite file; released when dropped, also by a crash.
#[derive(Debug)]
pub struct DatabaseLock(#[expect(dead_code, reason = "held, not read")] Option<File>);

impl DatabaseLock {
    /// Makes the data folder and takes the lock in it. PostgreSQL needs no lock.
    ///
    /// # Errors
    /// When another process has it.
    pub fn take(config: &Config) -> Result<Self, StartError> {
        make_data_folder(&config.data.dir)?;
        let Some(file) = config.sqlite_file() else { return Ok(Self(None)) };
        let path = PathBuf::from(format!("{}.lock", file.display()));
        let told = |source| StartError::DataFolder { path: path.display().to_string(), source };
        let lock = File::options().create(true).truncate(false).write(true).open(&path).map_err(told)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self(Some(lock))),
            Err(fs::TryLockError::WouldBlock) => Err(StartError::InUse(file.display().to_string())),
            Err(fs::TryLockError::Error(source)) => Err(told(source)),
        }
    }
}
