//! The states of a sales order: draft, open, void, closed, pending_approval and approved are stored; overdue follows from
//! the clock, partially_invoiced and invoiced from its invoices.

use std::sync::Arc;

use chrono::NaiveDate;

use super::progress::{self, Progress};
use crate::document::sale::{day, refuse};
use crate::engine::desk::Desk;
use crate::error::ApiError;
use crate::store::books::Books;
use crate::store::kind::Kind;
use crate::store::record::Record;

const WHAT: &str = "A sales order";

/// The status at this moment.
pub(crate) fn shown<'a>(record: &'a Record, books: &Books, today: NaiveDate) -> &'a str {
    let stored = record.text("status");
    if stored != "open" {
        return stored;
    }
    let past = || day(record, "shipment_date").is_some_and(|day| day < today);
    match progress::of(record, books) {
        Progress::Everything => "invoiced",
        Progress::Part => "partially_invoiced",
        Progress::Nothing if past() => "overdue",
        Progress::Nothing => stored,
    }
}

fn now<'a>(desk: &Desk<'_>, record: &'a Record) -> &'a str {
    shown(record, &desk.books(), desk.today())
}

/// `status/open`: from draft, approved and void.
pub(super) fn open(desk: &mut Desk<'_>, record: &Arc<Record>) -> Result<(), ApiError> {
    match record.text("status") {
        "open" => Ok(()),
        "draft" | "approved" | "void" => change(desk, record, "open"),
        other => refuse(WHAT, other, "opened"),
    }
}

/// `status/void`: from draft and open, as long as nothing was invoiced.
pub(super) fn void(desk: &mut Desk<'_>, record: &Arc<Record>) -> Result<(), ApiError> {
    match now(desk, record) {
        "void" => Ok(()),
        "draft" | "open" | "overdue" => change(desk, record, "void"),
        other => refuse(WHAT, other, "voided"),
    }
}

/// `submit`: from draft.
pub(super) fn submit(desk: &mut Desk<'_>, record: &Arc<Record>) -> Result<(), ApiError> {
    match record.text("status") {
        "pending_approval" => Ok(()),
        "draft" => change(desk, record, "pending_approval"),
        _ => refuse(WHAT, now(desk, record), "submitted for approval"),
    }
}

/// `approve`: from pending_approval.
pub(super) fn approve(desk: &mut Desk<'_>, record: &Arc<Record>) -> Result<(), ApiError> {
    match record.text("status") {
        "approved" => Ok(()),
        "pending_approval" => change(desk, record, "approved"),
        _ => refuse(WHAT, now(desk, record), "approved"),
    }
}

/// `substatus/{code}`. The code `closed` closes an invoiced order [?]; any other only names the sub-status.
pub(super) fn substatus(desk: &mut Desk<'_>, record: &Arc<Record>, code: &str) -> Result<(), ApiError> {
    if code.eq_ignore_ascii_case("closed") {
        return match now(desk, record) {
            "closed" => Ok(()),
            "invoiced" => change(desk, record, "closed"),
            other => refuse(WHAT, other, "closed"),
        };
    }
    if code.chars().count() > MAX_CODE {
        return Err(ApiError::invalid("status_code"));
    }
    desk.alter(Kind::SalesOrder, record.id, |record| record.set("current_sub_status", code)).map(|_| ())
}

/// The longest sub-status [?], in characters.
const MAX_CODE: usize = 100;

/// After an e-mail: a draft is open.
pub(super) fn mailed(desk: &mut Desk<'_>, record: &Record) -> Result<(), ApiError> {
    let record = desk.find(Kind::SalesOrder, record.id)?;
    if ["draft", "approved"].contains(&record.text("status")) {
        open(desk, &record)?;
    }
    desk.alter(Kind::SalesOrder, record.id, |record| record.set("is_emailed", true)).map(|_| ())
}

/// Its invoices changed, and with them its status: whoever reads changes must see it.
pub(crate) fn touch(desk: &mut Desk<'_>, id: u64) -> Result<(), ApiError> {
    if desk.find(Kind::SalesOrder, id).is_ok() {
        desk.alter(Kind::SalesOrder, id, |_| {})?;
    }
    Ok(())
}

fn change(desk: &mut Desk<'_>, record: &Arc<Record>, status: &'static str) -> Result<(), ApiError> {
    desk.alter(Kind::SalesOrder, record.id, |record| {
        record.set("status", status);
        record.set("current_sub_status", "");
    })
    .map(|_| ())
}
