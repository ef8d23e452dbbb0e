//! The approvers of a report, level by level, and the history of its approval.

use std::sync::Arc;

use crate::auth::Context;
use crate::engine::desk::Desk;
use crate::engine::spec::Resource;
use crate::engine::write;
use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::format;
use crate::json::Json;
use crate::request::Call;
use crate::resource::user::works_for;
use crate::store::record::Record;
use crate::store::records::User;

/// The most levels of approval a report may have [?].
const MAX_LEVELS: usize = 20;

/// A user of the organization. Errors: code 6 for any other.
pub(crate) fn user(desk: &Desk<'_>, id: Option<&Json>, member: &str) -> Result<Arc<User>, ApiError> {
    let id = id.and_then(Json::as_id_text).and_then(|id| id.parse::<u64>().ok());
    let known = id.and_then(|id| desk.transaction.state.users.get(&id));
    let id = &desk.organization.organization_id;
    let known = known.filter(|it| works_for(&desk.transaction.state, it, id));
    known.cloned().ok_or_else(|| ApiError::about(Code::InvalidReference, member))
}

fn level(user: &User) -> Json {
    Json::object([
        ("approver_id", Json::id(user.user_id)),
        ("approver_name", user.name.as_str().into()),
        ("approver_email", user.email.as_str().into()),
        ("approval_status", "pending".into()),
        ("approved_date", "".into()),
    ])
}

/// Takes the approvers of a body: `approvers: [{approver_id}]` in the order of the levels, or one `approver_id`.
pub(crate) fn take(desk: &Desk<'_>, report: &mut Record, body: &Json) -> Result<(), ApiError> {
    let wanted: Vec<&Json> = match body.get("approvers") {
        Some(Json::List(list)) if list.len() <= MAX_LEVELS => {
            let ids =
                list.iter().map(|it| it.get("approver_id").ok_or_else(|| ApiError::invalid("approvers")));
            ids.collect::<Result<_, _>>()?
        }
        Some(Json::Null) | None => {
            let given =
                |name: &str| body.get(name).filter(|id| **id != Json::Null && id.as_str() != Some(""));
            given("approver_id").or_else(|| given("submitted_to_id")).into_iter().collect()
        }
        Some(_) => return Err(ApiError::invalid("approvers")),
    };
    if wanted.is_empty() {
        return Ok(());
    }
    let levels = wanted.into_iter().map(|id| user(desk, Some(id), "approver_id").map(|it| level(&it)));
    report.set("approvers", levels.collect::<Result<Vec<_>, _>>()?);
    Ok(())
}

/// Sets every level back to pending. A report without approvers is for the caller to approve [?].
pub(crate) fn restart(desk: &Desk<'_>, report: &mut Record) {
    let mut levels = report.list("approvers").to_vec();
    levels.retain(|it| status(it) != "forwarded");
    if levels.is_empty() {
        levels.push(level(desk.caller));
    }
    for it in &mut levels {
        *it = marked(it, "pending", "");
    }
    report.set("approvers", levels);
}

fn status(level: &Json) -> &str {
    level.get("approval_status").and_then(Json::as_str).unwrap_or_default()
}

fn marked(level: &Json, status: &str, date: &str) -> Json {
    let text = |name: &str| level.get(name).cloned().unwrap_or(Json::Null);
    Json::object([
        ("approver_id", text("approver_id")),
        ("approver_name", text("approver_name")),
        ("approver_email", text("approver_email")),
        ("approval_status", status.into()),
        ("approved_date", date.into()),
    ])
}

/// Ends the present level with `outcome`. Gives back whether another level waits.
pub(crate) fn advance(report: &mut Record, outcome: &str, today: &str) -> bool {
    let mut levels = report.list("approvers").to_vec();
    if let Some(it) = levels.iter_mut().find(|it| status(it) == "pending") {
        *it = marked(it, outcome, today);
    }
    let more = levels.iter().any(|it| status(it) == "pending");
    report.set("approvers", levels);
    more
}

/// Hands the present level to another user.
pub(crate) fn hand_on(report: &mut Record, to: &User, today: &str) {
    let mut levels = report.list("approvers").to_vec();
    let at = levels.iter().position(|it| status(it) == "pending").unwrap_or(levels.len());
    if let Some(it) = levels.get_mut(at) {
        *it = marked(it, "forwarded", today);
    }
    levels.insert((at + 1).min(levels.len()), level(to));
    report.set("approvers", levels);
}

/// The level that waits for its approver, while the report is submitted.
pub(crate) fn awaited(report: &Record) -> Option<&Json> {
    let waits = report.text("status") == "submitted";
    report.list("approvers").iter().find(|it| waits && status(it) == "pending")
}

/// The level that was approved last.
pub(crate) fn latest(report: &Record) -> Option<&Json> {
    report.list("approvers").iter().rfind(|it| status(it) == "approved")
}

/// `submitted_to_name` is the level's `approver_name`, and so on.
pub(crate) fn member(level: &Json, name: &str) -> Json {
    let name = name.replace("submitted_to", "approver");
    level.get(&name).cloned().unwrap_or_else(|| "".into())
}

/// Notes what happened to a report, by whom and when.
pub(crate) fn note(desk: &Desk<'_>, report: &mut Record, action: &str, body: Option<&Json>) {
    let words = ["comments", "comment", "reason", "rejection_reason", "notes"];
    let said = words.iter().find_map(|name| body?.get(name)?.as_str()).unwrap_or_default();
    let zone = desk.organization.zone();
    let entry = Json::object([
        ("action", action.into()),
        ("user_id", Json::id(desk.caller.user_id)),
        ("user_name", desk.caller.name.as_str().into()),
        ("user_email", desk.caller.email.as_str().into()),
        ("date", format::date(desk.now, zone).into()),
        ("date_time", format::timestamp(desk.now, zone).into()),
        ("comments", said.into()),
    ]);
    let mut history = report.list("approval_history").to_vec();
    history.push(entry);
    report.set("approval_history", history);
}

/// `GET /expensereports/{id}/approvalhistory`, oldest first.
pub(crate) fn history(
    context: &Context<'_>,
    call: &Call,
    resource: &dyn Resource,
) -> Result<Reply, ApiError> {
    let report = write::find(context, call, resource)?;
    Ok(Reply::read([("approval_history", report.list("approval_history").to_vec().into())]))
}
