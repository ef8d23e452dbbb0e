//! The operations on expenses of employees.

use std::sync::Arc;

use super::{EmployeeExpense, FIELDS, unlocked};
use crate::auth::{Context, Need};
use crate::engine::spec::Resource;
use crate::engine::{list, write};
use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::request::Call;
use crate::resource::expense_v1::report;
use crate::resource::field::Kind as Field;
use crate::resource::receipt;
use crate::routes::Handler::Of;
use crate::routes::{EXPENSE, Operation, deletes, deletes_many, op, reads};
use crate::store::kind::Kind;

const CREATE: Need = ("expense", "create");
const READ: Need = ("expense", "read");
const UPDATE: Need = ("expense", "update");
const DELETE: Need = ("expense", "delete");

/// The operations.
pub(crate) static OPERATIONS: &[Operation] = &[
    op(EXPENSE, "GET", "expenses", READ, "List the caller's expenses", Of(&EmployeeExpense, own)),
    op(EXPENSE, "POST", "expenses", CREATE, "Create an expense", Of(&EmployeeExpense, receipt::create)),
    op(EXPENSE, "DELETE", "expenses", DELETE, "Delete expenses", deletes_many(&EmployeeExpense)),
    op(EXPENSE, "GET", "expenses/*", READ, "Get an expense", reads(&EmployeeExpense)),
    op(EXPENSE, "PUT", "expenses/*", UPDATE, "Update an expense", Of(&EmployeeExpense, receipt::update)),
    op(EXPENSE, "DELETE", "expenses/*", DELETE, "Delete an expense", deletes(&EmployeeExpense)),
    op(EXPENSE, "POST", "expenses/*/merge", CREATE, "Merge expenses into one", Of(&EmployeeExpense, merge)),
    op(
        EXPENSE,
        "GET",
        "expenses/*/receipt",
        READ,
        "Get the receipt of an expense",
        Of(&EmployeeExpense, receipt::download),
    ),
    op(
        EXPENSE,
        "POST",
        "expenses/*/receipt",
        CREATE,
        "Attach a receipt to an expense",
        Of(&EmployeeExpense, receipt::upload),
    ),
    op(
        EXPENSE,
        "DELETE",
        "expenses/*/receipt",
        DELETE,
        "Delete the receipt of an expense",
        Of(&EmployeeExpense, receipt::discard),
    ),
    op(
        EXPENSE,
        "GET",
        "reports/expensedetails",
        ("reports", "read"),
        "List the expenses of all employees",
        Of(&EmployeeExpense, all),
    ),
];

/// `GET /expenses`: the caller's own, of this month unless the call filters by date.
fn own(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let own = context.user.user_id.to_string();
    list::narrowed(context, &undated(call), resource, |expense| expense.text("user_id") == own)
}

/// `GET /reports/expensedetails`: the expenses of all employees, by the same rules.
fn all(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    list::list(context, &undated(call), resource)
}

/// A call with dates or a report of its own does not mean the default view.
fn undated(call: &Call) -> Call {
    let own =
        ["date", "date_start", "date_end", "date_before", "date_after", "report_id", "last_modified_time"];
    let mut call = Call {
        ids: Vec::new(),
        query: call.query.clone(),
        headers: Arc::clone(&call.headers),
        files: Vec::new(),
        body: Ok(None),
        settings: call.settings.clone(),
    };
    if call.query.get("filter_by").is_none() && own.iter().any(|name| call.query.get(name).is_some()) {
        call.query.set("filter_by", "ExpenseDate.All");
    }
    call
}

/// `POST /expenses/{id}/merge` with `expense_ids`: what the expense lacks is taken from the others, which are deleted.
fn merge(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let ids = report::contents::expense_ids(call)?;
    write::act(context, call, resource, "The expenses have been merged.", |desk, expense| {
        unlocked(desk, expense)?;
        for id in ids {
            let other = desk.books().record(Kind::EmployeeExpense, id).cloned();
            let other = other.filter(|other| other.id != expense.id);
            let other = other.ok_or_else(|| ApiError::about(Code::InvalidReference, "expense_id"))?;
            let kept = desk.find(expense.kind, expense.id)?;
            let lacks = |name: &str, kind: Field| {
                matches!(kind, Field::Text(_) | Field::Id | Field::List)
                    && name != "report_id"
                    && kept.members.get(name).is_none_or(|it| *it == kind.empty())
            };
            let lacking = FIELDS.iter().filter(|(name, kind)| lacks(name, *kind));
            let body =
                lacking.filter_map(|(name, _)| Some(((*name).to_owned(), other.members.get(name)?.clone())));
            desk.update(resource, &kept, &Json::Object(body.collect()))?;
            receipt::hand_over(desk, other.id, expense.id)?;
            desk.delete(resource, other.id)?;
        }
        Ok(())
    })
}
