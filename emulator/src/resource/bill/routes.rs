//! The operations on bills.

use super::{Bill, OWED, order, payment};
use crate::auth::{Context, Need};
use crate::document::{address, layout};
use crate::engine::desk;
use crate::engine::reader::Reader;
use crate::engine::spec::Resource;
use crate::engine::write::{self, find, ids};
use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::request::Call;
use crate::resource::bill;
use crate::resource::custom_field::routes::write_values;
use crate::resource::purchaseorder::billed;
use crate::resource::step::Step;
use crate::resource::vendorpayment::apply;
use crate::routes::Handler::{Of, Plain};
use crate::routes::{BOOKS, Operation, creates, deletes, deletes_many, lists, op, reads, updates, upserts};
use crate::store::kind::Kind;

const CREATE: Need = ("bills", "create");
const READ: Need = ("bills", "read");
const UPDATE: Need = ("bills", "update");
const DELETE: Need = ("bills", "delete");

/// The operations. Comments, attachments and custom fields are common to all documents.
pub(crate) static OPERATIONS: &[Operation] = &[
    op(BOOKS, "GET", "bills", READ, "List bills", lists(&Bill)),
    op(BOOKS, "POST", "bills", CREATE, "Create a bill", creates(&Bill)),
    op(BOOKS, "PUT", "bills", UPDATE, "Update a bill by a unique custom field", upserts(&Bill)),
    op(BOOKS, "DELETE", "bills", DELETE, "Delete bills", deletes_many(&Bill)),
    op(
        BOOKS,
        "GET",
        "bills/editpage/frompurchaseorders",
        READ,
        "Prepare a bill of purchase orders",
        Of(&Bill, prepare),
    ),
    op(BOOKS, "GET", "bills/*", READ, "Get a bill", reads(&Bill)),
    op(BOOKS, "PUT", "bills/*", UPDATE, "Update a bill", updates(&Bill)),
    op(BOOKS, "DELETE", "bills/*", DELETE, "Delete a bill", deletes(&Bill)),
    op(BOOKS, "POST", "bills/*/status/open", CREATE, "Mark a bill as open", Of(&Bill, open)),
    op(BOOKS, "POST", "bills/*/status/void", CREATE, "Void a bill", Of(&Bill, void)),
    op(BOOKS, "POST", "bills/*/submit", CREATE, "Submit a bill for approval", Of(&Bill, submit)),
    op(BOOKS, "POST", "bills/*/approve", CREATE, "Approve a bill", Of(&Bill, approve)),
    op(
        BOOKS,
        "PUT",
        "bills/*/address/billing",
        UPDATE,
        "Update the billing address of a bill",
        Of(&Bill, address::billing),
    ),
    op(
        BOOKS,
        "PUT",
        "bills/*/address/shipping",
        UPDATE,
        "Update the delivery address of a bill",
        Of(&Bill, address::shipping),
    ),
    op(BOOKS, "GET", "bills/templates", READ, "List bill templates", Plain(layout::list)),
    op(
        BOOKS,
        "PUT",
        "bills/*/templates/*",
        UPDATE,
        "Choose the template of a bill",
        Of(&Bill, layout::choose),
    ),
    op(
        BOOKS,
        "PUT",
        "bill/*/customfields",
        UPDATE,
        "Update custom fields of a bill",
        Of(&Bill, write_values),
    ),
    op(BOOKS, "GET", "bills/*/payments", READ, "List the payments of a bill", Of(&Bill, payments)),
    op(BOOKS, "POST", "bills/*/credits", CREATE, "Apply payments and credits to a bill", Of(&Bill, credit))
        .partial("vendor credits"),
    op(BOOKS, "DELETE", "bills/*/payments/*", DELETE, "Take a payment off a bill", Of(&Bill, unapply)),
];

fn open(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let step = Step {
        from: &["draft", "approved", "void"],
        to: "open",
        done: &OWED,
        verb: "marked as open",
        message: "The status of the bill has been chaged to open.",
        http: 201,
    };
    status(context, call, resource, &step)
}

