//! Invoices that are made from sales orders: which lines they take, and how much of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::document::sale::wrong;
use crate::engine::desk::Desk;
use crate::engine::reader::Reader;
use crate::error::{ApiError, Code};
use crate::filter::fold;
use crate::json::{Json, round_money};
use crate::resource;
use crate::resource::salesorder;
use crate::store::kind::Kind;
use crate::store::record::Record;

fn id(line: &Json, name: &str) -> Option<u64> {
    line.get(name)?.as_id_text()?.parse().ok()
}

fn taken(record: &Record) -> Vec<u64> {
    record.list("line_items").iter().filter_map(|line| id(line, "salesorder_item_id")).collect()
}

/// Settles the order of an invoice: the one it names, or the customer's order that its lines name. Lines of a newly
/// named order that do not say which line they invoice are matched by item. Errors: 6 for an unknown order, one of
/// another customer, or a line that is not the order's; 4098 for an order that is not open.
pub(super) fn relate(desk: &Desk<'_>, record: &mut Record, before: Option<&Record>) -> Result<(), ApiError> {
    let books = desk.books();
    let lines = taken(record);
    if record.text("salesorder_id").is_empty() {
        let Some(first) = lines.first() else { return Ok(()) };
        let customer = record.reference("customer_id").unwrap_or_default();
        let mut orders = books.naming_as(customer, Kind::SalesOrder);
        let holds = |order: &u64| {
            let order = books.record(Kind::SalesOrder, *order);
            order
                .is_some_and(|it| it.list("line_items").iter().any(|l| id(l, "line_item_id") == Some(*first)))
        };
        let order = orders.find(holds).ok_or_else(|| unknown("salesorder_item_id"))?;
        record.set("salesorder_id", Json::id(order));
    }
    let order = desk.named(Kind::SalesOrder, record, "salesorder_id")?;
    let order = order.filter(|it| it.text("customer_id") == record.text("customer_id"));
    let order = order.ok_or_else(|| unknown("salesorder_id"))?;
    if before.is_none_or(|it| it.text("salesorder_id") != record.text("salesorder_id")) {
        match salesorder::shown(&order, &books, desk.today()) {
            "open" | "overdue" | "partially_invoiced" | "invoiced" => {}
            other => {
                return Err(wrong(&format!("A sales order in the status {other} cannot be invoiced.")));
            }
        }
        match_lines(record, &order);
    }
    let known: BTreeSet<u64> =
        order.list("line_items").iter().filter_map(|it| id(it, "line_item_id")).collect();
    match taken(record).iter().all(|line| known.contains(line)) {
        true => Ok(()),
        false => Err(unknown("salesorder_item_id")),
    }
}

fn unknown(member: &str) -> ApiError {
    ApiError::about(Code::InvalidReference, member)
}

/// Gives lines without `salesorder_item_id` the order's line with the same item, or with the same name where neither has
/// an item; each line of the order once.
fn match_lines(record: &mut Record, order: &Record) {
    let mut free: Vec<&Json> = order.list("line_items").iter().collect();
    let known = taken(record);
    free.retain(|line| id(line, "line_item_id").is_none_or(|it| !known.contains(&it)));
    let lines: Vec<Json> = record
        .list("line_items")
        .iter()
        .map(|line| {
            let Json::Object(members) = line else { return line.clone() };
            if id(line, "salesorder_item_id").is_some() {
                return line.clone();
            }
            let same = |other: &&Json| match id(line, "item_id") {
                Some(item) => id(other, "item_id") == Some(item),
                None => id(other, "item_id").is_none() && other.get("name") == line.get("name"),
            };
            let Some(at) = free.iter().position(same) else { return line.clone() };
            let source = free.remove(at).get("line_item_id").cloned().unwrap_or(Json::Null);
            let members = members.iter().map(|(name, value)| match name.as_str() {
                "salesorder_item_id" => (name.clone(), source.clone()),
                _ => (name.clone(), value.clone()),
            });
            Json::Object(members.collect())
        })
        .collect();
    record.set("line_items", lines);
}

