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
    TaxAuthority,
    TaxExemption,
    User,
    ItemImage,
    Account,
    CustomField,
    Comment,
    Attachment,
    EmployeeExpense,
    ExpenseReport,
    ExpenseCategory,
    Receipt,
    Product,
    Plan,
    Addon,
    Coupon,
    Subscription,
    BillingEvent,
    HostedPage,
    UnbilledCharge,
}

impl Kind {
    /// Every kind, in the order of the declaration.
    const ALL: [Self; 33] = [
        Self::Contact,
        Self::Item,
        Self::Estimate,
        Self::SalesOrder,
        Self::Invoice,
        Self::CreditNote,
        Self::CustomerPayment,
        Self::PurchaseOrder,
        Self::Bill,
        Self::VendorPayment,
        Self::Expense,
        Self::ExchangeRate,
        Self::Tax,
        Self::TaxAuthority,
        Self::TaxExemption,
        Self::User,
        Self::ItemImage,
        Self::Account,
        Self::CustomField,
        Self::Comment,
        Self::Attachment,
        Self::EmployeeExpense,
        Self::ExpenseReport,
        Self::ExpenseCategory,
        Self::Receipt,
        Self::Product,
        Self::Plan,
        Self::Addon,
        Self::Coupon,
        Self::Subscription,
        Self::BillingEvent,
        Self::HostedPage,
        Self::UnbilledCharge,
    ];
    /// The last kind of the order, for ranges over all of them.
    pub(crate) const LAST: Self = Self::UnbilledCharge;

    /// Every kind.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter()
    }
}

// A kind that is missing in the table would have no custom fields and no webhooks.
const _: () = assert!(Kind::ALL.len() == Kind::LAST as usize + 1);
