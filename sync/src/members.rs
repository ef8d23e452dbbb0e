//! Which CRM records a sync is about: those in the views that its settings name.

use chrono::{DateTime, Utc};
use finbridge_domain::SyncSettings;
use finbridge_domain::record::CrmRecordType;
use finbridge_entity::criteria::{FrameError, View};
use sea_orm::{Condition, ConnectionTrait};
use uuid::Uuid;

use crate::error::SyncError;

/// The records of this type that the settings are about, as a condition on their table, by the criteria as they are now.
/// None: all.
///
/// # Errors
/// `ViewUnusable` when the view was removed or is about a field that was: a view that cannot be applied never stands for
/// everything.
pub async fn of(
    db: &impl ConnectionTrait,
    organization_id: Uuid,
    settings: &SyncSettings,
    record_type: CrmRecordType,
    now: DateTime<Utc>,
) -> Result<Option<Condition>, SyncError> {
    let Some(choice) = settings.view(record_type) else { return Ok(None) };
    let view = View::find(db, organization_id, choice.view_id).await?.ok_or_else(|| {
        let message = "The view that limits this sync was removed; choose another with `syncModuleConfigure`";
        SyncError::ViewUnusable(message.to_owned())
    })?;
    match view.members(db, choice.viewer_id, now).await {
        Ok(members) => Ok(Some(members)),
        Err(FrameError::Database(error)) => Err(error.into()),
        Err(FrameError::Unusable(reason)) => {
            let message =
                format!("The view `{}`, which limits this sync, cannot be used: {reason}", view.name);
            Err(SyncError::ViewUnusable(message))
        }
    }
}
