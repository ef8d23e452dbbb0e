//! The operations on expenses.

use super::Expense;
use crate::auth::Need;
use crate::resource::receipt;
use crate::routes::Handler::Of;
use crate::routes::{
    BOOKS, BOOKS_AND_INVOICE, Operation, deletes, deletes_many, lists, missing, op, reads, upserts,
};

const CREATE: Need = ("expenses", "create");
const READ: Need = ("expenses", "read");
const UPDATE: Need = ("expenses", "update");
const DELETE: Need = ("expenses", "delete");

const PEOPLE: &str = "employees of expenses take no part in the CRM link";

/// The operations. Comments and attachments are common to all documents.
pub(crate) static OPERATIONS: &[Operation] = &[
    op(BOOKS_AND_INVOICE, "GET", "expenses", READ, "List expenses", lists(&Expense)),
    op(BOOKS_AND_INVOICE, "POST", "expenses", CREATE, "Create an expense", Of(&Expense, receipt::create)),
    op(
        BOOKS_AND_INVOICE,
        "PUT",
        "expenses",
        UPDATE,
        "Update an expense by a unique custom field",
        upserts(&Expense),
    ),
    op(BOOKS_AND_INVOICE, "DELETE", "expenses", DELETE, "Delete expenses", deletes_many(&Expense)),
    op(BOOKS_AND_INVOICE, "GET", "expenses/*", READ, "Get an expense", reads(&Expense)),
    op(BOOKS_AND_INVOICE, "PUT", "expenses/*", UPDATE, "Update an expense", Of(&Expense, receipt::update)),
    op(BOOKS_AND_INVOICE, "DELETE", "expenses/*", DELETE, "Delete an expense", deletes(&Expense)),
    op(
        BOOKS_AND_INVOICE,
        "GET",
        "expenses/*/receipt",
        READ,
        "Get the receipt of an expense",
        Of(&Expense, receipt::download),
    ),
    op(
        BOOKS_AND_INVOICE,
        "POST",
        "expenses/*/receipt",
        CREATE,
        "Attach a receipt to an expense",
        Of(&Expense, receipt::upload),
    ),
    op(
        BOOKS_AND_INVOICE,
        "DELETE",
        "expenses/*/receipt",
        DELETE,
        "Delete the receipt of an expense",
        Of(&Expense, receipt::discard),
    ),
    missing(BOOKS, "GET", "employees", READ, "List employees").because(PEOPLE),
    missing(BOOKS, "POST", "employees", CREATE, "Create an employee").because(PEOPLE),
    missing(BOOKS, "GET", "employees/*", READ, "Get an employee").because(PEOPLE),
    missing(BOOKS, "DELETE", "employee/*", DELETE, "Delete an employee").because(PEOPLE),
];
