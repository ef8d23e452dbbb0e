//! Forgetting runs, lineage, what was asked about documents and what triggers did, once that is older than it has to be kept (X19),
//! a bounded piece at a time.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use finbridge_entity::types::{ConflictState, RunState};
use finbridge_entity::{
    Scoped, begin_write, deal_event, document_act, field_lineage, record_link, sync_conflict, sync_run,
    sync_run_item, sync_run_progress, trigger_log,
};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, LockBehavior, LockType, Query, SelectStatement};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::engine::Engine;
use crate::error::SyncError;

/// Rows that go in one transaction: on SQLite everybody who writes waits for it.
const BATCH: u64 = 500;

/// How often there is a look for what is old enough.
pub(crate) const EVERY: TimeDelta = TimeDelta::hours(1);

/// How long what happened is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Days for which runs that ended are kept, with their items, and what was asked about documents and done by triggers.
    pub history_days: u32,
    /// Days for which it is kept where a value came from, after another took its place.
    pub lineage_days: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self { history_days: 183, lineage_days: 180 }
    }
}

impl Retention {
    /// Runs that ended before this may be forgotten at any moment, and are so in pieces.
    pub fn history_begins(self, now: DateTime<Utc>) -> DateTime<Utc> {
        now - TimeDelta::days(self.history_days.into())
    }
}

/// Forgets one batch of each; true: there may be more. Many workers may do it at once.
///
/// # Errors
/// The database's.
pub async fn prune(engine: &Engine) -> Result<bool, SyncError> {
    let now = engine.clock.now();
    let retention = engine.retention;
    let history = retention.history_begins(now);
    let runs = prune_run(engine, history).await?;
    let lineage = {
        use field_lineage::{Column, Entity};
        let before = now - TimeDelta::days(retention.lineage_days.into());
        prune_rows::<Entity>(engine, (Column::OrganizationId, Column::Id, Column::ReplacedAt), before).await?
    };
    // What was made for a deal stays claimed for ever; only the story of it is forgotten.
    let log = {
        use trigger_log::{Column, Entity};
        prune_rows::<Entity>(engine, (Column::OrganizationId, Column::Id, Column::LoggedAt), history).await?
    };
    let events = {
        use deal_event::{Column, Entity};
        prune_rows::<Entity>(engine, (Column::OrganizationId, Column::Id, Column::HandledAt), history).await?
    };
    let acts = {
        use document_act::{Column, Entity};
        prune_rows::<Entity>(engine, (Column::OrganizationId, Column::Id, Column::FinishedAt), history)
            .await?
    };
    Ok(runs || lineage || log || events || acts)
}

/// A batch of the items of the oldest run, and the run itself with the last of them. Runs whose conflicts still wait for a
/// person stay, and so do those that a run under way refers to.
async fn prune_run(engine: &Engine, before: DateTime<Utc>) -> Result<bool, SyncError> {
    let old = sync_run::Entity::find()
        .filter(sync_run::Column::FinishedAt.lt(before))
        .filter(Expr::exists(open_conflicts()).not())
        .filter(Expr::exists(followers()).not())
        .order_by_asc(sync_run::Column::FinishedAt)
        .one(&engine.db)
        .await?;
    let Some(run) = old else { return Ok(false) };
    let transaction = begin_write(&engine.db).await?;
    // Others who prune wait here, and then find the run smaller or gone.
    let locked =
        sync_run::Entity::one_of(run.organization_id, run.id).lock_exclusive().one(&transaction).await?;
    if locked.is_none() {
        return Ok(true);
    }
    let items: Vec<Uuid> = sync_run_item::Entity::of(run.organization_id)
        .select_only()
        .column(sync_run_item::Column::Id)
        .filter(sync_run_item::Column::RunId.eq(run.id))
        .limit(BATCH)
        .into_tuple()
        .all(&transaction)
        .await?;
    let is_last = u64::try_from(items.len()).unwrap_or(u64::MAX) < BATCH;
    if !items.is_empty() {
        sync_run_item::Entity::delete_many()
            .filter(sync_run_item::Column::OrganizationId.eq(run.organization_id))
            .filter(sync_run_item::Column::Id.is_in(items))
            .exec(&transaction)
            .await?;
    }
    if is_last {
        sync_conflict::Entity::delete_many()
            .filter(sync_conflict::Column::OrganizationId.eq(run.organization_id))
            .filter(sync_conflict::Column::RunId.eq(run.id))
            .exec(&transaction)
            .await?;
        sync_run_progress::Entity::delete_many()
            .filter(sync_run_progress::Column::OrganizationId.eq(run.organization_id))
            .filter(sync_run_progress::Column::Id.eq(run.id))
            .exec(&transaction)
            .await?;
        sync_run::Entity::delete_many()
            .filter(sync_run::Column::OrganizationId.eq(run.organization_id))
            .filter(sync_run::Column::Id.eq(run.id))
            .exec(&transaction)
            .await?;
        tracing::info!(run = %run.id, "A sync run was forgotten: it is older than history has to be");
    }
    transaction.commit().await?;
    Ok(true)
}

