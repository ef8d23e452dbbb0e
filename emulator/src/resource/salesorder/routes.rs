//! The operations on sales orders. Their status calls answer 201.

use std::sync::Arc;

use super::{SalesOrder, list, status};
use crate::auth::{Context, Need};
use crate::document::{address, layout};
use crate::engine::desk::Desk;
use crate::engine::spec::Resource;
use crate::engine::write::act;
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::request::Call;
use crate::resource::custom_field::routes::write_values;
use crate::routes::Handler::{Of, Plain};
use crate::routes::{BOOKS, Operation, creates, deletes, deletes_many, op, reads, updates, upserts};
use crate::store::record::Record;

const CREATE: Need = ("salesorders", "create");
const READ: Need = ("salesorders", "read");
const UPDATE: Need = ("salesorders", "update");
const DELETE: Need = ("salesorders", "delete");

/// The operations.
pub(crate) static OPERATIONS: &[Operation] = &[
    op(BOOKS, "GET", "salesorders", READ, "List sales orders", Of(&SalesOrder, list::list)),
    op(BOOKS, "POST", "salesorders", CREATE, "Create a sales order", creates(&SalesOrder)),
    op(
        BOOKS,
        "PUT",
        "salesorders",
        UPDATE,
        "Update a sales order by a unique custom field",
        upserts(&SalesOrder),
    ),
    op(BOOKS, "DELETE", "salesorders", DELETE, "Delete sales orders", deletes_many(&SalesOrder)),
    op(BOOKS, "GET", "salesorders/*", READ, "Get a sales order", reads(&SalesOrder)),
    op(BOOKS, "PUT", "salesorders/*", UPDATE, "Update a sales order", updates(&SalesOrder)),
    op(BOOKS, "DELETE", "salesorders/*", DELETE, "Delete a sales order", deletes(&SalesOrder)),
    op(
        BOOKS,
        "POST",
        "salesorders/*/status/open",
        CREATE,
        "Mark a sales order as open",
        Of(&SalesOrder, opened),
    ),
    op(
        BOOKS,
        "POST",
        "salesorders/*/status/confirmed",
        CREATE,
        "Confirm a sales order",
        Of(&SalesOrder, opened),
    ),
    op(
        BOOKS,
        "POST",
        "salesorders/*/status/void",
        CREATE,
        "Mark a sales order as void",
        Of(&SalesOrder, voided),
    ),
    op(
        BOOKS,
        "POST",
        "salesorders/*/substatus/*",
        CREATE,
        "Set the sub-status of a sales order",
        Of(&SalesOrder, substatus),
    ),
    op(
        BOOKS,
        "POST",
        "salesorders/*/submit",
        CREATE,
        "Submit a sales order for approval",
        Of(&SalesOrder, submitted),
    ),
    op(BOOKS, "POST", "salesorders/*/approve", CREATE, "Approve a sales order", Of(&SalesOrder, approved)),
    op(
        BOOKS,
        "PUT",
        "salesorders/*/address/billing",
        UPDATE,
        "Update a sales order's billing address",
        Of(&SalesOrder, address::billing),
    ),
    op(
        BOOKS,
        "PUT",
        "salesorders/*/address/shipping",
        UPDATE,
        "Update a sales order's shipping address",
        Of(&SalesOrder, address::shipping),
    ),
    op(BOOKS, "GET", "salesorders/templates", READ, "List sales order templates", Plain(layout::list)),
    op(
        BOOKS,
        "PUT",
        "salesorders/*/templates/*",
        UPDATE,
        "Choose a sales order's template",
        Of(&SalesOrder, layout::choose),
    ),
    op(
        BOOKS,
        "PUT",
        "salesorder/*/customfields",
        UPDATE,
        "Update custom fields of a sales order",
        Of(&SalesOrder, write_values),
    ),
];

fn opened(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    created(context, call, resource, "Sales order status has been changed to Open.", status::open)
}

fn voided(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    created(context, call, resource, "Sales order status has been changed to Void.", status::void)
}

fn created(
    context: &Context<'_>,
    call: &Call,
    resource: &dyn Resource,
    message: &str,
    change: impl FnOnce(&mut Desk<'_>, &Arc<Record>) -> Result<(), ApiError>,
) -> Result<Reply, ApiError> {
    Ok(Reply { status: 201, ..act(context, call, resource, message, change)? })
}

fn submitted(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let message = "The Sales Order has been successfully submitted for approval.";
    act(context, call, resource, message, status::submit)
}

fn approved(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    act(context, call, resource, "You have approved the Sales Order.", status::approve)
}

fn substatus(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    act(context, call, resource, "Sales Order status updated successfully.", |desk, record| {
        status::substatus(desk, record, call.text_id(1))
    })
}
