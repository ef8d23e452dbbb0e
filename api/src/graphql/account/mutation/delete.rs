//! `accountDelete`.

use async_graphql::{Context, ID, InputObject, Object, Result};
use finbridge_domain::NodeKind;

use crate::graphql::context::{self, Asked, uuid};
use crate::graphql::error::payload;
use crate::service::account;

/// Which account to delete.
#[derive(InputObject)]
pub struct AccountDeleteInput {
    /// Which account.
    id: ID,
    /// The version that is to be deleted; refused with VERSION_CONFLICT when the account has a newer one.
    version: Option<i32>,
}

payload! {
    /// What came of deleting an account.
    AccountDeletePayload {
        /// Id of the account that was deleted; null when there are user errors.
        deleted_account: ID
    }
}

/// `accountDelete`.
#[derive(Default)]
pub struct AccountDelete;

#[Object]
impl AccountDelete {
    /// Deletes an account. The next sync removes the customer it made in finance apps, or makes it inactive there if
    /// it has transactions.
    async fn account_delete(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which account to delete.")] input: AccountDeleteInput,
    ) -> Result<AccountDeletePayload> {
        let id = uuid(NodeKind::Account, &input.id)?;
        let deleted = account::delete(ctx.services()?, id, input.version.map(i64::from)).await;
        AccountDeletePayload::of(deleted, |uuid| context::id(NodeKind::Account, uuid))
    }
}
