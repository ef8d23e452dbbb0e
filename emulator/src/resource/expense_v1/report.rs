//! Expense_reports.

use crate::engine::spec::{Filters, Messages, Resource, Spec};
use crate::routes::Operation;
use crate::store::kind::Kind;

/// The resource.
pub(crate) struct ExpenseReport;

static SPEC: Spec = Spec {
    kind: Kind::ExpenseReport,
    singular: "expense_report",
    plural: "expense_reports",
    id: "report_id",
    label: "Report",
    report: "Expense_reports",
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

impl Resource for ExpenseReport {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }
}

/// The operations.
pub(crate) static OPERATIONS: &[Operation] = &[];
