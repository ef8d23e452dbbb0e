//! `accountCreate`.

use async_graphql::{Context, ID, InputObject, Object, Result};
use finbridge_domain::NodeKind;

use crate::graphql::account::{Account, AddressInput, MoneyInput};
use crate::graphql::context::{Asked, uuid};
use crate::graphql::error::payload;
use crate::service::account::{self, NewAccount};

/// What an account is made of.
#[derive(InputObject)]
pub struct AccountCreateInput {
    /// Name; up to 200 characters.
    name: String,
    /// Line of business.
    industry: Option<String>,
    /// Address on the web.
    website: Option<String>,
    /// Telephone number; up to 50 characters.
    phone: Option<String>,
    /// Free text.
    description: Option<String>,
    /// Year of foundation, with four digits.
    year_established: Option<i32>,
    /// Number of employees.
    employee_count: Option<i32>,
    /// Revenue of a year.
    annual_revenue: Option<MoneyInput>,
    /// Where bills go.
    billing_address: Option<AddressInput>,
    /// Where goods go.
    shipping_address: Option<AddressInput>,
    /// The account this one belongs to.
    parent_id: Option<ID>,
    /// The user who looks after it; whoever creates it when not given.
    owner_id: Option<ID>,
}

payload! {
    /// What came of creating an account.
    AccountCreatePayload {
        /// The new account; null when there are user errors.
        account: Account
    }
}

/// `accountCreate`.
#[derive(Default)]
pub struct AccountCreate;

#[Object]
impl AccountCreate {
    /// Makes an account. The next sync makes it a customer in the connected finance apps.
    async fn account_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What the account is made of.")] input: AccountCreateInput,
    ) -> Result<AccountCreatePayload> {
        let new = NewAccount {
            name: input.name,
            industry: input.industry,
            website: input.website,
            phone: input.phone,
            description: input.description,
            year_established: input.year_established,
            employee_count: input.employee_count,
            annual_revenue: input.annual_revenue.map(|money| (money.amount.0, money.currency_code.0)),
            billing_address: input.billing_address.map(Into::into),
            shipping_address: input.shipping_address.map(Into::into),
            parent_id: input.parent_id.map(|id| uuid(NodeKind::Account, &id)).transpose()?,
            owner_id: input.owner_id.map(|id| uuid(NodeKind::User, &id)).transpose()?,
        };
        AccountCreatePayload::of(account::create(ctx.services()?, new).await, Account::from)
    }
}
