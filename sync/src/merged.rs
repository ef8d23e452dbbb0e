//! CRM records that went up in another: what a run still holds of them, and what names them on the finance side.

use std::collections::HashSet;

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
    Ok(!among(&engine.db, record_type, item.organization_id, &[item.record_id]).await?.is_empty())
}

/// Which of these records went up in others.
pub(crate) async fn among(
    db: &impl ConnectionTrait,
    record_type: CrmRecordType,
    organization_id: Uuid,
    ids: &[Uuid],
) -> Result<HashSet<Uuid>, DbErr> {
    macro_rules! merged {
        ($table:ident) => {
            of_table(db, $table::Entity, $table::Column::MergedIntoId, organization_id, ids).await
        };
    }
    match record_type {
        CrmRecordType::Account => merged!(account),
        CrmRecordType::Contact => merged!(contact),
        CrmRecordType::Vendor => merged!(vendor),
        CrmRecordType::Product => merged!(product),
    }
}

async fn of_table<E: TenantOwned>(
    db: &impl ConnectionTrait,
    _: E,
    column: E::Column,
    organization_id: Uuid,
    ids: &[Uuid],
) -> Result<HashSet<Uuid>, DbErr> {
    let rows: Vec<(Uuid, Option<Uuid>)> = E::find()
        .filter(E::organization_column().eq(organization_id))
        .filter(E::id_column().is_in(ids.iter().copied()))
        .select_only()
        .column(E::id_column())
        .column(column)
        .lock(LockType::Share)
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().filter(|(_, into)| into.is_some()).map(|(id, _)| id).collect())
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
