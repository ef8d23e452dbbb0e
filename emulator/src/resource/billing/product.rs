//! Products.

use crate::engine::spec::{Filters, Messages, Resource, Spec};
use crate::routes::Operation;
use crate::store::kind::Kind;

/// The resource.
pub(crate) struct Product;

static SPEC: Spec = Spec {
    kind: Kind::Product,
    singular: "product",
    plural: "products",
    id: "product_id",
    label: "Product",
    report: "Products",
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

impl Resource for Product {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }
}

/// The operations.
pub(crate) static OPERATIONS: &[Operation] = &[];
