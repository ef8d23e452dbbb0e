//! Payments and credits of one invoice.

use rust_decimal::Decimal;

use super::Invoice;
use crate::auth::Context;
use crate::document::application::{self, Application, CREDITS, PAYMENTS, Source};
use crate::engine::desk::{self, Desk};
use crate::engine::reader::Reader;
use crate::engine::spec::Resource;
use crate::engine::write::{act, find, reply};
use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::request::Call;
use crate::resource::customerpayment::CustomerPayment;
use crate::resource::extra;
use crate::store::kind::Kind;
use crate::store::record::Record;

/// `POST /invoices`. With `batch_payments` in the body its payments are recorded together with the invoice, which is
/// sent then.
pub(super) fn create(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let body = call.object()?;
    let payments = match body.get("batch_payments") {
        None | Some(Json::Null) => &[],
        Some(Json::List(payments)) => payments.as_slice(),
        Some(_) => return Err(ApiError::invalid("batch_payments")),
    };
    let record = desk::write(context, call, |desk| {
        let invoice = desk.create(resource, body)?;
        extra::accompany(desk, &invoice, call, true)?;
        let invoice = desk.find(Kind::Invoice, invoice.id)?;
        if !payments.is_empty() {
            super::status::mark_sent(desk, &invoice)?;
        }
        for payment in payments {
            let body = batch_payment(&invoice, payment)?;
            desk.create(&CustomerPayment, &body)?;
        }
        desk.find(Kind::Invoice, invoice.id)
    })?;
    reply(context, resource, &record, 201, resource.spec().messages.created)
}

fn batch_payment(invoice: &Record, payment: &Json) -> Result<Json, ApiError> {
    let given = |name: &str| payment.get(name).cloned().unwrap_or(Json::Null);
    let amount = given("amount");
    if !matches!(payment, Json::Object(_)) || amount == Json::Null {
        return Err(ApiError::invalid("batch_payments"));
    }
    let date = if payment.get("date").is_some() { given("date") } else { invoice.text("date").into() };
    let applied = Json::object([("invoice_id", Json::id(invoice.id)), ("amount_applied", amount.clone())]);
    Ok(Json::object([
        ("customer_id", invoice.text("customer_id").into()),
        ("payment_mode", given("payment_mode")),
        ("amount", amount),
        ("date", date),
        ("account_id", given("account_id")),
        ("reference_number", given("reference_number")),
        ("exchange_rate", Json::amount(invoice.decimal("exchange_rate"))),
        ("invoices", vec![applied].into()),
    ]))
}

/// Whether a payment was made for this invoice alone and is used up by it.
fn is_single(payment: &Record) -> bool {
    application::of(payment).len() == 1
        && payment.decimal("unused_amount").is_zero()
        && payment.list("refunds").is_empty()
}

/// `GET /invoices/{id}/payments`.
pub(super) fn payments(
    context: &Context<'_>,
    call: &Call,
    resource: &dyn Resource,
) -> Result<Reply, ApiError> {
    let invoice = find(context, call, resource)?;
    let reader = Reader::new(context)?;
    let rows = application::on(&reader.books, &PAYMENTS, &invoice).into_iter().map(|(payment, applied)| {
        Json::object([
            ("payment_id", Json::id(payment.id)),
            ("payment_number", payment.text("payment_number").into()),
            ("invoice_id", Json::id(invoice.id)),
            ("invoice_payment_id", Json::id(applied.id)),
            ("payment_mode", payment.text("payment_mode").into()),
            ("description", payment.text("description").into()),
            ("date", payment.text("date").into()),
            ("reference_number", payment.text("reference_number").into()),
            ("exchange_rate", Json::amount(payment.decimal("exchange_rate"))),
            ("amount", Json::amount(applied.amount)),
            ("tax_amount_withheld", Json::amount(applied.withheld)),
            ("online_transaction_id", "".into()),
            ("is_single_invoice_payment", is_single(&payment).into()),
        ])
    });
    Ok(Reply::read([("payments", rows.collect::<Vec<_>>().into())]))
}

