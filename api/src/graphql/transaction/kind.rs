//! What transactions are, how they stand, and what can be done with them.

use async_graphql::Enum;
use finbridge_domain as domain;

/// A kind of transaction: of finance document.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::DocumentKind")]
pub enum TransactionKind {
    /// An offer to a customer; Billing calls it a quote.
    Estimate,
    /// An order of a customer.
    SalesOrder,
    /// A claim on a customer.
    Invoice,
    /// A credit to a customer.
    CreditNote,
    /// Money that came from a customer.
    CustomerPayment,
    /// An order placed with a vendor.
    PurchaseOrder,
    /// A claim of a vendor.
    Bill,
    /// Money that was spent.
    Expense,
    /// Expenses that somebody hands in together.
    ExpenseReport,
    /// Something that is billed again and again.
    Subscription,
}

/// How a transaction stands. The finance app's own word is in `remoteStatus`.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::DocumentStatus")]
pub enum TransactionStatus {
    /// Not given to anybody yet.
    Draft,
    /// Waits for somebody's approval.
    PendingApproval,
    /// Approved by whoever had to, not given to the other side yet.
    Approved,
    /// Not approved.
    Rejected,
    /// Given to the other side.
    Sent,
    /// Looked at by the other side.
    Viewed,
    /// The customer agrees to it.
    Accepted,
    /// The customer does not agree to it.
    Declined,
    /// The last day on which an estimate holds has passed, or a subscription has ended.
    Expired,
    /// Invoices were made of all of it.
    Invoiced,
    /// Invoices were made of a part of it.
    PartiallyInvoiced,
    /// Placed and in force; of credit notes: something of it is not used up.
    Open,
    /// Done with.
    Closed,
    /// A part is paid, and its due day has not passed.
    PartiallyPaid,
    /// All of it is paid.
    Paid,
    /// Its due day has passed with something still open. By the calendar of the finance organization's time zone: on the due
    /// day itself it is not overdue.
    Overdue,
    /// Without effect.
    Void,
    /// Bills came for all of it.
    Billed,
    /// Bills came for a part of it.
    PartiallyBilled,
    /// Called off.
    Cancelled,
    /// Handed in.
    Submitted,
    /// Paid back to whoever spent it.
    Reimbursed,
    /// Taken back by whoever handed it in.
    Recalled,
    /// An expense that is in no report.
    Unreported,
    /// An expense that is to be passed on to a customer.
    Unbilled,
    /// An expense that is not to be passed on.
    NonBillable,
    /// A subscription in its trial period.
    Trial,
    /// A subscription that begins later.
    Future,
    /// A subscription that runs.
    Live,
    /// A subscription of which a payment failed and is tried again.
    Dunning,
    /// A subscription that is not paid.
    Unpaid,
    /// A subscription that ends with its term.
    NonRenewing,
    /// A subscription that rests.
    Paused,
    /// Something that this version does not know; `remoteStatus` has the finance app's own word.
    Unknown,
}

/// What changes how a transaction stands.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::DocumentAct")]
pub enum TransactionAct {
    /// It counts as given to the other side; nobody is mailed. `transactionMarkSent`.
    MarkSent,
    /// The customer agrees. `transactionAccept`.
    Accept,
    /// The customer does not agree. `transactionDecline`.
    Decline,
    /// It has no effect any more. `transactionVoid`.
    Void,
    /// What was void or called off becomes a draft, or an order open, again. `transactionReopen`.
    Reopen,
    /// An order or credit note is in force. `transactionOpen`.
    Open,
    /// An order placed with a vendor is called off. `transactionCancel`.
    Cancel,
}
