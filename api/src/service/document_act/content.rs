//! What documents are made of, by kind.

use async_graphql::MaybeUndefined;
use chrono::NaiveDate;
use finbridge_contract::DocumentDraft;
use finbridge_domain::{CurrencyCode, DocumentKind};
use finbridge_entity::document;
use rust_decimal::Decimal;
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::lines::{self, Line};
use crate::service::Services;
use crate::service::document::living;
use crate::service::error::{ErrorCode, ServiceResult};
use crate::service::validate::{Check, NAME_LENGTH, TEXT_LENGTH};

/// Longest number of somebody's own; finance apps take no longer ones.
const REFERENCE_LENGTH: usize = 50;

/// Longest id of a finance app, and word for a payment mode.
const KEY_LENGTH: usize = 64;

/// Most expenses that are put into a report at once.
const MOST_EXPENSES: usize = 100;

/// What somebody says about a document; the rest stays as it is, or is as the finance app has it.
#[derive(Debug, Clone, Default)]
pub struct Content {
    /// Its lines, of kinds that have lines; they replace all that are there.
    pub lines: Option<Vec<Line>>,
    /// Its currency; none: the customer's or vendor's.
    pub currency: Option<CurrencyCode>,
    /// 1 unit of its currency = so many of the base currency.
    pub exchange_rate: Option<Decimal>,
    /// Its day.
    pub dated_on: Option<NaiveDate>,
    /// The day by which it is due.
    pub due_on: Option<NaiveDate>,
    /// What is said to the customer. Null empties it.
    pub notes: MaybeUndefined<String>,
    /// Terms and conditions. Null empties them.
    pub terms: MaybeUndefined<String>,
    /// A number of the asker's own.
    pub reference: Option<String>,
    /// Of reports the name, of bills the vendor's number.
    pub name: Option<String>,
    /// Of payments and expenses: how much.
    pub amount: Option<Decimal>,
    /// Of expenses: the category, by its id in the finance app.
    pub category_key: Option<String>,
    /// Of payments: how it was paid.
    pub payment_mode: Option<String>,
    /// Of reports: the expenses in it.
    pub expense_ids: Option<Vec<Uuid>>,
}

/// Whether documents of this kind consist of lines.
pub(super) const fn has_lines(kind: DocumentKind) -> bool {
    matches!(
        kind,
        DocumentKind::Estimate
            | DocumentKind::SalesOrder
            | DocumentKind::Invoice
            | DocumentKind::CreditNote
            | DocumentKind::PurchaseOrder
            | DocumentKind::Bill
    )
}

impl Content {
    /// The draft, where nothing is wrong with it. Whom it is with, and the deal, are not its affair.
    pub(super) async fn settle(
        &self,
        services: &Services,
        db: &impl ConnectionTrait,
        check: &mut Check,
        (kind, finance_organization_id): (DocumentKind, Uuid),
        is_new: bool,
    ) -> ServiceResult<DocumentDraft> {
        self.expect_fitting(check, kind);
        if is_new {
            self.expect_whole(check, kind);
        }
        let lines = match &self.lines {
            Some(written) if has_lines(kind) => {
                Some(lines::written(services, db, check, finance_organization_id, written).await?)
            }
            _ => None,
        };
        for (field, number) in [("amount", self.amount), ("exchangeRate", self.exchange_rate)] {
            if number.is_some_and(|number| number <= Decimal::ZERO) {
                check.fault(ErrorCode::Invalid, field, format!("Give `{field}` a value above zero"));
            }
        }
        if let Some(amount) = self.amount {
            check.amount("amount", amount);
        }
        if let (Some(dated), Some(due)) = (self.dated_on, self.due_on)
            && due < dated
        {
            let message =
                format!("It cannot be due on {due}, before its own day, {dated}; choose a later day");
            check.fault(ErrorCode::Invalid, "dueOn", message);
        }
        let mut text = |field: &str, value: &MaybeUndefined<String>| match value {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => (!is_new).then(String::new),
            MaybeUndefined::Value(value) => {
                check.optional(field, Some(value), TEXT_LENGTH).or_else(|| (!is_new).then(String::new))
            }
        };
        let (notes, terms) = (text("notes", &self.notes), text("terms", &self.terms));
        let category_key = self.category_key.as_deref();
        let mode = check.optional("paymentMode", self.payment_mode.as_deref(), KEY_LENGTH);
        Ok(DocumentDraft {
            party_id: None,
            reference: check.optional("reference", self.reference.as_deref(), REFERENCE_LENGTH),
            currency_code: self.currency.map(|currency| currency.as_str().to_owned()),
            exchange_rate: self.exchange_rate,
            dated_on: self.dated_on,
            due_on: self.due_on,
            lines,
            amount: self.amount,
            category_id: category_key.and_then(|given| key(check, "categoryKey", given)),
            name: check.optional("name", self.name.as_deref(), NAME_LENGTH),
            expense_ids: self.expenses(services, db, check, (finance_organization_id, is_new)).await?,
            payment_mode: mode,
            applications: Vec::new(),
            notes,
            terms,
            deal: None,
            is_sent: false,
        })
    }

