//! The first sync of customers with their persons, beside a client that only sends what the engine sends.

use std::time::Instant;

use finbridge_entity::types::RunState;
use finbridge_tests::{Backend, TestWorld};

use crate::fill::PERSONS;
use crate::{bare, fill, name, per_second};
use finbridge_bench::{Failure, Goals};

/// Share of the bare client's speed, in per cent.
const GOAL: u128 = 60;

/// Measures both, one after the other.
pub async fn measure(backend: Backend, customers: usize, goals: &mut Goals) -> Result<(), Failure> {
    let world = TestWorld::start(backend).await;
    let module = fill::connect(&world, true).await?;
    fill::fill(&world, customers, true).await?;
    let records = customers * (1 + PERSONS);
    let begun = Instant::now();
    let run = world.driven(world.viewer.organization_id, module).await;
    let ours = begun.elapsed();
    if run.state != RunState::Succeeded || usize::try_from(run.planned_count)? != records {
        return Err(format!("the first sync did not do its work: {run:?}").into());
    }
    world.finish().await;
    let theirs = bare::write(customers).await?;
    let percent = theirs.as_micros() * 100 / ours.as_micros().max(1);
    let database = name(backend);
    println!(
        "{database}: first sync of {records} records: {} a second, bare client {}: {percent} % (goal: at least {GOAL} %)",
        per_second(records, ours),
        per_second(records, theirs)
    );
    goals.check(percent >= GOAL, || {
        format!("{database}: a first sync has {percent} % of the bare client's speed (goal: {GOAL} %)")
    });
    Ok(())
}
