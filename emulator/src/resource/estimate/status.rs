//! The states of an estimate: draft, sent, accepted, declined, invoiced, pending_approval, approved; and expired, which
//! follows from the clock.

use std::sync::Arc;

use chrono::NaiveDate;

use crate::document::sale::{day, refuse};
use crate::engine::desk::Desk;
use crate::error::{ApiError, Code};
use crate::store::kind::Kind;
use crate::store::record::Record;

const WHAT: &str = "An estimate";

/// The status at this moment: a sent estimate expires with the day after its expiry date, unless it was sent again
/// since.
pub(super) fn shown(record: &Record, today: NaiveDate) -> &str {
    let stored = record.text("status");
    let past = day(record, "expiry_date").is_some_and(|expiry| expiry < today);
    let revived = record.text("revived") == record.text("expiry_date");
    if stored == "sent" && past && !revived { "expired" } else { stored }
}

/// Makes it sent. An expired one lives on until it gets another expiry date.
pub(super) fn send(record: &mut Record) {
    record.set("status", "sent");
}

/// `status/sent`: from draft, approved, declined and expired.
pub(super) fn mark_sent(desk: &mut Desk<'_>, record: &Arc<Record>) -> Result<(), ApiError> {
    match shown(record, desk.today()) {
        "sent" => Ok(()),
        "draft" | "approved" | "declined" => change(desk, record, send),
        "expired" => change(desk, record, |record| {
            let expiry = record.text("expiry_date").to_owned();
            record.set("revived", expiry);
        }),
        other => refuse(WHAT, other, "sent"),
    }
}

/// `status/accepted`: from draft, sent and declined.
pub(super) fn accept(desk: &mut Desk<'_>, record: &Arc<Record>) -> Result<(), ApiError> {
    let today = desk.today().to_string();
    match shown(record, desk.today()) {
        "accepted" => Ok(()),
        "draft" | "sent" | "declined" => change(desk, record, |record| {
            record.set("status", "accepted");
            record.set("accepted_date", today);
            record.set("declined_date", "");
        }),
        other => refuse(WHAT, other, "accepted"),
    }
}

/// `status/declined`: from draft, sent and accepted.
pub(super) fn decline(desk: &mut Desk<'_>, record: &Arc<Record>) -> Result<(), ApiError> {
    let today = desk.today().to_string();
    match shown(record, desk.today()) {
        "declined" => Ok(()),
        "draft" | "sent" | "accepted" => change(desk, record, |record| {
            record.set("status", "declined");
            record.set("declined_date", today);
            record.set("accepted_date", "");
        }),
        other => refuse(WHAT, other, "declined"),
    }
}

/// `submit`: from draft.
pub(super) fn submit(desk: &mut Desk<'_>, record: &Arc<Record>) -> Result<(), ApiError> {
    match record.text("status") {
        "pending_approval" => Ok(()),
        "draft" => change(desk, record, |record| record.set("status", "pending_approval")),
        _ => refuse(WHAT, shown(record, desk.today()), "submitted for approval"),
    }
}

/// `approve`: from pending_approval.
pub(super) fn approve(desk: &mut Desk<'_>, record: &Arc<Record>) -> Result<(), ApiError> {
    match record.text("status") {
        "approved" => Ok(()),
        "pending_approval" => change(desk, record, |record| record.set("status", "approved")),
        _ => refuse(WHAT, shown(record, desk.today()), "approved"),
    }
}

/// After an e-mail: what can be sent is sent, an accepted or invoiced one stays what it is.
pub(super) fn mailed(desk: &mut Desk<'_>, record: &Record) -> Result<(), ApiError> {
    let record = desk.find(Kind::Estimate, record.id)?;
    if !["accepted", "invoiced"].contains(&record.text("status")) {
        mark_sent(desk, &record)?;
    }
    desk.alter(Kind::Estimate, record.id, |record| record.set("is_emailed", true)).map(|_| ())
}

/// An invoice was created from it: from sent, accepted, expired and declined; an invoiced one may get further invoices.
/// Errors: 6 for one that does not exist or is another customer's, 4098 in any other state.
pub(crate) fn invoiced(desk: &mut Desk<'_>, id: u64, customer: &str) -> Result<(), ApiError> {
    let unknown = || ApiError::about(Code::InvalidReference, "invoiced_estimate_id");
    let record = desk.find(Kind::Estimate, id).map_err(|_| unknown())?;
    if record.text("customer_id") != customer {
        return Err(unknown());
    }
    match record.text("status") {
        "invoiced" => Ok(()),
        former @ ("sent" | "accepted" | "declined") => {
            let former = former.to_owned();
            change(desk, &record, |record| {
                record.set("status", "invoiced");
                record.set("status_before_invoice", former);
            })
        }
        other => refuse(WHAT, other, "invoiced"),
    }
}

/// An invoice that was created from it is gone. With its last one the estimate is what it was before.
pub(crate) fn uninvoiced(desk: &mut Desk<'_>, id: u64) -> Result<(), ApiError> {
    let Ok(record) = desk.find(Kind::Estimate, id) else { return Ok(()) };
    let others = desk.books().naming_as(id, Kind::Invoice).next().is_some();
    if others || record.text("status") != "invoiced" {
        return Ok(());
    }
    let former = record.text("status_before_invoice").to_owned();
    change(desk, &record, |record| record.set("status", former))
}

fn change(desk: &mut Desk<'_>, record: &Arc<Record>, act: impl FnOnce(&mut Record)) -> Result<(), ApiError> {
    desk.alter(Kind::Estimate, record.id, act).map(|_| ())
}
