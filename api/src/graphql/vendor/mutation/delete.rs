//! `vendorDelete` and `vendorRestore`.

use crate::graphql::vendor::Vendor;

crate::graphql::record::mutation::delete_and_restore!(
    "vendor",
    vendor,
    Vendor,
    Vendor,
    "",
    "",
    VendorDelete { vendor_delete, VendorDeleteInput, VendorDeletePayload, deleted_vendor },
    VendorRestore { vendor_restore, VendorRestoreInput, VendorRestorePayload, vendor }
);
