//! What tells one Zoho app from another, as data.

use finbridge_contract::Manifest;

use crate::document::{DocumentWords, OF_BILLING, OF_BOOKS, OF_EXPENSE, OF_INVOICE};
use crate::words::{BILLING_CUSTOMERS, BOOKS_CONTACTS, ContactWords, EXPENSE_CONTACTS};

/// A finance app of the vendor.
pub(crate) struct Product {
    /// Name and behaviour.
    pub(crate) manifest: Manifest,
    /// Root of the app's public API.
    pub(crate) root: &'static str,
    /// How a call says which organization it means.
    pub(crate) selection: Selection,
    /// What a service key is exchanged for, where that is more than Books: the app itself, and Books with the link
    /// service behind it.
    pub(crate) scope: Option<&'static str>,
    /// How the app speaks of customers and vendors.
    pub(crate) contacts: &'static ContactWords,
    /// Whether the app has vendors.
    pub(crate) has_vendors: bool,
    /// Whether the app has items that sync.
    pub(crate) has_items: bool,
    /// The documents that it has.
    pub(crate) documents: &'static [DocumentWords],
    /// Whether the app takes users of the CRM as its own.
    pub(crate) takes_users: bool,
    /// Root of the API in which CRM records are imported and contact persons are kept. Contacts and items belong to the
    /// organization and are the same records, with the same ids, in each of its apps; but only Books and ERP have
    /// calls for imports, and not every app has those for persons.
    pub(crate) shared: &'static str,
}

/// How a call says which organization it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Selection {
    /// By the parameter `organization_id`.
    Query,
    /// By this header.
    Header(&'static str),
}

impl Selection {
    /// The parameter that every app of the vendor understands.
    pub(crate) const PARAMETER: &'static str = "organization_id";
}

const fn manifest(app_key: &'static str, name: &'static str, profile_key: &'static str) -> Manifest {
    Manifest { app_key, name, vendor: "zoho", profile_key }
}

/// Zoho Books v3.
pub(crate) static BOOKS: Product = Product {
    manifest: manifest("books", "Books", "BOOKS_NOW"),
    root: "/books/v3",
    selection: Selection::Query,
    scope: None,
    contacts: &BOOKS_CONTACTS,
    has_vendors: true,
    has_items: true,
    documents: OF_BOOKS,
    takes_users: false,
    shared: "/books/v3",
};

/// Zoho Invoice v3: Books without purchases. Vendors show there all the same, because contacts are shared.
pub(crate) static INVOICE: Product = Product {
    manifest: manifest("invoice", "Invoice", "INVOICE_NOW"),
    root: "/invoice/v3",
    selection: Selection::Header("X-com-zoho-invoice-organizationid"),
    scope: Some("ZohoInvoice.fullaccess.all,ZohoBooks.fullaccess.all"),
    contacts: &BOOKS_CONTACTS,
    has_vendors: true,
    has_items: true,
    documents: OF_INVOICE,
    takes_users: false,
    shared: "/books/v3",
};

/// Zoho ERP v3: Books under another root.
pub(crate) static ERP: Product = Product {
    manifest: manifest("erp", "ERP", "ERP"),
    root: "/erp/v3",
    selection: Selection::Query,
    scope: Some("ERP.fullaccess.all,ZohoBooks.fullaccess.all"),
    contacts: &BOOKS_CONTACTS,
    has_vendors: true,
    has_items: true,
    documents: OF_BOOKS,
    takes_users: false,
    shared: "/erp/v3",
};

/// Zoho Expense v1.
pub(crate) static EXPENSE: Product = Product {
    manifest: manifest("expense", "Expense", "EXPENSE_NOW"),
    root: "/expense/v1",
    selection: Selection::Header("X-com-zoho-expense-organizationid"),
    scope: Some("ZohoExpense.fullaccess.all,ZohoBooks.fullaccess.all"),
    contacts: &EXPENSE_CONTACTS,
    has_vendors: false,
    has_items: false,
    documents: OF_EXPENSE,
    takes_users: true,
    shared: "/books/v3",
};

/// Zoho Billing v1, formerly Subscriptions, as its header still says.
pub(crate) static BILLING: Product = Product {
    manifest: manifest("billing", "Billing", "BILLING"),
    root: "/billing/v1",
    selection: Selection::Header("X-com-zoho-subscriptions-organizationid"),
    scope: Some("ZohoSubscriptions.fullaccess.all,ZohoBooks.fullaccess.all"),
    contacts: &BILLING_CUSTOMERS,
    has_vendors: false,
    has_items: false,
    documents: OF_BILLING,
    takes_users: false,
    shared: "/books/v3",
};

/// Root of the service by which CRM and finance apps know each other's records. It is not part of the public API, so
/// it is called only where the organization declares the capability `crm_link`, or to learn what is declared.
pub(crate) const INTEGRATION: &str = "/integration/v1";
