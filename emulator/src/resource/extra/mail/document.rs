//! Mailing documents: the default content, one document, many at once.

use super::draft::{self, Draft};
use super::{body, content, reminder, send, statement, usual};
use crate::auth::Context;
use crate::engine::desk;
use crate::engine::spec::Resource;
use crate::engine::write;
use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::format;
use crate::json::Json;
use crate::request::Call;
use crate::resource::extra::kinds::{self, Letter};
use crate::resource::extra::subject::{Subject, party};
use crate::resource::{creditnote, estimate, invoice, purchaseorder, salesorder, vendorpayment};
use crate::routes::Handler::Of;
use crate::routes::{BOOKS, BOOKS_AND_INVOICE, Operation, op};
use crate::store::kind::Kind;

/// The most documents that one call may mail.
pub(super) const MAX_AT_ONCE: usize = 10;

macro_rules! operations {
    ($($path:literal, $served:ident, $resource:expr, $name:literal;)*) => {
        &[$(
            op($served, "GET", concat!($path, "/*/email"), ($path, "read"), concat!("Get the mail content of ", $name), Of(&$resource, get)),
            op($served, "POST", concat!($path, "/*/email"), ($path, "create"), concat!("Email ", $name), Of(&$resource, email)),
        )*
            op(
                BOOKS_AND_INVOICE,
                "GET",
                "creditnotes/*/emailhistory",
                ("creditnotes", "read"),
                "List the mails of a credit note",
                Of(&creditnote::CreditNote, history),
            ),
            op(BOOKS_AND_INVOICE, "POST", "estimates/email", ("estimates", "create"), "Email several estimates", Of(&estimate::Estimate, email_many)),
            op(BOOKS_AND_INVOICE, "POST", "invoices/email", ("invoices", "create"), "Email several invoices", Of(&invoice::Invoice, email_many)),
            op(BOOKS_AND_INVOICE, "GET", "invoices/*/paymentreminder", ("invoices", "read"), "Get the reminder mail content of an invoice", Of(&invoice::Invoice, reminder::get)),
            op(BOOKS_AND_INVOICE, "POST", "invoices/*/paymentreminder", ("invoices", "create"), "Remind a customer of an invoice", Of(&invoice::Invoice, reminder::remind)),
            op(BOOKS_AND_INVOICE, "POST", "invoices/paymentreminder", ("invoices", "create"), "Remind customers of several invoices", Of(&invoice::Invoice, reminder::remind_many)),
        ]
    };
}

/// The operations; those of contacts stand with the contacts.
pub(crate) static OPERATIONS: &[Operation] = operations! {
    "estimates", BOOKS_AND_INVOICE, estimate::Estimate, "an estimate";
    "salesorders", BOOKS, salesorder::SalesOrder, "a sales order";
    "invoices", BOOKS_AND_INVOICE, invoice::Invoice, "an invoice";
    "creditnotes", BOOKS_AND_INVOICE, creditnote::CreditNote, "a credit note";
    "purchaseorders", BOOKS, purchaseorder::PurchaseOrder, "a purchase order";
    "vendorpayments", BOOKS, vendorpayment::VendorPayment, "a vendor payment";
};

fn letter(kind: Kind) -> Result<&'static Letter, ApiError> {
    kinds::of(kind).and_then(|extra| extra.letter.as_ref()).ok_or_else(|| Code::InvalidUrl.into())
}

/// `GET /x/{id}/email`.
fn get(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    offer(context, call, resource, false)
}

/// The default content of a mail, in the shape of the kind.
pub(super) fn offer(
    context: &Context<'_>,
    call: &Call,
    resource: &dyn Resource,
    reminder: bool,
) -> Result<Reply, ApiError> {
    let (subject, reader) = Subject::read(context, call, resource)?;
    let record = subject.record.as_ref().ok_or_else(|| ApiError::missing(resource.spec().label))?;
    let contact = subject.contact.as_deref();
    let content = content::of_document(resource, record, contact, &reader, &context.user, reminder);
    let members = content::shown(&content, &subject, &reader, &context.user, letter(subject.kind())?.shape);
    Ok(Reply::read_all(members))
}

