//! Prices of a quantity: per unit, or by brackets.
//!
//! | scheme | price of a quantity |
//! |---|---|
//! | unit | quantity times the price |
//! | volume | quantity times the price of the bracket that the quantity falls into |
//! | tier | each bracket's share of the quantity times that bracket's price |
//! | package | the price of the smallest bracket that holds the quantity, once |
//!
//! A quantity above the last bracket is priced by the last one [?].

use rust_decimal::Decimal;

use crate::engine::reader::Reader;
use crate::error::ApiError;
use crate::json::{Json, round_money};
use crate::store::kind::Kind;
use crate::store::record::Record;

/// The pricing schemes.
pub(crate) const SCHEMES: [&str; 4] = ["unit", "volume", "tier", "package"];

const MOST_BRACKETS: usize = 100;
const LARGEST_PRICE: Decimal = rust_decimal::dec!(1000000000);
/// The end of a bracket that has none.
const OPEN_END: Decimal = rust_decimal::dec!(1000000000);

/// One bracket: quantities `start..=end` at a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Bracket {
    start: Decimal,
    end: Decimal,
    price: Decimal,
}

/// Takes `price_brackets` of a body, or its plain `price`, in ascending order. Prices are rounded to `places`.
/// Errors: code 2 for a bracket that cannot be.
pub(crate) fn take_brackets(record: &mut Record, body: &Json, places: u32) -> Result<(), ApiError> {
    let wrong = || ApiError::invalid("price_brackets");
    let entries = match (body.get("price_brackets"), body.get("price")) {
        (Some(Json::List(entries)), _) if entries.len() <= MOST_BRACKETS => entries.clone(),
        (None | Some(Json::Null), Some(price)) if record.kind == Kind::Addon && *price != Json::Null => {
            vec![Json::object([("price", price.clone())])]
        }
        (None | Some(Json::Null), _) => return Ok(()),
        _ => return Err(wrong()),
    };
    let mut brackets = Vec::with_capacity(entries.len());
    let mut next = Decimal::ONE;
    for entry in &entries {
        let number = |name: &str, default: Decimal| match entry.get(name) {
            None | Some(Json::Null) => Ok(default),
            Some(value) if value.as_str() == Some("") => Ok(default),
            Some(value) => value.as_decimal().ok_or_else(wrong),
        };
        let (start, end) = (number("start_quantity", next)?, number("end_quantity", OPEN_END)?);
        let price = entry.get("price").and_then(Json::as_decimal).ok_or_else(wrong)?;
        let ordered = start >= Decimal::ONE && start <= end && end <= OPEN_END;
        if !ordered || !(Decimal::ZERO..=LARGEST_PRICE).contains(&price) || !brackets_ascend(&brackets, start)
        {
            return Err(wrong());
        }
        brackets.push(Bracket { start, end, price: round_money(price, places) });
        next = end + Decimal::ONE;
    }
    let whole = |number: Decimal| Json::Number(number.normalize().to_string());
    let shown = brackets.iter().map(|bracket| {
        Json::object([
            ("start_quantity", whole(bracket.start)),
            ("end_quantity", if bracket.end == OPEN_END { Json::from("") } else { whole(bracket.end) }),
            ("price", Json::amount(bracket.price)),
        ])
    });
    record.set("price_brackets", shown.collect::<Vec<_>>());
    Ok(())
}

fn brackets_ascend(brackets: &[Bracket], start: Decimal) -> bool {
    brackets.last().is_none_or(|last| last.end < start)
}

/// A scheme other than `unit` needs brackets (code 2).
pub(crate) fn check(record: &Record) -> Result<(), ApiError> {
    let bare = record.list("price_brackets").is_empty();
    if bare && !["", "unit"].contains(&record.text("pricing_scheme")) {
        return Err(ApiError::invalid("price_brackets"));
    }
    Ok(())
}

/// What a quantity of a plan or addon costs, as (quantity, price of one) pairs whose products add up to it.
pub(crate) fn pieces(record: &Record, quantity: Decimal) -> Vec<(Decimal, Decimal)> {
    let number = |entry: &Json, name: &str| entry.get(name).and_then(Json::as_decimal);
    let brackets: Vec<Bracket> = record
        .list("price_brackets")
        .iter()
        .map(|entry| Bracket {
            start: number(entry, "start_quantity").unwrap_or(Decimal::ONE),
            end: number(entry, "end_quantity").unwrap_or(OPEN_END),
            price: number(entry, "price").unwrap_or_default(),
        })
        .collect();
    let Some(last) = brackets.last() else { return vec![(quantity, record.decimal("recurring_price"))] };
    let holding = brackets.iter().find(|bracket| quantity <= bracket.end).unwrap_or(last);
    match record.text("pricing_scheme") {
        "volume" => vec![(quantity, holding.price)],
        "package" => vec![(Decimal::ONE, holding.price)],
        "tier" => {
            let mut left = quantity;
            let mut pieces = Vec::new();
            for (at, bracket) in brackets.iter().enumerate() {
                let room =
                    if at + 1 == brackets.len() { left } else { bracket.end - bracket.start + Decimal::ONE };
                let taken = left.min(room);
                if taken > Decimal::ZERO {
                    pieces.push((taken, bracket.price));
                }
                left -= taken;
            }
            pieces
        }
        _ if record.kind == Kind::Plan => vec![(quantity, record.decimal("recurring_price"))],
        _ => vec![(quantity, brackets.first().map_or(Decimal::ZERO, |bracket| bracket.price))],
    }
}

/// `tax_name` and `tax_percentage` of a plan or addon.
pub(crate) fn tax(name: &str, record: &Record, reader: &Reader<'_>) -> Json {
    let tax = record.reference("tax_id").and_then(|id| reader.books.record(Kind::Tax, id));
    match name {
        "tax_name" => tax.map_or("", |tax| tax.text(name)).into(),
        _ => Json::amount(tax.map(|tax| tax.decimal(name)).unwrap_or_default()),
    }
}
