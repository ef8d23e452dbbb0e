//! Reading what changed on the finance side into the mirror that matching and merging look at.

mod mirror;
mod sweep;
mod whole;

use finbridge_contract::{Cursor, RecordAdapter};
use finbridge_domain::record::RecordKind;
use finbridge_domain::{CrmModule, Direction, SyncModule, SyncSettings};
use finbridge_entity::{Scoped, begin_write, sync_module};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::engine::{Engine, Remote};
use crate::error::SyncError;

pub use mirror::{customer_kind, edited, forget, gone, keep_apart, mirror, unlinked};
pub(crate) use sweep::is_sweep_due;

/// What is read for a module.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a> {
    /// The module's row.
    pub module_id: Uuid,
    /// The module.
    pub module: SyncModule,
    /// The settings that it is read for.
    pub settings: &'a SyncSettings,
    /// Whether every pair is compared, so that linked records are needed with all their fields.
    pub is_reconcile: bool,
    /// Whether it is for a plan that nobody carries out: what takes long is left to runs.
    pub is_preview: bool,
}

impl Reading<'_> {
    /// The kind that has a list of its own; what belongs to its records is read with them.
    fn kind(&self) -> RecordKind {
        self.module.kinds().first().copied().unwrap_or(RecordKind::Customer)
    }

    /// Whether records are needed with all their fields: where changes of the finance side are taken, or compared.
    fn needs_whole(&self) -> bool {
        self.settings.direction == Direction::BothWays || self.is_reconcile
    }

    /// Whether persons are read with their customers.
    fn has_persons(&self) -> bool {
        self.module == SyncModule::Customers
            && self.settings.crm_module == Some(CrmModule::AccountsAndContacts)
    }
}

/// The adapter of a kind.
///
/// # Errors
/// When the app has no such records.
pub fn adapter(remote: &Remote, kind: RecordKind) -> Result<&dyn RecordAdapter, SyncError> {
    remote.connector.records(kind).ok_or(SyncError::Missing("the records of this finance app"))
}

/// Reads the finance side's changes up to now. Each page moves the stored cursor in the transaction that stores the
/// page, so an interrupted read goes on where it was. Returns false when it was told to stop before the end.
///
/// # Errors
/// The finance app's failure: what was read before it stays read.
pub async fn read_changes(
    engine: &Engine,
    remote: &Remote,
    reading: Reading<'_>,
    stop: &CancellationToken,
) -> Result<bool, SyncError> {
    let organization_id = remote.organization.organization_id;
    let kind = reading.kind();
    let adapter = adapter(remote, kind)?;
    let is_first = module(engine, organization_id, reading.module_id).await?.remote_cursor.is_none();
    loop {
        if stop.is_cancelled() {
            return Ok(false);
        }
        let cursor = module(engine, organization_id, reading.module_id).await?.remote_cursor.map(Cursor);
        let page = adapter.list_changed(&remote.connection, cursor.as_ref()).await?;
        let transaction = begin_write(&engine.db).await?;
        mirror::changed(engine, &transaction, remote, kind, page.records).await?;
        sync_module::Entity::update_many()
            .col_expr(sync_module::Column::RemoteCursor, Expr::value(page.next.0))
            .filter(sync_module::Column::OrganizationId.eq(organization_id))
            .filter(sync_module::Column::Id.eq(reading.module_id))
            .exec(&transaction)
            .await?;
        transaction.commit().await?;
        if !page.more {
            break;
        }
    }
    if !reading.is_preview && !sweep::sweep_if_due(engine, remote, reading, is_first, stop).await? {
        return Ok(false);
    }
    if reading.needs_whole() {
        return whole::read_whole(engine, remote, reading, stop).await;
    }
    Ok(true)
}

async fn module(
    engine: &Engine,
    organization_id: Uuid,
    module_id: Uuid,
) -> Result<sync_module::Model, SyncError> {
    sync_module::Entity::one_of(organization_id, module_id)
        .one(&engine.db)
        .await?
        .ok_or(SyncError::Missing("the sync module"))
}
