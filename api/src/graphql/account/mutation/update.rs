//! `accountUpdate`.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result};
use finbridge_domain::NodeKind;

use crate::graphql::account::{Account, AddressInput, MoneyInput};
use crate::graphql::context::{Asked, uuid};
use crate::graphql::error::payload;
use crate::service::account::{self, AccountChange};

/// What changes in an account: fields that are left out stay as they are, null clears.
#[derive(InputObject)]
pub struct AccountUpdateInput {
    /// Which account.
    id: ID,
    /// The version the change is based on; refused with VERSION_CONFLICT when the account has a newer one. Leave it out
    /// to change whatever is there.
    version: Option<i32>,
    /// Name; up to 200 characters.
    name: MaybeUndefined<String>,
    /// Line of business.
    industry: MaybeUndefined<String>,
    /// Address on the web.
    website: MaybeUndefined<String>,
    /// Telephone number; up to 50 characters.
    phone: MaybeUndefined<String>,
    /// Free text.
    description: MaybeUndefined<String>,
    /// Year of foundation, with four digits.
    year_established: MaybeUndefined<i32>,
    /// Number of employees.
    employee_count: MaybeUndefined<i32>,
    /// Revenue of a year.
    annual_revenue: MaybeUndefined<MoneyInput>,
    /// Where bills go; replaces the address as a whole.
    billing_address: MaybeUndefined<AddressInput>,
    /// Where goods go; replaces the address as a whole.
    shipping_address: MaybeUndefined<AddressInput>,
    /// The account this one belongs to.
    parent_id: MaybeUndefined<ID>,
    /// The user who looks after it.
    owner_id: MaybeUndefined<ID>,
}

payload! {
    /// What came of changing an account.
    AccountUpdatePayload {
        /// The account as it is now; null when there are user errors.
        account: Account
    }
}

/// `accountUpdate`.
#[derive(Default)]
pub struct AccountUpdate;

#[Object]
impl AccountUpdate {
    /// Changes an account. The next sync carries the change to the connected finance apps.
    async fn account_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which account, and what changes.")] input: AccountUpdateInput,
    ) -> Result<AccountUpdatePayload> {
        let change = AccountChange {
            version: input.version.map(i64::from),
            name: input.name,
            industry: input.industry,
            website: input.website,
            phone: input.phone,
            description: input.description,
            year_established: input.year_established,
            employee_count: input.employee_count,
            annual_revenue: input.annual_revenue.map_value(|money| (money.amount.0, money.currency_code.0)),
            billing_address: input.billing_address.map_value(Into::into),
            shipping_address: input.shipping_address.map_value(Into::into),
            parent_id: input.parent_id.map_value(|id| uuid(NodeKind::Account, &id)).transpose()?,
            owner_id: input.owner_id.map_value(|id| uuid(NodeKind::User, &id)).transpose()?,
        };
        let id = uuid(NodeKind::Account, &input.id)?;
        AccountUpdatePayload::of(account::update(ctx.services()?, id, change).await, Account::from)
    }
}
