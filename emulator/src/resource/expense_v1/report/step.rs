//! The steps of a report's state machine, for one report and for many.

use std::sync::Arc;

use super::{ExpenseReport, approval, policy, reimbursement};
use crate::auth::Context;
use crate::engine::desk::Desk;
use crate::engine::spec::Resource;
use crate::engine::write;
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::json::Json;
use crate::request::Call;
use crate::resource::step::refusal;
use crate::store::kind::Kind;
use crate::store::record::Record;

type Run = fn(&mut Desk<'_>, &Arc<Record>, Option<&Json>) -> Result<(), ApiError>;

/// A step: what it does and the sentence of its success.
struct Step {
    message: &'static str,
    run: Run,
}

const SUBMIT: Step = Step { message: "The expense report has been submitted.", run: submitted };
const APPROVE: Step = Step { message: "The expense report has been approved.", run: approved };
const REJECT: Step = Step { message: "The expense report has been rejected.", run: rejected };
const TAKE_BACK: Step = Step { message: "The expense report has been recalled.", run: recalled };
const REIMBURSE: Step =
    Step { message: "The expense report has been marked as reimbursed.", run: reimbursement::reimbursed };
const CANCEL: Step = Step {
    message: "The reimbursement of the expense report has been cancelled.",
    run: reimbursement::cancelled,
};
const ARCHIVE: Step =
    Step { message: "The expense report has been archived.", run: |desk, it, _| archived(desk, it, true) };
const UNARCHIVE: Step =
    Step { message: "The expense report has been unarchived.", run: |desk, it, _| archived(desk, it, false) };
const SHARE: Step = Step { message: "The expense report has been shared.", run: shared };
const FORWARD: Step = Step { message: "The expense report has been forwarded for approval.", run: forwarded };

impl Step {
    fn one(&self, context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
        let body = call.optional_object()?;
        write::act(context, call, resource, self.message, |desk, report| (self.run)(desk, report, body))
    }

    /// `POST /expensereports/<step>?report_ids=a,b`: each report succeeds or fails alone.
    fn many(&self, context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
        let body = call.optional_object()?;
        write::each(context, call, resource, self.message, |desk, id| {
            let report = desk.find(Kind::ExpenseReport, id)?;
            (self.run)(desk, &report, body)
        })
    }
}

/// The handlers of one step.
macro_rules! handlers {
    ($($step:ident: $one:ident $(, $many:ident)?;)*) => {$(
        pub(crate) fn $one(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
            $step.one(context, call, resource)
        }
        $(pub(crate) fn $many(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
            $step.many(context, call, resource)
        })?
    )*};
}

handlers! {
    SUBMIT: submit, submit_many;
    APPROVE: approve, approve_many;
    REJECT: reject, reject_many;
    TAKE_BACK: take_back, take_back_many;
    REIMBURSE: reimburse, reimburse_many;
    CANCEL: cancel_reimbursement;
    ARCHIVE: archive, archive_many;
    UNARCHIVE: unarchive, unarchive_many;
    SHARE: share;
    FORWARD: forward;
}

/// Hands a report in. Errors: 4098 for one without expenses or past its submission, 6 for an unknown approver.
fn submitted(desk: &mut Desk<'_>, report: &Arc<Record>, body: Option<&Json>) -> Result<(), ApiError> {
    let status = report.text("status");
    if status == "submitted" {
        return Ok(());
    }
    if let Some(refused) = policy::refusals(&desk.books(), report).into_iter().next() {
        return Err(refused);
    }
    let mut changed = (**report).clone();
    if let Some(body) = body {
        approval::take(desk, &mut changed, body)?;
    }
    approval::restart(desk, &mut changed);
    let today = desk.today().to_string();
    if changed.text("submitted_date").is_empty() {
        changed.set("submitted_date", today.as_str());
    }
    changed.set("last_submitted_date", today);
    changed.set("approved_date", "");
    changed.set("submitted_by", desk.caller.name.as_str());
    changed.set("submitter_id", Json::id(desk.caller.user_id));
    changed.set("submitter_name", desk.caller.name.as_str());
    changed.set("submitter_email", desk.caller.email.as_str());
    put(desk, changed, "submitted", body)
}

/// Passes one level; the last one approves the report.
fn approved(desk: &mut Desk<'_>, report: &Arc<Record>, body: Option<&Json>) -> Result<(), ApiError> {
    match report.text("status") {
        "approved" => return Ok(()),
        "submitted" => {}
        status => return Err(refusal(&ExpenseReport, status, "approved")),
    }
    let mut changed = (**report).clone();
    let today = desk.today().to_string();
    if approval::advance(&mut changed, "approved", &today) {
        approval::note(desk, &mut changed, "approved", body);
        changed.modified = desk.now;
        return desk.put(changed).map(|_| ());
    }
    changed.set("approved_date", today);
    put(desk, changed, "approved", body)
}

fn rejected(desk: &mut Desk<'_>, report: &Arc<Record>, body: Option<&Json>) -> Result<(), ApiError> {
    match report.text("status") {
        "rejected" => return Ok(()),
        "submitted" => {}
        status => return Err(refusal(&ExpenseReport, status, "rejected")),
    }
    let mut changed = (**report).clone();
    approval::advance(&mut changed, "rejected", &desk.today().to_string());
    put(desk, changed, "rejected", body)
}

fn recalled(desk: &mut Desk<'_>, report: &Arc<Record>, body: Option<&Json>) -> Result<(), ApiError> {
    match report.text("status") {
        "recalled" => Ok(()),
        "submitted" => put(desk, (**report).clone(), "recalled", body),
        status => Err(refusal(&ExpenseReport, status, "recalled")),
    }
}

fn archived(desk: &mut Desk<'_>, report: &Arc<Record>, wanted: bool) -> Result<(), ApiError> {
    if report.flag("is_archived") != wanted {
        desk.alter(report.kind, report.id, |report| report.set("is_archived", wanted))?;
    }
    Ok(())
}

/// Shares a report with users of the organization. Errors: code 2 without any, 6 for an unknown one.
fn shared(desk: &mut Desk<'_>, report: &Arc<Record>, body: Option<&Json>) -> Result<(), ApiError> {
    let ids = body.and_then(|it| it.get("user_ids")).and_then(Json::as_list).unwrap_or_default();
    if ids.is_empty() {
        return Err(ApiError::invalid("user_ids"));
    }
    let mut with = report.list("shared_with").to_vec();
    for id in ids {
        let user = approval::user(desk, Some(id), "user_ids")?;
        let entry = Json::object([
            ("user_id", Json::id(user.user_id)),
            ("name", user.name.as_str().into()),
            ("email", user.email.as_str().into()),
        ]);
        if !with.contains(&entry) {
            with.push(entry);
        }
    }
    desk.alter(report.kind, report.id, |report| report.set("shared_with", with)).map(|_| ())
}

/// Hands the present level to `approver_id`. Errors: 4098 unless the report is submitted, 6 for an unknown user.
fn forwarded(desk: &mut Desk<'_>, report: &Arc<Record>, body: Option<&Json>) -> Result<(), ApiError> {
    if report.text("status") != "submitted" {
        return Err(refusal(&ExpenseReport, report.text("status"), "forwarded for approval"));
    }
    let to = approval::user(desk, body.and_then(|it| it.get("approver_id")), "approver_id")?;
    let mut changed = (**report).clone();
    approval::hand_on(&mut changed, &to, &desk.today().to_string());
    approval::note(desk, &mut changed, "forwarded", body);
    changed.modified = desk.now;
    desk.put(changed).map(|_| ())
}

/// Stores a report in its new status, noting that in its history. Its expenses change their status with it.
pub(crate) fn put(
    desk: &mut Desk<'_>,
    mut report: Record,
    status: &'static str,
    body: Option<&Json>,
) -> Result<(), ApiError> {
    approval::note(desk, &mut report, status, body);
    report.set("status", status);
    report.modified = desk.now;
    let report = desk.put(report)?;
    let expenses: Vec<u64> = desk.books().naming_as(report.id, Kind::EmployeeExpense).collect();
    expenses.into_iter().try_for_each(|id| desk.alter(Kind::EmployeeExpense, id, |_| {}).map(|_| ()))
}
