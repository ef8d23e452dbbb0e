//! The operations on purchase orders.

use super::PurchaseOrder;
use crate::auth::{Context, Need};
use crate::document::{address, layout};
use crate::engine::spec::Resource;
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::request::Call;
use crate::resource::custom_field::routes::write_values;
use crate::resource::step::Step;
use crate::routes::Handler::{Of, Plain};
use crate::routes::{BOOKS, Operation, creates, deletes, deletes_many, lists, op, reads, updates, upserts};

const CREATE: Need = ("purchaseorders", "create");
const READ: Need = ("purchaseorders", "read");
const UPDATE: Need = ("purchaseorders", "update");
const DELETE: Need = ("purchaseorders", "delete");

/// The operations. Comments, attachments, e-mails and custom fields are common to all documents.
pub(crate) static OPERATIONS: &[Operation] = &[
    op(BOOKS, "GET", "purchaseorders", READ, "List purchase orders", lists(&PurchaseOrder)),
    op(BOOKS, "POST", "purchaseorders", CREATE, "Create a purchase order", creates(&PurchaseOrder)),
    op(
        BOOKS,
        "PUT",
        "purchaseorders",
        UPDATE,
        "Update a purchase order by a unique custom field",
        upserts(&PurchaseOrder),
    ),
    op(BOOKS, "DELETE", "purchaseorders", DELETE, "Delete purchase orders", deletes_many(&PurchaseOrder)),
    op(BOOKS, "GET", "purchaseorders/*", READ, "Get a purchase order", reads(&PurchaseOrder)),
    op(BOOKS, "PUT", "purchaseorders/*", UPDATE, "Update a purchase order", updates(&PurchaseOrder)),
    op(BOOKS, "DELETE", "purchaseorders/*", DELETE, "Delete a purchase order", deletes(&PurchaseOrder)),
    op(
        BOOKS,
        "POST",
        "purchaseorders/*/status/open",
        CREATE,
        "Mark a purchase order as open",
        Of(&PurchaseOrder, open),
    ),
    op(
        BOOKS,
        "POST",
        "purchaseorders/*/status/billed",
        CREATE,
        "Mark a purchase order as billed",
        Of(&PurchaseOrder, bill),
    ),
    op(
        BOOKS,
        "POST",
        "purchaseorders/*/status/cancelled",
        CREATE,
        "Cancel a purchase order",
        Of(&PurchaseOrder, cancel),
    ),
    op(
        BOOKS,
        "POST",
        "purchaseorders/*/submit",
        CREATE,
        "Submit a purchase order for approval",
        Of(&PurchaseOrder, submit),
    ),
    op(
        BOOKS,
        "POST",
        "purchaseorders/*/approve",
        CREATE,
        "Approve a purchase order",
        Of(&PurchaseOrder, approve),
    ),
    op(
        BOOKS,
        "POST",
        "purchaseorders/*/reject",
        CREATE,
        "Reject a purchase order",
        Of(&PurchaseOrder, reject),
    ),
    op(
        BOOKS,
        "PUT",
        "purchaseorders/*/address/billing",
        UPDATE,
        "Update the billing address of a purchase order",
        Of(&PurchaseOrder, address::billing),
    ),
    op(
        BOOKS,
        "PUT",
        "purchaseorders/*/address/shipping",
        UPDATE,
        "Update the delivery address of a purchase order",
        Of(&PurchaseOrder, address::shipping),
    ),
    op(BOOKS, "GET", "purchaseorders/templates", READ, "List purchase order templates", Plain(layout::list)),
    op(
        BOOKS,
        "PUT",
        "purchaseorders/*/templates/*",
        UPDATE,
        "Choose the template of a purchase order",
        Of(&PurchaseOrder, layout::choose),
    ),
    op(
        BOOKS,
        "PUT",
        "purchaseorder/*/customfields",
        UPDATE,
        "Update custom fields of a purchase order",
        Of(&PurchaseOrder, write_values),
    ),
];

fn open(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    Step {
        from: &["draft", "approved", "cancelled"],
        to: "open",
        done: &["open", "partially_billed"],
        verb: "marked as open",
        message: "The purchase order has been marked as open.",
        http: 201,
    }
    .answer(context, call, resource)
}

fn bill(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    Step {
        from: &["open", "partially_billed"],
        to: "billed",
        done: &["billed"],
        verb: "marked as billed",
        message: "The purchase order has been marked as billed.",
        http: 201,
    }
    .answer(context, call, resource)
}

fn cancel(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    Step {
        from: &["draft", "open", "approved"],
        to: "cancelled",
        done: &["cancelled"],
        verb: "cancelled",
        message: "The purchase order has been cancelled.",
        http: 201,
    }
    .answer(context, call, resource)
}

fn submit(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    Step {
        from: &["draft", "rejected"],
        to: "pending_approval",
        done: &["pending_approval"],
        verb: "submitted for approval",
        message: "The purchase order has been successfully submitted for approval.",
        http: 200,
    }
    .answer(context, call, resource)
}

fn approve(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    Step {
        from: &["pending_approval"],
        to: "approved",
        done: &["approved"],
        verb: "approved",
        message: "You have approved the Purchase Order.",
        http: 200,
    }
    .answer(context, call, resource)
}

fn reject(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    Step {
        from: &["pending_approval"],
        to: "rejected",
        done: &["rejected"],
        verb: "rejected",
        message: "You have rejected the Purchase order successfully.",
        http: 201,
    }
    .answer(context, call, resource)
}
