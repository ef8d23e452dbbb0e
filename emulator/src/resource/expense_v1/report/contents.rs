//! The expenses of a report: an expense names the report it is in.

use std::sync::Arc;

use super::{ExpenseReport, editable};
use crate::auth::Context;
use crate::engine::desk::{self, Desk};
use crate::engine::reader::Reader;
use crate::engine::spec::Resource;
use crate::engine::write;
use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::request::Call;
use crate::store::kind::Kind;
use crate::store::record::Record;

/// The most expenses that one call may name [?].
const MAX_EXPENSES: usize = 1000;

/// The expenses of a report, in the order of their creation.
pub(crate) fn expenses<'a>(report: &Record, reader: &'a Reader<'_>) -> impl Iterator<Item = &'a Arc<Record>> {
    let ids = reader.books.naming_as(report.id, Kind::EmployeeExpense);
    ids.filter_map(|id| reader.books.record(Kind::EmployeeExpense, id))
}

/// The expenses that a body lists: `expenses: [{expense_id}]` or `expense_ids: [...]`. Errors: code 2 for another shape, 6
/// for what is no id.
fn listed(body: &Json) -> Result<Option<Vec<u64>>, ApiError> {
    let (list, name) = match (body.get("expenses"), body.get("expense_ids")) {
        (Some(Json::List(list)), _) => (list, "expenses"),
        (None | Some(Json::Null), Some(Json::List(list))) => (list, "expense_ids"),
        (None | Some(Json::Null), None | Some(Json::Null)) => return Ok(None),
        _ => return Err(ApiError::invalid("expenses")),
    };
    if list.len() > MAX_EXPENSES {
        return Err(ApiError::invalid(name));
    }
    let id = |entry: &Json| {
        let id = if name == "expenses" { entry.get("expense_id")? } else { entry };
        id.as_id_text()?.parse().ok()
    };
    let ids =
        list.iter().map(|it| id(it).ok_or_else(|| ApiError::about(Code::InvalidReference, "expense_id")));
    ids.collect::<Result<_, _>>().map(Some)
}

/// The expenses that a call names, in its query (`expense_ids=a,b`) or its body. Errors: code 2 when it names none.
pub(crate) fn expense_ids(call: &Call) -> Result<Vec<u64>, ApiError> {
    let unknown = || ApiError::about(Code::InvalidReference, "expense_id");
    let ids = if call.query.get("expense_ids").is_some() {
        let ids = write::ids(call, "expense_ids")?;
        ids.into_iter().map(|id| id.parse().map_err(|_| unknown())).collect::<Result<Vec<_>, _>>()?
    } else {
        call.optional_object()?.map_or(Ok(None), listed)?.unwrap_or_default()
    };
    if ids.is_empty() { Err(ApiError::invalid("expense_ids")) } else { Ok(ids) }
}

/// Puts an expense into a report. Errors: 6 for an unknown expense, 4098 for one of another report.
fn join(desk: &mut Desk<'_>, report: u64, expense: u64) -> Result<(), ApiError> {
    let known = desk.books().record(Kind::EmployeeExpense, expense).cloned();
    let known = known.ok_or_else(|| ApiError::about(Code::InvalidReference, "expense_id"))?;
    match known.reference("report_id") {
        Some(held) if held == report => Ok(()),
        Some(_) => {
            Err(ApiError::about(Code::WrongState, &format!("The expense {expense} is in another report.")))
        }
        None => {
            desk.alter(Kind::EmployeeExpense, expense, |it| it.set("report_id", Json::id(report))).map(|_| ())
        }
    }
}

/// Takes an expense out of its report; it is unreported from then on.
pub(crate) fn leave(desk: &mut Desk<'_>, expense: u64) -> Result<(), ApiError> {
    desk.alter(Kind::EmployeeExpense, expense, |it| it.members.remove("report_id")).map(|_| ())
}

/// Makes a report hold exactly the listed expenses; a body without a list changes nothing.
fn replace(desk: &mut Desk<'_>, report: u64, body: &Json) -> Result<(), ApiError> {
    let Some(wanted) = listed(body)? else { return Ok(()) };
    let held: Vec<u64> = desk.books().naming_as(report, Kind::EmployeeExpense).collect();
    for id in held.into_iter().filter(|id| !wanted.contains(id)) {
        leave(desk, id)?;
    }
    wanted.into_iter().try_for_each(|id| join(desk, report, id))
}

/// `POST /expensereports`.
pub(crate) fn create(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let body = call.object()?;
    let record = desk::write(context, call, |desk| {
        let record = desk.create(resource, body)?;
        replace(desk, record.id, body)?;
        Ok(record)
    })?;
    write::reply(context, resource, &record, 201, resource.spec().messages.created)
}

/// `PUT /expensereports/{id}`; a list of expenses replaces the one before.
pub(crate) fn update(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let spec = resource.spec();
    let id = call.id(0, spec.label)?;
    let body = call.object()?;
    let record = desk::write(context, call, |desk| {
        let before = desk.find(spec.kind, id)?;
        let record = desk.update(resource, &before, body)?;
        replace(desk, id, body)?;
        Ok(record)
    })?;
    write::reply(context, resource, &record, 200, spec.messages.updated)
}

/// `POST /expensereports/{id}/expenses`.
pub(crate) fn add(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let ids = expense_ids(call)?;
    write::act(context, call, resource, "The expenses have been added to the report.", |desk, report| {
        editable(report)?;
        ids.into_iter().try_for_each(|id| join(desk, report.id, id))?;
        touch(desk, report)
    })
}

/// `DELETE /expensereports/{id}/expenses?expense_ids=`. Errors: 6 for an expense that is not in the report.
pub(crate) fn take_out(
    context: &Context<'_>,
    call: &Call,
    resource: &dyn Resource,
) -> Result<Reply, ApiError> {
    let ids = expense_ids(call)?;
    write::act(context, call, resource, "The expenses have been removed from the report.", |desk, report| {
        editable(report)?;
        let held: Vec<u64> = desk.books().naming_as(report.id, Kind::EmployeeExpense).collect();
        if ids.iter().any(|id| !held.contains(id)) {
            return Err(ApiError::about(Code::InvalidReference, "expense_id"));
        }
        ids.into_iter().try_for_each(|id| leave(desk, id))?;
        touch(desk, report)
    })
}

/// A report whose expenses change has changed itself, so that incremental reads see it.
fn touch(desk: &mut Desk<'_>, report: &Record) -> Result<(), ApiError> {
    desk.alter(ExpenseReport.spec().kind, report.id, |_| {}).map(|_| ())
}
