//! Receipts of expenses: one file per expense, in a record of its own, so that writing the expense does not carry it.

use std::borrow::Cow;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::auth::Context;
use crate::engine::desk::Desk;
use crate::engine::reader::Reader;
use crate::engine::spec::{Filters, Messages, Resource, Spec};
use crate::engine::{desk, write};
use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::request::{Call, File};
use crate::resource::field::Kind as Field;
use crate::store::books::Books;
use crate::store::change::Change;
use crate::store::kind::Kind;
use crate::store::record::Record;

/// The resource.
pub(crate) struct Receipt;

static SPEC: Spec = Spec {
    kind: Kind::Receipt,
    singular: "receipt",
    plural: "receipts",
    id: "receipt_id",
    label: "Receipt",
    report: "Receipts",
    fields: &[],
    computed: &[
        ("expense_id", Field::Id),
        ("file_name", Field::Free),
        ("content_type", Field::Free),
        ("content", Field::Free),
    ],
    required: &[],
    detail: &[],
    row: &[],
    number: None,
    unique: &[],
    references: &["expense_id"],
    filters: Filters::NONE,
    sorts: &[],
    indexed: &[],
    order: ("created_time", true),
    messages: Messages { created: "", updated: "", deleted: "" },
    entity: "",
};

impl Resource for Receipt {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }
}

/// The receipt of an expense.
pub(crate) fn of(books: &Books, expense: u64) -> Option<Arc<Record>> {
    let id = books.naming_as(expense, Kind::Receipt).next()?;
    books.record(Kind::Receipt, id).cloned()
}

/// Attaches the file that came as `receipt`, in place of an earlier one. Gives back whether there was one.
/// Errors: code 2 for an empty file.
pub(crate) fn attach(desk: &mut Desk<'_>, expense: u64, files: &[File]) -> Result<bool, ApiError> {
    let Some(file) = files.iter().find(|file| file.field == "receipt") else { return Ok(false) };
    if file.bytes.is_empty() {
        return Err(ApiError::invalid("receipt"));
    }
    remove(desk, expense);
    let mut record = desk.blank(Kind::Receipt);
    record.set("expense_id", Json::id(expense));
    record.set("file_name", file.name.as_str());
    record.set("content_type", file.content_type.as_str());
    record.set("content", STANDARD.encode(&file.bytes));
    desk.put(record)?;
    Ok(true)
}

/// Takes the receipt of an expense away. Gives back whether there was one.
pub(crate) fn remove(desk: &mut Desk<'_>, expense: u64) -> bool {
    let known = of(&desk.books(), expense);
    let found = known.is_some();
    if let Some(receipt) = known {
        desk.transaction.apply(Change::RecordDeleted {
            organization_id: desk.organization.organization_id.clone(),
            kind: Kind::Receipt,
            id: receipt.id,
        });
    }
    found
}

/// Gives the receipt of one expense to another that has none.
pub(crate) fn hand_over(desk: &mut Desk<'_>, from: u64, to: u64) -> Result<(), ApiError> {
    let books = desk.books();
    if let (Some(receipt), None) = (of(&books, from), of(&books, to)) {
        desk.alter(Kind::Receipt, receipt.id, |receipt| receipt.set("expense_id", Json::id(to)))?;
    }
    Ok(())
}

/// Members of an expense that show its receipt; `None` for any other.
pub(crate) fn show(name: &str, expense: &Record, reader: &Reader<'_>) -> Option<Json> {
    let receipt = || of(&reader.books, expense.id);
    Some(match name {
        "expense_receipt_name" => receipt().map_or("".into(), |it| it.text("file_name").into()),
        "expense_receipt_type" => receipt().map_or("".into(), |it| extension(it.text("file_name")).into()),
        "has_attachment" => (receipt().is_some() || reader.has_attachment(expense.id)).into(),
        "documents" => {
            let shown = |it: Arc<Record>| {
                Json::object([
                    ("document_id", Json::id(it.id)),
                    ("file_name", it.text("file_name").into()),
                    ("file_type", extension(it.text("file_name")).into()),
                    ("attachment_order", Json::from(1)),
                    ("source", "api".into()),
                ])
            };
            receipt().map(shown).into_iter().collect::<Vec<_>>().into()
        }
        _ => return None,
    })
}

