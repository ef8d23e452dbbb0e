//! Snapshots over HTTP.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Call, Refusal, Route, document, route};
use crate::clock::ClockError;
use crate::envelope::Reply;
use crate::snapshot::SnapshotError;

pub(super) static ROUTES: &[Route] = &[
    route(
        "GET",
        "snapshots",
        "The snapshots, in the order of their names: {snapshots: [{name, time}]}.",
        list,
    ),
    route(
        "POST",
        "snapshots",
        "Keeps everything the emulator knows under {name}, in place of an older snapshot of this name: records, tokens, \
         id counters, webhooks and the clock's reading. There are at most 32; they live in memory and end with the \
         emulator, also when it has a state file.",
        take,
    ),
    route(
        "POST",
        "snapshots/restore",
        "Goes back to the snapshot {name, clock?}. With \"clock\": true the clock goes back, too. What the limits counted \
         is forgotten; journal, faults, limits, chance and other snapshots stay. With a state file the restored state is \
         on disk when the answer comes.",
        restore,
    ),
    route("DELETE", "snapshots/@", "Forgets a snapshot.", remove),
];

impl From<SnapshotError> for Refusal {
    fn from(error: SnapshotError) -> Self {
        let status = match error {
            SnapshotError::Name => 400,
            SnapshotError::Unknown => 404,
            SnapshotError::TooMany | SnapshotError::Clock(ClockError::Foreign) => 409,
            SnapshotError::Clock(_) => 400,
            SnapshotError::StateFile(_) => 500,
        };
        Self(status, error.to_string())
    }
}

fn list(call: &Call<'_>) -> Result<Reply, Refusal> {
    let all = call.app.snapshots.list();
    let all: Vec<Value> = all.iter().map(|(name, time)| json!({ "name": name, "time": time })).collect();
    Ok(document(200, &json!({ "snapshots": all })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    name: String,
}

fn take(call: &Call<'_>) -> Result<Reply, Refusal> {
    let named: Named = call.read("name of the snapshot")?;
    let replaced = call.app.snapshot(&named.name, call.now)?;
    let status = if replaced { 200 } else { 201 };
    Ok(document(status, &json!({ "name": named.name, "time": call.now })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    name: String,
    #[serde(default)]
    clock: bool,
}

fn restore(call: &Call<'_>) -> Result<Reply, Refusal> {
    let wanted: Wanted = call.read("name of the snapshot")?;
    call.app.restore(&wanted.name, wanted.clock)?;
    Ok(document(200, &json!({ "status": "restored", "name": wanted.name, "now": call.app.clock.now() })))
}

fn remove(call: &Call<'_>) -> Result<Reply, Refusal> {
    if call.app.snapshots.remove(call.id) {
        return Ok(document(200, &json!({ "status": "removed" })));
    }
    Err(SnapshotError::Unknown.into())
}
