//! Exchange_rates.

use crate::engine::spec::{Filters, Messages, Resource, Spec};
use crate::routes::Operation;
use crate::store::kind::Kind;

/// The resource.
pub(crate) struct ExchangeRate;

static SPEC: Spec = Spec {
    kind: Kind::ExchangeRate,
    singular: "exchange_rate",
    plural: "exchange_rates",
    id: "exchange_rate_id",
    label: "Exchange rate",
    report: "Exchange_rates",
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

impl Resource for ExchangeRate {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }
}

/// The operations.
pub(crate) static OPERATIONS: &[Operation] = &[];
