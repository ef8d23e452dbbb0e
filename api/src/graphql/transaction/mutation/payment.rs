//! `transactionRecordPayment`.

use async_graphql::{Context, ID, InputObject, Object, Result};
use finbridge_domain::NodeKind;

use crate::graphql::context::{Asked, uuid};
use crate::graphql::error::payload;
use crate::graphql::scalar::{Date, Decimal};
use crate::graphql::transaction::job::TransactionJob;
use crate::service::document_act::{self, NewPayment};
use crate::service::idempotency::Idempotency;

/// What was paid of which invoice.
#[derive(InputObject)]
pub struct TransactionRecordPaymentInput {
    /// Which invoice.
    id: ID,
    /// How much, in the invoice's currency: above zero, and no more than is open. All that is open when left out.
    amount: Option<Decimal>,
    /// How it was paid, in the finance app's word, such as "cash" or "banktransfer".
    payment_mode: Option<String>,
    /// When it was paid; today in the finance app when left out.
    dated_on: Option<Date>,
    /// 1 unit of the invoice's currency = so many of the organization's base currency. Left out, the finance app's own; where that has
    /// none the job fails with EXCHANGE_RATE_MISSING. In the base currency itself it is not looked at.
    exchange_rate: Option<Decimal>,
    /// A number of your own, up to 50 characters, such as that of the transfer; one that begins with "FB-" when left out.
    reference: Option<String>,
    /// What is said about it; up to 10,000 characters.
    notes: Option<String>,
    /// A text of your choice, such as a UUID, under which the same request can be sent again without a second payment, for 24
    /// hours. The same key with another input is refused.
    idempotency_key: Option<String>,
}

payload! {
    /// What came of asking for a payment to be recorded.
    TransactionRecordPaymentPayload {
        /// The job that makes the payment; null when there are user errors.
        job: TransactionJob
    }
}

/// `transactionRecordPayment`.
#[derive(Default)]
pub struct TransactionRecordPayment;

#[Object]
impl TransactionRecordPayment {
    /// Records that a customer paid an invoice, or a part of it: the job makes a payment, which is a transaction of its own, and the
    /// invoice is read again a moment after that. User errors: ACT_NOT_ALLOWED where nothing is open, NOT_SUPPORTED for other kinds,
    /// MODULE_NOT_SUPPORTED where the integration has no payments.
    async fn transaction_record_payment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What was paid of which invoice.")] input: TransactionRecordPaymentInput,
    ) -> Result<Option<TransactionRecordPaymentPayload>> {
        let key = input.idempotency_key.as_deref();
        let idempotency = Idempotency::of("transactionRecordPayment", key, &input);
        let payment = NewPayment {
            invoice_id: uuid(NodeKind::Transaction, &input.id)?,
            amount: input.amount.map(|amount| amount.0),
            mode: input.payment_mode,
            dated_on: input.dated_on.map(|day| day.0),
            exchange_rate: input.exchange_rate.map(|rate| rate.0),
            reference: input.reference,
            notes: input.notes,
            idempotency,
        };
        let asked = document_act::record_payment(ctx.services()?, payment).await;
        TransactionRecordPaymentPayload::of(asked, TransactionJob::from).map(Some)
    }
}
