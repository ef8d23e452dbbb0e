//! Resources of Books, Invoice and ERP that are known and not emulated: every call answers 501 with the operation's name.

use crate::auth::Need;
use crate::product::Product;
use crate::routes::{BOOKS, BOOKS_AND_INVOICE, Operation, Served, missing};

/// ERP alone.
const ERP: Served = Served::By(&[Product::Erp]);

/// List, create, get, update and delete of one resource, and why they are not emulated.
macro_rules! unbuilt {
    ($served:ident, $path:literal, $scope:literal, $one:literal, $many:literal, $why:expr) => {{
        const CREATE: Need = ($scope, "create");
        const READ: Need = ($scope, "read");
        const UPDATE: Need = ($scope, "update");
        const DELETE: Need = ($scope, "delete");
        &[
            missing($served, "GET", $path, READ, concat!("List ", $many)).because($why),
            missing($served, "POST", $path, CREATE, concat!("Create ", $one)).because($why),
            missing($served, "GET", concat!($path, "/*"), READ, concat!("Get ", $one)).because($why),
            missing($served, "PUT", concat!($path, "/*"), UPDATE, concat!("Update ", $one)).because($why),
            missing($served, "DELETE", concat!($path, "/*"), DELETE, concat!("Delete ", $one)).because($why),
        ]
    }};
}

/// Why the calls on profiles are not emulated.
const PROFILES: &str = "profiles that make documents on a schedule take no part in the CRM link";
/// Why those on banking are not.
const NO_BANKING: &str = "banking takes no part in the CRM link";
/// Why those on projects are not.
const NO_PROJECTS: &str = "projects take no part in the CRM link";

pub(crate) static RECURRING_INVOICES: &[Operation] = unbuilt!(
    BOOKS_AND_INVOICE,
    "recurringinvoices",
    "invoices",
    "a recurring invoice",
    "recurring invoices",
    PROFILES
);
pub(crate) static RETAINER_INVOICES: &[Operation] = unbuilt!(
    BOOKS_AND_INVOICE,
    "retainerinvoices",
    "invoices",
    "a retainer invoice",
    "retainer invoices",
    "retainers take no part in the CRM link"
);
pub(crate) static RECURRING_EXPENSES: &[Operation] = unbuilt!(
    BOOKS_AND_INVOICE,
    "recurringexpenses",
    "expenses",
    "a recurring expense",
    "recurring expenses",
    "profiles that make expenses on a schedule take no part in the CRM link"
);
pub(crate) static EXPENSE_CATEGORIES: &[Operation] = unbuilt!(
    BOOKS_AND_INVOICE,
    "expensecategories",
    "expenses",
    "an expense category",
    "expense categories",
    "here expenses are booked on the chart of accounts; categories are emulated in Expense"
);
pub(crate) static VENDOR_CREDITS: &[Operation] = unbuilt!(
    BOOKS,
    "vendorcredits",
    "debitnotes",
    "a vendor credit",
    "vendor credits",
    "credits of vendors take no part in the CRM link"
);
pub(crate) static JOURNALS: &[Operation] = unbuilt!(
    BOOKS,
    "journals",
    "accountants",
    "a journal",
    "journals",
    "the emulator keeps no general ledger"
);
pub(crate) static BANK_ACCOUNTS: &[Operation] =
    unbuilt!(BOOKS, "bankaccounts", "banking", "a bank account", "bank accounts", NO_BANKING);
pub(crate) static BANK_TRANSACTIONS: &[Operation] =
    unbuilt!(BOOKS, "banktransactions", "banking", "a bank transaction", "bank transactions", NO_BANKING);
pub(crate) static PROJECTS: &[Operation] =
    unbuilt!(BOOKS_AND_INVOICE, "projects", "projects", "a project", "projects", NO_PROJECTS);
pub(crate) static TASKS: &[Operation] = unbuilt!(
    BOOKS_AND_INVOICE,
    "projects/*/tasks",
    "projects",
    "a task of a project",
    "tasks of a project",
    NO_PROJECTS
);
pub(crate) static ALL_TASKS: &[Operation] =
    unbuilt!(BOOKS_AND_INVOICE, "tasks", "projects", "a task", "tasks", NO_PROJECTS);
pub(crate) static TIME_ENTRIES: &[Operation] = unbuilt!(
    BOOKS_AND_INVOICE,
    "projects/timeentries",
    "projects",
    "a time entry",
    "time entries",
    NO_PROJECTS
);

/// What ERP has beside Books: its warehouse.
macro_rules! inventory {
    ($($path:literal, $scope:literal, $one:literal, $many:literal;)*) => {
        /// Inventory modules of ERP.
        pub(crate) static INVENTORY: &[&[Operation]] = &[$(
            unbuilt!(ERP, $path, $scope, $one, $many, "stock and its movements take no part in the CRM link"),
        )*];
    };
}

inventory! {
    "packages", "salesorders", "a package", "packages";
    "shipmentorders", "salesorders", "a shipment", "shipments";
    "purchasereceives", "purchaseorders", "a purchase receive", "purchase receives";
    "transferorders", "settings", "a transfer order", "transfer orders";
    "inventoryadjustments", "settings", "an inventory adjustment", "inventory adjustments";
    "compositeitems", "settings", "a composite item", "composite items";
    "itemgroups", "settings", "an item group", "item groups";
    "bundles", "settings", "a bundle", "bundles";
    "salesreturns", "salesorders", "a sales return", "sales returns";
    "settings/warehouses", "settings", "a warehouse", "warehouses";
}

const UPDATE_INVOICES: Need = ("invoices", "update");

/// Single calls that the vendor's descriptions name beside those of a whole resource.
pub(crate) static SINGLE: &[Operation] = &[
    missing(
        BOOKS,
        "PUT",
        "recurringinvoices",
        UPDATE_INVOICES,
        "Update a recurring invoice by a unique custom field",
    )
    .because(PROFILES),
    missing(
        BOOKS,
        "GET",
        "recurringinvoices/*/comments",
        ("invoices", "read"),
        "List the history of a recurring invoice",
    )
    .because(PROFILES),
    missing(
        BOOKS,
        "POST",
        "recurringinvoices/*/status/resume",
        ("invoices", "create"),
        "Resume a recurring invoice",
    )
    .because(PROFILES),
    missing(
        BOOKS,
        "POST",
        "recurringinvoices/*/status/stop",
        ("invoices", "create"),
        "Stop a recurring invoice",
    )
    .because(PROFILES),
    missing(
        BOOKS,
        "PUT",
        "recurringinvoices/*/templates/*",
        UPDATE_INVOICES,
        "Choose a recurring invoice's template",
    )
    .because(PROFILES),
];
