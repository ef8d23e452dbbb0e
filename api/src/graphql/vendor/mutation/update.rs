//! `vendorUpdate`.

use std::convert::identity;

use async_graphql::{Context, InputObject, MaybeUndefined, Object, Result};
use finbridge_domain::NodeKind;
use uuid::Uuid;

use crate::graphql::account::AddressInput;
use crate::graphql::context::Asked;
use crate::graphql::error::payload;
use crate::graphql::record::input::RecordChangeInput;
use crate::graphql::vendor::Vendor;
use crate::service::vendor::{self, VendorChange};
use crate::service::{ServiceResult, Services};

/// What changes in a vendor: fields that are left out stay as they are, null clears.
#[derive(InputObject)]
pub struct VendorUpdateInput {
    /// What every update may say.
    #[graphql(flatten)]
    record: RecordChangeInput,
    /// Name; up to 200 characters.
    name: MaybeUndefined<String>,
    /// E-mail address, as name@example.com; up to 250 characters.
    email: MaybeUndefined<String>,
    /// Telephone number; up to 50 characters.
    phone: MaybeUndefined<String>,
    /// Address on the web.
    website: MaybeUndefined<String>,
    /// Postal address.
    address: MaybeUndefined<AddressInput>,
    /// Free text; up to 10,000 characters.
    description: MaybeUndefined<String>,
}

payload! {
    /// What came of changing a vendor.
    VendorUpdatePayload {
        /// The vendor as it is now; null when there are user errors.
        vendor: Vendor
    }
}

impl VendorUpdateInput {
    /// Which record, and what the service takes.
    pub(super) fn read(self) -> Result<(Uuid, VendorChange)> {
        let (id, common) = self.record.read(NodeKind::Vendor)?;
        let change = VendorChange {
            name: self.name,
            email: self.email,
            phone: self.phone,
            website: self.website,
            address: self.address.map_value(Into::into),
            description: self.description,
            common,
        };
        Ok((id, change))
    }
}

pub(super) async fn update(services: &Services, (id, change): (Uuid, VendorChange)) -> ServiceResult<Vendor> {
    vendor::update(services, id, change).await.map(Vendor::from)
}

/// `vendorUpdate`.
#[derive(Default)]
pub struct VendorUpdate;

#[Object]
impl VendorUpdate {
    /// Changes a vendor.
    async fn vendor_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which vendor, and what changes.")] input: VendorUpdateInput,
    ) -> Result<Option<VendorUpdatePayload>> {
        VendorUpdatePayload::of(update(ctx.services()?, input.read()?).await, identity).map(Some)
    }
}
