//! Finding documents that are gone: finance apps do not tell of them (A17.28).

use chrono::{DateTime, TimeDelta, Utc};
use finbridge_contract::{Cursor, FailureKind};
use finbridge_entity::{Scoped, begin_write, document, document_feed};
use sea_orm::sea_query::{Expr, LockType};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::read::{Reader, fetch};
use crate::error::SyncError;

/// How often.
const EVERY: TimeDelta = TimeDelta::hours(24);

/// Documents that are looked for one by one in a piece.
const BATCH: u64 = 100;

/// A sweep that is under way.
#[derive(Clone, Serialize, Deserialize)]
struct Sweep {
    /// What it marks with.
    id: Uuid,
    /// When it began: what was read since is there.
    began_at: DateTime<Utc>,
    /// Where to read on.
    after: Option<Cursor>,
    /// Whether every id was read. Before that nothing is gone.
    is_complete: bool,
}

/// Sweeps where that is due. Whether it came to its end: one that did not goes on with the next reading.
pub(super) async fn if_due(reader: &mut Reader<'_>, stop: &CancellationToken) -> Result<bool, SyncError> {
    let now = reader.engine.clock.now();
    let under_way = reader.feed.sweep.clone().and_then(|sweep| serde_json::from_value::<Sweep>(sweep).ok());
    let mut sweep = match (under_way, reader.feed.swept_at) {
        (Some(sweep), _) => sweep,
        (None, Some(swept_at)) if swept_at + EVERY <= now => {
            Sweep { id: reader.engine.ids.uuid(), began_at: now, after: None, is_complete: false }
        }
        (None, Some(_)) => return Ok(true),
        // The first reading has just seen them all.
        (None, None) => return note(reader, None, &[], Some(now)).await,
    };
    while !sweep.is_complete {
        if stop.is_cancelled() {
            return Ok(false);
        }
        let page = reader.adapter()?.list_ids(&reader.remote.connection, sweep.after.as_ref()).await?;
        sweep.is_complete = page.next.is_none();
        sweep.after = page.next;
        if !note(reader, Some(&sweep), &page.ids, None).await? {
            return Ok(false);
        }
    }
    loop {
        let missing: Vec<String> = document::Entity::of(reader.feed.organization_id)
            .select_only()
            .column(document::Column::RemoteId)
            .filter(document::Column::FinanceOrganizationId.eq(reader.remote.organization.id))
            .filter(document::Column::Kind.eq(reader.kind.as_str()))
            .filter(document::Column::DeletedAt.is_null())
            .filter(document::Column::ReadAt.lt(sweep.began_at))
            .filter(
                Condition::any()
                    .add(document::Column::SeenInSweep.is_null())
                    .add(document::Column::SeenInSweep.ne(sweep.id.to_string())),
            )
            .order_by_asc(document::Column::Id)
            .limit(BATCH)
            .into_tuple()
            .all(&reader.engine.db)
            .await?;
        if missing.is_empty() {
            return note(reader, None, &[], Some(now)).await;
        }
        for remote_id in &missing {
            if stop.is_cancelled() {
                return Ok(false);
            }
            // That a list lacks it proves nothing: only the finance app's own word does.
            match fetch(reader.engine, &reader.remote, reader.kind, remote_id).await {
                Ok(_) => {}
                Err(SyncError::Finance(failure)) if failure.kind == FailureKind::Refused => {}
                Err(error) => return Err(error),
            }
        }
        // What is there after all is not asked about again.
        if !note(reader, Some(&sweep), &missing, None).await? {
            return Ok(false);
        }
    }
}

/// Marks what was seen, and notes how far the sweep is. False: the feed is not ours any more.
async fn note(
    reader: &mut Reader<'_>,
    sweep: Option<&Sweep>,
    seen: &[String],
    ended_at: Option<DateTime<Utc>>,
) -> Result<bool, SyncError> {
    let stored = sweep
        .map(serde_json::to_value)
        .transpose()
        .map_err(|source| SyncError::Corrupt { what: "a sweep", source })?;
    let transaction = begin_write(&reader.engine.db).await?;
    if let (Some(sweep), false) = (sweep, seen.is_empty()) {
        // Locked in the order in which everybody locks them.
        let locked: Vec<Uuid> = document::Entity::of(reader.feed.organization_id)
            .select_only()
            .column(document::Column::Id)
            .filter(document::Column::FinanceOrganizationId.eq(reader.remote.organization.id))
            .filter(document::Column::Kind.eq(reader.kind.as_str()))
            .filter(document::Column::RemoteId.is_in(seen))
            .order_by_asc(document::Column::RemoteId)
            .lock(LockType::NoKeyUpdate)
            .into_tuple()
            .all(&transaction)
            .await?;
        document::Entity::update_many()
            .col_expr(document::Column::SeenInSweep, Expr::value(Some(sweep.id.to_string())))
            .filter(document::Column::OrganizationId.eq(reader.feed.organization_id))
            .filter(document::Column::Id.is_in(locked))
            .exec(&transaction)
            .await?;
    }
    let mut change = reader.ours().col_expr(document_feed::Column::Sweep, Expr::value(stored.clone()));
    if ended_at.is_some() {
        change = change.col_expr(document_feed::Column::SweptAt, Expr::value(ended_at));
    }
    if !reader.renew(&transaction, change).await? {
        return Ok(false);
    }
    transaction.commit().await?;
    reader.feed.sweep = stored;
    reader.feed.swept_at = ended_at.or(reader.feed.swept_at);
    Ok(true)
}
