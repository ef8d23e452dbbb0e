//! Noting what happens to deals, in the transaction in which it happens.

use finbridge_entity::types::{DealEventKind, TriggerPoint};
use finbridge_entity::{Scoped, deal, deal_event, document, trigger_setting};
use sea_orm::{ActiveModelTrait, ColumnTrait, DatabaseTransaction, QueryFilter, QuerySelect, Set};
use uuid::Uuid;

use crate::engine::Engine;
use crate::error::SyncError;
use crate::job::handle_deal_events;
use crate::lease::LEASE;

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
    deal_event::ActiveModel {
        organization_id: Set(deal.organization_id),
        id: Set(engine.ids.uuid()),
        deal_id: Set(deal.id),
        event: Set(event),
        stage_id: Set(deal.stage_id),
        actor_id: Set(actor_id),
        occurred_at: Set(engine.clock.now()),
        is_recreating: Set(is_recreating),
        attempts: Set(0),
        lease_until: Set(None),
        // The job looks at it at once; this is for the case that the job is lost.
        resume_at: Set(Some(engine.clock.now() + LEASE)),
        handled_at: Set(None),
    }
    .insert(transaction)
    .await?;
    engine.queue.enqueue(transaction, handle_deal_events::job(deal.organization_id, deal.id)?).await?;
    Ok(())
}

async fn is_triggered(transaction: &DatabaseTransaction, organization_id: Uuid) -> Result<bool, SyncError> {
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
