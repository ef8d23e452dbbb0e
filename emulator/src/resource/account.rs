//! The chart of accounts: what expenses, payments, items and lines are booked on.

use crate::auth::{Context, Need};
use crate::engine::desk::Desk;
use crate::engine::reader::Reader;
use crate::engine::spec::{Filters, Messages, Resource, Spec, Unique};
use crate::engine::write;
use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::request::Call;
use crate::resource::field::Kind as Field;
use crate::routes::Handler::Of;
use crate::routes::{BOOKS, Operation, creates, deletes, lists, missing, op, reads, updates};
use crate::store::books::Books;
use crate::store::kind::Kind;
use crate::store::record::Record;

/// The resource.
pub(crate) struct Account;

/// Account types and the group that `filter_by` asks for.
const TYPES: [(&str, &str); 22] = [
    ("other_asset", "Asset"),
    ("other_current_asset", "Asset"),
    ("intangible_asset", "Asset"),
    ("right_to_use_asset", "Asset"),
    ("financial_asset", "Asset"),
    ("contingent_asset", "Asset"),
    ("cash", "Asset"),
    ("bank", "Asset"),
    ("fixed_asset", "Asset"),
    ("stock", "Asset"),
    ("accounts_receivable", "Asset"),
    ("other_current_liability", "Liability"),
    ("other_liability", "Liability"),
    ("credit_card", "Liability"),
    ("long_term_liability", "Liability"),
    ("accounts_payable", "Liability"),
    ("equity", "Equity"),
    ("income", "Income"),
    ("other_income", "Income"),
    ("expense", "Expense"),
    ("cost_of_goods_sold", "Expense"),
    ("other_expense", "Expense"),
];

static SPEC: Spec = Spec {
    kind: Kind::Account,
    singular: "chart_of_account",
    plural: "chartofaccounts",
    id: "account_id",
    label: "Account",
    report: "ChartOfAccounts",
    fields: &[
        ("account_name", Field::Text(200)),
        ("account_code", Field::Text(50)),
        ("account_type", Field::Free),
        ("description", Field::Text(500)),
        ("currency_id", Field::Id),
        ("parent_account_id", Field::Id),
        ("show_on_dashboard", Field::Flag),
        ("include_in_vat_return", Field::Flag),
    ],
    computed: &[("is_active", Field::Flag), ("is_system_account", Field::Flag)],
    required: &["account_name", "account_type"],
    detail: SHOWN,
    row: SHOWN,
    number: None,
    unique: &[
        Unique { name: "account_name", code: Code::AlreadyExists, scope: None },
        Unique { name: "account_code", code: Code::AlreadyExists, scope: None },
    ],
    references: &["parent_account_id"],
    filters: Filters {
        texts: &["account_name", "account_code"],
        exact: &["account_type", "parent_account_id"],
        filter_by: &[
            "AccountType.All",
            "AccountType.Active",
            "AccountType.Inactive",
            "AccountType.Asset",
            "AccountType.Liability",
            "AccountType.Equity",
            "AccountType.Income",
            "AccountType.Expense",
        ],
        search: &["account_name", "account_code", "description"],
        ..Filters::NONE
    },
    sorts: &["account_name", "account_type", "account_code"],
    indexed: &["account_name"],
    order: ("account_name", false),
    messages: Messages {
        created: "The account has been created.",
        updated: "The details of the account has been updated.",
        deleted: "The account has been deleted.",
    },
    entity: "",
};

/// Kinds of records that book on accounts.
const TRANSACTIONS: [Kind; 10] = [
    Kind::Estimate,
    Kind::SalesOrder,
    Kind::Invoice,
    Kind::CreditNote,
    Kind::CustomerPayment,
    Kind::PurchaseOrder,
    Kind::Bill,
    Kind::VendorPayment,
    Kind::Expense,
    Kind::EmployeeExpense,
];

const SHOWN: &[&str] = &[
    "account_name",
    "account_code",
    "account_type",
    "description",
    "currency_id",
    "currency_code",
    "is_active",
    "is_user_created",
    "is_involved_in_transaction",
    "is_system_account",
    "parent_account_id",
    "parent_account_name",
    "depth",
    "is_child_present",
    "show_on_dashboard",
    "include_in_vat_return",
    "has_attachment",
];

const CREATE: Need = ("accountants", "create");
const READ: Need = ("accountants", "read");
const UPDATE: Need = ("accountants", "update");
const DELETE: Need = ("accountants", "delete");

