//! How each app speaks of each kind of document, as data.

use finbridge_contract::DocumentAbilities;
use finbridge_domain::{DocumentAct, DocumentKind};

use crate::words::Words;

/// A kind of document in an app.
pub(crate) struct DocumentWords {
    pub(crate) kind: DocumentKind,
    /// The list, and its documents.
    pub(crate) list: Words,
    /// The list, where it stands at another path than its documents.
    pub(crate) lists_at: Option<&'static Words>,
    /// What the list needs to be told so that it is whole.
    pub(crate) only: Option<(&'static str, &'static str)>,
    /// The parameter that limits the list by a first day.
    pub(crate) from: Option<&'static str>,
    /// The member with the number for people.
    pub(crate) number: &'static str,
    /// Whether whoever makes it has to give that number: of bills it is the vendor's.
    pub(crate) is_number_given: bool,
    /// Where the number stands that whoever made it gave it.
    pub(crate) reference: Reference,
    /// The member with its day.
    pub(crate) dated: &'static str,
    /// Whether a new one has to tell its day.
    pub(crate) is_day_given: bool,
    /// The member with the day by which it is due.
    pub(crate) due: Option<&'static str>,
    /// The member with the status, where it is not `status`.
    pub(crate) status: &'static str,
    /// The member with what it comes to.
    pub(crate) total: &'static str,
    /// The member with what is open.
    pub(crate) balance: Option<&'static str>,
    /// The lines.
    pub(crate) lines: &'static Lines,
    /// What a new one consists of.
    pub(crate) content: Content,
    /// The member with what is said to the customer.
    pub(crate) notes: &'static str,
    /// Whether a currency can be chosen; the others have that of their customer.
    pub(crate) has_own_currency: bool,
    /// The member that keeps a new one from counting as sent, where it would.
    pub(crate) draft_flag: Option<&'static str>,
    /// Whether the list can be limited by the customer, by the vendor.
    pub(crate) of_customer: bool,
    pub(crate) of_vendor: bool,
    /// The calls that change how it stands.
    pub(crate) acts: &'static [(DocumentAct, &'static str)],
    /// Whether the app tells what a mail with it would say.
    pub(crate) has_letter: bool,
    pub(crate) abilities: DocumentAbilities,
}

