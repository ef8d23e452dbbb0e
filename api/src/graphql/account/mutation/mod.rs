//! Changing accounts, one file per act.

mod create;
mod delete;
mod update;

pub use create::AccountCreate;
pub use delete::AccountDelete;
pub use update::AccountUpdate;

/// Changing accounts.
#[derive(async_graphql::MergedObject, Default)]
pub struct AccountMutation(AccountCreate, AccountUpdate, AccountDelete);
