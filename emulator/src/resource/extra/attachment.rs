//! Files attached to documents.

use std::sync::Arc;

use super::kinds::{self, Files};
use super::subject::{Subject, flag};
use super::upload;
use crate::auth::Context;
use crate::engine::desk::{self, Desk};
use crate::engine::reader::Reader;
use crate::engine::spec::{Filters, Messages, Resource, Spec};
use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::request::{Call, File};
use crate::resource::field::Kind as Field;
use crate::resource::{
    bill, creditnote, customerpayment, estimate, expense, invoice, purchaseorder, salesorder, vendorpayment,
};
use crate::routes::Handler::Of;
use crate::routes::{BOOKS, BOOKS_AND_INVOICE, Operation, op};
use crate::store::books::Books;
use crate::store::change::Change;
use crate::store::kind::Kind;
use crate::store::record::Record;

/// The most files one document may have [?].
const MAX_FILES: usize = 10;

/// The resource.
pub(crate) struct Attachment;

static SPEC: Spec = Spec {
    kind: Kind::Attachment,
    singular: "document",
    plural: "documents",
    id: "document_id",
    label: "Document",
    report: "Documents",
    fields: &[],
    computed: &[
        ("owner_id", Field::Id),
        ("file_name", Field::Free),
        ("file_type", Field::Free),
        ("content_type", Field::Free),
        ("file_size", Field::Whole),
        ("sha256", Field::Free),
        ("can_send_in_mail", Field::Flag),
        ("uploaded_by_id", Field::Id),
    ],
    required: &[],
    detail: &[],
    row: &[],
    number: None,
    unique: &[],
    references: &["owner_id"],
    filters: Filters::NONE,
    sorts: &[],
    indexed: &[],
    order: ("created_time", true),
    messages: Messages { created: "", updated: "", deleted: "" },
    entity: "",
};

impl Resource for Attachment {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }
}

macro_rules! operations {
    ($($path:literal, $served:ident, $module:literal, $resource:expr, $name:literal;)*) => {
        &[$(
            op($served, "GET", concat!($path, "/*/attachment"), ($module, "read"), concat!("Get the file attached to ", $name), Of(&$resource, get)),
            op($served, "POST", concat!($path, "/*/attachment"), ($module, "create"), concat!("Attach a file to ", $name), Of(&$resource, post)),
            op($served, "PUT", concat!($path, "/*/attachment"), ($module, "update"), concat!("Say whether files go with the mails of ", $name), Of(&$resource, put)),
            op($served, "DELETE", concat!($path, "/*/attachment"), ($module, "delete"), concat!("Detach the files of ", $name), Of(&$resource, delete)),
            op($served, "GET", concat!($path, "/*/documents/*"), ($module, "read"), concat!("Get one file attached to ", $name), Of(&$resource, get_one)),
            op($served, "DELETE", concat!($path, "/*/documents/*"), ($module, "delete"), concat!("Detach one file of ", $name), Of(&$resource, delete_one)),
        )*]
    };
}

/// The operations.
pub(crate) static OPERATIONS: &[Operation] = kinds::documents!(operations);

fn sentences(kind: Kind) -> Result<&'static Files, ApiError> {
    kinds::of(kind).and_then(|extra| extra.files.as_ref()).ok_or_else(|| Code::InvalidUrl.into())
}

/// The files of a record in the order of their upload.
pub(crate) fn of(books: &Books, owner: u64) -> Vec<Arc<Record>> {
    books
        .naming_as(owner, Kind::Attachment)
        .filter_map(|id| books.record(Kind::Attachment, id).cloned())
        .collect()
}

