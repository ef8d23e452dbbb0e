//! Totals of a document from its lines, discounts, taxes, shipping and adjustment (section 10.5).
//!
//! Every amount is rounded half up to the currency's places where it arises, so that what is shown adds up:
//! `total = sub_total - discount_amount + tax_total + shipping_charge + adjustment`.

use rust_decimal::Decimal;

use super::line::Discount;
use super::tax::{self, Component};
use crate::engine::desk::Desk;
use crate::error::{ApiError, Code};
use crate::json::{Json, round_money};
use crate::resource::field::{Fields, Kind as Field};
use crate::store::kind::Kind;
use crate::store::record::Record;

/// Members that [`compute`] writes.
pub(crate) const TOTAL_FIELDS: Fields = &[
    ("line_items", Field::List),
    ("sub_total", Field::Money),
    ("discount_amount", Field::Money),
    ("discount_percent", Field::Number),
    ("tax_total", Field::Money),
    ("taxes", Field::List),
    ("total", Field::Money),
    ("bcy_sub_total", Field::Money),
    ("bcy_discount_amount", Field::Money),
    ("bcy_tax_total", Field::Money),
    ("bcy_total", Field::Money),
];

/// The largest amount of a line and the largest percentage of a tax [?]. Below them no product of a document overflows.
const LARGEST_AMOUNT: Decimal = rust_decimal::dec!(1_000_000_000_000);
const LARGEST_PERCENTAGE: Decimal = rust_decimal::dec!(1000);

struct Line {
    shown: Vec<(String, Json)>,
    /// After the line's own discount; with inclusive tax it still holds the tax.
    amount: Decimal,
    components: Vec<Component>,
}

/// Computes the lines and totals of a record whose currency has `places` decimals. Errors: 4016 without lines, 6 for an
/// unknown tax, 2 for a discount above the amount, an amount beyond every bound, or a rate that takes one there.
pub(crate) fn compute(desk: &Desk<'_>, record: &mut Record, places: u32) -> Result<(), ApiError> {
    if record.list("line_items").is_empty() {
        return Err(Code::NoLineItems.into());
    }
    let rate = record.decimal("exchange_rate");
    let by_line = record.text("discount_type") == "item_level";
    let inclusive = record.flag("is_inclusive_tax");
    let mut lines = record
        .list("line_items")
        .iter()
        .map(|line| read(desk, line, places, by_line))
        .collect::<Result<Vec<_>, _>>()?;
    let gross: Decimal = lines.iter().map(|line| line.amount).sum();
    let discount = if by_line {
        Discount::Amount(Decimal::ZERO)
    } else {
        Discount::read(record.members.get("discount"))?
    };
    let before_tax = record.members.get("is_discount_before_tax") != Some(&Json::Bool(false));
    let shared = if before_tax { round_money(discount.on(gross), places) } else { Decimal::ZERO };
    if shared > gross.max(Decimal::ZERO) {
        return Err(ApiError::invalid("discount"));
    }
    let shares = spread(shared, gross, &lines, places);
    let (mut sub_total, mut tax_total) = (Decimal::ZERO, Decimal::ZERO);
    let mut taxes: Vec<(u64, String, Decimal)> = Vec::new();
    for (line, share) in lines.iter_mut().zip(&shares) {
        let taxable = line.amount - share;
        let (amounts, item_total) = if inclusive {
            let own: Decimal = tax::within(&line.components, line.amount, places).iter().sum();
            (tax::within(&line.components, taxable, places), line.amount - own)
        } else {
            (tax::on(&line.components, taxable, places), line.amount)
        };
        for (component, amount) in line.components.iter().zip(&amounts) {
            match taxes.iter_mut().find(|known| known.0 == component.tax_id) {
                Some(known) => known.2 += amount,
                None => taxes.push((component.tax_id, component.name.clone(), *amount)),
            }
        }
        sub_total += item_total;
        tax_total += amounts.iter().sum::<Decimal>();
        line.shown.push(("item_total".to_owned(), Json::amount(item_total)));
        line.shown.push(("line_item_taxes".to_owned(), tax::shown(&line.components, &amounts).into()));
    }
    let inclusive_total = gross - shared;
    let before = if inclusive { inclusive_total } else { sub_total - shared + tax_total };
    let after = if before_tax { Decimal::ZERO } else { round_money(discount.on(before), places) };
    if after > before.max(Decimal::ZERO) {
        return Err(ApiError::invalid("discount"));
    }
    let due = before - after;
    // With inclusive taxes a discount takes its tax along; what is shown is what is missing from the net.
    let discount_amount = sub_total + tax_total - due;
    let mut total = due;
    for name in ["shipping_charge", "adjustment"] {
        let amount = round_money(record.decimal(name), places);
        record.set(name, Json::amount(amount));
        total += amount;
    }
    let shown: Vec<Json> = lines.into_iter().map(|line| Json::Object(line.shown)).collect();
    record.set("line_items", with_base_rates(shown, rate));
    let percent = if let Discount::Percent(share) = discount { share } else { Decimal::ZERO };
    record.set("discount_percent", Json::amount(percent));
    for (name, base, amount) in [
        ("sub_total", "bcy_sub_total", sub_total),
        ("discount_amount", "bcy_discount_amount", discount_amount),
        ("tax_total", "bcy_tax_total", tax_total),
        ("total", "bcy_total", total),
    ] {
        let in_base = amount.checked_mul(rate).ok_or_else(|| ApiError::invalid("exchange_rate"))?;
        record.set(name, Json::amount(amount));
        record.set(base, Json::amount(round_money(in_base, desk.places())));
    }
    let taxes = taxes.into_iter().map(|(id, name, amount)| {
        Json::object([
            ("tax_id", Json::id(id)),
            ("tax_name", name.into()),
            ("tax_amount", Json::amount(amount)),
        ])
    });
    record.set("taxes", taxes.collect::<Vec<_>>());
    Ok(())
}

