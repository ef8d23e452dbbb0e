//! Changing contacts, one file per act.

mod bulk;
mod create;
mod delete;
mod merge;
mod update;

pub use bulk::{ContactBulkCreate, ContactBulkUpdate};
pub use create::ContactCreate;
pub use delete::{ContactDelete, ContactRestore};
pub use merge::ContactMerge;
pub use update::ContactUpdate;

/// Changing contacts.
#[derive(async_graphql::MergedObject, Default)]
pub struct ContactMutation(
    ContactCreate,
    ContactUpdate,
    ContactDelete,
    ContactRestore,
    ContactMerge,
    ContactBulkCreate,
    ContactBulkUpdate,
);
