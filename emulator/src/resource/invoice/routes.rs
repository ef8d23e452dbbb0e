//! The operations on invoices.

use std::sync::Arc;

use super::{Invoice, credit, status};
use crate::auth::{Context, Need};
use crate::document::{address, layout};
use crate::engine::desk::Desk;
use crate::engine::spec::Resource;
use crate::engine::write::{act, each};
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::request::Call;
use crate::resource::custom_field::routes::write_values;
use crate::resource::expense::Expense;
use crate::resource::receipt;
use crate::routes::Handler::{Of, Plain};
use crate::routes::{
    BOOKS_AND_INVOICE as BOTH, Operation, deletes, deletes_many, lists, op, reads, updates, upserts,
};
use crate::store::kind::Kind;
use crate::store::record::Record;

const CREATE: Need = ("invoices", "create");
const READ: Need = ("invoices", "read");
const UPDATE: Need = ("invoices", "update");
const DELETE: Need = ("invoices", "delete");

type Act = fn(&Context<'_>, &Call, &dyn Resource) -> Result<Reply, ApiError>;

const fn get(path: &'static str, name: &'static str, answer: Act) -> Operation {
    op(BOTH, "GET", path, READ, name, Of(&Invoice, answer))
}

const fn post(path: &'static str, name: &'static str, answer: Act) -> Operation {
    op(BOTH, "POST", path, CREATE, name, Of(&Invoice, answer))
}

const fn put(path: &'static str, name: &'static str, answer: Act) -> Operation {
    op(BOTH, "PUT", path, UPDATE, name, Of(&Invoice, answer))
}

const fn delete(path: &'static str, name: &'static str, answer: Act) -> Operation {
    op(BOTH, "DELETE", path, DELETE, name, Of(&Invoice, answer))
}

/// The operations.
pub(crate) static OPERATIONS: &[Operation] = &[
    op(BOTH, "GET", "invoices", READ, "List invoices", lists(&Invoice)),
    post("invoices", "Create an invoice", credit::create),
    op(BOTH, "PUT", "invoices", UPDATE, "Update an invoice by a unique custom field", upserts(&Invoice)),
    op(BOTH, "DELETE", "invoices", DELETE, "Delete invoices", deletes_many(&Invoice)),
    op(BOTH, "GET", "invoices/*", READ, "Get an invoice", reads(&Invoice)),
    op(BOTH, "PUT", "invoices/*", UPDATE, "Update an invoice", updates(&Invoice)),
    op(BOTH, "DELETE", "invoices/*", DELETE, "Delete an invoice", deletes(&Invoice)),
    post("invoices/*/status/sent", "Mark an invoice as sent", sent),
    post("invoices/*/status/void", "Void an invoice", voided),
    post("invoices/*/status/draft", "Mark a void invoice as draft", redrafted),
    post("invoices/status/sent", "Mark invoices as sent", all_sent),
    post("invoices/*/submit", "Submit an invoice for approval", submitted),
    post("invoices/*/approve", "Approve an invoice", approved),
    post("invoices/*/writeoff", "Write off an invoice", written_off),
    post("invoices/*/writeoff/cancel", "Cancel the write-off of an invoice", write_off_cancelled),
    post("invoices/*/paymentreminder/enable", "Enable the reminders of an invoice", reminded),
    post("invoices/*/paymentreminder/disable", "Disable the reminders of an invoice", not_reminded),
    get("invoices/*/payments", "List the payments of an invoice", credit::payments),
    delete("invoices/*/payments/*", "Delete a payment of an invoice", credit::remove_payment),
    get("invoices/*/creditsapplied", "List the credits applied to an invoice", credit::credits),
    delete("invoices/*/creditsapplied/*", "Delete a credit applied to an invoice", credit::remove_credit),
    post("invoices/*/credits", "Apply credits to an invoice", credit::apply),
    op(
        crate::routes::BOOKS,
        "POST",
        "invoices/fromsalesorder",
        CREATE,
        "Create an invoice from a sales order",
        Of(&Invoice, credit::from_order),
    ),
    op(
        crate::routes::BOOKS,
        "POST",
        "invoices/mapwithorder",
        CREATE,
        "Map invoices with their sales orders",
        Plain(credit::map_with_order),
    ),
    put("invoices/*/address/billing", "Update an invoice's billing address", address::billing),
    put("invoices/*/address/shipping", "Update an invoice's shipping address", address::shipping),
    op(BOTH, "GET", "invoices/templates", READ, "List invoice templates", Plain(layout::list)),
    put("invoices/*/templates/*", "Choose an invoice's template", layout::choose),
    put("invoice/*/customfields", "Update custom fields of an invoice", write_values),
    op(
        BOTH,
        "DELETE",
        "invoices/expenses/*/receipt",
        DELETE,
        "Delete the receipt of an invoiced expense",
        Of(&Expense, receipt::discard),
    ),
    op(BOTH, "GET", "share/paymentlink", READ, "Get a payment link", Plain(credit::payment_link)),
];

const SENT: &str = "Invoice status has been changed to Sent.";

fn sent(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    act(context, call, resource, SENT, status::mark_sent)
}

fn all_sent(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    each(context, call, resource, SENT, |desk, id| {
        let invoice = desk.find(Kind::Invoice, id)?;
        status::mark_sent(desk, &invoice)
    })
}

fn voided(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    act(context, call, resource, "Invoice status has been changed to Void.", status::void)
}

fn redrafted(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    act(context, call, resource, "Status of invoice changed from void to draft", status::redraft)
}

fn submitted(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let message = "The invoice has been submitted for approval successfully.";
    act(context, call, resource, message, status::submit)
}

fn approved(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    act(context, call, resource, "You have approved the invoice.", status::approve)
}

fn written_off(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    act(context, call, resource, "Invoice has been written off", status::write_off)
}

fn write_off_cancelled(
    context: &Context<'_>,
    call: &Call,
    resource: &dyn Resource,
) -> Result<Reply, ApiError> {
    let message = "The write off done for this invoice has been cancelled.";
    act(context, call, resource, message, status::cancel_write_off)
}

fn reminded(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    act(context, call, resource, "Reminders enabled.", |desk, invoice| remind(desk, invoice, true))
}

fn not_reminded(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    act(context, call, resource, "Reminders stopped.", |desk, invoice| remind(desk, invoice, false))
}

fn remind(desk: &mut Desk<'_>, invoice: &Arc<Record>, wanted: bool) -> Result<(), ApiError> {
    if invoice.flag("payment_reminder_enabled") != wanted {
        desk.alter(Kind::Invoice, invoice.id, |it| it.set("payment_reminder_enabled", wanted))?;
    }
    Ok(())
}
