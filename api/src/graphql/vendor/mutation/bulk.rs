//! `vendorBulkCreate` and `vendorBulkUpdate`.

use super::create::{VendorCreateInput, VendorCreatePayload, create};
use super::update::{VendorUpdateInput, VendorUpdatePayload, update};

crate::graphql::record::mutation::bulk!(
    "vendors",
    "Makes up to 100 vendors, each on its own: one that is refused does not stop the others.",
    vendors: VendorCreateInput,
    create,
    VendorBulkCreate { vendor_bulk_create, VendorBulkCreateInput, VendorBulkCreatePayload -> VendorCreatePayload }
);

crate::graphql::record::mutation::bulk!(
    "vendors",
    "Changes up to 100 vendors, each on its own: one that is refused does not stop the others.",
    vendors: VendorUpdateInput,
    update,
    VendorBulkUpdate { vendor_bulk_update, VendorBulkUpdateInput, VendorBulkUpdatePayload -> VendorUpdatePayload }
);
