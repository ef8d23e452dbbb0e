//! Vendorpayments.

use crate::engine::spec::{Filters, Messages, Resource, Spec};
use crate::routes::Operation;
use crate::store::kind::Kind;

/// The resource.
pub(crate) struct VendorPayment;

static SPEC: Spec = Spec {
    kind: Kind::VendorPayment,
    singular: "vendorpayment",
    plural: "vendorpayments",
    id: "payment_id",
    label: "Payment",
    report: "Vendorpayments",
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

impl Resource for VendorPayment {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }
}

/// The operations.
pub(crate) static OPERATIONS: &[Operation] = &[];
