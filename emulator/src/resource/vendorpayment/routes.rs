//! The operations on vendor payments.

use super::{VendorPayment, refund};
use crate::auth::{Context, Need};
use crate::engine::desk;
use crate::engine::spec::Resource;
use crate::engine::write::ids;
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::request::Call;
use crate::routes::Handler::Of;
use crate::routes::{BOOKS, Operation, creates, deletes, lists, op, reads, updates, upserts};

const CREATE: Need = ("vendorpayments", "create");
const READ: Need = ("vendorpayments", "read");
const UPDATE: Need = ("vendorpayments", "update");
const DELETE: Need = ("vendorpayments", "delete");

/// The operations. E-mails are common to all documents.
pub(crate) static OPERATIONS: &[Operation] = &[
    op(BOOKS, "GET", "vendorpayments", READ, "List vendor payments", lists(&VendorPayment)),
    op(BOOKS, "POST", "vendorpayments", CREATE, "Create a vendor payment", creates(&VendorPayment)),
    op(
        BOOKS,
        "PUT",
        "vendorpayments",
        UPDATE,
        "Update a vendor payment by a unique custom field",
        upserts(&VendorPayment),
    ),
    op(BOOKS, "DELETE", "vendorpayments", DELETE, "Delete vendor payments", Of(&VendorPayment, delete_many)),
    op(BOOKS, "GET", "vendorpayments/*", READ, "Get a vendor payment", reads(&VendorPayment)),
    op(BOOKS, "PUT", "vendorpayments/*", UPDATE, "Update a vendor payment", updates(&VendorPayment)),
    op(BOOKS, "DELETE", "vendorpayments/*", DELETE, "Delete a vendor payment", deletes(&VendorPayment)),
    op(
        BOOKS,
        "GET",
        "vendorpayments/*/refunds",
        READ,
        "List the refunds of a vendor payment",
        Of(&VendorPayment, refund::list),
    ),
    op(
        BOOKS,
        "POST",
        "vendorpayments/*/refunds",
        CREATE,
        "Refund a vendor payment",
        Of(&VendorPayment, refund::create),
    ),
    op(
        BOOKS,
        "GET",
        "vendorpayments/*/refunds/*",
        READ,
        "Get a refund of a vendor payment",
        Of(&VendorPayment, refund::read),
    ),
    op(
        BOOKS,
        "PUT",
        "vendorpayments/*/refunds/*",
        UPDATE,
        "Update a refund of a vendor payment",
        Of(&VendorPayment, refund::update),
    ),
    op(
        BOOKS,
        "DELETE",
        "vendorpayments/*/refunds/*",
        DELETE,
        "Delete a refund of a vendor payment",
        Of(&VendorPayment, refund::delete),
    ),
];

/// `DELETE /vendorpayments?vendorpayment_id=a,b&bulk_delete=true`: all of them, or none when one is refused.
fn delete_many(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let ids = ids(call, "vendorpayment_id")?;
    desk::write(context, call, |desk| {
        for id in ids {
            let id = id.parse().map_err(|_| ApiError::missing(resource.spec().label))?;
            desk.delete(resource, id)?;
        }
        Ok(())
    })?;
    Ok(Reply::done("The selected vendor payments have been deleted.", []))
}
