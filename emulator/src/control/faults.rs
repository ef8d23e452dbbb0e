//! Fault rules over HTTP.

use serde_json::{Value, json};

use super::{Call, Refusal, Route, document, route};
use crate::envelope::Reply;
use crate::fault::{FaultId, FaultRule, FaultState, PRESETS};

pub(super) static ROUTES: &[Route] = &[
    route(
        "GET",
        "faults",
        "The rules in force, in the order in which they are asked: {faults: [{id, rule, matched, fired}]}.",
        list,
    ),
    route(
        "POST",
        "faults",
        "Adds a rule: {method?, path?, path_contains?, body_contains?, organization?, skip?, nth?, count?, \
         probability?, action | preset}. The answer is {id}.",
        add,
    ),
    route("DELETE", "faults", "Removes all rules.", clear),
    route("GET", "faults/presets", "The actions that have a name: {presets: [{name, action}]}.", presets),
    route("GET", "faults/*", "One rule: {id, rule, matched, fired}.", read),
    route(
        "PATCH",
        "faults/*",
        "Changes members of a rule; null takes one away. Place and counters stay. The answer is the rule.",
        change,
    ),
    route("DELETE", "faults/*", "Removes one rule.", remove),
];

fn list(call: &Call<'_>) -> Result<Reply, Refusal> {
    Ok(document(200, &json!({ "faults": call.app.faults.list() })))
}

fn add(call: &Call<'_>) -> Result<Reply, Refusal> {
    let rule: FaultRule = call.read("fault rule")?;
    Ok(document(201, &json!({ "id": call.app.faults.add(rule) })))
}

fn clear(call: &Call<'_>) -> Result<Reply, Refusal> {
    call.app.faults.clear();
    Ok(document(200, &json!({ "status": "cleared" })))
}

fn presets(_: &Call<'_>) -> Result<Reply, Refusal> {
    let presets: Vec<Value> =
        PRESETS.iter().map(|(name, action)| json!({ "name": name, "action": action })).collect();
    Ok(document(200, &json!({ "presets": presets })))
}

fn read(call: &Call<'_>) -> Result<Reply, Refusal> {
    Ok(document(200, &json!(find(call)?)))
}

fn change(call: &Call<'_>) -> Result<Reply, Refusal> {
    let present = find(call)?;
    let text = call.patched(preset_gives_way(call, json!(present.rule))?, "change of the rule")?;
    let rule: FaultRule = serde_json::from_str(&text)
        .map_err(|error| Refusal::bad(format!("The changed rule is not understood: {error}.")))?;
    let changed = call.app.faults.replace(present.id, rule).ok_or_else(no_such_rule)?;
    Ok(document(200, &json!(changed)))
}

fn remove(call: &Call<'_>) -> Result<Reply, Refusal> {
    match fault_id(call) {
        Some(id) if call.app.faults.remove(id) => Ok(document(200, &json!({ "status": "cleared" }))),
        _ => Err(no_such_rule()),
    }
}

/// An action is replaced whole: members of the old kind mean nothing to a new one, and a preset stands for an action.
fn preset_gives_way(call: &Call<'_>, mut rule: Value) -> Result<Value, Refusal> {
    let patch: Value = call.read("change of the rule")?;
    if let Some(members) = rule.as_object_mut()
        && (patch.get("action").is_some() || patch.get("preset").is_some())
    {
        members.remove("action");
    }
    Ok(rule)
}

fn find(call: &Call<'_>) -> Result<FaultState, Refusal> {
    let id = fault_id(call).ok_or_else(no_such_rule)?;
    call.app.faults.list().into_iter().find(|state| state.id == id).ok_or_else(no_such_rule)
}

fn fault_id(call: &Call<'_>) -> Option<FaultId> {
    call.id.parse().ok()
}

fn no_such_rule() -> Refusal {
    Refusal(404, "There is no fault rule with this id. GET /_emulator/faults lists them.".to_owned())
}
