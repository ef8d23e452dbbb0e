//! `transactionUpdate`.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result};
use finbridge_domain::NodeKind;

use super::{TransactionLineInput, expenses, lines};
use crate::graphql::context::{Asked, uuid};
use crate::graphql::error::payload;
use crate::graphql::scalar::{Date, Decimal};
use crate::graphql::transaction::job::TransactionJob;
use crate::service::document_act::{self, Content};

/// What changes in a transaction: fields that are left out stay as they are. What its kind does not have is refused with INVALID.
#[derive(InputObject)]
pub struct TransactionUpdateInput {
    /// Which transaction.
    id: ID,
    /// Its lines, 1 to 100; they replace all that are there.
    lines: Option<Vec<TransactionLineInput>>,
    /// 1 unit of its currency = so many of the organization's base currency.
    exchange_rate: Option<Decimal>,
    /// Its day.
    dated_on: Option<Date>,
    /// The day by which it is due: of estimates the last day on which they hold, of orders the day of shipment or delivery.
    due_on: Option<Date>,
    /// What is said to the customer, of expenses what it was for; up to 10,000 characters. Null empties it.
    notes: MaybeUndefined<String>,
    /// Terms and conditions; up to 10,000 characters. Null empties them.
    terms: MaybeUndefined<String>,
    /// A number of your own, up to 50 characters.
    reference: Option<String>,
    /// Of expense reports the name, of bills the vendor's number.
    name: Option<String>,
    /// Of payments and expenses: how much, above zero.
    amount: Option<Decimal>,
    /// Of expenses: the category, by its id in the finance app.
    category_key: Option<String>,
    /// Of payments: how it was paid, in the finance app's word, such as "cash" or "banktransfer".
    payment_mode: Option<String>,
    /// Of expense reports: the expenses in it, 100 at most; they replace all that are there.
    expense_ids: Option<Vec<ID>>,
}

payload! {
    /// What came of asking for an edit.
    TransactionUpdatePayload {
        /// The job that edits it; null when there are user errors.
        job: TransactionJob
    }
}

/// `transactionUpdate`.
#[derive(Default)]
pub struct TransactionUpdate;

#[Object]
impl TransactionUpdate {
    /// Has the finance app edit a transaction. That says nothing about how it stands: triggers go on with it.
    async fn transaction_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which transaction, and what changes.")] input: TransactionUpdateInput,
    ) -> Result<Option<TransactionUpdatePayload>> {
        let id = uuid(NodeKind::Transaction, &input.id)?;
        let content = Content {
            lines: input.lines.map(lines).transpose()?,
            currency: None,
            exchange_rate: input.exchange_rate.map(|rate| rate.0),
            dated_on: input.dated_on.map(|day| day.0),
            due_on: input.due_on.map(|day| day.0),
            notes: input.notes,
            terms: input.terms,
            reference: input.reference,
            name: input.name,
            amount: input.amount.map(|amount| amount.0),
            category_key: input.category_key,
            payment_mode: input.payment_mode,
            expense_ids: expenses(input.expense_ids)?,
        };
        let asked = document_act::update(ctx.services()?, id, content).await;
        TransactionUpdatePayload::of(asked, TransactionJob::from).map(Some)
    }
}
