//! `transactionLinkDeal` and `transactionUnlinkDeal`.

use async_graphql::{Context, ID, InputObject, Object, Result};
use finbridge_domain::NodeKind;

use crate::graphql::context::{Asked, uuid};
use crate::graphql::error::payload;
use crate::graphql::transaction::job::TransactionJob;
use crate::service::document_act;

/// Which transaction is linked to which deal.
#[derive(InputObject)]
pub struct TransactionLinkDealInput {
    /// Which transaction: an estimate, a sales order or an invoice.
    id: ID,
    /// Which deal; one of the customer's own, as `transaction { customer { account { deals } } }` lists them.
    deal_id: ID,
}

payload! {
    /// What came of asking for a link.
    TransactionLinkDealPayload {
        /// The job that links the two; null when there are user errors.
        job: TransactionJob
    }
}

/// Which transaction leaves its deal.
#[derive(InputObject)]
pub struct TransactionUnlinkDealInput {
    /// Which transaction.
    id: ID,
}

payload! {
    /// What came of asking for a link to be taken away.
    TransactionUnlinkDealPayload {
        /// The job that takes it away; null when there are user errors.
        job: TransactionJob
    }
}

/// `transactionLinkDeal` and `transactionUnlinkDeal`.
#[derive(Default)]
pub struct TransactionLinks;

#[Object]
impl TransactionLinks {
    /// Links a transaction to a deal, on both sides. It has one deal at most: another link is replaced. User errors:
    /// LINK_NOT_SUPPORTED for kinds and integrations that link no deals, DEAL_CUSTOMER_MISMATCH for a deal of somebody else.
    async fn transaction_link_deal(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which transaction, and which deal.")] input: TransactionLinkDealInput,
    ) -> Result<Option<TransactionLinkDealPayload>> {
        let id = uuid(NodeKind::Transaction, &input.id)?;
        let deal = uuid(NodeKind::Deal, &input.deal_id)?;
        let asked = document_act::link(ctx.services()?, id, deal).await;
        TransactionLinkDealPayload::of(asked, TransactionJob::from).map(Some)
    }

    /// Takes the link between a transaction and its deal away, on both sides. Both of them stay.
    async fn transaction_unlink_deal(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which transaction.")] input: TransactionUnlinkDealInput,
    ) -> Result<Option<TransactionUnlinkDealPayload>> {
        let id = uuid(NodeKind::Transaction, &input.id)?;
        let asked = document_act::unlink(ctx.services()?, id).await;
        TransactionUnlinkDealPayload::of(asked, TransactionJob::from).map(Some)
    }
}
