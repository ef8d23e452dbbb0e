//! A first sync under the finance side's quota, on the virtual clock.

use std::collections::BTreeMap;

use finbridge_domain::Clock as _;
use finbridge_emulator::Limits;
use finbridge_entity::types::RunState;
use finbridge_tests::{Backend, TestWorld};

use crate::{fill, name};
use finbridge_bench::{Failure, Goals};

/// The word that asks for it alone.
pub const WORD: &str = "quota";
/// Customers that are made.
const CUSTOMERS: usize = 1_000;
/// Requests that the finance side takes in any minute.
const MINUTE: u32 = 100;
/// The finance side's other limits, as the engine is told.
const DAY: u32 = 10_000;
const CONCURRENT: u32 = 10;
const RENEWALS: u32 = 9;
/// Share of the quota that is used in the time that it takes, in per cent; a twentieth is kept back for people.
const GOAL: u64 = 90;

/// Measures it.
pub async fn measure(backend: Backend, goals: &mut Goals) -> Result<(), Failure> {
    let database = name(backend);
    let world = TestWorld::start_with(backend, |config| {
        config.books.requests_per_minute = MINUTE;
        config.books.requests_per_day = DAY;
        config.books.concurrent_requests = CONCURRENT;
        config.books.token_renewals = RENEWALS;
    })
    .await;
    let module = fill::connect(&world, false).await?;
    fill::fill(&world, CUSTOMERS, false).await?;
    world.emulator.set_limits(Limits { organization_minute: Some(MINUTE.into()), ..Limits::real() })?;
    world.emulator.clear_journal();
    let begun = world.clock.now();
    let run = world.driven(world.viewer.organization_id, module).await;
    let seconds = u64::try_from((world.clock.now() - begun).num_seconds())?;
    if run.state != RunState::Succeeded {
        return Err(format!("the sync did not do its work: {run:?}").into());
    }
    let mut statuses = BTreeMap::new();
    for entry in world.emulator.journal() {
        *statuses.entry(entry.status.unwrap_or_default()).or_insert(0_u64) += 1;
    }
    let requests: u64 = statuses.values().sum();
    let refused = statuses.get(&429).copied().unwrap_or_default();
    // The first minute's requests go out at once.
    let share = requests * 100 * 60 / (u64::from(MINUTE) * (seconds + 60));
    println!(
        "{database}: {requests} requests in {seconds} s of the virtual clock, {refused} refused (goal: none): {share} % of the quota (goal: at least {GOAL} %)"
    );
    goals.check(refused == 0, || format!("{database}: {refused} requests were refused (goal: none)"));
    goals.check(share >= GOAL, || format!("{database}: {share} % of the quota was used (goal: {GOAL} %)"));
    world.finish().await;
    Ok(())
}
