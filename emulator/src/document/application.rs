//! Payments and credits applied to invoices.
//!
//! What is applied stands in the payment or the credit note, entry by entry. The invoice names them and keeps the sums,
//! which are computed anew from the entries with every change, so that both sides always agree to the last cent.

use std::collections::BTreeSet;
use std::sync::Arc;

use rust_decimal::Decimal;

use super::refund;
use super::sale::wrong;
use crate::engine::desk::Desk;
use crate::error::{ApiError, Code};
use crate::json::{Json, round_money};
use crate::store::books::Books;
use crate::store::kind::Kind;
use crate::store::record::Record;

/// A kind of record whose amount can be applied to invoices.
pub(crate) struct Source {
    pub(crate) kind: Kind,
    /// Its name in sentences.
    pub(crate) label: &'static str,
    /// Member with its whole amount.
    pub(crate) whole: &'static str,
    /// Member with what is neither applied nor refunded.
    pub(crate) left: &'static str,
    /// Member of an invoice with the ids of those applied to it.
    pub(crate) member: &'static str,
}

/// Customer payments.
pub(crate) static PAYMENTS: Source = Source {
    kind: Kind::CustomerPayment,
    label: "the payment",
    whole: "amount",
    left: "unused_amount",
    member: "payment_ids",
};

/// Credit notes.
pub(crate) static CREDITS: Source = Source {
    kind: Kind::CreditNote,
    label: "the credit note",
    whole: "total",
    left: "balance",
    member: "creditnote_ids",
};

/// An amount of a source applied to one invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Application {
    pub(crate) id: u64,
    pub(crate) invoice_id: u64,
    pub(crate) amount: Decimal,
    /// Tax that the customer kept back; it lowers the invoice's balance, yet not the payment's unused amount.
    pub(crate) withheld: Decimal,
    /// Day of the application.
    pub(crate) date: String,
}

impl Application {
    fn settles(&self) -> Decimal {
        self.amount + self.withheld
    }
}

/// What a payment or a credit note is applied to.
pub(crate) fn of(record: &Record) -> Vec<Application> {
    let number = |entry: &Json, name: &str| entry.get(name).and_then(Json::as_decimal).unwrap_or_default();
    let id = |entry: &Json, name: &str| entry.get(name)?.as_id_text()?.parse().ok();
    let entries = record.list("invoices").iter();
    entries
        .filter_map(|entry| {
            Some(Application {
                id: id(entry, "application_id")?,
                invoice_id: id(entry, "invoice_id")?,
                amount: number(entry, "amount_applied"),
                withheld: number(entry, "tax_amount_withheld"),
                date: entry.get("date").and_then(Json::as_str).unwrap_or_default().to_owned(),
            })
        })
        .collect()
}

/// Writes what a payment or a credit note is applied to.
pub(crate) fn set(record: &mut Record, applications: &[Application]) {
    let entries = applications.iter().map(|it| {
        Json::object([
            ("application_id", Json::id(it.id)),
            ("invoice_id", Json::id(it.invoice_id)),
            ("amount_applied", Json::amount(it.amount)),
            ("tax_amount_withheld", Json::amount(it.withheld)),
            ("date", it.date.as_str().into()),
        ])
    });
    record.set("invoices", entries.collect::<Vec<_>>());
}

/// An entry of a body: `{<name>, amount_applied, tax_amount_withheld}`. Errors: code 2 for another shape or an amount
/// below zero.
pub(crate) fn entry(entry: &Json, name: &str) -> Result<(u64, Decimal, Decimal), ApiError> {
    let id = entry.get(name).and_then(Json::as_id_text).and_then(|id| id.parse().ok());
    let amount = |name: &str| match entry.get(name) {
        None | Some(Json::Null) => Ok(None),
        Some(value) if value.as_str() == Some("") => Ok(None),
        Some(value) => {
            let number = value.as_decimal().filter(|it| *it >= Decimal::ZERO && *it <= LARGEST);
            number.map(Some).ok_or_else(|| ApiError::invalid(name))
        }
    };
    Ok((
        id.ok_or_else(|| ApiError::invalid(name))?,
        amount("amount_applied")?.ok_or_else(|| ApiError::invalid("amount_applied"))?,
        amount("tax_amount_withheld")?.unwrap_or_default(),
    ))
}

