//! Vendors in GraphQL.

pub mod filter;
pub mod query;

use async_graphql::{Context, ID, Object, Result};
use finbridge_domain::{NodeKind, WireId};
use finbridge_entity::vendor;

use super::account::Address;
use super::context::{Asked, id};
use super::loader::failed;
use super::scalar::DateTime;
use super::user::User;

/// A company or person that the organization buys from.
#[derive(Clone)]
pub struct Vendor(vendor::Model);

impl From<vendor::Model> for Vendor {
    fn from(row: vendor::Model) -> Self {
        Self(row)
    }
}

super::connection::connection!(VendorConnection, VendorEdge, Vendor, vendor::Model, "vendors");

/// A company or person that the organization buys from.
#[Object]
impl Vendor {
    /// Global id.
    pub async fn id(&self) -> ID {
        id(NodeKind::Vendor, self.0.id)
    }

    /// The 18-digit number by which finance apps know the vendor. Never changes.
    async fn wire_id(&self) -> String {
        WireId(self.0.wire_id).to_string()
    }

    /// Name, as people write it.
    async fn name(&self) -> &str {
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

    /// Who looks after the vendor; null when nobody does.
    async fn owner(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        User::load(ctx, self.0.owner_id).await
    }

    /// Ascends with every change, so that two readings can be told apart.
    async fn version(&self) -> i32 {
        i32::try_from(self.0.version).unwrap_or(i32::MAX)
    }

    /// When the vendor was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When the vendor was last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }
}

/// The vendor, unless it was deleted or is another tenant's.
pub async fn living(ctx: &Context<'_>, uuid: uuid::Uuid) -> Result<Option<Vendor>> {
    let row = ctx.loaders()?.vendors.load_one(uuid).await.map_err(failed)?;
    Ok(row.filter(|row| row.deleted_at.is_none()).map(Vendor))
}
