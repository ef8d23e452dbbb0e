//! What customers owe, and what is owed to vendors.

pub mod report;

use async_graphql::{Context, Object, Result, SimpleObject};
use uuid::Uuid;

use super::account::Money;
use super::context::Asked;
use super::loader::failed;
use super::scalar::{CurrencyCode, DateTime, Decimal};
use crate::service::summary::{Figure, Side, Summary};

/// A sum over documents, in their own currencies and in the home currency.
#[derive(SimpleObject)]
pub struct FinanceFigure {
    /// The sum of each of the documents' own currencies: exact. Empty when there is nothing to be summed up.
    pub by_currency: Vec<Money>,
    /// The sum in the home currency. Each document counts with its own exchange rate, rounded to nine decimals, half up; nothing
    /// is rounded after that. Documents without a rate are left out and counted in `unconvertedCount`.
    pub home: HomeMoney,
    /// How many documents are in a foreign currency without an exchange rate, so that `home` leaves them out.
    pub unconverted_count: i32,
}

/// An amount in the home currency of a finance organization, to nine decimals.
#[derive(SimpleObject, Clone, Copy)]
pub struct HomeMoney {
    /// How much: exact to nine decimals.
    pub amount: Decimal,
    /// The home currency; null when the finance app tells one that ISO 4217 does not know.
    pub currency_code: Option<CurrencyCode>,
}

impl FinanceFigure {
    /// A sum as clients see it.
    pub fn of(figure: &Figure, home_currency: &str) -> Self {
        let by_currency = figure.by_currency.iter();
        let by_currency =
            by_currency.filter_map(|(code, amount)| Money::of(Some(amount.units()), Some(code)));
        Self {
            by_currency: by_currency.collect(),
            home: HomeMoney {
                amount: Decimal(figure.home.to_decimal()),
                currency_code: home_currency.parse().ok().map(CurrencyCode),
            },
            unconverted_count: i32::try_from(figure.unconverted).unwrap_or(i32::MAX),
        }
    }
}

/// What is open between the organization and a customer or vendor, as the finance apps have it.
pub struct FinanceSummary {
    side: Side,
    summary: Summary,
}

/// What is open between the organization and a customer or vendor, as the finance apps have it. Drafts and void documents do not
/// count.
#[Object]
impl FinanceSummary {
    /// What the customer owes: the open balances of its invoices. Nothing for vendors.
    async fn receivables(&self) -> FinanceFigure {
        self.figure(Side::Customer, &self.summary.open)
    }

    /// What is owed to the vendor: the open balances of its bills. Nothing for customers.
    async fn payables(&self) -> FinanceFigure {
        self.figure(Side::Vendor, &self.summary.open)
    }

    /// What of it is past its due day, by the calendar of the finance organization's time zone: on the due day itself nothing is
    /// overdue.
    async fn overdue(&self) -> FinanceFigure {
        self.figure(self.side, &self.summary.overdue)
    }

    /// What was sold to the customer: the totals of its invoices, paid or not. Nothing for vendors.
    async fn sales(&self) -> FinanceFigure {
        self.figure(Side::Customer, &self.summary.billed)
    }

    /// When the documents behind it were last read to the end; what changed in the finance app since may be missing. Null before the
    /// first reading has ended.
    async fn as_of(&self) -> Option<DateTime> {
        self.summary.as_of.map(DateTime)
    }
}

impl FinanceSummary {
    fn figure(&self, side: Side, figure: &Figure) -> FinanceFigure {
        let none = Figure::default();
        FinanceFigure::of(if side == self.side { figure } else { &none }, &self.summary.home_currency_code)
    }

    /// The summary of a record; none when it is neither customer nor vendor of a connected finance app.
    ///
    /// # Errors
    /// The database's.
    pub async fn load(ctx: &Context<'_>, side: Side, record: Uuid) -> Result<Option<Self>> {
        let summary = ctx.loaders()?.summaries().load_one((side, record)).await.map_err(failed)?;
        Ok(summary.map(|summary| Self { side, summary }))
    }
}
