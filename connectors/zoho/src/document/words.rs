//! How each app speaks of each kind of document, as data.

use finbridge_contract::DocumentAbilities;
use finbridge_domain::{DocumentAct, DocumentKind};

use crate::words::Words;

/// A kind of document in an app.
pub(crate) struct DocumentWords {
    pub(crate) kind: DocumentKind,
    /// The list.
    pub(crate) list: Words,
    /// What the list needs to be told so that it is whole.
    pub(crate) only: Option<(&'static str, &'static str)>,
    /// The member with the number for people.
    pub(crate) number: &'static str,
    /// The member with the number that whoever made it gave it, where there is one.
    pub(crate) reference: Option<&'static str>,
    /// The member with its day.
    pub(crate) dated: &'static str,
    /// The member with the day by which it is due.
    pub(crate) due: Option<&'static str>,
    /// The member with the status, where it is not `status`.
    pub(crate) status: &'static str,
    /// The member with what it comes to.
    pub(crate) total: &'static str,
    /// The member with what is open.
    pub(crate) balance: Option<&'static str>,
    /// The member with the lines.
    pub(crate) lines: &'static str,
    /// Whether the list can be limited by the customer, by the vendor.
    pub(crate) of_customer: bool,
    pub(crate) of_vendor: bool,
    /// The calls that change how it stands.
    pub(crate) acts: &'static [(DocumentAct, &'static str)],
    pub(crate) abilities: DocumentAbilities,
}

const READ_ONLY: DocumentAbilities = DocumentAbilities {
    creates: false,
    edits: false,
    links_deals: false,
    mails: false,
    prints: false,
    acts: &[],
};

/// What is made, changed and linked to deals from here.
const MADE_HERE: DocumentAbilities = DocumentAbilities {
    creates: true,
    edits: true,
    links_deals: true,
    acts: &[DocumentAct::MarkSent, DocumentAct::Accept, DocumentAct::Decline],
    ..READ_ONLY
};

const fn list(path: &'static str, singular: &'static str, plural: &'static str, id: &'static str) -> Words {
    Words {
        path,
        singular,
        plural,
        id,
        modified: "last_modified_time",
        activate: "",
        deactivate: "",
        is_activity_shared: false,
        linked_as: "",
        entity: singular,
        in_use: &[],
    }
}

/// Billing names the time of change in another way.
const fn of_billing(words: Words) -> Words {
    Words { modified: "updated_time", ..words }
}

const ESTIMATE: DocumentWords = DocumentWords {
    kind: DocumentKind::Estimate,
    list: list("estimates", "estimate", "estimates", "estimate_id"),
    only: None,
    number: "estimate_number",
    reference: Some("reference_number"),
    dated: "date",
    due: Some("expiry_date"),
    status: "status",
    total: "total",
    balance: None,
    lines: "line_items",
    of_customer: true,
    of_vendor: false,
    acts: &[
        (DocumentAct::MarkSent, "status/sent"),
        (DocumentAct::Accept, "status/accepted"),
        (DocumentAct::Decline, "status/declined"),
    ],
    abilities: MADE_HERE,
};

const SALES_ORDER: DocumentWords = DocumentWords {
    kind: DocumentKind::SalesOrder,
    list: list("salesorders", "salesorder", "salesorders", "salesorder_id"),
    number: "salesorder_number",
    due: Some("shipment_date"),
    acts: &[
        (DocumentAct::Open, "status/open"),
        (DocumentAct::Void, "status/void"),
        (DocumentAct::Reopen, "status/open"),
    ],
    abilities: DocumentAbilities {
        acts: &[DocumentAct::Open, DocumentAct::Void, DocumentAct::Reopen],
        ..MADE_HERE
    },
    ..ESTIMATE
};

const INVOICE: DocumentWords = DocumentWords {
    kind: DocumentKind::Invoice,
    list: list("invoices", "invoice", "invoices", "invoice_id"),
    number: "invoice_number",
    due: Some("due_date"),
    balance: Some("balance"),
    acts: &[
        (DocumentAct::MarkSent, "status/sent"),
        (DocumentAct::Void, "status/void"),
        (DocumentAct::Reopen, "status/draft"),
    ],
    abilities: DocumentAbilities {
        acts: &[DocumentAct::MarkSent, DocumentAct::Void, DocumentAct::Reopen],
        ..MADE_HERE
    },
    ..ESTIMATE
};

const CREDIT_NOTE: DocumentWords = DocumentWords {
    kind: DocumentKind::CreditNote,
    list: list("creditnotes", "creditnote", "creditnotes", "creditnote_id"),
    number: "creditnote_number",
    due: None,
    balance: Some("balance"),
    acts: &[],
    abilities: READ_ONLY,
    ..ESTIMATE
};

