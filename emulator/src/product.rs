//! The finance apps whose APIs are emulated, and how their calls differ: root path, scope prefix, organization header.

use crate::emulator::Emulator;

/// A finance app. Organizations are shared: one id is valid in every app that the organization has joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Product {
    Books,
    Invoice,
    Erp,
    Expense,
    Billing,
}

impl Product {
    /// Every app, in the order of documents.
    pub(crate) const ALL: [Self; 5] = [Self::Books, Self::Invoice, Self::Erp, Self::Expense, Self::Billing];

    /// The root of its paths, without slashes at the ends (API facts, section 1).
    pub(crate) fn root(self) -> &'static str {
        match self {
            Self::Books => "books/v3",
            Self::Invoice => "invoice/v3",
            Self::Erp => "erp/v3",
            Self::Expense => "expense/v1",
            Self::Billing => "billing/v1",
        }
    }

    /// Its name in an organization's list of joined apps.
    pub(crate) fn app(self) -> &'static str {
        match self {
            Self::Books => "books",
            Self::Invoice => "invoice",
            Self::Erp => "erp",
            Self::Expense => "expense",
            Self::Billing => "billing",
        }
    }

    /// The first part of its OAuth scopes, in lower case (API facts, section 2.4).
    pub(crate) fn service(self) -> &'static str {
        match self {
            Self::Books => "zohobooks",
            Self::Invoice => "zohoinvoice",
            Self::Erp => "erp",
            Self::Expense => "zohoexpense",
            Self::Billing => "zohosubscriptions",
        }
    }

    /// Headers that may select the organization, in lower case (API facts, section 3).
    pub(crate) fn organization_headers(self) -> &'static [&'static str] {
        match self {
            Self::Books | Self::Erp => &["x-com-zoho-books-organizationid"],
            Self::Invoice => &["x-com-zoho-invoice-organizationid"],
            Self::Expense => &["x-com-zoho-expense-organizationid"],
            Self::Billing => {
                &["x-com-zoho-subscriptions-organizationid", "x-com-zoho-billing-organizationid"]
            }
        }
    }

    /// Its full name.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Books => "Zoho Books v3",
            Self::Invoice => "Zoho Invoice v3",
            Self::Erp => "Zoho ERP v3",
            Self::Expense => "Zoho Expense v1",
            Self::Billing => "Zoho Billing v1",
        }
    }

    /// First labels of its older host names, whose paths begin with `/api` instead of the root (API facts, section 1).
    pub(crate) fn host_labels(self) -> &'static [&'static str] {
        match self {
            Self::Books => &["books"],
            Self::Invoice => &["invoice"],
            Self::Erp => &[],
            Self::Expense => &["expense"],
            Self::Billing => &["subscriptions", "billing"],
        }
    }

    /// The app whose root begins `path`, and the rest of the path after the root's slash.
    pub(crate) fn of(path: &str) -> Option<(Self, &str)> {
        Self::ALL.into_iter().find_map(|product| {
            let rest = path.strip_prefix(product.root())?;
            if rest.is_empty() { Some((product, rest)) } else { Some((product, rest.strip_prefix('/')?)) }
        })
    }
}

impl Emulator {
    /// Name and root path of every emulated app, for a greeting.
    pub fn apps() -> impl Iterator<Item = (&'static str, &'static str)> {
        Product::ALL.into_iter().map(|it| (it.title(), it.root()))
    }
}
