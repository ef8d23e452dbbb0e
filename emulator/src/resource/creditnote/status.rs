//! The states of a credit note: draft, open, void, pending_approval and approved are stored; an open one without a balance
//! is closed.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::used;
use crate::document::sale::refuse;
use crate::engine::desk::Desk;
use crate::error::{ApiError, Code};
use crate::store::kind::Kind;
use crate::store::record::Record;

const WHAT: &str = "A credit note";

/// The status at this moment.
pub(super) fn shown(record: &Record) -> &str {
    let stored = record.text("status");
    if stored == "open" && record.decimal("balance") <= Decimal::ZERO { "closed" } else { stored }
}

/// `status/open`: from draft, approved and void.
pub(crate) fn open(desk: &mut Desk<'_>, record: &Arc<Record>) -> Result<(), ApiError> {
    match record.text("status") {
        "open" => Ok(()),
        "draft" | "approved" | "void" => change(desk, record, "open"),
        other => refuse(WHAT, other, "opened"),
    }
}

/// `status/void`: from draft and open, unless something of it is applied or refunded (4018).
pub(crate) fn void(desk: &mut Desk<'_>, record: &Arc<Record>) -> Result<(), ApiError> {
    match record.text("status") {
        "void" => Ok(()),
        "draft" | "open" if used(record) => Err(ApiError::about(Code::PaymentsApplied, "Credit note")),
        "draft" | "open" => change(desk, record, "void"),
        other => refuse(WHAT, other, "voided"),
    }
}

/// `status/draft`: from void.
pub(super) fn redraft(desk: &mut Desk<'_>, record: &Arc<Record>) -> Result<(), ApiError> {
    match record.text("status") {
        "draft" => Ok(()),
        "void" => change(desk, record, "draft"),
        _ => refuse(WHAT, shown(record), "changed to draft"),
    }
}

/// `submit`: from draft.
pub(super) fn submit(desk: &mut Desk<'_>, record: &Arc<Record>) -> Result<(), ApiError> {
    match record.text("status") {
        "pending_approval" => Ok(()),
        "draft" => change(desk, record, "pending_approval"),
        _ => refuse(WHAT, shown(record), "submitted for approval"),
    }
}

/// `approve`: from pending_approval.
pub(super) fn approve(desk: &mut Desk<'_>, record: &Arc<Record>) -> Result<(), ApiError> {
    match record.text("status") {
        "approved" => Ok(()),
        "pending_approval" => change(desk, record, "approved"),
        _ => refuse(WHAT, shown(record), "approved"),
    }
}

/// After an e-mail: a draft is open. Errors: 4098 while it waits for approval.
pub(super) fn mailed(desk: &mut Desk<'_>, record: &Record) -> Result<(), ApiError> {
    let record = desk.find(Kind::CreditNote, record.id)?;
    if record.text("status") != "void" {
        open(desk, &record)?;
    }
    desk.alter(Kind::CreditNote, record.id, |record| record.set("is_emailed", true)).map(|_| ())
}

fn change(desk: &mut Desk<'_>, record: &Arc<Record>, status: &'static str) -> Result<(), ApiError> {
    desk.alter(Kind::CreditNote, record.id, |record| record.set("status", status)).map(|_| ())
}
