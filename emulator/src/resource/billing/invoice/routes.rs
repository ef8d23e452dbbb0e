//! Calls on invoices.

use super::{Invoice, SPEC};
use crate::auth::{Context, Need};
use crate::engine::reader::Reader;
use crate::engine::{desk, write};
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::json::Json;
use crate::request::Call;
use crate::resource;
use crate::resource::billing::books;
use crate::resource::billing::payment::Payment;
use crate::resource::extra::attachment;
use crate::resource::invoice::{OPERATIONS as BOOKS, credit, status};
use crate::routes::Handler::Plain;
use crate::routes::{BILLING, Operation, lists, op, reads};
use crate::store::kind::Kind;

const CREATE: Need = ("invoices", "create");
const READ: Need = ("invoices", "read");
const UPDATE: Need = ("invoices", "update");
const DELETE: Need = ("invoices", "delete");

/// The operations.
pub(crate) static OPERATIONS: &[Operation] = &[
    op(BILLING, "GET", "invoices", READ, "List invoices", lists(&Invoice)),
    op(BILLING, "POST", "invoices", CREATE, "Create an invoice", Plain(create)),
    op(BILLING, "GET", "invoices/*", READ, "Get an invoice", reads(&Invoice)),
    op(BILLING, "PUT", "invoices/*", UPDATE, "Update an invoice", Plain(update)),
    op(BILLING, "DELETE", "invoices/*", DELETE, "Delete an invoice", Plain(delete)),
    op(BILLING, "POST", "invoices/*/converttoopen", CREATE, "Open an invoice", Plain(open)),
    op(BILLING, "POST", "invoices/*/void", CREATE, "Void an invoice", Plain(void)),
    op(BILLING, "POST", "invoices/*/email", CREATE, "Email an invoice", Plain(email)),
    op(BILLING, "POST", "invoices/*/collect", CREATE, "Charge a card for an invoice", Plain(collect)),
    op(BILLING, "POST", "invoices/*/writeoff", CREATE, "Write off an invoice", Plain(write_off)),
    op(
        BILLING,
        "POST",
        "invoices/*/cancelwriteoff",
        CREATE,
        "Cancel the write-off of an invoice",
        Plain(cancel_write_off),
    ),
    op(BILLING, "POST", "invoices/*/credits", CREATE, "Apply credits to an invoice", Plain(credits)),
    op(BILLING, "POST", "invoices/*/lineitems", CREATE, "Add lines to an invoice", Plain(add_lines)),
    op(
        BILLING,
        "DELETE",
        "invoices/*/lineitems/*",
        DELETE,
        "Delete a line of an invoice",
        Plain(remove_line),
    ),
    op(BILLING, "PUT", "invoices/*/address", UPDATE, "Update the addresses of an invoice", Plain(address)),
    op(
        BILLING,
        "POST",
        "invoices/*/customfields",
        CREATE,
        "Set custom fields of an invoice",
        Plain(custom_fields),
    ),
    op(
        BILLING,
        "PUT",
        "invoice/*/customfields",
        UPDATE,
        "Update custom fields of an invoice",
        Plain(custom_fields),
    ),
    op(BILLING, "POST", "invoices/*/attachment", CREATE, "Attach a file to an invoice", Plain(attach)),
];

fn words(context: &Context<'_>, body: &Json) -> Result<Json, ApiError> {
    let known = context.state.books(&context.organization()?.organization_id);
    Ok(books::translated(|code| books::named(&known, code), body, "invoice_items"))
}

fn create(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    books::create(context, call, &Invoice, &words(context, call.object()?)?, "invoice_created")
}

fn update(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    write::find(context, call, &Invoice)?;
    books::update(context, call, &Invoice, &words(context, call.object()?)?, "invoice_updated")
}

fn delete(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    books::delete(context, call, &Invoice, "invoice_deleted")
}

/// A draft and a void invoice become open.
fn open(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let message = "Status of the invoice has been changed to open.";
    books::act(context, call, &Invoice, "invoice_updated", message, |desk, invoice| {
        if invoice.text("status") == "void" {
            status::redraft(desk, invoice)?;
        }
        let invoice = desk.find(Kind::Invoice, invoice.id)?;
        status::mark_sent(desk, &invoice)
    })
}

fn void(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let message = "Invoice status has been changed to Void.";
    books::act(context, call, &Invoice, "invoice_voided", message, status::void)
}

fn email(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let needed = ["to_mail_ids", "subject", "body"];
    books::mail(context, call, "invoices/*/email", &needed, "Your invoice has been sent.")
}

fn attach(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    books::run(context, call, attachment::OPERATIONS, "POST", "invoices/*/attachment")
}

fn write_off(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let message = "Invoice has been written off..";
    books::act(context, call, &Invoice, "invoice_updated", message, status::write_off)
}

fn cancel_write_off(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let message = "The write off done for this invoice has been cancelled.";
    books::act(context, call, &Invoice, "invoice_updated", message, status::cancel_write_off)
}

