//! Contacts: customers and vendors, their addresses and their import from the CRM.

pub(crate) mod acts;
pub(crate) mod address;
pub(crate) mod criteria;
pub(crate) mod import;
pub(crate) mod list;
pub(crate) mod model;
pub(crate) mod operations;
pub(crate) mod routes;
pub(crate) mod rules;
pub(crate) mod search;
#[cfg(test)]
mod tests;
pub(crate) mod view;

use crate::engine::spec::{Filters, Messages, Resource, Spec};
use crate::store::kind::Kind;
pub(crate) use operations::OPERATIONS;

/// Stands where a resource is asked for by kind. Contacts keep a table of their own, with indexes over their people.
pub(crate) struct Unlisted;

static SPEC: Spec = Spec {
    kind: Kind::Contact,
    singular: "contact",
    plural: "contacts",
    id: "contact_id",
    label: "Contact",
    report: "Contacts",
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
    entity: "contact",
};

impl Resource for Unlisted {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }
}
