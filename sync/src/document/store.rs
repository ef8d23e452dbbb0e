//! Writing what was read of documents.

use std::collections::{BTreeMap, HashMap, HashSet};

use finbridge_contract::RemoteDocument;
use finbridge_domain::DocumentKind;
use finbridge_entity::{Scoped, document, document_line};
use sea_orm::sea_query::{LockType, OnConflict};
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, Iterable,
    QueryFilter, QueryOrder, QuerySelect, Select, Set, TryIntoModel, Unchanged,
};
use uuid::Uuid;

use super::told::{Reading, deals};
use crate::bulk;
use crate::engine::{Engine, Remote};
use crate::error::SyncError;

/// A document in a foreign currency, of which the finance app tells no rate: it has no amount in the home currency (A17.21).
pub const EXCHANGE_RATE_MISSING: &str = "EXCHANGE_RATE_MISSING";

/// A document whose home amount cannot be kept: the rate or the result is beyond all bounds.
pub const EXCHANGE_RATE_UNUSABLE: &str = "EXCHANGE_RATE_UNUSABLE";

/// A document after a reading.
#[derive(Debug, Clone)]
pub struct Kept {
    /// The row.
    pub row: document::Model,
    /// Whether the reading changed something of it.
    pub is_changed: bool,
}

/// Keeps documents of one kind as they were read, whole ones with their lines, and returns the rows. What was read earlier than
/// what is kept already changes nothing, and what lists tell does not take the place of a whole document of the same state. A
/// document whose amounts cannot be kept exactly is left out: nothing is rounded.
///
/// Others may keep the same documents at this moment. New rows come first and the rest is locked then, both in the order of the
/// ids: so nobody waits for somebody who waits for him, and what is compared and replaced is what the last one left.
///
/// # Errors
/// The database's.
pub async fn keep(
    engine: &Engine,
    transaction: &DatabaseTransaction,
    remote: &Remote,
    kind: DocumentKind,
    documents: &[RemoteDocument],
) -> Result<Vec<Kept>, SyncError> {
    // A page may tell a record twice; the later one is the newer.
    let mut latest: BTreeMap<&str, &RemoteDocument> = BTreeMap::new();
    for one in documents {
        let known = latest.entry(&one.remote_id).or_insert(one);
        if known.modified_at <= one.modified_at {
            *known = one;
        }
    }
    if latest.is_empty() {
        return Ok(Vec::new());
    }
    let organization_id = remote.organization.organization_id;
    let deals = deals(transaction, organization_id, latest.values().copied()).await?;
    let mut readings = Vec::with_capacity(latest.len());
    for one in latest.into_values() {
        match Reading::of(engine, remote, kind, one, &deals) {
            Ok(reading) => readings.push(reading),
            Err(error) => {
                tracing::warn!(document = %one.remote_id, kind = kind.as_str(), %error, "A document was left out of the mirror");
            }
        }
    }
    let fresh = made(engine, transaction, remote, kind, &readings).await?;
    let mut known: HashMap<String, document::Model> = of(remote, kind)
        .filter(document::Column::RemoteId.is_in(readings.iter().map(|one| one.read.remote_id.as_str())))
        .order_by_asc(document::Column::RemoteId)
        .lock(LockType::NoKeyUpdate)
        .all(transaction)
        .await?
        .into_iter()
        .map(|row| (row.remote_id.clone(), row))
        .collect();
    let mut rows = Vec::with_capacity(readings.len());
    let mut changed = Vec::new();
    let mut replaced = Vec::new();
    let mut lines = Vec::new();
    for reading in readings {
        let Some(row) = known.remove(&reading.read.remote_id) else { continue };
        let row = if fresh.contains(&row.id) {
            row
        } else {
            let is_older = row.deleted_at.is_none() && row.remote_modified_at > reading.read.modified_at;
            if is_older || is_same(&row, &reading.columns, reading.read)? {
                rows.push(Kept { row, is_changed: false });
                continue;
            }
            if row.is_whole || reading.read.is_whole {
                replaced.push(row.id);
            }
            let now = keyed(&row, reading.columns.clone());
            changed.push(now.clone());
            now.try_into_model()?
        };
        if reading.read.is_whole {
            lines.extend(reading.lines(engine, &row));
        }
        rows.push(Kept { row, is_changed: true });
    }
    if !replaced.is_empty() {
        document_line::Entity::delete_many()
            .filter(document_line::Column::OrganizationId.eq(organization_id))
            .filter(document_line::Column::DocumentId.is_in(replaced))
            .exec(transaction)
            .await?;
    }
    write(transaction, organization_id, changed).await?;
    // So many values go in one statement; a line has fourteen.
    for some in lines.chunks(1_000) {
        document_line::Entity::insert_many(some.iter().cloned()).exec_without_returning(transaction).await?;
    }
    Ok(rows)
}

/// The documents of this kind in the mirror.
fn of(remote: &Remote, kind: DocumentKind) -> Select<document::Entity> {
    document::Entity::of(remote.organization.organization_id)
        .filter(document::Column::FinanceOrganizationId.eq(remote.organization.id))
        .filter(document::Column::Kind.eq(kind.as_str()))
}

