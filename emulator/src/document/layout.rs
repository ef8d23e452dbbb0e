//! Layouts ("templates") and own addresses of sales documents.

use crate::auth::Context;
use crate::engine::spec::Resource;
use crate::engine::write::act;
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::json::Json;
use crate::request::Call;
use crate::resource::contact::model::ADDRESS_FIELDS;
use crate::resource::field::{self, Members};
use crate::store::kind::Kind;
use crate::store::record::Record;

/// A layout for printing.
pub(crate) struct Template {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) kind: &'static str,
}

/// The layouts every organization has [?]; the first is the default.
static TEMPLATES: [Template; 2] = [
    Template { id: "460000000000000", name: "Standard Template", kind: "standard" },
    Template { id: "460000000000002", name: "Spreadsheet Template", kind: "spreadsheet" },
];

/// The layout with this id.
pub(crate) fn find(id: &str) -> Option<&'static Template> {
    TEMPLATES.iter().find(|template| template.id == id)
}

/// The layout of a document.
pub(crate) fn chosen(record: &Record) -> &'static Template {
    find(record.text("template_id")).unwrap_or(&TEMPLATES[0])
}

/// `GET /x/templates`.
pub(crate) fn list(_: &Context<'_>, _: &Call) -> Result<Reply, ApiError> {
    let rows = TEMPLATES.iter().map(|template| {
        Json::object([
            ("template_name", template.name.into()),
            ("template_id", template.id.into()),
            ("template_type", template.kind.into()),
        ])
    });
    Ok(Reply::read([("templates", rows.collect::<Vec<_>>().into())]))
}

/// `PUT /x/{id}/templates/{template_id}`.
pub(crate) fn choose(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let template = find(call.text_id(1)).ok_or_else(|| ApiError::missing("Template"))?.id;
    let message = resource.spec().messages.updated;
    act(context, call, resource, message, |desk, record| {
        desk.alter(record.kind, record.id, |it| it.set("template_id", template)).map(|_| ())
    })
}

/// `PUT /x/{id}/address/billing`.
pub(crate) fn billing(
    context: &Context<'_>,
    call: &Call,
    resource: &dyn Resource,
) -> Result<Reply, ApiError> {
    readdress(context, call, resource, "billing_address", "Billing address updated")
}

/// `PUT /x/{id}/address/shipping`.
pub(crate) fn shipping(
    context: &Context<'_>,
    call: &Call,
    resource: &dyn Resource,
) -> Result<Reply, ApiError> {
    readdress(context, call, resource, "shipping_address", "Shipping address updated")
}

/// Gives a document an address of its own; members that the body leaves out stay as they were.
fn readdress(
    context: &Context<'_>,
    call: &Call,
    resource: &dyn Resource,
    member: &'static str,
    message: &str,
) -> Result<Reply, ApiError> {
    let body = call.object()?;
    // Sales orders answer with a stop, the others without.
    let stop = if resource.spec().kind == Kind::SalesOrder { "." } else { "" };
    act(context, call, resource, &format!("{message}{stop}"), |desk, record| {
        let shown = resource.show(member, record, &desk.reader());
        let mut members = Members::new();
        field::take(&mut members, ADDRESS_FIELDS, &shown, 0)?;
        field::take(&mut members, ADDRESS_FIELDS, body, 0)?;
        let mut address = Vec::new();
        field::show_all(&mut address, &members, ADDRESS_FIELDS);
        desk.alter(record.kind, record.id, |it| it.set(member, Json::Object(address))).map(|_| ())
    })
}

/// An address as rows of lists show it: with `zipcode` where details say `zip`.
pub(crate) fn row_address(address: &Json) -> Json {
    const NAMES: [(&str, &str); 9] = [
        ("address", "address"),
        ("street2", "street2"),
        ("city", "city"),
        ("state", "state"),
        ("zipcode", "zip"),
        ("country", "country"),
        ("phone", "phone"),
        ("fax", "fax"),
        ("attention", "attention"),
    ];
    Json::object(
        NAMES.map(|(shown, stored)| (shown, address.get(stored).cloned().unwrap_or_else(|| "".into()))),
    )
}
