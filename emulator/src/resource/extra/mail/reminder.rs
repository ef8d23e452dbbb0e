//! Payment reminders of invoices.

use rust_decimal::Decimal;

use super::document::{ids, offer};
use super::draft::{self, Draft};
use super::{body, post, statement, usual};
use crate::auth::Context;
use crate::engine::desk::{self, Desk};
use crate::engine::spec::Resource;
use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::request::Call;
use crate::resource::extra::history;
use crate::resource::extra::subject::party;
use crate::store::mail::MailFile;
use crate::store::record::Record;

/// `GET /invoices/{id}/paymentreminder`.
pub(super) fn get(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    offer(context, call, resource, true)
}

/// `POST /invoices/{id}/paymentreminder`. Without `to_mail_ids` it goes to the people whom the invoice is for.
pub(super) fn remind(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let spec = resource.spec();
    let id = call.id(0, spec.label)?;
    let body = body(call)?;
    desk::write(context, call, |desk| {
        let record = desk.find(spec.kind, id)?;
        let content = usual(desk, &record, true)?;
        let draft = Draft::read(desk, body, content, &[], true)?;
        let mut files = draft::files(desk, call)?;
        if draft::wish(call, body, "send_customer_statement")? == Some(true)
            && let Some(contact) = party(&record)
        {
            files.push(statement::file(desk, contact, statement::Period::current(desk.today()))?);
        }
        send(desk, resource, &record, draft, files)
    })?;
    Ok(Reply::done("Your payment reminder has been sent.", []))
}

/// `POST /invoices/paymentreminder?invoice_ids=a,b`: each succeeds or fails alone.
pub(super) fn remind_many(
    context: &Context<'_>,
    call: &Call,
    resource: &dyn Resource,
) -> Result<Reply, ApiError> {
    let spec = resource.spec();
    let ids = ids(call, resource)?;
    let (sent, refused) = desk::write(context, call, |desk| {
        let (mut sent, mut refused) = (0u64, Vec::<(String, Vec<Json>)>::new());
        for text in ids {
            let outcome = desk.attempt(|desk| {
                let id = text.parse().map_err(|_| ApiError::missing(spec.label))?;
                let record = desk.find(spec.kind, id)?;
                let draft = Draft::usual(usual(desk, &record, true)?)?;
                send(desk, resource, &record, draft, Vec::new())
            });
            match outcome {
                Ok(()) => sent += 1,
                Err(error) => match refused.iter_mut().find(|(message, _)| *message == error.message) {
                    Some((_, ids)) => ids.push(text.into()),
                    None => refused.push((error.message, vec![text.into()])),
                },
            }
        }
        Ok((sent, refused))
    })?;
    let errors = refused
        .into_iter()
        .map(|(message, ids)| Json::object([("message", message.into()), ("ids", ids.into())]));
    let success = Json::object([
        ("message", format!("{sent} payment reminder(s) have been sent.").into()),
        ("sent_count", sent.into()),
    ]);
    let info = Json::object([
        ("email_success_info", success),
        ("email_errors_info", errors.collect::<Vec<_>>().into()),
        ("code", 0.into()),
    ]);
    Ok(Reply::success(201, "success", [("info", info)]))
}

/// Sends a reminder. Errors: 4098 for an invoice of which nothing is due.
fn send(
    desk: &mut Desk<'_>,
    resource: &dyn Resource,
    record: &Record,
    draft: Draft,
    files: Vec<MailFile>,
) -> Result<(), ApiError> {
    let status = resource.status(record, &desk.reader());
    let open = ["sent", "viewed", "unpaid", "overdue", "partially_paid"].contains(&status.as_str());
    if !open || record.decimal("balance") <= Decimal::ZERO {
        let sentence = "Payment reminders are sent only for open or overdue invoices.";
        return Err(ApiError::about(Code::WrongState, sentence));
    }
    let today = desk.today().to_string();
    let record = desk.alter(record.kind, record.id, |record| {
        let count = record.decimal("reminders_sent") + Decimal::ONE;
        record.set("reminders_sent", Json::Number(count.normalize().to_string()));
        record.set("last_reminder_sent_date", today.as_str());
    })?;
    let note = format!("Payment reminder emailed to {}.", draft.to.join(", "));
    post(desk, record.kind, record.id, draft, files);
    history::note(desk, &record, &note, "Mailed")
}
