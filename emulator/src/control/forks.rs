//! Forks over HTTP.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Call, Refusal, Route, document, route};
use crate::builder::StartError;
use crate::envelope::Reply;
use crate::fork::Fork;

pub(super) static ROUTES: &[Route] = &[
    route("GET", "forks", "The running forks, oldest first: {forks: [{id, url, time}]}.", list),
    route(
        "POST",
        "forks",
        "Starts an independent copy of this emulator in the same process: {port?, snapshot?}. It has the same records, \
         tokens, webhooks, seed and limits, a clock that starts where this one stands, an empty journal, no faults, no \
         state file and no TLS; deliveries that wait stay here. There are at most 16, forks of forks included, and they \
         end with this emulator. The answer is {id, url}.",
        start,
    ),
    route("DELETE", "forks/*", "Ends a fork.", end),
];

fn shown(fork: &Fork) -> Value {
    json!({ "id": fork.id, "url": fork.url, "time": fork.time })
}

fn list(call: &Call<'_>) -> Result<Reply, Refusal> {
    let all: Vec<Value> = call.app.forks.list().iter().map(shown).collect();
    Ok(document(200, &json!({ "forks": all })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    #[serde(default)]
    port: u16,
    snapshot: Option<String>,
}

fn start(call: &Call<'_>) -> Result<Reply, Refusal> {
    let wanted: Wanted = call.read("order of a fork")?;
    let state = match &wanted.snapshot {
        None => call.app.store.read(),
        Some(name) => call.app.snapshots.state(name)?,
    };
    let fork = call.app.fork(wanted.port, state).map_err(|error| {
        let status = match error {
            StartError::TooManyForks { .. } | StartError::PortInUse { .. } => 409,
            _ => 400,
        };
        Refusal(status, error.to_string())
    })?;
    Ok(document(201, &shown(&call.app.forks.add(fork, call.now))))
}

fn end(call: &Call<'_>) -> Result<Reply, Refusal> {
    match call.id.parse() {
        Ok(id) if call.app.forks.end(id) => Ok(document(200, &json!({ "status": "ended" }))),
        _ => Err(Refusal(404, "There is no fork with this id. GET /_emulator/forks lists them.".to_owned())),
    }
}
