//! Changing products, one file per act.

mod bulk;
mod create;
mod delete;
mod merge;
mod names;
mod update;

pub use bulk::{ProductBulkCreate, ProductBulkUpdate};
pub use create::ProductCreate;
pub use delete::{ProductDelete, ProductRestore};
pub use merge::ProductMerge;
pub use names::ProductNamesSetUnique;
pub use update::ProductUpdate;

/// Changing products.
#[derive(async_graphql::MergedObject, Default)]
pub struct ProductMutation(
    ProductCreate,
    ProductUpdate,
    ProductDelete,
    ProductRestore,
    ProductMerge,
    ProductBulkCreate,
    ProductBulkUpdate,
    ProductNamesSetUnique,
);
