//! The kinds of records that an organization's tables hold.

use serde::{Deserialize, Serialize};

/// A kind of record. Contacts have a table of their own, because their people and addresses are indexed too; they are
/// named here so that comments, attachments and references can point at them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    Contact,
    Item,
    Estimate,
    SalesOrder,
    Invoice,
    CreditNote,
    CustomerPayment,
    PurchaseOrder,
    Bill,
    VendorPayment,
    Expense,
    ExchangeRate,
    Tax,
    Account,
    CustomField,
    Comment,
    Attachment,
    EmployeeExpense,
    ExpenseReport,
    ExpenseCategory,
    Product,
    Plan,
    Addon,
    Coupon,
    Subscription,
    BillingEvent,
    HostedPage,
}

impl Kind {
    /// The last kind of the order, for ranges over all of them.
    pub(crate) const LAST: Self = Self::HostedPage;
}