fn void(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let step = Step {
        from: &["draft", "open", "overdue", "approved", "paid"],
        to: "void",
        done: &["void"],
        verb: "voided",
        message: "The bill has been marked as void.",
        http: 201,
    };
    status(context, call, resource, &step)
}

/// A step that changes what the bill's orders have left to bill. A bill with payments is not voided (code 4018).
fn status(
    context: &Context<'_>,
    call: &Call,
    resource: &dyn Resource,
    step: &Step,
) -> Result<Reply, ApiError> {
    let reply = write::act(context, call, resource, step.message, |desk, record| {
        if step.to == "void" {
            resource.deletable(desk, record)?;
        }
        step.take(desk, resource, record)?;
        order::ids(record).into_iter().try_for_each(|id| billed::settle(desk, id))
    })?;
    Ok(Reply { status: step.http, ..reply })
}

fn submit(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    Step {
        from: &["draft"],
        to: "pending_approval",
        done: &["pending_approval"],
        verb: "submitted for approval",
        message: "The bill has been submitted for approval successfully.",
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
        message: "You have approved the bill.",
        http: 200,
    }
    .answer(context, call, resource)
}

fn payments(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let bill = find(context, call, resource)?;
    let reader = Reader::new(context)?;
    Ok(Reply::read([("payments", payment::shown(&bill, &reader).into())]))
}

/// `POST /bills/{id}/credits`: applies what vendor payments have unused.
fn credit(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    let body = call.object()?;
    if body.get("apply_vendor_credits").and_then(Json::as_list).is_some_and(|it| !it.is_empty()) {
        return Err(ApiError::about(Code::NotEmulated, "Apply vendor credits to a bill"));
    }
    let entries = body.get("bill_payments").and_then(Json::as_list).unwrap_or_default();
    if entries.is_empty() {
        return Err(ApiError::invalid("bill_payments"));
    }
    let message = "Credits have been applied to the bill(s).";
    let reply = write::act(context, call, resource, message, |desk, bill| {
        for entry in entries {
            let id = entry.get("payment_id").and_then(Json::as_id_text).and_then(|id| id.parse().ok());
            let known = id.and_then(|id| desk.books().record(Kind::VendorPayment, id).cloned());
            let payment = known.ok_or_else(|| ApiError::about(Code::InvalidReference, "payment_id"))?;
            let amount = entry.get("amount_applied").and_then(Json::as_decimal);
            let amount = amount.ok_or_else(|| ApiError::invalid("amount_applied"))?;
            apply::add(desk, &payment, bill.id, amount)?;
        }
        Ok(())
    })?;
    Ok(Reply { status: 201, ..reply })
}

/// `DELETE /bills/{id}/payments/{bill_payment_id}`: the payment stays, with the amount unused.
fn unapply(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    write::act(context, call, resource, "The payment has been deleted.", |desk, bill| {
        apply::remove(desk, bill.id, call.text_id(1))
    })
}

/// `GET /bills/editpage/frompurchaseorders?purchaseorder_ids=`: a bill of what the orders have left; nothing is stored.
fn prepare(context: &Context<'_>, call: &Call, _: &dyn Resource) -> Result<Reply, ApiError> {
    let wanted: Vec<Json> = ids(call, "purchaseorder_ids")?.into_iter().map(Json::from).collect();
    let body = Json::object([("purchaseorder_ids", wanted.clone().into())]);
    let shown = desk::write(context, call, |desk| {
        let mut record = desk.blank(Kind::Bill);
        bill::Bill.begin(desk, &mut record)?;
        bill::Bill.take(desk, &mut record, None, &body)?;
        bill::Bill.complete(desk, &mut record, None)?;
        Ok(desk.reader().detail(&bill::Bill, &record))
    })?;
    Ok(Reply::read([("purchaseorder_ids", wanted.into()), ("bill", shown)]))
}
