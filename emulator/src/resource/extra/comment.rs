//! Comments on records and contacts, the user's and the service's own.

use std::sync::Arc;

use chrono::NaiveDate;

use super::history::{self, Entry};
use super::kinds::{self, Comments};
use super::subject::{Subject, flag, text};
use crate::auth::Context;
use crate::engine::desk::{self, Desk};
use crate::engine::reader::Reader;
use crate::engine::spec::{Filters, Messages, Resource, Spec};
use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::format;
use crate::json::Json;
use crate::page::Page;
use crate::request::Call;
use crate::resource::field::Kind as Field;
use crate::resource::{
    bill, contact, creditnote, customerpayment, estimate, expense, invoice, purchaseorder, salesorder,
    vendorpayment,
};
use crate::routes::Handler::Of;
use crate::routes::{BOOKS, BOOKS_AND_INVOICE, Operation, op};
use crate::store::change::Change;
use crate::store::kind::Kind;
use crate::store::record::Record;

/// The longest comment, in characters [?].
const MAX_DESCRIPTION: usize = 5000;

/// The resource.
pub(crate) struct Comment;

static SPEC: Spec = Spec {
    kind: Kind::Comment,
    singular: "comment",
    plural: "comments",
    id: "comment_id",
    label: "Comment",
    report: "Comments",
    fields: &[],
    computed: &[
        ("owner_id", Field::Id),
        ("contact_id", Field::Id),
        ("transaction_type", Field::Free),
        ("description", Field::Text(MAX_DESCRIPTION)),
        ("comment_type", Field::Free),
        ("operation_type", Field::Free),
        ("commented_by_id", Field::Id),
    ],
    required: &[],
    detail: &[],
    row: &[],
    number: None,
    unique: &[],
    references: &["owner_id", "contact_id"],
    filters: Filters::NONE,
    sorts: &[],
    indexed: &[],
    order: ("created_time", true),
    messages: Messages { created: "", updated: "", deleted: "" },
    entity: "",
};

impl Resource for Comment {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }
}

macro_rules! operations {
    ($($path:literal, $served:ident, $module:literal, $resource:expr, $name:literal;)*) => {
        &[$(
            op($served, "GET", concat!($path, "/*/comments"), ($module, "read"), concat!("List comments of ", $name), Of(&$resource, list)),
            op($served, "POST", concat!($path, "/*/comments"), ($module, "create"), concat!("Add a comment to ", $name), Of(&$resource, create)),
            op($served, "PUT", concat!($path, "/*/comments/*"), ($module, "update"), concat!("Update a comment of ", $name), Of(&$resource, update)),
            op($served, "DELETE", concat!($path, "/*/comments/*"), ($module, "delete"), concat!("Delete a comment of ", $name), Of(&$resource, delete)),
        )*
            op(BOOKS_AND_INVOICE, "POST", "contacts/*/comments", ("contacts", "create"), "Add a comment to a contact", Of(&contact::Unlisted, create)),
            op(BOOKS_AND_INVOICE, "PUT", "contacts/*/comments/*", ("contacts", "update"), "Update a comment of a contact", Of(&contact::Unlisted, update)),
            op(BOOKS_AND_INVOICE, "DELETE", "contacts/*/comments/*", ("contacts", "delete"), "Delete a comment of a contact", Of(&contact::Unlisted, delete)),
        ]
    };
}

/// The operations; the list of a contact's comments stands with the contacts.
pub(crate) static OPERATIONS: &[Operation] = kinds::documents!(operations);

fn sentences(kind: Kind) -> Result<&'static Comments, ApiError> {
    kinds::of(kind).map(|extra| &extra.comments).ok_or_else(|| Code::InvalidUrl.into())
}

/// `GET /x/{id}/comments`, newest first.
fn list(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let (subject, reader) = Subject::read(context, call, resource)?;
    let comments = all(&reader, subject.kind(), subject.id);
    Ok(Reply::success(200, sentences(subject.kind())?.listed, [("comments", comments.into())]))
}

