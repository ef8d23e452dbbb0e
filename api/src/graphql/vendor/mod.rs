//! Vendors in GraphQL.

pub mod filter;
pub mod mutation;
pub mod query;

use async_graphql::{Context, ID, Object, Result};
use finbridge_domain::NodeKind;
use finbridge_entity::vendor;

use super::account::Address;
use super::context::id;
use super::record::RecordFields;
use super::summary::FinanceSummary;
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

    /// What every record has.
    #[graphql(flatten)]
    async fn fields(&self) -> RecordFields {
        RecordFields(self.common())
    }
}

super::record::record_type!(Vendor, vendor, vendors);
