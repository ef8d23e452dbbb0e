//! Stock of an item, derived from its opening stock and the documents that move it.

use rust_decimal::Decimal;

use crate::engine::reader::Reader;
use crate::json::Json;
use crate::store::kind::Kind;
use crate::store::record::Record;

/// Documents that move goods once they are neither drafts nor void, and the direction.
const MOVES: [(Kind, Decimal); 3] =
    [(Kind::Bill, Decimal::ONE), (Kind::CreditNote, Decimal::ONE), (Kind::Invoice, Decimal::NEGATIVE_ONE)];

/// States in which a document moves nothing.
const IDLE: [&str; 5] = ["draft", "void", "pending_approval", "approved", "rejected"];

/// A stock member. Only inventory items are counted; others show an empty text. What is available is what is on hand
/// less what open sales orders have promised.
pub(super) fn show(name: &str, item: &Record, reader: &Reader<'_>) -> Json {
    if item.text("item_type") != "inventory" {
        return "".into();
    }
    let mut stock = item.decimal("initial_stock");
    for (kind, sign) in MOVES {
        stock += sign * quantity(item, reader, kind, |status| !IDLE.contains(&status));
    }
    if name != "stock_on_hand" {
        stock -= quantity(item, reader, Kind::SalesOrder, |status| status == "open");
    }
    Json::amount(stock)
}

fn quantity(item: &Record, reader: &Reader<'_>, kind: Kind, counts: impl Fn(&str) -> bool) -> Decimal {
    let id = item.id.to_string();
    let documents = reader.books.naming_as(item.id, kind).filter_map(|id| reader.books.record(kind, id));
    documents
        .filter(|document| counts(document.text("status")))
        .flat_map(|document| document.list("line_items"))
        .filter(|line| line.get("item_id").and_then(Json::as_id_text) == Some(id.as_str()))
        .filter_map(|line| line.get("quantity")?.as_decimal())
        .sum()
}
