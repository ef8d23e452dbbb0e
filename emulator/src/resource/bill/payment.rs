//! What of a bill is paid, and by which payments.

use rust_decimal::Decimal;

use crate::document::account;
use crate::engine::desk::Desk;
use crate::engine::reader::Reader;
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::store::books::Books;
use crate::store::kind::Kind;
use crate::store::record::Record;

/// The payments applied to a bill, each with its entry for the bill.
fn applied(books: &Books, bill: u64) -> Vec<(&Record, &Json)> {
    let payments = books.naming_as(bill, Kind::VendorPayment);
    payments
        .filter_map(|id| books.record(Kind::VendorPayment, id))
        .flat_map(|payment| payment.list("bills").iter().map(|entry| (&**payment, entry)))
        .filter(|(_, entry)| entry.get("bill_id").and_then(Json::as_id_text) == Some(&bill.to_string()))
        .collect()
}

/// Brings a bill's balance up to date with its payments. Errors: 4017 when they pay more than its total.
pub(crate) fn settle(desk: &mut Desk<'_>, bill: u64) -> Result<(), ApiError> {
    let books = desk.books();
    let amount = |entry: &Json| entry.get("amount_applied").and_then(Json::as_decimal).unwrap_or_default();
    let paid: Decimal = applied(&books, bill).iter().map(|(_, entry)| amount(entry)).sum();
    let record = desk.find(Kind::Bill, bill)?;
    let balance = record.decimal("total") - paid;
    if balance < Decimal::ZERO {
        return Err(ApiError::about(Code::OverApplied, &super::subject(&record)));
    }
    if record.decimal("payment_made") != paid {
        desk.alter(Kind::Bill, bill, |record| {
            record.set("payment_made", Json::amount(paid));
            record.set("balance", Json::amount(balance));
        })?;
    }
    Ok(())
}

/// The payments of a bill, as its detail and `GET /bills/{id}/payments` list them.
pub(crate) fn shown(bill: &Record, reader: &Reader<'_>) -> Vec<Json> {
    let vendor =
        |payment: &Record| payment.reference("vendor_id").and_then(|id| reader.books.contacts.get(&id));
    let payments = applied(&reader.books, bill.id);
    payments
        .into_iter()
        .map(|(payment, entry)| {
            let member = |name: &str| entry.get(name).cloned().unwrap_or(Json::Null);
            let text = |name: &str| Json::from(payment.text(name));
            let account = payment.reference("paid_through_account_id");
            Json::object([
                ("payment_id", Json::id(payment.id)),
                ("bill_id", Json::id(bill.id)),
                ("bill_payment_id", member("bill_payment_id")),
                ("vendor_id", text("vendor_id")),
                ("vendor_name", vendor(payment).map_or("", |it| it.contact_name.as_str()).into()),
                ("payment_mode", text("payment_mode")),
                ("payment_number", text("payment_number")),
                ("description", text("description")),
                ("date", text("date")),
                ("reference_number", text("reference_number")),
                ("exchange_rate", Json::amount(payment.decimal("exchange_rate"))),
                ("amount", member("amount_applied")),
                ("paid_through_account_id", text("paid_through_account_id")),
                ("paid_through_account_name", account::name(reader, account)),
                ("paid_through", account::name(reader, account)),
                ("is_single_bill_payment", (payment.list("bills").len() == 1).into()),
            ])
        })
        .collect()
}