/// `POST /invoices/{id}/credits`, answered with every credit that the invoice has then.
fn credits(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let body = call.object()?;
    if body.get("apply_creditnotes").and_then(Json::as_list).is_none_or(<[Json]>::is_empty) {
        return Err(ApiError::invalid("apply_creditnotes"));
    }
    let message = "Credits have been applied to the invoice(s).";
    books::act(context, call, &Invoice, "invoice_updated", message, |desk, invoice| {
        credit::pay(desk, invoice, credit::wanted(body)?)
    })?;
    let organization = context.organization()?;
    let reader =
        Reader::over(context.store.read().books(&organization.organization_id), organization, context.now);
    let id = call.id(0, SPEC.label)?;
    let invoice = reader.books.record(Kind::Invoice, id).ok_or_else(|| ApiError::missing(SPEC.label))?;
    let applied = super::view::show("credits", invoice, &reader);
    let rows = applied.as_list().unwrap_or_default().iter().map(|row| {
        let given = |name: &str| row.get(name).cloned().unwrap_or(Json::Null);
        Json::object([
            ("creditnotes_invoice_id", given("creditnotes_invoice_id")),
            ("creditnote_id", given("creditnote_id")),
            ("invoice_id", Json::id(id)),
            ("amount_applied", given("credited_amount")),
            ("date", given("credited_date")),
        ])
    });
    Ok(Reply::done(message, [("apply_creditnotes", rows.collect::<Vec<_>>().into())]))
}

/// `POST /invoices/{id}/collect`: a card pays the balance. Errors: 4098 when nothing is due or the card declines.
fn collect(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let id = call.id(0, SPEC.label)?;
    let body = call.optional_object()?;
    let text = |name: &str| body.and_then(|it| it.get(name)?.as_id_text()).unwrap_or_default().to_owned();
    let card = text("card_id");
    let payment = desk::write(context, call, |desk| super::pay_and_tell(desk, id, &card))?;
    write::reply(context, &Payment, &payment, 200, "The customer payment has been recorded.")
}

fn change_lines(
    context: &Context<'_>,
    call: &Call,
    change: impl FnOnce(Vec<Json>) -> Result<Vec<Json>, ApiError>,
) -> Result<Reply, ApiError> {
    let invoice = write::find(context, call, &Invoice)?;
    let lines = change(invoice.list("line_items").to_vec())?;
    let body = Json::Object(vec![("line_items".to_owned(), lines.into())]);
    books::update(context, call, &Invoice, &body, "invoice_updated")
}

fn add_lines(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let body = words(context, call.object()?)?;
    let added = body.get("line_items").and_then(Json::as_list).filter(|lines| !lines.is_empty());
    let added = added.ok_or_else(|| ApiError::invalid("invoice_items"))?;
    change_lines(context, call, |mut lines| {
        lines.extend_from_slice(added);
        Ok(lines)
    })
}

fn remove_line(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let id = call.text_id(1);
    change_lines(context, call, |mut lines| {
        let at = lines.iter().position(|line| line.get("line_item_id").and_then(Json::as_str) == Some(id));
        lines.remove(at.ok_or_else(|| ApiError::missing("Line item"))?);
        Ok(lines)
    })
}

fn address(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    const PATHS: [(&str, &str); 2] = [
        ("billing_address", "invoices/*/address/billing"),
        ("shipping_address", "invoices/*/address/shipping"),
    ];
    let body = call.object()?;
    // Both are looked at before either is written.
    let is_address = |value: &Json| matches!(value, Json::Null | Json::Object(_));
    if let Some((name, _)) = PATHS.iter().find(|(name, _)| !body.get(name).is_none_or(is_address)) {
        return Err(ApiError::invalid(name));
    }
    for (name, path) in PATHS {
        if let Some(given @ Json::Object(_)) = body.get(name) {
            let call = books::with_body(call, books::address(given));
            books::run(context, &call, BOOKS, "PUT", path)?;
        }
    }
    let organization = context.organization()?;
    let reader =
        Reader::over(context.store.read().books(&organization.organization_id), organization, context.now);
    let id = call.id(0, SPEC.label)?;
    let invoice = reader.books.record(Kind::Invoice, id).ok_or_else(|| ApiError::missing(SPEC.label))?;
    let shown = Json::object(
        ["billing_address", "shipping_address"].map(|name| (name, super::view::show(name, invoice, &reader))),
    );
    Ok(Reply::done("Invoice address updated", [("invoice_address", shown)]))
}

fn custom_fields(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let id = call.id(0, SPEC.label)?;
    let record = desk::write(context, call, |desk| {
        let before = desk.find(Kind::Invoice, id)?;
        let body = call.object()?;
        if body.get("custom_fields").is_none() {
            return Err(ApiError::invalid("custom_fields"));
        }
        let mut record = (*before).clone();
        let stored = before.list("custom_fields");
        desk.take_custom_fields(resource::of(Kind::Invoice), &mut record, stored, false, body)?;
        record.modified = desk.now;
        let record = desk.put(record)?;
        books::tell(desk, &Invoice, id, "invoice_updated")?;
        Ok(record)
    })?;
    let shown = record.list("custom_fields").to_vec();
    Ok(Reply::done("Custom Fields Updated Successfully", [("custom_fields", shown.into())]))
}
