//! Documents of finance apps: what people call transactions. Estimates, orders, invoices and the like.

mod money;
mod status;

pub use money::{ConversionError, HomeAmount, is_rate_inverted};
pub use status::{DocumentAct, DocumentStatus, MayNot};

use serde::{Deserialize, Serialize};

use crate::module::named;

named! {
    /// A kind of finance document (R001).
    DocumentKind {
        /// An offer: an estimate, or in Billing a quote.
        Estimate = "ESTIMATE",
        /// An order of a customer.
        SalesOrder = "SALES_ORDER",
        /// A claim on a customer.
        Invoice = "INVOICE",
        /// A credit to a customer.
        CreditNote = "CREDIT_NOTE",
        /// Money that came from a customer.
        CustomerPayment = "CUSTOMER_PAYMENT",
        /// An order placed with a vendor.
        PurchaseOrder = "PURCHASE_ORDER",
        /// A claim of a vendor.
        Bill = "BILL",
        /// Money that was spent.
        Expense = "EXPENSE",
        /// Expenses that somebody hands in together.
        ExpenseReport = "EXPENSE_REPORT",
        /// Something that is billed again and again.
        Subscription = "SUBSCRIPTION",
    }
}

named! {
    /// Who stands on the other side of a document.
    PartyKind {
        /// Somebody who is billed.
        Customer = "CUSTOMER",
        /// Somebody who bills.
        Vendor = "VENDOR",
    }
}

impl DocumentKind {
    /// The kind of this stored name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|one| one.as_str() == name)
    }

    /// Whom a new document of this kind is with. Expenses need nobody, and take a customer where they are passed on.
    pub const fn party(self) -> PartyKind {
        match self {
            Self::PurchaseOrder | Self::Bill => PartyKind::Vendor,
            _ => PartyKind::Customer,
        }
    }

    /// Whether a deal can be linked to a document of this kind (R136).
    pub const fn takes_deal(self) -> bool {
        matches!(self, Self::Estimate | Self::SalesOrder | Self::Invoice)
    }

    /// Whether an open balance of it is owed to the organization.
    pub const fn is_receivable(self) -> bool {
        matches!(self, Self::Invoice)
    }

    /// Whether an open balance of it is owed by the organization.
    pub const fn is_payable(self) -> bool {
        matches!(self, Self::Bill)
    }

    /// What one of them is called in sentences.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Estimate => "estimate",
            Self::SalesOrder => "sales order",
            Self::Invoice => "invoice",
            Self::CreditNote => "credit note",
            Self::CustomerPayment => "payment",
            Self::PurchaseOrder => "purchase order",
            Self::Bill => "bill",
            Self::Expense => "expense",
            Self::ExpenseReport => "expense report",
            Self::Subscription => "subscription",
        }
    }
}
