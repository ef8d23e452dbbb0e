//! Looking at what happened to a deal, in the order in which it happened.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use finbridge_domain::CapabilityProfile;
use finbridge_entity::types::{DealEventKind, TriggerAction};
use finbridge_entity::{Scoped, begin_write, deal, deal_event, integration, stage};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::assess::{self, Case};
use super::carry_out::Outcome;
use super::code::Code;
use super::hold::{Held, LEASE, Stop, is_free};
use super::log::{self, Line};
use super::setting::Setting;
use super::unlink::{linked, unlink_all};
use super::wait::{Came, Pause, Waits, failed, look_again};
use crate::engine::Engine;
use crate::error::SyncError;
use crate::job::handle_deal_events;
use crate::queue::NewJob;

/// Pauses up to this are the machine's: somebody looks on.
const SOON: TimeDelta = TimeDelta::seconds(4);

/// Events that are woken in one tick.
const MOST_AT_ONCE: u64 = 100;

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
        let came = tokio::select! {
            // In this order: once the event is closed, the heart finds nothing to be renewed.
            biased;
            came = settle(&held, &mut waits) => came,
            () = held.heartbeat() => Err(Stop::Lost),
        };
        match came {
            Ok(Came::Closed) => {}
            Ok(Came::Settled) => held.settled().await?,
            Ok(came) => held.later(waits.pause.unwrap_or(LEASE), came == Came::Tried).await?,
            Err(Stop::Lost) => return Ok(()),
            Err(Stop::Engine(error)) => {
                held.later(LEASE, true).await?;
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
    for (_, integration) in concerned(engine, event).await? {
        if !waiting.contains(&integration.id) && !log::is_written(engine, event, integration.id).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The triggers that an event is about: all of the tenant's, or that of the integration for which somebody asked.
async fn concerned(
    engine: &Engine,
    event: &deal_event::Model,
) -> Result<Vec<(Setting, integration::Model)>, SyncError> {
    let mut settings = assess::settings(engine, event.organization_id).await?;
    settings.retain(|(_, integration)| event.integration_id.is_none_or(|id| id == integration.id));
    Ok(settings)
}

/// Looks at the event for every integration that does not wait with an earlier one.
async fn settle(held: &Held<'_>, waits: &mut Waits) -> Result<Came, Stop> {
    let (engine, event) = (held.engine, &held.event);
    if event.event == DealEventKind::Deleted {
        return unlink_all(held, waits).await;
    }
    let deal = deal::Entity::one_of(event.organization_id, event.deal_id)
        .one(&engine.db)
        .await?
        .ok_or(SyncError::Missing("the deal of an event"))?;
    let stage = stage::Entity::one_of(event.organization_id, event.stage_id).one(&engine.db).await?;
    let mut came = Came::Settled;
    let mut settings = concerned(engine, event).await?.into_iter().peekable();
    while let Some((setting, integration)) = settings.next() {
        let profile = CapabilityProfile::by_key(&integration.profile_key);
        let (Some(profile), Some(kind)) = (profile, setting.kind()) else { continue };
        // Nothing was written about it before anybody looked at it.
        if event.attempts > 1 && log::is_written(engine, event, integration.id).await? {
            continue;
        }
        if waits.integrations.contains(&integration.id) {
            came = came.max(Came::Untried);
            continue;
        }
        let is_last = came == Came::Settled && settings.peek().is_none();
        let Some(stage) = &stage else {
            let code = if deal.deleted_at.is_some() { Code::DealGone } else { Code::StageGone };
            held.log(Line::left(integration.id, kind, TriggerAction::None, code), is_last).await?;
            came = if is_last { Came::Closed } else { came };
            continue;
        };
        let case = Case {
            engine,
            deal: &deal,
            stage,
            event: event.event,
            is_recreating: event.is_recreating,
            is_last,
            priority: held.priority(),
            setting: &setting,
            integration: &integration,
            profile,
            kind,
            remote: OnceCell::new(),
        };
        match look(held, &case).await? {
            Ok(()) if is_last => came = Came::Closed,
            Ok(()) => {}
            Err(pause) => {
                waits.add(integration.id, pause.length);
                came = came.max(pause.came);
            }
        }
    }
    Ok(came)
}

/// Does for one integration what is to be done, and writes down what came of it; a pause where that has to wait.
async fn look(held: &Held<'_>, case: &Case<'_>) -> Result<Result<(), Pause>, Stop> {
    let line = Line::left(case.integration.id, case.kind, case.action(), Code::StageNotChosen);
    let line = match case.carry_out(held).await {
        Ok(Outcome::Logged) => return Ok(Ok(())),
        Ok(Outcome::Left(line)) => line,
        Ok(Outcome::Waits) => match look_again(&held.event) {
            Some(length) => return Ok(Err(Pause { length, came: Came::Tried })),
            None => line.because(Code::NoCustomer),
        },
        Err(Stop::Lost) => return Err(Stop::Lost),
        Err(Stop::Engine(error)) => match failed(held, case.integration.id, line, error).await? {
            // Something may have been made before it failed.
            Ok(line) => Line { document_id: case.claim().await?.and_then(|claim| claim.remote_id), ..line },
            Err(pause) => return Ok(Err(pause)),
        },
    };
    held.log(line, case.is_last).await?;
    Ok(Ok(()))
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
