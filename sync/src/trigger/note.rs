//! Noting what happens to deals, in the transaction in which it happens.

use chrono::{DateTime, Utc};
use finbridge_domain::Ids;
use finbridge_entity::types::{DealEventKind, TriggerPoint};
use finbridge_entity::{Scoped, deal, deal_event, document, trigger_setting};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QuerySelect, Set,
};
use uuid::Uuid;

use super::hold::LEASE;
use crate::engine::Engine;
use crate::error::SyncError;
use crate::job::handle_deal_events;

/// Notes what happened to a deal, for triggers to look at. Where no integration has a trigger nothing is noted, so that deals cost
/// what they cost without any.
///
/// # Errors
/// The database's.
pub async fn note(
    engine: &Engine,
    transaction: &DatabaseTransaction,
    deal: &deal::Model,
    event: DealEventKind,
    actor_id: Option<Uuid>,
    is_recreating: bool,
) -> Result<(), SyncError> {
    let is_watched = match event {
        DealEventKind::Created | DealEventKind::Moved => {
            is_triggered(transaction, deal.organization_id).await?
        }
        DealEventKind::Deleted => has_documents(transaction, deal).await?,
    };
    if !is_watched {
        return Ok(());
    }
    let now = engine.clock.now();
    let event = row(&engine.ids, now, deal.organization_id, (deal.id, deal.stage_id, event));
    deal_event::ActiveModel {
        actor_id: Set(actor_id),
        is_recreating: Set(is_recreating),
        // The job looks at it at once; this is for the case that the job is lost.
        resume_at: Set(Some(now + LEASE)),
        ..event
    }
    .insert(transaction)
    .await?;
    engine.queue.enqueue(transaction, handle_deal_events::job(deal.organization_id, deal.id)?).await?;
    Ok(())
}

/// Notes that deals were made or moved, each with the stage that it is in since, by a process that has no queue: workers find them by
/// their time (A17.3).
///
/// # Errors
/// The database's.
pub async fn note_many(
    transaction: &DatabaseTransaction,
    ids: &Ids,
    now: DateTime<Utc>,
    organization_id: Uuid,
    deals: impl IntoIterator<Item = (Uuid, Uuid, DealEventKind)>,
) -> Result<(), DbErr> {
    let mut rows: Vec<_> = deals.into_iter().map(|deal| row(ids, now, organization_id, deal)).collect();
    if rows.is_empty() || !is_triggered(transaction, organization_id).await? {
        return Ok(());
    }
    while !rows.is_empty() {
        // So many values go in one statement; an event has twelve.
        let rest = rows.split_off(rows.len().min(1_000));
        deal_event::Entity::insert_many(rows).exec_without_returning(transaction).await?;
        rows = rest;
    }
    Ok(())
}

/// An event that is looked at as soon as somebody finds it.
fn row(
    ids: &Ids,
    now: DateTime<Utc>,
    organization_id: Uuid,
    (deal_id, stage_id, event): (Uuid, Uuid, DealEventKind),
) -> deal_event::ActiveModel {
    deal_event::ActiveModel {
        organization_id: Set(organization_id),
        id: Set(ids.uuid()),
        deal_id: Set(deal_id),
        event: Set(event),
        stage_id: Set(stage_id),
        actor_id: Set(None),
        occurred_at: Set(now),
        is_recreating: Set(false),
        attempts: Set(0),
        lease_until: Set(None),
        resume_at: Set(Some(now)),
        handled_at: Set(None),
    }
}

async fn is_triggered(transaction: &DatabaseTransaction, organization_id: Uuid) -> Result<bool, DbErr> {
    let set = trigger_setting::Entity::of(organization_id)
        .filter(trigger_setting::Column::Trigger.ne(TriggerPoint::None))
        .limit(1)
        .one(transaction)
        .await?;
    Ok(set.is_some())
}

async fn has_documents(transaction: &DatabaseTransaction, deal: &deal::Model) -> Result<bool, SyncError> {
    let linked = document::Entity::of(deal.organization_id)
        .filter(document::Column::DealId.eq(deal.id))
        .filter(document::Column::DeletedAt.is_null())
        .limit(1)
        .one(transaction)
        .await?;
    Ok(linked.is_some())
}