/// Where the number of whoever made a document stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reference {
    /// In this member, by which the list can be limited.
    Member(&'static str),
    /// At the end of this text, in which the list can be searched: there is no better place.
    EndOf(&'static str),
}

/// What a new document consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// Lines.
    Lines,
    /// An amount that came from a customer.
    Payment,
    /// An amount that was spent on something; the member says on what.
    Expense(&'static str),
    /// Expenses.
    Report,
}

/// How lines are spelled.
pub(crate) struct Lines {
    /// The member with them.
    pub(crate) list: &'static str,
    /// Of a line, its own id, the item, and the price of one.
    pub(crate) id: &'static str,
    pub(crate) item: &'static str,
    pub(crate) price: &'static str,
    /// What it comes to before tax.
    pub(crate) total: &'static str,
}

const LINES: Lines =
    Lines { list: "line_items", id: "line_item_id", item: "item_id", price: "rate", total: "item_total" };
static BOOKS_LINES: Lines = LINES;
static EXPENSE_LINES: Lines = Lines { item: "", price: "amount", ..LINES };
/// The expenses of a report, in the currency of the report: its expenses may have others.
static REPORT_LINES: Lines =
    Lines { list: "expenses", id: "expense_id", item: "", price: "bcy_total", total: "bcy_total" };
const BILLING_LINES: Lines =
    Lines { list: "invoice_items", id: "item_id", item: "product_id", price: "price", total: "item_total" };
static BILLING_INVOICE_LINES: Lines = BILLING_LINES;
static BILLING_CREDIT_LINES: Lines = Lines { list: "creditnote_items", ..BILLING_LINES };
static ADDON_LINES: Lines =
    Lines { list: "addons", id: "addon_code", item: "", price: "price", total: "total" };

const fn abilities(acts: &'static [DocumentAct]) -> DocumentAbilities {
    DocumentAbilities { creates: true, edits: true, links_deals: false, mails: false, prints: false, acts }
}

const fn sales(acts: &'static [DocumentAct]) -> DocumentAbilities {
    DocumentAbilities { links_deals: true, mails: true, prints: true, ..abilities(acts) }
}

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

const ESTIMATE: DocumentWords = DocumentWords {
    kind: DocumentKind::Estimate,
    list: list("estimates", "estimate", "estimates", "estimate_id"),
    lists_at: None,
    only: None,
    from: Some("date_start"),
    number: "estimate_number",
    is_number_given: false,
    reference: Reference::Member("reference_number"),
    dated: "date",
    is_day_given: false,
    due: Some("expiry_date"),
    status: "status",
    total: "total",
    balance: None,
    lines: &BOOKS_LINES,
    content: Content::Lines,
    notes: "notes",
    has_own_currency: true,
    draft_flag: None,
    of_customer: true,
    of_vendor: false,
    acts: &[
        (DocumentAct::MarkSent, "status/sent"),
        (DocumentAct::Accept, "status/accepted"),
        (DocumentAct::Decline, "status/declined"),
    ],
    has_letter: true,
    abilities: sales(&[DocumentAct::MarkSent, DocumentAct::Accept, DocumentAct::Decline]),
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
    abilities: sales(&[DocumentAct::Open, DocumentAct::Void, DocumentAct::Reopen]),
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
    abilities: sales(&[DocumentAct::MarkSent, DocumentAct::Void, DocumentAct::Reopen]),
    ..ESTIMATE
};

const CREDIT_NOTE: DocumentWords = DocumentWords {
    kind: DocumentKind::CreditNote,
    list: list("creditnotes", "creditnote", "creditnotes", "creditnote_id"),
    number: "creditnote_number",
    is_day_given: true,
    due: None,
    balance: Some("balance"),
    draft_flag: Some("is_draft"),
    acts: &[(DocumentAct::Open, "status/open"), (DocumentAct::Void, "status/void")],
    abilities: DocumentAbilities { links_deals: false, ..sales(&[DocumentAct::Open, DocumentAct::Void]) },
    ..ESTIMATE
};

const CUSTOMER_PAYMENT: DocumentWords = DocumentWords {
    kind: DocumentKind::CustomerPayment,
    list: list("customerpayments", "payment", "customerpayments", "payment_id"),
    number: "payment_number",
    is_day_given: true,
    due: None,
    status: "payment_status",
    total: "amount",
    balance: Some("unused_amount"),
    content: Content::Payment,
    notes: "description",
    has_own_currency: false,
    acts: &[],
    has_letter: false,
    abilities: DocumentAbilities { prints: true, ..abilities(&[]) },
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
        ..sales(&[DocumentAct::Open, DocumentAct::Cancel, DocumentAct::Reopen])
    },
    ..ESTIMATE
};

const BILL: DocumentWords = DocumentWords {
    kind: DocumentKind::Bill,
    list: list("bills", "bill", "bills", "bill_id"),
    number: "bill_number",
    is_number_given: true,
    due: Some("due_date"),
    balance: Some("balance"),
    of_customer: false,
    of_vendor: true,
    acts: &[],
    has_letter: false,
    abilities: abilities(&[]),
    ..ESTIMATE
};

const EXPENSE: DocumentWords = DocumentWords {
    kind: DocumentKind::Expense,
    list: list("expenses", "expense", "expenses", "expense_id"),
    number: "reference_number",
    is_day_given: true,
    due: None,
    lines: &EXPENSE_LINES,
    content: Content::Expense("account_id"),
    notes: "description",
    of_vendor: true,
    acts: &[],
    has_letter: false,
    abilities: abilities(&[]),
    ..ESTIMATE
};

