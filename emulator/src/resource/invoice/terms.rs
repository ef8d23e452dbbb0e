//! Payment terms and the due date.

use chrono::{Datelike, Days, Months, NaiveDate};
use rust_decimal::prelude::ToPrimitive;

use super::status;
use crate::document::sale::day;
use crate::engine::desk::Desk;
use crate::error::ApiError;
use crate::json::Json;
use crate::resource::packed::Value;
use crate::store::record::Record;

/// The longest terms [?], in days.
const LONGEST: i64 = 36_500;
/// Due at the end of the invoice's month.
const END_OF_MONTH: i64 = -2;
/// Due at the end of the month after.
const END_OF_NEXT_MONTH: i64 = -3;

/// A new date or new terms without a due date of their own move the due date.
pub(super) fn take(record: &mut Record, body: &Json) {
    let given = |name: &str| body.get(name).is_some();
    if !given("due_date") && (given("date") || given("payment_terms")) {
        record.set("due_date", "");
    }
}

/// Computes the due date that was not given, from the terms of the invoice or those of its customer. Errors: code 2 for
/// a due date before the invoice's date and for terms that lead beyond the calendar.
pub(super) fn settle(desk: &Desk<'_>, record: &mut Record) -> Result<(), ApiError> {
    if record.members.get("payment_terms").is_none() {
        let contact = desk.contact(record, "customer_id")?;
        let known = contact.members.get("payment_terms").map(Value::to_json);
        record.set("payment_terms", known.unwrap_or_else(|| Json::from(0)));
        if let Some(label) = contact.members.get("payment_terms_label").and_then(Value::as_str) {
            record.set("payment_terms_label", label);
        }
    }
    let wrong = || ApiError::invalid("payment_terms");
    let terms =
        record.decimal("payment_terms").to_i64().filter(|it| it.abs() <= LONGEST).ok_or_else(wrong)?;
    let date = day(record, "date").ok_or_else(|| ApiError::invalid("date"))?;
    if record.text("due_date").is_empty() {
        record.set("due_date", due(date, terms).ok_or_else(wrong)?.to_string());
    }
    if record.text("payment_terms_label").is_empty() {
        record.set("payment_terms_label", label(terms));
    }
    match day(record, "due_date") {
        Some(due) if due < date => Err(ApiError::invalid("due_date")),
        _ => Ok(()),
    }
}

fn due(date: NaiveDate, terms: i64) -> Option<NaiveDate> {
    let end = |month: NaiveDate| month.with_day(1)?.checked_add_months(Months::new(1))?.pred_opt();
    match terms {
        END_OF_MONTH => end(date),
        END_OF_NEXT_MONTH => end(date.checked_add_months(Months::new(1))?),
        _ => date.checked_add_days(Days::new(u64::try_from(terms).unwrap_or(0))),
    }
}

fn label(terms: i64) -> String {
    match terms {
        END_OF_MONTH => "Due end of the month".to_owned(),
        END_OF_NEXT_MONTH => "Due end of next month".to_owned(),
        1.. => format!("Net {terms}"),
        _ => "Due on Receipt".to_owned(),
    }
}

/// How far the due date is, as a text; empty while nothing is due.
pub(super) fn due_days(record: &Record, today: NaiveDate) -> String {
    let Some(due) = day(record, "due_date").filter(|_| status::is_unpaid(record)) else {
        return String::new();
    };
    let days = (due - today).num_days();
    let counted = |days: i64| if days == 1 { "1 day".to_owned() } else { format!("{days} days") };
    match days {
        0 => "Due Today".to_owned(),
        1.. => format!("Due in {}", counted(days)),
        _ => format!("Overdue by {}", counted(-days)),
    }
}
