//! Looking at what happened to a deal, in the order in which it happened.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use finbridge_contract::{Failure, FailureKind};
use finbridge_domain::{CapabilityProfile, DocumentKind};
use finbridge_entity::types::{DealEventKind, TriggerAction};
use finbridge_entity::{Scoped, begin_write, deal, deal_event, document, stage};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::assess::{self, Case};
use super::carry_out::{Outcome, unlink};
use super::code::{Code, final_code};
use super::hold::{Held, LEASE, Stop, is_free};
use super::log::{self, Line};
use crate::engine::Engine;
use crate::error::SyncError;
use crate::job::handle_deal_events;
use crate::queue::NewJob;
use crate::run;

/// Tries of a finance app that does not answer, with pauses of 1 s, 2 s, 4 s … and of whatever it asks for; then the matter is settled
/// as failed. Whatever else happens to the deal brings further tries, so that the time counts as well.
const MOST_ATTEMPTS: i32 = 10;

/// How long a finance app that does not answer is tried at least: about what those pauses come to.
const PATIENCE: TimeDelta = TimeDelta::minutes(8);

/// Looks at a customer that somebody else is making, before a trigger goes on without it.
const MOST_LOOKS: i32 = 300;

/// The longest pause between two of them.
const LOOK_AGAIN: TimeDelta = TimeDelta::seconds(2);

/// Pauses up to this are the machine's: somebody looks on.
const SOON: TimeDelta = TimeDelta::seconds(4);

/// Events that are woken in one tick.
const MOST_AT_ONCE: u64 = 100;

/// Integrations that wait with what happened to a deal, and so with everything that happened to it since; and how long.
#[derive(Default)]
struct Waits {
    integrations: BTreeSet<Uuid>,
    pause: Option<TimeDelta>,
}

impl Waits {
    fn add(&mut self, integration_id: Uuid, pause: TimeDelta) {
        self.integrations.insert(integration_id);
        self.pause = self.pause.max(Some(pause));
    }
}

/// Looks at everything that happened to a deal and was not looked at yet. Each integration sees it in order; one that has to wait
/// holds up no other.
///
/// # Errors
/// The database's. What a finance app does is settled here.
pub(crate) async fn handle(engine: &Engine, organization_id: Uuid, deal_id: Uuid) -> Result<(), SyncError> {
    let mut waits = Waits::default();
    let mut after = None;
    while let Some(event) = next(engine, organization_id, deal_id, after).await? {
        after = Some(event.id);
        if !waits.integrations.is_empty() && !concerns_others(engine, &event, &waits.integrations).await? {
            continue;
        }
        let Some(held) = Held::take(engine, event).await? else { return Ok(()) };
        let settled = tokio::select! {
            settled = settle(&held, &mut waits) => settled,
            () = held.heartbeat() => Err(Stop::Lost),
        };
        match settled {
            Ok(true) => held.settled().await?,
            Ok(false) => held.later(waits.pause.unwrap_or(LEASE)).await?,
            Err(Stop::Lost) => return Ok(()),
            Err(Stop::Engine(error)) => {
                held.later(LEASE).await?;
                return Err(error);
            }
        }
    }
    match waits.pause {
        Some(pause) if pause <= SOON => {
            let transaction = begin_write(&engine.db).await?;
            let delay = pause.to_std().unwrap_or_default();
            let job = handle_deal_events::job(organization_id, deal_id)?;
            engine.queue.enqueue(&transaction, NewJob { delay, ..job }).await?;
            Ok(transaction.commit().await?)
        }
        _ => Ok(()),
    }
}

/// The next thing that happened to the deal and was not looked at to its end.
async fn next(
    engine: &Engine,
    organization_id: Uuid,
    deal_id: Uuid,
    after: Option<Uuid>,
) -> Result<Option<deal_event::Model>, SyncError> {
    let open = deal_event::Entity::of(organization_id)
        .filter(deal_event::Column::DealId.eq(deal_id))
        .filter(deal_event::Column::HandledAt.is_null());
    let open = match after {
        Some(after) => open.filter(deal_event::Column::Id.gt(after)),
        None => open,
    };
    Ok(open.order_by_asc(deal_event::Column::Id).one(&engine.db).await?)
}

