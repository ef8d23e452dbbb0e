//! What of an integration's documents is read, and when.

use chrono::{DateTime, TimeDelta, Utc};
use finbridge_contract::{Failure, FailureKind};
use finbridge_domain::profile::TransactionSync;
use finbridge_domain::{CapabilityProfile, DocumentKind};
use finbridge_entity::types::IntegrationState;
use finbridge_entity::{Scoped, begin_write, document_feed, integration};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ColumnTrait, Condition, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set,
};

use crate::engine::Engine;
use crate::error::SyncError;
use crate::job::read_documents;
use crate::lease::LEASE;
use crate::queue;

/// How often documents of profiles that read by themselves are looked for, beside what webhooks wake.
pub const EVERY: TimeDelta = TimeDelta::hours(2);

/// Readings that are begun in one tick.
const MOST_AT_ONCE: u64 = 20;

/// Longest wait after failures.
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(1);

/// How the documents of an integration come.
pub fn sync_of(integration: &integration::Model) -> TransactionSync {
    CapabilityProfile::by_key(&integration.profile_key)
        .map_or(TransactionSync::None, |profile| profile.transactions_of(integration.is_one_way))
}

/// Makes the feeds of these kinds, as far as the profile has them and they are not there yet; of all kinds where none is named.
/// Profiles that read by themselves begin at once, the others when somebody asks (R113). `history_days` limits how far back the
/// first reading goes.
///
/// # Errors
/// The database's.
pub async fn ensure(
    engine: &Engine,
    transaction: &DatabaseTransaction,
    integration: &integration::Model,
    kinds: Option<&[DocumentKind]>,
    history_days: Option<u32>,
) -> Result<(), SyncError> {
    let Some(profile) = CapabilityProfile::by_key(&integration.profile_key) else { return Ok(()) };
    let now = engine.clock.now();
    let is_instant = sync_of(integration) == TransactionSync::Instant;
    let history_from = history_days.map(|days| (now - TimeDelta::days(days.into())).date_naive());
    let offered = profile.documents_of(integration.is_one_way).iter();
    let feeds: Vec<_> = offered
        .filter(|kind| kinds.is_none_or(|kinds| kinds.contains(kind)))
        .map(|kind| document_feed::ActiveModel {
            organization_id: Set(integration.organization_id),
            id: Set(engine.ids.uuid()),
            integration_id: Set(integration.id),
            kind: Set(kind.as_str().to_owned()),
            history_from: Set(history_from),
            cursor: Set(None),
            is_fetched: Set(false),
            fetched_at: Set(None),
            due_at: Set(is_instant.then_some(now)),
            swept_at: Set(None),
            sweep: Set(None),
            lease_owner: Set(None),
            lease_until: Set(None),
            failures: Set(0),
            error_code: Set(None),
            error_message: Set(None),
        })
        .collect();
    if feeds.is_empty() {
        return Ok(());
    }
    use document_feed::Column;
    document_feed::Entity::insert_many(feeds)
        .on_conflict(
            OnConflict::columns([Column::OrganizationId, Column::IntegrationId, Column::Kind])
                .do_nothing()
                .to_owned(),
        )
        .exec_without_returning(transaction)
        .await?;
    if is_instant {
        enqueue_due(engine, transaction, integration, now).await?;
    }
    Ok(())
}

/// Has documents of these kinds read now.
///
/// # Errors
/// The database's.
pub async fn request(
    engine: &Engine,
    transaction: &DatabaseTransaction,
    integration: &integration::Model,
    kinds: &[DocumentKind],
) -> Result<(), SyncError> {
    ensure(engine, transaction, integration, Some(kinds), None).await?;
    let now = engine.clock.now();
    document_feed::Entity::update_many()
        .col_expr(document_feed::Column::DueAt, Expr::value(Some(now)))
        .filter(document_feed::Column::OrganizationId.eq(integration.organization_id))
        .filter(document_feed::Column::IntegrationId.eq(integration.id))
        .filter(document_feed::Column::Kind.is_in(kinds.iter().map(|kind| kind.as_str())))
        .exec(transaction)
        .await?;
    enqueue_due(engine, transaction, integration, now).await
}

async fn enqueue_due(
    engine: &Engine,
    transaction: &DatabaseTransaction,
    integration: &integration::Model,
    now: DateTime<Utc>,
) -> Result<(), SyncError> {
    let due = document_feed::Entity::of(integration.organization_id)
        .filter(document_feed::Column::IntegrationId.eq(integration.id))
        .filter(document_feed::Column::DueAt.lte(now))
        .all(transaction)
        .await?;
    let jobs = due.iter().map(read_documents::job).collect::<Result<_, _>>()?;
    Ok(queue::enqueue_all(engine.queue.as_ref(), transaction, jobs).await?)
}

/// Wakes the feeds whose time has come and that nobody reads. Many workers may do it at once.
///
/// # Errors
/// The database's.
pub async fn wake_due(engine: &Engine) -> Result<(), SyncError> {
    let now = engine.clock.now();
    let due = document_feed::Entity::find()
        .filter(document_feed::Column::DueAt.lte(now))
        .filter(is_free(now))
        .order_by_asc(document_feed::Column::DueAt)
        .limit(MOST_AT_ONCE)
        .all(&engine.db)
        .await?;
    for feed in due {
        let transaction = begin_write(&engine.db).await?;
        let integration =
            integration::Entity::one_of(feed.organization_id, feed.integration_id).one(&transaction).await?;
        let is_active = integration.is_some_and(|one| one.state == IntegrationState::Active);
        // Whoever moves the time is the one who wakes it; a reading that begins moves it again.
        let later = now + if is_active { LEASE } else { LONGEST_WAIT };
        let moved = document_feed::Entity::update_many()
            .col_expr(document_feed::Column::DueAt, Expr::value(Some(later)))
            .filter(document_feed::Column::OrganizationId.eq(feed.organization_id))
            .filter(document_feed::Column::Id.eq(feed.id))
            .filter(document_feed::Column::DueAt.eq(feed.due_at))
            .exec(&transaction)
            .await?;
        if moved.rows_affected == 1 && is_active {
            engine.queue.enqueue(&transaction, read_documents::job(&feed)?).await?;
        }
        transaction.commit().await?;
    }
    Ok(())
}

/// Feeds that nobody reads at this moment.
pub(super) fn is_free(now: DateTime<Utc>) -> Condition {
    Condition::any()
        .add(document_feed::Column::LeaseUntil.is_null())
        .add(document_feed::Column::LeaseUntil.lte(now))
}

/// When a feed is tried again after a failure: as the finance app asks, or else later each time.
pub(super) fn retry_at(now: DateTime<Utc>, failure: &Failure, failures: i32) -> DateTime<Utc> {
    let wait = match failure.kind {
        FailureKind::RateLimited { retry_after: Some(wait) } => {
            TimeDelta::from_std(wait).unwrap_or(LONGEST_WAIT)
        }
        _ => TimeDelta::minutes(1 << failures.clamp(0, 6)),
    };
    now + wait.min(LONGEST_WAIT)
}
