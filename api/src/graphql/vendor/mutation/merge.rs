//! `vendorMerge`.

use crate::graphql::vendor::Vendor;

crate::graphql::record::mutation::merge!(
    "vendor",
    vendor,
    Vendor,
    Vendor,
    "Merges duplicate vendors: the one that stays keeps what it has, its empty fields are filled from the others, and their notes, tags, custom fields and import keys become its own. The others are deleted and cannot be restored.",
    VendorMerge { vendor_merge, VendorMergeInput, VendorMergePayload }
);
