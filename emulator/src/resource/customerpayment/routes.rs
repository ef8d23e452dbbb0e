//! The operations on customer payments.

use super::{CustomerPayment, delete_all};
use crate::auth::{Context, Need};
use crate::document::refund;
use crate::engine::desk;
use crate::engine::write::ids;
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::request::Call;
use crate::resource::custom_field::routes::write_values;
use crate::routes::Handler::{Of, Plain};
use crate::routes::{
    BOOKS_AND_INVOICE as BOTH, Operation, creates, deletes, lists, op, reads, updates, upserts,
};

const CREATE: Need = ("customerpayments", "create");
const READ: Need = ("customerpayments", "read");
const UPDATE: Need = ("customerpayments", "update");
const DELETE: Need = ("customerpayments", "delete");

/// The operations.
pub(crate) static OPERATIONS: &[Operation] = &[
    op(BOTH, "GET", "customerpayments", READ, "List customer payments", lists(&CustomerPayment)),
    op(BOTH, "POST", "customerpayments", CREATE, "Create a customer payment", creates(&CustomerPayment)),
    op(
        BOTH,
        "PUT",
        "customerpayments",
        UPDATE,
        "Update a customer payment by a unique custom field",
        upserts(&CustomerPayment),
    ),
    op(BOTH, "DELETE", "customerpayments", DELETE, "Delete customer payments", Plain(bulk_delete)),
    op(BOTH, "GET", "customerpayments/*", READ, "Get a customer payment", reads(&CustomerPayment)),
    op(BOTH, "PUT", "customerpayments/*", UPDATE, "Update a customer payment", updates(&CustomerPayment)),
    op(BOTH, "DELETE", "customerpayments/*", DELETE, "Delete a customer payment", deletes(&CustomerPayment)),
    op(
        BOTH,
        "GET",
        "customerpayments/*/refunds",
        READ,
        "List the refunds of a payment",
        Of(&CustomerPayment, refund::list),
    ),
    op(
        BOTH,
        "POST",
        "customerpayments/*/refunds",
        CREATE,
        "Refund a payment",
        Of(&CustomerPayment, refund::create),
    ),
    op(
        BOTH,
        "GET",
        "customerpayments/*/refunds/*",
        READ,
        "Get a refund of a payment",
        Of(&CustomerPayment, refund::read),
    ),
    op(
        BOTH,
        "PUT",
        "customerpayments/*/refunds/*",
        UPDATE,
        "Update a refund of a payment",
        Of(&CustomerPayment, refund::update),
    ),
    op(
        BOTH,
        "DELETE",
        "customerpayments/*/refunds/*",
        DELETE,
        "Delete a refund of a payment",
        Of(&CustomerPayment, refund::delete),
    ),
    op(
        BOTH,
        "PUT",
        "customerpayment/*/customfields",
        UPDATE,
        "Update custom fields of a customer payment",
        Of(&CustomerPayment, write_values),
    ),
];

/// `DELETE /customerpayments?payment_id=a,b&bulk_delete=true`: all of them or none.
fn bulk_delete(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let name = if call.query.get("payment_ids").is_some() { "payment_ids" } else { "payment_id" };
    let ids = ids(call, name)?;
    desk::write(context, call, |desk| delete_all(desk, &ids))?;
    Ok(Reply::done("The selected customer payments have been deleted.", []))
}