/// Sums of bounded amounts cannot overflow.
const LARGEST: Decimal = rust_decimal::dec!(1_000_000_000_000_000);

/// The entries of a body's list as applications. An invoice that was paid before keeps its application's id; entries of
/// nothing are dropped. Errors: code 2 for another shape or an invoice named twice.
pub(crate) fn wanted(
    desk: &mut Desk<'_>,
    known: &[Application],
    entries: &[Json],
    date: &str,
) -> Result<Vec<Application>, ApiError> {
    let mut applications: Vec<Application> = Vec::new();
    for given in entries {
        let (invoice_id, amount, withheld) = entry(given, "invoice_id")?;
        if applications.iter().any(|it| it.invoice_id == invoice_id) {
            return Err(ApiError::invalid("invoice_id"));
        }
        if amount.is_zero() && withheld.is_zero() {
            continue;
        }
        let before = known.iter().find(|it| it.invoice_id == invoice_id);
        let id = before.map_or_else(|| desk.next_id(), |it| it.id);
        let date = before.map_or(date, |it| &it.date).to_owned();
        applications.push(Application { id, invoice_id, amount, withheld, date });
    }
    Ok(applications)
}

/// Checks the applications of a source that is about to be stored, rounds them, and computes what is left of it.
/// Errors: 6 for an invoice that does not exist or is another customer's, 4098 for one that is not open or has another
/// currency, 4017 for more than an invoice's balance or than the source has.
pub(crate) fn check(
    desk: &Desk<'_>,
    source: &Source,
    record: &mut Record,
    before: Option<&Record>,
) -> Result<(), ApiError> {
    let known = before.map(of).unwrap_or_default();
    let currency = record.reference("currency_id").and_then(|id| desk.organization.currency(id));
    let places = currency.map_or(2, |it| it.precision);
    let mut applications = of(record);
    for application in &mut applications {
        application.amount = round_money(application.amount, places);
        application.withheld = round_money(application.withheld, places);
        let unknown = || ApiError::about(Code::InvalidReference, "invoice_id");
        let books = desk.books();
        let invoice = books.record(Kind::Invoice, application.invoice_id).ok_or_else(unknown)?;
        if invoice.text("customer_id") != record.text("customer_id") {
            return Err(unknown());
        }
        let held = known.iter().find(|it| it.invoice_id == application.invoice_id);
        let held = held.map_or(Decimal::ZERO, Application::settles);
        if application.settles() <= held {
            continue;
        }
        if source.kind == Kind::CreditNote && record.text("status") != "open" {
            return Err(wrong("Only an open credit note can be applied."));
        }
        let number = invoice.text("invoice_number");
        if invoice.text("status") != "sent" {
            return Err(wrong(&format!("The invoice {number} is not open. Mark it as sent first.")));
        }
        if invoice.text("currency_id") != record.text("currency_id") {
            return Err(wrong(&format!(
                "The invoice {number} is in another currency than {}.",
                source.label
            )));
        }
        if application.settles() > invoice.decimal("balance") + held {
            return Err(ApiError::about(Code::OverApplied, number));
        }
    }
    set(record, &applications);
    let applied: Decimal = applications.iter().map(|it| it.amount).sum();
    let left = record.decimal(source.whole) - applied - refund::sum(record);
    if left < Decimal::ZERO {
        return Err(ApiError::about(Code::OverApplied, source.label));
    }
    record.set(source.left, Json::amount(left));
    Ok(())
}

