//! How much of an order its bills have billed.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::engine::desk::Desk;
use crate::engine::reader::Reader;
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::store::books::Books;
use crate::store::kind::Kind;
use crate::store::record::Record;

/// Billed quantity of each line of an order, by `line_item_id`. Void bills bill nothing.
pub(crate) fn quantities(books: &Books, order: u64) -> BTreeMap<String, Decimal> {
    let mut billed = BTreeMap::new();
    let bills = books.naming_as(order, Kind::Bill).filter_map(|id| books.record(Kind::Bill, id));
    for bill in bills.filter(|bill| bill.text("status") != "void") {
        for line in bill.list("line_items") {
            let id = line.get("purchaseorder_item_id").and_then(Json::as_id_text).unwrap_or_default();
            let quantity = line.get("quantity").and_then(Json::as_decimal).unwrap_or_default();
            if !id.is_empty() {
                *billed.entry(id.to_owned()).or_insert(Decimal::ZERO) += quantity;
            }
        }
    }
    billed
}

/// The id and the quantity of a line.
pub(crate) fn line(line: &Json) -> (&str, Decimal) {
    let id = line.get("line_item_id").and_then(Json::as_id_text).unwrap_or_default();
    (id, line.get("quantity").and_then(Json::as_decimal).unwrap_or_default())
}

/// Brings an order's `billed_status` up to date with its bills.
pub(crate) fn settle(desk: &mut Desk<'_>, order: u64) -> Result<(), ApiError> {
    let books = desk.books();
    let Some(record) = books.record(Kind::PurchaseOrder, order) else { return Ok(()) };
    let billed = quantities(&books, order);
    let mut lines = record.list("line_items").iter().map(line);
    let any = billed.values().any(|quantity| *quantity > Decimal::ZERO);
    let status = if any && lines.all(|(id, wanted)| billed.get(id).copied().unwrap_or_default() >= wanted) {
        "billed"
    } else if any {
        "partially_billed"
    } else {
        ""
    };
    if record.text("billed_status") != status {
        desk.alter(Kind::PurchaseOrder, order, |record| record.set("billed_status", status))?;
    }
    Ok(())
}

/// Refuses to take lines away that bills have billed, and to change the vendor then (code 4098).
pub(crate) fn keeps_billed_lines(desk: &Desk<'_>, record: &Record, before: &Record) -> Result<(), ApiError> {
    let books = desk.books();
    let billed = quantities(&books, before.id);
    let kept = |id: &String| record.list("line_items").iter().any(|it| line(it).0 == id);
    let same_vendor = record.text("vendor_id") == before.text("vendor_id");
    if billed.keys().all(kept) && (billed.is_empty() || same_vendor) {
        return Ok(());
    }
    let sentence = "The vendor and the billed lines of a purchase order with bills cannot be changed.";
    Err(ApiError::about(Code::WrongState, sentence))
}

/// The bills of an order, as its detail lists them.
pub(crate) fn bills(order: &Record, reader: &Reader<'_>) -> Vec<Json> {
    let bills = reader.books.naming_as(order.id, Kind::Bill);
    bills
        .filter_map(|id| reader.books.record(Kind::Bill, id))
        .map(|bill| {
            let status = crate::resource::of(Kind::Bill).status(bill, reader);
            Json::object([
                ("bill_id", Json::id(bill.id)),
                ("bill_number", bill.text("bill_number").into()),
                ("date", bill.text("date").into()),
                ("due_date", bill.text("due_date").into()),
                ("status", status.into()),
                ("total", Json::amount(bill.decimal("total"))),
                ("balance", Json::amount(bill.decimal("balance"))),
            ])
        })
        .collect()
}