/// `GET /invoices/{id}/creditsapplied`.
pub(super) fn credits(
    context: &Context<'_>,
    call: &Call,
    resource: &dyn Resource,
) -> Result<Reply, ApiError> {
    let invoice = find(context, call, resource)?;
    let reader = Reader::new(context)?;
    let rows = application::on(&reader.books, &CREDITS, &invoice).into_iter().map(|(note, applied)| {
        Json::object([
            ("creditnote_id", Json::id(note.id)),
            ("creditnotes_invoice_id", Json::id(applied.id)),
            ("creditnotes_number", note.text("creditnote_number").into()),
            ("credited_date", applied.date.into()),
            ("amount_applied", Json::amount(applied.amount)),
        ])
    });
    Ok(Reply::read([("credits", rows.collect::<Vec<_>>().into())]))
}

/// `POST /invoices/{id}/credits`: unused amounts of payments and open credit notes pay the invoice. Errors: 2 for
/// another shape or nothing to apply, 6 for a payment or credit note that does not exist, and those of
/// [`application::check`].
pub(super) fn apply(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let wanted = wanted(call.object()?)?;
    let message = "Credits have been applied to the invoice(s).";
    act(context, call, resource, message, |desk, invoice| pay(desk, invoice, wanted))
}

/// The payments and the credit notes that a body lets pay an invoice. Errors: code 2 for another shape or nothing to
/// apply.
pub(crate) fn wanted(body: &Json) -> Result<(&[Json], &[Json]), ApiError> {
    let list = |name: &str| match body.get(name) {
        None | Some(Json::Null) => Ok(&[][..]),
        Some(Json::List(entries)) => Ok(entries.as_slice()),
        Some(_) => Err(ApiError::invalid(name)),
    };
    let (payments, notes) = (list("invoice_payments")?, list("apply_creditnotes")?);
    if payments.is_empty() && notes.is_empty() {
        return Err(ApiError::invalid("invoice_payments"));
    }
    Ok((payments, notes))
}

/// Lets payments and credit notes pay an invoice. Errors: 6 for one that does not exist, and those of
/// [`application::check`].
pub(crate) fn pay(
    desk: &mut Desk<'_>,
    invoice: &Record,
    (payments, notes): (&[Json], &[Json]),
) -> Result<(), ApiError> {
    apply_all(desk, &PAYMENTS, "payment_id", payments, invoice.id)?;
    apply_all(desk, &CREDITS, "creditnote_id", notes, invoice.id)
}

fn apply_all(
    desk: &mut Desk<'_>,
    source: &Source,
    name: &str,
    entries: &[Json],
    invoice_id: u64,
) -> Result<(), ApiError> {
    for given in entries {
        let (id, amount, _) = application::entry(given, name)?;
        let known = desk.find(source.kind, id).map_err(|_| ApiError::about(Code::InvalidReference, name))?;
        application::add(desk, source, &known, invoice_id, amount)?;
    }
    Ok(())
}

/// `DELETE /invoices/{id}/payments/{invoice_payment_id}`: a payment for this invoice alone is deleted; of any other what
/// was applied becomes unused again [?].
pub(super) fn remove_payment(
    context: &Context<'_>,
    call: &Call,
    resource: &dyn Resource,
) -> Result<Reply, ApiError> {
    act(context, call, resource, "The payment has been deleted.", |desk, invoice| {
        let (payment, applied) = applied_as(desk, &PAYMENTS, invoice, call.text_id(1), "Payment")?;
        if is_single(&payment) {
            return desk.delete(&CustomerPayment, payment.id);
        }
        application::change(desk, &PAYMENTS, &payment, |list| list.retain(|it| it.id != applied.id))
    })
}

