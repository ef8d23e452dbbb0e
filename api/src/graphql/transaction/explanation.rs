//! Where the home amount of a transaction comes from (R176–R180, A17.21, A17.22).

use async_graphql::{Context, Enum, Object, Result, SimpleObject};
use finbridge_domain::{Amount, is_rate_inverted};
use finbridge_entity::document;
use finbridge_sync::document::store;

use crate::graphql::context::Asked;
use crate::graphql::loader::failed;
use crate::graphql::scalar::Decimal;
use crate::graphql::summary::HomeMoney;

/// The finance app's own figures of a transaction, not converted and not rounded.
#[derive(SimpleObject, Clone)]
pub struct TransactionSource {
    /// What the transaction comes to.
    total: Decimal,
    /// What of it is open; null for kinds that have no balance.
    balance: Option<Decimal>,
    /// Its currency, as the finance app writes it.
    currency_code: String,
    /// One unit of its currency = so many units of the finance organization's base currency; as the finance app has it, never
    /// computed here. Null when it is not told.
    exchange_rate: Option<Decimal>,
}

impl TransactionSource {
    pub(super) fn of(row: &document::Model) -> Self {
        let exact = |units| Decimal(Amount::from_units(units).to_decimal());
        Self {
            total: exact(row.total_units),
            balance: row.balance_units.map(exact),
            currency_code: row.currency_code.clone(),
            exchange_rate: row.exchange_rate.map(|rate| Decimal(rate.0)),
        }
    }
}

/// What looks wrong about the money of a transaction.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransactionWarning {
    /// It is in a foreign currency and the finance app tells no exchange rate, so it has no home amount: give it a rate there.
    ExchangeRateMissing,
    /// It is in a foreign currency and its rate is not above zero, or so large that the home amount cannot be kept: correct it in the
    /// finance app. It has no home amount.
    ExchangeRateUnusable,
    /// Compared with the CRM's own rate, its rate looks as if it had been written the other way round: one home = so many
    /// foreign. Nothing is changed because of it; correct it in the finance app if it is so.
    RateLooksInverted,
}

/// How the home amount of a transaction came about.
pub struct MoneyExplanation {
    row: document::Model,
    crm_rate: Option<rust_decimal::Decimal>,
}

/// How the home amount of a transaction came about.
#[Object]
impl MoneyExplanation {
    /// The finance app's own figures, from which everything else here follows.
    async fn source(&self) -> TransactionSource {
        TransactionSource::of(&self.row)
    }

    /// The rate that was used: the one on the document. Null when the document has none; then `homeTotal` is null as well, unless
    /// the document is in the home currency already.
    async fn document_rate(&self) -> Option<Decimal> {
        self.row.exchange_rate.map(|rate| Decimal(rate.0))
    }

    /// Which way `documentRate` reads, such as "1 INR = 0.015 USD".
    async fn document_rate_direction(&self) -> String {
        let (foreign, home) = (&self.row.currency_code, &self.row.home_currency_code);
        match self.row.exchange_rate {
            Some(rate) => format!("1 {foreign} = {} {home}", rate.0.normalize()),
            None if foreign == home => format!("{foreign} is the home currency; nothing is converted"),
            None => format!("1 {foreign} = ? {home}; the finance app tells no rate"),
        }
    }

    /// The CRM's own rate of the currency: for comparison only. It is neither used for any transaction nor computed from one.
    /// Null when nobody set one.
    async fn crm_rate(&self) -> Option<Decimal> {
        self.crm_rate.map(Decimal)
    }

    /// Which way `crmRate` reads, such as "1 USD = 60 INR": the other way round than `documentRate`. Null when there is none.
    async fn crm_rate_direction(&self) -> Option<String> {
        let (foreign, home) = (&self.row.currency_code, &self.row.home_currency_code);
        self.crm_rate.map(|rate| format!("1 {home} = {} {foreign}", rate.normalize()))
    }

    /// How the home amount was rounded, in a sentence.
    async fn rounding(&self) -> &'static str {
        if self.row.currency_code == self.row.home_currency_code {
            "The transaction is in the home currency, so its amount was taken over as it is."
        } else if self.row.home_total_whole.is_none() {
            "There is no rate, so nothing was converted."
        } else {
            "The total was multiplied by the rate on the document exactly, and the product rounded once to nine decimals, half up."
        }
    }

    /// The total in the home currency; null without a rate.
    async fn home_total(&self) -> Option<HomeMoney> {
        super::home_money(&self.row, self.row.home_total_whole, self.row.home_total_nano)
    }

    /// What looks wrong; empty when nothing does.
    async fn warnings(&self) -> Vec<TransactionWarning> {
        let is_foreign = self.row.currency_code != self.row.home_currency_code;
        let problem = match self.row.problem.as_deref() {
            Some(store::EXCHANGE_RATE_MISSING) => Some(TransactionWarning::ExchangeRateMissing),
            Some(store::EXCHANGE_RATE_UNUSABLE) => Some(TransactionWarning::ExchangeRateUnusable),
            _ => None,
        };
        let both = self.row.exchange_rate.zip(self.crm_rate).filter(|_| is_foreign);
        let is_inverted = both.is_some_and(|(document, crm)| is_rate_inverted(document.0, crm));
        problem.into_iter().chain(is_inverted.then_some(TransactionWarning::RateLooksInverted)).collect()
    }
}

impl MoneyExplanation {
    pub(super) async fn load(ctx: &Context<'_>, row: &document::Model) -> Result<Self> {
        let rate = ctx.loaders()?.crm_rates().load_one(row.currency_code.clone()).await.map_err(failed)?;
        Ok(Self { row: row.clone(), crm_rate: rate.map(|rate| rate.rate.0) })
    }
}
