//! Looking at what happened to a deal, in the order in which it happened.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use finbridge_contract::{Failure, FailureKind};
use finbridge_domain::{CapabilityProfile, DocumentKind};
use finbridge_entity::types::{DealEventKind, TriggerAction};
use finbridge_entity::{Scoped, begin_write, deal, deal_event, document, stage};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, UpdateMany};
use uuid::Uuid;

use super::assess::{self, Case, Code, final_code};
use super::carry_out::{Outcome, unlink};
use super::log::{self, Line};
use super::note::LEASE;
use crate::engine::Engine;
use crate::error::SyncError;
use crate::job::handle_deal_events;
use crate::queue::NewJob;
use crate::run;

/// How often whoever looks at an event says that it is still there.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// Tries of an event that does not get on, with pauses of 1 s, 2 s, 4 s … and of whatever the finance app asks for; then it is
/// settled as failed.
const MOST_ATTEMPTS: i32 = 10;

/// Pauses up to this are the machine's: somebody looks on.
const SOON: TimeDelta = TimeDelta::seconds(4);

/// Events that are woken in one tick.
const MOST_AT_ONCE: u64 = 100;

/// What came of an event.
enum Progress {
    Settled,
    /// It is looked at again after this.
    Waits(TimeDelta),
}

/// Looks at everything that happened to a deal and was not looked at yet.
///
/// # Errors
/// The database's. What a finance app does is settled here.
pub(crate) async fn handle(engine: &Engine, organization_id: Uuid, deal_id: Uuid) -> Result<(), SyncError> {
    while let Some(event) = take(engine, organization_id, deal_id).await? {
        let settled = tokio::select! {
            settled = settle(engine, &event) => settled,
            () = hold(engine, &event) => return Ok(()),
        };
        match settled {
            Ok(Progress::Settled) => free(engine, &event, Some(engine.clock.now()), None).await?,
            Ok(Progress::Waits(pause)) => {
                free(engine, &event, None, Some(engine.clock.now() + pause)).await?;
                if pause <= SOON {
                    let transaction = begin_write(&engine.db).await?;
                    let delay = pause.to_std().unwrap_or_default();
                    let job = handle_deal_events::job(organization_id, deal_id)?;
                    engine.queue.enqueue(&transaction, NewJob { delay, ..job }).await?;
                    transaction.commit().await?;
                }
                return Ok(());
            }
            Err(error) => {
                free(engine, &event, None, Some(engine.clock.now() + LEASE)).await?;
                return Err(error);
            }
        }
    }
    Ok(())
}

/// The first event that was not looked at to its end, for us alone; none where there is none, or somebody has it.
async fn take(
    engine: &Engine,
    organization_id: Uuid,
    deal_id: Uuid,
) -> Result<Option<deal_event::Model>, SyncError> {
    let now = engine.clock.now();
    let open = deal_event::Entity::of(organization_id)
        .filter(deal_event::Column::DealId.eq(deal_id))
        .filter(deal_event::Column::HandledAt.is_null())
        .order_by_asc(deal_event::Column::Id)
        .one(&engine.db)
        .await?;
    let Some(mut event) = open else { return Ok(None) };
    let taken = deal_event::Entity::update_many()
        .col_expr(deal_event::Column::Attempts, Expr::value(event.attempts + 1))
        .col_expr(deal_event::Column::LeaseUntil, Expr::value(Some(now + LEASE)))
        // For the case that this process dies.
        .col_expr(deal_event::Column::ResumeAt, Expr::value(Some(now + LEASE)))
        .filter(deal_event::Column::OrganizationId.eq(organization_id))
        .filter(deal_event::Column::Id.eq(event.id))
        .filter(deal_event::Column::Attempts.eq(event.attempts))
        .filter(is_free(now))
        .exec(&engine.db)
        .await?;
    event.attempts += 1;
    Ok((taken.rows_affected == 1).then_some(event))
}

fn is_free(now: DateTime<Utc>) -> Condition {
    Condition::any()
        .add(deal_event::Column::LeaseUntil.is_null())
        .add(deal_event::Column::LeaseUntil.lte(now))
}

/// Says again and again that somebody looks at the event; returns when somebody else does.
async fn hold(engine: &Engine, event: &deal_event::Model) {
    loop {
        tokio::time::sleep(HEARTBEAT).await;
        let until = engine.clock.now() + LEASE;
        let renewed = ours(event)
            .col_expr(deal_event::Column::LeaseUntil, Expr::value(Some(until)))
            .col_expr(deal_event::Column::ResumeAt, Expr::value(Some(until)))
            .exec(&engine.db)
            .await;
        match renewed {
            Ok(renewed) if renewed.rows_affected == 0 => return,
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, event = %event.id, "What happened to a deal could not be held; trying again")
            }
        }
    }
}