/// `GET /creditnotes/{id}/emailhistory`, newest first: the mails about it that are still in the outbox.
fn history(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let (subject, reader) = Subject::read(context, call, resource)?;
    let mails = context.state.mails.values().rev().filter(|mail| {
        mail.document_id == subject.id && mail.organization_id == reader.organization.organization_id
    });
    let rows = mails.map(|mail| {
        let to: Vec<Json> = mail.to.iter().map(|it| it.as_str().into()).collect();
        Json::object([
            ("mailhistory_id", Json::id(mail.id)),
            ("from", mail.from.as_str().into()),
            ("to_mail_ids", to.into()),
            ("subject", mail.subject.as_str().into()),
            ("date", format::date(mail.time, reader.organization.zone()).into()),
        ])
    });
    Ok(Reply::read([("email_history", rows.collect::<Vec<_>>().into())]))
}

/// `POST /x/{id}/email`.
fn email(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let spec = resource.spec();
    let letter = letter(spec.kind)?;
    let id = call.id(0, spec.label)?;
    let body = body(call)?;
    desk::write(context, call, |desk| {
        let record = desk.find(spec.kind, id)?;
        let content = usual(desk, &record, false)?;
        let name = call.query.get("file_name").unwrap_or(&content.file_name).replace(['/', '\\'], "-");
        let draft = Draft::read(desk, body, content, letter.required, false)?;
        let mut files = draft::files(desk, call)?;
        if draft::wish(call, body, "send_customer_statement")? == Some(true)
            && let Some(contact) = party(&record)
        {
            files.push(statement::file(desk, contact, statement::Period::current(desk.today()))?);
        }
        let with_pdf = draft::wish(call, body, "send_attachment")? != Some(false);
        send(desk, &record, draft, with_pdf.then_some(name), files)
    })?;
    Ok(Reply::success(letter.status, letter.sent, []))
}

/// The ids of a call that mails several documents. Errors: code 2 for none or more than [`MAX_AT_ONCE`].
pub(super) fn ids<'a>(call: &'a Call, resource: &dyn Resource) -> Result<Vec<&'a str>, ApiError> {
    let name = format!("{}s", resource.spec().id);
    let ids = write::ids(call, &name)?;
    if ids.len() > MAX_AT_ONCE { Err(ApiError::invalid(&name)) } else { Ok(ids) }
}

/// `POST /x/email?<id>s=a,b`: the default mail of each; one that cannot be sent refuses all.
fn email_many(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let spec = resource.spec();
    let ids = ids(call, resource)?;
    let wanted = contacts(body(call)?)?;
    desk::write(context, call, |desk| {
        for text in ids {
            let id = text.parse().map_err(|_| ApiError::missing(spec.label))?;
            let record = desk.find(spec.kind, id)?;
            if wanted.as_ref().is_some_and(|it| party(&record).is_none_or(|id| !it.contains(&id))) {
                continue;
            }
            let content = usual(desk, &record, false)?;
            let name = content.file_name.clone();
            send(desk, &record, Draft::usual(content)?, Some(name), Vec::new())?;
        }
        Ok(())
    })?;
    let message = if spec.kind == Kind::Invoice {
        "Your mails are scheduled to be sent in a few minutes. We will notify you once it is done."
    } else {
        "Mission accomplished! We've sent all the estimates."
    };
    Ok(Reply::done(message, []))
}

/// The contacts that a body of `POST /invoices/email` wants to reach by e-mail; `None` without such a list.
fn contacts(body: Option<&Json>) -> Result<Option<Vec<u64>>, ApiError> {
    let entries = match body.and_then(|body| body.get("contacts")) {
        None | Some(Json::Null) => return Ok(None),
        Some(Json::List(entries)) => entries,
        Some(_) => return Err(ApiError::invalid("contacts")),
    };
    let mut wanted = Vec::with_capacity(entries.len());
    for entry in entries {
        let id = entry.get("contact_id").and_then(Json::as_id_text).and_then(|id| id.parse().ok());
        let id = id.ok_or_else(|| ApiError::invalid("contact_id"))?;
        if entry.get("email") != Some(&Json::Bool(false)) {
            wanted.push(id);
        }
    }
    Ok(Some(wanted))
}
