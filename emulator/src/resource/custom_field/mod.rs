//! Definitions of custom fields (section 10.12). The public API only reads them; `/integration/v1/customfields` and the
//! seed write them (section 20).

mod refresh;
pub(crate) mod routes;
pub(crate) mod value;

use std::sync::Arc;

use crate::auth::Need;
use crate::engine::desk::Desk;
use crate::engine::spec::{Filters, Messages, Resource, Spec};
use crate::error::{ApiError, Code};
use crate::filter::fold;
use crate::json::Json;
use crate::resource;
use crate::resource::field::Kind as Field;
use crate::routes::Handler::{Of, Plain};
use crate::routes::{BOOKS_AND_INVOICE, Operation, Served, lists, op, reads};
use crate::store::books::Books;
use crate::store::kind::Kind;
use crate::store::record::Record;
pub(crate) use value::take;

/// The resource.
pub(crate) struct CustomField;

/// What a field may hold.
pub(crate) const TYPES: &[&str] = &[
    "string",
    "multiline",
    "number",
    "decimal",
    "amount",
    "percent",
    "date",
    "datetime",
    "date_time",
    "check_box",
    "dropdown",
    "multiselect",
    "email",
    "url",
    "phone",
    "lookup",
];

/// Types whose values may be required to differ between records.
const UNIQUE_TYPES: [&str; 5] = ["string", "number", "email", "url", "phone"];

static SPEC: Spec = Spec {
    kind: Kind::CustomField,
    singular: "custom_field",
    plural: "custom_fields",
    id: "customfield_id",
    label: "Custom field",
    report: "CustomFields",
    fields: &[
        ("entity", Field::Text(100)),
        ("label", Field::Text(100)),
        ("api_name", Field::Text(100)),
        ("data_type", Field::Choice(TYPES)),
        ("is_unique", Field::Flag),
        ("is_mandatory", Field::Flag),
        ("is_active", Field::Flag),
        ("show_on_pdf", Field::Flag),
        ("show_in_all_pdf", Field::Flag),
        ("help_text", Field::Free),
        ("values", Field::List),
    ],
    computed: &[("index", Field::Whole)],
    required: &["entity", "label", "data_type"],
    detail: SHOWN,
    row: SHOWN,
    number: None,
    unique: &[],
    references: &[],
    filters: Filters { texts: &["label", "api_name"], exact: &["entity", "is_unique"], ..Filters::NONE },
    sorts: &["label", "index"],
    indexed: &[],
    order: ("created_time", false),
    messages: Messages {
        created: "The custom field has been created.",
        updated: "The custom field has been updated.",
        deleted: "The custom field has been deleted.",
    },
    entity: "",
};

const SHOWN: &[&str] = &[
    "entity",
    "label",
    "api_name",
    "placeholder",
    "data_type",
    "index",
    "is_unique",
    "is_mandatory",
    "is_active",
    "show_on_pdf",
    "show_in_all_pdf",
    "help_text",
    "values",
];

const CREATE: Need = ("settings", "create");
const READ: Need = ("settings", "read");
const UPDATE: Need = ("settings", "update");
const DELETE: Need = ("settings", "delete");
const FENCED: Served = Served::ByIntegration;

/// The operations.
pub(crate) static OPERATIONS: &[Operation] = &[
    op(BOOKS_AND_INVOICE, "GET", "settings/fields", READ, "List fields of an entity", Plain(routes::fields)),
    op(
        BOOKS_AND_INVOICE,
        "GET",
        "settings/preferences/customfields",
        READ,
        "List custom fields by entity",
        Plain(routes::preferences),
    ),
    op(FENCED, "GET", "customfields", READ, "List custom field definitions", lists(&CustomField)),
    op(
        FENCED,
        "POST",
        "customfields",
        CREATE,
        "Create a custom field definition",
        Of(&CustomField, routes::create),
    ),
    op(FENCED, "GET", "customfields/*", READ, "Get a custom field definition", reads(&CustomField)),
    op(
        FENCED,
        "PUT",
        "customfields/*",
        UPDATE,
        "Update a custom field definition",
        Of(&CustomField, routes::update),
    ),
    op(
        FENCED,
        "DELETE",
        "customfields/*",
        DELETE,
        "Delete a custom field definition",
        Of(&CustomField, routes::delete),
    ),
];

impl Resource for CustomField {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn begin(&self, _: &mut Desk<'_>, record: &mut Record) -> Result<(), ApiError> {
        record.set("data_type", "string");
        record.set("is_active", true);
        Ok(())
    }

    /// Entity, type and API name are settled at creation, because stored values depend on them. Errors: code 2 for an
    /// unknown or changed one, 4 for a label or API name that another field of the entity has.
    fn complete(
        &self,
        desk: &mut Desk<'_>,
        record: &mut Record,
        before: Option<&Record>,
    ) -> Result<(), ApiError> {
        let wanted = record.text("entity").to_owned();
        let entity = entities().find(|known| plain(known) == plain(&wanted));
        let entity = entity.ok_or_else(|| ApiError::invalid("entity"))?;
        record.set("entity", entity);
        let changed = |name: &&str| before.is_some_and(|before| before.text(name) != record.text(name));
        if let Some(name) = ["entity", "data_type", "api_name"].into_iter().find(changed) {
            return Err(ApiError::invalid(name));
        }
        let others: Vec<Arc<Record>> =
            of_entity(&desk.books(), entity).filter(|it| it.id != record.id).collect();
        let label = record.text("label").to_owned();
        if others.iter().any(|other| fold(other.text("label")) == fold(&label)) {
            return Err(ApiError::about(Code::AlreadyExists, &label));
        }
        if before.is_none() {
            let index = others.iter().map(|other| other.decimal("index")).max().unwrap_or_default();
            record.set("index", Json::Number((index + rust_decimal::Decimal::ONE).normalize().to_string()));
            name(record, &others)?;
        }
        if record.flag("is_unique") && !UNIQUE_TYPES.contains(&record.text("data_type")) {
            return Err(ApiError::invalid("is_unique"));
        }
        options(record)
    }

