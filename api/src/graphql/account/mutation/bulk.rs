//! `accountBulkCreate` and `accountBulkUpdate`.

use super::create::{AccountCreateInput, AccountCreatePayload, create};
use super::update::{AccountUpdateInput, AccountUpdatePayload, update};

crate::graphql::record::mutation::bulk!(
    "accounts",
    "Makes up to 100 accounts, each on its own: one that is refused does not stop the others.",
    accounts: AccountCreateInput,
    create,
    AccountBulkCreate { account_bulk_create, AccountBulkCreateInput, AccountBulkCreatePayload -> AccountCreatePayload }
);

crate::graphql::record::mutation::bulk!(
    "accounts",
    "Changes up to 100 accounts, each on its own: one that is refused does not stop the others.",
    accounts: AccountUpdateInput,
    update,
    AccountBulkUpdate { account_bulk_update, AccountBulkUpdateInput, AccountBulkUpdatePayload -> AccountUpdatePayload }
);
