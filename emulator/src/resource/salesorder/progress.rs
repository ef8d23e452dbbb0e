//! How much of a sales order was invoiced, line by line.

use rust_decimal::Decimal;

use crate::engine::reader::Reader;
use crate::json::Json;
use crate::resource;
use crate::store::books::Books;
use crate::store::kind::Kind;
use crate::store::record::Record;

/// How far a sales order is invoiced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    Nothing,
    Part,
    Everything,
}

impl Progress {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Nothing => "not_invoiced",
            Self::Part => "partially_invoiced",
            Self::Everything => "invoiced",
        }
    }
}

/// A line of a sales order with its quantities.
pub(crate) struct Line {
    pub(crate) id: u64,
    pub(crate) ordered: Decimal,
    pub(crate) invoiced: Decimal,
}

impl Line {
    /// The quantity that is still to be invoiced.
    pub(crate) fn left(&self) -> Decimal {
        (self.ordered - self.invoiced).max(Decimal::ZERO)
    }
}

fn id(line: &Json, name: &str) -> Option<u64> {
    line.get(name)?.as_id_text()?.parse().ok()
}

fn quantity(line: &Json) -> Decimal {
    line.get("quantity").and_then(Json::as_decimal).unwrap_or_default()
}

/// The lines of an order and what invoices that are not void took of them.
pub(crate) fn lines(books: &Books, order: &Record) -> Vec<Line> {
    let own = order.list("line_items").iter();
    let mut lines: Vec<Line> = own
        .filter_map(|line| {
            Some(Line { id: id(line, "line_item_id")?, ordered: quantity(line), invoiced: Decimal::ZERO })
        })
        .collect();
    let invoices = books.naming_as(order.id, Kind::Invoice).filter_map(|id| books.record(Kind::Invoice, id));
    for invoice in invoices.filter(|invoice| invoice.text("status") != "void") {
        for taken in invoice.list("line_items") {
            let source = id(taken, "salesorder_item_id");
            if let Some(line) = lines.iter_mut().find(|line| Some(line.id) == source) {
                line.invoiced += quantity(taken);
            }
        }
    }
    lines
}

/// How far an order is invoiced.
pub(super) fn of(order: &Record, books: &Books) -> Progress {
    let lines = lines(books, order);
    if lines.iter().all(|line| line.invoiced.is_zero()) {
        Progress::Nothing
    } else if lines.iter().all(|line| line.left().is_zero()) {
        Progress::Everything
    } else {
        Progress::Part
    }
}

/// The lines with `quantity_invoiced`.
pub(super) fn with_quantities(order: &Record, books: &Books) -> Json {
    let known = lines(books, order);
    let shown = order.list("line_items").iter().map(|line| {
        let Json::Object(members) = line else { return line.clone() };
        let taken = known.iter().find(|it| Some(it.id) == id(line, "line_item_id"));
        let taken = taken.map_or(Decimal::ZERO, |it| it.invoiced);
        let mut members = members.clone();
        members.push(("quantity_invoiced".to_owned(), Json::amount(taken)));
        Json::Object(members)
    });
    shown.collect::<Vec<_>>().into()
}

/// An invoice as a sales order shows it.
pub(super) fn invoice(invoice: &Record, reader: &Reader<'_>) -> Json {
    let resource = resource::of(Kind::Invoice);
    let shown = |name: &'static str| (name, resource.show(name, invoice, reader));
    Json::object([
        ("invoice_id", Json::id(invoice.id)),
        shown("invoice_number"),
        shown("reference_number"),
        shown("status"),
        shown("date"),
        shown("due_date"),
        shown("total"),
        shown("balance"),
    ])
}
