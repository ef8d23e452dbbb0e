//! Scenarios: a seed, a clock, generated records, and calls that are made in order.

mod play;
mod reference;

use std::collections::BTreeMap;

use serde::de::{Error as _, IgnoredAny};
use serde::{Deserialize, Deserializer};

use crate::clock::ClockStart;
use crate::generate::{Generate, GenerateError};
use crate::json::Json;
use crate::seed::Seed;
use crate::store::log::LogError;

/// What an emulator is brought to before it is used.
///
/// As JSON: `{"seed": …, "clock": "frozen@2026-01-05T20:06:10Z", "generate": […], "calls": […]}`, every member optional.
/// A call is `{"user", "organization_id", "call": "POST /books/v3/contacts", "body", "as"}`. It needs no token; `user` is
/// an e-mail address, and without one the first user of the organization calls. In the body and in the path, a value
/// `$name.member` stands for a member of the answer that an earlier call saved `as` that name; `$$` stands for `$`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// With a seed everything starts over from it; without one the present state is added to.
    pub(crate) seed: Option<Seed>,
    #[serde(default, deserialize_with = "clock")]
    pub(crate) clock: Option<ClockStart>,
    #[serde(default)]
    pub(crate) generate: Vec<Generate>,
    #[serde(default)]
    pub(crate) calls: Vec<Step>,
}

/// One call of a scenario.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    user: Option<String>,
    organization_id: Option<String>,
    /// Method and path with query.
    call: String,
    body: Option<Json>,
    #[serde(rename = "as")]
    name: Option<String>,
}

/// Why a scenario was not played. Nothing of it remains.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScenarioError {
    /// The seed contradicts itself.
    #[error("The seed cannot be used: {0}.")]
    Seed(String),
    /// A call was refused, as the API would refuse it.
    #[error("Call {index} ({call}) was refused with code {code}: {message}")]
    Call {
        /// Place in the list, from 0.
        index: usize,
        /// Method and path.
        call: String,
        /// The API's code.
        code: u32,
        /// The API's sentence.
        message: String,
    },
    /// A call cannot be made.
    #[error("Call {index} ({call}) cannot be made: {reason}")]
    Impossible {
        /// Place in the list, from 0.
        index: usize,
        /// Method and path.
        call: String,
        /// What is wrong, as a sentence.
        reason: String,
    },
    /// Records cannot be generated.
    #[error(transparent)]
    Generate(#[from] GenerateError),
    /// The state file cannot be written.
    #[error("The state file could not be written: {0}. Free space on its disk.")]
    StateFile(String),
}

impl From<LogError> for ScenarioError {
    fn from(error: LogError) -> Self {
        Self::StateFile(error.to_string())
    }
}

impl From<Seed> for Scenario {
    fn from(seed: Seed) -> Self {
        Self { seed: Some(seed), ..Self::default() }
    }
}

impl Scenario {
    /// Reads a scenario, or a [`Seed`] alone: what has a member of a scenario is one. Errors: the text is neither.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        let members: BTreeMap<String, IgnoredAny> = serde_json::from_str(text)?;
        if ["seed", "clock", "generate", "calls"].iter().any(|name| members.contains_key(*name)) {
            serde_json::from_str(text)
        } else {
            serde_json::from_str::<Seed>(text).map(Self::from)
        }
    }
}

fn clock<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<ClockStart>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| text.parse().map_err(D::Error::custom)).transpose()
}
