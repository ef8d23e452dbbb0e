//! Reading records with all their fields: those that changed while they are linked, and those that shall come into the CRM.
//! Lists do not tell every field, and a field that is not told must not be taken for empty.

use std::collections::HashSet;

use chrono::TimeDelta;
use finbridge_contract::{FailureKind, RemoteRecord};
use finbridge_domain::record::{CustomerKind, RecordKind};
use finbridge_entity::{begin_write, record_link, remote_record};
use futures::StreamExt;
use sea_orm::sea_query::{Condition, Expr, ExprTrait};
use sea_orm::{ColumnTrait, JoinType, QueryFilter, QueryOrder, QuerySelect, QueryTrait};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::mirror::{self, gone, mirror};
use super::{Reading, adapter};
use crate::apply::PARALLEL;
use crate::engine::{Engine, Remote};
use crate::error::SyncError;

/// Records looked up at a time.
const BATCH: u64 = 100;

/// A record that was read so soon after its last change may have changed once more without a trace: finance apps tell times by
/// the second, and their clocks and ours differ.
const UNSURE: TimeDelta = TimeDelta::seconds(60);

/// Reads what has to be known as a whole. Returns false when it was told to stop before the end; it goes on there.
pub(super) async fn read_whole(
    engine: &Engine,
    remote: &Remote,
    reading: Reading<'_>,
    stop: &CancellationToken,
) -> Result<bool, SyncError> {
    let mut after: Option<Uuid> = None;
    loop {
        let (rows, last) = unread(engine, remote, reading, after).await?;
        if last.is_none() {
            return Ok(true);
        }
        after = last;
        let mut reads = futures::stream::iter(rows)
            .map(|row| async move {
                if stop.is_cancelled() {
                    return Ok(false);
                }
                read_one(engine, remote, reading, &row.remote_id).await.map(|()| true)
            })
            .buffer_unordered(PARALLEL);
        while let Some(result) = reads.next().await {
            if !result? {
                return Ok(false);
            }
        }
    }
}

/// The next rows that are to be read, and the last one that was looked at; none when there are no more. Those are rows that
/// are known in part only, and either changed while they are linked or are not linked. Where every pair is compared, all that
/// are known in part, because a change may have been passed over when only the CRM's side counted, and all that may have
/// changed unnoticed after they were read.
async fn unread(
    engine: &Engine,
    remote: &Remote,
    reading: Reading<'_>,
    after: Option<Uuid>,
) -> Result<(Vec<remote_record::Model>, Option<Uuid>), SyncError> {
    let link = |column: record_link::Column| Expr::col((record_link::Entity, column));
    let row = |column: remote_record::Column| (remote_record::Entity, column);
    let changed = Condition::any()
        .add(link(record_link::Column::Id).is_null())
        .add(link(record_link::Column::IsRemoteDirty).eq(true));
    let in_part = Condition::all().add(remote_record::Column::IsWhole.eq(false)).add(changed);
    let mut select = mirror::rows(remote, reading.kind())
        .filter(Condition::all().add_option((!reading.is_reconcile).then_some(in_part)))
        .order_by_asc(remote_record::Column::Id)
        .limit(BATCH);
    if let Some(after) = after {
        select = select.filter(remote_record::Column::Id.gt(after));
    }
    let on = Condition::all()
        .add(link(record_link::Column::OrganizationId).equals(row(remote_record::Column::OrganizationId)))
        .add(
            link(record_link::Column::FinanceOrganizationId)
                .equals(row(remote_record::Column::FinanceOrganizationId)),
        )
        .add(link(record_link::Column::Kind).equals(row(remote_record::Column::Kind)))
        .add(link(record_link::Column::RemoteId).equals(row(remote_record::Column::RemoteId)));
    QueryTrait::query(&mut select).join(JoinType::LeftJoin, record_link::Entity, on);
    let mut rows = select.all(&engine.db).await?;
    let last = rows.last().map(|row| row.id);
    if reading.is_reconcile {
        rows.retain(|row| !row.is_whole || row.read_at - row.modified_at < UNSURE);
    }
    Ok((rows, last))
}

async fn read_one(
    engine: &Engine,
    remote: &Remote,
    reading: Reading<'_>,
    remote_id: &str,
) -> Result<(), SyncError> {
    let kind = reading.kind();
    let fetched = adapter(remote, kind)?.fetch(&remote.connection, remote_id).await;
    let record = match fetched {
        Ok(record) => record,
        Err(failure) if failure.kind == FailureKind::NotFound => {
            return Ok(gone(&engine.db, remote, kind, remote_id).await?);
        }
        Err(failure) => return Err(failure.into()),
    };
    // The one person of an individual is that customer itself.
    let persons = match reading.has_persons() && record.customer_kind == Some(CustomerKind::Business) {
        true => read_persons(remote, remote_id).await?,
        false => None,
    };
    let transaction = begin_write(&engine.db).await?;
    if let Some(persons) = persons {
        let kind = RecordKind::ContactPerson;
        let here: HashSet<&str> = persons.iter().map(|person| person.remote_id.as_str()).collect();
        let known = mirror::rows(remote, kind)
            .filter(remote_record::Column::ParentId.eq(remote_id))
            .all(&transaction)
            .await?;
        for row in known.iter().filter(|row| !here.contains(row.remote_id.as_str())) {
            gone(&transaction, remote, kind, &row.remote_id).await?;
        }
        mirror::changed_persons(engine, &transaction, remote, &known, persons).await?;
    }
    mirror(engine, &transaction, remote, kind, std::slice::from_ref(&record)).await?;
    Ok(transaction.commit().await?)
}

/// The persons of a customer; none when the customer went away in between.
async fn read_persons(remote: &Remote, remote_id: &str) -> Result<Option<Vec<RemoteRecord>>, SyncError> {
    let adapter = adapter(remote, RecordKind::ContactPerson)?;
    match adapter.fetch_children(&remote.connection, remote_id).await {
        Ok(persons) => Ok(Some(persons)),
        Err(failure) if failure.kind == FailureKind::NotFound => Ok(None),
        Err(failure) => Err(failure.into()),
    }
}
