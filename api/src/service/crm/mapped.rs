//! Field maps, held against the fields that there are.

use std::collections::BTreeSet;

use finbridge_domain::record::{FieldKey, Source};
use finbridge_domain::{SyncSettings, map_key};
use finbridge_entity::{Scoped, custom_field};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QuerySelect};

use super::stored;
use crate::service::Services;
use crate::service::error::{ErrorCode, ServiceResult, UserError};

/// Refuses maps of added CRM fields that nobody added.
///
/// # Errors
/// `INVALID`, with the field that is not there.
pub async fn exist(
    services: &Services,
    db: &impl ConnectionTrait,
    settings: &SyncSettings,
) -> ServiceResult<()> {
    for source in Source::ALL {
        let Some(map) = settings.field_maps.get(&map_key(*source)) else { continue };
        let keys: BTreeSet<&str> = map.crm_fields().filter_map(FieldKey::custom_name).collect();
        if keys.is_empty() {
            continue;
        }
        let known: Vec<String> = custom_field::Entity::of(services.organization_id())
            .select_only()
            .column(custom_field::Column::Key)
            .filter(custom_field::Column::RecordType.eq(stored(source.record_type)))
            .filter(custom_field::Column::Key.is_in(keys.iter().copied()))
            .into_tuple()
            .all(db)
            .await?;
        if let Some(missing) = keys.into_iter().find(|key| known.iter().all(|one| one != key)) {
            let message = format!("There is no added field `{missing}`; `customFields` lists them");
            return Err(UserError::of(ErrorCode::Invalid, "fieldMaps", message).into());
        }
    }
    Ok(())
}
