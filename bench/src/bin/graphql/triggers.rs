//! Deals that become documents: how soon after a deal is won its invoice is there, and how fast the whole sample CRM is billed.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use finbridge::import::{Importer, NoNotes, NoProgress};
use finbridge_bench::{Failure, Goals, median};
use finbridge_domain::{NodeId, NodeKind};
use finbridge_entity::types::StageKind;
use finbridge_entity::{Scoped, deal, deal_event, stage, trigger_log};
use finbridge_tests::{Backend, TestWorld};
use sea_orm::prelude::Expr;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::Client;
use crate::posting;

/// The word that has only this measured.
pub const WORD: &str = "triggers";

/// Deals that are won one after the other.
const ALONE: usize = 50;
/// Time until the invoice of one of them is there.
const GOAL_TIME: Duration = Duration::from_millis(150);
/// Invoices in a second beside the bare client's, in per cent.
const GOAL_RATE: u128 = 60;
/// Invoices that the sample CRM makes: deals with an amount and an account.
const GOAL_INVOICES: usize = 4_238;
/// Requests at the same time that move deals.
const MOVERS: usize = 16;
/// Between two looks.
const LOOK: Duration = Duration::from_millis(1);
const SLOW_LOOK: Duration = Duration::from_millis(50);
/// The longest wait.
const PATIENCE: Duration = Duration::from_secs(900);

const MOVE: &str = "mutation($id: ID!, $stage: ID!) { dealMoveToStage(input: { id: $id, stageId: $stage }) { userErrors { message } } }";

/// Imports the sample CRM, opens all of its deals again and wins them: first some one by one, then the rest at once. `most` leaves
/// deals out, so that a small try is possible.
pub async fn measure(most: Option<u64>, goals: &mut Goals) -> Result<(), Failure> {
    let world = TestWorld::start(Backend::Postgres).await;
    let (deals, won) = prepare(&world, most).await?;
    let is_billed =
        |deal: &deal::Model| deal.account_id.is_some() && deal.amount_units.is_some_and(|units| units > 0);
    let billed = deals.iter().filter(|deal| is_billed(deal)).count();
    let alone: Vec<&deal::Model> = deals.iter().filter(|deal| is_billed(deal)).take(ALONE).collect();

    let (mut times, mut body) = (Vec::with_capacity(ALONE), Value::Null);
    for deal in &alone {
        let (took, posted) = win_one(&world, deal.id, won).await?;
        times.push(took);
        body = posted;
    }
    let took = median(times);
    println!(
        "a deal is won: its invoice is there after {took:?} (median of {}; goal: {GOAL_TIME:?})",
        alone.len()
    );
    goals.check(took < GOAL_TIME, || format!("an invoice is there after {took:?} (goal: {GOAL_TIME:?})"));

    let first: HashSet<Uuid> = alone.iter().map(|deal| deal.id).collect();
    let rest: Vec<&deal::Model> = deals.iter().filter(|deal| !first.contains(&deal.id)).collect();
    let begun = Instant::now();
    win(&world, rest.iter().map(|deal| deal.id).collect(), won).await?;
    let moved = begun.elapsed();
    settled(&world).await?;
    let ours = begun.elapsed();
    let invoices = world.listed("/invoices").await;
    check(&world, deals.len(), billed, &invoices, most.is_none(), goals).await?;

    let billable = rest.iter().filter(|deal| is_billed(deal));
    let bodies: Vec<_> = billable.map(|deal| (posting::body(&body, deal), deal.account_id)).collect();
    let (made, posted) = (invoices.len() - alone.len(), bodies.len());
    let theirs = posting::post(&world, bodies).await?;
    let rate = |invoices: usize, time: Duration| invoices as u128 * 1_000 / time.as_millis().max(1);
    let (ours_rate, theirs_rate) = (rate(made, ours), rate(posted, theirs));
    let percent = ours_rate * 100 / theirs_rate.max(1);
    println!(
        "{} deals won: moved in {moved:?}, {made} invoices in {ours:?}: {ours_rate} a second, bare client {theirs_rate}: {percent} % (goal: at least {GOAL_RATE} %)",
        rest.len()
    );
    goals.check(percent >= GOAL_RATE, || {
        format!("invoices of deals are made at {percent} % of the bare client's rate (goal: {GOAL_RATE} %)")
    });
    world.finish().await;
    Ok(())
}

/// The sample CRM, connected, with its accounts as customers, every deal open, and invoices for those that are won. Returns the
/// deals, and the stage in which they are won.
async fn prepare(world: &TestWorld, most: Option<u64>) -> Result<(Vec<deal::Model>, Uuid), Failure> {
    let (engine, here) = (&world.app.engine, world.viewer.organization_id);
    let importer = Importer {
        db: &engine.db,
        clock: world.clock.as_ref(),
        ids: &engine.ids,
        organization_id: here,
        fires_triggers: false,
    };
    let mapping = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/crm-sales/mapping.toml");
    importer.run(&mapping, &NoProgress, &mut NoNotes).await?;
    let integration = world.connect_documents().await;
    let run = world.configure(&integration, "OVERWRITE", true).await.ok_or("no run was started")?;
    let run = world.ended(&run).await;
    if run["state"] != "SUCCEEDED" {
        return Err(format!("the accounts did not become customers: {run}").into());
    }
    let stages = stage::Entity::of(here).order_by_asc(stage::Column::Position).all(&engine.db).await?;
    let of = |kind| {
        stages.iter().find(|stage| stage.kind == kind).map(|stage| stage.id).ok_or("a stage is missing")
    };
    let (open, won) = (of(StageKind::Open)?, of(StageKind::Won)?);
    // Not through the API: opening them is no part of the question.
    deal::Entity::update_many()
        .col_expr(deal::Column::StageId, Expr::value(open))
        .filter(deal::Column::OrganizationId.eq(here))
        .exec(&engine.db)
        .await?;
    let set = "mutation($input: IntegrationTriggerSetInput!) { integrationTriggerSet(input: $input) { userErrors { message } } }";
    let answer =
        world.data(set, json!({ "input": { "integrationId": integration, "point": "INVOICE" } })).await;
    if answer["integrationTriggerSet"]["userErrors"] != json!([]) {
        return Err(format!("the trigger cannot be set: {answer}").into());
    }
    let mut deals = deal::Entity::of(here).order_by_asc(deal::Column::Id).all(&engine.db).await?;
    if let Some(most) = most {
        deals.truncate(usize::try_from(most)?);
    }
    settled(world).await?;
    Ok((deals, won))
}