    fn written(&self, desk: &mut Desk<'_>, record: &Record, before: Option<&Record>) -> Result<(), ApiError> {
        if before.is_some() { refresh::rewrite(desk, record, Some(record)) } else { Ok(()) }
    }

    fn deleted(&self, desk: &mut Desk<'_>, record: &Record) -> Result<(), ApiError> {
        refresh::rewrite(desk, record, None)
    }

    fn show(&self, name: &str, record: &Record, _: &crate::engine::reader::Reader<'_>) -> Json {
        if name == "placeholder" { record.text("api_name").into() } else { SPEC.stored(record, name) }
    }
}

/// Gives a new field its API name, or checks the one that was asked for.
fn name(record: &mut Record, others: &[Arc<Record>]) -> Result<(), ApiError> {
    let taken = |name: &str| others.iter().any(|other| other.text("api_name") == name);
    let wanted = record.text("api_name").to_owned();
    if wanted.is_empty() {
        let slug: String = record
            .text("label")
            .chars()
            .map(|letter| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '_' })
            .collect();
        let base = format!("cf_{slug}");
        let mut name = base.clone();
        let mut count = 0;
        while taken(&name) {
            count += 1;
            name = format!("{base}_{count}");
        }
        record.set("api_name", name);
        return Ok(());
    }
    let letters = |rest: &str| {
        let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        !rest.is_empty() && rest.bytes().all(known)
    };
    if !wanted.strip_prefix("cf_").is_some_and(letters) {
        return Err(ApiError::invalid("api_name"));
    }
    if taken(&wanted) { Err(ApiError::about(Code::AlreadyExists, &wanted)) } else { Ok(()) }
}

/// Stores the choices of a choice field as `{name, order}`; choices come as texts or as objects with a name.
fn options(record: &mut Record) -> Result<(), ApiError> {
    if !["dropdown", "multiselect"].contains(&record.text("data_type")) {
        record.members.remove("values");
        return Ok(());
    }
    let wrong = || ApiError::invalid("values");
    let mut names: Vec<String> = Vec::new();
    for value in record.list("values") {
        let name = value.as_str().or_else(|| value.get("name")?.as_str()).map(str::trim);
        let name = name.filter(|name| !name.is_empty()).ok_or_else(wrong)?;
        if names.iter().any(|known| known == name) {
            return Err(wrong());
        }
        names.push(name.to_owned());
    }
    if names.is_empty() {
        return Err(wrong());
    }
    let shown = names.into_iter().zip(1u64..);
    let shown = shown.map(|(name, order)| Json::object([("name", name.into()), ("order", order.into())]));
    record.set("values", shown.collect::<Vec<_>>());
    Ok(())
}

/// Every entity that has custom fields.
pub(crate) fn entities() -> impl Iterator<Item = &'static str> {
    Kind::all().map(|kind| resource::of(kind).spec().entity).filter(|entity| !entity.is_empty())
}

/// The spelling of an entity without the underscores that some clients write.
pub(crate) fn plain(entity: &str) -> String {
    entity.trim().replace('_', "").to_ascii_lowercase()
}

/// The fields of an entity in the order of their index.
pub(crate) fn of_entity(books: &Books, entity: &str) -> impl Iterator<Item = Arc<Record>> {
    let mut fields: Vec<Arc<Record>> =
        books.table(Kind::CustomField).rows().filter(|it| it.text("entity") == entity).cloned().collect();
    fields.sort_by_key(|field| field.decimal("index"));
    fields.into_iter()
}

/// The definition of the unique custom field `api_name` of an entity (code 2 when there is none).
pub(crate) fn unique(desk: &Desk<'_>, entity: &str, api_name: &str) -> Result<Arc<Record>, ApiError> {
    let known = of_entity(&desk.books(), entity).find(|field| {
        field.text("api_name") == api_name && field.flag("is_unique") && field.flag("is_active")
    });
    known.ok_or_else(|| ApiError::invalid("X-Unique-Identifier-Key"))
}

/// The body with the custom field set to `value`, unless it says something of the field itself, by any of its names.
pub(crate) fn with_value(body: &Json, field: &Record, value: &str) -> Json {
    let Json::Object(members) = body else { return body.clone() };
    let mut fields = body.get("custom_fields").and_then(Json::as_list).unwrap_or_default().to_vec();
    if !fields.iter().any(|entry| value::addresses(entry, field)) {
        fields.push(Json::object([("customfield_id", Json::id(field.id)), ("value", value.into())]));
    }
    let others = members.iter().filter(|(name, _)| name != "custom_fields").cloned();
    Json::Object(others.chain([("custom_fields".to_owned(), fields.into())]).collect())
}