const CUSTOMER_PAYMENT: DocumentWords = DocumentWords {
    kind: DocumentKind::CustomerPayment,
    list: list("customerpayments", "payment", "customerpayments", "payment_id"),
    number: "payment_number",
    due: None,
    status: "payment_status",
    total: "amount",
    balance: Some("unused_amount"),
    acts: &[],
    abilities: READ_ONLY,
    ..ESTIMATE
};

const PURCHASE_ORDER: DocumentWords = DocumentWords {
    kind: DocumentKind::PurchaseOrder,
    list: list("purchaseorders", "purchaseorder", "purchaseorders", "purchaseorder_id"),
    number: "purchaseorder_number",
    due: Some("delivery_date"),
    of_customer: false,
    of_vendor: true,
    acts: &[
        (DocumentAct::Open, "status/open"),
        (DocumentAct::Cancel, "status/cancelled"),
        (DocumentAct::Reopen, "status/open"),
    ],
    abilities: DocumentAbilities {
        links_deals: false,
        acts: &[DocumentAct::Open, DocumentAct::Cancel, DocumentAct::Reopen],
        ..MADE_HERE
    },
    ..ESTIMATE
};

const BILL: DocumentWords = DocumentWords {
    kind: DocumentKind::Bill,
    list: list("bills", "bill", "bills", "bill_id"),
    number: "bill_number",
    due: Some("due_date"),
    balance: Some("balance"),
    of_customer: false,
    of_vendor: true,
    acts: &[],
    abilities: READ_ONLY,
    ..ESTIMATE
};

const EXPENSE: DocumentWords = DocumentWords {
    kind: DocumentKind::Expense,
    list: list("expenses", "expense", "expenses", "expense_id"),
    number: "expense_number",
    due: None,
    of_vendor: true,
    acts: &[],
    abilities: READ_ONLY,
    ..ESTIMATE
};

/// Without the filter, the list of the Expense app is that of this month.
const EMPLOYEE_EXPENSE: DocumentWords =
    DocumentWords { only: Some(("filter_by", "ExpenseDate.All")), of_vendor: false, ..EXPENSE };

const EXPENSE_REPORT: DocumentWords = DocumentWords {
    kind: DocumentKind::ExpenseReport,
    list: list("expensereports", "expense_report", "expense_reports", "report_id"),
    number: "report_number",
    reference: None,
    dated: "start_date",
    due: Some("due_date"),
    lines: "expenses",
    acts: &[],
    abilities: READ_ONLY,
    ..ESTIMATE
};

const BILLING_INVOICE: DocumentWords = DocumentWords {
    list: of_billing(INVOICE.list),
    lines: "invoice_items",
    acts: &[(DocumentAct::MarkSent, "converttoopen"), (DocumentAct::Void, "void")],
    abilities: DocumentAbilities {
        links_deals: false,
        acts: &[DocumentAct::MarkSent, DocumentAct::Void],
        ..MADE_HERE
    },
    ..INVOICE
};

const BILLING_CREDIT_NOTE: DocumentWords =
    DocumentWords { list: of_billing(CREDIT_NOTE.list), lines: "creditnote_items", ..CREDIT_NOTE };

const BILLING_PAYMENT: DocumentWords = DocumentWords {
    list: of_billing(list("payments", "payment", "payments", "payment_id")),
    status: "status",
    balance: None,
    ..CUSTOMER_PAYMENT
};

const SUBSCRIPTION: DocumentWords = DocumentWords {
    kind: DocumentKind::Subscription,
    list: of_billing(list("subscriptions", "subscription", "subscriptions", "subscription_id")),
    number: "subscription_number",
    reference: Some("reference_id"),
    dated: "created_at",
    due: Some("next_billing_at"),
    total: "amount",
    lines: "addons",
    acts: &[],
    abilities: READ_ONLY,
    ..ESTIMATE
};

/// The documents of Books, and of what repeats it.
pub(crate) static OF_BOOKS: &[DocumentWords] =
    &[ESTIMATE, SALES_ORDER, INVOICE, CREDIT_NOTE, CUSTOMER_PAYMENT, PURCHASE_ORDER, BILL, EXPENSE];

/// The documents of Invoice.
pub(crate) static OF_INVOICE: &[DocumentWords] = &[ESTIMATE, INVOICE, CREDIT_NOTE, CUSTOMER_PAYMENT];

/// The documents of Expense.
pub(crate) static OF_EXPENSE: &[DocumentWords] = &[EMPLOYEE_EXPENSE, EXPENSE_REPORT];

/// The documents of Billing.
pub(crate) static OF_BILLING: &[DocumentWords] =
    &[ESTIMATE, BILLING_INVOICE, BILLING_CREDIT_NOTE, BILLING_PAYMENT, SUBSCRIPTION];