/// The operations.
pub(crate) static OPERATIONS: &[Operation] = &[
    op(BOOKS, "GET", "chartofaccounts", READ, "List accounts", lists(&Account)),
    op(BOOKS, "POST", "chartofaccounts", CREATE, "Create an account", creates(&Account)),
    op(BOOKS, "GET", "chartofaccounts/*", READ, "Get an account", reads(&Account)),
    op(BOOKS, "PUT", "chartofaccounts/*", UPDATE, "Update an account", updates(&Account)),
    op(BOOKS, "DELETE", "chartofaccounts/*", DELETE, "Delete an account", deletes(&Account)),
    op(
        BOOKS,
        "POST",
        "chartofaccounts/*/active",
        CREATE,
        "Mark an account as active",
        Of(&Account, activate),
    ),
    op(
        BOOKS,
        "POST",
        "chartofaccounts/*/inactive",
        CREATE,
        "Mark an account as inactive",
        Of(&Account, deactivate),
    ),
    missing(BOOKS, "GET", "chartofaccounts/transactions", READ, "List transactions of an account")
        .because("the emulator keeps no general ledger"),
    missing(BOOKS, "DELETE", "chartofaccounts/transactions/*", DELETE, "Delete a transaction of an account")
        .because("the emulator keeps no general ledger"),
];

impl Resource for Account {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn begin(&self, desk: &mut Desk<'_>, record: &mut Record) -> Result<(), ApiError> {
        record.set("is_active", true);
        let base = desk.organization.currencies.first();
        record.set("currency_id", base.map_or(Json::from(""), |base| Json::id(base.currency_id)));
        Ok(())
    }

    /// Errors: code 2 for an unknown type or a parent of another type or below the account itself, 6 for an unknown
    /// parent or currency, 4098 for another type of a standing account.
    fn complete(
        &self,
        desk: &mut Desk<'_>,
        record: &mut Record,
        before: Option<&Record>,
    ) -> Result<(), ApiError> {
        let kind = record.text("account_type").to_ascii_lowercase();
        let known = TYPES.iter().find(|(word, _)| *word == kind);
        let (kind, _) = known.ok_or_else(|| ApiError::invalid("account_type"))?;
        record.set("account_type", *kind);
        if before.is_some_and(|it| it.flag("is_system_account") && it.text("account_type") != *kind) {
            let refused = "The type of an account that the system needs cannot be changed.";
            return Err(ApiError::about(Code::WrongState, refused));
        }
        let currency = record.reference("currency_id").and_then(|id| desk.organization.currency(id));
        if currency.is_none() {
            return Err(ApiError::about(Code::InvalidReference, "currency_id"));
        }
        let books = desk.books();
        let mut parent = desk.named(Kind::Account, record, "parent_account_id")?;
        while let Some(above) = parent {
            if above.id == record.id || above.text("account_type") != *kind {
                return Err(ApiError::invalid("parent_account_id"));
            }
            parent = parent_of(&books, &above).cloned();
        }
        Ok(())
    }

    fn deletable(&self, desk: &Desk<'_>, record: &Record) -> Result<(), ApiError> {
        if record.flag("is_system_account") {
            let refused = "An account that the system needs cannot be deleted.";
            return Err(ApiError::about(Code::WrongState, refused));
        }
        if desk.books().naming(record.id).next().is_some() {
            return Err(ApiError::about(Code::HasDependents, SPEC.label));
        }
        Ok(())
    }

    fn show(&self, name: &str, record: &Record, reader: &Reader<'_>) -> Json {
        let books = &reader.books;
        match name {
            "currency_code" => {
                let currency =
                    record.reference("currency_id").and_then(|id| reader.organization.currency(id));
                currency.map_or("", |currency| currency.code.as_str()).into()
            }
            "is_user_created" => (!record.flag("is_system_account")).into(),
            "is_involved_in_transaction" => {
                TRANSACTIONS.iter().any(|kind| books.naming_as(record.id, *kind).next().is_some()).into()
            }
            "parent_account_name" => parent_of(books, record).map_or("", |it| it.text("account_name")).into(),
            "depth" => {
                let above = std::iter::successors(parent_of(books, record), |it| parent_of(books, it));
                Json::Number(above.count().to_string())
            }
            "is_child_present" => books.naming_as(record.id, Kind::Account).next().is_some().into(),
            "has_attachment" => reader.has_attachment(record.id).into(),
            _ => SPEC.stored(record, name),
        }
    }

