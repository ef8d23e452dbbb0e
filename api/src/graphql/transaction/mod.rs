//! Transactions: documents of finance apps, as the CRM shows them.

pub mod explanation;
pub mod feed;
pub mod filter;
pub mod held;
pub mod job;
pub mod kind;
pub mod line;
pub mod mutation;
pub mod part;
pub mod party;
pub mod query;
pub mod subscription;

use async_graphql::{Context, ID, Object, Result};
use finbridge_domain::{DocumentKind, HomeAmount, NodeKind};
use finbridge_entity::document;
use finbridge_sync::document::detail::Detail;
use uuid::Uuid;

pub use explanation::{MoneyExplanation, TransactionSource};
pub use kind::{TransactionAct, TransactionKind, TransactionStatus};
pub use line::TransactionLine;
pub use part::{TransactionApplication, TransactionTax, TransactionTerm};
pub use party::{TransactionCustomer, TransactionVendor};

use super::account::Money;
use super::context::{Asked, id};
use super::deal::{self, Deal};
use super::error::{coded, top_level};
use super::integration::{FinanceOrganization, Integration};
use super::loader::failed;
use super::scalar::{CurrencyCode, Date, DateTime, Decimal};
use super::summary::HomeMoney;
use crate::service::document::{self as service, Read, Unread};
use crate::service::pdf;
use crate::service::{ServiceError, document_act};

/// A document of a finance app: an estimate, an order, an invoice, and so on.
#[derive(Clone)]
pub struct Transaction {
    row: document::Model,
    /// Why what lists leave out could not be read; only of a document that was asked for by itself.
    unread: Option<Unread>,
}

super::connection::connection!(
    TransactionConnection,
    TransactionEdge,
    Transaction,
    document::Model,
    "transactions"
);

impl From<document::Model> for Transaction {
    fn from(row: document::Model) -> Self {
        Self { row, unread: None }
    }
}

impl From<Read> for Transaction {
    fn from(read: Read) -> Self {
        Self { row: read.row, unread: read.unread }
    }
}

/// A document of a finance app: an estimate, an order, an invoice, and so on.
#[Object]
impl Transaction {
    /// Global id.
    pub async fn id(&self) -> ID {
        id(NodeKind::Transaction, self.row.id)
    }

    /// What it is.
    async fn kind(&self) -> Result<TransactionKind> {
        self.document_kind().map(TransactionKind::from)
    }

    /// Its number, for people, such as "INV-000012"; null when it has none, as drafts in some apps.
    async fn number(&self) -> Option<&str> {
        self.row.number.as_deref()
    }

    /// The number that whoever made it gave it; null when there is none. Documents made here carry one that begins with "FB-".
    async fn reference(&self) -> Option<&str> {
        self.row.reference.as_deref()
    }

    /// Its id in the finance app.
    async fn remote_key(&self) -> &str {
        &self.row.remote_id
    }

    /// How it stands today. What the calendar decides, `OVERDUE` and `EXPIRED`, goes by the day in the time zone of the finance
    /// organization, and is told at once, whether or not the finance app has noticed.
    async fn status(&self, ctx: &Context<'_>) -> Result<TransactionStatus> {
        let now = ctx.services()?.clock().now();
        let organization = match service::is_decided_by_zone(&self.row, now) {
            true => {
                let loader = ctx.loaders()?.finance_organizations();
                loader.load_one(self.row.finance_organization_id).await.map_err(failed)?
            }
            false => None,
        };
        let zone = organization.as_ref().and_then(|organization| organization.time_zone.as_deref());
        Ok(service::status_of(&self.row, zone, now).into())
    }

    /// The finance app's own word for how it stands, as last read.
    async fn remote_status(&self) -> &str {
        &self.row.remote_status
    }

    /// The connection through which it was first read. Other apps of the same finance organization may show it as well.
    async fn integration(&self, ctx: &Context<'_>) -> Result<Option<Integration>> {
        Integration::load(ctx, self.row.integration_id).await
    }

    /// The finance organization whose document it is.
    async fn organization(&self, ctx: &Context<'_>) -> Result<Option<FinanceOrganization>> {
        let loader = ctx.loaders()?.finance_organizations();
        let row = loader.load_one(self.row.finance_organization_id).await.map_err(failed)?;
        Ok(row.map(FinanceOrganization::from))
    }

    /// The customer; null for documents without one.
    async fn customer(&self) -> Option<TransactionCustomer> {
        TransactionCustomer::of(&self.row)
    }

    /// The vendor; null for documents without one.
    async fn vendor(&self) -> Option<TransactionVendor> {
        TransactionVendor::of(&self.row)
    }

    /// The deal that it is linked to; null when there is none, or it was deleted.
    async fn deal(&self, ctx: &Context<'_>) -> Result<Option<Deal>> {
        let Some(deal) = self.row.deal_id else { return Ok(None) };
        deal::living(ctx, deal).await
    }

    /// Its day; null when it has none.
    async fn dated_on(&self) -> Option<Date> {
        self.row.dated_on.map(Date)
    }

