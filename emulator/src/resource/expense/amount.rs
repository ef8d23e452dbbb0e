//! Amounts of an expense, of Books and of Expense alike: currency, mileage, lines, taxes, totals.
//!
//! Every amount is rounded half up to the currency's places where it arises, so that `total = sub_total + tax_amount`.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use crate::document::tax;
use crate::engine::desk::Desk;
use crate::error::{ApiError, Code};
use crate::json::{Json, round_money};
use crate::resource::field::{self, Fields, Kind as Field, Members};
use crate::store::kind::Kind;
use crate::store::record::Record;

/// Members that [`compute`] writes.
pub(crate) const AMOUNT_FIELDS: Fields = &[
    ("line_items", Field::List),
    ("taxes", Field::List),
    ("sub_total", Field::Money),
    ("tax_amount", Field::Money),
    ("total", Field::Money),
    ("bcy_total", Field::Money),
    ("bcy_total_without_tax", Field::Money),
];

/// Members of a mileage expense that a client writes.
pub(crate) const MILEAGE_FIELDS: [(&str, Field); 6] = [
    ("mileage_type", Field::Free),
    ("mileage_unit", Field::Choice(&["km", "mile"])),
    ("mileage_rate", Field::Number),
    ("distance", Field::Number),
    ("start_reading", Field::Number),
    ("end_reading", Field::Number),
];

/// The most lines one expense may have [?].
const MAX_LINES: usize = 200;

/// The largest amount and the largest percentage of a tax [?]. Below them no product overflows the decimal type.
const LARGEST: Decimal = rust_decimal::dec!(1_000_000_000_000);
const LARGEST_PERCENTAGE: Decimal = rust_decimal::dec!(1000);

/// Takes `line_items` of a body. A line with a known `line_item_id` is changed, others are added, left out ones removed.
pub(crate) fn take_lines(
    desk: &mut Desk<'_>,
    record: &mut Record,
    body: &Json,
    fields: Fields,
) -> Result<(), ApiError> {
    let wrong = || ApiError::invalid("line_items");
    let entries = match body.get("line_items") {
        None | Some(Json::Null) => return Ok(()),
        Some(Json::List(entries)) if entries.len() <= MAX_LINES => entries,
        Some(_) => return Err(wrong()),
    };
    let (mut lines, mut taken) = (Vec::with_capacity(entries.len()), BTreeSet::new());
    for (order, entry) in entries.iter().enumerate() {
        if !matches!(entry, Json::Object(_)) {
            return Err(wrong());
        }
        let id = |line: &Json| line.get("line_item_id").and_then(Json::as_id_text).map(str::to_owned);
        let given = id(entry).filter(|id| !id.is_empty());
        // A line that is named twice would be stored twice, with one id.
        if given.as_ref().is_some_and(|given| !taken.insert(given.clone())) {
            return Err(ApiError::invalid("line_item_id"));
        }
        let stored = match &given {
            None => None,
            Some(_) => {
                let known = record.list("line_items").iter().find(|line| id(line) == given);
                Some(known.ok_or_else(|| ApiError::invalid("line_item_id"))?)
            }
        };
        let mut members = Members::new();
        members.insert("item_order", Json::from(order as u64 + 1));
        if let Some(stored) = stored {
            field::take(&mut members, fields, stored, 0)?;
        }
        field::take(&mut members, fields, entry, 0)?;
        let own = given.map_or_else(|| Json::id(desk.next_id()), Json::from);
        let mut object = vec![("line_item_id".to_owned(), own)];
        field::show_all(&mut object, &members, fields);
        lines.push(Json::Object(object));
    }
    record.set("line_items", lines);
    Ok(())
}

/// Computes the amounts of an expense. Errors: code 2 without an amount above zero, 6 for an unknown
/// currency or tax.
pub(crate) fn compute(desk: &Desk<'_>, record: &mut Record) -> Result<(), ApiError> {
    let (places, rate) = currency(desk, record)?;
    mileage(record, places);
    let inclusive = record.flag("is_inclusive_tax");
    let mut taxes: Vec<(u64, Decimal)> = Vec::new();
    let (mut net, mut tax_amount) = (Decimal::ZERO, Decimal::ZERO);
    let mut lines = record.list("line_items").to_vec();
    if lines.is_empty() {
        let amount = amount(record.members.get("amount"), places)?;
        let tax = taxed(desk, record.members.get("tax_id"), amount, inclusive, places)?;
        record.set("amount", Json::amount(amount));
        (net, tax_amount) = (tax.net, tax.tax);
        taxes = tax.components;
    } else {
        let mut sum = Decimal::ZERO;
        for line in &mut lines {
            let amount = amount(line.get("amount"), places)?;
            let tax = taxed(desk, line.get("tax_id"), amount, inclusive, places)?;
            sum += amount;
            net += tax.net;
            tax_amount += tax.tax;
            for (id, amount) in &tax.components {
                match taxes.iter_mut().find(|known| known.0 == *id) {
                    Some(known) => known.1 += *amount,
                    None => taxes.push((*id, *amount)),
                }
            }
            let Json::Object(members) = line else { continue };
            members.retain(|(name, _)| !["amount", "tax_amount", "item_total"].contains(&name.as_str()));
            members.extend([
                ("amount".to_owned(), Json::amount(amount)),
                ("tax_amount".to_owned(), Json::amount(tax.tax)),
                ("item_total".to_owned(), Json::amount(tax.net)),
            ]);
        }
        record.set("amount", Json::amount(sum));
        record.set("line_items", lines);
    }
    let taxes = taxes
        .into_iter()
        .map(|(id, amount)| Json::object([("tax_id", Json::id(id)), ("tax_amount", Json::amount(amount))]));
    record.set("taxes", taxes.collect::<Vec<_>>());
    let base = |amount: Decimal| Json::amount(round_money(amount * rate, desk.places()));
    record.set("sub_total", Json::amount(net));
    record.set("tax_amount", Json::amount(tax_amount));
    record.set("total", Json::amount(net + tax_amount));
    record.set("bcy_total", base(net + tax_amount));
    record.set("bcy_total_without_tax", base(net));
    Ok(())
}

