//! How far transactions were read.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use finbridge_domain::NodeKind;

use super::TransactionKind;
use crate::graphql::context::{Asked, uuid};
use crate::graphql::error::{payload, top_level};
use crate::graphql::scalar::DateTime;
use crate::service::document_feed::{self as service, Feed};

/// Why the last reading failed.
#[derive(SimpleObject)]
pub struct TransactionFeedError {
    /// What kind of failure, as a word for programs.
    code: String,
    /// What happened; for people.
    message: Option<String>,
}

/// How far the transactions of one kind of an integration were read.
pub struct TransactionFeed(Feed);

/// How far the transactions of one kind of an integration were read.
#[Object]
impl TransactionFeed {
    /// Which transactions.
    async fn kind(&self) -> TransactionKind {
        self.0.kind.into()
    }

    /// Whether a first reading has ended: before that, a list of transactions lacks what was not read yet. Where transactions come on
    /// demand, false until somebody sends `transactionsFetch`.
    async fn is_fetched(&self) -> bool {
        self.0.row.as_ref().is_some_and(|row| row.is_fetched)
    }

    /// When a reading last ended; null before the first one has.
    async fn fetched_at(&self) -> Option<DateTime> {
        self.0.row.as_ref()?.fetched_at.map(DateTime)
    }

    /// When they are read next by themselves, or, where that is in the past, since when a reading is under way or waits for its turn.
    /// Null while nobody asks for one.
    async fn due_at(&self) -> Option<DateTime> {
        self.0.row.as_ref()?.due_at.map(DateTime)
    }

    /// Why the last reading failed; it is tried again by itself. Null when it did not.
    async fn error(&self) -> Option<TransactionFeedError> {
        let row = self.0.row.as_ref()?;
        Some(TransactionFeedError { code: row.error_code.clone()?, message: row.error_message.clone() })
    }
}

/// Asking for transactions to be read.
#[derive(InputObject)]
pub struct TransactionsFetchInput {
    /// Which integration.
    integration_id: ID,
    /// Only these kinds; all that the integration shows when left out or empty.
    #[graphql(validator(max_items = 20))]
    kinds: Option<Vec<TransactionKind>>,
}

payload! {
    /// What came of asking for transactions to be read.
    TransactionsFetchPayload {
        /// How far those kinds are read now; ask again with `transactionFeeds`, the reading goes on by itself.
        feeds: Vec<TransactionFeed>
    }
}

/// Reading how far transactions were read.
#[derive(Default)]
pub struct TransactionFeedQuery;

#[Object]
impl TransactionFeedQuery {
    /// How far each kind of transaction of an integration was read: the kinds that it shows, ten at most, so a plain list. Empty where
    /// it shows none, as one way connections do; null when there is no such integration.
    async fn transaction_feeds(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which integration.")] integration_id: ID,
    ) -> Result<Option<Vec<TransactionFeed>>> {
        let integration = uuid(NodeKind::Integration, &integration_id)?;
        let feeds = service::list(ctx.services()?, integration).await.map_err(top_level)?;
        Ok(feeds.map(|feeds| feeds.into_iter().map(TransactionFeed).collect()))
    }
}

/// Asking for transactions to be read.
#[derive(Default)]
pub struct TransactionFeedMutation;

#[Object]
impl TransactionFeedMutation {
    /// Has transactions of an integration read now: the first time all of them, later what changed since. Answers at once; the reading
    /// goes on by itself. Needed only where transactions come on demand; elsewhere they come by themselves, and this makes them come
    /// now. User errors: NOT_FOUND, MODULE_NOT_SUPPORTED for kinds that the integration does not show, RECONNECT_NEEDED.
    async fn transactions_fetch(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to read.")] input: TransactionsFetchInput,
    ) -> Result<TransactionsFetchPayload> {
        let integration = uuid(NodeKind::Integration, &input.integration_id)?;
        let kinds: Vec<_> = input.kinds.unwrap_or_default().into_iter().map(Into::into).collect();
        let asked = service::fetch(ctx.services()?, integration, &kinds).await;
        TransactionsFetchPayload::of(asked, |feeds| feeds.into_iter().map(TransactionFeed).collect())
    }
}