    /// The day by which it is due: of estimates the last day on which they hold, of orders the day of shipment or delivery. Null
    /// when there is none.
    async fn due_on(&self) -> Option<Date> {
        self.row.due_on.map(Date)
    }

    /// What it comes to, taxes included, in its own currency: exact, as the finance app has it. Null only when its currency is
    /// none of ISO 4217; `source` tells it even then.
    async fn total(&self) -> Option<Money> {
        self.money(Some(self.row.total_units))
    }

    /// What of it is open, in its own currency; of payments and credit notes what is not used yet. Null for kinds that have no
    /// balance.
    async fn balance(&self) -> Option<Money> {
        self.money(self.row.balance_units)
    }

    /// What the lines come to before taxes; null while it was not read whole, see `isWhole`.
    async fn sub_total(&self) -> Result<Option<Money>> {
        self.expect_whole()?;
        Ok(self.money(self.row.sub_total_units))
    }

    /// What is taken off the whole; null while it was not read whole, and for kinds without discounts.
    async fn discount_total(&self) -> Result<Option<Money>> {
        self.expect_whole()?;
        Ok(self.money(self.row.discount_units))
    }

    /// Taxes in all; null while it was not read whole, and for kinds without taxes.
    async fn tax_total(&self) -> Result<Option<Money>> {
        self.expect_whole()?;
        Ok(self.money(self.row.tax_units))
    }

    /// Shipping; null while it was not read whole, and for kinds without it.
    async fn shipping(&self) -> Result<Option<Money>> {
        self.expect_whole()?;
        Ok(self.money(self.row.shipping_units))
    }

    /// What was put right by hand, in either direction; null while it was not read whole, and for kinds without it.
    async fn adjustment(&self) -> Result<Option<Money>> {
        self.expect_whole()?;
        Ok(self.money(self.row.adjustment_units))
    }

    /// The total in the home currency of its finance organization, by the rate on the document itself: exact to nine decimals,
    /// rounded half up. Null for a document in a foreign currency that has no rate; no other rate takes its place.
    async fn home_total(&self) -> Option<HomeMoney> {
        self.home_money(self.row.home_total_whole, self.row.home_total_nano)
    }

    /// What is open, in the home currency: as `homeTotal`. Null also for kinds without a balance.
    async fn home_balance(&self) -> Option<HomeMoney> {
        self.home_money(self.row.home_balance_whole, self.row.home_balance_nano)
    }

    /// The finance app's own figures, not converted and not rounded.
    async fn source(&self) -> TransactionSource {
        TransactionSource::of(&self.row)
    }

    /// How its home amount came about: both rates with their directions, the rounding, and what looks wrong.
    async fn money_explanation(&self, ctx: &Context<'_>) -> Result<MoneyExplanation> {
        MoneyExplanation::load(ctx, &self.row).await
    }

    /// Its lines, in their order; mostly few, so they come without pages. Null while it was not read whole: lists of finance apps
    /// leave lines out, so they are there after `transaction(id)` asked for them, or after it was written from here.
    async fn lines(&self, ctx: &Context<'_>) -> Result<Option<Vec<TransactionLine>>> {
        self.expect_whole()?;
        if !self.row.is_whole {
            return Ok(None);
        }
        let rows = ctx.loaders()?.document_lines().load_one(self.row.id).await.map_err(failed)?;
        let rows = rows.unwrap_or_default().into_iter();
        Ok(Some(rows.map(|row| TransactionLine::new(row, &self.row)).collect()))
    }

    /// Its taxes, each summed over the lines; null while it was not read whole.
    async fn taxes(&self) -> Result<Option<Vec<TransactionTax>>> {
        let Some(detail) = self.whole_detail()? else { return Ok(None) };
        let currency = currency(&self.row);
        let tax = |amount| currency.map(|currency_code| Money { amount: Decimal(amount), currency_code });
        let taxes = detail.taxes.into_iter();
        Ok(Some(taxes.map(|one| TransactionTax { name: one.name, amount: tax(one.amount) }).collect()))
    }

    /// What a payment or a credit note was used for; null while it was not read whole, empty for all other kinds.
    async fn applications(&self) -> Result<Option<Vec<TransactionApplication>>> {
        let Some(detail) = self.whole_detail()? else { return Ok(None) };
        let applications = detail.applications.into_iter().map(|one| TransactionApplication {
            of: self.row.clone(),
            remote_id: one.document_id,
            amount: one.amount,
        });
        Ok(Some(applications.collect()))
    }

    /// What is said to the customer; null when nothing is, and while it was not read whole.
    async fn notes(&self) -> Result<Option<String>> {
        Ok(self.whole_detail()?.and_then(|detail| detail.notes))
    }

    /// Terms and conditions; null when there are none, and while it was not read whole.
    async fn terms(&self) -> Result<Option<String>> {
        Ok(self.whole_detail()?.and_then(|detail| detail.terms))
    }

    /// When it bills, of a subscription; null for every other kind.
    async fn subscription(&self) -> Result<Option<TransactionTerm>> {
        let term = self.detail()?.subscription;
        Ok(term.map(|term| TransactionTerm {
            plan_name: term.plan_name,
            starts_on: term.starts_on.map(Date),
            ends_on: term.ends_on.map(Date),
            next_billing_on: term.next_billing_on.map(Date),
        }))
    }

