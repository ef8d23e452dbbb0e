//! CRM records that went up in another: what a run still holds of them, and what names them on the finance side.

use finbridge_contract::{Connection, CrmReference, RecordAdapter};
use finbridge_domain::record::CrmRecordType;
use finbridge_entity::{Scoped, TenantOwned, account, contact, product, sync_run_item, vendor};
use sea_orm::sea_query::LockType;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::engine::Engine;
use crate::error::SyncError;

/// Whether the record went up in another since the plan. A merge that is under way is waited for; one that begins later
/// finds this item and is refused.
pub(crate) async fn is_merged(
    engine: &Engine,
    record_type: CrmRecordType,
    item: &sync_run_item::Model,
) -> Result<bool, SyncError> {
    let (db, here, id) = (&engine.db, item.organization_id, item.record_id);
    let merged = match record_type {
        CrmRecordType::Account => {
            merged_into(db, account::Entity, account::Column::MergedIntoId, here, id).await?
        }
        CrmRecordType::Contact => {
            merged_into(db, contact::Entity, contact::Column::MergedIntoId, here, id).await?
        }
        CrmRecordType::Vendor => {
            merged_into(db, vendor::Entity, vendor::Column::MergedIntoId, here, id).await?
        }
        CrmRecordType::Product => {
            merged_into(db, product::Entity, product::Column::MergedIntoId, here, id).await?
        }
    };
    Ok(merged)
}

async fn merged_into<E: TenantOwned>(
    db: &impl ConnectionTrait,
    _: E,
    column: E::Column,
    organization_id: Uuid,
    id: Uuid,
) -> Result<bool, DbErr> {
    let into = E::find()
        .filter(E::organization_column().eq(organization_id))
        .filter(E::id_column().eq(id))
        .select_only()
        .column(column)
        .lock(LockType::Share)
        .into_tuple::<Option<Uuid>>()
        .one(db)
        .await?;
    Ok(into.flatten().is_some())
}

/// Lets the finance record name the CRM record that took it over, in place of the merged one that it was made for. Whatever
/// else it names was somebody's will there and stays, so linking is then refused.
pub(crate) async fn rename_reference(
    engine: &Engine,
    item: &sync_run_item::Model,
    adapter: &dyn RecordAdapter,
    connection: &Connection,
    remote_id: &str,
    wanted: CrmReference,
) -> Result<(), SyncError> {
    let named = adapter.fetch(connection, remote_id).await?.crm_reference;
    if named == Some(wanted) {
        return Ok(());
    }
    if let Some(named) = named.filter(|named| named.record_type == wanted.record_type)
        && was_merged(&engine.db, item, named).await?
    {
        adapter.unlink(connection, remote_id).await?;
    }
    Ok(adapter.link(connection, remote_id, wanted).await?)
}

/// Whether the named record went up in the item's.
async fn was_merged(
    db: &impl ConnectionTrait,
    item: &sync_run_item::Model,
    named: CrmReference,
) -> Result<bool, DbErr> {
    macro_rules! went_up {
        ($table:ident) => {
            $table::Entity::of(item.organization_id)
                .filter($table::Column::WireId.eq(named.wire_id.0))
                .filter($table::Column::MergedIntoId.eq(item.record_id))
                .one(db)
                .await?
                .is_some()
        };
    }
    Ok(match named.record_type {
        CrmRecordType::Account => went_up!(account),
        CrmRecordType::Contact => went_up!(contact),
        CrmRecordType::Vendor => went_up!(vendor),
        CrmRecordType::Product => went_up!(product),
    })
}
