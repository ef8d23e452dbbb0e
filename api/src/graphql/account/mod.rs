//! Accounts in GraphQL.

pub mod filter;
pub mod mutation;
pub mod query;

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use finbridge_domain::NodeKind;
use finbridge_entity::{account, types};

use super::connection::{Count, page_args};
use super::contact::ContactConnection;
use super::context::{Asked, id};
use super::deal::DealConnection;
use super::loader::{CountOf, PageOf, failed};
use super::record::RecordFields;
use super::scalar::{CurrencyCode, Decimal};
use super::summary::FinanceSummary;
use super::transaction::{self, TransactionConnection, TransactionKind, TransactionStatus};
use crate::service::document::Holder;
use crate::service::page::Page;
use crate::service::summary::Side;

/// A company that the organization does business with.
#[derive(Clone)]
pub struct Account(account::Model);

super::connection::connection!(AccountConnection, AccountEdge, Account, account::Model, "accounts");

/// An amount of money in a currency.
#[derive(SimpleObject, Clone, Copy)]
pub struct Money {
    /// How much: exact. Amounts of records have at most four digits after the decimal point, prices in lines may have more.
    pub amount: Decimal,
    /// Of which currency.
    pub currency_code: CurrencyCode,
}

impl Money {
    /// The money that two columns hold; null unless both do.
    pub fn of(units: Option<i64>, currency: Option<&str>) -> Option<Self> {
        let currency_code = CurrencyCode(currency?.parse().ok()?);
        Some(Self { amount: Decimal::of_units(units?), currency_code })
    }
}

/// An amount of money in a currency.
#[derive(InputObject, Debug, Clone, Copy)]
pub struct MoneyInput {
    /// How much: at most four digits after the decimal point.
    pub amount: Decimal,
    /// Of which currency.
    pub currency_code: CurrencyCode,
}

impl MoneyInput {
    /// What services take.
    pub fn read(self) -> (rust_decimal::Decimal, finbridge_domain::CurrencyCode) {
        (self.amount.0, self.currency_code.0)
    }
}

/// A postal address. Parts that are not known are null.
#[derive(SimpleObject, Clone)]
pub struct Address {
    /// Street and house number.
    street: Option<String>,
    /// City.
    city: Option<String>,
    /// State or province.
    state: Option<String>,
    /// Postal code.
    postal_code: Option<String>,
    /// Country, by name.
    country: Option<String>,
}

impl From<types::Address> for Address {
    fn from(address: types::Address) -> Self {
        let types::Address { street, city, state, postal_code, country } = address;
        Self { street, city, state, postal_code, country }
    }
}

/// A postal address. It replaces the stored one as a whole.
#[derive(InputObject, Debug, Clone)]
pub struct AddressInput {
    /// Street and house number.
    street: Option<String>,
    /// City.
    city: Option<String>,
    /// State or province.
    state: Option<String>,
    /// Postal code.
    postal_code: Option<String>,
    /// Country, by name.
    country: Option<String>,
}

impl From<AddressInput> for types::Address {
    fn from(input: AddressInput) -> Self {
        let AddressInput { street, city, state, postal_code, country } = input;
        Self { street, city, state, postal_code, country }
    }
}

/// A company that the organization does business with.
#[Object]
impl Account {
    /// Global id.
    pub async fn id(&self) -> ID {
        id(NodeKind::Account, self.0.id)
    }

    /// Name, as people write it.
    pub async fn name(&self) -> &String {
        &self.0.name
    }

    /// Line of business; null when not known.
    async fn industry(&self) -> Option<&str> {
        self.0.industry.as_deref()
    }

    /// Address on the web; null when not known.
    async fn website(&self) -> Option<&str> {
        self.0.website.as_deref()
    }

    /// Telephone number; null when not known.
    async fn phone(&self) -> Option<&str> {
        self.0.phone.as_deref()
    }

    /// Free text; null when there is none.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// Year of foundation; null when not known.
    async fn year_established(&self) -> Option<i32> {
        self.0.year_established
    }

