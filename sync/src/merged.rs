//! CRM records that went up in another: what a run still holds of them, and what names them on the finance side.

use finbridge_contract::{Connection, CrmReference, CustomerAdapter};
use finbridge_entity::{Scoped, account, sync_run_item};
use sea_orm::sea_query::LockType;
use sea_orm::{ColumnTrait, QueryFilter, QuerySelect};

use crate::engine::Engine;
use crate::error::SyncError;

/// Whether the record went up in another since the plan. A merge that is under way is waited for; one that begins later
/// finds this item and is refused.
pub(crate) async fn is_merged(engine: &Engine, item: &sync_run_item::Model) -> Result<bool, SyncError> {
    let account = account::Entity::one_of(item.organization_id, item.record_id)
        .lock(LockType::Share)
        .one(&engine.db)
        .await?;
    Ok(account.is_some_and(|account| account.merged_into_id.is_some()))
}

/// Lets the finance record name the CRM record that took it over, in place of the merged one that it was made for. Whatever
/// else it names was somebody's will there and stays, so linking is then refused.
pub(crate) async fn rename_reference(
    engine: &Engine,
    item: &sync_run_item::Model,
    adapter: &dyn CustomerAdapter,
    connection: &Connection,
    remote_id: &str,
    wanted: CrmReference,
) -> Result<(), SyncError> {
    let named = adapter.fetch(connection, remote_id).await?.crm_reference;
    if named == Some(wanted) {
        return Ok(());
    }
    if let Some(named) = named.filter(|named| named.record_type == wanted.record_type) {
        let merged = account::Entity::of(item.organization_id)
            .filter(account::Column::WireId.eq(named.wire_id.0))
            .filter(account::Column::MergedIntoId.eq(item.record_id))
            .one(&engine.db)
            .await?;
        if merged.is_some() {
            adapter.unlink(connection, remote_id).await?;
        }
    }
    Ok(adapter.link(connection, remote_id, wanted).await?)
}
