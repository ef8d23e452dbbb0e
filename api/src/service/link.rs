//! What becomes of the links to the finance side when a record comes back or goes up in another.

use finbridge_entity::types::LinkState;
use finbridge_entity::{Scoped, record_link};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter, Set,
};
use uuid::Uuid;

use super::Services;
use super::error::ServiceResult;

/// Takes up the links of a restored record again. What the deletion removed on the finance side is forgotten, so that the
/// next run makes it anew; what stayed there is linked as before and brought up to date.
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
        match link.state {
            LinkState::Deleted => {
                record_link::Entity::delete_many()
                    .filter(record_link::Column::OrganizationId.eq(link.organization_id))
                    .filter(record_link::Column::Id.eq(link.id))
                    .exec(transaction)
                    .await?;
            }
            LinkState::Deactivated | LinkState::CrmDeleted => {
                let mut link = link.into_active_model();
                link.state = Set(LinkState::Linked);
                link.updated_at = Set(services.clock().now());
                link.update(transaction).await?;
            }
            LinkState::Claimed | LinkState::Linked | LinkState::RemoteMissing => {}
        }
    }
    Ok(())
}
