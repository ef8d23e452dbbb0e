//! What tells one Zoho app from another, as data.

use finbridge_contract::Manifest;

/// A finance app of the vendor.
pub(crate) struct Product {
    /// Name and behaviour.
    pub(crate) manifest: Manifest,
    /// Root of the app's public API.
    pub(crate) root: &'static str,
}

/// Zoho Books v3.
pub(crate) static BOOKS: Product = Product {
    manifest: Manifest { app_key: "books", name: "Books", vendor: "zoho", profile_key: "BOOKS_NOW" },
    root: "/books/v3",
};

/// Root of the service by which CRM and finance apps know each other's records. It is not part of the public API, so
/// it is called only where the organization declares the capability `crm_link`, or to learn what is declared.
pub(crate) const INTEGRATION: &str = "/integration/v1";
