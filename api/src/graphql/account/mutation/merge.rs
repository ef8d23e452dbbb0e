//! `accountMerge`.

use async_graphql::{Context, Object, Result, SimpleObject};
use finbridge_entity::account;

use crate::graphql::account::Account;
use crate::graphql::context::Asked;
use crate::graphql::error::split;
use crate::graphql::record::mutation::merge_input;
use crate::graphql::syncable::ExternalReference;
use crate::service::UserError;
use crate::service::record::merge;

merge_input!("account", Account, AccountMergeInput);

/// What came of merging accounts.
#[derive(SimpleObject)]
pub struct AccountMergePayload {
    /// The account that stayed; null when there are user errors.
    account: Option<Account>,
    /// Customers of the merged accounts that stay in finance apps as they are, because the account that stayed has its own
    /// there. Nothing here changes or removes them any more; merge them in the finance app. Null when there are user errors.
    left_references: Option<Vec<ExternalReference>>,
    /// What a person has to mend; empty when the mutation did what was asked.
    user_errors: Vec<UserError>,
}

/// `accountMerge`.
#[derive(Default)]
pub struct AccountMerge;

#[Object]
impl AccountMerge {
    /// Merges duplicate accounts: the one that stays keeps what it has, its empty fields are filled from the others, and
    /// their contacts, deals, child accounts, notes, tags, custom fields and import keys become its own. Its customer in a
    /// finance app stays; where it has none and one of the others has, it takes that one over, and the next sync writes its
    /// values there. The others are deleted and cannot be restored; no customer is deleted with them.
    async fn account_merge(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which accounts to merge.")] input: AccountMergeInput,
    ) -> Result<Option<AccountMergePayload>> {
        let wish = input.read()?;
        let merged = merge::merge::<account::Entity>(ctx.services()?, &wish).await;
        let (merged, user_errors) = split(merged)?;
        let (account, left) = merged.map(|merged| (merged.record, merged.left)).unzip();
        Ok(Some(AccountMergePayload {
            account: account.map(Account::from),
            left_references: left.map(|left| left.into_iter().map(ExternalReference::from).collect()),
            user_errors,
        }))
    }
}
