//! `accountUpdate`.

use std::convert::identity;

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result};
use finbridge_domain::NodeKind;
use uuid::Uuid;

use crate::graphql::account::{Account, AddressInput, MoneyInput};
use crate::graphql::context::{Asked, uuid};
use crate::graphql::error::payload;
use crate::graphql::record::input::RecordChangeInput;
use crate::service::account::{self, AccountChange};
use crate::service::{ServiceResult, Services};

/// What changes in an account: fields that are left out stay as they are, null clears.
#[derive(InputObject)]
pub struct AccountUpdateInput {
    /// What every update may say.
    #[graphql(flatten)]
    record: RecordChangeInput,
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
}

payload! {
    /// What came of changing an account.
    AccountUpdatePayload {
        /// The account as it is now; null when there are user errors.
        account: Account
    }
}

impl AccountUpdateInput {
    /// Which record, and what the service takes.
    pub(super) fn read(self) -> Result<(Uuid, AccountChange)> {
        let (id, common) = self.record.read(NodeKind::Account)?;
        let change = AccountChange {
            name: self.name,
            industry: self.industry,
            website: self.website,
            phone: self.phone,
            description: self.description,
            year_established: self.year_established,
            employee_count: self.employee_count,
            annual_revenue: self.annual_revenue.map_value(MoneyInput::read),
            billing_address: self.billing_address.map_value(Into::into),
            shipping_address: self.shipping_address.map_value(Into::into),
            parent_id: self.parent_id.map_value(|id| uuid(NodeKind::Account, &id)).transpose()?,
            common,
        };
        Ok((id, change))
    }
}

pub(super) async fn update(
    services: &Services,
    (id, change): (Uuid, AccountChange),
) -> ServiceResult<Account> {
    account::update(services, id, change).await.map(Account::from)
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
    ) -> Result<Option<AccountUpdatePayload>> {
        AccountUpdatePayload::of(update(ctx.services()?, input.read()?).await, identity).map(Some)
    }
}
