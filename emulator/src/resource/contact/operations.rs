//! The operations on contacts (sections 10.1 and 10.2).

use super::{address, import, list, routes};
use crate::auth::Need;
use crate::resource::contact_person::routes as person;
use crate::routes::Handler::Plain;
use crate::routes::{BOOKS, BOOKS_AND_INVOICE, Operation, missing, op};

const CREATE: Need = ("contacts", "create");
const READ: Need = ("contacts", "read");
const UPDATE: Need = ("contacts", "update");
const DELETE: Need = ("contacts", "delete");

/// The operations.
pub(crate) static OPERATIONS: &[Operation] = &[
    op(BOOKS_AND_INVOICE, "GET", "contacts", READ, "List contacts", Plain(list::contacts)),
    op(BOOKS_AND_INVOICE, "POST", "contacts", CREATE, "Create a contact", Plain(routes::create)),
    op(
        BOOKS_AND_INVOICE,
        "PUT",
        "contacts",
        UPDATE,
        "Update a contact by a unique custom field",
        Plain(routes::upsert),
    ),
    op(BOOKS_AND_INVOICE, "DELETE", "contacts", DELETE, "Delete contacts", Plain(routes::delete_many)),
    op(BOOKS_AND_INVOICE, "GET", "customers", READ, "List customers", Plain(list::customers)),
    op(BOOKS, "GET", "vendors", READ, "List vendors", Plain(list::vendors)),
    op(
        BOOKS_AND_INVOICE,
        "POST",
        "contacts/contactpersons",
        CREATE,
        "Create a contact person",
        Plain(person::create),
    ),
    op(
        BOOKS_AND_INVOICE,
        "PUT",
        "contacts/contactpersons/*",
        UPDATE,
        "Update a contact person",
        Plain(person::update),
    ),
    op(
        BOOKS_AND_INVOICE,
        "DELETE",
        "contacts/contactpersons/*",
        DELETE,
        "Delete a contact person",
        Plain(person::delete),
    ),
    op(
        BOOKS_AND_INVOICE,
        "POST",
        "contacts/contactpersons/*/primary",
        CREATE,
        "Make a contact person the primary one",
        Plain(person::make_primary),
    ),
    op(BOOKS_AND_INVOICE, "GET", "contacts/*", READ, "Get a contact", Plain(routes::read)),
    op(BOOKS_AND_INVOICE, "PUT", "contacts/*", UPDATE, "Update a contact", Plain(routes::update)),
    op(BOOKS_AND_INVOICE, "DELETE", "contacts/*", DELETE, "Delete a contact", Plain(routes::delete)),
    op(
        BOOKS_AND_INVOICE,
        "POST",
        "contacts/*/active",
        CREATE,
        "Mark a contact as active",
        Plain(routes::activate),
    ),
    op(
        BOOKS_AND_INVOICE,
        "POST",
        "contacts/*/inactive",
        CREATE,
        "Mark a contact as inactive",
        Plain(routes::deactivate),
    ),
    op(
        BOOKS_AND_INVOICE,
        "GET",
        "contacts/*/contactpersons",
        READ,
        "List contact persons",
        Plain(person::list),
    ),
    op(
        BOOKS_AND_INVOICE,
        "GET",
        "contacts/*/contactpersons/*",
        READ,
        "Get a contact person",
        Plain(person::read),
    ),
    op(
        BOOKS_AND_INVOICE,
        "GET",
        "contacts/*/address",
        READ,
        "List addresses of a contact",
        Plain(address::list),
    ),
    op(
        BOOKS_AND_INVOICE,
        "POST",
        "contacts/*/address",
        CREATE,
        "Add an address to a contact",
        Plain(address::create),
    ),
    op(
        BOOKS_AND_INVOICE,
        "PUT",
        "contacts/*/address/*",
        UPDATE,
        "Update an address of a contact",
        Plain(address::update),
    ),
    op(
        BOOKS_AND_INVOICE,
        "DELETE",
        "contacts/*/address/*",
        DELETE,
        "Delete an address of a contact",
        Plain(address::delete),
    ),
    op(BOOKS, "POST", "crm/account/*/import", CREATE, "Import a CRM account", Plain(import::account)),
    op(BOOKS, "POST", "crm/contact/*/import", CREATE, "Import a CRM contact", Plain(import::contact)),
    missing(BOOKS_AND_INVOICE, "POST", "contacts/*/portal/enable", CREATE, "Enable the portal of a contact"),
    missing(
        BOOKS_AND_INVOICE,
        "POST",
        "contacts/*/paymentreminder/enable",
        CREATE,
        "Enable payment reminders of a contact",
    ),
    missing(
        BOOKS_AND_INVOICE,
        "POST",
        "contacts/*/paymentreminder/disable",
        CREATE,
        "Disable payment reminders of a contact",
    ),
    missing(
        BOOKS_AND_INVOICE,
        "POST",
        "contacts/*/statements/email",
        CREATE,
        "Email a statement to a contact",
    ),
    missing(
        BOOKS_AND_INVOICE,
        "GET",
        "contacts/*/statements/email",
        READ,
        "Get the statement mail content of a contact",
    ),
    missing(BOOKS_AND_INVOICE, "POST", "contacts/*/email", CREATE, "Email a contact"),
    missing(BOOKS_AND_INVOICE, "GET", "contacts/*/comments", READ, "List comments of a contact"),
    missing(BOOKS_AND_INVOICE, "GET", "contacts/*/refunds", READ, "List refunds of a contact"),
    missing(BOOKS_AND_INVOICE, "POST", "contacts/*/track1099", CREATE, "Track a contact for 1099"),
    missing(BOOKS_AND_INVOICE, "POST", "contacts/*/untrack1099", CREATE, "Untrack a contact for 1099"),
    missing(
        BOOKS_AND_INVOICE,
        "GET",
        "contacts/*/receivables/unusedretainerpayments",
        READ,
        "List unused retainer payments of a contact",
    ),
    missing(BOOKS, "POST", "crm/vendor/*/import", CREATE, "Import a CRM vendor"),
];
