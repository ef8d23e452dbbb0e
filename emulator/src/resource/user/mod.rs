//! Users of an organization (section 10.12). A person may belong to several organizations with another role in each, so
//! that each organization keeps a record of its own under the person's id.

pub(crate) mod routes;
mod rules;

use crate::auth::Need;
use crate::engine::desk::Desk;
use crate::engine::spec::{Filters, Messages, Spec, Unique};
use crate::error::{ApiError, Code};
use crate::resource::field::Kind as Field;
use crate::routes::Handler::{Of, Plain};
use crate::routes::{BOOKS_AND_INVOICE, Operation, lists, op, reads};
use crate::store::State;
use crate::store::kind::Kind;
use crate::store::records;
pub(crate) use rules::role;

/// The resource.
pub(crate) struct User;

/// Roles and their ids. They are the same in every organization and lie below every id of a record [?].
pub(crate) const ROLES: [(&str, &str); 3] = [
    ("admin", "459999999999999001"),
    ("staff", "459999999999999002"),
    ("timesheetstaff", "459999999999999003"),
];

/// What is the same of users in every app.
pub(crate) const BASE: Spec = Spec {
    kind: Kind::User,
    singular: "user",
    plural: "users",
    id: "user_id",
    label: "User",
    report: "Users",
    fields: &[
        ("name", Field::Text(200)),
        ("email", Field::Text(100)),
        ("role_id", Field::Id),
        ("cost_rate", Field::Number),
        ("mobile", Field::Text(50)),
    ],
    computed: &[("status", Field::Free), ("is_super_admin", Field::Flag)],
    required: &["name", "email"],
    detail: &[
        "role_id",
        "name",
        "email",
        "email_ids",
        "status",
        "user_role",
        "user_type",
        "is_current_user",
        "is_super_admin",
        "is_employee",
        "is_customer_segmented",
        "is_vendor_segmented",
        "invitation_type",
        "cost_rate",
        "photo_url",
        "mobile",
        "custom_fields",
    ],
    row: &[
        "role_id",
        "name",
        "email",
        "user_role",
        "user_type",
        "status",
        "is_current_user",
        "is_super_admin",
        "is_customer_segmented",
        "is_vendor_segmented",
        "invitation_type",
        "photo_url",
        "mobile",
    ],
    number: None,
    unique: &[Unique { name: "email", code: Code::AlreadyExists, scope: None }],
    references: &[],
    filters: Filters {
        texts: &["name", "email"],
        statuses: &["active", "inactive", "invited"],
        filter_by: &["Status.All", "Status.Active", "Status.Inactive", "Status.Invited", "Status.Deleted"],
        search: &["name", "email"],
        ..Filters::NONE
    },
    sorts: &["name", "email", "user_role", "status"],
    indexed: &[],
    order: ("name", false),
    messages: Messages {
        created: "Your invitation has been sent.",
        updated: "The user information has been updated.",
        deleted: "The user has been removed from your organization.",
    },
    entity: "",
};

static SPEC: Spec = BASE;

const CREATE: Need = ("settings", "create");
const READ: Need = ("settings", "read");
const UPDATE: Need = ("settings", "update");
const DELETE: Need = ("settings", "delete");

/// The operations.
pub(crate) static OPERATIONS: &[Operation] = &[
    op(BOOKS_AND_INVOICE, "GET", "users", READ, "List users", lists(&User)),
    op(BOOKS_AND_INVOICE, "POST", "users", CREATE, "Invite a user", Of(&User, routes::invite)),
    op(BOOKS_AND_INVOICE, "GET", "users/me", READ, "Get the calling user", Plain(routes::me)),
    op(BOOKS_AND_INVOICE, "GET", "users/*", READ, "Get a user", reads(&User)),
    op(BOOKS_AND_INVOICE, "PUT", "users/*", UPDATE, "Update a user", Of(&User, routes::update)),
    op(BOOKS_AND_INVOICE, "DELETE", "users/*", DELETE, "Delete a user", Plain(routes::delete)),
    op(BOOKS_AND_INVOICE, "POST", "users/*/invite", CREATE, "Invite a user again", Of(&User, routes::again)),
    op(BOOKS_AND_INVOICE, "POST", "users/*/active", CREATE, "Mark a user as active", Plain(routes::activate)),
    op(
        BOOKS_AND_INVOICE,
        "POST",
        "users/*/inactive",
        CREATE,
        "Mark a user as inactive",
        Plain(routes::deactivate),
    ),
];

/// Whether somebody can work with an organization: they belong to it, and are active there. Who is put to sleep stays a
/// member, so that waking them changes nothing else.
pub(crate) fn works_for(state: &State, person: &records::User, organization_id: &str) -> bool {
    let books = state.known_books(organization_id);
    let active = || books.record(Kind::User, person.user_id).is_none_or(|it| it.text("status") == "active");
    person.organizations.iter().any(|own| own == organization_id) && active()
}

/// The organizations that somebody can work with, their default one first.
pub(crate) fn organizations<'a>(
    state: &State,
    person: &'a records::User,
) -> impl Iterator<Item = &'a String> {
    person.organizations.iter().filter(move |id| works_for(state, person, id))
}

/// Writes down that a person belongs to the organization as its administrator.
pub(crate) fn join(desk: &mut Desk<'_>, person: &records::User, owner: bool) -> Result<(), ApiError> {
    let mut user = desk.blank(Kind::User);
    user.id = person.user_id;
    user.set("name", person.name.as_str());
    user.set("email", person.email.as_str());
    user.set("role_id", ROLES[0].1);
    user.set("status", "active");
    user.set("is_super_admin", owner);
    desk.put(user).map(|_| ())
}
