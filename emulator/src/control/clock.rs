//! The clock over HTTP.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::json;

use super::{Call, Refusal, Route, document, route};
use crate::clock::{ClockError, ClockMode, SteeredClock, duration};
use crate::envelope::Reply;

pub(super) static ROUTES: &[Route] = &[
    route(
        "GET",
        "clock",
        "What time it is: {now, mode, steerable}. mode is real (the machine's time), manual (runs from a chosen \
         instant), frozen, or foreign (brought by the embedding program; not steerable).",
        show,
    ),
    route(
        "PUT",
        "clock",
        "Sets the clock: {now?, mode?}. With now alone a frozen clock stays frozen and another one runs on from there. \
         mode real takes no now.",
        set,
    ),
    route(
        "POST",
        "clock/advance",
        "Moves the clock forward: {\"seconds\": 90} or {\"duration\": \"PT1H30M\"}. A frozen clock stays frozen.",
        advance,
    ),
    route("POST", "clock/freeze", "Stops the clock, at {now?} or where it is.", freeze),
    route("POST", "clock/real", "Shows the machine's time again.", real),
];

/// A foreign clock is a conflict with what the embedding program wants, anything else a bad request.
impl From<ClockError> for Refusal {
    fn from(error: ClockError) -> Self {
        let status = if error == ClockError::Foreign { 409 } else { 400 };
        Self(status, error.to_string())
    }
}

fn steered<'a>(call: &Call<'a>) -> Result<&'a Arc<SteeredClock>, Refusal> {
    call.app.steered.as_ref().ok_or_else(|| ClockError::Foreign.into())
}

fn show(call: &Call<'_>) -> Result<Reply, Refusal> {
    let mode = call.app.steered.as_ref().map(|clock| clock.mode());
    let mode = mode.map_or(json!("foreign"), |mode| json!(mode));
    let steerable = call.app.steered.is_some();
    Ok(document(200, &json!({ "now": call.app.clock.now(), "mode": mode, "steerable": steerable })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    now: Option<DateTime<Utc>>,
    mode: Option<ClockMode>,
}

fn set(call: &Call<'_>) -> Result<Reply, Refusal> {
    let clock = steered(call)?;
    let wanted: Wanted = call.read("clock")?;
    match (wanted.mode, wanted.now) {
        (Some(ClockMode::Real), None) => clock.real(),
        (Some(ClockMode::Real), Some(_)) => {
            return Err(Refusal::bad(
                "The real clock cannot be set. Leave now out, or choose manual or frozen.",
            ));
        }
        (Some(ClockMode::Manual), now) => clock.run(now)?,
        (Some(ClockMode::Frozen), now) => clock.freeze(now)?,
        (None, Some(now)) => clock.set(now)?,
        (None, None) => return Err(Refusal::bad("Name an instant (now), a mode, or both.")),
    }
    show(call)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    seconds: Option<i64>,
    duration: Option<String>,
}

fn advance(call: &Call<'_>) -> Result<Reply, Refusal> {
    let clock = steered(call)?;
    let step: Step = call.read("step")?;
    let step = match (step.seconds, step.duration) {
        (Some(seconds), None) => TimeDelta::try_seconds(seconds).ok_or(ClockError::OutOfRange)?,
        (None, Some(text)) => duration::parse(&text).ok_or_else(|| {
            Refusal::bad(format!(
                "\"{text}\" is no duration of weeks, days, hours, minutes and seconds such as P1DT2H30M."
            ))
        })?,
        _ => return Err(Refusal::bad("Name the step either in seconds or as a duration.")),
    };
    if step < TimeDelta::zero() {
        return Err(Refusal::bad("A step leads forward. PUT /_emulator/clock sets the clock back."));
    }
    clock.advance(step)?;
    show(call)
}

fn freeze(call: &Call<'_>) -> Result<Reply, Refusal> {
    let clock = steered(call)?;
    let wanted: Wanted = call.read("instant")?;
    if wanted.mode.is_some() {
        return Err(Refusal::bad("Freezing takes an instant (now) or nothing."));
    }
    clock.freeze(wanted.now)?;
    show(call)
}

fn real(call: &Call<'_>) -> Result<Reply, Refusal> {
    steered(call)?.real();
    show(call)
}
