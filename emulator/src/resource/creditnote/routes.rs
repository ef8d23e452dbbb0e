//! The operations on credit notes.

use super::{CreditNote, apply, status};
use crate::auth::{Context, Need};
use crate::document::{address, layout, refund};
use crate::engine::spec::Resource;
use crate::engine::write::act;
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::request::Call;
use crate::routes::Handler::{Of, Plain};
use crate::routes::{
    BOOKS_AND_INVOICE as BOTH, Operation, deletes, deletes_many, lists, op, reads, updates, upserts,
};

const CREATE: Need = ("creditnotes", "create");
const READ: Need = ("creditnotes", "read");
const UPDATE: Need = ("creditnotes", "update");
const DELETE: Need = ("creditnotes", "delete");

type Act = fn(&Context<'_>, &Call, &dyn Resource) -> Result<Reply, ApiError>;

const fn get(path: &'static str, name: &'static str, answer: Act) -> Operation {
    op(BOTH, "GET", path, READ, name, Of(&CreditNote, answer))
}

const fn post(path: &'static str, name: &'static str, answer: Act) -> Operation {
    op(BOTH, "POST", path, CREATE, name, Of(&CreditNote, answer))
}

const fn put(path: &'static str, name: &'static str, answer: Act) -> Operation {
    op(BOTH, "PUT", path, UPDATE, name, Of(&CreditNote, answer))
}

const fn delete(path: &'static str, name: &'static str, answer: Act) -> Operation {
    op(BOTH, "DELETE", path, DELETE, name, Of(&CreditNote, answer))
}

/// The operations.
pub(crate) static OPERATIONS: &[Operation] = &[
    op(BOTH, "GET", "creditnotes", READ, "List credit notes", lists(&CreditNote)),
    post("creditnotes", "Create a credit note", apply::create),
    op(
        BOTH,
        "PUT",
        "creditnotes",
        UPDATE,
        "Update a credit note by a unique custom field",
        upserts(&CreditNote),
    ),
    op(BOTH, "DELETE", "creditnotes", DELETE, "Delete credit notes", deletes_many(&CreditNote)),
    op(BOTH, "GET", "creditnotes/*", READ, "Get a credit note", reads(&CreditNote)),
    op(BOTH, "PUT", "creditnotes/*", UPDATE, "Update a credit note", updates(&CreditNote)),
    op(BOTH, "DELETE", "creditnotes/*", DELETE, "Delete a credit note", deletes(&CreditNote)),
    post("creditnotes/*/status/open", "Open a credit note", opened),
    post("creditnotes/*/status/void", "Void a credit note", voided),
    post("creditnotes/*/status/draft", "Mark a void credit note as draft", redrafted),
    post("creditnotes/*/submit", "Submit a credit note for approval", submitted),
    post("creditnotes/*/approve", "Approve a credit note", approved),
    put("creditnotes/*/address/billing", "Update a credit note's billing address", address::billing),
    put("creditnotes/*/address/shipping", "Update a credit note's shipping address", address::shipping),
    op(BOTH, "GET", "creditnotes/templates", READ, "List credit note templates", Plain(layout::list)),
    put("creditnotes/*/templates/*", "Choose a credit note's template", layout::choose),
    get("creditnotes/*/invoices", "List the invoices a credit note is applied to", apply::list),
    post("creditnotes/*/invoices", "Apply a credit note to invoices", apply::apply),
    delete("creditnotes/*/invoices/*", "Delete a credit applied to an invoice", apply::remove),
    get("creditnotes/refunds", "List the refunds of all credit notes", refund::list_all),
    get("creditnotes/*/refunds", "List the refunds of a credit note", refund::list),
    post("creditnotes/*/refunds", "Refund a credit note", refund::create),
    get("creditnotes/*/refunds/*", "Get a refund of a credit note", refund::read),
    put("creditnotes/*/refunds/*", "Update a refund of a credit note", refund::update),
    delete("creditnotes/*/refunds/*", "Delete a refund of a credit note", refund::delete),
];

fn opened(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    act(context, call, resource, "Status of the credit note has been changed to open.", status::open)
}

fn voided(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    act(context, call, resource, "The credit note has been marked as void.", status::void)
}

fn redrafted(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    act(context, call, resource, "The credit note has been marked as Draft.", status::redraft)
}

fn submitted(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let message = "The Credit Note has been successfully submitted for approval.";
    act(context, call, resource, message, status::submit)
}

fn approved(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    act(context, call, resource, "You have approved the Credit Note.", status::approve)
}
