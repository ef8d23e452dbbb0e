//! Changing vendors, one file per act.

mod bulk;
mod create;
mod delete;
mod merge;
mod update;

pub use bulk::{VendorBulkCreate, VendorBulkUpdate};
pub use create::VendorCreate;
pub use delete::{VendorDelete, VendorRestore};
pub use merge::VendorMerge;
pub use update::VendorUpdate;

/// Changing vendors.
#[derive(async_graphql::MergedObject, Default)]
pub struct VendorMutation(
    VendorCreate,
    VendorUpdate,
    VendorDelete,
    VendorRestore,
    VendorMerge,
    VendorBulkCreate,
    VendorBulkUpdate,
);