/// `DELETE /invoices/{id}/creditsapplied/{creditnotes_invoice_id}`.
pub(super) fn remove_credit(
    context: &Context<'_>,
    call: &Call,
    resource: &dyn Resource,
) -> Result<Reply, ApiError> {
    let message = "Credits applied to an invoice have been deleted.";
    act(context, call, resource, message, |desk, invoice| {
        let (note, applied) = applied_as(desk, &CREDITS, invoice, call.text_id(1), "Credit")?;
        application::change(desk, &CREDITS, &note, |list| list.retain(|it| it.id != applied.id))
    })
}

fn applied_as(
    desk: &Desk<'_>,
    source: &Source,
    invoice: &Record,
    id: &str,
    label: &str,
) -> Result<(std::sync::Arc<Record>, Application), ApiError> {
    let known = application::on(&desk.books(), source, invoice);
    known.into_iter().find(|(_, it)| it.id.to_string() == id).ok_or_else(|| ApiError::missing(label))
}

/// `POST /invoices/fromsalesorder?salesorder_id=`.
pub(super) fn from_order(
    context: &Context<'_>,
    call: &Call,
    resource: &dyn Resource,
) -> Result<Reply, ApiError> {
    let id = call.query.get("salesorder_id").ok_or_else(|| ApiError::invalid("salesorder_id"))?;
    let record = desk::write(context, call, |desk| {
        let missing = || ApiError::missing("Sales order");
        let order = desk.find(Kind::SalesOrder, id.parse().map_err(|_| missing())?)?;
        let body = super::order::body(desk, &order)?;
        desk.create(resource, &body)
    })?;
    reply(context, resource, &record, 201, resource.spec().messages.created)
}

/// `POST /invoices/mapwithorder`: those that cannot be mapped are listed with the reason.
pub(super) fn map_with_order(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let ids = call.object()?.get("invoice_ids").and_then(Json::as_list);
    let ids = ids.filter(|ids| !ids.is_empty() && ids.len() <= crate::engine::write::MAX_BULK);
    let ids = ids.ok_or_else(|| ApiError::invalid("invoice_ids"))?;
    let errors = desk::write(context, call, |desk| {
        let mut errors = Vec::new();
        for id in ids {
            let text = id.as_id_text().ok_or_else(|| ApiError::invalid("invoice_ids"))?;
            let outcome = desk.attempt(|desk| {
                let id = text.parse().map_err(|_| ApiError::missing(Invoice.spec().label))?;
                let invoice = desk.find(Kind::Invoice, id)?;
                super::order::map(desk, &invoice)
            });
            if outcome.is_err() {
                let (code, message) = call.outcome(outcome, "");
                errors.push(Json::object([
                    ("code", u64::from(code).into()),
                    ("message", message.into()),
                    ("ids", vec![text.into()].into()),
                ]));
            }
        }
        Ok(errors)
    })?;
    let message = "The invoices selected have been associated with their sales orders.";
    Ok(Reply::done(message, [("errors", errors.into())]))
}

/// `GET /share/paymentlink`.
pub(super) fn payment_link(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let kind = call.query.get("transaction_type").unwrap_or("invoice");
    if !kind.eq_ignore_ascii_case("invoice") {
        return Err(ApiError::invalid("transaction_type"));
    }
    let id = call.query.get("transaction_id").ok_or_else(|| ApiError::invalid("transaction_id"))?;
    let reader = Reader::new(context)?;
    let invoice = id.parse().ok().and_then(|id| reader.books.record(Kind::Invoice, id).cloned());
    let invoice = invoice.ok_or_else(|| ApiError::missing(Invoice.spec().label))?;
    if invoice.decimal("balance") <= Decimal::ZERO {
        return Err(crate::document::sale::wrong("Nothing of the invoice is due."));
    }
    let link = Invoice.show("invoice_url", &invoice, &reader);
    Ok(Reply::read([("data", Json::object([("share_link", link)]))]))
}