/// Brings the invoices of a stored or deleted source up to date; `before` is the source as it was.
pub(crate) fn follow(
    desk: &mut Desk<'_>,
    source: &Source,
    record: Option<&Record>,
    before: Option<&Record>,
) -> Result<(), ApiError> {
    let (new, old) = (record.map(of).unwrap_or_default(), before.map(of).unwrap_or_default());
    let Some(id) = record.or(before).map(|it| it.id) else { return Ok(()) };
    let same_day = record.map(|it| it.text("date")) == before.map(|it| it.text("date"));
    let invoices: BTreeSet<u64> = new.iter().chain(&old).map(|it| it.invoice_id).collect();
    for invoice_id in invoices {
        let own = |it: &&Application| it.invoice_id == invoice_id;
        if same_day && new.iter().find(own) == old.iter().find(own) {
            continue;
        }
        let Ok(invoice) = desk.find(Kind::Invoice, invoice_id) else { continue };
        let mut ids: Vec<Json> = invoice.list(source.member).to_vec();
        ids.retain(|it| *it != Json::id(id));
        if new.iter().any(|it| it.invoice_id == invoice_id) {
            ids.push(Json::id(id));
        }
        let mut changed = (*invoice).clone();
        changed.set(source.member, ids);
        sum_up(desk, &mut changed);
        changed.modified = desk.now;
        desk.put(changed)?;
    }
    Ok(())
}

/// The payments or credit notes applied to an invoice, each with what it gives.
pub(crate) fn on(books: &Books, source: &Source, invoice: &Record) -> Vec<(Arc<Record>, Application)> {
    let ids = invoice.list(source.member).iter().filter_map(|id| id.as_id_text()?.parse::<u64>().ok());
    ids.filter_map(|id| {
        let record = books.record(source.kind, id)?;
        let application = of(record).into_iter().find(|it| it.invoice_id == invoice.id)?;
        Some((Arc::clone(record), application))
    })
    .collect()
}

/// Writes the sums and the balance of an invoice.
pub(crate) fn sum_up(desk: &Desk<'_>, invoice: &mut Record) {
    let payments = on(&desk.books(), &PAYMENTS, invoice);
    let sum = |it: &dyn Fn(&Application) -> Decimal| payments.iter().map(|(_, one)| it(one)).sum::<Decimal>();
    let (paid, withheld) = (sum(&|it| it.amount), sum(&|it| it.withheld));
    let credited: Decimal = on(&desk.books(), &CREDITS, invoice).iter().map(|(_, it)| it.amount).sum();
    let last = payments.iter().map(|(payment, _)| payment.text("date").to_owned()).max();
    invoice.set("payment_made", Json::amount(paid));
    invoice.set("tax_amount_withheld", Json::amount(withheld));
    invoice.set("credits_applied", Json::amount(credited));
    invoice.set("last_payment_date", last.unwrap_or_default());
    let balance = invoice.decimal("total") - paid - withheld - credited - invoice.decimal("write_off_amount");
    invoice.set("balance", Json::amount(balance));
}

/// Changes the applications of one source, with every check and consequence.
pub(crate) fn change(
    desk: &mut Desk<'_>,
    source: &Source,
    before: &Arc<Record>,
    act: impl FnOnce(&mut Vec<Application>),
) -> Result<(), ApiError> {
    let mut record = (**before).clone();
    let mut applications = of(&record);
    act(&mut applications);
    set(&mut record, &applications);
    check(desk, source, &mut record, Some(before))?;
    record.modified = desk.now;
    let record = desk.put(record)?;
    follow(desk, source, Some(&record), Some(before))
}

/// Adds to what a source gives to an invoice.
pub(crate) fn add(
    desk: &mut Desk<'_>,
    source: &Source,
    before: &Arc<Record>,
    invoice_id: u64,
    amount: Decimal,
) -> Result<(), ApiError> {
    let (id, date) = (desk.next_id(), desk.today().to_string());
    change(desk, source, before, |applications| {
        match applications.iter_mut().find(|it| it.invoice_id == invoice_id) {
            Some(known) => known.amount += amount,
            None if amount.is_zero() => {}
            None => applications.push(Application { id, invoice_id, amount, withheld: Decimal::ZERO, date }),
        }
    })
}