    /// Where it can be had as a PDF, as the finance app prints it: a path on this server, to be asked with the same token. Null where
    /// the finance app prints none of its kind.
    async fn pdf_path(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let integration =
            ctx.loaders()?.integrations().load_one(self.row.integration_id).await.map_err(failed)?;
        let kind = self.document_kind()?;
        let engine = &ctx.services()?.engine;
        let is_printed = integration.is_some_and(|row| pdf::is_printed(engine, &row, kind));
        Ok(is_printed.then(|| pdf::path(self.row.id)))
    }

    /// Whether lines, taxes, notes and terms were read, and not only what lists tell.
    async fn is_whole(&self) -> bool {
        self.row.is_whole
    }

    /// When it last changed in the finance app, by the finance app's clock.
    async fn remote_modified_at(&self) -> DateTime {
        DateTime(self.row.remote_modified_at)
    }

    /// When it was last read: what it says is from then.
    async fn read_at(&self) -> DateTime {
        DateTime(self.row.read_at)
    }

    /// What may be done with it as it was last read, without what would change nothing. Empty while the integration is not active, and
    /// for a viewer who may not change it. The finance app has the last word, and so has how it stands by then.
    async fn allowed_acts(&self, ctx: &Context<'_>) -> Result<Vec<TransactionAct>> {
        let of = ctx.loaders()?.integrations().load_one(self.row.integration_id).await.map_err(failed)?;
        let Some(of) = of else { return Ok(Vec::new()) };
        let acts = document_act::allowed(ctx.services()?, &self.row, &of);
        Ok(acts.into_iter().map(TransactionAct::from).collect())
    }

    /// When it was found to be gone from the finance app; null while it is there. Lists leave out what is gone.
    async fn deleted_at(&self) -> Option<DateTime> {
        self.row.deleted_at.map(DateTime)
    }
}

impl Transaction {
    /// The document of this id, as it was last read; none when it is gone, another tenant's, or not to be seen by the viewer.
    ///
    /// # Errors
    /// The database's.
    pub async fn load(ctx: &Context<'_>, uuid: Uuid) -> Result<Option<Self>> {
        let row = ctx.loaders()?.documents().load_one(uuid).await.map_err(failed)?;
        Self::shown(ctx, row.filter(|row| row.deleted_at.is_none()))
    }

    /// The same, also when it is gone.
    ///
    /// # Errors
    /// The database's.
    pub async fn load_even_gone(ctx: &Context<'_>, uuid: Uuid) -> Result<Option<Self>> {
        let row = ctx.loaders()?.documents().load_one(uuid).await.map_err(failed)?;
        Self::shown(ctx, row)
    }

    /// The document, where the viewer may see those of its kind.
    fn shown(ctx: &Context<'_>, row: Option<document::Model>) -> Result<Option<Self>> {
        let services = ctx.services()?;
        let is_seen = |row: &document::Model| {
            DocumentKind::by_name(&row.kind).is_some_and(|kind| service::is_visible(services, kind))
        };
        Ok(row.filter(is_seen).map(Self::from))
    }

    fn document_kind(&self) -> Result<DocumentKind> {
        DocumentKind::by_name(&self.row.kind)
            .ok_or_else(|| top_level(ServiceError::Internal("a document of an unknown kind".into())))
    }

    fn money(&self, units: Option<i64>) -> Option<Money> {
        Money::of(units, Some(&self.row.currency_code))
    }

    fn home_money(&self, whole: Option<i64>, nano: Option<i64>) -> Option<HomeMoney> {
        home_money(&self.row, whole, nano)
    }

    /// What lists leave out was asked for by itself and cannot be told now.
    fn expect_whole(&self) -> Result<()> {
        match &self.unread {
            None => Ok(()),
            Some(Unread::Unavailable(why)) => Err(coded("UNAVAILABLE", why)),
            Some(Unread::Inactive) => {
                let message = "It was not read whole before its integration was switched off; enable or connect that again first";
                Err(coded("INTEGRATION_INACTIVE", message))
            }
        }
    }

    fn whole_detail(&self) -> Result<Option<Detail>> {
        self.expect_whole()?;
        self.row.is_whole.then(|| self.detail()).transpose()
    }

    fn detail(&self) -> Result<Detail> {
        Detail::of(&self.row).map_err(|error| top_level(ServiceError::from(error)))
    }
}

/// The currency of a document; none when it is none of ISO 4217.
fn currency(row: &document::Model) -> Option<CurrencyCode> {
    row.currency_code.parse().ok().map(CurrencyCode)
}

/// An amount in a document's home currency; none unless both of its parts are there.
fn home_money(row: &document::Model, whole: Option<i64>, nano: Option<i64>) -> Option<HomeMoney> {
    let amount = HomeAmount::from_parts(whole?, nano?);
    let currency_code = row.home_currency_code.parse().ok().map(CurrencyCode);
    Some(HomeMoney { amount: Decimal(amount.to_decimal()), currency_code })
}
