//! Users in the shape of Expense: the organization's users, with what Expense knows of them as employees.

use rust_decimal::Decimal;

use crate::auth::{Context, Need};
use crate::engine::desk::{self, Desk};
use crate::engine::reader::Reader;
use crate::engine::spec::{Filters, Resource, Spec};
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::json::Json;
use crate::request::Call;
use crate::resource::field::Kind as Field;
use crate::resource::user::{BASE, User, routes as user};
use crate::routes::Handler::{Of, Plain};
use crate::routes::{EXPENSE, Operation, lists, op, reads};
use crate::store::kind::Kind;
use crate::store::record::Record;

/// The resource.
pub(crate) struct Employee;

static SPEC: Spec = Spec {
    fields: &[
        ("name", Field::Text(200)),
        ("email", Field::Text(100)),
        ("role_id", Field::Id),
        ("mobile", Field::Text(50)),
        ("policy_id", Field::Id),
        ("policy_name", Field::Text(100)),
        ("approves_to_id", Field::Id),
        ("department", Field::Text(100)),
        ("employee_number", Field::Text(100)),
        ("submission_amount_limit", Field::Money),
        ("approval_amount_limit", Field::Money),
    ],
    detail: &SHOWN,
    row: &SHOWN,
    filters: Filters {
        texts: &["name", "email", "department", "employee_number"],
        exact: &["policy_id", "approves_to_id", "role_id"],
        search: &["name", "email", "employee_number"],
        ..BASE.filters
    },
    sorts: &["name", "email", "user_role", "status", "department", "employee_number"],
    ..BASE
};

static SHOWN: [&str; 21] = [
    "name",
    "display_name",
    "email",
    "user_role",
    "role_id",
    "status",
    "user_type",
    "policy_id",
    "policy_name",
    "approves_to_id",
    "approves_to_name",
    "approves_to_email",
    "department",
    "employee_number",
    "submission_amount_limit",
    "approval_amount_limit",
    "is_current_user",
    "is_super_admin",
    "invitation_type",
    "photo_url",
    "mobile",
];

const CREATE: Need = ("user", "create");
const READ: Need = ("user", "read");
const UPDATE: Need = ("user", "update");
const DELETE: Need = ("user", "delete");

/// The operations.
pub(crate) static OPERATIONS: &[Operation] = &[
    op(EXPENSE, "GET", "users", READ, "List users", lists(&Employee)),
    op(EXPENSE, "POST", "users", CREATE, "Create a user", Of(&Employee, user::invite)),
    op(EXPENSE, "GET", "users/me", READ, "Get the calling user", Of(&Employee, user::caller)),
    op(EXPENSE, "GET", "users/*", READ, "Get a user", reads(&Employee)),
    op(EXPENSE, "PUT", "users/*", UPDATE, "Update a user", Of(&Employee, user::update)),
    op(EXPENSE, "PUT", "users/*/role", UPDATE, "Assign a role to a user", Plain(assign_role)),
    op(EXPENSE, "DELETE", "users/*", DELETE, "Delete a user", Plain(user::delete)),
    op(EXPENSE, "POST", "users/*/active", CREATE, "Mark a user as active", Plain(user::activate)),
    op(EXPENSE, "POST", "users/*/inactive", CREATE, "Mark a user as inactive", Plain(user::deactivate)),
];

impl Resource for Employee {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn begin(&self, desk: &mut Desk<'_>, record: &mut Record) -> Result<(), ApiError> {
        User.begin(desk, record)
    }

    /// Errors: those of every user, code 6 for an approver who is no user of the organization, 2 for a limit below zero.
    fn complete(
        &self,
        desk: &mut Desk<'_>,
        record: &mut Record,
        before: Option<&Record>,
    ) -> Result<(), ApiError> {
        User.complete(desk, record, before)?;
        desk.named(Kind::User, record, "approves_to_id")?;
        let below = |name: &&&str| record.decimal(name) < Decimal::ZERO;
        match ["submission_amount_limit", "approval_amount_limit"].iter().find(below) {
            Some(name) => Err(ApiError::invalid(name)),
            None => Ok(()),
        }
    }

    fn show(&self, name: &str, record: &Record, reader: &Reader<'_>) -> Json {
        let approver = record.reference("approves_to_id");
        let approver = || approver.and_then(|id| reader.books.record(Kind::User, id));
        match name {
            "display_name" => record.text("name").into(),
            "approves_to_name" => approver().map_or("", |it| it.text("name")).into(),
            "approves_to_email" => approver().map_or("", |it| it.text("email")).into(),
            "submission_amount_limit" | "approval_amount_limit" => SPEC.stored(record, name),
            _ => User.show(name, record, reader),
        }
    }

    fn passes(&self, filter: &str, record: &Record, reader: &Reader<'_>) -> bool {
        User.passes(filter, record, reader)
    }
}

/// `PUT /users/{id}/role` with `role_id`. Errors: code 2 without one, 6 for an unknown one.
fn assign_role(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let role = call.object()?.get("role_id").filter(|it| it.as_id_text().is_some_and(|id| !id.is_empty()));
    let role = role.ok_or_else(|| ApiError::invalid("role_id"))?;
    let body = Json::object([("role_id", role.clone())]);
    desk::write(context, call, |desk| {
        let before = user::find(desk, call)?;
        desk.update(&Employee, &before, &body)
    })?;
    Ok(Reply::done(SPEC.messages.updated, []))
}
