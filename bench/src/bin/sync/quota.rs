//! A first sync under the finance side's quota, on the virtual clock.

use std::collections::BTreeMap;

use finbridge_domain::{Clock as _, NodeId, NodeKind};
use finbridge_emulator::Limits;
use finbridge_entity::types::RunState;
use finbridge_entity::{Scoped, sync_module};
use finbridge_tests::{Backend, TestWorld};
use sea_orm::prelude::Uuid;
use serde_json::json;

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

/// How far a forecast may be off, in per cent.
const FORECAST: u64 = 5;

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
    let (told_requests, told_seconds) = forecast(&world, module).await?;
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
    for (what, told, happened) in [("requests", told_requests, requests), ("seconds", told_seconds, seconds)]
    {
        println!("{database}: {told} {what} were forecast, {happened} it was (goal: within {FORECAST} %)");
        goals.check(told.abs_diff(happened) * 100 <= happened * FORECAST, || {
            format!("{database}: {told} {what} were forecast, {happened} it was (goal: within {FORECAST} %)")
        });
    }
    world.finish().await;
    Ok(())
}

/// What the plan says beforehand: requests, and seconds under the quota.
async fn forecast(world: &TestWorld, module: Uuid) -> Result<(u64, u64), Failure> {
    let row = sync_module::Entity::one_of(world.viewer.organization_id, module)
        .one(&world.app.engine.db)
        .await?
        .ok_or("the module is not there")?;
    let id = NodeId::new(NodeKind::Integration, row.integration_id).to_string();
    let query = "query($id: ID!) { syncPlan(integrationId: $id, module: CUSTOMERS) {
        forecast { requests durationSeconds } } }";
    let plan = world.data(query, json!({ "id": id })).await;
    let told = |name: &str| plan["syncPlan"]["forecast"][name].as_u64();
    let both = told("requests").zip(told("durationSeconds"));
    both.ok_or_else(|| format!("the plan has no forecast: {plan}").into())
}