fn read(desk: &Desk<'_>, line: &Json, places: u32, by_line: bool) -> Result<Line, ApiError> {
    const COMPUTED: [&str; 8] = [
        "item_total",
        "line_item_taxes",
        "discount_amount",
        "tax_name",
        "tax_type",
        "tax_percentage",
        "bcy_rate",
        "item_total_inclusive_of_tax",
    ];
    let Json::Object(members) = line else { return Err(ApiError::invalid("line_items")) };
    let mut shown: Vec<(String, Json)> =
        members.iter().filter(|(name, _)| !COMPUTED.contains(&name.as_str())).cloned().collect();
    let number = |name: &str| line.get(name).and_then(Json::as_decimal).unwrap_or_default();
    let gross = round_money(number("rate") * number("quantity"), places);
    if gross.abs() > LARGEST_AMOUNT {
        return Err(ApiError::invalid("rate"));
    }
    let discount = if by_line { Discount::read(line.get("discount"))?.on(gross) } else { Decimal::ZERO };
    let discount = round_money(discount, places);
    if discount > gross.max(Decimal::ZERO) {
        return Err(ApiError::invalid("discount"));
    }
    let wanted = line.get("tax_id").and_then(Json::as_id_text).filter(|id| !id.is_empty());
    let (mut components, mut tax) = (Vec::new(), None);
    if let Some(id) = wanted {
        let books = desk.books();
        let known = id.parse().ok().and_then(|id| books.record(Kind::Tax, id).cloned());
        let known = known.ok_or_else(|| ApiError::about(Code::InvalidReference, "tax_id"))?;
        components = tax::components(&books, &known);
        let bearable = |it: &Component| (Decimal::ZERO..=LARGEST_PERCENTAGE).contains(&it.percentage);
        if !components.iter().all(bearable) {
            return Err(ApiError::invalid("tax_id"));
        }
        tax = Some(known);
    }
    let text = |name: &str| tax.as_ref().map_or("", |it| it.text(name)).to_owned();
    let percentage = tax.as_ref().map(|it| it.decimal("tax_percentage")).unwrap_or_default();
    shown.extend([
        ("discount_amount".to_owned(), Json::amount(discount)),
        ("tax_name".to_owned(), text("tax_name").into()),
        ("tax_type".to_owned(), text("tax_type").into()),
        ("tax_percentage".to_owned(), Json::amount(percentage)),
    ]);
    Ok(Line { shown, amount: gross - discount, components })
}

/// Each line's share of a discount on the whole document, in proportion; the last line bears the rounding.
fn spread(discount: Decimal, gross: Decimal, lines: &[Line], places: u32) -> Vec<Decimal> {
    let mut left = discount;
    lines
        .iter()
        .enumerate()
        .map(|(at, line)| {
            let share = if at + 1 == lines.len() {
                left
            } else if gross.is_zero() {
                Decimal::ZERO
            } else {
                round_money(discount * line.amount / gross, places)
            };
            left -= share;
            share
        })
        .collect()
}

fn with_base_rates(lines: Vec<Json>, rate: Decimal) -> Vec<Json> {
    lines
        .into_iter()
        .map(|line| {
            let own = line.get("rate").and_then(Json::as_decimal).unwrap_or_default();
            let Json::Object(mut members) = line else { return line };
            members.push(("bcy_rate".to_owned(), Json::amount(round_money(own * rate, 6))));
            Json::Object(members)
        })
        .collect()
}
