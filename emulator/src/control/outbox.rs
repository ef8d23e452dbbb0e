//! The outbox: the mails that the service would have sent.

use super::{Call, Refusal, Route, route};
use crate::envelope::Reply;
use crate::outbox;

pub(super) static ROUTES: &[Route] = &[
    route(
        "GET",
        "outbox",
        "The mails, newest first. Narrowed by to, subject (both contained, without case), document_id, since, limit.",
        list,
    ),
    route("DELETE", "outbox", "Forgets all mails.", clear),
    route(
        "GET",
        "outbox/**",
        "outbox/{id} is one mail; outbox/{id}/attachments/{number}, counted from 0, is a file that went with it.",
        one,
    ),
];

fn list(call: &Call<'_>) -> Result<Reply, Refusal> {
    answer(call, "GET", "")
}

fn clear(call: &Call<'_>) -> Result<Reply, Refusal> {
    answer(call, "DELETE", "")
}

fn one(call: &Call<'_>) -> Result<Reply, Refusal> {
    answer(call, "GET", call.id)
}

fn answer(call: &Call<'_>, method: &str, rest: &str) -> Result<Reply, Refusal> {
    let reply = outbox::handle(&call.app.store, method, rest, call.query);
    reply.ok_or_else(|| Refusal(404, "There is no such mail or file.".to_owned()))
}
