//! Reimbursements of approved reports, in the base currency, in whole or in part.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::{ExpenseReport, Sums, approval, step};
use crate::auth::Context;
use crate::engine::desk::Desk;
use crate::engine::spec::Resource;
use crate::engine::write;
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::json::{Json, round_money};
use crate::request::Call;
use crate::resource::field::{self, Fields, Kind as Field, Members};
use crate::resource::step::refusal;
use crate::store::record::Record;

const FIELDS: Fields = &[
    ("reimbursement_date", Field::Date),
    ("amount", Field::Money),
    ("paid_through_account_id", Field::Id),
    ("reference_number", Field::Text(100)),
    ("notes", Field::Text(500)),
];

/// What was reimbursed so far.
pub(crate) fn paid(report: &Record) -> Decimal {
    let amounts = report.list("reimbursements").iter();
    amounts.filter_map(|it| it.get("amount")?.as_decimal()).sum()
}

/// Reimburses an approved report, all that is left unless the body names an `amount`. Errors: 4098 unless the report is
/// approved, 2 for an amount that is not above zero or more than is left.
pub(crate) fn reimbursed(
    desk: &mut Desk<'_>,
    report: &Arc<Record>,
    body: Option<&Json>,
) -> Result<(), ApiError> {
    match report.text("status") {
        "reimbursed" => return Ok(()),
        "approved" => {}
        status => return Err(refusal(&ExpenseReport, status, "reimbursed")),
    }
    let mut members = Members::new();
    field::take(&mut members, FIELDS, body.unwrap_or(&Json::Null), desk.places())?;
    let left = Sums::of(report, &desk.reader()).reimbursable - paid(report);
    let given = members.get("amount").and_then(Json::as_decimal).filter(|it| !it.is_zero());
    let amount = round_money(given.unwrap_or(left), desk.places());
    if amount < Decimal::ZERO
        || amount > left
        || (given.is_none() && body.is_some_and(|it| it.get("amount").is_some()))
    {
        return Err(ApiError::invalid("amount"));
    }
    let today = desk.today().to_string();
    if field::text(&members, "reimbursement_date").is_empty() {
        members.insert("reimbursement_date", today.into());
    }
    let date = field::text(&members, "reimbursement_date").to_owned();
    members.insert("amount", Json::amount(amount));
    let mut entry = vec![("reimbursement_id".to_owned(), Json::id(desk.next_id()))];
    field::show_all(&mut entry, &members, FIELDS);
    let mut entries = report.list("reimbursements").to_vec();
    entries.push(Json::Object(entry));
    let mut changed = (**report).clone();
    changed.set("reimbursements", entries);
    changed.set("reimbursement_date", date);
    if amount == left {
        return step::put(desk, changed, "reimbursed", body);
    }
    approval::note(desk, &mut changed, "partially_reimbursed", body);
    changed.modified = desk.now;
    desk.put(changed).map(|_| ())
}

/// Takes every reimbursement back; the report is approved again. Errors: 4098 for a report without any.
pub(crate) fn cancelled(
    desk: &mut Desk<'_>,
    report: &Arc<Record>,
    body: Option<&Json>,
) -> Result<(), ApiError> {
    if report.list("reimbursements").is_empty() {
        let verb = "relieved of its reimbursement";
        return Err(refusal(&ExpenseReport, report.text("status"), verb));
    }
    let mut changed = (**report).clone();
    changed.set("reimbursements", Vec::new());
    changed.set("reimbursement_date", "");
    step::put(desk, changed, "approved", body)
}

/// `GET /expensereports/{id}/reimbursement`.
pub(crate) fn list(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let report = write::find(context, call, resource)?;
    Ok(Reply::read([("reimbursements", report.list("reimbursements").to_vec().into())]))
}
