//! Opening the database, and beginning transactions that write.

use std::time::Duration;

use sea_orm::{
    ConnectOptions, Database, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};

/// How many connections the pool may hold.
#[derive(Debug, Clone, Copy)]
pub struct PoolSize(pub u32);

/// Opens a database by URL: `sqlite:///path/to/file.db?mode=rwc`, `sqlite::memory:` or `postgres://…`.
///
/// SQLite runs with write-ahead logging, foreign keys, full synchronisation and a busy time-out, so that what was
/// answered survives a power cut and writers queue instead of failing.
///
/// # Errors
/// The driver's, when the database cannot be opened.
pub async fn open(url: &str, pool: PoolSize) -> Result<DatabaseConnection, DbErr> {
    let in_memory = url.contains(":memory:");
    let mut options = ConnectOptions::new(url);
    options
        .sqlx_logging(false)
        .acquire_timeout(Duration::from_secs(30))
        // The driver asks whether a connection still stands when it is given back; asking again before each statement doubles
        // what a short one costs.
        .test_before_acquire_if_idle_for(Duration::from_millis(100));
    if in_memory {
        // Each connection to `:memory:` is a database of its own, and closing the last one empties it.
        options.max_connections(1).min_connections(1).idle_timeout(None).max_lifetime(None);
    } else {
        options.max_connections(pool.0);
    }
    options.map_sqlx_sqlite_opts(|sqlite| {
        use sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
        sqlite
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(20))
            // Byte order, under the name that PostgreSQL has for it, so that statements can ask both for the same.
            .collation("C", str::cmp)
    });
    Database::connect(options).await
}

/// Begins a transaction that is going to write.
///
/// On SQLite it takes the write lock at once: a transaction that reads first and writes later can find that another
/// one wrote in between, and then fails however long it is willing to wait.
///
/// # Errors
/// The driver's.
pub async fn begin_write(db: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let sqlite_transaction_mode =
        (db.get_database_backend() == DbBackend::Sqlite).then_some(SqliteTransactionMode::Immediate);
    db.begin_with_options(TransactionOptions { sqlite_transaction_mode, ..Default::default() }).await
}
