//! Bills of purchase orders.

use rust_decimal::Decimal;

use crate::document::line;
use crate::engine::desk::Desk;
use crate::engine::reader::Reader;
use crate::engine::spec::Resource;
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::resource::purchaseorder::{PurchaseOrder, billed};
use crate::resource::step;
use crate::store::kind::Kind;
use crate::store::record::Record;

/// Members of an order's line that its bill's line takes over.
const COPIED: [&str; 13] = [
    "item_id",
    "name",
    "description",
    "rate",
    "unit",
    "tax_id",
    "tax_exemption_id",
    "account_id",
    "customer_id",
    "project_id",
    "hsn_or_sac",
    "discount",
    "item_order",
];

/// The most orders that one bill may bill [?].
const MAX_ORDERS: usize = 200;

/// The orders that a bill bills.
pub(crate) fn ids(bill: &Record) -> Vec<u64> {
    bill.list("purchaseorder_ids").iter().filter_map(|id| id.as_id_text()?.parse().ok()).collect()
}

/// Takes `purchaseorder_ids` of a body, a list or one id. Errors: code 2 for anything else.
pub(crate) fn take(record: &mut Record, body: &Json) -> Result<(), ApiError> {
    let wrong = || ApiError::invalid("purchaseorder_ids");
    let given: Vec<Json> = match (body.get("purchaseorder_ids"), body.get("purchaseorder_id")) {
        (Some(Json::List(ids)), _) => ids.clone(),
        (Some(Json::Null), _) | (None, None | Some(Json::Null)) => return Ok(()),
        (Some(id), _) | (None, Some(id)) => vec![id.clone()],
    };
    if given.len() > MAX_ORDERS {
        return Err(wrong());
    }
    let mut ids = Vec::new();
    for id in given.iter().filter(|id| id.as_str() != Some("")) {
        let id = Json::from(id.as_id_text().ok_or_else(wrong)?);
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    record.set("purchaseorder_ids", ids);
    Ok(())
}

/// Gives a new bill without lines what its orders have left to bill, and their vendor and currency.
pub(crate) fn take_lines(desk: &mut Desk<'_>, bill: &mut Record) -> Result<(), ApiError> {
    let mut lines = Vec::new();
    for id in ids(bill) {
        let books = desk.books();
        let order = books.record(Kind::PurchaseOrder, id).ok_or_else(unknown)?;
        billable(desk, order)?;
        for name in
            ["vendor_id", "currency_id", "exchange_rate", "is_inclusive_tax", "discount_type", "discount"]
        {
            if let Some(value) = order.members.get(name).filter(|_| bill.members.get(name).is_none()) {
                bill.set(name, value.clone());
            }
        }
        let known = billed::quantities(&books, id);
        for line in order.list("line_items") {
            let (line_id, wanted) = billed::line(line);
            let left = wanted - known.get(line_id).copied().unwrap_or_default();
            if left > Decimal::ZERO {
                let mut members: Vec<(String, Json)> = COPIED
                    .iter()
                    .filter_map(|name| Some(((*name).to_owned(), line.get(name)?.clone())))
                    .filter(|(_, value)| value.as_str() != Some(""))
                    .collect();
                members.push(("purchaseorder_item_id".to_owned(), line_id.into()));
                members.push(("quantity".to_owned(), Json::amount(left)));
                lines.push(Json::Object(members));
            }
        }
    }
    if lines.is_empty() {
        return Ok(());
    }
    line::take(desk, bill, &Json::object([("line_items", lines.into())]), true)
}

/// Ties the lines of a bill to the lines of its orders, by `purchaseorder_item_id` or else by item. Errors: code 6 for an
/// unknown order or line, 2 for an order of another vendor, 4098 for an order that cannot be billed.
pub(crate) fn check(desk: &Desk<'_>, bill: &mut Record, before: Option<&Record>) -> Result<(), ApiError> {
    let books = desk.books();
    let known = before.map(ids).unwrap_or_default();
    let mut order_lines: Vec<Json> = Vec::new();
    for id in ids(bill) {
        let order = books.record(Kind::PurchaseOrder, id).ok_or_else(unknown)?;
        if order.text("vendor_id") != bill.text("vendor_id") {
            return Err(ApiError::invalid("purchaseorder_ids"));
        }
        if !known.contains(&id) {
            billable(desk, order)?;
        }
        order_lines.extend(order.list("line_items").iter().cloned());
    }
    let text =
        |line: &Json, name: &str| line.get(name).and_then(Json::as_id_text).unwrap_or_default().to_owned();
    let mut lines = bill.list("line_items").to_vec();
    for line in &mut lines {
        let (named, item) = (text(line, "purchaseorder_item_id"), text(line, "item_id"));
        let found = if named.is_empty() {
            let same_item = |it: &&Json| !item.is_empty() && text(it, "item_id") == item;
            order_lines.iter().find(same_item).map(|it| text(it, "line_item_id"))
        } else {
            let same = |it: &&Json| text(it, "line_item_id") == named;
            let found = order_lines.iter().find(same).map(|it| text(it, "line_item_id"));
            Some(found.ok_or_else(|| ApiError::about(Code::InvalidReference, "purchaseorder_item_id"))?)
        };
        if let (Some(id), Json::Object(members)) = (found, line)
            && let Some(slot) = members.iter_mut().find(|(name, _)| name == "purchaseorder_item_id")
        {
            slot.1 = id.into();
        }
    }
    bill.set("line_items", lines);
    Ok(())
}

/// Only an open order that is not wholly billed may be billed (code 4098).
fn billable(desk: &Desk<'_>, order: &Record) -> Result<(), ApiError> {
    let status = PurchaseOrder.status(order, &desk.reader());
    if ["open", "partially_billed"].contains(&status.as_str()) {
        return Ok(());
    }
    Err(step::refusal(&PurchaseOrder, &status, "billed"))
}

fn unknown() -> ApiError {
    ApiError::about(Code::InvalidReference, "purchaseorder_ids")
}

/// The orders of a bill, as its detail lists them.
pub(crate) fn shown(bill: &Record, reader: &Reader<'_>) -> Vec<Json> {
    let orders = ids(bill).into_iter().filter_map(|id| reader.books.record(Kind::PurchaseOrder, id));
    orders
        .map(|order| {
            Json::object([
                ("purchaseorder_id", Json::id(order.id)),
                ("purchaseorder_number", order.text("purchaseorder_number").into()),
                ("purchaseorder_date", order.text("date").into()),
                ("purchaseorder_status", PurchaseOrder.status(order, reader).into()),
            ])
        })
        .collect()
}
