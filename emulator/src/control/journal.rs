//! The journal over HTTP.

use std::net::SocketAddr;

use serde_json::json;

use super::{Call, Refusal, Route, document, route, text};
use crate::envelope::Reply;
use crate::journal::{JournalFilter, har, lines, value};

pub(super) static ROUTES: &[Route] = &[
    route(
        "GET",
        "journal",
        "The recorded calls: {entries}. Parameters: method, path (a prefix, or a pattern with * and **), status, code, \
         organization, since and until (a sequence number or an instant), fault (any, none or an id), has_text, \
         limit, order (asc or desc).",
        list,
    ),
    route(
        "DELETE",
        "journal",
        "Forgets the recorded calls; they and the answers (X-Request-Id) are numbered from 1 again.",
        clear,
    ),
    route(
        "GET",
        "journal/count",
        "How many recorded calls fit the parameters of GET /journal: {count}. With expect=2 the answer is 200 when \
         there are two and 409 otherwise.",
        count,
    ),
    route(
        "GET",
        "journal/export",
        "The journal as a file, with the parameters of GET /journal; format is ndjson (one call per line, the default) \
         or har. Durations and the emulator's ports are left out unless timing=true.",
        export,
    ),
];

fn filter(call: &Call<'_>) -> Result<JournalFilter, Refusal> {
    JournalFilter::read(call.query).map_err(Refusal::bad)
}

fn list(call: &Call<'_>) -> Result<Reply, Refusal> {
    Ok(document(200, &json!({ "entries": call.app.journal.list(&filter(call)?) })))
}

fn clear(call: &Call<'_>) -> Result<Reply, Refusal> {
    call.app.clear_journal();
    Ok(document(200, &json!({ "status": "cleared" })))
}

fn count(call: &Call<'_>) -> Result<Reply, Refusal> {
    let count = call.app.journal.count(&filter(call)?);
    let expected: Option<usize> = value(call.query, "expect", "a whole number").map_err(Refusal::bad)?;
    match expected {
        Some(expected) if expected != count => {
            let sentence = format!("{expected} calls were expected, {count} were made.");
            Ok(document(409, &json!({ "count": count, "expected": expected, "error": sentence })))
        }
        _ => Ok(document(200, &json!({ "count": count }))),
    }
}

fn export(call: &Call<'_>) -> Result<Reply, Refusal> {
    let (app, filter) = (call.app, filter(call)?);
    let addresses: Vec<SocketAddr> = std::iter::once(app.address).chain(app.tls_address).collect();
    let timing = value(call.query, "timing", "true or false").map_err(Refusal::bad)?.unwrap_or(false);
    match call.query.get("format").unwrap_or("ndjson") {
        "ndjson" => {
            let body = lines(&app.journal, &filter, &addresses, timing);
            Ok(text(200, "application/x-ndjson", body))
        }
        "har" => {
            let body = har(&app.journal, &filter, &app.url, &addresses, timing);
            Ok(text(200, "application/json;charset=UTF-8", body))
        }
        _ => Err(Refusal::bad("format is ndjson or har.")),
    }
}
