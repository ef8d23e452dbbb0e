//! Reading documents: page by page, or one.

use std::time::Duration;

use chrono::{DateTime, Utc};
use finbridge_contract::{ChangePage, Cursor, DocumentAdapter, Failure, FailureKind, RemoteDocument};
use finbridge_domain::DocumentKind;
use finbridge_domain::profile::TransactionSync;
use finbridge_entity::types::IntegrationState;
use finbridge_entity::{Scoped, begin_write, document, document_feed, integration};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, Condition, DatabaseTransaction, EntityTrait, QueryFilter, UpdateMany};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::feed::{self, is_free};
use super::store::{self, Kept};
use super::sweep;
use crate::apply::error_code;
use crate::budget::Priority;
use crate::engine::{Engine, Remote};
use crate::error::SyncError;
use crate::event::{Subject, Topic};
use crate::lease::LEASE;
use crate::run;

/// A feed that is being read, by us alone.
pub(super) struct Reader<'a> {
    pub(super) engine: &'a Engine,
    pub(super) remote: Remote,
    pub(super) kind: DocumentKind,
    pub(super) feed: document_feed::Model,
    owner: Uuid,
}

/// Reads what changed of a feed's documents, and looks for what is gone where that is due. What it has read stays read, however
/// it ends.
///
/// # Errors
/// The database's.
pub async fn go_on(
    engine: &Engine,
    organization_id: Uuid,
    feed_id: Uuid,
    stop: &CancellationToken,
) -> Result<(), SyncError> {
    let owner = engine.ids.uuid();
    let now = engine.clock.now();
    let taken = document_feed::Entity::update_many()
        .col_expr(document_feed::Column::LeaseOwner, Expr::value(Some(owner)))
        .col_expr(document_feed::Column::LeaseUntil, Expr::value(Some(now + LEASE)))
        // For the case that this process dies. Any other time was set by somebody since.
        .col_expr(document_feed::Column::DueAt, Expr::value(Some(now + LEASE)))
        .filter(document_feed::Column::OrganizationId.eq(organization_id))
        .filter(document_feed::Column::Id.eq(feed_id))
        .filter(is_free(now))
        .exec(&engine.db)
        .await?;
    let feed = document_feed::Entity::one_of(organization_id, feed_id).one(&engine.db).await?;
    let Some(feed) = feed.filter(|_| taken.rows_affected == 1) else { return Ok(()) };
    let Some((remote, kind)) = target(engine, organization_id, feed.integration_id, &feed.kind).await? else {
        return release(engine, &feed, owner, None).await;
    };
    let mut reader = Reader { engine, remote, kind, feed, owner };
    match reader.read(stop).await {
        Ok(true) => {
            let next = match feed::sync_of(&reader.remote.integration) {
                TransactionSync::Instant => Some(engine.clock.now() + feed::EVERY),
                TransactionSync::OnDemand | TransactionSync::None => None,
            };
            release(engine, &reader.feed, owner, next).await
        }
        // Somebody else goes on, now or after us.
        Ok(false) => release(engine, &reader.feed, owner, Some(engine.clock.now())).await,
        Err(SyncError::Finance(failure)) => reader.failed(&failure).await,
        Err(error) => {
            release(engine, &reader.feed, owner, Some(engine.clock.now() + LEASE)).await?;
            Err(error)
        }
    }
}

/// The integration, where it may be asked, and what is read of it.
async fn target(
    engine: &Engine,
    organization_id: Uuid,
    integration_id: Uuid,
    kind: &str,
) -> Result<Option<(Remote, DocumentKind)>, SyncError> {
    let integration = integration::Entity::one_of(organization_id, integration_id).one(&engine.db).await?;
    let is_active = integration.is_some_and(|one| one.state == IntegrationState::Active);
    let Some(kind) = DocumentKind::by_name(kind).filter(|_| is_active) else { return Ok(None) };
    let remote = engine.remote_for(&engine.db, organization_id, integration_id, Priority::Background).await?;
    let has_kind = remote.connector.documents(kind).is_some();
    Ok(has_kind.then_some((remote, kind)))
}

