//! The operations on estimates.

use super::{Estimate, status};
use crate::auth::{Context, Need};
use crate::document::{address, layout};
use crate::engine::spec::Resource;
use crate::engine::write::act;
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::request::Call;
use crate::resource::custom_field::routes::write_values;
use crate::routes::Handler::{Of, Plain};
use crate::routes::{
    BOOKS_AND_INVOICE as BOTH, Operation, creates, deletes, deletes_many, lists, op, reads, updates, upserts,
};

const CREATE: Need = ("estimates", "create");
const READ: Need = ("estimates", "read");
const UPDATE: Need = ("estimates", "update");
const DELETE: Need = ("estimates", "delete");

/// The operations.
pub(crate) static OPERATIONS: &[Operation] = &[
    op(BOTH, "GET", "estimates", READ, "List estimates", lists(&Estimate)),
    op(BOTH, "POST", "estimates", CREATE, "Create an estimate", creates(&Estimate)),
    op(BOTH, "PUT", "estimates", UPDATE, "Update an estimate by a unique custom field", upserts(&Estimate)),
    op(BOTH, "DELETE", "estimates", DELETE, "Delete estimates", deletes_many(&Estimate)),
    op(BOTH, "GET", "estimates/*", READ, "Get an estimate", reads(&Estimate)),
    op(BOTH, "PUT", "estimates/*", UPDATE, "Update an estimate", updates(&Estimate)),
    op(BOTH, "DELETE", "estimates/*", DELETE, "Delete an estimate", deletes(&Estimate)),
    op(BOTH, "POST", "estimates/*/status/sent", CREATE, "Mark an estimate as sent", Of(&Estimate, sent)),
    op(
        BOTH,
        "POST",
        "estimates/*/status/accepted",
        CREATE,
        "Mark an estimate as accepted",
        Of(&Estimate, accepted),
    ),
    op(
        BOTH,
        "POST",
        "estimates/*/status/declined",
        CREATE,
        "Mark an estimate as declined",
        Of(&Estimate, declined),
    ),
    op(
        BOTH,
        "POST",
        "estimates/*/submit",
        CREATE,
        "Submit an estimate for approval",
        Of(&Estimate, submitted),
    ),
    op(BOTH, "POST", "estimates/*/approve", CREATE, "Approve an estimate", Of(&Estimate, approved)),
    op(
        BOTH,
        "PUT",
        "estimates/*/address/billing",
        UPDATE,
        "Update an estimate's billing address",
        Of(&Estimate, address::billing),
    ),
    op(
        BOTH,
        "PUT",
        "estimates/*/address/shipping",
        UPDATE,
        "Update an estimate's shipping address",
        Of(&Estimate, address::shipping),
    ),
    op(BOTH, "GET", "estimates/templates", READ, "List estimate templates", Plain(layout::list)),
    op(
        BOTH,
        "PUT",
        "estimates/*/templates/*",
        UPDATE,
        "Choose an estimate's template",
        Of(&Estimate, layout::choose),
    ),
    op(
        BOTH,
        "PUT",
        "estimate/*/customfields",
        UPDATE,
        "Update custom fields of an estimate",
        Of(&Estimate, write_values),
    ),
];

fn sent(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    act(context, call, resource, "Estimate status has been changed to Sent.", status::mark_sent)
}

fn accepted(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    act(context, call, resource, "Estimate status has been changed to Accepted.", status::accept)
}

fn declined(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    act(context, call, resource, "Estimate status has been changed to Declined.", status::decline)
}

fn submitted(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let message = "The estimate has been successfully submitted for approval";
    act(context, call, resource, message, status::submit)
}

fn approved(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    act(context, call, resource, "You have approved the estimate.", status::approve)
}
