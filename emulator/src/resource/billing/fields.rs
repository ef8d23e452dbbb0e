//! Members that several resources of Billing take and check alike.

use rust_decimal::Decimal;

use crate::engine::desk::Desk;
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::store::kind::Kind;
use crate::store::record::Record;

/// Refuses a number outside `least..=most` (code 2).
pub(crate) fn within(record: &Record, name: &str, least: Decimal, most: Decimal) -> Result<(), ApiError> {
    let number = record.decimal(name);
    if number < least || number > most { Err(ApiError::invalid(name)) } else { Ok(()) }
}

/// The product that a plan, addon or coupon belongs to must exist (code 6).
pub(crate) fn product(desk: &Desk<'_>, record: &Record) -> Result<(), ApiError> {
    desk.named(Kind::Product, record, "product_id").map(|_| ())
}

/// The entries of a list, each reduced to its code and checked (code 6 when one names no record).
pub(crate) fn take_codes(
    desk: &Desk<'_>,
    record: &mut Record,
    body: &Json,
    list: &'static str,
    kind: Kind,
    key: &'static str,
) -> Result<(), ApiError> {
    let entries = match body.get(list) {
        None | Some(Json::Null) => return Ok(()),
        Some(Json::List(entries)) => entries,
        Some(_) => return Err(ApiError::invalid(list)),
    };
    let table = desk.books().table(kind);
    let mut codes = Vec::with_capacity(entries.len());
    for entry in entries {
        let code = entry.get(key).and_then(Json::as_str).ok_or_else(|| ApiError::invalid(key))?;
        let holder = table.holder(key, code).and_then(|id| table.get(id).cloned());
        let holder = holder.ok_or_else(|| ApiError::about(Code::InvalidReference, key))?;
        codes.push(Json::object([(key, holder.text(key).into())]));
    }
    record.set(list, codes);
    Ok(())
}

/// A list of codes with the names of what they stand for; codes whose record is gone are left out.
pub(crate) fn named_codes(
    reader: &crate::engine::reader::Reader<'_>,
    record: &Record,
    list: &str,
    kind: Kind,
    key: &'static str,
) -> Json {
    let table = reader.books.table(kind);
    let codes = record.list(list).iter().filter_map(|entry| entry.get(key)?.as_str());
    let rows = codes.filter_map(|code| {
        let holder = table.get(table.holder(key, code)?)?;
        Some(Json::object([(key, code.into()), ("name", holder.text("name").into())]))
    });
    rows.collect::<Vec<_>>().into()
}

/// Whether a list of codes names `code`.
pub(crate) fn names(record: &Record, list: &str, key: &str, code: &str) -> bool {
    record.list(list).iter().any(|entry| entry.get(key).and_then(Json::as_str) == Some(code))
}