impl Reader<'_> {
    pub(super) fn adapter(&self) -> Result<&dyn DocumentAdapter, SyncError> {
        self.remote.connector.documents(self.kind).ok_or(SyncError::Missing("the documents of a feed"))
    }

    /// Whether it came to the end.
    async fn read(&mut self, stop: &CancellationToken) -> Result<bool, SyncError> {
        loop {
            if stop.is_cancelled() {
                return Ok(false);
            }
            let cursor = self.feed.cursor.clone().map(Cursor);
            let from = self.feed.history_from.filter(|_| !self.feed.is_fetched);
            let page = self.adapter()?.list_changed(&self.remote.connection, cursor.as_ref(), from).await?;
            let page =
                ChangePage { records: completed(&self.remote, self.kind, page.records).await?, ..page };
            if !self.keep(&page).await? {
                return Ok(false);
            }
            self.feed.cursor = Some(page.next.0);
            if !page.more {
                break;
            }
        }
        sweep::if_due(self, stop).await
    }

    /// Keeps a page together with where to read on. False: somebody else has the feed by now, and nothing was kept.
    async fn keep(&mut self, page: &ChangePage<RemoteDocument>) -> Result<bool, SyncError> {
        let now = self.engine.clock.now();
        let transaction = begin_write(&self.engine.db).await?;
        let kept = store::keep(self.engine, &transaction, &self.remote, self.kind, &page.records).await?;
        let mut feed =
            self.ours().col_expr(document_feed::Column::Cursor, Expr::value(Some(page.next.0.clone())));
        if !page.more {
            feed = feed
                .col_expr(document_feed::Column::IsFetched, Expr::value(true))
                .col_expr(document_feed::Column::FetchedAt, Expr::value(Some(now)))
                .col_expr(document_feed::Column::Failures, Expr::value(0))
                .col_expr(document_feed::Column::ErrorCode, Expr::value(Option::<String>::None))
                .col_expr(document_feed::Column::ErrorMessage, Expr::value(Option::<String>::None));
        }
        if !self.renew(&transaction, feed).await? {
            return Ok(false);
        }
        let topics = topics(&self.feed, &kept);
        self.engine.events.commit(transaction, &topics).await?;
        if !page.more {
            self.feed.is_fetched = true;
        }
        Ok(true)
    }

    /// A change of the feed that is made only while it is ours.
    pub(super) fn ours(&self) -> UpdateMany<document_feed::Entity> {
        document_feed::Entity::update_many()
            .filter(document_feed::Column::OrganizationId.eq(self.feed.organization_id))
            .filter(document_feed::Column::Id.eq(self.feed.id))
            .filter(document_feed::Column::LeaseOwner.eq(self.owner))
    }

    /// Makes the change, and holds the feed for another while. False: it is not ours any more.
    pub(super) async fn renew(
        &self,
        transaction: &DatabaseTransaction,
        change: UpdateMany<document_feed::Entity>,
    ) -> Result<bool, SyncError> {
        let until: DateTime<Utc> = self.engine.clock.now() + LEASE;
        let due_at = Expr::case(is_due_with_lease(), Expr::value(Some(until)))
            .finally(Expr::col(document_feed::Column::DueAt))
            .into();
        let change = change
            .col_expr(document_feed::Column::LeaseUntil, Expr::value(Some(until)))
            .col_expr(document_feed::Column::DueAt, due_at);
        Ok(change.exec(transaction).await?.rows_affected == 1)
    }

    /// Notes why a reading did not get on, and when it is tried again.
    async fn failed(&self, failure: &Failure) -> Result<(), SyncError> {
        let feed = &self.feed;
        tracing::warn!(kind = self.kind.as_str(), %failure, failures = feed.failures, "Documents could not be read");
        if failure.kind == FailureKind::Unauthorized {
            run::mark_reconnect_needed(self.engine, feed.organization_id, feed.integration_id).await?;
        }
        let due = feed::retry_at(self.engine.clock.now(), failure, feed.failures);
        self.ours()
            .col_expr(document_feed::Column::Failures, Expr::value(feed.failures.saturating_add(1)))
            .col_expr(document_feed::Column::ErrorCode, Expr::value(Some(error_code(&failure.kind))))
            .col_expr(document_feed::Column::ErrorMessage, Expr::value(Some(failure.message.clone())))
            .exec(&self.engine.db)
            .await?;
        release(self.engine, feed, self.owner, Some(due)).await
    }
}

/// Whether the feed is due for no other reason than that whoever reads it may die.
fn is_due_with_lease() -> Condition {
    Condition::all().add(Expr::col(document_feed::Column::DueAt).equals(document_feed::Column::LeaseUntil))
}

/// Gives a feed back, to be read again at this time, or sooner where somebody asked for that while it was read.
async fn release(
    engine: &Engine,
    feed: &document_feed::Model,
    owner: Uuid,
    next: Option<DateTime<Utc>>,
) -> Result<(), SyncError> {
    use document_feed::Column;
    let by_lease = Condition::any().add(is_due_with_lease());
    let is_replaced = match next {
        Some(next) => by_lease.add(Column::DueAt.is_null()).add(Column::DueAt.gt(next)),
        None => by_lease,
    };
    let due_at = Expr::case(is_replaced, Expr::value(next)).finally(Expr::col(Column::DueAt)).into();
    document_feed::Entity::update_many()
        .col_expr(Column::DueAt, due_at)
        .col_expr(Column::LeaseOwner, Expr::value(Option::<Uuid>::None))
        .col_expr(Column::LeaseUntil, Expr::value(Option::<DateTime<Utc>>::None))
        .filter(Column::OrganizationId.eq(feed.organization_id))
        .filter(Column::Id.eq(feed.id))
        .filter(Column::LeaseOwner.eq(owner))
        .exec(&engine.db)
        .await?;
    Ok(())
}

