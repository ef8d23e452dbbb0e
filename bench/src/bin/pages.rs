//! What page 1,000 of a list costs beside page 1, over HTTP, at 100,000 records. See the README beside.

// The layout of the server's futures is deeper than the compiler looks by itself.
#![recursion_limit = "256"]

use std::time::{Duration, Instant};

use finbridge_bench::{Failure, median};
use finbridge_domain::{Clock as _, name_key};
use finbridge_entity::account;
use finbridge_tests::{Backend, POSTGRES, TestWorld};
use sea_orm::{EntityTrait, Set};
use serde_json::{Value, json};

/// Records in the list.
const RECORDS: usize = 100_000;
/// Records in a page.
const SIZE: usize = 50;
/// The far page.
const FAR: usize = 1_000;
/// Requests measured for each page, in turns, so that a busy moment hits both.
const TRIES: usize = 200;

const ORDERS: [&str; 3] = ["NAME", "UPDATED_AT", "ANNUAL_REVENUE"];

/// What the far page may cost, in percent of the first.
const MOST_PERCENT: u128 = 120;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut missed = measure(Backend::Sqlite).await?;
    if std::env::var(POSTGRES).is_ok() {
        missed += measure(Backend::Postgres).await?;
    } else {
        println!("PostgreSQL was left out: run `scripts/with-postgres cargo run …` to measure it too");
    }
    match missed {
        0 => Ok(()),
        missed => Err(format!("{missed} orders missed the goal of {MOST_PERCENT} %").into()),
    }
}

/// In how many orders the far page costs more than it may.
async fn measure(backend: Backend) -> Result<usize, Failure> {
    let world = TestWorld::start(backend).await;
    fill(&world).await?;
    let mut missed = 0;
    for order in ORDERS {
        let first = None;
        let mut cursor = None;
        for _ in 1..FAR {
            cursor = Some(page(&world, order, cursor.as_deref()).await?.1);
        }
        let (mut near, mut far) = (Vec::new(), Vec::new());
        for _ in 0..TRIES {
            near.push(page(&world, order, first).await?.0);
            far.push(page(&world, order, cursor.as_deref()).await?.0);
        }
        let (near, far) = (median(near), median(far));
        let percent = far.as_micros() * 100 / near.as_micros().max(1);
        println!(
            "{backend:?} {order}: page 1 {near:?}, page {FAR} {far:?}: {percent} % (goal: at most {MOST_PERCENT} %)"
        );
        missed += usize::from(percent > MOST_PERCENT);
    }
    world.finish().await;
    Ok(missed)
}

async fn fill(world: &TestWorld) -> Result<(), Failure> {
    let engine = &world.app.engine;
    let mut rows = Vec::with_capacity(1_000);
    for n in 0..RECORDS {
        let name = format!("Account {:06}", (n * 7_919) % RECORDS);
        let now = world.clock.now();
        rows.push(account::ActiveModel {
            organization_id: Set(world.viewer.organization_id),
            id: Set(engine.ids.uuid()),
            wire_id: Set(engine.ids.wire_id().0),
            name_key: Set(name_key(&name)),
            name: Set(name),
            version: Set(1),
            created_at: Set(now),
            updated_at: Set(now),
            annual_revenue_units: Set((n % 3 != 0).then_some(i64::try_from(n)? * 10_000)),
            annual_revenue_currency_code: Set((n % 3 != 0).then(|| "USD".to_owned())),
            ..Default::default()
        });
        if rows.len() == 1_000 {
            account::Entity::insert_many(std::mem::take(&mut rows))
                .exec_without_returning(&engine.db)
                .await?;
        }
    }
    Ok(())
}

/// How long a page took, and its last cursor.
async fn page(world: &TestWorld, order: &str, after: Option<&str>) -> Result<(Duration, String), Failure> {
    let query = "query($first: Int, $after: String, $order: AccountOrder) {
        accounts(first: $first, after: $after, orderBy: $order) { nodes { id name updatedAt } pageInfo { endCursor } } }";
    let variables = json!({ "first": SIZE, "after": after, "order": { "field": order } });
    let begun = Instant::now();
    let answer: Value = world.send(query, variables).await;
    let took = begun.elapsed();
    let list = &answer["data"]["accounts"];
    let cursor = list["pageInfo"]["endCursor"].as_str().ok_or_else(|| format!("no page in {answer}"))?;
    assert_eq!(list["nodes"].as_array().map(Vec::len), Some(SIZE), "a full page");
    Ok((took, cursor.to_owned()))
}
