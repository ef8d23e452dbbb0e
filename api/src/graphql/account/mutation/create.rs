//! `accountCreate`.

use std::convert::identity;

use async_graphql::{Context, ID, InputObject, Object, Result};
use finbridge_domain::NodeKind;

use crate::graphql::account::{Account, AddressInput, MoneyInput};
use crate::graphql::context::{Asked, uuid};
use crate::graphql::error::payload;
use crate::graphql::record::input::RecordNewInput;
use crate::service::account::{self, NewAccount};
use crate::service::{ServiceResult, Services};

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
    /// What every create may say.
    #[graphql(flatten)]
    record: RecordNewInput,
}

payload! {
    /// What came of creating an account.
    AccountCreatePayload {
        /// The new account; null when there are user errors.
        account: Account
    }
}

impl AccountCreateInput {
    /// What the service takes.
    pub(super) fn read(self) -> Result<NewAccount> {
        let common = self.record.read("accountCreate", &self)?;
        Ok(NewAccount {
            name: self.name,
            industry: self.industry,
            website: self.website,
            phone: self.phone,
            description: self.description,
            year_established: self.year_established,
            employee_count: self.employee_count,
            annual_revenue: self.annual_revenue.map(MoneyInput::read),
            billing_address: self.billing_address.map(Into::into),
            shipping_address: self.shipping_address.map(Into::into),
            parent_id: self.parent_id.map(|id| uuid(NodeKind::Account, &id)).transpose()?,
            common,
        })
    }
}

pub(super) async fn create(services: &Services, new: NewAccount) -> ServiceResult<Account> {
    account::create(services, new).await.map(Account::from)
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
    ) -> Result<Option<AccountCreatePayload>> {
        AccountCreatePayload::of(create(ctx.services()?, input.read()?).await, identity).map(Some)
    }
}