/// The conflicts of a run that wait for a person. Those of pairs that are none any more wait for nobody: nothing could be done
/// with a decision.
fn open_conflicts() -> SelectStatement {
    let run = |column: sync_run::Column| (sync_run::Entity, column);
    let conflict = |column: sync_conflict::Column| Expr::col((sync_conflict::Entity, column));
    let link = |column: record_link::Column| Expr::col((record_link::Entity, column));
    let mut pair = Query::select();
    pair.expr(Expr::value(1))
        .from(record_link::Entity)
        .and_where(
            link(record_link::Column::OrganizationId)
                .equals((sync_conflict::Entity, sync_conflict::Column::OrganizationId)),
        )
        .and_where(
            link(record_link::Column::Id).equals((sync_conflict::Entity, sync_conflict::Column::LinkId)),
        );
    let mut open = Query::select();
    open.expr(Expr::value(1))
        .from(sync_conflict::Entity)
        .and_where(
            conflict(sync_conflict::Column::OrganizationId).equals(run(sync_run::Column::OrganizationId)),
        )
        .and_where(conflict(sync_conflict::Column::RunId).equals(run(sync_run::Column::Id)))
        .and_where(sync_conflict::Column::State.eq(ConflictState::Open))
        .and_where(Expr::exists(pair.take()));
    open.take()
}

/// The runs under way that are about what a run failed to do.
fn followers() -> SelectStatement {
    let run = |column: sync_run::Column| (sync_run::Entity, column);
    let later = Alias::new("later");
    let of_later = |column: sync_run::Column| Expr::col((later.clone(), column));
    let mut followers = Query::select();
    followers
        .expr(Expr::value(1))
        .from_as(sync_run::Entity, later.clone())
        .and_where(of_later(sync_run::Column::OrganizationId).equals(run(sync_run::Column::OrganizationId)))
        .cond_where(
            Condition::any()
                .add(of_later(sync_run::Column::RetryOfId).equals(run(sync_run::Column::Id)))
                .add(of_later(sync_run::Column::UndoOfId).equals(run(sync_run::Column::Id))),
        )
        .and_where(of_later(sync_run::Column::State).is_in([RunState::Queued, RunState::Running]));
    followers.take()
}

/// A batch of the rows whose time has come; those that have none yet stay.
async fn prune_rows<E: EntityTrait>(
    engine: &Engine,
    (organization, id, time): (E::Column, E::Column, E::Column),
    before: DateTime<Utc>,
) -> Result<bool, SyncError> {
    let transaction = begin_write(&engine.db).await?;
    let old: Vec<(Uuid, Uuid)> = E::find()
        .select_only()
        .columns([organization, id])
        .filter(time.lt(before))
        .limit(BATCH)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .into_tuple()
        .all(&transaction)
        .await?;
    let count = u64::try_from(old.len()).unwrap_or(u64::MAX);
    let mut of_tenant: BTreeMap<Uuid, Vec<Uuid>> = BTreeMap::new();
    for (organization_id, id) in old {
        of_tenant.entry(organization_id).or_default().push(id);
    }
    for (organization_id, ids) in of_tenant {
        E::delete_many()
            .filter(organization.eq(organization_id))
            .filter(id.is_in(ids))
            .exec(&transaction)
            .await?;
    }
    transaction.commit().await?;
    Ok(count == BATCH)
}
