//! What of a payment is applied to which bills.

use rust_decimal::Decimal;

use super::refund;
use crate::engine::desk::Desk;
use crate::engine::reader::Reader;
use crate::engine::spec::Resource;
use crate::error::{ApiError, Code};
use crate::json::{Json, round_money};
use crate::resource::bill::{self, Bill};
use crate::resource::step;
use crate::store::kind::Kind;
use crate::store::record::Record;

/// The most bills that one payment may pay [?].
const MAX_BILLS: usize = 1000;

/// The bills that a payment pays.
pub(crate) fn bills(payment: &Record) -> Vec<u64> {
    payment.list("bills").iter().filter_map(|it| it.get("bill_id")?.as_id_text()?.parse().ok()).collect()
}

/// Takes `bills` of a body: entries are known by `bill_payment_id` or by their bill, and left out ones are taken back.
/// Errors: code 2 for an entry without a bill, or with an amount that is none or below zero.
pub(crate) fn take(desk: &mut Desk<'_>, payment: &mut Record, body: &Json) -> Result<(), ApiError> {
    let given = match body.get("bills") {
        None | Some(Json::Null) => return Ok(()),
        Some(Json::List(given)) if given.len() <= MAX_BILLS => given,
        Some(_) => return Err(ApiError::invalid("bills")),
    };
    let mut entries: Vec<Json> = Vec::new();
    for entry in given {
        let id = |name: &str| entry.get(name).and_then(Json::as_id_text).filter(|id| !id.is_empty());
        let known = payment.list("bills").iter().find(|it| {
            let same = |name: &str| id(name).is_some() && it.get(name).and_then(Json::as_id_text) == id(name);
            same("bill_payment_id") || same("bill_id")
        });
        let bill = id("bill_id").or_else(|| known?.get("bill_id")?.as_id_text());
        let bill = bill.ok_or_else(|| ApiError::invalid("bill_id"))?;
        let amount = entry.get("amount_applied").and_then(Json::as_decimal);
        let amount = amount.filter(|it| *it >= Decimal::ZERO && *it < Decimal::from(10u64.pow(12)));
        let amount = amount.ok_or_else(|| ApiError::invalid("amount_applied"))?;
        let withheld = entry.get("tax_amount_withheld").and_then(Json::as_decimal).unwrap_or_default();
        if entries.iter().any(|it| it.get("bill_id").and_then(Json::as_id_text) == Some(bill)) {
            return Err(ApiError::invalid("bills"));
        }
        let own = match known.and_then(|it| it.get("bill_payment_id")) {
            Some(id) => id.clone(),
            None => Json::id(desk.next_id()),
        };
        entries.push(entry_of(own, bill, amount, withheld));
    }
    payment.set("bills", entries);
    Ok(())
}

fn entry_of(id: Json, bill: &str, amount: Decimal, withheld: Decimal) -> Json {
    Json::object([
        ("bill_payment_id", id),
        ("bill_id", bill.into()),
        ("amount_applied", Json::amount(amount)),
        ("tax_amount_withheld", Json::amount(withheld)),
    ])
}

/// A payment without a vendor is for the vendor of its first bill.
pub(crate) fn vendor(desk: &Desk<'_>, payment: &mut Record) -> Result<(), ApiError> {
    if payment.text("vendor_id").is_empty()
        && let Some(id) = bills(payment).first()
        && let Some(bill) = desk.books().record(Kind::Bill, *id)
    {
        payment.set("vendor_id", bill.text("vendor_id"));
    }
    Ok(())
}

/// Checks the bills of a payment and computes what is unused. Errors: 6 for an unknown bill, 2 for one of another vendor
/// or currency and for more applied than paid, 4098 for a bill that newly joins while nothing is owed on it.
pub(crate) fn check(
    desk: &Desk<'_>,
    payment: &mut Record,
    before: Option<&Record>,
    places: u32,
) -> Result<(), ApiError> {
    let books = desk.books();
    let known = before.map(bills).unwrap_or_default();
    let mut entries = Vec::new();
    let mut applied = Decimal::ZERO;
    for entry in payment.list("bills") {
        let id = entry.get("bill_id").and_then(Json::as_id_text).unwrap_or_default();
        let bill = id.parse().ok().and_then(|id| books.record(Kind::Bill, id));
        let bill = bill.ok_or_else(|| ApiError::about(Code::InvalidReference, "bill_id"))?;
        let same = |name: &str| bill.text(name) == payment.text(name);
        if !same("vendor_id") || !same("currency_id") {
            return Err(ApiError::invalid("bill_id"));
        }
        let status = Bill.status(bill, &desk.reader());
        if !known.contains(&bill.id) && !bill::OWED.contains(&status.as_str()) {
            return Err(step::refusal(&Bill, &status, "paid"));
        }
        let number = |name: &str| entry.get(name).and_then(Json::as_decimal).unwrap_or_default();
        let amount = round_money(number("amount_applied"), places);
        applied += amount;
        let own = entry.get("bill_payment_id").cloned().unwrap_or(Json::Null);
        entries.push(entry_of(own, id, amount, round_money(number("tax_amount_withheld"), places)));
    }
    let unused = payment.decimal("amount") - applied - refund::refunded(payment);
    if unused < Decimal::ZERO {
        return Err(ApiError::invalid("amount_applied"));
    }
    payment.set("bills", entries);
    payment.set("unused_amount", Json::amount(unused));
    Ok(())
}

