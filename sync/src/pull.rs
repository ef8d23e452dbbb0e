//! Reading what changed on the finance side into the mirror that matching looks at.

use finbridge_contract::{Cursor, CustomerAdapter, RemoteCustomer};
use finbridge_domain::name_key;
use finbridge_entity::{Scoped, begin_write, remote_record, sync_module};
use sea_orm::sea_query::Expr;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, Set};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::engine::{Engine, Remote};
use crate::error::SyncError;
use crate::modules::customers::KIND;

/// Reads the finance side's changes up to now. Each page moves the stored cursor in the transaction that stores the
/// page, so an interrupted read goes on where it was. Returns false when it was told to stop before the end.
///
/// # Errors
/// The finance app's failure: what was read before it stays read.
pub async fn read_changes(
    engine: &Engine,
    remote: &Remote,
    adapter: &dyn CustomerAdapter,
    module_id: Uuid,
    stop: &CancellationToken,
) -> Result<bool, SyncError> {
    let organization_id = remote.organization.organization_id;
    loop {
        if stop.is_cancelled() {
            return Ok(false);
        }
        let module = sync_module::Entity::one_of(organization_id, module_id)
            .one(&engine.db)
            .await?
            .ok_or(SyncError::Missing("the sync module"))?;
        let cursor = module.remote_cursor.map(Cursor);
        let page = adapter.list_changed(&remote.connection, cursor.as_ref()).await?;
        let transaction = begin_write(&engine.db).await?;
        mirror(engine, &transaction, remote, &page.records).await?;
        sync_module::Entity::update_many()
            .col_expr(sync_module::Column::RemoteCursor, Expr::value(page.next.0))
            .filter(sync_module::Column::OrganizationId.eq(organization_id))
            .filter(sync_module::Column::Id.eq(module_id))
            .exec(&transaction)
            .await?;
        transaction.commit().await?;
        if !page.more {
            return Ok(true);
        }
    }
}

/// Stores finance records as read.
///
/// # Errors
/// The database's.
pub async fn mirror(
    engine: &Engine,
    db: &impl ConnectionTrait,
    remote: &Remote,
    records: &[RemoteCustomer],
) -> Result<(), SyncError> {
    if records.is_empty() {
        return Ok(());
    }
    let now = engine.clock.now();
    let mut rows = Vec::with_capacity(records.len());
    for record in records {
        let values = serde_json::to_value(&record.customer.values)
            .map_err(|source| SyncError::Corrupt { what: "a finance record", source })?;
        rows.push(remote_record::ActiveModel {
            organization_id: Set(remote.organization.organization_id),
            id: Set(engine.ids.uuid()),
            finance_organization_id: Set(remote.organization.id),
            kind: Set(KIND.to_owned()),
            remote_id: Set(record.remote_id.clone()),
            name: Set(record.customer.display_name().to_owned()),
            name_key: Set(name_key(record.customer.display_name())),
            crm_reference: Set(record.crm_reference.map(|reference| reference.wire_id.to_string())),
            record: Set(values),
            modified_at: Set(record.modified_at),
            read_at: Set(now),
        });
    }
    use remote_record::Column;
    let same_record = OnConflict::columns([
        Column::OrganizationId,
        Column::FinanceOrganizationId,
        Column::Kind,
        Column::RemoteId,
    ])
    .update_columns([
        Column::Name,
        Column::NameKey,
        Column::CrmReference,
        Column::Record,
        Column::ModifiedAt,
        Column::ReadAt,
    ])
    .to_owned();
    // One statement must not name a record twice, and a page may: the later row is the newer one.
    rows.reverse();
    rows.sort_by(|a, b| a.remote_id.as_ref().cmp(b.remote_id.as_ref()));
    rows.dedup_by(|a, b| a.remote_id.as_ref() == b.remote_id.as_ref());
    remote_record::Entity::insert_many(rows).on_conflict(same_record).exec_without_returning(db).await?;
    Ok(())
}

/// Forgets a finance record that is gone.
///
/// # Errors
/// The database's.
pub async fn forget(db: &impl ConnectionTrait, remote: &Remote, remote_id: &str) -> Result<(), DbErr> {
    remote_record::Entity::delete_many()
        .filter(remote_record::Column::OrganizationId.eq(remote.organization.organization_id))
        .filter(remote_record::Column::FinanceOrganizationId.eq(remote.organization.id))
        .filter(remote_record::Column::Kind.eq(KIND))
        .filter(remote_record::Column::RemoteId.eq(remote_id))
        .exec(db)
        .await?;
    Ok(())
}
