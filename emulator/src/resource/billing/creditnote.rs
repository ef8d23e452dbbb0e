//! Credit notes in the shape of Billing: the organization's credit notes.

use crate::auth::{Context, Need};
use crate::engine::reader::Reader;
use crate::engine::spec::{Filters, Messages, Resource, Spec};
use crate::engine::{desk, write};
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::json::Json;
use crate::request::Call;
use crate::resource;
use crate::resource::billing::books;
use crate::resource::creditnote::{apply, status};
use crate::resource::extra;
use crate::routes::Handler::Plain;
use crate::routes::{BILLING, Operation, lists, op};
use crate::store::kind::Kind;
use crate::store::record::Record;

/// The resource.
pub(crate) struct CreditNote;

static SPEC: Spec = Spec {
    kind: Kind::CreditNote,
    singular: "creditnote",
    plural: "creditnotes",
    id: "creditnote_id",
    label: "Credit note",
    report: "Credit Notes",
    fields: &[],
    computed: &[],
    required: &[],
    detail: &[
        "creditnote_number",
        "date",
        "status",
        "reference_number",
        "customer_id",
        "customer_name",
        "email",
        "creditnote_items",
        "invoices",
        "sub_total",
        "taxes",
        "total",
        "balance",
        "currency_code",
        "currency_symbol",
        "exchange_rate",
        "template_id",
        "template_name",
        "notes",
        "terms",
    ],
    row: &[
        "creditnote_number",
        "date",
        "status",
        "reference_number",
        "customer_id",
        "customer_name",
        "email",
        "total",
        "balance",
        "currency_code",
        "currency_symbol",
    ],
    number: None,
    unique: &[],
    references: &["customer_id"],
    filters: Filters {
        texts: &["creditnote_number", "customer_name", "reference_number"],
        numbers: &["total", "balance"],
        dates: &["date"],
        exact: &["customer_id"],
        statuses: &["open", "closed", "void", "draft"],
        filter_by: &["Status.All", "Status.Open", "Status.Closed", "Status.Void", "Status.Draft"],
        search: &["creditnote_number", "customer_name"],
        ..Filters::NONE
    },
    sorts: &["creditnote_number", "date", "total", "balance", "customer_name"],
    indexed: &["date"],
    order: ("created_time", true),
    messages: Messages {
        created: "Credit Note created successfully.",
        updated: "",
        deleted: "The credit note has been deleted.",
    },
    entity: "creditnote",
};

const CREATE: Need = ("creditnotes", "create");
const READ: Need = ("creditnotes", "read");
const DELETE: Need = ("creditnotes", "delete");

/// The operations.
pub(crate) static OPERATIONS: &[Operation] = &[
    op(BILLING, "GET", "creditnotes", READ, "List credit notes", lists(&CreditNote)),
    op(BILLING, "POST", "creditnotes", CREATE, "Create a credit note", Plain(create)),
    op(BILLING, "GET", "creditnotes/*", READ, "Get a credit note", Plain(read)),
    op(BILLING, "DELETE", "creditnotes/*", DELETE, "Delete a credit note", Plain(delete)),
    op(BILLING, "POST", "creditnotes/*/email", CREATE, "Email a credit note", Plain(email)),
    op(BILLING, "POST", "creditnotes/*/void", CREATE, "Void a credit note", Plain(void)),
    op(BILLING, "POST", "creditnotes/*/converttoopen", CREATE, "Open a credit note", Plain(open)),
    op(BILLING, "POST", "creditnotes/*/invoices", CREATE, "Apply a credit note to invoices", Plain(apply)),
];

impl Resource for CreditNote {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn status(&self, record: &Record, reader: &Reader<'_>) -> String {
        resource::of(Kind::CreditNote).status(record, reader)
    }

    fn show(&self, name: &str, record: &Record, reader: &Reader<'_>) -> Json {
        match name {
            "creditnote_items" => books::items(record),
            _ => resource::of(Kind::CreditNote).show(name, record, reader),
        }
    }

    fn changed_member(&self) -> &'static str {
        "updated_time"
    }
}

/// The credit note under both keys that the sources name.
fn shown(context: &Context<'_>, record: &Record, status: u16, message: &str) -> Result<Reply, ApiError> {
    let organization = context.organization()?;
    let reader =
        Reader::over(context.store.read().books(&organization.organization_id), organization, context.now);
    let detail = reader.detail(&CreditNote, record);
    Ok(Reply::success(status, message, [("creditnote", detail.clone()), ("credit_note", detail)]))
}

fn read(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    shown(context, &*write::find(context, call, &CreditNote)?, 200, "success")
}

fn create(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let known = context.state.books(&context.organization()?.organization_id);
    let body = books::translated(|code| books::named(&known, code), call.object()?, "creditnote_items");
    let record = desk::write(context, call, |desk| {
        let made = desk.create(resource::of(Kind::CreditNote), &body)?;
        extra::accompany(desk, &made, call, true)?;
        books::tell(desk, &CreditNote, made.id, "credit_note_created")?;
        desk.find(Kind::CreditNote, made.id)
    })?;
    shown(context, &record, 201, SPEC.messages.created)
}

fn delete(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    books::delete(context, call, &CreditNote, "credit_note_deleted")
}

fn email(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let needed = ["to_mail_ids", "subject", "body"];
    books::mail(context, call, "creditnotes/*/email", &needed, "Your creditnote has been sent.")
}

fn void(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let message = "The credit note has been marked as void.";
    books::act(context, call, &CreditNote, "credit_note_voided", message, status::void)
}

/// A draft and a void credit note become open.
fn open(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let message = "Status of the credit note has been changed to open.";
    books::act(context, call, &CreditNote, "credit_note_updated", message, status::open)
}

fn apply(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let body = call.object()?;
    let applied = body.get("invoices").cloned().ok_or_else(|| ApiError::invalid("invoices"))?;
    let message = "Credits have been applied to the invoice(s).";
    books::act(context, call, &CreditNote, "credit_note_updated", message, |desk, note| {
        apply::add_all(desk, note, &apply::wanted(body)?)
    })?;
    Ok(Reply::done(message, [("invoices", applied)]))
}
