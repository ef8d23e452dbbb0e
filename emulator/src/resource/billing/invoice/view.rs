//! How invoices look in answers of Billing.

use crate::document::application::{self, CREDITS, PAYMENTS};
use crate::engine::reader::Reader;
use crate::json::Json;
use crate::resource;
use crate::resource::billing::books;
use crate::store::kind::Kind;
use crate::store::record::Record;

/// The value of a member. What has no name of its own here is shown as Books shows it.
pub(super) fn show(name: &str, record: &Record, reader: &Reader<'_>) -> Json {
    let known = |name: &str| resource::of(Kind::Invoice).show(name, record, reader);
    match name {
        "number" => known("invoice_number"),
        "invoice_date" => known("date"),
        "invoice_items" => books::items(record),
        "coupons" | "comments" | "documents" => Vec::new().into(),
        "credits" => credits(record, reader),
        "payments" => payments(record, reader),
        "billing_address" | "shipping_address" => books::street(&known(name)),
        "subscription_id" => record.text(name).into(),
        "subscriptions" => {
            let id = record.reference("subscription_id");
            let one = id.map(|id| Json::object([("subscription_id", Json::id(id))]));
            one.into_iter().collect::<Vec<_>>().into()
        }
        _ => known(name),
    }
}

fn credits(record: &Record, reader: &Reader<'_>) -> Json {
    let rows = application::on(&reader.books, &CREDITS, record).into_iter().map(|(note, applied)| {
        Json::object([
            ("creditnotes_invoice_id", Json::id(applied.id)),
            ("creditnote_id", Json::id(note.id)),
            ("creditnotes_number", note.text("creditnote_number").into()),
            ("credited_date", applied.date.into()),
            ("credited_amount", Json::amount(applied.amount)),
        ])
    });
    rows.collect::<Vec<_>>().into()
}

fn payments(record: &Record, reader: &Reader<'_>) -> Json {
    let rows = application::on(&reader.books, &PAYMENTS, record).into_iter().map(|(payment, applied)| {
        Json::object([
            ("payment_id", Json::id(payment.id)),
            ("invoice_payment_id", Json::id(applied.id)),
            ("payment_mode", payment.text("payment_mode").into()),
            ("gateway_transaction_id", "".into()),
            ("description", payment.text("description").into()),
            ("date", payment.text("date").into()),
            ("reference_number", payment.text("reference_number").into()),
            ("amount", Json::amount(applied.amount)),
            ("bank_charges", Json::amount(payment.decimal("bank_charges"))),
            ("exchange_rate", Json::amount(payment.decimal("exchange_rate"))),
        ])
    });
    rows.collect::<Vec<_>>().into()
}
