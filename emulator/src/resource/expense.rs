//! Expenses.

use crate::engine::spec::{Filters, Messages, Resource, Spec};
use crate::routes::Operation;
use crate::store::kind::Kind;

/// The resource.
pub(crate) struct Expense;

static SPEC: Spec = Spec {
    kind: Kind::Expense,
    singular: "expense",
    plural: "expenses",
    id: "expense_id",
    label: "Expense",
    report: "Expenses",
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

impl Resource for Expense {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }
}

/// The operations.
pub(crate) static OPERATIONS: &[Operation] = &[];