fn variables(deal: Uuid, stage: Uuid) -> Value {
    let stage = NodeId::new(NodeKind::Stage, stage).to_string();
    json!({ "id": NodeId::new(NodeKind::Deal, deal).to_string(), "stage": stage })
}

/// Wins a deal while the worker has nothing else to do: time until its invoice is on the finance side, and what was sent for it.
async fn win_one(world: &TestWorld, deal: Uuid, won: Uuid) -> Result<(Duration, Value), Failure> {
    world.emulator.clear_journal();
    let begun = Instant::now();
    let answer = world.data(MOVE, variables(deal, won)).await;
    if answer["dealMoveToStage"]["userErrors"] != json!([]) {
        return Err(format!("a deal cannot be moved: {answer}").into());
    }
    let (took, posted) = loop {
        let calls = world.emulator.journal();
        let mut made = calls.iter().filter(|call| call.method == "POST" && call.path.ends_with("/invoices"));
        if let Some(made) = made.find(|call| call.status.is_some_and(|status| (200..300).contains(&status))) {
            break (begun.elapsed(), serde_json::from_str(&made.request_body)?);
        }
        if begun.elapsed() > PATIENCE {
            return Err("no invoice came of a deal that was won".into());
        }
        tokio::time::sleep(LOOK).await;
    };
    settled(world).await?;
    Ok((took, posted))
}

/// Moves all of these deals, several at a time.
async fn win(world: &TestWorld, deals: Vec<Uuid>, won: Uuid) -> Result<(), Failure> {
    let address = world.url.trim_start_matches("http://").to_owned();
    let head = format!("Authorization: Bearer {}\r\n", world.token);
    let (deals, next) = (Arc::new(deals), Arc::new(AtomicUsize::new(0)));
    let mut movers = Vec::with_capacity(MOVERS);
    for _ in 0..MOVERS {
        let mut client = Client::connect(&address, &head).await?;
        let (deals, next) = (deals.clone(), next.clone());
        movers.push(tokio::spawn(async move {
            while let Some(deal) = deals.get(next.fetch_add(1, Ordering::Relaxed)) {
                let body = json!({ "query": MOVE, "variables": variables(*deal, won) }).to_string();
                let (_, answer) = client.call("POST", "/graphql", &body).await?;
                if !answer.contains("\"userErrors\":[]") {
                    return Err(Failure::from(answer));
                }
            }
            Ok(())
        }));
    }
    for mover in movers {
        mover.await??;
    }
    Ok(())
}

/// Waits until everything that happened to deals was looked at, and no job is left.
async fn settled(world: &TestWorld) -> Result<(), Failure> {
    let (engine, begun) = (&world.app.engine, Instant::now());
    loop {
        let open = deal_event::Entity::find()
            .filter(deal_event::Column::HandledAt.is_null())
            .count(&engine.db)
            .await?;
        if open == 0 && engine.queue.outstanding().await? == 0 {
            return Ok(());
        }
        if begun.elapsed() > PATIENCE {
            return Err(format!("{open} things that happened to deals were not looked at").into());
        }
        let look = if open > 10 { SLOW_LOOK } else { LOOK };
        tokio::time::sleep(look).await;
    }
}

/// Each deal that can be billed has one invoice, and the log says of every other one why it has none.
async fn check(
    world: &TestWorld,
    deals: usize,
    billed: usize,
    invoices: &[Value],
    is_whole: bool,
    goals: &mut Goals,
) -> Result<(), Failure> {
    let distinct: HashSet<&str> =
        invoices.iter().filter_map(|invoice| invoice["reference_number"].as_str()).collect();
    let duplicates = invoices.len() - distinct.len();
    let log = trigger_log::Entity::of(world.viewer.organization_id).all(&world.app.engine.db).await?;
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    for entry in &log {
        let reason = entry.code.clone().unwrap_or_else(|| format!("{:?} {:?}", entry.action, entry.outcome));
        *reasons.entry(reason).or_default() += 1;
    }
    println!(
        "{deals} deals, {} invoices, {duplicates} of them twice; in the log: {reasons:?}",
        invoices.len()
    );
    let expected = if is_whole { GOAL_INVOICES } else { billed };
    goals.check(billed == expected && invoices.len() == expected, || {
        format!("{} invoices were made of {billed} deals (goal: {expected})", invoices.len())
    });
    goals.check(duplicates == 0, || format!("{duplicates} invoices are there twice"));
    let logged: HashSet<Uuid> = log.iter().map(|entry| entry.deal_id).collect();
    goals.check(logged.len() == deals, || format!("the log tells of {} deals (goal: {deals})", logged.len()));
    Ok(())
}
