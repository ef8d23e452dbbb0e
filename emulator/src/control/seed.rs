//! Scenarios and generated records over HTTP.

use serde_json::json;

use super::{Call, Refusal, Route, document, route};
use crate::clock::{Clock, ClockError, SteeredClock};
use crate::envelope::Reply;
use crate::generate::{self, Generate, GenerateError};
use crate::json::Json;
use crate::scenario::{Scenario, ScenarioError};

pub(super) static ROUTES: &[Route] = &[
    route(
        "POST",
        "seed",
        "Plays a scenario: {seed?, clock?, generate?: [...], calls?: [{user?, organization_id?, call: \"POST \
         /books/v3/contacts\", body?, as?}]}, or a seed alone. With a seed everything starts over from it; without one \
         the present records are added to. \"$name.member\" stands for a member of an answer saved as name. A refused \
         call refuses everything: {error, index, code, message}. The answer is {calls, created, saved: {name: record}}.",
        play,
    ),
    route(
        "POST",
        "generate",
        "Makes records in numbers: {organization_id?, contacts?, items?, invoices?, seed?}, up to 1,000,000. The same \
         order on the same state makes the same records. The answer is {created: {contacts, ...}, first_id, last_id}.",
        generate,
    ),
];

impl From<GenerateError> for Refusal {
    fn from(error: GenerateError) -> Self {
        let status = match error {
            GenerateError::Refused { code: 1000, .. } => 500,
            _ => 400,
        };
        Self(status, error.to_string())
    }
}

fn play(call: &Call<'_>) -> Result<Reply, Refusal> {
    let text =
        std::str::from_utf8(call.body).map_err(|_| Refusal::bad("The scenario is no text in UTF-8."))?;
    let scenario = Scenario::from_json(text)
        .map_err(|error| Refusal::bad(format!("The scenario is not understood: {error}.")))?;
    let clock = match (&call.app.steered, scenario.clock) {
        (_, None) => None,
        (Some(own), Some(start)) => Some((own, start)),
        (None, Some(_)) => return Err(ClockError::Foreign.into()),
    };
    let now = clock.map_or(call.now, |(_, start)| SteeredClock::new(start).now());
    let store = &call.app.store;
    let played = match store.replace(|state| scenario.play(state, now, store.random())) {
        Ok(played) => played,
        Err(ScenarioError::Generate(error)) => return Err(error.into()),
        Err(error @ ScenarioError::StateFile(_)) => return Err(Refusal(500, error.to_string())),
        Err(error) => return Ok(refused(&error)),
    };
    if let Some((own, start)) = clock {
        own.restart(start);
    }
    if scenario.seed.is_some() {
        call.app.forget();
    }
    let created = played.created.into_iter().map(|(kind, count)| (kind.to_owned(), count.into())).collect();
    // Not through serde_json's values: the numbers of the records keep their digits.
    let body = Json::object([
        ("calls", (played.calls as u64).into()),
        ("created", Json::Object(created)),
        ("saved", Json::Object(played.saved.into_iter().collect())),
    ]);
    Ok(Reply::json(200, &body))
}

fn refused(error: &ScenarioError) -> Reply {
    let sentence = error.to_string();
    let body = match error {
        ScenarioError::Call { index, code, message, .. } => {
            json!({ "error": sentence, "index": index, "code": code, "message": message })
        }
        ScenarioError::Impossible { index, reason, .. } => {
            json!({ "error": sentence, "index": index, "message": reason })
        }
        _ => json!({ "error": sentence }),
    };
    document(400, &body)
}

fn generate(call: &Call<'_>) -> Result<Reply, Refusal> {
    let order: Generate = call.read("order of records")?;
    let made = generate::run(&call.app.store, call.now, &order)?;
    call.app.store.settle().map_err(|error| {
        tracing::error!(%error, "generated records could not be brought to disk");
        Refusal(500, "The state file could not be written. Free space on its disk.".to_owned())
    })?;
    let id = |id: Option<u64>| id.map(|id| id.to_string());
    let body = json!({
        "created": made.created, "first_id": id(made.first_id), "last_id": id(made.last_id),
    });
    Ok(document(201, &body))
}
