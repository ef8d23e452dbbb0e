//! Limits over HTTP.

use serde_json::json;

use super::{Call, Refusal, Route, document, route};
use crate::envelope::Reply;
use crate::limit::Limits;

pub(super) static ROUTES: &[Route] = &[
    route(
        "GET",
        "limits",
        "The limits and what was counted: {limits, usage: {organizations: [{organization_id, minute, day, \
         in_process}], users: [{user_id, minute, blocked_until}]}}.",
        show,
    ),
    route(
        "PUT",
        "limits",
        "Changes the members given, the others stay: {enforced, headers, organization_minute, user_minute, \
         user_block_seconds, day: {free, standard, professional, premium}, concurrent: {free, paid}, tokens, \
         token_seconds, contacts}. null turns one limit off. The answer is that of GET.",
        set,
    ),
    route("DELETE", "limits/usage", "Forgets what was counted and lifts all blocks.", forget),
];

fn show(call: &Call<'_>) -> Result<Reply, Refusal> {
    let limiter = &call.app.limiter;
    Ok(document(200, &json!({ "limits": limiter.limits(), "usage": limiter.usage(call.now) })))
}

fn set(call: &Call<'_>) -> Result<Reply, Refusal> {
    let mut present = json!(call.app.limiter.limits());
    // A limit that is off has no numbers to put the new ones over, so it starts from the service's.
    let usual = json!(Limits::real());
    for name in ["day", "concurrent"] {
        if present[name].is_null() && call.read::<serde_json::Value>("limits")?[name].is_object() {
            present[name] = usual[name].clone();
        }
    }
    let text = call.patched(present, "limits")?;
    let limits: Limits = serde_json::from_str(&text)
        .map_err(|error| Refusal::bad(format!("The limits are not understood: {error}.")))?;
    if let Some(problem) = limits.problem() {
        return Err(Refusal::bad(problem));
    }
    call.app.limiter.set(limits);
    show(call)
}

fn forget(call: &Call<'_>) -> Result<Reply, Refusal> {
    call.app.limiter.forget();
    Ok(document(200, &json!({ "status": "cleared" })))
}
