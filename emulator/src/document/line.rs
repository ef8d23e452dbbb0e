//! Line items: what a client may write, and how a new set meets the stored one (section 10.5).

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use crate::engine::desk::Desk;
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::resource::field::{self, Fields, Kind as Field, Members};
use crate::store::kind::Kind;
use crate::store::record::Record;

/// Members of a line that a client writes.
pub(crate) const LINE_FIELDS: Fields = &[
    ("item_id", Field::Id),
    ("name", Field::Text(200)),
    ("description", Field::Text(2000)),
    ("item_order", Field::Whole),
    ("product_type", Field::Free),
    ("hsn_or_sac", Field::Code),
    ("rate", Field::Number),
    ("quantity", Field::Number),
    ("unit", Field::Text(100)),
    ("tax_id", Field::Id),
    ("tax_exemption_id", Field::Id),
    ("account_id", Field::Id),
    ("customer_id", Field::Id),
    ("project_id", Field::Id),
    ("salesorder_item_id", Field::Id),
    ("purchaseorder_item_id", Field::Id),
    ("location_id", Field::Id),
    ("header_name", Field::Free),
    ("is_billable", Field::Flag),
    ("time_entry_ids", Field::List),
    ("tags", Field::List),
    ("item_custom_fields", Field::List),
];

/// Members of a line that few clients write; a line shows those it was given.
const SELDOM_FIELDS: Fields = &[
    ("tds_tax_id", Field::Id),
    ("tax_treatment_code", Field::Free),
    ("sat_item_key_code", Field::Free),
    ("unitkey_code", Field::Free),
    ("expense_id", Field::Id),
    ("invoice_id", Field::Id),
    ("invoice_item_id", Field::Id),
    ("header_id", Field::Id),
    ("code", Field::Free),
];

/// The most lines one document may have [?].
const MAX_LINES: usize = 1000;

/// A discount: a share of the amount, or an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Discount {
    Percent(Decimal),
    Amount(Decimal),
}

impl Discount {
    /// Reads `"10%"` or `10`. Errors: code 2 for anything else, below zero or above 100 %.
    pub(crate) fn read(value: Option<&Json>) -> Result<Self, ApiError> {
        let wrong = || ApiError::invalid("discount");
        let value = match value {
            None | Some(Json::Null) => return Ok(Self::Amount(Decimal::ZERO)),
            Some(value) => value,
        };
        let text = value.as_str().map(str::trim);
        if text == Some("") {
            return Ok(Self::Amount(Decimal::ZERO));
        }
        let discount = match text.and_then(|text| text.strip_suffix('%')) {
            Some(percent) => Self::Percent(percent.trim().parse().map_err(|_| wrong())?),
            None => Self::Amount(value.as_decimal().ok_or_else(wrong)?),
        };
        match discount {
            Self::Percent(share) if share > Decimal::ONE_HUNDRED => Err(wrong()),
            Self::Percent(number) | Self::Amount(number) if number < Decimal::ZERO => Err(wrong()),
            _ => Ok(discount),
        }
    }

    /// The discount on `amount`, not rounded.
    pub(crate) fn on(self, amount: Decimal) -> Decimal {
        match self {
            Self::Percent(share) => amount * share / Decimal::ONE_HUNDRED,
            Self::Amount(discount) => discount,
        }
    }
}

/// Takes `line_items` of a body: lines with a known `line_item_id` are changed, others added, stored ones that are left
/// out removed. An absent member leaves the lines as they are. Errors: code 2 for an unknown line or one named twice, 6 for
/// an unknown item. `purchase` takes rate and account from the purchase side
/// of an item.
pub(crate) fn take(
    desk: &mut Desk<'_>,
    record: &mut Record,
    body: &Json,
    purchase: bool,
) -> Result<(), ApiError> {
    let entries = match body.get("line_items") {
        None | Some(Json::Null) => return Ok(()),
        Some(Json::List(entries)) if entries.len() <= MAX_LINES => entries,
        Some(_) => return Err(ApiError::invalid("line_items")),
    };
    let (mut lines, mut taken) = (Vec::with_capacity(entries.len()), BTreeSet::new());
    for (order, entry) in entries.iter().enumerate() {
        if !matches!(entry, Json::Object(_)) {
            return Err(ApiError::invalid("line_items"));
        }
        let line = line(desk, record, entry, order, purchase)?;
        let id = line.get("line_item_id").and_then(Json::as_id_text).map(str::to_owned);
        // A line that is named twice would be stored twice, with one id.
        if !id.is_some_and(|id| taken.insert(id)) {
            return Err(ApiError::invalid("line_item_id"));
        }
        lines.push(line);
    }
    record.set("line_items", lines);
    Ok(())
}

