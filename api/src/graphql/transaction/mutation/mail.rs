//! `transactionMail`.

use async_graphql::{Context, ID, InputObject, Object, Result};
use finbridge_domain::NodeKind;

use crate::graphql::context::{Asked, uuid};
use crate::graphql::error::payload;
use crate::graphql::transaction::job::TransactionJob;
use crate::service::document_act::{self, Letter};
use crate::service::idempotency::Idempotency;

/// Which transaction is mailed, and with what.
#[derive(InputObject)]
pub struct TransactionMailInput {
    /// Which transaction.
    id: ID,
    /// Addresses that the mail goes to; 1 to 20.
    to: Vec<String>,
    /// Addresses that a copy goes to; 20 at most.
    #[graphql(default)]
    cc: Vec<String>,
    /// Subject, up to 250 characters; the finance app's own when left out.
    subject: Option<String>,
    /// Text, up to 10,000 characters; the finance app's own when left out. The document is attached either way.
    body: Option<String>,
    /// A text of your choice, such as a UUID, under which the same request can be sent again without a second mail, for 24
    /// hours. The same key with another input is refused.
    idempotency_key: Option<String>,
}

payload! {
    /// What came of asking for a mail.
    TransactionMailPayload {
        /// The job that has it mailed; null when there are user errors.
        job: TransactionJob
    }
}

/// `transactionMail`.
#[derive(Default)]
pub struct TransactionMailing;

#[Object]
impl TransactionMailing {
    /// Has the finance app mail a transaction, with a copy of it attached. A draft that was mailed counts as sent. A mail of which
    /// nobody knows whether it went out is not sent again by itself: the job fails with MAIL_OUTCOME_UNKNOWN.
    async fn transaction_mail(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which transaction, and with what.")] input: TransactionMailInput,
    ) -> Result<Option<TransactionMailPayload>> {
        let idempotency = Idempotency::of("transactionMail", input.idempotency_key.as_deref(), &input);
        let id = uuid(NodeKind::Transaction, &input.id)?;
        let letter = Letter { to: input.to, cc: input.cc, subject: input.subject, body: input.body };
        let asked = document_act::mail(ctx.services()?, id, letter, idempotency).await;
        TransactionMailPayload::of(asked, TransactionJob::from).map(Some)
    }
}