    /// Number of employees; null when not known.
    async fn employee_count(&self) -> Option<i32> {
        self.0.employee_count
    }

    /// Revenue of a year; null when not known.
    async fn annual_revenue(&self) -> Option<Money> {
        Money::of(self.0.annual_revenue_units, self.0.annual_revenue_currency_code.as_deref())
    }

    /// Where bills go; null when not known.
    async fn billing_address(&self) -> Option<Address> {
        self.0.billing_address.clone().map(Address::from)
    }

    /// Where goods go; null when not known.
    async fn shipping_address(&self) -> Option<Address> {
        self.0.shipping_address.clone().map(Address::from)
    }

    /// The account this one belongs to; null when it stands alone or the parent was deleted.
    async fn parent(&self, ctx: &Context<'_>) -> Result<Option<Account>> {
        let Some(parent) = self.0.parent_id else { return Ok(None) };
        living(ctx, parent).await
    }

    /// The people who work there, by name.
    async fn contacts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the start; 1 to 100, 25 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Only records after this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end; 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only records before this cursor.")] before: Option<String>,
    ) -> Result<ContactConnection> {
        let loader = ctx.loaders()?.contacts_of_account();
        let key = PageOf { parent: self.0.id, filter: (), args: page_args(first, after, last, before) };
        let page = loader.load_one(key).await.map_err(failed)?.unwrap_or_else(Page::empty);
        Ok(ContactConnection::new(page, Count::of_parent(loader.clone(), CountOf(self.0.id, ()))))
    }

    /// The deals with this account, newest first.
    async fn deals(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the start; 1 to 100, 25 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Only records after this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end; 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only records before this cursor.")] before: Option<String>,
    ) -> Result<DealConnection> {
        let loader = ctx.loaders()?.deals_of_account();
        let key = PageOf { parent: self.0.id, filter: (), args: page_args(first, after, last, before) };
        let page = loader.load_one(key).await.map_err(failed)?.unwrap_or_else(Page::empty);
        Ok(DealConnection::new(page, Count::of_parent(loader.clone(), CountOf(self.0.id, ()))))
    }

    /// The same account in finance apps; empty before the first sync.
    pub async fn external_references(
        &self,
        ctx: &Context<'_>,
    ) -> Result<Vec<super::syncable::ExternalReference>> {
        super::syncable::ExternalReference::of(ctx, self.0.id).await
    }

    /// How the account stands with the finance apps.
    pub async fn sync_state(&self, ctx: &Context<'_>) -> Result<super::syncable::SyncState> {
        super::syncable::SyncState::of(ctx, self.0.id).await
    }

    /// The account that a deleted one was merged into; null for every other. What was merged cannot be restored.
    async fn merged_into(&self, ctx: &Context<'_>) -> Result<Option<Account>> {
        let Some(into) = self.0.merged_into_id else { return Ok(None) };
        living(ctx, into).await
    }

    /// What the account owes and was billed, as the finance apps have it; null when it is no customer of a connected one.
    async fn finance_summary(&self, ctx: &Context<'_>) -> Result<Option<FinanceSummary>> {
        FinanceSummary::load(ctx, Side::Customer, self.0.id).await
    }

    /// The finance documents of the customer that the account is, in every connected finance app, newest day first and those without
    /// a day last. Empty while it is no customer.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a Relay connection")]
    async fn transactions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the start; 1 to 100, 25 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Only records after this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end; 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only records before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only transactions of these kinds; all when left out.", validator(max_items = 20))]
        kinds: Option<Vec<TransactionKind>>,
        #[graphql(
            desc = "Only transactions that stand like this today; all when left out.",
            validator(max_items = 50)
        )]
        statuses: Option<Vec<TransactionStatus>>,
    ) -> Result<TransactionConnection> {
        let args = page_args(first, after, last, before);
        transaction::held::transactions(ctx, Holder::Account, self.0.id, args, kinds, statuses).await
    }

    /// What every record has.
    #[graphql(flatten)]
    async fn fields(&self) -> RecordFields {
        RecordFields(self.common())
    }
}

super::record::record_type!(Account, account, accounts);
