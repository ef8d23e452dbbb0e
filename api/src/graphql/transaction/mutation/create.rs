//! `transactionCreate`.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result};
use finbridge_domain::NodeKind;

use super::{TransactionLetterInput, TransactionLineInput, expenses, lines};
use crate::graphql::context::{Asked, uuid};
use crate::graphql::error::payload;
use crate::graphql::scalar::{CurrencyCode, Date, Decimal};
use crate::graphql::transaction::TransactionKind;
use crate::graphql::transaction::job::TransactionJob;
use crate::service::document_act::{self, Content, Letter, NewDocument, WantedParty};
use crate::service::idempotency::Idempotency;

/// Whom a transaction is with: exactly one of these. A record of the CRM that is no customer or vendor in the finance app yet becomes
/// one, where the synchronisation of customers or vendors is set up.
#[derive(InputObject)]
pub struct TransactionPartyInput {
    /// An account: the customer that it is.
    account_id: Option<ID>,
    /// A contact: the customer that it is, or belongs to.
    contact_id: Option<ID>,
    /// A vendor; for purchase orders and bills.
    vendor_id: Option<ID>,
    /// A customer or vendor by its id in the finance app, linked to the CRM or not.
    remote_key: Option<String>,
}

/// What a transaction is made of. What its kind does not have is refused with INVALID.
#[derive(InputObject)]
pub struct TransactionCreateInput {
    /// In which finance app.
    integration_id: ID,
    /// What it is; one of the kinds that the integration has.
    kind: TransactionKind,
    /// Whom it is with. Expenses need nobody, and reports have nobody.
    party: Option<TransactionPartyInput>,
    /// The deal that an estimate, sales order or invoice belongs to; one of the customer's own.
    deal_id: Option<ID>,
    /// Takes the lines from the deal, with their prices and its currency; of a deal without lines, one line with its name and amount.
    #[graphql(default)]
    from_deal: bool,
    /// Its lines, 1 to 100, unless they are taken from the deal. Estimates, orders, invoices, credit notes and bills have lines.
    lines: Option<Vec<TransactionLineInput>>,
    /// Its currency; that of the customer or vendor when left out. Nothing is converted.
    currency_code: Option<CurrencyCode>,
    /// 1 unit of its currency = so many of the organization's base currency. Left out, the finance app's own; where that has none the
    /// job fails with EXCHANGE_RATE_MISSING. In the base currency itself it is not looked at.
    exchange_rate: Option<Decimal>,
    /// Its day; today in the finance app when left out.
    dated_on: Option<Date>,
    /// The day by which it is due: of estimates the last day on which they hold, of orders the day of shipment or delivery. As the
    /// customer's or vendor's terms say when left out.
    due_on: Option<Date>,
    /// What is said to the customer, of expenses what it was for; up to 10,000 characters.
    notes: Option<String>,
    /// Terms and conditions; up to 10,000 characters.
    terms: Option<String>,
    /// A number of your own, up to 50 characters, such as the customer's order number; one that begins with "FB-" when left out.
    reference: Option<String>,
    /// Of expense reports the name, which they need; of bills the vendor's number, which is the reference when left out.
    name: Option<String>,
    /// Of payments and expenses, which need it: how much, above zero.
    amount: Option<Decimal>,
    /// Of expenses, which need it: the category, by its id in the finance app.
    category_key: Option<String>,
    /// Of payments: how it was paid, in the finance app's word, such as "cash" or "banktransfer".
    payment_mode: Option<String>,
    /// Of expense reports: the expenses in it, 100 at most.
    expense_ids: Option<Vec<ID>>,
    /// Mails it once it is there, which is a job of its own; what was mailed counts as sent.
    send: Option<TransactionLetterInput>,
    /// Whether it counts as sent at once without being mailed. It is a draft when left out, where its kind knows drafts.
    #[graphql(default)]
    mark_sent: bool,
    /// A text of your choice, such as a UUID, under which the same request can be sent again without a second effect, for 24
    /// hours. The same key with another input is refused.
    idempotency_key: Option<String>,
}

payload! {
    /// What came of asking for a transaction.
    TransactionCreatePayload {
        /// The job that makes it; null when there are user errors.
        job: TransactionJob
    }
}

impl TransactionCreateInput {
    /// What the service takes.
    fn read(self) -> Result<NewDocument> {
        let idempotency = Idempotency::of("transactionCreate", self.idempotency_key.as_deref(), &self);
        let party = self.party.map(TransactionPartyInput::read).transpose()?;
        let told = |text: Option<String>| text.map_or(MaybeUndefined::Undefined, MaybeUndefined::Value);
        Ok(NewDocument {
            integration_id: uuid(NodeKind::Integration, &self.integration_id)?,
            kind: self.kind.into(),
            party,
            deal_id: self.deal_id.map(|id| uuid(NodeKind::Deal, &id)).transpose()?,
            is_of_deal: self.from_deal,
            content: Content {
                lines: self.lines.map(lines).transpose()?,
                currency: self.currency_code.map(|code| code.0),
                exchange_rate: self.exchange_rate.map(|rate| rate.0),
                dated_on: self.dated_on.map(|day| day.0),
                due_on: self.due_on.map(|day| day.0),
                notes: told(self.notes),
                terms: told(self.terms),
                reference: self.reference,
                name: self.name,
                amount: self.amount.map(|amount| amount.0),
                category_key: self.category_key,
                payment_mode: self.payment_mode,
                expense_ids: expenses(self.expense_ids)?,
            },
            send: self.send.map(Letter::from),
            is_sent: self.mark_sent,
            idempotency,
        })
    }
}

impl TransactionPartyInput {
    fn read(self) -> Result<WantedParty> {
        let read = |kind, id: Option<ID>| id.map(|id| uuid(kind, &id)).transpose();
        Ok(WantedParty {
            account_id: read(NodeKind::Account, self.account_id)?,
            contact_id: read(NodeKind::Contact, self.contact_id)?,
            vendor_id: read(NodeKind::Vendor, self.vendor_id)?,
            remote_key: self.remote_key,
        })
    }
}

/// `transactionCreate`.
#[derive(Default)]
pub struct TransactionCreate;

#[Object]
impl TransactionCreate {
    /// Has a finance app make an estimate, order, invoice or another document. Answers at once with a job; however often that is
    /// interrupted, one document is made. User errors: MODULE_NOT_SUPPORTED for kinds that the integration does not have,
    /// LINK_NOT_SUPPORTED and DEAL_CUSTOMER_MISMATCH for deals, NOT_SUPPORTED, and those of single fields.
    async fn transaction_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What the transaction is made of.")] input: TransactionCreateInput,
    ) -> Result<Option<TransactionCreatePayload>> {
        let asked = document_act::create(ctx.services()?, input.read()?).await;
        TransactionCreatePayload::of(asked, TransactionJob::from).map(Some)
    }
}