/// `GET /contacts/{contact_id}/comments`: the contact's own comments and those of its documents, newest first.
pub(crate) fn of_contact(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let page = Page::read(&call.query)?;
    let (subject, reader) = Subject::read(context, call, &contact::Unlisted)?;
    let name = subject.contact.as_ref().map_or("", |contact| contact.contact_name.as_str());
    let ids = reader.books.naming_as(subject.id, Kind::Comment).rev();
    let (rows, more) = page.take(ids.filter_map(|id| reader.books.record(Kind::Comment, id)));
    let rows: Vec<Json> = rows
        .into_iter()
        .map(|comment| {
            let mut members = show(&reader, comment, ("contact_id", subject.id));
            let owner = comment.reference("owner_id").unwrap_or_default();
            let kind = kinds::KINDS.iter().find(|extra| extra.word == comment.text("transaction_type"));
            let exists = kind.is_some_and(|extra| Subject::find(&reader.books, extra.kind, owner).is_ok());
            members.push(("contact_name".to_owned(), name.into()));
            members.push(("is_entity_deleted".to_owned(), (!exists).into()));
            Json::Object(members)
        })
        .collect();
    let order =
        [("applied_filter", "Status.All".into()), ("sort_column", "date".into()), ("sort_order", "D".into())];
    Ok(Reply::read([("contact_comments", rows.into()), ("page_context", page.context(more, order))]))
}

/// Every comment on one record, newest first.
pub(crate) fn all(reader: &Reader<'_>, kind: Kind, owner: u64) -> Vec<Json> {
    let comments = reader.books.naming_as(owner, Kind::Comment).rev();
    let comments = comments.filter_map(|id| reader.books.record(Kind::Comment, id));
    let own = comments.filter(|it| it.reference("owner_id") == Some(owner));
    let id = (crate::resource::of(kind).spec().id, owner);
    own.map(|comment| Json::Object(show(reader, comment, id))).collect()
}