fn line(
    desk: &mut Desk<'_>,
    record: &Record,
    entry: &Json,
    order: usize,
    purchase: bool,
) -> Result<Json, ApiError> {
    let given = entry.get("line_item_id").filter(|id| **id != Json::Null && id.as_str() != Some(""));
    let stored = match given {
        None => None,
        Some(id) => {
            let id = id.as_id_text();
            let same = |line: &&Json| line.get("line_item_id").and_then(Json::as_id_text) == id;
            Some(
                record
                    .list("line_items")
                    .iter()
                    .find(same)
                    .ok_or_else(|| ApiError::invalid("line_item_id"))?,
            )
        }
    };
    let mut members = Members::new();
    let id = match stored {
        Some(line) => {
            field::take(&mut members, LINE_FIELDS, line, 0)?;
            field::take(&mut members, SELDOM_FIELDS, line, 0)?;
            line.get("line_item_id").cloned().unwrap_or(Json::Null)
        }
        None => {
            members.insert("quantity", Json::amount(Decimal::ONE));
            Json::id(desk.next_id())
        }
    };
    field::take(&mut members, LINE_FIELDS, entry, 0)?;
    field::take(&mut members, SELDOM_FIELDS, entry, 0)?;
    if entry.get("item_order").is_none() && stored.is_none() {
        members.insert("item_order", Json::from(order as u64));
    }
    let id_text =
        members.get("item_id").and_then(Json::as_id_text).filter(|id| !id.is_empty()).map(str::to_owned);
    if let Some(item_id) = id_text {
        let item = item_id.parse().ok().and_then(|id| desk.books().record(Kind::Item, id).cloned());
        let item = item.ok_or_else(|| ApiError::about(Code::InvalidReference, "item_id"))?;
        let sides = if purchase {
            [
                ("rate", "purchase_rate"),
                ("description", "purchase_description"),
                ("account_id", "purchase_account_id"),
            ]
        } else {
            [("rate", "rate"), ("description", "description"), ("account_id", "account_id")]
        };
        let common =
            [("name", "name"), ("unit", "unit"), ("tax_id", "tax_id"), ("product_type", "product_type")];
        for (name, source) in common.into_iter().chain(sides) {
            let given = entry.get(name).is_some_and(|value| *value != Json::Null) || stored.is_some();
            if let Some(value) = item.members.get(source).filter(|_| !given) {
                members.insert(name, value.clone());
            }
        }
    } else if members
        .get("name")
        .or_else(|| members.get("description"))
        .and_then(Json::as_str)
        .is_none_or(str::is_empty)
        && members.get("account_id").is_none()
    {
        return Err(ApiError::invalid("item_id"));
    }
    let discount = entry.get("discount").or_else(|| stored.and_then(|line| line.get("discount")));
    Discount::read(discount)?;
    let mut object = vec![("line_item_id".to_owned(), id)];
    field::show_all(&mut object, &members, LINE_FIELDS);
    let seldom = SELDOM_FIELDS.iter().filter_map(|(name, _)| Some((*name, members.get(name)?)));
    // Invoices show empty ones, and clients send back what they read.
    let seldom = seldom.filter(|(_, value)| value.as_str() != Some(""));
    object.extend(seldom.map(|(name, value)| (name.to_owned(), value.clone())));
    object.push(("discount".to_owned(), discount.cloned().unwrap_or_else(|| Json::amount(Decimal::ZERO))));
    Ok(Json::Object(object))
}
