//! Layouts ("templates") of sales documents.

use crate::auth::Context;
use crate::engine::spec::Resource;
use crate::engine::write::act;
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::json::Json;
use crate::request::Call;
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
