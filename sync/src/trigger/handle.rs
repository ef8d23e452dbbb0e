//! Looking at what happened to a deal, in the order in which it happened.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use finbridge_domain::{CapabilityProfile, DocumentKind};
use finbridge_entity::types::{DealEventKind, IntegrationState, TriggerAction, TriggerOutcome};
use finbridge_entity::{Scoped, begin_write, deal, deal_event, document, stage};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::assess::{self, Case, Code, final_code};
use super::carry_out::{Outcome, unlink};
use super::log::{self, Line};
use crate::budget::Priority;
use crate::engine::Engine;
use crate::error::SyncError;
use crate::job::handle_deal_events;
use crate::lease::LEASE;
use crate::run;

/// Tries of a finance app that does not answer, over about a quarter of an hour; then the event is settled as failed.
const MOST_ATTEMPTS: i32 = 10;

/// Between two looks at a customer that is being made.
const LOOK_AGAIN: Duration = Duration::from_millis(300);

/// Looks at a customer that is being made, before a trigger goes on without it.
const MOST_LOOKS: i32 = 400;

/// Events that are woken in one tick.
const MOST_AT_ONCE: u64 = 100;

/// What came of an event.
enum Progress {
    Settled,
    /// It is looked at again after this.
    Waits(Duration),
}

/// Looks at everything that happened to a deal and was not looked at yet.
///
/// # Errors
/// The database's. What a finance app does is settled here.
pub(crate) async fn handle(engine: &Engine, organization_id: Uuid, deal_id: Uuid) -> Result<(), SyncError> {
    while let Some(event) = take(engine, organization_id, deal_id).await? {
        let progress = match settle(engine, &event).await {
            Ok(progress) => progress,
            Err(error) => {
                free(engine, &event, None, Some(engine.clock.now() + LEASE)).await?;
                return Err(error);
            }
        };
        match progress {
            Progress::Settled => free(engine, &event, Some(engine.clock.now()), None).await?,
            Progress::Waits(wait) => {
                let resume = TimeDelta::from_std(wait).unwrap_or(LEASE) + LEASE;
                free(engine, &event, None, Some(engine.clock.now() + resume)).await?;
                let transaction = begin_write(&engine.db).await?;
                let job = handle_deal_events::job(organization_id, deal_id)?;
                let job = crate::queue::NewJob { delay: wait, ..job };
                engine.queue.enqueue(&transaction, job).await?;
                transaction.commit().await?;
                return Ok(());
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

async fn free(
    engine: &Engine,
    event: &deal_event::Model,
    handled_at: Option<DateTime<Utc>>,
    resume_at: Option<DateTime<Utc>>,
) -> Result<(), SyncError> {
    deal_event::Entity::update_many()
        .col_expr(deal_event::Column::LeaseUntil, Expr::value(Option::<DateTime<Utc>>::None))
        .col_expr(deal_event::Column::HandledAt, Expr::value(handled_at))
        .col_expr(deal_event::Column::ResumeAt, Expr::value(resume_at))
        .filter(deal_event::Column::OrganizationId.eq(event.organization_id))
        .filter(deal_event::Column::Id.eq(event.id))
        // Whoever took it since has another number.
        .filter(deal_event::Column::Attempts.eq(event.attempts))
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
        let line = match case.carry_out(event).await {
            Ok(Outcome::Settled(line)) => line,
            Ok(Outcome::Waits) if event.attempts < MOST_LOOKS => return Ok(Progress::Waits(LOOK_AGAIN)),
            Ok(Outcome::Waits) => {
                let action = setting.action(profile, event.event, stage.id, stage.kind);
                Line::left(integration.id, kind, action, Code::NoCustomer)
            }
            Err(SyncError::Finance(failure)) => {
                let code = final_code(&failure);
                if code.is_none() && event.attempts < MOST_ATTEMPTS {
                    return Ok(Progress::Waits(backoff(event.attempts)));
                }
                let action = setting.action(profile, event.event, stage.id, stage.kind);
                let code = code.unwrap_or(Code::FinanceUnavailable);
                Line::left(integration.id, kind, action, code).failed(code, &failure)
            }
            Err(error) => return Err(error),
        };
        if line.outcome == TriggerOutcome::Failed && line.code == Some(Code::ReconnectNeeded) {
            run::mark_reconnect_needed(engine, event.organization_id, integration.id).await?;
        }
        log::write(engine, &engine.db, event, line).await?;
    }
    Ok(Progress::Settled)
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
    for one in linked {
        let Some(kind) = DocumentKind::by_name(&one.kind) else { continue };
        let remote = engine
            .remote_for(&engine.db, event.organization_id, one.integration_id, Priority::Person)
            .await?;
        if remote.integration.state != IntegrationState::Active {
            continue;
        }
        let line = match unlink(engine, &one, &remote, kind).await {
            Ok(line) => line,
            Err(SyncError::Finance(_)) if event.attempts < MOST_ATTEMPTS => {
                return Ok(Progress::Waits(backoff(event.attempts)));
            }
            Err(SyncError::Finance(failure)) => {
                let code = Code::FinanceUnavailable;
                Line::left(one.integration_id, kind, TriggerAction::Unlink, code).failed(code, &failure)
            }
            Err(error) => return Err(error),
        };
        log::write(engine, &engine.db, event, line).await?;
    }
    Ok(Progress::Settled)
}

/// 1 s, 2 s, 4 s … at most 2 minutes.
fn backoff(attempts: i32) -> Duration {
    Duration::from_secs(1 << attempts.clamp(0, 7)).min(Duration::from_secs(120))
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