/// Documents with what lists do not tell and home amounts need: the currency, and the rate of a foreign one.
async fn completed(
    remote: &Remote,
    kind: DocumentKind,
    documents: Vec<RemoteDocument>,
) -> Result<Vec<RemoteDocument>, SyncError> {
    let Some(adapter) = remote.connector.documents(kind) else { return Ok(documents) };
    let mut complete = Vec::with_capacity(documents.len());
    for one in documents {
        let is_foreign = one.currency_code != remote.organization.base_currency_code;
        if one.is_whole || !is_foreign || (one.exchange_rate.is_some() && !one.currency_code.is_empty()) {
            complete.push(one);
            continue;
        }
        match adapter.fetch(&remote.connection, &one.remote_id).await {
            Ok(whole) => complete.push(whole),
            // It went while it was looked at: the sweep finds that, or it was never kept.
            Err(failure) if failure.kind == FailureKind::NotFound => {}
            Err(failure) => return Err(failure.into()),
        }
    }
    Ok(complete)
}

/// Whom a page concerns. During the first reading nobody is told of single documents.
fn topics(feed: &document_feed::Model, kept: &[Kept]) -> Vec<Topic> {
    let changed = kept.iter().filter(|one| one.is_changed);
    if feed.is_fetched {
        return changed.map(|one| topic(&one.row)).collect();
    }
    let all = Topic::all(feed.organization_id, Subject::Transaction);
    changed.take(1).map(|_| all).collect()
}

pub(crate) fn topic(row: &document::Model) -> Topic {
    Topic::one(row.organization_id, Subject::Transaction, row.id)
}

/// Reads one document that may have changed, and forgets it where it is gone. What fails is left to the next reading of its feed.
///
/// # Errors
/// The database's.
pub async fn one(
    engine: &Engine,
    organization_id: Uuid,
    integration_id: Uuid,
    kind: DocumentKind,
    remote_id: &str,
) -> Result<(), SyncError> {
    let target = target(engine, organization_id, integration_id, kind.as_str()).await?;
    let Some((remote, kind)) = target else { return Ok(()) };
    match fetch(engine, &remote, kind, remote_id).await {
        Ok(_) => Ok(()),
        Err(SyncError::Finance(failure)) => {
            tracing::info!(kind = kind.as_str(), %failure, "A document that changed could not be read; its feed will");
            let due = feed::retry_at(engine.clock.now(), &failure, 0);
            document_feed::Entity::update_many()
                .col_expr(document_feed::Column::DueAt, Expr::value(Some(due)))
                .filter(document_feed::Column::OrganizationId.eq(organization_id))
                .filter(document_feed::Column::IntegrationId.eq(integration_id))
                .filter(document_feed::Column::Kind.eq(kind.as_str()))
                .exec(&engine.db)
                .await?;
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// Reads a document whole and keeps it; none where it is gone, which is noted.
pub(crate) async fn fetch(
    engine: &Engine,
    remote: &Remote,
    kind: DocumentKind,
    remote_id: &str,
) -> Result<Option<document::Model>, SyncError> {
    let adapter = remote.connector.documents(kind).ok_or(SyncError::Missing("the documents of an app"))?;
    let read = match adapter.fetch(&remote.connection, remote_id).await {
        Ok(read) => Some(read),
        Err(failure) if failure.kind == FailureKind::NotFound => None,
        Err(failure) => return Err(failure.into()),
    };
    let transaction = begin_write(&engine.db).await?;
    let (row, changed) = match &read {
        Some(read) => {
            let kept = store::keep(engine, &transaction, remote, kind, std::slice::from_ref(read)).await?;
            let is_changed = kept.iter().any(|one| one.is_changed);
            (kept.into_iter().next().map(|one| one.row), is_changed)
        }
        None => {
            let gone = store::forget(engine, &transaction, remote, kind, remote_id).await?;
            let topics: Vec<Topic> = gone.iter().map(topic).collect();
            engine.events.commit(transaction, &topics).await?;
            return Ok(None);
        }
    };
    let topics: Vec<Topic> = row.iter().filter(|_| changed).map(topic).collect();
    engine.events.commit(transaction, &topics).await?;
    Ok(row)
}

/// A document with everything that the finance app tells of it, read now where lists alone were read so far. Somebody waits for
/// it, `deadline` at most.
///
/// # Errors
/// [`FailureKind::NotFound`] when it is gone, [`FailureKind::Unavailable`] when it did not come in time.
pub async fn whole(
    engine: &Engine,
    row: document::Model,
    deadline: Duration,
) -> Result<document::Model, SyncError> {
    if row.is_whole || row.deleted_at.is_some() {
        return Ok(row);
    }
    let Some(kind) = DocumentKind::by_name(&row.kind) else { return Ok(row) };
    let remote = engine.remote(&engine.db, row.organization_id, row.integration_id).await?;
    if remote.integration.state != IntegrationState::Active {
        return Ok(row);
    }
    let reading = fetch(engine, &remote, kind, &row.remote_id);
    match tokio::time::timeout(deadline, reading).await {
        Ok(read) => read?.ok_or_else(|| Failure::new(FailureKind::NotFound, "the document is gone").into()),
        Err(_) => {
            let message = "the finance app did not answer in time; try again later";
            Err(Failure::new(FailureKind::Unavailable, message).into())
        }
    }
}
