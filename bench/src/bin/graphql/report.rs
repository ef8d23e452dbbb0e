//! What came of it, and which goals were missed.

use std::time::Duration;

use finbridge_bench::{Failure, Goals, median};

use crate::calls::{self, Facts, Operation, PAGE};
use crate::load::Measured;
use crate::peer::Server;

/// Processor time beside the bare handler's, in per cent.
const GOAL_CPU: u128 = 300;
/// Requests in a second beside PostGraphile's, in per cent.
const GOAL_RATE: u128 = 150;
/// What a far page may cost beside the first one, in per cent.
const GOAL_FAR: u128 = 120;
/// Bytes in memory after everything was asked.
const GOAL_MEMORY: u64 = 100_000_000;
/// Requests for each of the two pages, in turns.
const TRIES: usize = 300;

/// SQL statements of an operation, beside the one that finds out who asks. What changes something has no goal.
fn goal_statements(operation: Operation) -> Option<usize> {
    match operation {
        Operation::Deals => Some(3),
        Operation::Move => None,
        _ => Some(2),
    }
}

const NAMES: [&str; 3] = ["Finbridge", "bare handler", "PostGraphile"];

pub fn print(operation: Operation, measured: &[Measured; 3]) {
    println!("\n{}: {}", operation.name(), operation.tells());
    println!(
        "{:14} {:>10} {:>9} {:>9} {:>16} {:>11}",
        "", "requests/s", "p50", "p99", "CPU of a request", "statements"
    );
    for (name, one) in NAMES.iter().zip(measured) {
        let (all, who) = one.statements;
        let statements = if who > 0 { format!("{who} + {}", all - who) } else { all.to_string() };
        println!(
            "{name:14} {:>10} {:>9} {:>9} {:>13} µs {statements:>11}",
            one.rate(),
            milliseconds(one.percentile(50)),
            milliseconds(one.percentile(99)),
            one.cpu(),
        );
    }
}

fn milliseconds(time: Duration) -> String {
    let hundredths = time.as_micros() / 10;
    format!("{}.{:02} ms", hundredths / 100, hundredths % 100)
}

/// Of how many times another, from per cent.
fn times(percent: u128) -> String {
    format!("{}.{:02}", percent / 100, percent % 100)
}

/// Compares every operation with its goals.
pub fn check(rows: &[(Operation, [Measured; 3])], goals: &mut Goals) {
    println!();
    for (operation, [ours, bare, postgraphile]) in rows {
        let name = operation.name();
        let cpu = ours.cpu() * 100 / bare.cpu().max(1);
        let rate = ours.rate() * 100 / postgraphile.rate().max(1);
        let (all, who) = ours.statements;
        let ran = all - who;
        println!(
            "{name}: {} times the CPU of the bare handler, {} times the requests of PostGraphile",
            times(cpu),
            times(rate)
        );
        if let Some(most) = goal_statements(*operation) {
            goals.check(cpu <= GOAL_CPU, || {
                format!(
                    "{name} takes {} times the CPU of a bare handler (goal: {})",
                    times(cpu),
                    times(GOAL_CPU)
                )
            });
            goals.check(rate >= GOAL_RATE, || {
                format!(
                    "{name} answers {} times PostGraphile's requests (goal: {})",
                    times(rate),
                    times(GOAL_RATE)
                )
            });
            goals.check(ran <= most, || format!("{name} takes {ran} SQL statements (goal: {most})"));
        }
    }
}

/// What page 1,000 of the transactions costs beside page 1, on one connection.
pub async fn far_page(server: &Server, facts: &Facts, goals: &mut Goals) -> Result<(), Failure> {
    let number = facts.far / PAGE;
    let cursor = calls::far(server, facts, facts.far - PAGE).await?;
    let first = calls::page(server.kind, Operation::Transactions, facts, None);
    let far = calls::page(server.kind, Operation::Transactions, facts, cursor.as_deref());
    let mut client = server.connect().await?;
    let (mut near, mut distant) = (Vec::with_capacity(TRIES), Vec::with_capacity(TRIES));
    for _ in 0..TRIES {
        near.push(client.call(first.method, &first.path, &first.body).await?.0);
        distant.push(client.call(far.method, &far.path, &far.body).await?.0);
    }
    let (near, distant) = (median(near), median(distant));
    let percent = distant.as_micros() * 100 / near.as_micros().max(1);
    println!(
        "page 1 of the transactions {near:?}, page {number} {distant:?}: {percent} % (goal: at most {GOAL_FAR} %)"
    );
    goals.check(percent <= GOAL_FAR, || {
        format!("page {number} takes {percent} % of page 1 (goal: {GOAL_FAR} %)")
    });
    Ok(())
}

/// What the servers have in memory after all of it.
pub fn memory(servers: &[Server; 3], goals: &mut Goals) -> Result<(), Failure> {
    for (name, server) in NAMES.iter().zip(servers) {
        let [now, file, most] = server.memory()?.map(|bytes| bytes / 1_000_000);
        println!("{name}: {now} MB in memory, {file} MB of it the program's own pages; {most} MB at most");
    }
    let [_, _, most] = servers[0].memory()?;
    goals.check(most < GOAL_MEMORY, || {
        format!("{} MB in memory under load (goal: below {} MB)", most / 1_000_000, GOAL_MEMORY / 1_000_000)
    });
    Ok(())
}