/// Makes the rows of those that have none, and returns the ids of these rows. Those of which somebody else makes one at this moment
/// get none here.
async fn made(
    engine: &Engine,
    transaction: &DatabaseTransaction,
    remote: &Remote,
    kind: DocumentKind,
    readings: &[Reading<'_>],
) -> Result<HashSet<Uuid>, SyncError> {
    use document::Column;
    let known: HashSet<String> = of(remote, kind)
        .select_only()
        .column(Column::RemoteId)
        .filter(Column::RemoteId.is_in(readings.iter().map(|one| one.read.remote_id.as_str())))
        .into_tuple::<String>()
        .all(transaction)
        .await?
        .into_iter()
        .collect();
    let mut ids = HashSet::new();
    let mut rows = Vec::new();
    for one in readings.iter().filter(|one| !known.contains(&one.read.remote_id)) {
        let id = engine.ids.uuid();
        ids.insert(id);
        rows.push(document::ActiveModel {
            organization_id: Set(remote.organization.organization_id),
            id: Set(id),
            finance_organization_id: Set(remote.organization.id),
            integration_id: Set(remote.integration.id),
            kind: Set(kind.as_str().to_owned()),
            remote_id: Set(one.read.remote_id.clone()),
            seen_in_sweep: Set(None),
            version: Set(1),
            created_at: Set(engine.clock.now()),
            ..one.columns.clone()
        });
    }
    if !rows.is_empty() {
        let key = [Column::OrganizationId, Column::FinanceOrganizationId, Column::Kind, Column::RemoteId];
        document::Entity::insert_many(rows)
            .on_conflict(OnConflict::columns(key).do_nothing().to_owned())
            .exec_without_returning(transaction)
            .await?;
    }
    Ok(ids)
}

/// Writes what was told anew of documents that are kept.
async fn write(
    transaction: &DatabaseTransaction,
    organization_id: Uuid,
    changed: Vec<document::ActiveModel>,
) -> Result<(), SyncError> {
    let Some(first) = changed.first() else { return Ok(()) };
    let columns: Vec<_> =
        document::Column::iter().filter(|column| matches!(first.get(*column), ActiveValue::Set(_))).collect();
    let mut rows = Vec::with_capacity(changed.len());
    for one in changed {
        let values = columns.iter().filter_map(|column| one.get(*column).into_value()).collect();
        rows.push((one.id.unwrap(), values));
    }
    Ok(bulk::update::<document::Entity>(transaction, organization_id, &columns, rows).await?)
}

/// Notes that a document is gone. It stays as a tombstone (A17.25).
///
/// # Errors
/// The database's.
pub async fn forget(
    engine: &Engine,
    transaction: &DatabaseTransaction,
    remote: &Remote,
    kind: DocumentKind,
    remote_id: &str,
) -> Result<Option<document::Model>, SyncError> {
    let known = of(remote, kind)
        .filter(document::Column::RemoteId.eq(remote_id))
        .filter(document::Column::DeletedAt.is_null())
        .lock(LockType::NoKeyUpdate)
        .one(transaction)
        .await?;
    let Some(known) = known else { return Ok(None) };
    let now = engine.clock.now();
    let version = known.version;
    let mut row = known.into_active_model();
    row.deleted_at = Set(Some(now));
    row.version = Set(version + 1);
    row.updated_at = Set(now);
    Ok(Some(row.update(transaction).await?))
}

/// Whether a reading tells what is kept already. The finance app's times of change are whole seconds, so that two states can have
/// the same one: only their content tells them apart. Of a whole document that was read again in a list, what lists tell counts.
fn is_same(
    known: &document::Model,
    told: &document::ActiveModel,
    read: &RemoteDocument,
) -> Result<bool, SyncError> {
    if known.deleted_at.is_some() || known.remote_modified_at != read.modified_at {
        return Ok(false);
    }
    let mut now = keyed(known, told.clone()).try_into_model()?;
    (now.read_at, now.updated_at, now.version) = (known.read_at, known.updated_at, known.version);
    if known.is_whole && !read.is_whole {
        let listed = |row: &document::Model| {
            let amounts = (row.total_units, row.balance_units);
            (
                row.remote_status.clone(),
                amounts,
                row.number.clone(),
                row.due_on,
                row.dated_on,
                row.deal_wire_id,
            )
        };
        return Ok(listed(known) == listed(&now));
    }
    Ok(now == *known)
}

/// What was told of a document that is known, with what identifies it.
fn keyed(known: &document::Model, told: document::ActiveModel) -> document::ActiveModel {
    document::ActiveModel {
        organization_id: Unchanged(known.organization_id),
        id: Unchanged(known.id),
        finance_organization_id: Unchanged(known.finance_organization_id),
        integration_id: Unchanged(known.integration_id),
        kind: Unchanged(known.kind.clone()),
        remote_id: Unchanged(known.remote_id.clone()),
        seen_in_sweep: Unchanged(known.seen_in_sweep.clone()),
        version: Set(known.version + 1),
        created_at: Unchanged(known.created_at),
        ..told
    }
}
