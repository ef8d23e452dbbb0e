//! What of the CRM is synchronised with an organization, over all its modules: what the finance app has to be told.

use finbridge_contract::Shared;
use finbridge_domain::{SyncModule, SyncSettings};
use finbridge_entity::{Scoped, sync_module, sync_settings};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter};

use crate::engine::Remote;
use crate::error::SyncError;

/// What is synchronised by this integration.
///
/// # Errors
/// The database's, or settings that cannot be read.
pub(crate) async fn of(db: &impl ConnectionTrait, remote: &Remote) -> Result<Shared, SyncError> {
    let organization_id = remote.organization.organization_id;
    let modules = sync_module::Entity::of(organization_id)
        .filter(sync_module::Column::IntegrationId.eq(remote.integration.id))
        .all(db)
        .await?;
    let mut shared = Shared::default();
    for module in modules {
        match SyncModule::by_name(&module.module) {
            Some(SyncModule::Vendors) => shared.vendors = true,
            Some(SyncModule::Items) => shared.items = true,
            Some(SyncModule::Customers) => {
                let row = sync_settings::Entity::of(organization_id)
                    .filter(sync_settings::Column::SyncModuleId.eq(module.id))
                    .filter(sync_settings::Column::Version.eq(module.settings_version))
                    .one(db)
                    .await?
                    .ok_or(SyncError::Missing("the settings in force"))?;
                let settings: SyncSettings = serde_json::from_value(row.settings)
                    .map_err(|source| SyncError::Corrupt { what: "the settings of a module", source })?;
                shared.customers = settings.crm_module;
                shared.include_unassociated = settings.include_unassociated;
            }
            None => {}
        }
    }
    Ok(shared)
}