    fn passes(&self, filter: &str, record: &Record, _: &Reader<'_>) -> bool {
        match filter {
            "AccountType.All" => true,
            "AccountType.Active" => record.flag("is_active"),
            "AccountType.Inactive" => !record.flag("is_active"),
            _ => TYPES.iter().any(|(word, group)| {
                *word == record.text("account_type") && filter.strip_prefix("AccountType.") == Some(group)
            }),
        }
    }
}

fn parent_of<'a>(books: &'a Books, account: &Record) -> Option<&'a std::sync::Arc<Record>> {
    books.record(Kind::Account, account.reference("parent_account_id")?)
}

/// The id of the account with this name, such as `Sales`; names compare as everywhere.
pub(crate) fn named(books: &Books, name: &str) -> Option<u64> {
    books.table(Kind::Account).holder("account_name", name)
}

fn activate(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    set(context, call, resource, true, "The account has been marked as active.")
}

fn deactivate(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    set(context, call, resource, false, "The account has been marked as inactive.")
}

fn set(
    context: &Context<'_>,
    call: &Call,
    resource: &dyn Resource,
    active: bool,
    message: &str,
) -> Result<Reply, ApiError> {
    write::act(context, call, resource, message, |desk, account| {
        if !active && account.flag("is_system_account") {
            let refused = "An account that the system needs cannot be marked as inactive.";
            return Err(ApiError::about(Code::WrongState, refused));
        }
        if account.flag("is_active") != active {
            desk.alter(Kind::Account, account.id, |account| account.set("is_active", active))?;
        }
        Ok(())
    })
}

/// The accounts of a new organization: name, type, and whether the system itself books on it.
pub(crate) const STANDING: [(&str, &str, bool); 48] = [
    ("Petty Cash", "cash", true),
    ("Undeposited Funds", "cash", true),
    ("Accounts Receivable", "accounts_receivable", true),
    ("Inventory Asset", "stock", true),
    ("Advance Tax", "other_current_asset", false),
    ("Employee Advance", "other_current_asset", true),
    ("Prepaid Expenses", "other_current_asset", false),
    ("Furniture and Equipment", "fixed_asset", false),
    ("Accounts Payable", "accounts_payable", true),
    ("Tax Payable", "other_current_liability", true),
    ("Employee Reimbursements", "other_current_liability", true),
    ("Unearned Revenue", "other_current_liability", true),
    ("Opening Balance Adjustments", "other_current_liability", true),
    ("Mortgages", "long_term_liability", false),
    ("Opening Balance Offset", "equity", true),
    ("Owner's Equity", "equity", false),
    ("Retained Earnings", "equity", true),
    ("Drawings", "equity", false),
    ("Sales", "income", true),
    ("General Income", "income", false),
    ("Interest Income", "income", false),
    ("Late Fee Income", "income", true),
    ("Discount", "income", true),
    ("Shipping Charge", "income", true),
    ("Other Charges", "income", true),
    ("Cost of Goods Sold", "cost_of_goods_sold", true),
    ("Advertising And Marketing", "expense", false),
    ("Automobile Expense", "expense", false),
    ("Bad Debt", "expense", true),
    ("Bank Fees and Charges", "expense", true),
    ("Consultant Expense", "expense", false),
    ("Credit Card Charges", "expense", false),
    ("Depreciation Expense", "expense", false),
    ("IT and Internet Expenses", "expense", false),
    ("Janitorial Expense", "expense", false),
    ("Lodging", "expense", false),
    ("Meals and Entertainment", "expense", false),
    ("Office Supplies", "expense", false),
    ("Other Expenses", "expense", false),
    ("Postage", "expense", false),
    ("Printing and Stationery", "expense", false),
    ("Purchase Discounts", "expense", true),
    ("Rent Expense", "expense", false),
    ("Repairs and Maintenance", "expense", false),
    ("Salaries and Employee Wages", "expense", false),
    ("Telephone Expense", "expense", false),
    ("Travel Expense", "expense", false),
    ("Exchange Gain or Loss", "other_expense", true),
];

/// Gives a new organization its accounts.
pub(crate) fn stand(desk: &mut Desk<'_>) -> Result<(), ApiError> {
    for (name, kind, system) in STANDING {
        let mut account = desk.blank(Kind::Account);
        Account.begin(desk, &mut account)?;
        account.set("account_name", name);
        account.set("account_type", kind);
        account.set("is_system_account", system);
        desk.put(account)?;
    }
    Ok(())
}
