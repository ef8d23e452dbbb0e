//! Changing contacts, one file per act.

mod create;
mod update;

pub use create::ContactCreate;
pub use update::ContactUpdate;

/// Changing contacts.
#[derive(async_graphql::MergedObject, Default)]
pub struct ContactMutation(ContactCreate, ContactUpdate);