    /// Finance apps pass over what a kind does not have; nobody shall believe that it was written.
    fn expect_fitting(&self, check: &mut Check, kind: DocumentKind) {
        use DocumentKind as Kind;
        let has_due = has_lines(kind) && kind != Kind::CreditNote || kind == Kind::ExpenseReport;
        let told = [
            ("lines", self.lines.is_some(), has_lines(kind)),
            ("terms", !self.terms.is_undefined(), has_lines(kind)),
            ("dueOn", self.due_on.is_some(), has_due),
            ("amount", self.amount.is_some(), matches!(kind, Kind::CustomerPayment | Kind::Expense)),
            ("paymentMode", self.payment_mode.is_some(), kind == Kind::CustomerPayment),
            ("categoryKey", self.category_key.is_some(), kind == Kind::Expense),
            ("name", self.name.is_some(), matches!(kind, Kind::ExpenseReport | Kind::Bill)),
            ("expenseIds", self.expense_ids.is_some(), kind == Kind::ExpenseReport),
            ("currencyCode", self.currency.is_some(), kind != Kind::ExpenseReport),
            ("exchangeRate", self.exchange_rate.is_some(), kind != Kind::ExpenseReport),
        ];
        for (field, is_told, has_it) in told {
            if is_told && !has_it {
                let message =
                    format!("A document of this kind ({}) has no `{field}`; leave it out", kind.noun());
                check.fault(ErrorCode::Invalid, field, message);
            }
        }
    }

    /// What a new document cannot be without. Lines are looked at where they come from.
    fn expect_whole(&self, check: &mut Check, kind: DocumentKind) {
        use DocumentKind as Kind;
        let needed = [
            ("amount", self.amount.is_some(), matches!(kind, Kind::CustomerPayment | Kind::Expense)),
            ("categoryKey", self.category_key.is_some(), kind == Kind::Expense),
            ("name", self.name.is_some(), kind == Kind::ExpenseReport),
        ];
        for (field, is_told, is_needed) in needed {
            if is_needed && !is_told {
                check.fault(ErrorCode::Required, field, format!("Give `{field}` a value"));
            }
        }
    }

    /// The expenses of a report, by their ids in the finance app.
    async fn expenses(
        &self,
        services: &Services,
        db: &impl ConnectionTrait,
        check: &mut Check,
        (finance_organization_id, is_new): (Uuid, bool),
    ) -> ServiceResult<Vec<String>> {
        let Some(ids) = self.expense_ids.as_deref() else { return Ok(Vec::new()) };
        if ids.is_empty() && !is_new {
            let message = "Name the expenses that the report shall have; the last ones are taken out in the finance app";
            check.fault(ErrorCode::Required, "expenseIds", message);
        }
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        if ids.len() > MOST_EXPENSES {
            let message =
                format!("A report takes {MOST_EXPENSES} expenses at once and these are {}", ids.len());
            check.fault(ErrorCode::Invalid, "expenseIds", message);
            return Ok(Vec::new());
        }
        let known: Vec<(Uuid, String)> = living(services.organization_id())
            .filter(document::Column::FinanceOrganizationId.eq(finance_organization_id))
            .filter(document::Column::Kind.eq(DocumentKind::Expense.as_str()))
            .filter(document::Column::Id.is_in(ids.iter().copied()))
            .select_only()
            .columns([document::Column::Id, document::Column::RemoteId])
            .into_tuple()
            .all(db)
            .await?;
        let mut told = Vec::with_capacity(ids.len());
        for (place, id) in ids.iter().enumerate() {
            match known.iter().find(|(known, _)| known == id) {
                Some((_, remote_id)) => told.push(remote_id.clone()),
                None => {
                    let message =
                        "There is no such expense in this finance organization; `transactions` lists them";
                    check.fault(ErrorCode::NotFound, &format!("expenseIds.{place}"), message);
                }
            }
        }
        Ok(told)
    }
}

/// An id of a finance app. It becomes a part of addresses there, so it is letters and digits and nothing else.
pub(super) fn key(check: &mut Check, field: &str, given: &str) -> Option<String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if given.is_empty() || given.len() > KEY_LENGTH || !given.bytes().all(is_plain) {
        let message = format!(
            "`{field}` takes an id as the finance app shows it: letters and digits, {KEY_LENGTH} at most"
        );
        check.fault(ErrorCode::Invalid, field, message);
        return None;
    }
    Some(given.to_owned())
}
