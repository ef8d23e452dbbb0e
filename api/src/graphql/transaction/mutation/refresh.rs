//! `transactionRefresh`.

use async_graphql::{Context, ID, InputObject, Object, Result};
use finbridge_domain::NodeKind;

use crate::graphql::context::{Asked, uuid};
use crate::graphql::error::payload;
use crate::graphql::transaction::job::TransactionJob;
use crate::service::document_act;

/// Which transaction is read again.
#[derive(InputObject)]
pub struct TransactionRefreshInput {
    /// Which transaction; also one that was found to be gone.
    id: ID,
}

payload! {
    /// What came of asking for a transaction to be read again.
    TransactionRefreshPayload {
        /// The job that reads it; null when there are user errors.
        job: TransactionJob
    }
}

/// `transactionRefresh`.
#[derive(Default)]
pub struct TransactionRefresh;

#[Object]
impl TransactionRefresh {
    /// Reads a transaction again, whole. Transactions are kept up to date by themselves; this is for whoever does not want to wait, and
    /// changes nothing in the finance app.
    async fn transaction_refresh(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which transaction.")] input: TransactionRefreshInput,
    ) -> Result<Option<TransactionRefreshPayload>> {
        let id = uuid(NodeKind::Transaction, &input.id)?;
        let asked = document_act::refresh(ctx.services()?, id).await;
        TransactionRefreshPayload::of(asked, TransactionJob::from).map(Some)
    }
}
