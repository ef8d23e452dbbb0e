//! What GraphQL operations cost beside a bare handler and PostGraphile on the same database, and how fast deals become documents.
//! See `bench/graphql/README.md`.

// The layout of the server's futures is deeper than the compiler looks by itself.
#![recursion_limit = "256"]

mod bare;
mod bare_sql;
mod calls;
#[path = "../emulator/client.rs"]
mod client;
mod fill;
mod load;
mod peer;
mod posting;
mod report;
mod statements;
mod triggers;
mod verify;

use std::time::Duration;

use finbridge_bench::{Failure, Goals};
use finbridge_tests::{POSTGRES, new_postgres_database};

use calls::{Facts, OPERATIONS};
use fill::Sizes;
use load::Measured;
use peer::Server;

/// Measures operations alone.
const LOAD: &str = "load";
/// Names a database that an earlier run has filled with the same numbers; it is not filled again.
const DATABASE: &str = "BENCH_DATABASE";
/// Seconds for which one server is asked for one operation before the next server has its turn.
const SECONDS: u64 = 2;
/// Turns of every server at every operation.
const ROUNDS: usize = 5;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let rest = words.get(1..).unwrap_or_default();
    if words.first().is_some_and(|word| word == bare::WORD) {
        let [url, port] = rest else { return Err("which database, and which port?".into()) };
        return bare::serve(url, port.parse()?).await;
    }
    if std::env::var(POSTGRES).is_err() {
        return Err(
            "run `scripts/with-postgres target/release/graphql …`: it needs a PostgreSQL server of its own"
                .into(),
        );
    }
    let mut goals = Goals::default();
    let first = words.first().map(String::as_str);
    if first.is_none_or(|word| word == LOAD) {
        operations(&numbers(rest)?, &mut goals).await?;
    }
    if first.is_none_or(|word| word == triggers::WORD) {
        let deals = numbers(rest)?.first().copied();
        triggers::measure(deals.filter(|_| first.is_some()), &mut goals).await?;
    }
    if first.is_some_and(|word| word != LOAD && word != triggers::WORD) {
        return Err(format!("`{}` is neither `{LOAD}` nor `{}`", words[0], triggers::WORD).into());
    }
    goals.verdict()
}

fn numbers(words: &[String]) -> Result<Vec<u64>, Failure> {
    Ok(words.iter().map(|word| word.parse()).collect::<Result<_, _>>()?)
}

/// Fills a database, starts the three servers on it, and has them answer in turns.
async fn operations(numbers: &[u64], goals: &mut Goals) -> Result<(), Failure> {
    let number = |place: usize, usual| numbers.get(place).copied().unwrap_or(usual);
    let usual = Sizes::default();
    let sizes = Sizes {
        accounts: number(0, usual.accounts),
        contacts: number(1, usual.contacts),
        deals: number(2, usual.deals),
        transactions: number(3, usual.transactions),
    };
    let seconds = Duration::from_secs(number(4, SECONDS));
    let rounds = usize::try_from(number(5, ROUNDS as u64))?;
    let url = match std::env::var(DATABASE) {
        Ok(filled) => filled,
        Err(_) => new_postgres_database().await,
    };
    let token = peer::make_organization(&url)?;
    let database = fill::fill(&url, sizes).await?;
    let facts = Facts::read(&database).await?;
    println!("{sizes}; the far page of transactions comes after {} of them", facts.far);

    let servers =
        [Server::ours(&url, &token).await?, Server::bare(&url).await?, Server::postgraphile(&url).await?];
    let mut plans = Vec::with_capacity(servers.len());
    for server in &servers {
        plans.push(calls::plan(server, &facts).await?);
    }
    verify::same(&servers, &plans).await?;
    let mut rows = Vec::new();
    for (place, operation) in OPERATIONS.into_iter().enumerate() {
        let mut measured: [Measured; 3] = Default::default();
        for server in 0..servers.len() {
            measured[server].statements =
                statements::count(&database, &servers[server], &plans[server][place]).await?;
            // What is asked for the first time is parsed, planned and compiled; nobody is measured on that.
            load::run(&servers[server], &plans[server][place], Duration::from_millis(500)).await?;
        }
        for _ in 0..rounds {
            for server in 0..servers.len() {
                measured[server].add(load::run(&servers[server], &plans[server][place], seconds).await?);
            }
        }
        report::print(operation, &measured);
        rows.push((operation, measured));
    }
    report::check(&rows, goals);
    report::far_page(&servers[0], &facts, goals).await?;
    report::memory(&servers, goals)
}
