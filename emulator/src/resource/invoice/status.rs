//! The states of an invoice: draft, sent, void, pending_approval and approved are stored; overdue, partially_paid and paid
//! follow from the clock and the balance.

use std::sync::Arc;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::applied;
use crate::document::application;
use crate::document::sale::{day, refuse, wrong};
use crate::engine::desk::Desk;
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::resource::salesorder;
use crate::store::kind::Kind;
use crate::store::record::Record;

const WHAT: &str = "An invoice";

/// The status at this moment. Paid wins over overdue, and overdue over partially paid.
pub(super) fn shown(record: &Record, today: NaiveDate) -> &str {
    let stored = record.text("status");
    if stored != "sent" {
        return stored;
    }
    if record.decimal("balance") <= Decimal::ZERO {
        "paid"
    } else if day(record, "due_date").is_some_and(|due| due < today) {
        "overdue"
    } else if applied(record) {
        "partially_paid"
    } else {
        stored
    }
}

/// Whether it was sent and something of it is due.
pub(super) fn is_unpaid(record: &Record) -> bool {
    record.text("status") == "sent" && record.decimal("balance") > Decimal::ZERO
}

/// `status/sent`: from draft and approved.
pub(crate) fn mark_sent(desk: &mut Desk<'_>, record: &Arc<Record>) -> Result<(), ApiError> {
    match record.text("status") {
        "sent" => Ok(()),
        "draft" | "approved" => change(desk, record, "sent"),
        other => refuse(WHAT, other, "sent"),
    }
}

/// `status/void`: from draft and sent, unless payments or credits are applied (4018) or it was written off (4098).
pub(crate) fn void(desk: &mut Desk<'_>, record: &Arc<Record>) -> Result<(), ApiError> {
    match record.text("status") {
        "void" => Ok(()),
        "draft" | "sent" => {
            if applied(record) {
                return Err(ApiError::about(Code::PaymentsApplied, "Invoice"));
            }
            if !record.decimal("write_off_amount").is_zero() {
                return Err(wrong(
                    "An invoice that was written off cannot be voided. Cancel the write-off first.",
                ));
            }
            change(desk, record, "void")
        }
        other => refuse(WHAT, other, "voided"),
    }
}

/// `status/draft`: from void.
pub(crate) fn redraft(desk: &mut Desk<'_>, record: &Arc<Record>) -> Result<(), ApiError> {
    match record.text("status") {
        "draft" => Ok(()),
        "void" => change(desk, record, "draft"),
        _ => refuse(WHAT, shown(record, desk.today()), "changed to draft"),
    }
}

/// `submit`: from draft.
pub(super) fn submit(desk: &mut Desk<'_>, record: &Arc<Record>) -> Result<(), ApiError> {
    match record.text("status") {
        "pending_approval" => Ok(()),
        "draft" => change(desk, record, "pending_approval"),
        _ => refuse(WHAT, shown(record, desk.today()), "submitted for approval"),
    }
}

/// `approve`: from pending_approval.
pub(super) fn approve(desk: &mut Desk<'_>, record: &Arc<Record>) -> Result<(), ApiError> {
    match record.text("status") {
        "approved" => Ok(()),
        "pending_approval" => change(desk, record, "approved"),
        _ => refuse(WHAT, shown(record, desk.today()), "approved"),
    }
}

/// `writeoff`: the open balance of a sent invoice is given up.
pub(crate) fn write_off(desk: &mut Desk<'_>, record: &Arc<Record>) -> Result<(), ApiError> {
    if !record.decimal("write_off_amount").is_zero() {
        return Ok(());
    }
    if !is_unpaid(record) {
        return refuse(WHAT, shown(record, desk.today()), "written off");
    }
    let balance = record.decimal("balance");
    rebalance(desk, record, |record| {
        record.set("write_off_amount", Json::amount(balance));
        record.set("write_off_cancelled", false);
    })
}

/// `writeoff/cancel`: what was given up is due again. Repeating it is harmless; an invoice that was never written off is
/// refused.
pub(crate) fn cancel_write_off(desk: &mut Desk<'_>, record: &Arc<Record>) -> Result<(), ApiError> {
    if record.decimal("write_off_amount").is_zero() {
        let repeated = record.flag("write_off_cancelled");
        return if repeated { Ok(()) } else { Err(wrong("The invoice was not written off.")) };
    }
    rebalance(desk, record, |record| {
        record.set("write_off_amount", Json::amount(Decimal::ZERO));
        record.set("write_off_cancelled", true);
    })
}

/// After an e-mail: a draft is sent, everything else stays what it is. Errors: 4098 while it waits for approval.
pub(super) fn mailed(desk: &mut Desk<'_>, record: &Record) -> Result<(), ApiError> {
    let record = desk.find(Kind::Invoice, record.id)?;
    if record.text("status") != "void" {
        mark_sent(desk, &record)?;
    }
    desk.alter(Kind::Invoice, record.id, |record| record.set("is_emailed", true)).map(|_| ())
}

fn rebalance(
    desk: &mut Desk<'_>,
    record: &Arc<Record>,
    act: impl FnOnce(&mut Record),
) -> Result<(), ApiError> {
    let mut record = (**record).clone();
    act(&mut record);
    application::sum_up(desk, &mut record);
    record.modified = desk.now;
    desk.put(record).map(|_| ())
}

/// Void invoices take nothing of their sales order, so its status may change along.
fn change(desk: &mut Desk<'_>, record: &Arc<Record>, status: &'static str) -> Result<(), ApiError> {
    desk.alter(Kind::Invoice, record.id, |record| record.set("status", status))?;
    let moves = status == "void" || record.text("status") == "void";
    record.reference("salesorder_id").filter(|_| moves).map_or(Ok(()), |id| salesorder::touch(desk, id))
}
