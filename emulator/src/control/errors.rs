//! The table of errors over HTTP.

use std::collections::BTreeMap;

use serde_json::json;

use super::{Call, Refusal, Route, document, route};
use crate::envelope::Reply;
use crate::error::overrides::ErrorOverride;

pub(super) static ROUTES: &[Route] = &[
    route(
        "GET",
        "errors",
        "The table of errors as it is answered: {errors: [{kind, code, status, message, overridden}]}. {} in a message \
         stands for the subject of the error.",
        show,
    ),
    route(
        "PUT",
        "errors",
        "Answers kinds of errors in another way, the others stay: {<kind>: {code?, status?, message?}}. What is left out \
         is as the table has it; null gives the kind back to the table. Faults are still ordered by the codes of the \
         table. The answer is that of GET.",
        set,
    ),
    route("DELETE", "errors", "Gives every kind back to the table.", clear),
];

fn show(call: &Call<'_>) -> Result<Reply, Refusal> {
    Ok(document(200, &json!({ "errors": call.app.errors.table() })))
}

fn set(call: &Call<'_>) -> Result<Reply, Refusal> {
    let wanted: BTreeMap<String, Option<ErrorOverride>> = call.read("errors")?;
    let wanted = wanted.iter().map(|(kind, wanted)| (kind.as_str(), wanted.clone()));
    call.app.errors.put(wanted).map_err(|error| Refusal::bad(error.to_string()))?;
    show(call)
}

fn clear(call: &Call<'_>) -> Result<Reply, Refusal> {
    call.app.errors.clear();
    Ok(document(200, &json!({ "status": "cleared" })))
}
