//! What is looked up when metrics are fetched, because nothing happens when it changes.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use finbridge_sync::Engine;
use metrics::gauge;
use sea_orm::DbBackend;
use tokio::time::timeout;

use super::catalogue::{BUILD, CONNECTIONS, CONNECTIONS_MAX, MEMORY, QUEUE, UPTIME};

/// How long the queue may take to answer. A late answer is left out, and the rest of the metrics tells why it was late.
const PATIENCE: Duration = Duration::from_secs(1);

/// When the process began to serve.
static BEGUN: OnceLock<Instant> = OnceLock::new();

/// Remembers the moment as the one at which the process began to serve.
pub fn begin() {
    BEGUN.get_or_init(Instant::now);
}

/// Brings the gauges up to date.
pub async fn refresh(engine: &Engine) {
    gauge!(BUILD, "version" => env!("CARGO_PKG_VERSION")).set(1);
    gauge!(UPTIME).set(BEGUN.get_or_init(Instant::now).elapsed());
    if let Some(bytes) = resident_memory() {
        gauge!(MEMORY).set(bytes as f64);
    }
    connections(engine);
    if let Ok(Ok(jobs)) = timeout(PATIENCE, engine.queue.outstanding()).await {
        gauge!(QUEUE, "state" => "outstanding").set(jobs as f64);
    }
    if let Ok(Ok(dead)) = timeout(PATIENCE, engine.queue.dead()).await {
        gauge!(QUEUE, "state" => "dead").set(dead.len() as f64);
    }
}

fn connections(engine: &Engine) {
    let (open, idle, most) = match engine.db.get_database_backend() {
        DbBackend::Postgres => {
            let pool = engine.db.get_postgres_connection_pool();
            (pool.size(), pool.num_idle(), pool.options().get_max_connections())
        }
        _ => {
            let pool = engine.db.get_sqlite_connection_pool();
            (pool.size(), pool.num_idle(), pool.options().get_max_connections())
        }
    };
    let idle = u32::try_from(idle).unwrap_or(open);
    gauge!(CONNECTIONS, "state" => "idle").set(idle);
    gauge!(CONNECTIONS, "state" => "busy").set(open.saturating_sub(idle));
    gauge!(CONNECTIONS_MAX).set(most);
}

/// Only Linux tells it in a file.
fn resident_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kibibytes = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = kibibytes.trim().trim_end_matches("kB").trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}