fn show(reader: &Reader<'_>, comment: &Record, owner: (&str, u64)) -> Vec<(String, Json)> {
    let zone = reader.organization.zone();
    let text = |name: &str| Json::from(comment.text(name));
    let members = [
        ("comment_id", Json::id(comment.id)),
        (owner.0, Json::id(owner.1)),
        ("description", text("description")),
        ("commented_by_id", text("commented_by_id")),
        ("commented_by", comment.created_by.as_str().into()),
        ("comment_type", text("comment_type")),
        ("date", format::date(comment.created, zone).into()),
        ("date_description", ago(comment.created.with_timezone(&zone).date_naive(), reader.today).into()),
        ("time", comment.created.with_timezone(&zone).format("%-I:%M %p").to_string().into()),
        ("operation_type", text("operation_type")),
        ("transaction_id", text("owner_id")),
        ("transaction_type", text("transaction_type")),
    ];
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// `today`, `yesterday`, `3 days ago`.
fn ago(day: NaiveDate, today: NaiveDate) -> String {
    match (today - day).num_days() {
        ..=0 => "today".to_owned(),
        1 => "yesterday".to_owned(),
        days => format!("{days} days ago"),
    }
}

/// `POST /x/{id}/comments`.
fn create(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let body = call.object()?;
    let description = description(body)?;
    let shown = shown_to_clients(call, body)?;
    let spec = resource.spec();
    let id = call.id(0, spec.label)?;
    let comment_id = desk::write(context, call, |desk| {
        let subject = Subject::find(&desk.books(), spec.kind, id)?;
        expected_day(desk, &subject, body)?;
        let comment_type = if shown == Some(true) { "client" } else { "internal" };
        let entry = Entry { description, comment_type, operation_type: "Added" };
        history::comment(desk, &subject, &entry)
    })?;
    let sentences = sentences(spec.kind)?;
    answer(context, resource, id, comment_id, sentences.status, sentences.added)
}

/// `PUT /x/{id}/comments/{comment_id}`. The service's own comments are not changed.
fn update(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let body = call.object()?;
    let description = description(body)?;
    let shown = shown_to_clients(call, body)?;
    let spec = resource.spec();
    let id = call.id(0, spec.label)?;
    let comment_id = desk::write(context, call, |desk| {
        let subject = Subject::find(&desk.books(), spec.kind, id)?;
        let known = own(desk, &subject, call)?;
        expected_day(desk, &subject, body)?;
        let changed = desk.alter(Kind::Comment, known.id, |comment| {
            comment.set("description", description);
            if let Some(shown) = shown {
                comment.set("comment_type", if shown { "client" } else { "internal" });
            }
        })?;
        Ok(changed.id)
    })?;
    answer(context, resource, id, comment_id, 200, sentences(spec.kind)?.updated)
}

/// `DELETE /x/{id}/comments/{comment_id}`. The service's own comments stay.
fn delete(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let spec = resource.spec();
    let id = call.id(0, spec.label)?;
    desk::write(context, call, |desk| {
        let subject = Subject::find(&desk.books(), spec.kind, id)?;
        let known = own(desk, &subject, call)?;
        desk.transaction.apply(Change::RecordDeleted {
            organization_id: desk.organization.organization_id.clone(),
            kind: Kind::Comment,
            id: known.id,
        });
        Ok(())
    })?;
    Ok(Reply::done("The comment has been deleted.", []))
}

/// The user's comment that the path names, on this subject. Errors: 1002 for none, 4098 for one of the service's own.
fn own(desk: &Desk<'_>, subject: &Subject, call: &Call) -> Result<Arc<Record>, ApiError> {
    let missing = || ApiError::missing(SPEC.label);
    let id = call.id(1, SPEC.label)?;
    let known = desk.books().record(Kind::Comment, id).cloned().ok_or_else(missing)?;
    if known.reference("owner_id") != Some(subject.id) {
        return Err(missing());
    }
    if known.text("comment_type") == "system" {
        let sentence = "Comments that the service wrote cannot be changed or deleted.";
        return Err(ApiError::about(Code::WrongState, sentence));
    }
    Ok(known)
}

fn description(body: &Json) -> Result<&str, ApiError> {
    let description = text(body, "description", MAX_DESCRIPTION)?;
    if description.is_empty() { Err(ApiError::invalid("description")) } else { Ok(description) }
}

fn shown_to_clients(call: &Call, body: &Json) -> Result<Option<bool>, ApiError> {
    match body.get("show_comment_to_clients") {
        None | Some(Json::Null) => flag(call, "show_comment_to_clients"),
        Some(Json::Bool(shown)) => Ok(Some(*shown)),
        Some(_) => Err(ApiError::invalid("show_comment_to_clients")),
    }
}

/// A comment may carry the day on which a payment or a delivery is expected; it goes to the document.
fn expected_day(desk: &mut Desk<'_>, subject: &Subject, body: &Json) -> Result<(), ApiError> {
    let name = match subject.kind() {
        Kind::Invoice => "payment_expected_date",
        Kind::PurchaseOrder => "expected_delivery_date",
        _ => return Ok(()),
    };
    let day = text(body, name, 10)?;
    if day.is_empty() {
        return Ok(());
    }
    let day = NaiveDate::parse_from_str(day, "%Y-%m-%d").map_err(|_| ApiError::invalid(name))?;
    desk.alter(subject.kind(), subject.id, |record| record.set(name, day.to_string()))?;
    Ok(())
}

/// The comment as it is now.
fn answer(
    context: &Context<'_>,
    resource: &dyn Resource,
    owner: u64,
    comment_id: u64,
    status: u16,
    message: &str,
) -> Result<Reply, ApiError> {
    let organization = context.organization()?;
    let books = context.store.read().books(&organization.organization_id);
    let reader = Reader::over(books, organization, context.now);
    let spec = resource.spec();
    let comment =
        reader.books.record(Kind::Comment, comment_id).ok_or_else(|| ApiError::missing(SPEC.label))?;
    let shown = Json::Object(show(&reader, comment, (spec.id, owner)));
    let shown = if sentences(spec.kind)?.as_list { vec![shown].into() } else { shown };
    Ok(Reply::success(status, message, [("comment", shown)]))
}
