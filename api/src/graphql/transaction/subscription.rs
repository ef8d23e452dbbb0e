//! Watching transactions, what was asked about them, and deals.

use async_graphql::{Context, ID, Result, Subscription};
use finbridge_domain::NodeKind;
use futures::{Stream, StreamExt};

use super::Transaction;
use super::job::TransactionJob;
use crate::graphql::context::{Asked, uuid};
use crate::graphql::deal::Deal;
use crate::graphql::error::top_level;
use crate::service::{document_act, document_changes, follow};

/// Watching transactions and deals.
#[derive(Default)]
pub struct TransactionSubscription;

#[Subscription]
impl TransactionSubscription {
    /// Each transaction that is read anew or found to be gone from now on, as it then is; `deletedAt` tells of those that are gone. What
    /// changes several times within a moment comes once. With both arguments, only those for which both hold; one that is taken off its
    /// deal is not told to those who watch only that deal.
    async fn transaction_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Only transactions linked to this deal; BAD_USER_INPUT when there is none of this id."
        )]
        deal_id: Option<ID>,
        #[graphql(
            desc = "Only transactions of the customer that this account is; BAD_USER_INPUT when there is none of this id."
        )]
        account_id: Option<ID>,
    ) -> Result<impl Stream<Item = Result<Option<Transaction>>> + use<>> {
        let deal = deal_id.map(|id| uuid(NodeKind::Deal, &id)).transpose()?;
        let account = account_id.map(|id| uuid(NodeKind::Account, &id)).transpose()?;
        let changes = document_changes::watch(ctx.services()?, deal, account).await.map_err(top_level)?;
        Ok(changes.map(|change| Ok(Some(Transaction::from(change.map_err(top_level)?)))))
    }

    /// How something stands that was asked of a finance app: at once, then each change, at most five a second, until it has ended. What
    /// lies between two states may be left out, never the last one.
    async fn transaction_job_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which job; BAD_USER_INPUT when there is none of this id in this organization.")]
        id: ID,
    ) -> Result<impl Stream<Item = Result<Option<TransactionJob>>> + use<>> {
        let job = uuid(NodeKind::TransactionJob, &id)?;
        let states = document_act::watch(ctx.services()?, job).await.map_err(top_level)?;
        Ok(states.map(|state| Ok(Some(TransactionJob::from(state.map_err(top_level)?)))))
    }

    /// How a deal stands: at once, then each change, at most five a second. What lies between two states may be left out, never the
    /// last one. It ends with the deal's deletion.
    async fn deal_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which deal; BAD_USER_INPUT when there is none of this id in this organization.")]
        deal_id: ID,
    ) -> Result<impl Stream<Item = Result<Option<Deal>>> + use<>> {
        let deal = uuid(NodeKind::Deal, &deal_id)?;
        let states = follow::deal(ctx.services()?, deal).await.map_err(top_level)?;
        Ok(states.map(|state| Ok(Some(Deal::from(state.map_err(top_level)?)))))
    }
}
