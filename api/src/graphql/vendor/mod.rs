//! Vendors in GraphQL.

pub mod filter;
pub mod mutation;
pub mod query;

use async_graphql::{Context, ID, Object, Result};
use finbridge_domain::NodeKind;
use finbridge_entity::vendor;

use super::account::Address;
use super::connection::page_args;
use super::context::id;
use super::record::RecordFields;
use super::summary::FinanceSummary;
use super::transaction::{self, TransactionConnection, TransactionKind, TransactionStatus};
use crate::service::document::Holder;
use crate::service::summary::Side;

/// A company or person that the organization buys from.
#[derive(Clone)]
pub struct Vendor(vendor::Model);

super::connection::connection!(VendorConnection, VendorEdge, Vendor, vendor::Model, "vendors");

/// A company or person that the organization buys from.
#[Object]
impl Vendor {
    /// Global id.
    pub async fn id(&self) -> ID {
        id(NodeKind::Vendor, self.0.id)
    }

    /// Name, as people write it.
    pub async fn name(&self) -> &String {
        &self.0.name
    }

    /// E-mail address; null when not known.
    async fn email(&self) -> Option<&str> {
        self.0.email.as_deref()
    }

    /// Telephone number; null when not known.
    async fn phone(&self) -> Option<&str> {
        self.0.phone.as_deref()
    }

    /// Address on the web; null when not known.
    async fn website(&self) -> Option<&str> {
        self.0.website.as_deref()
    }

    /// Postal address; null when not known.
    async fn address(&self) -> Option<Address> {
        self.0.address.clone().map(Address::from)
    }

    /// Free text; null when there is none.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// The same vendor in finance apps; empty before the first sync.
    pub async fn external_references(
        &self,
        ctx: &Context<'_>,
    ) -> Result<Vec<super::syncable::ExternalReference>> {
        super::syncable::ExternalReference::of(ctx, self.0.id).await
    }

    /// How the vendor stands with the finance apps.
    pub async fn sync_state(&self, ctx: &Context<'_>) -> Result<super::syncable::SyncState> {
        super::syncable::SyncState::of(ctx, self.0.id).await
    }

    /// The vendor that a deleted one was merged into; null for every other. What was merged cannot be restored.
    async fn merged_into(&self, ctx: &Context<'_>) -> Result<Option<Vendor>> {
        let Some(into) = self.0.merged_into_id else { return Ok(None) };
        living(ctx, into).await
    }

    /// What is owed to the vendor, as the finance apps have it; null when it is no vendor of a connected one.
    async fn finance_summary(&self, ctx: &Context<'_>) -> Result<Option<FinanceSummary>> {
        FinanceSummary::load(ctx, Side::Vendor, self.0.id).await
    }

    /// The finance documents of the vendor that it is in every connected finance app, newest day first and those without a day last.
    /// Empty while it is no vendor there.
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
        transaction::held::transactions(ctx, Holder::Vendor, self.0.id, args, kinds, statuses).await
    }

    /// What every record has.
    #[graphql(flatten)]
    async fn fields(&self) -> RecordFields {
        RecordFields(self.common())
    }
}

super::record::record_type!(Vendor, vendor, vendors);
