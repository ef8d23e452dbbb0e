//! What Expense shares with Books, under scopes of its own, and what of it is not emulated.

use crate::resource::contact::{list, routes as contact};
use crate::resource::currency;
use crate::resource::organization::routes as organization;
use crate::resource::tax::{self, Tax, group};
use crate::resource::user::{User, routes as user};
use crate::routes::Handler::{Of, Plain};
use crate::routes::{EXPENSE, Operation, creates, lists, missing, op, reads};

/// The operations.
pub(crate) static OPERATIONS: &[Operation] = &[
    op(
        EXPENSE,
        "GET",
        "organizations",
        ("organizations", "read"),
        "List organizations",
        Plain(organization::list),
    )
    .unscoped(),
    op(
        EXPENSE,
        "POST",
        "organizations",
        ("organizations", "create"),
        "Create an organization",
        Plain(organization::create),
    )
    .unscoped(),
    op(
        EXPENSE,
        "GET",
        "organizations/*",
        ("organizations", "read"),
        "Get an organization",
        Plain(organization::read),
    )
    .unscoped(),
    op(
        EXPENSE,
        "PUT",
        "organizations/*",
        ("organizations", "update"),
        "Update an organization",
        Plain(organization::update),
    )
    .unscoped(),
    op(EXPENSE, "GET", "users/me", ("user", "read"), "Get the calling user", Plain(user::me)),
    op(EXPENSE, "GET", "contacts", ("customer", "read"), "List contacts", Plain(list::contacts)),
    op(EXPENSE, "POST", "contacts", ("customer", "create"), "Create a contact", Plain(contact::create)),
    op(EXPENSE, "GET", "contacts/*", ("customer", "read"), "Get a contact", Plain(contact::read)),
    op(EXPENSE, "PUT", "contacts/*", ("customer", "update"), "Update a contact", Plain(contact::update)),
    op(EXPENSE, "DELETE", "contacts/*", ("customer", "delete"), "Delete a contact", Plain(contact::delete)),
    op(EXPENSE, "GET", "settings/taxes", ("tax", "read"), "List taxes", lists(&Tax)),
    op(EXPENSE, "POST", "settings/taxes", ("tax", "create"), "Create a tax", creates(&Tax)),
    op(EXPENSE, "GET", "settings/taxes/*", ("tax", "read"), "Get a tax", reads(&Tax)),
    op(EXPENSE, "PUT", "settings/taxes/*", ("tax", "update"), "Update a tax", Of(&Tax, tax::update)),
    op(EXPENSE, "DELETE", "settings/taxes/*", ("tax", "delete"), "Delete a tax", Of(&Tax, tax::delete)),
    op(EXPENSE, "GET", "settings/taxgroups/*", ("tax", "read"), "Get a tax group", Plain(group::read)),
    op(EXPENSE, "GET", "settings/currencies", ("currency", "read"), "List currencies", Plain(currency::list)),
    op(
        EXPENSE,
        "POST",
        "settings/currencies",
        ("currency", "create"),
        "Create a currency",
        Plain(currency::create),
    ),
    op(
        EXPENSE,
        "GET",
        "settings/currencies/*",
        ("currency", "read"),
        "Get a currency",
        Plain(currency::read),
    ),
    op(
        EXPENSE,
        "PUT",
        "settings/currencies/*",
        ("currency", "update"),
        "Update a currency",
        Plain(currency::update),
    ),
    op(
        EXPENSE,
        "DELETE",
        "settings/currencies/*",
        ("currency", "delete"),
        "Delete a currency",
        Plain(currency::delete),
    ),
    op(EXPENSE, "GET", "users", ("user", "read"), "List users", lists(&User)),
    op(EXPENSE, "POST", "users", ("user", "create"), "Create a user", Plain(user::invite)),
    op(EXPENSE, "GET", "users/*", ("user", "read"), "Get a user", reads(&User)),
    op(EXPENSE, "PUT", "users/*", ("user", "update"), "Update a user", Plain(user::update)),
    op(EXPENSE, "DELETE", "users/*", ("user", "delete"), "Delete a user", Plain(user::delete)),
    op(EXPENSE, "POST", "users/*/active", ("user", "create"), "Mark a user as active", Plain(user::activate)),
    op(
        EXPENSE,
        "POST",
        "users/*/inactive",
        ("user", "create"),
        "Mark a user as inactive",
        Plain(user::deactivate),
    ),
    missing(EXPENSE, "PUT", "users/*/role", ("user", "update"), "Assign a role to a user"),
    missing(EXPENSE, "GET", "projects", ("project", "read"), "List projects"),
    missing(EXPENSE, "POST", "projects", ("project", "create"), "Create a project"),
    missing(EXPENSE, "GET", "projects/*", ("project", "read"), "Get a project"),
    missing(EXPENSE, "PUT", "projects/*", ("project", "update"), "Update a project"),
    missing(EXPENSE, "DELETE", "projects/*", ("project", "delete"), "Delete a project"),
    missing(EXPENSE, "POST", "projects/*/active", ("project", "create"), "Mark a project as active"),
    missing(EXPENSE, "POST", "projects/*/inactive", ("project", "create"), "Mark a project as inactive"),
    missing(EXPENSE, "GET", "trips", ("trip", "read"), "List trips"),
    missing(EXPENSE, "POST", "trips", ("trip", "create"), "Create a trip"),
    missing(EXPENSE, "GET", "trips/*", ("trip", "read"), "Get a trip"),
    missing(EXPENSE, "PUT", "trips/*", ("trip", "update"), "Update a trip"),
    missing(EXPENSE, "DELETE", "trips/*", ("trip", "delete"), "Delete a trip"),
    missing(EXPENSE, "POST", "trips/*/approve", ("trip", "create"), "Approve a trip"),
    missing(EXPENSE, "POST", "trips/*/reject", ("trip", "create"), "Reject a trip"),
    missing(EXPENSE, "POST", "trips/*/cancel", ("trip", "create"), "Cancel a trip"),
    missing(EXPENSE, "POST", "trips/*/close", ("trip", "create"), "Close a trip"),
    missing(EXPENSE, "GET", "advancepayments", ("advancepayment", "read"), "List advance payments"),
    missing(EXPENSE, "POST", "advancepayments", ("advancepayment", "create"), "Create an advance payment"),
    missing(EXPENSE, "GET", "advancepayments/*", ("advancepayment", "read"), "Get an advance payment"),
    missing(EXPENSE, "PUT", "advancepayments/*", ("advancepayment", "update"), "Update an advance payment"),
    missing(
        EXPENSE,
        "DELETE",
        "advancepayments/*",
        ("advancepayment", "delete"),
        "Delete an advance payment",
    ),
    missing(EXPENSE, "GET", "reportingtags", ("orgsettings", "read"), "List reporting tags"),
];
