//! The CRM's own exchange rates in GraphQL.

use async_graphql::{Context, ID, InputObject, Object, Result};
use finbridge_domain::NodeKind;
use finbridge_entity::crm_exchange_rate;
use uuid::Uuid;

use super::context::{Asked, id};
use super::error::{payload, top_level};
use super::loader::failed;
use super::scalar::{CurrencyCode, DateTime, Decimal};
use crate::service::{ServiceError, exchange_rate as service};

/// One of the CRM's own exchange rates. It reads "1 home = so many foreign", the other way round than the rates on transactions
/// ("1 foreign = so many home"), and neither is ever computed from the other.
pub struct ExchangeRate(crm_exchange_rate::Model);

impl From<crm_exchange_rate::Model> for ExchangeRate {
    fn from(row: crm_exchange_rate::Model) -> Self {
        Self(row)
    }
}

/// One of the CRM's own exchange rates. It reads "1 home = so many foreign", the other way round than the rates on transactions
/// ("1 foreign = so many home"), and neither is ever computed from the other.
#[Object]
impl ExchangeRate {
    /// Global id.
    pub async fn id(&self) -> ID {
        id(NodeKind::ExchangeRate, self.0.id)
    }

    /// The foreign currency.
    async fn currency_code(&self) -> Result<CurrencyCode> {
        let code = self.0.currency_code.parse();
        code.map(CurrencyCode).map_err(|error| top_level(ServiceError::Internal(Box::new(error))))
    }

    /// How many units of the foreign currency one unit of the home currency is, as somebody set it: with a home currency of USD and
    /// "60" for INR, 1 USD = 60 INR. Transactions are not converted with it.
    async fn rate(&self) -> Decimal {
        Decimal(self.0.rate.0)
    }

    /// When it was last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }
}

impl ExchangeRate {
    /// The rate of this id, in this organization.
    ///
    /// # Errors
    /// The database's.
    pub async fn load(ctx: &Context<'_>, uuid: Uuid) -> Result<Option<Self>> {
        Ok(ctx.loaders()?.crm_rates_by_id().load_one(uuid).await.map_err(failed)?.map(Self))
    }
}

/// Reading exchange rates.
#[derive(Default)]
pub struct ExchangeRateQuery;

#[Object]
impl ExchangeRateQuery {
    /// The CRM's own exchange rates, by currency: one of a currency, so a plain list. Each reads "1 home = so many foreign".
    async fn exchange_rates(&self, ctx: &Context<'_>) -> Result<Option<Vec<ExchangeRate>>> {
        let rows = service::list(ctx.services()?).await.map_err(top_level)?;
        Ok(Some(rows.into_iter().map(ExchangeRate).collect()))
    }
}

/// A rate that is to be set.
#[derive(InputObject)]
pub struct ExchangeRateSetInput {
    /// The foreign currency.
    currency_code: CurrencyCode,
    /// How many units of it one unit of the home currency is: above zero, at most twelve decimals. With a home currency of USD, "60"
    /// for INR says 1 USD = 60 INR; "0.0166" would be the wrong way round.
    rate: Decimal,
}

payload! {
    /// What came of setting a rate.
    ExchangeRateSetPayload {
        /// The rate as it is now.
        exchange_rate: ExchangeRate
    }
}

/// Setting exchange rates.
#[derive(Default)]
pub struct ExchangeRateMutation;

#[Object]
impl ExchangeRateMutation {
    /// Sets the CRM's own rate of a currency, "1 home = so many foreign". No transaction changes by it: theirs is the rate on the
    /// document. Takes an administrator. User errors: INVALID.
    async fn exchange_rate_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which currency, and its rate.")] input: ExchangeRateSetInput,
    ) -> Result<Option<ExchangeRateSetPayload>> {
        let set = service::set(ctx.services()?, input.currency_code.0, input.rate.0).await;
        ExchangeRateSetPayload::of(set, ExchangeRate).map(Some)
    }
}