/// The body of an invoice over everything of an order that is not invoiced yet. Amounts for the whole order (shipping,
/// adjustment, a discount that is no percentage) go with its first invoice. Errors: 4098 when nothing is left.
pub(super) fn body(desk: &Desk<'_>, order: &Record) -> Result<Json, ApiError> {
    const TAKEN: [&str; 13] = [
        "customer_id",
        "currency_id",
        "exchange_rate",
        "reference_number",
        "is_discount_before_tax",
        "discount_type",
        "is_inclusive_tax",
        "salesperson_id",
        "salesperson_name",
        "notes",
        "terms",
        "zcrm_potential_id",
        "zcrm_potential_name",
    ];
    let state = salesorder::lines(&desk.books(), order);
    let untouched = state.iter().all(|line| line.invoiced.is_zero());
    let mut lines = Vec::new();
    for line in order.list("line_items") {
        let Some(known) = state.iter().find(|it| Some(it.id) == id(line, "line_item_id")) else { continue };
        if known.left().is_zero() && !known.ordered.is_zero() {
            continue;
        }
        let Json::Object(members) = line else { continue };
        let mut members: Vec<(String, Json)> = members
            .iter()
            .filter(|(name, _)| name != "line_item_id" && name != "quantity")
            .cloned()
            .collect();
        members.retain(|(name, _)| name != "salesorder_item_id" && name != "discount");
        members.push(("quantity".to_owned(), Json::amount(known.left())));
        members.push(("salesorder_item_id".to_owned(), Json::id(known.id)));
        members.push(("discount".to_owned(), discount(desk, order, line, known)));
        lines.push(Json::Object(members));
    }
    if lines.is_empty() {
        return Err(wrong("Everything of the sales order was invoiced already."));
    }
    let given = |name: &&str| Some(((*name).to_owned(), order.members.get(name)?.clone()));
    let mut members: Vec<(String, Json)> = TAKEN.iter().filter_map(given).collect();
    let percent = order.text("discount").ends_with('%');
    if percent || untouched {
        members.extend(given(&"discount"));
    }
    if untouched {
        members.extend(["shipping_charge", "adjustment", "adjustment_description"].iter().filter_map(given));
    }
    members.push(("salesorder_id".to_owned(), Json::id(order.id)));
    members.push(("line_items".to_owned(), lines.into()));
    Ok(Json::Object(members))
}

/// A line's discount on the quantity that is left.
fn discount(desk: &Desk<'_>, order: &Record, line: &Json, known: &salesorder::Line) -> Json {
    let given = line.get("discount").cloned().unwrap_or(Json::Null);
    let whole = given.as_decimal().filter(|_| !known.invoiced.is_zero() && !known.ordered.is_zero());
    let Some(whole) = whole else { return given };
    let currency = order.reference("currency_id").and_then(|id| desk.organization.currency(id));
    let share = whole * known.left() / known.ordered;
    Json::amount(round_money(share, currency.map_or(2, |it| it.precision)))
}

/// `POST /invoices/mapwithorder`: an invoice is mapped to the customer's order that its reference number names [?].
/// Errors: 4098 when there is no such order.
pub(super) fn map(desk: &mut Desk<'_>, invoice: &Arc<Record>) -> Result<(), ApiError> {
    if !invoice.text("salesorder_id").is_empty() {
        return Ok(());
    }
    let books = desk.books();
    let customer = invoice.reference("customer_id").unwrap_or_default();
    let wanted = fold(invoice.text("reference_number"));
    let named = |id: &u64| {
        let order = books.record(Kind::SalesOrder, *id);
        order.is_some_and(|it| !wanted.is_empty() && fold(it.text("salesorder_number")) == wanted)
    };
    let order = books.naming_as(customer, Kind::SalesOrder).find(named);
    let order =
        order.ok_or_else(|| wrong("No sales order of the customer has the invoice's reference number."))?;
    let body = Json::object([("salesorder_id", Json::id(order))]);
    desk.update(&super::Invoice, invoice, &body).map(|_| ())
}

/// An order as its invoice shows it.
pub(super) fn summary(order: &Record, reader: &Reader<'_>) -> Json {
    let resource = resource::of(Kind::SalesOrder);
    let shown = |name: &'static str| (name, resource.show(name, order, reader));
    Json::object([
        ("salesorder_id", Json::id(order.id)),
        shown("salesorder_number"),
        shown("reference_number"),
        shown("crm_custom_reference_id"),
        ("salesorder_order_status", resource.show("order_status", order, reader)),
        shown("total"),
        shown("sub_total"),
        shown("date"),
        shown("shipment_date"),
    ])
}