/// Whether the event still concerns an integration that waits with nothing earlier.
async fn concerns_others(
    engine: &Engine,
    event: &deal_event::Model,
    waiting: &BTreeSet<Uuid>,
) -> Result<bool, SyncError> {
    if event.event == DealEventKind::Deleted {
        let linked = linked(engine, event).await?;
        return Ok(linked.iter().any(|one| !waiting.contains(&one.integration_id)));
    }
    for (_, integration) in assess::settings(engine, event.organization_id).await? {
        if !waiting.contains(&integration.id) && !log::is_written(engine, event, integration.id).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Looks at the event for every integration that does not wait with an earlier one. True: it is settled for all of them.
async fn settle(held: &Held<'_>, waits: &mut Waits) -> Result<bool, Stop> {
    let (engine, event) = (held.engine, &held.event);
    let deal = deal::Entity::one_of(event.organization_id, event.deal_id).one(&engine.db).await?;
    let stage = stage::Entity::one_of(event.organization_id, event.stage_id).one(&engine.db).await?;
    if event.event == DealEventKind::Deleted {
        return unlink_all(held, waits).await;
    }
    let (Some(deal), Some(stage)) = (deal, stage) else { return Ok(true) };
    let mut is_settled = true;
    for (setting, integration) in assess::settings(engine, event.organization_id).await? {
        let profile = CapabilityProfile::by_key(&integration.profile_key);
        let (Some(profile), Some(kind)) = (profile, setting.kind()) else { continue };
        // Nothing was written about it before anybody looked at it.
        if event.attempts > 1 && log::is_written(engine, event, integration.id).await? {
            continue;
        }
        if waits.integrations.contains(&integration.id) {
            is_settled = false;
            continue;
        }
        let case = Case {
            engine,
            deal: &deal,
            stage: &stage,
            event: event.event,
            is_recreating: event.is_recreating,
            setting: &setting,
            integration: &integration,
            profile,
            kind,
            remote: OnceCell::new(),
        };
        let line = Line::left(integration.id, kind, case.action(), Code::StageNotChosen);
        let line = match case.carry_out(held).await {
            Ok(Outcome::Logged) => continue,
            Ok(Outcome::Left(line)) => line,
            Ok(Outcome::Waits) if event.attempts < MOST_LOOKS => {
                // Those who wait for each other must not come back at the same moment.
                let jitter = TimeDelta::milliseconds(i64::from(event.id.as_bytes()[15]) * 2);
                waits.add(integration.id, backoff(event.attempts).min(LOOK_AGAIN) + jitter);
                is_settled = false;
                continue;
            }
            Ok(Outcome::Waits) => line.because(Code::NoCustomer),
            Err(Stop::Lost) => return Err(Stop::Lost),
            Err(Stop::Engine(error)) => match failed(held, integration.id, line, error).await? {
                // Something may have been made before it failed.
                Ok(line) => {
                    Line { document_id: case.claim().await?.and_then(|claim| claim.remote_id), ..line }
                }
                Err(pause) => {
                    waits.add(integration.id, pause);
                    is_settled = false;
                    continue;
                }
            },
        };
        held.log(line).await?;
    }
    Ok(is_settled)
}

/// What an error comes to: the line that settles the matter, or a pause after which it is tried again.
async fn failed(
    held: &Held<'_>,
    integration_id: Uuid,
    line: Line,
    error: SyncError,
) -> Result<Result<Line, TimeDelta>, SyncError> {
    let (engine, event) = (held.engine, &held.event);
    match error {
        SyncError::Finance(failure) => match final_code(&failure) {
            None if !is_spent(engine, event) => {
                tracing::warn!(deal = %event.deal_id, %failure, attempts = event.attempts, "A trigger waits for the finance app");
                Ok(Err(pause(engine, event, integration_id, &failure)))
            }
            code => {
                if code == Some(Code::ReconnectNeeded) {
                    run::mark_reconnect_needed(engine, event.organization_id, integration_id).await?;
                }
                Ok(Ok(line.failed(code.unwrap_or(Code::FinanceUnavailable), &failure)))
            }
        },
        error @ (SyncError::Database(_) | SyncError::Queue(_)) => Err(error),
        error => {
            tracing::error!(deal = %event.deal_id, error = &error as &dyn std::error::Error, "A trigger cannot be carried out");
            Ok(Ok(line.failed_here(Code::NotPossible)))
        }
    }
}

/// Whether the finance app was asked often and long enough.
fn is_spent(engine: &Engine, event: &deal_event::Model) -> bool {
    event.attempts >= MOST_ATTEMPTS && engine.clock.now() >= event.occurred_at + PATIENCE
}

/// The documents that belonged to a deleted deal, as far as nothing was noted about their links. A reading may have taken the deal
/// from one already; the finance side names it still.
async fn linked(engine: &Engine, event: &deal_event::Model) -> Result<Vec<document::Model>, SyncError> {
    let deal = deal::Entity::one_of(event.organization_id, event.deal_id).one(&engine.db).await?;
    let Some(deal) = deal else { return Ok(Vec::new()) };
    let of_deal = Condition::any()
        .add(document::Column::DealId.eq(deal.id))
        .add(document::Column::DealWireId.eq(deal.wire_id));
    let documents = document::Entity::of(event.organization_id)
        .filter(of_deal)
        .filter(document::Column::DeletedAt.is_null())
        .order_by_asc(document::Column::Id)
        .all(&engine.db)
        .await?;
    let mut open = Vec::new();
    for one in documents {
        if !log::is_written_of(engine, event, &one).await? {
            open.push(one);
        }
    }
    Ok(open)
}

/// Takes the links of a deleted deal away (A17.8).
async fn unlink_all(held: &Held<'_>, waits: &mut Waits) -> Result<bool, Stop> {
    let mut is_settled = true;
    for one in linked(held.engine, &held.event).await? {
        let Some(kind) = DocumentKind::by_name(&one.kind) else { continue };
        if waits.integrations.contains(&one.integration_id) {
            is_settled = false;
            continue;
        }
        let line = Line {
            document_id: Some(one.remote_id.clone()),
            ..Line::left(one.integration_id, kind, TriggerAction::Unlink, Code::IntegrationDisabled)
        };
        let line = match unlink(held, &one, kind, line.clone()).await {
            Ok(None) => continue,
            Ok(Some(line)) => line,
            Err(Stop::Lost) => return Err(Stop::Lost),
            Err(Stop::Engine(error)) => match failed(held, one.integration_id, line, error).await? {
                Ok(line) => line,
                Err(pause) => {
                    waits.add(one.integration_id, pause);
                    is_settled = false;
                    continue;
                }
            },
        };
        held.log(line).await?;
    }
    Ok(is_settled)
}

/// How long a failure that may pass is waited for.
fn pause(engine: &Engine, event: &deal_event::Model, integration_id: Uuid, failure: &Failure) -> TimeDelta {
    let pause = match failure.kind {
        FailureKind::RateLimited { retry_after: Some(pause) } => TimeDelta::from_std(pause).unwrap_or(LEASE),
        _ => backoff(event.attempts),
    };
    let rest = engine.budgets.rests_until(event.organization_id, integration_id);
    rest.map_or(pause, |until| pause.max(until - engine.clock.now()))
}

/// 1 s, 2 s, 4 s … at most 5 minutes.
fn backoff(attempts: i32) -> TimeDelta {
    TimeDelta::seconds(1 << attempts.saturating_sub(1).clamp(0, 8)).min(TimeDelta::minutes(5))
}

/// Wakes the deals of which something was not looked at although it was time: what waited, what nobody had a job for, and what a
/// process that died had begun.
///
/// # Errors
/// The database's.
pub(crate) async fn wake_due(engine: &Engine) -> Result<(), SyncError> {
    let now = engine.clock.now();
    let due = deal_event::Entity::find()
        .filter(deal_event::Column::HandledAt.is_null())
        .filter(deal_event::Column::ResumeAt.lte(now))
        .filter(is_free(now))
        .order_by_asc(deal_event::Column::ResumeAt)
        .limit(MOST_AT_ONCE)
        .all(&engine.db)
        .await?;
    for event in due {
        let transaction = begin_write(&engine.db).await?;
        let moved = deal_event::Entity::update_many()
            .col_expr(deal_event::Column::ResumeAt, Expr::value(Some(now + LEASE)))
            .filter(deal_event::Column::OrganizationId.eq(event.organization_id))
            .filter(deal_event::Column::Id.eq(event.id))
            .filter(deal_event::Column::ResumeAt.eq(event.resume_at))
            .exec(&transaction)
            .await?;
        if moved.rows_affected == 1 {
            let job = handle_deal_events::job(event.organization_id, event.deal_id)?;
            engine.queue.enqueue(&transaction, job).await?;
        }
        transaction.commit().await?;
    }
    Ok(())
}

/// Whether a trigger is at work on a deal of this account, and so may be making a customer of it.
///
/// # Errors
/// The database's.
pub(crate) async fn is_making(
    engine: &Engine,
    organization_id: Uuid,
    account_id: Uuid,
    except: Option<Uuid>,
) -> Result<bool, SyncError> {
    let at_work: Vec<Uuid> = deal_event::Entity::of(organization_id)
        .filter(deal_event::Column::HandledAt.is_null())
        .filter(deal_event::Column::ResumeAt.gt(engine.clock.now()))
        .filter(deal_event::Column::LeaseUntil.gt(engine.clock.now()))
        .all(&engine.db)
        .await?
        .into_iter()
        .filter(|event| Some(event.id) != except)
        .map(|event| event.deal_id)
        .collect();
    let deal = deal::Entity::of(organization_id)
        .filter(deal::Column::Id.is_in(at_work))
        .filter(deal::Column::AccountId.eq(account_id))
        .one(&engine.db)
        .await?;
    Ok(deal.is_some())
}
