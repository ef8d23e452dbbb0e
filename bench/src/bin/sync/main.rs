//! What runs cost: a first sync beside a bare client, a run that finds nothing or little changed, memory, and the quota.
//! See `bench/sync/README.md`.

// The layout of the server's futures is deeper than the compiler looks by itself.
#![recursion_limit = "256"]

mod bare;
mod fill;
mod first;
mod linked;
mod memory;
mod quota;

use finbridge_bench::{Failure, Goals};
use finbridge_tests::{Backend, POSTGRES};

/// Customers of the first sync; each has two contact persons.
const CUSTOMERS: usize = 10_000;
/// Linked records among which nothing, or little, changes.
const LINKED: usize = 100_000;
/// Records that are planned and applied while memory is watched.
const RECORDS: usize = 50_000;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut words = std::env::args().skip(1).peekable();
    let mut goals = Goals::default();
    let first = words.peek().cloned();
    match first.as_deref() {
        Some(memory::FINANCE) => return memory::serve_finance().await,
        Some(memory::WORD) => {
            let mut rest = words.skip(1);
            let records = rest.next().ok_or("how many records?")?.parse()?;
            return memory::measure(records, backend(&rest.next().ok_or("which database?")?)?).await;
        }
        Some(quota::WORD) => {
            for backend in backends() {
                quota::measure(backend, &mut goals).await?;
            }
        }
        _ => {
            let sizes: Vec<usize> = words.map(|size| size.parse()).collect::<Result<_, _>>()?;
            let size = |place: usize, usual| sizes.get(place).copied().unwrap_or(usual);
            for backend in backends() {
                first::measure(backend, size(0, CUSTOMERS), &mut goals).await?;
                linked::measure(backend, size(1, LINKED), &mut goals).await?;
                memory::watch(backend, size(2, RECORDS), &mut goals)?;
                quota::measure(backend, &mut goals).await?;
            }
        }
    }
    goals.verdict()
}

/// The databases that are there.
fn backends() -> Vec<Backend> {
    if std::env::var(POSTGRES).is_ok() {
        return vec![Backend::Sqlite, Backend::Postgres];
    }
    println!("PostgreSQL was left out: run `scripts/with-postgres cargo run …` to measure it too");
    vec![Backend::Sqlite]
}

fn name(backend: Backend) -> &'static str {
    match backend {
        Backend::Sqlite => "sqlite",
        Backend::Postgres => "postgres",
    }
}

fn backend(name: &str) -> Result<Backend, Failure> {
    match name {
        "sqlite" => Ok(Backend::Sqlite),
        "postgres" => Ok(Backend::Postgres),
        other => Err(format!("`{other}` is no database: sqlite or postgres").into()),
    }
}

/// So many in a second.
fn per_second(count: usize, time: std::time::Duration) -> u128 {
    count as u128 * 1_000_000 / time.as_micros().max(1)
}