fn extension(name: &str) -> String {
    name.rsplit_once('.').map_or_else(String::new, |(_, extension)| extension.to_ascii_lowercase())
}

/// Whether nothing but receipts, comments and documents names an expense (code 36 otherwise).
pub(crate) fn stands_alone(desk: &Desk<'_>, expense: &Record, label: &str) -> Result<(), ApiError> {
    let own = [Kind::Receipt, Kind::Comment, Kind::Attachment];
    if desk.books().naming(expense.id).any(|(kind, _)| !own.contains(&kind)) {
        return Err(ApiError::about(Code::HasDependents, label));
    }
    Ok(())
}

/// `POST /expenses`, as JSON or as a form with the file `receipt`.
pub(crate) fn create(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let body = call.object()?;
    let record = desk::write(context, call, |desk| {
        let record = desk.create(resource, body)?;
        attach(desk, record.id, &call.files)?;
        Ok(record)
    })?;
    write::reply(context, resource, &record, 201, resource.spec().messages.created)
}

/// `PUT /expenses/{id}`, as JSON or as a form with the file `receipt`; `delete_receipt=true` takes the receipt away.
pub(crate) fn update(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let spec = resource.spec();
    let id = call.id(0, spec.label)?;
    let body = call.object()?;
    let record = desk::write(context, call, |desk| {
        let before = desk.find(spec.kind, id)?;
        let record = desk.update(resource, &before, body)?;
        let drops = call.query.get("delete_receipt").is_some_and(|it| it.eq_ignore_ascii_case("true"));
        if !attach(desk, id, &call.files)? && drops {
            remove(desk, id);
        }
        Ok(record)
    })?;
    write::reply(context, resource, &record, 200, spec.messages.updated)
}

/// `GET /expenses/{id}/receipt`. Errors: 1002 without one.
pub(crate) fn download(
    context: &Context<'_>,
    call: &Call,
    resource: &dyn Resource,
) -> Result<Reply, ApiError> {
    let expense = write::find(context, call, resource)?;
    let books = context.state.books(&context.organization()?.organization_id);
    let receipt = of(&books, expense.id).ok_or_else(|| ApiError::missing("Receipt"))?;
    let bytes = STANDARD.decode(receipt.text("content")).map_err(|_| ApiError::from(Code::Internal))?;
    let content_type = match receipt.text("content_type") {
        "" => Cow::Borrowed("application/octet-stream"),
        known => Cow::Owned(known.to_owned()),
    };
    let mut reply = Reply::file(content_type, bytes.into());
    let name = receipt.text("file_name").replace(['"', '\\', '\r', '\n'], "_");
    reply.headers.push(("Content-Disposition".to_owned(), format!("attachment; filename=\"{name}\"")));
    Ok(reply)
}

/// `POST /expenses/{id}/receipt`. Errors: code 2 without a file.
pub(crate) fn upload(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    write::act(context, call, resource, "The expense receipt has been attached.", |desk, expense| {
        if attach(desk, expense.id, &call.files)? {
            touch(desk, expense)
        } else {
            Err(ApiError::invalid("receipt"))
        }
    })
}

/// `DELETE /expenses/{id}/receipt`. Errors: 1002 without one.
pub(crate) fn discard(
    context: &Context<'_>,
    call: &Call,
    resource: &dyn Resource,
) -> Result<Reply, ApiError> {
    write::act(context, call, resource, "The attached expense receipt has been deleted.", |desk, expense| {
        if remove(desk, expense.id) { touch(desk, expense) } else { Err(ApiError::missing("Receipt")) }
    })
}

/// An expense whose receipt changes has changed itself, so that incremental reads see it.
fn touch(desk: &mut Desk<'_>, expense: &Record) -> Result<(), ApiError> {
    desk.alter(expense.kind, expense.id, |_| {}).map(|_| ())
}
