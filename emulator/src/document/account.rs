//! Accounts of the chart of accounts that documents name.

use crate::engine::desk::Desk;
use crate::engine::reader::Reader;
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::store::kind::Kind;
use crate::store::record::Record;

/// Checks that a member names an account, or nothing. An organization without a chart of accounts takes every id.
/// Errors: code 6 for an unknown account.
pub(crate) fn check(desk: &Desk<'_>, record: &Record, member: &str) -> Result<(), ApiError> {
    if desk.books().table(Kind::Account).len() == 0 {
        return Ok(());
    }
    desk.named(Kind::Account, record, member).map(|_| ())
}

/// The same for the `account_id` of each line.
pub(crate) fn check_lines(desk: &Desk<'_>, record: &Record) -> Result<(), ApiError> {
    let books = desk.books();
    if books.table(Kind::Account).len() == 0 {
        return Ok(());
    }
    let ids = record.list("line_items").iter().filter_map(|line| line.get("account_id")?.as_id_text());
    for id in ids.filter(|id| !id.is_empty()) {
        if id.parse().ok().and_then(|id| books.record(Kind::Account, id)).is_none() {
            return Err(ApiError::about(Code::InvalidReference, "account_id"));
        }
    }
    Ok(())
}

/// Name of the account that `id` stands for, empty when there is none.
pub(crate) fn name(reader: &Reader<'_>, id: Option<u64>) -> Json {
    id.and_then(|id| reader.books.record(Kind::Account, id)).map_or("", |it| it.text("account_name")).into()
}

/// The lines with `account_name` and `customer_name` beside the ids.
pub(crate) fn named_lines(record: &Record, reader: &Reader<'_>) -> Json {
    let id = |line: &Json, member: &str| line.get(member)?.as_id_text()?.parse::<u64>().ok();
    let lines = record.list("line_items").iter().map(|line| {
        let Json::Object(members) = line else { return line.clone() };
        let customer = id(line, "customer_id").and_then(|id| reader.books.contacts.get(&id));
        let customer = customer.map_or("", |it| it.contact_name.as_str());
        let mut members = members.clone();
        members.push(("account_name".to_owned(), name(reader, id(line, "account_id"))));
        members.push(("customer_name".to_owned(), customer.into()));
        Json::Object(members)
    });
    lines.collect::<Vec<_>>().into()
}
