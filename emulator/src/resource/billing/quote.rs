//! Quotes: the organization's estimates, in the shape of Books.

use crate::auth::{Context, Need};
use crate::engine::{desk, write};
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::request::Call;
use crate::resource::billing::books;
use crate::resource::estimate::{Estimate, OPERATIONS as BOOKS};
use crate::resource::extra::{self, comment, mail, render};
use crate::routes::Handler::Plain;
use crate::routes::{BILLING, Operation, deletes, lists, op, reads, updates};

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
    op(BILLING, "GET", "estimates/*/email", READ, "Get the mail content of a quote", Plain(letter)),
    op(BILLING, "POST", "estimates/email", CREATE, "Email quotes", Plain(email_many)),
    op(BILLING, "GET", "estimates/pdf", READ, "Export quotes as PDF", Plain(pdf)),
    op(BILLING, "GET", "estimates/print", READ, "Print quotes", Plain(print)),
    op(BILLING, "GET", "estimates/*/comments", READ, "List comments of a quote", Plain(comments)),
    op(BILLING, "POST", "estimates/*/comments", CREATE, "Comment a quote", Plain(add_comment)),
    op(BILLING, "PUT", "estimates/*/comments/*", UPDATE, "Update a comment of a quote", Plain(reword)),
    op(BILLING, "DELETE", "estimates/*/comments/*", DELETE, "Delete a comment of a quote", Plain(uncomment)),
];

fn create(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let body = call.object()?;
    let record = desk::write(context, call, |desk| {
        let record = desk.create(&Estimate, body)?;
        extra::accompany(desk, &record, call, true)?;
        desk.find(record.kind, record.id)
    })?;
    write::reply(context, &Estimate, &record, 201, "The quote has been created")
}

fn sent(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let sent = ("POST", "estimates/*/status/sent");
    books::done(context, call, BOOKS, sent, "Estimate status has been changed to Sent")
}

fn accepted(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    books::run(context, call, BOOKS, "POST", "estimates/*/status/accepted")
}

fn declined(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    books::run(context, call, BOOKS, "POST", "estimates/*/status/declined")
}

fn email(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    books::mail(context, call, "estimates/*/email", &["to_mail_ids"], "Your Estimate has been sent.")
}

fn templates(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    books::run(context, call, BOOKS, "GET", "estimates/templates")
}

fn choose_template(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    books::run(context, call, BOOKS, "PUT", "estimates/*/templates/*")
}

fn letter(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    books::run(context, call, mail::OPERATIONS, "GET", "estimates/*/email")
}

fn email_many(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    let message = "Mission accomplished! We've sent all the quotes.";
    books::done(context, call, mail::OPERATIONS, ("POST", "estimates/email"), message)
}

fn pdf(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    books::run(context, call, render::OPERATIONS, "GET", "estimates/pdf")
}

fn print(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    books::run(context, call, render::OPERATIONS, "GET", "estimates/print")
}

fn comments(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    books::run(context, call, comment::OPERATIONS, "GET", "estimates/*/comments")
}

fn add_comment(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    books::run(context, call, comment::OPERATIONS, "POST", "estimates/*/comments")
}

fn reword(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    books::run(context, call, comment::OPERATIONS, "PUT", "estimates/*/comments/*")
}

fn uncomment(context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
    books::run(context, call, comment::OPERATIONS, "DELETE", "estimates/*/comments/*")
}
