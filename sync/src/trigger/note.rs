//! Noting what happens to deals, in the transaction in which it happens.

use chrono::{DateTime, Utc};
use finbridge_domain::Ids;
use finbridge_entity::types::{DealEventKind, DocumentActKind, TriggerPoint};
use finbridge_entity::{Scoped, deal, deal_document, deal_event, document, document_act, trigger_setting};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QuerySelect, Select,
    Set,
};
use uuid::Uuid;

use super::hold::LEASE;
use crate::engine::Engine;
use crate::error::SyncError;
use crate::job::handle_deal_events;

/// Notes what happened to a deal, for triggers to look at. Where no integration has a trigger nothing is noted, so that deals cost
/// what they cost without any. `recreating` names the one integration that is asked for another document (A17.1).
///
/// # Errors
/// The database's.
pub async fn note(
    engine: &Engine,
    transaction: &DatabaseTransaction,
    deal: &deal::Model,
    event: DealEventKind,
    actor_id: Option<Uuid>,
    recreating: Option<Uuid>,
) -> Result<(), SyncError> {
    let is_watched = match event {
        DealEventKind::Created | DealEventKind::Moved => {
            is_triggered(transaction, deal.organization_id).await?
        }
        DealEventKind::Deleted => may_have_documents(transaction, deal).await?,
    };
    if !is_watched {
        return Ok(());
    }
    let now = engine.clock.now();
    let event = row(&engine.ids, now, deal.organization_id, (deal.id, deal.stage_id, event));
    deal_event::ActiveModel {
        actor_id: Set(actor_id),
        is_recreating: Set(recreating.is_some()),
        integration_id: Set(recreating),
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
        // So many values go in one statement; an event has fourteen.
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
        integration_id: Set(None),
        attempts: Set(0),
        limited: Set(0),
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

/// Whether there is a document of the deal, or may be one before long: what is under way makes one that names the deal, and of what was
/// claimed nobody may have seen the end.
async fn may_have_documents(transaction: &DatabaseTransaction, deal: &deal::Model) -> Result<bool, DbErr> {
    // What a merged deal has goes over to the one that stays.
    if deal.merged_into_id.is_some() {
        return Ok(false);
    }
    let here = deal.organization_id;
    let linked = document::Entity::of(here)
        .filter(document::Column::DealId.eq(deal.id))
        .filter(document::Column::DeletedAt.is_null());
    let claimed = deal_document::Entity::of(here).filter(deal_document::Column::DealId.eq(deal.id));
    let noted = deal_event::Entity::of(here)
        .filter(deal_event::Column::DealId.eq(deal.id))
        .filter(deal_event::Column::HandledAt.is_null());
    Ok(is_any(transaction, linked).await?
        || is_any(transaction, claimed).await?
        || is_any(transaction, noted).await?
        || is_any(transaction, linking(here, deal.id)).await?)
}

/// Acts that are to link a document to the deal, or to make one for it, and are not over.
pub(super) fn linking(organization_id: Uuid, deal_id: Uuid) -> Select<document_act::Entity> {
    document_act::Entity::of(organization_id)
        .filter(document_act::Column::DealId.eq(deal_id))
        .filter(document_act::Column::Act.is_in([DocumentActKind::Create, DocumentActKind::Link]))
        .filter(document_act::Column::FinishedAt.is_null())
}

async fn is_any<E: EntityTrait>(transaction: &DatabaseTransaction, rows: Select<E>) -> Result<bool, DbErr> {
    Ok(rows.limit(1).one(transaction).await?.is_some())
}
