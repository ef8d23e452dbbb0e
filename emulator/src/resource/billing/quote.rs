//! Quotes: the organization's estimates, in the shape of Books.

use crate::auth::{Context, Need};
use crate::engine::{desk, write};
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::request::Call;
use crate::resource::billing::books;
use crate::resource::estimate::{Estimate, OPERATIONS as BOOKS};
use crate::routes::Handler::Plain;
use crate::routes::{BILLING, Operation, deletes, lists, missing, op, reads, updates};

const CREATE: Need = ("quotes", "create");
const READ: Need = ("quotes", "read");
const UPDATE: Need = ("quotes", "update");
const DELETE: Need = ("quotes", "delete");

/// The operations.
pub(crate) static OPERATIONS: &[Operation] = &[
    op(BILLING, "GET", "estimates", READ, "List quotes", lists(&Estimate)),
    op(BILLING, "POST", "estimates", CREATE, "Create a quote", Plain(create)),
    op(BILLING, "GET", "estimates/*", READ, "Get a quote", reads(&Estimate)),
    op(BILLING, "PUT", "estimates/*", UPDATE, "Update a quote", updates(&Estimate)),
    op(BILLING, "DELETE", "estimates/*", DELETE, "Delete a quote", deletes(&Estimate)),
    op(BILLING, "POST", "estimates/*/status/sent", CREATE, "Mark a quote as sent", Plain(sent)),
    op(BILLING, "POST", "estimates/*/status/accepted", CREATE, "Mark a quote as accepted", Plain(accepted)),
    op(BILLING, "POST", "estimates/*/status/declined", CREATE, "Mark a quote as declined", Plain(declined)),
    op(BILLING, "POST", "estimates/*/email", CREATE, "Email a quote", Plain(email)),
    op(BILLING, "GET", "estimates/templates", READ, "List quote templates", Plain(templates)),
    op(
        BILLING,
        "PUT",
        "estimates/*/templates/*",
        UPDATE,
        "Choose a quote's template",
        Plain(choose_template),
    ),
    missing(BILLING, "GET", "estimates/*/email", READ, "Get the mail content of a quote"),
    missing(BILLING, "POST", "estimates/email", CREATE, "Email quotes"),
    missing(BILLING, "GET", "estimates/pdf", READ, "Export quotes as PDF"),
    missing(BILLING, "GET", "estimates/print", READ, "Print quotes"),
    missing(BILLING, "GET", "estimates/*/comments", READ, "List comments of a quote"),
    missing(BILLING, "POST", "estimates/*/comments", CREATE, "Comment a quote"),
    missing(BILLING, "PUT", "estimates/*/comments/*", UPDATE, "Update a comment of a quote"),
    missing(BILLING, "DELETE", "estimates/*/comments/*", DELETE, "Delete a comment of a quote"),
];

fn create(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let body = call.object()?;
    let record = desk::write(context, call, |desk| desk.create(&Estimate, body))?;
    write::reply(context, &Estimate, &record, 201, "The quote has been created")
}

fn sent(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    books::run(context, call, BOOKS, "POST", "estimates/*/status/sent")?;
    Ok(Reply::done("Estimate status has been changed to Sent", []))
}

fn accepted(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    books::run(context, call, BOOKS, "POST", "estimates/*/status/accepted")
}

fn declined(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    books::run(context, call, BOOKS, "POST", "estimates/*/status/declined")
}

fn email(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    books::mail(context, call, &Estimate, &["to_mail_ids"], "Your Estimate has been sent.")
}

fn templates(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    books::run(context, call, BOOKS, "GET", "estimates/templates")
}

fn choose_template(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    books::run(context, call, BOOKS, "PUT", "estimates/*/templates/*")
}
