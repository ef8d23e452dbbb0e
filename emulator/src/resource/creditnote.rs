//! Creditnotes.

use crate::engine::spec::{Filters, Messages, Resource, Spec};
use crate::routes::Operation;
use crate::store::kind::Kind;

/// The resource.
pub(crate) struct CreditNote;

static SPEC: Spec = Spec {
    kind: Kind::CreditNote,
    singular: "creditnote",
    plural: "creditnotes",
    id: "creditnote_id",
    label: "Credit note",
    report: "Creditnotes",
    fields: &[],
    computed: &[],
    required: &[],
    detail: &[],
    row: &[],
    number: None,
    unique: &[],
    references: &[],
    filters: Filters::NONE,
    sorts: &[],
    indexed: &[],
    order: ("created_time", true),
    messages: Messages { created: "", updated: "", deleted: "" },
    entity: "",
};

impl Resource for CreditNote {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }
}

/// The operations.
pub(crate) static OPERATIONS: &[Operation] = &[];