/// The list of the Expense app is that of whoever asks, and without the filter that of this month. What everybody spent
/// stands in a report.
const EMPLOYEE_EXPENSE: DocumentWords = DocumentWords {
    lists_at: Some(&ALL_EXPENSES),
    only: Some(("filter_by", "ExpenseDate.All")),
    content: Content::Expense("category_id"),
    of_vendor: false,
    ..EXPENSE
};

static ALL_EXPENSES: Words = list("reports/expensedetails", "expense", "expenses", "expense_id");

const EXPENSE_REPORT: DocumentWords = DocumentWords {
    kind: DocumentKind::ExpenseReport,
    list: list("expensereports", "expense_report", "expense_reports", "report_id"),
    // Not every report has a first day, and those without one would be left out.
    from: None,
    number: "report_number",
    reference: Reference::EndOf("description"),
    dated: "start_date",
    due: Some("due_date"),
    lines: &REPORT_LINES,
    content: Content::Report,
    notes: "description",
    has_own_currency: false,
    acts: &[],
    has_letter: false,
    abilities: DocumentAbilities { links_deals: true, ..abilities(&[]) },
    ..ESTIMATE
};

const fn of_billing(words: Words) -> Words {
    Words { modified: "updated_time", ..words }
}

const BILLING_INVOICE: DocumentWords = DocumentWords {
    list: of_billing(INVOICE.list),
    is_day_given: true,
    lines: &BILLING_INVOICE_LINES,
    has_own_currency: false,
    acts: &[(DocumentAct::MarkSent, "converttoopen"), (DocumentAct::Void, "void")],
    has_letter: false,
    abilities: DocumentAbilities { mails: true, ..abilities(&[DocumentAct::MarkSent, DocumentAct::Void]) },
    ..INVOICE
};

const BILLING_CREDIT_NOTE: DocumentWords = DocumentWords {
    list: of_billing(CREDIT_NOTE.list),
    lines: &BILLING_CREDIT_LINES,
    has_own_currency: false,
    draft_flag: None,
    acts: &[(DocumentAct::Open, "converttoopen"), (DocumentAct::Void, "void")],
    has_letter: false,
    abilities: DocumentAbilities {
        edits: false,
        mails: true,
        ..abilities(&[DocumentAct::Open, DocumentAct::Void])
    },
    ..CREDIT_NOTE
};

const BILLING_PAYMENT: DocumentWords = DocumentWords {
    list: of_billing(list("payments", "payment", "payments", "payment_id")),
    is_day_given: false,
    status: "status",
    abilities: abilities(&[]),
    ..CUSTOMER_PAYMENT
};

const SUBSCRIPTION: DocumentWords = DocumentWords {
    kind: DocumentKind::Subscription,
    list: of_billing(list("subscriptions", "subscription", "subscriptions", "subscription_id")),
    from: None,
    number: "subscription_number",
    reference: Reference::Member("reference_id"),
    dated: "created_at",
    due: Some("next_billing_at"),
    total: "amount",
    lines: &ADDON_LINES,
    acts: &[],
    has_letter: false,
    abilities: DocumentAbilities { creates: false, edits: false, ..abilities(&[]) },
    ..ESTIMATE
};

/// The documents of Books, and of what repeats it.
pub(crate) static OF_BOOKS: &[DocumentWords] =
    &[ESTIMATE, SALES_ORDER, INVOICE, CREDIT_NOTE, CUSTOMER_PAYMENT, PURCHASE_ORDER, BILL, EXPENSE];

/// The documents of Invoice.
pub(crate) static OF_INVOICE: &[DocumentWords] = &[ESTIMATE, INVOICE, CREDIT_NOTE, CUSTOMER_PAYMENT];

/// The documents of Expense.
pub(crate) static OF_EXPENSE: &[DocumentWords] = &[EMPLOYEE_EXPENSE, EXPENSE_REPORT];

/// The documents of Billing. Its quotes are the estimates of Books.
pub(crate) static OF_BILLING: &[DocumentWords] =
    &[ESTIMATE, BILLING_INVOICE, BILLING_CREDIT_NOTE, BILLING_PAYMENT, SUBSCRIPTION];
