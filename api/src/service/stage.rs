//! The stages that deals go through.

use finbridge_entity::{Scoped, stage};
use sea_orm::QueryOrder;

use super::Services;
use super::error::ServiceResult;

/// All stages in their order. There are as many as people can keep apart, so they are not paged.
///
/// # Errors
/// The database's.
pub async fn list(services: &Services) -> ServiceResult<Vec<stage::Model>> {
    let stages = stage::Entity::of(services.organization_id())
        .order_by_asc(stage::Column::Position)
        .order_by_asc(stage::Column::Id);
    Ok(stages.all(services.db()).await?)
}
