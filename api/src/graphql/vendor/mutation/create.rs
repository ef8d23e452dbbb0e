//! `vendorCreate`.

use std::convert::identity;

use async_graphql::{Context, InputObject, Object, Result};

use crate::graphql::account::AddressInput;
use crate::graphql::context::Asked;
use crate::graphql::error::payload;
use crate::graphql::record::input::RecordNewInput;
use crate::graphql::vendor::Vendor;
use crate::service::vendor::{self, NewVendor};
use crate::service::{ServiceResult, Services};

/// What a vendor is made of.
#[derive(InputObject)]
pub struct VendorCreateInput {
    /// Name; up to 200 characters.
    name: String,
    /// E-mail address, as name@example.com; up to 250 characters.
    email: Option<String>,
    /// Telephone number; up to 50 characters.
    phone: Option<String>,
    /// Address on the web.
    website: Option<String>,
    /// Postal address.
    address: Option<AddressInput>,
    /// Free text; up to 10,000 characters.
    description: Option<String>,
    /// What every create may say.
    #[graphql(flatten)]
    record: RecordNewInput,
}

payload! {
    /// What came of creating a vendor.
    VendorCreatePayload {
        /// The new vendor; null when there are user errors.
        vendor: Vendor
    }
}

impl VendorCreateInput {
    /// What the service takes.
    pub(super) fn read(self) -> Result<NewVendor> {
        let common = self.record.read("vendorCreate", &self)?;
        Ok(NewVendor {
            name: self.name,
            email: self.email,
            phone: self.phone,
            website: self.website,
            address: self.address.map(Into::into),
            description: self.description,
            common,
        })
    }
}

pub(super) async fn create(services: &Services, new: NewVendor) -> ServiceResult<Vendor> {
    vendor::create(services, new).await.map(Vendor::from)
}

/// `vendorCreate`.
#[derive(Default)]
pub struct VendorCreate;

#[Object]
impl VendorCreate {
    /// Makes a vendor. Nothing stops two vendors of the same name.
    async fn vendor_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What the vendor is made of.")] input: VendorCreateInput,
    ) -> Result<Option<VendorCreatePayload>> {
        VendorCreatePayload::of(create(ctx.services()?, input.read()?).await, identity).map(Some)
    }
}
