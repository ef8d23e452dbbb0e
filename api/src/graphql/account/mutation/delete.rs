//! `accountDelete` and `accountRestore`.

use crate::graphql::account::Account;

crate::graphql::record::mutation::delete_and_restore!(
    "account",
    account,
    Account,
    Account,
    "The next sync removes the customer it made in finance apps, or makes it inactive there if it has transactions.",
    "The next sync makes it a customer in finance apps again, if it was removed there.",
    AccountDelete { account_delete, AccountDeleteInput, AccountDeletePayload, deleted_account },
    AccountRestore { account_restore, AccountRestoreInput, AccountRestorePayload, account }
);
