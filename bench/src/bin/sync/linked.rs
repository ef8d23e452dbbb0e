//! Runs among many linked records of which nothing, or little, changed.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use finbridge_domain::{NodeId, NodeKind};
use finbridge_entity::types::RunState;
use finbridge_tests::{Backend, TestWorld};
use sea_orm::prelude::Uuid;
use serde_json::json;

use crate::{fill, name, per_second};
use finbridge_bench::{Failure, Goals};

/// Accounts that change.
const CHANGED: usize = 10;
/// Requests of a run that finds nothing changed.
const GOAL_REQUESTS: usize = 3;
const GOAL_TIME: Duration = Duration::from_secs(1);
/// Requests of a run that finds ten accounts changed: those, and for each a write and a reading back.
const GOAL_CHANGED: usize = GOAL_REQUESTS + CHANGED * 2;

/// Links so many records by a first sync, then measures the runs after it.
pub async fn measure(backend: Backend, linked: usize, goals: &mut Goals) -> Result<(), Failure> {
    let (world, database) = (TestWorld::start(backend).await, name(backend));
    let module = fill::connect(&world, false).await?;
    let accounts = fill::fill(&world, linked, false).await?;
    let begun = Instant::now();
    run(&world, module, linked).await?;
    println!("{database}: {linked} records linked, {} a second", per_second(linked, begun.elapsed()));
    // What the first run wrote is read once. The last minute of a reading is always read again; the world's clock stood
    // still, so only a later change makes that a minute like any other.
    world.advance(TimeDelta::minutes(2));
    change(&world, &accounts[..1], "https://later.example").await?;
    run(&world, module, 1).await?;
    world.advance(TimeDelta::minutes(2));
    run(&world, module, 0).await?;

    let (requests, took) = run(&world, module, 0).await?;
    println!(
        "{database}: nothing changed among {linked}: {requests} requests (goal: at most {GOAL_REQUESTS}), {took:?} (goal: below {GOAL_TIME:?})"
    );
    goals.check(requests <= GOAL_REQUESTS, || {
        format!("{database}: {requests} requests although nothing changed (goal: {GOAL_REQUESTS})")
    });
    goals.check(took < GOAL_TIME, || {
        format!("{database}: {took:?} although nothing changed (goal: {GOAL_TIME:?})")
    });

    let changed = CHANGED.min(linked);
    change(&world, &accounts[..changed], "https://changed.example").await?;
    let (requests, took) = run(&world, module, changed).await?;
    println!(
        "{database}: {changed} changed of {linked}: {requests} requests (goal: at most {GOAL_CHANGED}), {took:?}"
    );
    goals.check(requests <= GOAL_CHANGED, || {
        format!("{database}: {requests} requests for {changed} changed accounts (goal: {GOAL_CHANGED})")
    });
    world.finish().await;
    Ok(())
}

/// A run that must plan so many records: how many requests it made, and how long it took.
async fn run(world: &TestWorld, module: Uuid, planned: usize) -> Result<(usize, Duration), Failure> {
    world.emulator.clear_journal();
    let begun = Instant::now();
    let run = world.driven(world.viewer.organization_id, module).await;
    let took = begun.elapsed();
    if run.state != RunState::Succeeded || usize::try_from(run.planned_count)? != planned {
        return Err(format!("the run was to plan {planned} records: {run:?}").into());
    }
    Ok((world.emulator.journal().len(), took))
}

async fn change(world: &TestWorld, accounts: &[Uuid], website: &str) -> Result<(), Failure> {
    let update =
        "mutation($input: AccountUpdateInput!) { accountUpdate(input: $input) { userErrors { message } } }";
    for id in accounts {
        let id = NodeId::new(NodeKind::Account, *id).to_string();
        let input = json!({ "id": id, "website": website });
        let answer = world.data(update, json!({ "input": input })).await;
        if answer["accountUpdate"]["userErrors"] != json!([]) {
            return Err(format!("an account cannot be changed: {answer}").into());
        }
    }
    Ok(())
}
