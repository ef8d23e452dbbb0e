//! What becomes of the links to the finance side when a record comes back or goes up in another.

use std::collections::BTreeMap;

use finbridge_entity::types::{ItemState, LinkState};
use finbridge_entity::{Scoped, record_link, sync_module, sync_run_item};
use finbridge_sync::lineage;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter,
    QuerySelect, Set,
};
use uuid::Uuid;

use super::Services;
use super::error::{ErrorCode, ServiceResult, UserError};

/// Takes up the links of a restored record again. What the deletion removed on the finance side is forgotten, so that the
/// next run makes it anew, and so is what was linked to another record meanwhile; what stayed there is linked as before and
/// brought up to date.
///
/// # Errors
/// The database's.
pub async fn revive(
    services: &Services,
    transaction: &DatabaseTransaction,
    record_id: Uuid,
) -> ServiceResult<()> {
    let links = record_link::Entity::of(services.organization_id())
        .filter(record_link::Column::RecordId.eq(record_id))
        .all(transaction)
        .await?;
    for link in links {
        let is_gone = match link.state {
            LinkState::Deleted => true,
            LinkState::Deactivated | LinkState::CrmDeleted => link.remote_id.is_none(),
            LinkState::Claimed
            | LinkState::Linked
            | LinkState::RemoteGone
            | LinkState::RemoteMissing
            | LinkState::Merged => continue,
        };
        if is_gone {
            record_link::Entity::delete_many()
                .filter(record_link::Column::OrganizationId.eq(link.organization_id))
                .filter(record_link::Column::Id.eq(link.id))
                .exec(transaction)
                .await?;
        } else {
            let mut link = link.into_active_model();
            link.state = Set(LinkState::Linked);
            link.updated_at = Set(services.clock().now());
            link.update(transaction).await?;
        }
    }
    Ok(())
}

/// Refuses while a sync run has one of these records in hand, or left it half done: where its finance record is, or
/// whether there is one, is not known before that is finished. The records must be locked: a run that plans one of them
/// from now on sees what becomes of it.
///
/// # Errors
/// `SYNC_IN_PROGRESS`.
pub async fn expect_idle(
    services: &Services,
    transaction: &DatabaseTransaction,
    records: &[Uuid],
) -> ServiceResult<()> {
    let here = services.organization_id();
    let claimed = record_link::Entity::of(here)
        .filter(record_link::Column::RecordId.is_in(records.iter().copied()))
        .filter(record_link::Column::State.eq(LinkState::Claimed))
        .one(transaction)
        .await?;
    let runs: Vec<Uuid> = sync_module::Entity::of(here)
        .select_only()
        .column(sync_module::Column::ActiveRunId)
        .filter(sync_module::Column::ActiveRunId.is_not_null())
        .into_tuple()
        .all(transaction)
        .await?;
    let pending = match runs.is_empty() {
        true => None,
        false => {
            sync_run_item::Entity::of(here)
                .filter(sync_run_item::Column::RunId.is_in(runs))
                .filter(sync_run_item::Column::RecordId.is_in(records.iter().copied()))
                .filter(sync_run_item::Column::State.eq(ItemState::Pending))
                .one(transaction)
                .await?
        }
    };
    let message = match (pending, claimed) {
        (Some(item), _) => format!(
            "A sync run is about to write `{}`; merge again when `syncRuns` shows that it ended",
            item.record_name
        ),
        (None, Some(_)) => {
            "A sync run was cut off while it made the finance record of one of these; start another and merge again when it ended".to_owned()
        }
        (None, None) => return Ok(()),
    };
    Err(UserError::whole(ErrorCode::SyncInProgress, message).into())
}

/// Unites the links of records that are merged. Where only merged ones have a finance record, the one that stays takes it
/// over, and the next run brings it up to date. Where the one that stays has its own, those of the others stay as they
/// are on the finance side, and nothing here changes or removes them any more; these links are returned.
///
/// # Errors
/// The database's.
pub async fn unite(
    services: &Services,
    transaction: &DatabaseTransaction,
    stays: Uuid,
    merged: &[Uuid],
) -> ServiceResult<Vec<record_link::Model>> {
    let links = record_link::Entity::of(services.organization_id())
        .filter(record_link::Column::RecordId.is_in(merged.iter().copied().chain([stays])))
        .all(transaction)
        .await?;
    let mut of_app: BTreeMap<(Uuid, String), Vec<record_link::Model>> = BTreeMap::new();
    for link in links {
        of_app.entry((link.finance_organization_id, link.kind.clone())).or_default().push(link);
    }
    // A link that works goes before one whose finance record was removed; then the order of the wish counts.
    let order = |link: &record_link::Model| {
        let place = merged.iter().position(|id| *id == link.record_id).map_or(0, |place| place + 1);
        (link.state != LinkState::Linked, place)
    };
    let mut left = Vec::new();
    for (_, mut links) in of_app {
        links.retain(|link| matches!(link.state, LinkState::Linked | LinkState::RemoteMissing));
        links.sort_by_key(order);
        let mut links = links.into_iter();
        let Some(kept) = links.next() else { continue };
        for link in links {
            if link.record_id == stays {
                // What is told of its fields stays with the pair that takes its place.
                let (here, now) = (services.organization_id(), services.clock().now());
                lineage::hand_over(transaction, here, link.id, kept.id, now).await?;
                record_link::Entity::delete_many()
                    .filter(record_link::Column::OrganizationId.eq(link.organization_id))
                    .filter(record_link::Column::Id.eq(link.id))
                    .exec(transaction)
                    .await?;
            } else if link.state == LinkState::Linked {
                left.push(
                    set(services, transaction, link, |link| link.state = Set(LinkState::Merged)).await?,
                );
            }
        }
        if kept.record_id != stays {
            let take_over = |link: &mut record_link::ActiveModel| {
                link.record_id = Set(stays);
                // Nothing of the one that stays was written there yet.
                link.synced_version = Set(record_link::NEVER_WRITTEN);
            };
            set(services, transaction, kept, take_over).await?;
        }
    }
    Ok(left)
}

async fn set(
    services: &Services,
    transaction: &DatabaseTransaction,
    link: record_link::Model,
    change: impl FnOnce(&mut record_link::ActiveModel),
) -> ServiceResult<record_link::Model> {
    let mut link = link.into_active_model();
    change(&mut link);
    link.updated_at = Set(services.clock().now());
    Ok(link.update(transaction).await?)
}
