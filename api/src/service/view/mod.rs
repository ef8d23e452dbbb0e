//! Views: criteria that people keep under a name. Changing them is in [`write`].

pub mod count;
pub mod write;

use finbridge_domain::{NodeId, NodeKind};
use finbridge_entity::Scoped;
use finbridge_entity::criteria::{Field, Frame, FrameError, Predefined, View};
use finbridge_entity::types::RecordType;
use finbridge_entity::view;
use sea_orm::{ActiveEnum, ColumnTrait, Condition, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::Services;
use super::error::{ServiceError, ServiceResult};

/// Views that one person may be shown on one kind of record; [`write`] keeps their number below.
pub const MOST: u64 = 200;

/// The views on one kind of record that the viewer sees: the predefined ones, then the others by name.
///
/// # Errors
/// The database's.
pub async fn list(services: &Services, record_type: RecordType) -> ServiceResult<Vec<View>> {
    let here = services.organization_id();
    let mut views: Vec<_> =
        Predefined::ALL.into_iter().map(|kind| View::predefined(here, record_type, kind)).collect();
    let rows = view::Entity::of(here)
        .filter(view::Column::RecordType.eq(record_type))
        .filter(
            Condition::any()
                .add(view::Column::IsShared.eq(true))
                .add(view::Column::OwnerId.eq(services.viewer.user_id)),
        )
        .order_by_asc(view::Column::NameKey)
        .order_by_asc(view::Column::Id)
        .limit(MOST - views.len() as u64)
        .all(services.db())
        .await?;
    for row in rows {
        views.push(View::of(row)?);
    }
    Ok(views)
}

/// The view of this id; none when there is none that the viewer sees.
///
/// # Errors
/// The database's.
pub async fn find(services: &Services, id: Uuid) -> ServiceResult<Option<View>> {
    let view = View::find(services.db(), services.organization_id(), id).await?;
    Ok(view.filter(|view| view.is_visible_to(services.viewer.user_id)))
}

/// Which records of this kind are in the view, for the viewer.
///
/// # Errors
/// `BAD_USER_INPUT` when the viewer sees no such view, or it is on other records or about a field that was removed.
pub async fn members(services: &Services, id: Uuid, record_type: RecordType) -> ServiceResult<Condition> {
    let shown = NodeId::new(NodeKind::View, id);
    let Some(view) = find(services, id).await? else {
        let message = format!(
            "There is no view `{shown}`; `views(recordType: {})` lists those that can be used here",
            record_type.to_value()
        );
        return Err(ServiceError::BadInput(message));
    };
    if view.record_type != record_type {
        let (is, wanted) = (view.record_type.plural(), record_type.plural());
        let message = format!(
            "The view `{shown}` is on {is}, not on {wanted}; choose one that `views(recordType: {})` lists",
            record_type.to_value()
        );
        return Err(ServiceError::BadInput(message));
    }
    let now = services.clock().now();
    match view.members(services.db(), services.viewer.user_id, now).await {
        Ok(condition) => Ok(condition),
        Err(FrameError::Unusable(reason)) => {
            Err(ServiceError::BadInput(unusable(&view, &reason.to_string())))
        }
        Err(FrameError::Database(error)) => Err(error.into()),
    }
}

/// Why a view cannot be used, as a sentence.
pub fn unusable(view: &View, reason: &str) -> String {
    format!("The view `{}` cannot be used: {reason}", view.name)
}

/// What criteria on these records can be about.
///
/// # Errors
/// The database's.
pub async fn fields(services: &Services, record_type: RecordType) -> ServiceResult<Vec<Field>> {
    Ok(frame(services, record_type).await?.fields().to_vec())
}

async fn frame(services: &Services, record_type: RecordType) -> ServiceResult<Frame> {
    let (here, viewer) = (services.organization_id(), services.viewer.user_id);
    Ok(Frame::load(services.db(), here, record_type, viewer, services.clock().now()).await?)
}
