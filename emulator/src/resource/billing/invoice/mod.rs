//! Invoices in the shape of Billing.

use crate::auth::Need;
use crate::engine::reader::Reader;
use crate::engine::spec::{Filters, Messages, Resource, Spec};
use crate::json::Json;
use crate::resource;
use crate::store::kind::Kind;
use crate::store::record::Record;

/// The resource: the organization's invoices, shown as Billing shows them.
pub(crate) struct Invoice;

/// Scopes of invoices: create, read, update, delete.
pub(crate) const BILLING_SCOPES: [Need; 4] =
    [("invoices", "create"), ("invoices", "read"), ("invoices", "update"), ("invoices", "delete")];

static SPEC: Spec = Spec {
    kind: Kind::Invoice,
    singular: "invoice",
    plural: "invoices",
    id: "invoice_id",
    label: "Invoice",
    report: "Invoices",
    fields: &[],
    computed: &[],
    required: &[],
    detail: &["number", "status"],
    row: &["number", "status"],
    number: None,
    unique: &[],
    references: &["customer_id"],
    filters: Filters::NONE,
    sorts: &[],
    indexed: &[],
    order: ("created_time", true),
    messages: Messages { created: "", updated: "", deleted: "" },
    entity: "",
};

impl Resource for Invoice {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }
    fn show(&self, name: &str, record: &Record, reader: &Reader<'_>) -> Json {
        let name = if name == "number" { "invoice_number" } else { name };
        resource::of(Kind::Invoice).show(name, record, reader)
    }
}
