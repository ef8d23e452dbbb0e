//! What webhooks say of documents: a reason to look, and nothing more.

use chrono::TimeDelta;
use finbridge_contract::DocumentNotice;
use finbridge_domain::profile::TransactionSync;
use finbridge_entity::types::IntegrationState;
use finbridge_entity::{Scoped, begin_write, document_feed, integration};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter};

use super::feed;
use crate::engine::Engine;
use crate::error::SyncError;
use crate::job::read_document;
use crate::queue;

/// How soon a feed is read after one of its documents was told of: its cursor finds what other words, which were lost, were
/// about.
const GATHER: TimeDelta = TimeDelta::seconds(2);

/// Has the documents read that a webhook named, at once, and their feeds soon after. False: nothing of it is mirrored.
///
/// # Errors
/// The database's.
pub async fn mark(
    engine: &Engine,
    integration: &integration::Model,
    notices: &[DocumentNotice],
) -> Result<bool, SyncError> {
    let is_read = integration.state == IntegrationState::Active
        && feed::sync_of(integration) == TransactionSync::Instant;
    if notices.is_empty() || !is_read {
        return Ok(false);
    }
    let transaction = begin_write(&engine.db).await?;
    let feeds = document_feed::Entity::of(integration.organization_id)
        .filter(document_feed::Column::IntegrationId.eq(integration.id))
        .filter(document_feed::Column::Kind.is_in(notices.iter().map(|notice| notice.kind.as_str())))
        .all(&transaction)
        .await?;
    let mut jobs = Vec::new();
    for notice in notices {
        let feed = feeds.iter().find(|feed| feed.kind == notice.kind.as_str());
        if let (Some(feed), Some(remote_id)) = (feed, &notice.remote_id) {
            jobs.push(read_document::job(feed.organization_id, integration.id, notice.kind, remote_id)?);
        }
    }
    queue::enqueue_all(engine.queue.as_ref(), &transaction, jobs).await?;
    let soon = engine.clock.now() + GATHER;
    document_feed::Entity::update_many()
        .col_expr(document_feed::Column::DueAt, Expr::value(Some(soon)))
        .filter(document_feed::Column::OrganizationId.eq(integration.organization_id))
        .filter(document_feed::Column::Id.is_in(feeds.iter().map(|feed| feed.id)))
        .filter(
            Condition::any()
                .add(document_feed::Column::DueAt.is_null())
                .add(document_feed::Column::DueAt.gt(soon)),
        )
        .exec(&transaction)
        .await?;
    transaction.commit().await?;
    Ok(!feeds.is_empty())
}
