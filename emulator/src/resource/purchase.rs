//! What purchase orders and bills share.

use rust_decimal::Decimal;

use crate::document::line::{self, Discount};
use crate::document::{account, gst, layout, party, total};
use crate::engine::desk::Desk;
use crate::engine::reader::Reader;
use crate::engine::spec::Resource;
use crate::error::ApiError;
use crate::json::Json;
use crate::resource::contact::model::ContactType;
use crate::resource::field;
use crate::store::record::Record;

/// Takes the body of a purchase document.
pub(crate) fn take(
    desk: &mut Desk<'_>,
    resource: &dyn Resource,
    record: &mut Record,
    body: &Json,
) -> Result<(), ApiError> {
    field::take(&mut record.members, resource.spec().fields, body, desk.places())?;
    if let Some(discount) = body.get("discount") {
        Discount::read(Some(discount))?;
        record.set("discount", discount.clone());
    }
    line::take(desk, record, body, true)
}

/// Settles the vendor and the currency, checks the layout and the accounts, and computes the totals. The date is today's by default.
pub(crate) fn complete(
    desk: &mut Desk<'_>,
    record: &mut Record,
    before: Option<&Record>,
) -> Result<(), ApiError> {
    let (vendor, places) = party::settle(desk, record, before, "vendor_id", ContactType::Vendor)?;
    if record.text("date").is_empty() {
        record.set("date", desk.today().to_string());
    }
    layout::check(record)?;
    account::check_lines(desk, record)?;
    total::compute(desk, record, places)?;
    gst::check_purchase(desk, record, &vendor)
}

/// Members that purchase documents show alike; `None` for any other.
pub(crate) fn show(name: &str, record: &Record, reader: &Reader<'_>) -> Option<Json> {
    match name {
        "line_items" => Some(account::named_lines(record, reader)),
        "discount" => {
            let discount =
                record.members.get(name).filter(|it| **it != Json::Null && it.as_str() != Some(""));
            Some(discount.cloned().unwrap_or_else(|| Json::amount(Decimal::ZERO)))
        }
        "created_by_id" | "attachment_name" => Some("".into()),
        _ => party::show(name, record, reader, "vendor_id").or_else(|| layout::show(name, record)),
    }
}

/// Texts that filters on the vendor and on items look at; `None` for any other member.
pub(crate) fn texts(name: &str, record: &Record) -> Option<Vec<String>> {
    party::line_texts(name, record)
}

/// How far a day is away, in words: "Overdue by 3 days", "Due today", "Due in 2 days"; empty without a day.
pub(crate) fn distance(day: &str, reader: &Reader<'_>) -> String {
    let count = |days: i64| format!("{days} day{}", if days == 1 { "" } else { "s" });
    match days_until(day, reader) {
        None => String::new(),
        Some(0) => "Due today".to_owned(),
        Some(days) if days < 0 => format!("Overdue by {}", count(-days)),
        Some(days) => format!("Due in {}", count(days)),
    }
}

/// Days from today to a day, negative when it is past; `None` without a day.
pub(crate) fn days_until(day: &str, reader: &Reader<'_>) -> Option<i64> {
    let day = chrono::NaiveDate::parse_from_str(day, "%Y-%m-%d").ok()?;
    Some(day.signed_duration_since(reader.today).num_days())
}
