//! The sweep: comparing the ids of all finance records with the mirror, because there is no feed of removals (A17.28).
//! An incomplete sweep removes nothing, and what it misses is asked for once more before it counts as gone.

use chrono::{DateTime, TimeDelta, Utc};
use finbridge_contract::{Cursor, FailureKind};
use finbridge_entity::{begin_write, remote_record, sync_module};
use sea_orm::sea_query::{Condition, Expr};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::mirror::{self, gone, mirror};
use super::{Reading, adapter, module};
use crate::engine::{Engine, Remote};
use crate::error::SyncError;

/// How often everything is looked through.
const EVERY: TimeDelta = TimeDelta::hours(24);

/// Records asked for once more at a time.
const BATCH: u64 = 100;

/// How far a sweep has come. It is kept, so that one that is interrupted goes on where it was: an organization may have more
/// pages of ids than one may ask for at a time.
#[derive(Debug, Serialize, Deserialize)]
struct Sweep {
    /// What rows that were seen carry.
    mark: String,
    begun: DateTime<Utc>,
    /// The next page of ids.
    cursor: Option<Cursor>,
    /// Whether all ids were seen.
    is_listed: bool,
}

/// Whether a day has passed since everything was looked through.
pub(crate) fn is_sweep_due(module: &sync_module::Model, now: DateTime<Utc>) -> bool {
    module.swept_at.is_some_and(|swept_at| now - swept_at >= EVERY)
}

/// Sweeps if a day has passed since the last time. A first reading has seen everything anyway. False: told to stop.
pub(super) async fn sweep_if_due(
    engine: &Engine,
    remote: &Remote,
    reading: Reading<'_>,
    is_first: bool,
    stop: &CancellationToken,
) -> Result<bool, SyncError> {
    let organization_id = remote.organization.organization_id;
    let now = engine.clock.now();
    let module = module(engine, organization_id, reading.module_id).await?;
    let is_due = is_sweep_due(&module, now);
    if !is_first && module.swept_at.is_some() && !is_due {
        return Ok(true);
    }
    if !is_first && is_due && !sweep(engine, remote, reading, stop).await? {
        return Ok(false);
    }
    sync_module::Entity::update_many()
        .col_expr(sync_module::Column::SweptAt, Expr::value(Some(now)))
        .col_expr(sync_module::Column::Sweep, Expr::value(Option::<serde_json::Value>::None))
        .filter(sync_module::Column::OrganizationId.eq(organization_id))
        .filter(sync_module::Column::Id.eq(reading.module_id))
        .exec(&engine.db)
        .await?;
    Ok(true)
}

async fn sweep(
    engine: &Engine,
    remote: &Remote,
    reading: Reading<'_>,
    stop: &CancellationToken,
) -> Result<bool, SyncError> {
    let organization_id = remote.organization.organization_id;
    let kind = reading.kind();
    let adapter = adapter(remote, kind)?;
    let mut so_far = match module(engine, organization_id, reading.module_id).await?.sweep {
        Some(sweep) => serde_json::from_value(sweep)
            .map_err(|source| SyncError::Corrupt { what: "an interrupted sweep", source })?,
        None => Sweep {
            mark: engine.ids.uuid().to_string(),
            begun: engine.clock.now(),
            cursor: None,
            is_listed: false,
        },
    };
    while !so_far.is_listed {
        if stop.is_cancelled() {
            return Ok(false);
        }
        let page = adapter.list_ids(&remote.connection, so_far.cursor.as_ref()).await?;
        let transaction = begin_write(&engine.db).await?;
        remote_record::Entity::update_many()
            .col_expr(remote_record::Column::SeenInSweep, Expr::value(Some(so_far.mark.clone())))
            .filter(remote_record::Column::OrganizationId.eq(organization_id))
            .filter(remote_record::Column::FinanceOrganizationId.eq(remote.organization.id))
            .filter(remote_record::Column::Kind.eq(kind.as_str()))
            .filter(remote_record::Column::RemoteId.is_in(page.ids))
            .exec(&transaction)
            .await?;
        so_far.is_listed = page.next.is_none();
        so_far.cursor = page.next;
        let kept = serde_json::to_value(&so_far)
            .map_err(|source| SyncError::Corrupt { what: "an interrupted sweep", source })?;
        sync_module::Entity::update_many()
            .col_expr(sync_module::Column::Sweep, Expr::value(Some(kept)))
            .filter(sync_module::Column::OrganizationId.eq(organization_id))
            .filter(sync_module::Column::Id.eq(reading.module_id))
            .exec(&transaction)
            .await?;
        transaction.commit().await?;
    }
    let Sweep { mark, begun, .. } = so_far;
    let unseen = Condition::any()
        .add(remote_record::Column::SeenInSweep.is_null())
        .add(remote_record::Column::SeenInSweep.ne(mark));
    let mut after = None;
    loop {
        let mut select = mirror::rows(remote, kind)
            .filter(unseen.clone())
            .filter(remote_record::Column::ReadAt.lt(begun))
            .order_by_asc(remote_record::Column::Id)
            .limit(BATCH);
        if let Some(after) = after {
            select = select.filter(remote_record::Column::Id.gt(after));
        }
        let rows = select.all(&engine.db).await?;
        let Some(last) = rows.last() else { return Ok(true) };
        after = Some(last.id);
        for row in rows {
            if stop.is_cancelled() {
                return Ok(false);
            }
            match adapter.fetch(&remote.connection, &row.remote_id).await {
                // It was there all the time: a page had shifted while the ids were read.
                Ok(record) => mirror(engine, &engine.db, remote, kind, &[record]).await?,
                Err(failure) if failure.kind == FailureKind::NotFound => {
                    let transaction = begin_write(&engine.db).await?;
                    gone(&transaction, remote, kind, &row.remote_id).await?;
                    transaction.commit().await?;
                }
                Err(failure) => return Err(failure.into()),
            }
        }
    }
}
