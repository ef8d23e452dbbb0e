//! Resources of Books that are known and not emulated: every call answers 501 with the operation's name.

use crate::auth::Need;
use crate::routes::{BOOKS, Operation, missing};

/// List, create, get, update and delete of one resource.
macro_rules! unbuilt {
    ($path:literal, $scope:literal, $one:literal, $many:literal) => {{
        const CREATE: Need = ($scope, "create");
        const READ: Need = ($scope, "read");
        const UPDATE: Need = ($scope, "update");
        const DELETE: Need = ($scope, "delete");
        &[
            missing(BOOKS, "GET", $path, READ, concat!("List ", $many)),
            missing(BOOKS, "POST", $path, CREATE, concat!("Create ", $one)),
            missing(BOOKS, "GET", concat!($path, "/*"), READ, concat!("Get ", $one)),
            missing(BOOKS, "PUT", concat!($path, "/*"), UPDATE, concat!("Update ", $one)),
            missing(BOOKS, "DELETE", concat!($path, "/*"), DELETE, concat!("Delete ", $one)),
        ]
    }};
}

pub(crate) static RECURRING_INVOICES: &[Operation] =
    unbuilt!("recurringinvoices", "invoices", "a recurring invoice", "recurring invoices");
pub(crate) static RETAINER_INVOICES: &[Operation] =
    unbuilt!("retainerinvoices", "invoices", "a retainer invoice", "retainer invoices");
pub(crate) static RECURRING_EXPENSES: &[Operation] =
    unbuilt!("recurringexpenses", "expenses", "a recurring expense", "recurring expenses");
pub(crate) static VENDOR_CREDITS: &[Operation] =
    unbuilt!("vendorcredits", "debitnotes", "a vendor credit", "vendor credits");
pub(crate) static JOURNALS: &[Operation] = unbuilt!("journals", "accountants", "a journal", "journals");
pub(crate) static BANK_ACCOUNTS: &[Operation] =
    unbuilt!("bankaccounts", "banking", "a bank account", "bank accounts");
pub(crate) static BANK_TRANSACTIONS: &[Operation] =
    unbuilt!("banktransactions", "banking", "a bank transaction", "bank transactions");
pub(crate) static PROJECTS: &[Operation] = unbuilt!("projects", "projects", "a project", "projects");