/// Brings the balances of the bills of a payment up to date, those of the bills it paid before included.
pub(crate) fn settle(desk: &mut Desk<'_>, payment: &Record, before: Option<&Record>) -> Result<(), ApiError> {
    let mut touched = bills(payment);
    touched.extend(before.map(bills).unwrap_or_default());
    touched.sort_unstable();
    touched.dedup();
    touched.into_iter().try_for_each(|id| bill::settle(desk, id))
}

/// Applies more of a payment to a bill, out of what it has unused.
pub(crate) fn add(desk: &mut Desk<'_>, payment: &Record, bill: u64, amount: Decimal) -> Result<(), ApiError> {
    let before = desk.find(Kind::VendorPayment, payment.id)?;
    let number = |entry: &Json, name: &str| entry.get(name).and_then(Json::as_decimal).unwrap_or_default();
    if amount <= Decimal::ZERO {
        return Err(ApiError::invalid("amount_applied"));
    }
    let mut wanted: Vec<Json> = Vec::new();
    let mut found = false;
    for entry in before.list("bills") {
        let id = entry.get("bill_id").and_then(Json::as_id_text).unwrap_or_default();
        let more = if id == bill.to_string() { amount } else { Decimal::ZERO };
        found |= !more.is_zero();
        let own = entry.get("bill_payment_id").cloned().unwrap_or(Json::Null);
        let applied = number(entry, "amount_applied") + more;
        wanted.push(entry_of(own, id, applied, number(entry, "tax_amount_withheld")));
    }
    if !found {
        wanted.push(Json::object([("bill_id", Json::id(bill)), ("amount_applied", Json::amount(amount))]));
    }
    let body = Json::object([("bills", wanted.into())]);
    desk.update(&super::VendorPayment, &before, &body).map(|_| ())
}

/// Takes a payment off a bill; its amount becomes unused. Errors: 1002 for an unknown entry.
pub(crate) fn remove(desk: &mut Desk<'_>, bill: u64, bill_payment_id: &str) -> Result<(), ApiError> {
    let books = desk.books();
    let named = |entry: &Json, name: &str, id: &str| entry.get(name).and_then(Json::as_id_text) == Some(id);
    let is = |entry: &Json| {
        named(entry, "bill_payment_id", bill_payment_id) && named(entry, "bill_id", &bill.to_string())
    };
    let payments = books.naming_as(bill, Kind::VendorPayment);
    let payment = payments
        .filter_map(|id| books.record(Kind::VendorPayment, id))
        .find(|payment| payment.list("bills").iter().any(is));
    let payment = payment.ok_or_else(|| ApiError::missing("Payment"))?;
    let kept: Vec<Json> = payment.list("bills").iter().filter(|entry| !is(entry)).cloned().collect();
    let body = Json::object([("bills", kept.into())]);
    desk.update(&super::VendorPayment, payment, &body).map(|_| ())
}

/// The numbers of the bills that a payment pays.
pub(crate) fn numbers(payment: &Record, reader: &Reader<'_>) -> Vec<String> {
    let known = bills(payment).into_iter().filter_map(|id| reader.books.record(Kind::Bill, id));
    known.map(|bill| bill.text("bill_number").to_owned()).collect()
}

/// The entries with what answers show of their bills.
pub(crate) fn shown(payment: &Record, reader: &Reader<'_>) -> Vec<Json> {
    let entries = payment.list("bills").iter().map(|entry| {
        let id = entry.get("bill_id").and_then(Json::as_id_text).and_then(|id| id.parse().ok());
        let bill = id.and_then(|id| reader.books.record(Kind::Bill, id));
        let (Json::Object(members), Some(bill)) = (entry, bill) else { return entry.clone() };
        let currency = bill.reference("currency_id").and_then(|id| reader.organization.currency(id));
        let mut members = members.clone();
        members.extend([
            ("balance".to_owned(), Json::amount(bill.decimal("balance"))),
            ("bill_number".to_owned(), bill.text("bill_number").into()),
            ("date".to_owned(), bill.text("date").into()),
            ("due_date".to_owned(), bill.text("due_date").into()),
            ("price_precision".to_owned(), u64::from(currency.map_or(2, |it| it.precision)).into()),
            ("total".to_owned(), Json::amount(bill.decimal("total"))),
        ]);
        Json::Object(members)
    });
    entries.collect()
}
