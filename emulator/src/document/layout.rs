//! Layouts ("templates") of documents.

use crate::auth::Context;
use crate::engine::spec::Resource;
use crate::engine::write::act;
use crate::envelope::Reply;
use crate::error::{ApiError, Code};
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

/// Refuses a document whose layout does not exist (code 6).
pub(crate) fn check(record: &Record) -> Result<(), ApiError> {
    let wanted = record.text("template_id");
    if wanted.is_empty() || find(wanted).is_some() {
        return Ok(());
    }
    Err(ApiError::about(Code::InvalidReference, "template_id"))
}

/// Members of a document that show its layout; `None` for any other.
pub(crate) fn show(name: &str, record: &Record) -> Option<Json> {
    let template = chosen(record);
    Some(match name {
        "template_id" => template.id.into(),
        "template_name" => template.name.into(),
        "template_type" => template.kind.into(),
        _ => return None,
    })
}

/// What a contact can have a layout or a mail of its own for, as the names of `default_templates` begin.
const DEFAULTS: [&str; 19] = [
    "invoice_template",
    "estimate_template",
    "creditnote_template",
    "purchaseorder_template",
    "salesorder_template",
    "retainerinvoice_template",
    "paymentthankyou_template",
    "retainerinvoice_paymentthankyou_template",
    "invoice_email_template",
    "estimate_email_template",
    "creditnote_email_template",
    "purchaseorder_email_template",
    "salesorder_email_template",
    "retainerinvoice_email_template",
    "paymentthankyou_email_template",
    "retainerinvoice_paymentthankyou_email_template",
    "statement_template",
    "payment_remittance_email_template",
    "bill_template",
];

/// `default_templates` of a contact: every id that was chosen, and the name of each layout that exists.
pub(crate) fn defaults(stored: Option<&Json>) -> Json {
    let members = DEFAULTS.iter().flat_map(|prefix| {
        let id_name = format!("{prefix}_id");
        let id = stored.and_then(|it| it.get(&id_name)?.as_id_text()).unwrap_or_default();
        let name = find(id).map_or("", |template| template.name);
        [(id_name, id.into()), (format!("{prefix}_name"), name.into())]
    });
    Json::Object(members.collect())
}

/// What [`defaults`] shows of a contact that chose nothing, as text.
pub(crate) fn no_defaults() -> String {
    defaults(None).to_text()
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
