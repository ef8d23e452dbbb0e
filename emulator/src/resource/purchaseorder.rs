//! Purchaseorders.

use crate::engine::spec::{Filters, Messages, Resource, Spec};
use crate::routes::Operation;
use crate::store::kind::Kind;

/// The resource.
pub(crate) struct PurchaseOrder;

static SPEC: Spec = Spec {
    kind: Kind::PurchaseOrder,
    singular: "purchaseorder",
    plural: "purchaseorders",
    id: "purchaseorder_id",
    label: "Purchase order",
    report: "Purchaseorders",
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

impl Resource for PurchaseOrder {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }
}

/// The operations.
pub(crate) static OPERATIONS: &[Operation] = &[];