/// Settles the currency, the base one by default, and its rate. Gives back the currency's places and the rate.
fn currency(desk: &Desk<'_>, record: &mut Record) -> Result<(u32, Decimal), ApiError> {
    let base = desk.organization.currencies.first();
    if record.text("currency_id").is_empty()
        && let Some(base) = base
    {
        record.set("currency_id", Json::id(base.currency_id));
    }
    let known = record.reference("currency_id").and_then(|id| desk.organization.currency(id));
    let known = known.ok_or_else(|| ApiError::about(Code::InvalidReference, "currency_id"))?;
    let given = record.decimal("exchange_rate");
    if given < Decimal::ZERO {
        return Err(ApiError::invalid("exchange_rate"));
    }
    let rate = if base.is_some_and(|it| it.currency_id == known.currency_id) {
        Decimal::ONE
    } else if given.is_zero() {
        known.exchange_rate
    } else {
        given
    };
    record.set("exchange_rate", Json::amount(rate));
    Ok((known.precision, rate))
}

/// The distance of a mileage expense follows from its readings, and its amount from distance and rate.
fn mileage(record: &mut Record, places: u32) {
    let driven = record.text("expense_type") == "mileage"
        || !["", "non_mileage"].contains(&record.text("mileage_type"));
    if !driven {
        return;
    }
    record.set("expense_type", "mileage");
    let (start, end) = (record.decimal("start_reading"), record.decimal("end_reading"));
    if end > start {
        record.set("distance", Json::amount(end - start));
    }
    let (distance, rate) = (record.decimal("distance"), record.decimal("mileage_rate"));
    if distance > Decimal::ZERO && rate > Decimal::ZERO {
        record.set("amount", Json::amount(round_money(distance * rate, places)));
    }
}

fn amount(value: Option<&Json>, places: u32) -> Result<Decimal, ApiError> {
    let amount = value.and_then(Json::as_decimal);
    let amount = amount.filter(|amount| *amount > Decimal::ZERO && *amount <= LARGEST);
    amount.map(|amount| round_money(amount, places)).ok_or_else(|| ApiError::invalid("amount"))
}

struct Taxed {
    net: Decimal,
    tax: Decimal,
    components: Vec<(u64, Decimal)>,
}

fn taxed(
    desk: &Desk<'_>,
    tax_id: Option<&Json>,
    amount: Decimal,
    inclusive: bool,
    places: u32,
) -> Result<Taxed, ApiError> {
    let Some(id) = tax_id.and_then(Json::as_id_text).filter(|id| !id.is_empty()) else {
        return Ok(Taxed { net: amount, tax: Decimal::ZERO, components: Vec::new() });
    };
    let books = desk.books();
    let known = id.parse().ok().and_then(|id| books.record(Kind::Tax, id));
    let known = known.ok_or_else(|| ApiError::about(Code::InvalidReference, "tax_id"))?;
    let components = tax::components(&books, known);
    if components.iter().any(|it| it.percentage > LARGEST_PERCENTAGE) {
        return Err(ApiError::invalid("tax_id"));
    }
    let amounts = if inclusive {
        tax::within(&components, amount, places)
    } else {
        tax::on(&components, amount, places)
    };
    let tax: Decimal = amounts.iter().sum();
    let net = if inclusive { amount - tax } else { amount };
    let components = components.iter().map(|it| it.tax_id).zip(amounts).collect();
    Ok(Taxed { net, tax, components })
}

/// The name or the percentage of the tax that a member of a record or of a line names.
pub(crate) fn tax_member(books: &crate::store::books::Books, id: Option<u64>, name: &str) -> Json {
    let tax = id.and_then(|id| books.record(Kind::Tax, id));
    match name {
        "tax_percentage" => Json::amount(tax.map(|it| it.decimal(name)).unwrap_or_default()),
        _ => tax.map_or("", |it| it.text(name)).into(),
    }
}
