//! The engine's own memory while many records are planned and applied. Engine and finance side have a process each, so
//! that one is not counted for the other.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use finbridge_emulator::{Emulator, Seed};
use finbridge_entity::types::RunState;
use finbridge_tests::{Backend, TestWorld};
use serde_json::{Value, json};

use crate::{fill, name};
use finbridge_bench::{Failure, Goals};

/// The word that makes the program measure one size.
pub const WORD: &str = "memory";
/// The word that makes it the finance side.
pub const FINANCE: &str = "finance";
/// The most that the engine's process may take, in bytes.
const GOAL: u64 = 300_000_000;

/// Measures in a process of its own.
pub fn watch(backend: Backend, records: usize, goals: &mut Goals) -> Result<(), Failure> {
    let mut command = Command::new(std::env::current_exe()?);
    let output = command.args([WORD, &records.to_string(), name(backend)]).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    let measured: Value = serde_json::from_slice(&output.stdout)?;
    let number = |member: &str| measured[member].as_u64().ok_or("the measuring process said something else");
    let (before, peak) = (number("before")? / 1_000_000, number("peak")?);
    let database = name(backend);
    println!(
        "{database}: {records} records planned and applied: {} MB at most (goal: below {} MB), {before} MB before",
        peak / 1_000_000,
        GOAL / 1_000_000
    );
    goals.check(peak < GOAL, || {
        format!("{database}: {} MB for {records} records (goal: {} MB)", peak / 1_000_000, GOAL / 1_000_000)
    });
    Ok(())
}

/// Syncs so many records against a finance side in another process, and prints the most memory that this one took.
pub async fn measure(records: usize, backend: Backend) -> Result<(), Failure> {
    let finance = Finance::start()?;
    let world = TestWorld::start_with(backend, |config| {
        config.books.accounts_url.clone_from(&finance.url);
        config.books.api_url.clone_from(&finance.url);
    })
    .await;
    let module = fill::connect(&world, false).await?;
    drop(fill::fill(&world, records, false).await?);
    let before = peak()?;
    let run = world.driven(world.viewer.organization_id, module).await;
    if run.state != RunState::Succeeded || usize::try_from(run.planned_count)? != records {
        return Err(format!("the sync did not do its work: {run:?}").into());
    }
    println!("{}", json!({ "before": before, "peak": peak()? }));
    world.finish().await;
    Ok(())
}

/// Is the finance side until whoever started it ends.
pub async fn serve_finance() -> Result<(), Failure> {
    let emulator = Emulator::builder().port(0).seed(Seed::demo()).start().await?;
    println!("{}", emulator.url());
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
    emulator.shutdown().await;
    Ok(())
}

/// The finance side in a process of its own.
struct Finance {
    child: Child,
    url: String,
}

impl Finance {
    fn start() -> Result<Self, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        let mut child = command.arg(FINANCE).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut url = String::new();
        BufReader::new(child.stdout.take().ok_or("it has no output")?).read_line(&mut url)?;
        Ok(Self { child, url: url.trim().to_owned() })
    }
}

impl Drop for Finance {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The most bytes that this process ever had in memory.
fn peak() -> Result<u64, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("status has no VmHWM")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse::<u64>()? * 1024)
}
