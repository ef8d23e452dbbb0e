//! Credit notes applied to invoices.

use crate::auth::Context;
use crate::document::application::{self, CREDITS};
use crate::engine::desk::{self, Desk};
use crate::engine::reader::Reader;
use crate::engine::spec::Resource;
use crate::engine::write::{act, find, reply};
use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::request::Call;
use crate::resource::extra;
use crate::store::kind::Kind;
use crate::store::record::Record;

/// `POST /creditnotes`. With `invoice_id` in the query the new credit note is applied to that invoice, as far as both
/// reach.
pub(super) fn create(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let body = call.object()?;
    let record = desk::write(context, call, |desk| {
        let note = desk.create(resource, body)?;
        extra::accompany(desk, &note, call, true)?;
        let note = desk.find(Kind::CreditNote, note.id)?;
        let Some(invoice) = call.query.get("invoice_id") else { return Ok(note) };
        let unknown = || ApiError::about(Code::InvalidReference, "invoice_id");
        let id = invoice.parse().map_err(|_| unknown())?;
        let invoice = desk.find(Kind::Invoice, id).map_err(|_| unknown())?;
        let amount = note.decimal("balance").min(invoice.decimal("balance"));
        application::add(desk, &CREDITS, &note, id, amount)?;
        desk.find(Kind::CreditNote, note.id)
    })?;
    reply(context, resource, &record, 201, resource.spec().messages.created)
}

/// The `invoices` of a detail.
pub(super) fn invoices(record: &Record, reader: &Reader<'_>) -> Json {
    let rows = application::of(record).into_iter().filter_map(|applied| {
        let invoice = reader.books.record(Kind::Invoice, applied.invoice_id)?;
        Some(Json::object([
            ("creditnote_invoice_id", Json::id(applied.id)),
            ("invoice_id", Json::id(invoice.id)),
            ("invoice_number", invoice.text("invoice_number").into()),
            ("date", applied.date.into()),
            ("amount", Json::amount(applied.amount)),
        ]))
    });
    rows.collect::<Vec<_>>().into()
}

/// `GET /creditnotes/{id}/invoices`.
pub(super) fn list(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let note = find(context, call, resource)?;
    let reader = Reader::new(context)?;
    let rows = application::of(&note).into_iter().filter_map(|applied| {
        let invoice = reader.books.record(Kind::Invoice, applied.invoice_id)?;
        Some(Json::object([
            ("creditnote_id", Json::id(note.id)),
            ("invoice_id", Json::id(invoice.id)),
            ("creditnote_invoice_id", Json::id(applied.id)),
            ("date", applied.date.into()),
            ("invoice_number", invoice.text("invoice_number").into()),
            ("creditnote_number", note.text("creditnote_number").into()),
            ("credited_amount", Json::amount(applied.amount)),
        ]))
    });
    Ok(Reply::read([("invoices_credited", rows.collect::<Vec<_>>().into())]))
}

/// `POST /creditnotes/{id}/invoices`: adds to what the credit note pays. The body holds `invoices`, or one entry alone.
/// Errors: 2 for another shape, and those of [`application::check`].
pub(super) fn apply(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let entries = wanted(call.object()?)?;
    let message = "Credits have been applied to the invoice(s).";
    act(context, call, resource, message, |desk, note| add_all(desk, note, &entries))
}

/// The entries of a body. Errors: code 2 for another shape.
pub(crate) fn wanted(body: &Json) -> Result<Vec<Json>, ApiError> {
    match body.get("invoices") {
        Some(Json::List(entries)) if !entries.is_empty() => Ok(entries.clone()),
        Some(_) => Err(ApiError::invalid("invoices")),
        None => Ok(vec![body.clone()]),
    }
}

/// Lets a credit note pay each of the entries. Errors: those of [`application::check`].
pub(crate) fn add_all(desk: &mut Desk<'_>, note: &Record, entries: &[Json]) -> Result<(), ApiError> {
    for given in entries {
        let (invoice_id, amount, _) = application::entry(given, "invoice_id")?;
        let note = desk.find(Kind::CreditNote, note.id)?;
        application::add(desk, &CREDITS, &note, invoice_id, amount)?;
    }
    Ok(())
}

/// `DELETE /creditnotes/{id}/invoices/{creditnote_invoice_id}`.
pub(super) fn remove(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let message = "Credits applied to an invoice have been deleted.";
    act(context, call, resource, message, |desk, note| {
        let known = application::of(note);
        let applied = known.iter().find(|it| it.id.to_string() == call.text_id(1));
        let id = applied.ok_or_else(|| ApiError::missing("Credit"))?.id;
        application::change(desk, &CREDITS, note, |list| list.retain(|it| it.id != id))
    })
}
