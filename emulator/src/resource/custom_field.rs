//! Definitions of custom fields.

use std::sync::Arc;

use crate::engine::desk::Desk;
use crate::engine::spec::{Filters, Messages, Resource, Spec};
use crate::error::ApiError;
use crate::json::Json;
use crate::routes::Operation;
use crate::store::kind::Kind;
use crate::store::record::Record;

/// The resource.
pub(crate) struct CustomField;

static SPEC: Spec = Spec {
    kind: Kind::CustomField,
    singular: "field",
    plural: "fields",
    id: "customfield_id",
    label: "Custom field",
    report: "Fields",
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

impl Resource for CustomField {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }
}

/// The operations.
pub(crate) static OPERATIONS: &[Operation] = &[];

/// The definition of the unique custom field `api_name` of an entity (code 2 when there is none).
pub(crate) fn unique(desk: &Desk<'_>, entity: &str, api_name: &str) -> Result<Arc<Record>, ApiError> {
    let table = desk.books().table(Kind::CustomField);
    let known = table.rows().find(|field| {
        field.text("entity") == entity && field.text("api_name") == api_name && field.flag("is_unique")
    });
    known.cloned().ok_or_else(|| ApiError::invalid("X-Unique-Identifier-Key"))
}

/// The body with the custom field set to `value`, unless it says something of the field itself.
pub(crate) fn with_value(body: &Json, field: &Record, value: &str) -> Json {
    let Json::Object(members) = body else { return body.clone() };
    let name = field.text("api_name");
    let mut fields = body.get("custom_fields").and_then(Json::as_list).unwrap_or_default().to_vec();
    if !fields.iter().any(|entry| entry.get("api_name").and_then(Json::as_str) == Some(name)) {
        fields.push(Json::object([("api_name", name.into()), ("value", value.into())]));
    }
    let others = members.iter().filter(|(name, _)| name != "custom_fields").cloned();
    Json::Object(others.chain([("custom_fields".to_owned(), fields.into())]).collect())
}
