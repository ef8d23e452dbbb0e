//! Contacts in GraphQL.

pub mod filter;
pub mod mutation;
pub mod query;

use async_graphql::{Context, ID, Object, Result};
use finbridge_domain::NodeKind;
use finbridge_entity::contact;

pub use filter::of_account;

use super::account::{self, Account, Address};
use super::connection::page_args;
use super::context::id;
use super::record::RecordFields;
use super::summary::FinanceSummary;
use super::transaction::{self, TransactionConnection, TransactionKind, TransactionStatus};
use crate::service::document::Holder;
use crate::service::summary::Side;

/// A person that the organization deals with.
#[derive(Clone)]
pub struct Contact(contact::Model);

super::connection::connection!(ContactConnection, ContactEdge, Contact, contact::Model, "contacts");

/// A person that the organization deals with.
#[Object]
impl Contact {
    /// Global id.
    pub async fn id(&self) -> ID {
        id(NodeKind::Contact, self.0.id)
    }

    /// Given name; null when not known.
    async fn first_name(&self) -> Option<&str> {
        self.0.first_name.as_deref()
    }

    /// Family name.
    async fn last_name(&self) -> &str {
        &self.0.last_name
    }

    /// Given name and family name in one, as contacts are listed; the family name alone when the given name is not known.
    pub async fn name(&self) -> &String {
        &self.0.name
    }

    /// E-mail address, as it was typed; null when not known. Several contacts may share one.
    async fn email(&self) -> Option<&str> {
        self.0.email.as_deref()
    }

    /// Telephone number; null when not known.
    async fn phone(&self) -> Option<&str> {
        self.0.phone.as_deref()
    }

    /// Position in the company, such as "Head of Purchasing"; null when not known.
    async fn title(&self) -> Option<&str> {
        self.0.title.as_deref()
    }

    /// Where letters to the person go; null when not known.
    async fn mailing_address(&self) -> Option<Address> {
        self.0.mailing_address.clone().map(Address::from)
    }

    /// The company the person works for; null when there is none or it was deleted.
    async fn account(&self, ctx: &Context<'_>) -> Result<Option<Account>> {
        let Some(account) = self.0.account_id else { return Ok(None) };
        account::living(ctx, account).await
    }

    /// Free text; null when there is none.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// The same contact in finance apps; empty before the first sync.
    pub async fn external_references(
        &self,
        ctx: &Context<'_>,
    ) -> Result<Vec<super::syncable::ExternalReference>> {
        super::syncable::ExternalReference::of(ctx, self.0.id).await
    }

    /// How the contact stands with the finance apps.
    pub async fn sync_state(&self, ctx: &Context<'_>) -> Result<super::syncable::SyncState> {
        super::syncable::SyncState::of(ctx, self.0.id).await
    }

    /// The contact that a deleted one was merged into; null for every other. What was merged cannot be restored.
    async fn merged_into(&self, ctx: &Context<'_>) -> Result<Option<Contact>> {
        let Some(into) = self.0.merged_into_id else { return Ok(None) };
        living(ctx, into).await
    }

    /// What the contact owes and was billed, as the finance apps have it, where it is a customer itself; null otherwise.
    async fn finance_summary(&self, ctx: &Context<'_>) -> Result<Option<FinanceSummary>> {
        FinanceSummary::load(ctx, Side::Customer, self.0.id).await
    }

    /// The finance documents of the customer that the contact is, or that it is a contact person of, newest day first and those
    /// without a day last. Empty while it is neither.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a Relay connection")]
    async fn transactions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the start; 1 to 100, 25 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Only records after this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end; 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only records before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only transactions of these kinds; all when left out.", validator(max_items = 20))]
        kinds: Option<Vec<TransactionKind>>,
        #[graphql(desc = "Only transactions that stand like this today; all when left out.", validator(max_items = 50))]
        statuses: Option<Vec<TransactionStatus>>,
    ) -> Result<TransactionConnection> {
        let args = page_args(first, after, last, before);
        transaction::held::transactions(ctx, Holder::Contact, self.0.id, args, kinds, statuses).await
    }

    /// What every record has.
    #[graphql(flatten)]
    async fn fields(&self) -> RecordFields {
        RecordFields(self.common())
    }
}

super::record::record_type!(Contact, contact, contacts);