/// Attaches the files of a multipart body that came in the field `attachment` or `doc`, numbered or not; others belong to
/// the resource. Gives back how many there were.
pub(crate) fn attach(desk: &mut Desk<'_>, kind: Kind, owner: u64, files: &[File]) -> Result<usize, ApiError> {
    sentences(kind)?;
    let wanted = |file: &&File| file.field.starts_with("attachment") || file.field.starts_with("doc");
    let mut known = of(&desk.books(), owner).len();
    let can_send = match desk.query.get("can_send_in_mail") {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(ApiError::invalid("can_send_in_mail")),
    };
    let mut attached = 0;
    for file in files.iter().filter(wanted) {
        known += 1;
        attached += 1;
        if known > MAX_FILES {
            let sentence = format!("A document may have at most {MAX_FILES} files.");
            return Err(ApiError::about(Code::LimitExceeded, &sentence));
        }
        let kept = upload::keep(desk, file)?;
        let mut record = desk.blank(Kind::Attachment);
        record.set("owner_id", Json::id(owner));
        record.set("file_name", kept.name);
        record.set("file_type", kept.ending);
        record.set("content_type", kept.content_type);
        record.set("file_size", kept.size as u64);
        record.set("sha256", kept.sha256);
        record.set("can_send_in_mail", can_send);
        record.set("uploaded_by_id", Json::id(desk.caller.user_id));
        desk.put(record)?;
    }
    Ok(attached)
}

/// `POST /x/{id}/attachment`.
fn post(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    call.body.as_ref().map_err(Clone::clone)?;
    let spec = resource.spec();
    let id = call.id(0, spec.label)?;
    desk::write(context, call, |desk| {
        desk.find(spec.kind, id)?;
        match attach(desk, spec.kind, id, &call.files)? {
            0 => Err(ApiError::invalid("attachment")),
            _ => Ok(()),
        }
    })?;
    let sentences = sentences(spec.kind)?;
    let organization = context.organization()?;
    let books = context.store.read().books(&organization.organization_id);
    let documents = documents(&of(&books, id), &Reader::over(books.clone(), organization, context.now));
    Ok(Reply::success(sentences.status, sentences.attached, [("documents", documents)]))
}

/// `PUT /x/{id}/attachment?can_send_in_mail=`: the wish holds for every attached file.
fn put(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let spec = resource.spec();
    let id = call.id(0, spec.label)?;
    let wish = flag(call, "can_send_in_mail")?.ok_or_else(|| ApiError::invalid("can_send_in_mail"))?;
    desk::write(context, call, |desk| {
        desk.find(spec.kind, id)?;
        for file in some(&desk.books(), id)? {
            desk.alter(Kind::Attachment, file.id, |file| file.set("can_send_in_mail", wish))?;
        }
        Ok(())
    })?;
    Ok(Reply::done(sentences(spec.kind)?.changed, []))
}

/// `DELETE /x/{id}/attachment`: detaches every file, or the one that `document_id` names.
fn delete(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let spec = resource.spec();
    let id = call.id(0, spec.label)?;
    desk::write(context, call, |desk| {
        desk.find(spec.kind, id)?;
        for file in chosen(&desk.books(), id, call.query.get("document_id"))? {
            detach(desk, file.id);
        }
        Ok(())
    })?;
    Ok(Reply::done(sentences(spec.kind)?.detached, []))
}

/// `DELETE /x/{id}/documents/{document_id}`.
fn delete_one(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let spec = resource.spec();
    let id = call.id(0, spec.label)?;
    desk::write(context, call, |desk| {
        desk.find(spec.kind, id)?;
        let files = chosen(&desk.books(), id, Some(call.text_id(1)))?;
        files.iter().for_each(|file| detach(desk, file.id));
        Ok(())
    })?;
    Ok(Reply::done("The document has been deleted successfully.", []))
}

fn detach(desk: &mut Desk<'_>, id: u64) {
    desk.transaction.apply(Change::RecordDeleted {
        organization_id: desk.organization.organization_id.clone(),
        kind: Kind::Attachment,
        id,
    });
}

/// `GET /x/{id}/attachment`: the first file, or the one that `document_id` names.
fn get(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    give(context, call, resource, call.query.get("document_id"))
}