/// A change of the event that is made only while nobody took it since: whoever does counts one more attempt.
fn ours(event: &deal_event::Model) -> UpdateMany<deal_event::Entity> {
    deal_event::Entity::update_many()
        .filter(deal_event::Column::OrganizationId.eq(event.organization_id))
        .filter(deal_event::Column::Id.eq(event.id))
        .filter(deal_event::Column::Attempts.eq(event.attempts))
}

async fn free(
    engine: &Engine,
    event: &deal_event::Model,
    handled_at: Option<DateTime<Utc>>,
    resume_at: Option<DateTime<Utc>>,
) -> Result<(), SyncError> {
    ours(event)
        .col_expr(deal_event::Column::LeaseUntil, Expr::value(Option::<DateTime<Utc>>::None))
        .col_expr(deal_event::Column::HandledAt, Expr::value(handled_at))
        .col_expr(deal_event::Column::ResumeAt, Expr::value(resume_at))
        .exec(&engine.db)
        .await?;
    Ok(())
}

async fn settle(engine: &Engine, event: &deal_event::Model) -> Result<Progress, SyncError> {
    let deal = deal::Entity::one_of(event.organization_id, event.deal_id).one(&engine.db).await?;
    let stage = stage::Entity::one_of(event.organization_id, event.stage_id).one(&engine.db).await?;
    let (Some(deal), Some(stage)) = (deal, stage) else { return Ok(Progress::Settled) };
    if event.event == DealEventKind::Deleted {
        return unlink_all(engine, event, &deal).await;
    }
    let mut pauses = Vec::new();
    for (setting, integration) in assess::settings(engine, event.organization_id).await? {
        let profile = CapabilityProfile::by_key(&integration.profile_key);
        let (Some(profile), Some(kind)) = (profile, setting.kind()) else { continue };
        if log::is_written(engine, event, integration.id).await? {
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
        };
        let line = Line::left(integration.id, kind, case.action(), Code::StageNotChosen);
        let line = match case.carry_out(event).await {
            Ok(Outcome::Logged) => continue,
            Ok(Outcome::Left(line)) => line,
            Ok(Outcome::Waits) if event.attempts < MOST_ATTEMPTS => {
                pauses.push(backoff(event.attempts));
                continue;
            }
            Ok(Outcome::Waits) => line.because(Code::NoCustomer),
            Err(error) => match failed(engine, event, integration.id, line, error).await? {
                // Something may have been made before it failed.
                Ok(line) => {
                    Line { document_id: case.claim().await?.and_then(|claim| claim.remote_id), ..line }
                }
                Err(pause) => {
                    pauses.push(pause);
                    continue;
                }
            },
        };
        log::write(engine, &engine.db, event, line).await?;
    }
    Ok(pauses.into_iter().max().map_or(Progress::Settled, Progress::Waits))
}

/// What an error comes to: the line that settles the matter, or a pause after which it is tried again.
async fn failed(
    engine: &Engine,
    event: &deal_event::Model,
    integration_id: Uuid,
    line: Line,
    error: SyncError,
) -> Result<Result<Line, TimeDelta>, SyncError> {
    match error {
        SyncError::Finance(failure) => match final_code(&failure) {
            None if event.attempts < MOST_ATTEMPTS => {
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

/// Takes the links of a deleted deal away (A17.8).
async fn unlink_all(
    engine: &Engine,
    event: &deal_event::Model,
    deal: &deal::Model,
) -> Result<Progress, SyncError> {
    let linked = document::Entity::of(event.organization_id)
        .filter(document::Column::DealId.eq(deal.id))
        .filter(document::Column::DeletedAt.is_null())
        .order_by_asc(document::Column::Id)
        .all(&engine.db)
        .await?;
    let mut pauses = Vec::new();
    for one in linked {
        let Some(kind) = DocumentKind::by_name(&one.kind) else { continue };
        if log::is_written_of(engine, event, &one).await? {
            continue;
        }
        let line = Line {
            document_id: Some(one.remote_id.clone()),
            ..Line::left(one.integration_id, kind, TriggerAction::Unlink, Code::IntegrationDisabled)
        };
        let line = match unlink(engine, event, &one, kind, line.clone()).await {
            Ok(None) => continue,
            Ok(Some(line)) => line,
            Err(error) => match failed(engine, event, one.integration_id, line, error).await? {
                Ok(line) => line,
                Err(pause) => {
                    pauses.push(pause);
                    continue;
                }
            },
        };
        log::write(engine, &engine.db, event, line).await?;
    }
    Ok(pauses.into_iter().max().map_or(Progress::Settled, Progress::Waits))
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

/// Wakes the deals of which something was not looked at although it was time: those of a process that died.
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
