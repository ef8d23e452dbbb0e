//! What a subscription charges, as lines of an invoice.

use rust_decimal::Decimal;

use crate::document::total;
use crate::engine::desk::Desk;
use crate::error::ApiError;
use crate::json::{Json, round_money};
use crate::resource::field::Members;
use crate::store::kind::Kind;
use crate::store::record::Record;

/// One thing charged: a plan, an addon, a setup fee.
pub(super) struct Item {
    pub(super) code: String,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) tax_id: String,
    /// Quantities and prices of one.
    pub(super) pieces: Vec<(Decimal, Decimal)>,
    /// Whether the subscription's coupon discounts it.
    pub(super) covered: bool,
}

/// The items as lines, with what each item costs and what is taken off it.
pub(super) struct Lines {
    pub(super) lines: Vec<Json>,
    /// Amount and discount per item.
    pub(super) amounts: Vec<(Decimal, Decimal)>,
}

fn text(json: &Json, name: &str) -> String {
    json.get(name).and_then(Json::as_str).unwrap_or_default().to_owned()
}

fn number(json: &Json, name: &str) -> Decimal {
    json.get(name).and_then(Json::as_decimal).unwrap_or_default()
}

/// The pieces that a plan or an addon of a subscription stores.
fn pieces(json: &Json) -> Vec<(Decimal, Decimal)> {
    let entries = json.get("pieces").and_then(Json::as_list).unwrap_or_default();
    entries.iter().map(|piece| (number(piece, "quantity"), number(piece, "price"))).collect()
}

/// Pieces as stored.
pub(super) fn stored(pieces: &[(Decimal, Decimal)]) -> Json {
    let entry = |(quantity, price): &(Decimal, Decimal)| {
        Json::object([("quantity", Json::amount(*quantity)), ("price", Json::amount(*price))])
    };
    pieces.iter().map(entry).collect::<Vec<_>>().into()
}

/// An addon of a subscription or of a purchase, as an item.
pub(super) fn of_addon(addon: &Json) -> Item {
    Item {
        code: text(addon, "addon_code"),
        name: text(addon, "name"),
        description: text(addon, "addon_description"),
        tax_id: text(addon, "tax_id"),
        pieces: pieces(addon),
        covered: addon.get("covered") == Some(&Json::Bool(true)),
    }
}

/// What a subscription charges for one term; the first term also bears the setup fee.
pub(super) fn of_term(record: &Record, first: bool) -> Vec<Item> {
    let empty = Json::Null;
    let plan = record.members.get("plan").unwrap_or(&empty);
    let mut items = vec![Item {
        code: text(plan, "plan_code"),
        name: text(plan, "name"),
        description: text(plan, "plan_description"),
        tax_id: text(plan, "tax_id"),
        pieces: pieces(plan),
        covered: plan.get("covered") == Some(&Json::Bool(true)),
    }];
    let fee = number(plan, "setup_fee");
    if first && fee > Decimal::ZERO {
        items.push(Item {
            code: text(plan, "plan_code"),
            name: format!("Setup fee for {}", text(plan, "name")),
            description: String::new(),
            tax_id: text(plan, "setup_fee_tax_id"),
            pieces: vec![(Decimal::ONE, fee)],
            covered: false,
        });
    }
    items.extend(record.list("addons").iter().map(of_addon));
    items
}

/// Turns items into lines and takes the coupon off those it covers. A flat coupon is used up item by item.
pub(super) fn lines(items: &[Item], coupon: Option<&Json>, places: u32) -> Lines {
    let value = coupon.map(|it| number(it, "discount_value")).unwrap_or_default();
    let flat = coupon.is_some_and(|it| text(it, "discount_by") == "flat");
    let mut left = if flat { value } else { Decimal::ZERO };
    let mut all = Lines { lines: Vec::new(), amounts: Vec::new() };
    for item in items {
        let (mut amount, mut off) = (Decimal::ZERO, Decimal::ZERO);
        for (quantity, price) in &item.pieces {
            let gross = round_money(quantity * price, places);
            let discount = match (item.covered && coupon.is_some(), flat) {
                (false, _) => Decimal::ZERO,
                (true, true) => round_money(left.min(gross), places),
                (true, false) => round_money(gross * value / Decimal::ONE_HUNDRED, places),
            };
            left -= if flat { discount } else { Decimal::ZERO };
            amount += gross;
            off += discount;
            let mut line = vec![
                ("name".to_owned(), item.name.as_str().into()),
                ("description".to_owned(), item.description.as_str().into()),
                ("rate".to_owned(), Json::amount(*price)),
                ("quantity".to_owned(), Json::amount(*quantity)),
                ("discount".to_owned(), Json::amount(discount)),
                ("code".to_owned(), item.code.as_str().into()),
            ];
            if !item.tax_id.is_empty() {
                line.push(("tax_id".to_owned(), item.tax_id.as_str().into()));
            }
            all.lines.push(Json::Object(line));
        }
        all.amounts.push((amount, off));
    }
    all
}

/// The coupon of a subscription, as long as it discounts anything.
pub(super) fn coupon(record: &Record) -> Option<&Json> {
    record.members.get("coupon").filter(|it| it.get("coupon_code").is_some())
}

/// Computes what a term costs: totals of plan, addons and coupon, `sub_total`, `taxes` and `amount`, the last with tax.
/// Errors: code 6 for an unknown tax.
pub(super) fn settle(desk: &Desk<'_>, record: &mut Record, places: u32) -> Result<(), ApiError> {
    let items = of_term(record, false);
    let lines = lines(&items, coupon(record), places);
    let mut totals = lines.amounts.iter();
    let mut with_total = |json: &Json| {
        let (amount, off) = totals.next().copied().unwrap_or_default();
        with(json, &[("discount", Json::amount(off)), ("total", Json::amount(amount - off))])
    };
    let plan = record.members.get("plan").map(&mut with_total).unwrap_or(Json::Null);
    let addons: Vec<Json> = record.list("addons").iter().map(&mut with_total).collect();
    let off: Decimal = lines.amounts.iter().map(|(_, off)| *off).sum();
    let coupon = coupon(record).map(|it| with(it, &[("discount_amount", Json::amount(off))]));
    record.set("plan", plan);
    record.set("addons", addons);
    if let Some(coupon) = coupon {
        record.set("coupon", coupon);
    }
    let scratch = computed(desk, record, lines.lines, places)?;
    for (name, source) in [("sub_total", "sub_total"), ("amount", "total"), ("taxes", "taxes")] {
        record.set(name, scratch.members.get(source).cloned().unwrap_or(Json::Null));
    }
    Ok(())
}

/// What lines come to for a subscription: a record with `line_items`, `sub_total`, `taxes` and `total`. Errors: code 6 for
/// an unknown tax.
pub(super) fn computed(
    desk: &Desk<'_>,
    record: &Record,
    lines: Vec<Json>,
    places: u32,
) -> Result<Record, ApiError> {
    let mut scratch = Record { kind: Kind::Invoice, members: Members::new(), ..record.clone() };
    scratch.set("exchange_rate", Json::amount(Decimal::ONE));
    scratch.set("discount_type", "item_level");
    scratch.set("line_items", lines);
    total::compute(desk, &mut scratch, places)?;
    Ok(scratch)
}

/// An object with some members replaced or added.
pub(super) fn with(json: &Json, changes: &[(&str, Json)]) -> Json {
    let Json::Object(members) = json else { return json.clone() };
    let kept = members.iter().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name)).cloned();
    Json::Object(
        kept.chain(changes.iter().map(|(name, value)| ((*name).to_owned(), value.clone()))).collect(),
    )
}