/// `GET /x/{id}/documents/{document_id}`: the file, or with `responseformat=json` what is known about it.
fn get_one(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    if call.query.get("responseformat") != Some("json") {
        return give(context, call, resource, Some(call.text_id(1)));
    }
    let (subject, reader) = Subject::read(context, call, resource)?;
    let files = chosen(&reader.books, subject.id, Some(call.text_id(1)))?;
    Ok(Reply::read([("document", files.first().map_or(Json::Null, |file| document(&reader, file, 1)))]))
}

fn give(
    context: &Context<'_>,
    call: &Call,
    resource: &dyn Resource,
    document_id: Option<&str>,
) -> Result<Reply, ApiError> {
    let inline = flag(call, "preview")? == Some(true) || flag(call, "inline")? == Some(true);
    let (subject, reader) = Subject::read(context, call, resource)?;
    let files = chosen(&reader.books, subject.id, document_id)?;
    let missing = || ApiError::missing(SPEC.label);
    let file = files.first().ok_or_else(missing)?;
    let bytes = context.state.files.get(file.text("sha256")).cloned().ok_or_else(missing)?;
    Ok(upload::download(file.text("file_name"), file.text("content_type").to_owned(), bytes, inline))
}

/// The files of a record (code 1002 when it has none).
fn some(books: &Books, owner: u64) -> Result<Vec<Arc<Record>>, ApiError> {
    Some(of(books, owner)).filter(|files| !files.is_empty()).ok_or_else(|| ApiError::missing("Attachment"))
}

/// The file with this id, or every file (code 1002 when there is none).
fn chosen(books: &Books, owner: u64, document_id: Option<&str>) -> Result<Vec<Arc<Record>>, ApiError> {
    let Some(text) = document_id else { return some(books, owner) };
    let id: Option<u64> = text.parse().ok();
    let file = of(books, owner).into_iter().find(|file| Some(file.id) == id);
    file.map(|file| vec![file]).ok_or_else(|| ApiError::missing(SPEC.label))
}

/// Members that show a record's files.
pub(crate) const SHOWN: [&str; 4] = ["documents", "attachment_name", "can_send_in_mail", "has_attachment"];

/// The value of one of the members in [`SHOWN`].
pub(crate) fn show(name: &str, files: &[Arc<Record>], reader: &Reader<'_>) -> Json {
    match name {
        "documents" => documents(files, reader),
        "attachment_name" => files.first().map_or("", |file| file.text("file_name")).into(),
        "can_send_in_mail" => files.iter().any(|file| file.flag("can_send_in_mail")).into(),
        _ => (!files.is_empty()).into(),
    }
}

/// Files as a detail lists them.
pub(crate) fn documents(files: &[Arc<Record>], reader: &Reader<'_>) -> Json {
    files.iter().zip(1..).map(|(file, order)| document(reader, file, order)).collect::<Vec<_>>().into()
}

fn document(reader: &Reader<'_>, file: &Record, order: u64) -> Json {
    let size = file.decimal("file_size");
    let text = |name: &str| Json::from(file.text(name));
    Json::object([
        ("document_id", Json::id(file.id)),
        ("document_name", text("file_name")),
        ("file_name", text("file_name")),
        ("file_type", text("file_type")),
        ("document_type", text("file_type")),
        ("file_size", Json::Number(size.normalize().to_string())),
        ("file_size_formatted", upload::formatted(size.try_into().unwrap_or(usize::MAX)).into()),
        ("document_url", "".into()),
        ("attachment_order", order.into()),
        ("can_send_in_mail", file.flag("can_send_in_mail").into()),
        ("source", "api".into()),
        ("uploaded_by_id", text("uploaded_by_id")),
        ("uploaded_by", file.created_by.as_str().into()),
        ("uploaded_on", reader.timestamp(file.created)),
        ("created_time", reader.timestamp(file.created)),
        ("last_modified_time", reader.timestamp(file.modified)),
    ])
}
