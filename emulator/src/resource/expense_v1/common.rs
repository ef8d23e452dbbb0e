//! What Expense shares with Books, under scopes of its own, and what of it is not emulated.

use crate::resource::contact::{list, routes as contact};
use crate::resource::currency;
use crate::resource::organization::routes as organization;
use crate::resource::tax::{self, Tax, group};
use crate::routes::Handler::{Of, Plain};
use crate::routes::{EXPENSE, Operation, creates, lists, missing, op, reads};

const PROJECTS: &str = "projects take no part in the CRM link";
const TRIPS: &str = "trips take no part in the CRM link";
const ADVANCES: &str = "advances to employees take no part in the CRM link";

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
    missing(EXPENSE, "GET", "projects", ("project", "read"), "List projects").because(PROJECTS),
    missing(EXPENSE, "POST", "projects", ("project", "create"), "Create a project").because(PROJECTS),
    missing(EXPENSE, "GET", "projects/*", ("project", "read"), "Get a project").because(PROJECTS),
    missing(EXPENSE, "PUT", "projects/*", ("project", "update"), "Update a project").because(PROJECTS),
    missing(EXPENSE, "DELETE", "projects/*", ("project", "delete"), "Delete a project").because(PROJECTS),
    missing(EXPENSE, "POST", "projects/*/active", ("project", "create"), "Mark a project as active")
        .because(PROJECTS),
    missing(EXPENSE, "POST", "projects/*/inactive", ("project", "create"), "Mark a project as inactive")
        .because(PROJECTS),
    missing(EXPENSE, "GET", "trips", ("trip", "read"), "List trips").because(TRIPS),
    missing(EXPENSE, "POST", "trips", ("trip", "create"), "Create a trip").because(TRIPS),
    missing(EXPENSE, "GET", "trips/*", ("trip", "read"), "Get a trip").because(TRIPS),
    missing(EXPENSE, "PUT", "trips/*", ("trip", "update"), "Update a trip").because(TRIPS),
    missing(EXPENSE, "DELETE", "trips/*", ("trip", "delete"), "Delete a trip").because(TRIPS),
    missing(EXPENSE, "POST", "trips/*/approve", ("trip", "create"), "Approve a trip").because(TRIPS),
    missing(EXPENSE, "POST", "trips/*/reject", ("trip", "create"), "Reject a trip").because(TRIPS),
    missing(EXPENSE, "POST", "trips/*/cancel", ("trip", "create"), "Cancel a trip").because(TRIPS),
    missing(EXPENSE, "POST", "trips/*/close", ("trip", "create"), "Close a trip").because(TRIPS),
    missing(EXPENSE, "GET", "advancepayments", ("advancepayment", "read"), "List advance payments")
        .because(ADVANCES),
    missing(EXPENSE, "POST", "advancepayments", ("advancepayment", "create"), "Create an advance payment")
        .because(ADVANCES),
    missing(EXPENSE, "GET", "advancepayments/*", ("advancepayment", "read"), "Get an advance payment")
        .because(ADVANCES),
    missing(EXPENSE, "PUT", "advancepayments/*", ("advancepayment", "update"), "Update an advance payment")
        .because(ADVANCES),
    missing(
        EXPENSE,
        "DELETE",
        "advancepayments/*",
        ("advancepayment", "delete"),
        "Delete an advance payment",
    )
    .because(ADVANCES),
    missing(EXPENSE, "GET", "reportingtags", ("orgsettings", "read"), "List reporting tags")
        .because("tags take no part in the CRM link"),
];
