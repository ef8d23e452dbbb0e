//! Changing accounts, one file per act.

mod bulk;
mod create;
mod delete;
mod merge;
mod update;

pub use bulk::{AccountBulkCreate, AccountBulkUpdate};
pub use create::AccountCreate;
pub use delete::{AccountDelete, AccountRestore};
pub use merge::AccountMerge;
pub use update::AccountUpdate;

/// Changing accounts.
#[derive(async_graphql::MergedObject, Default)]
pub struct AccountMutation(
    AccountCreate,
    AccountUpdate,
    AccountDelete,
    AccountRestore,
    AccountMerge,
    AccountBulkCreate,
    AccountBulkUpdate,
);
