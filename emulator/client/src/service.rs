//! The emulator as a whole.

use chrono::{DateTime, Utc};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::error::ControlError;
use crate::http::Control;

/// A running emulator.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Health {
    /// `ok`.
    pub status: String,
    /// The emulator's time.
    pub time: DateTime<Utc>,
    /// Root of every path.
    pub url: String,
    /// Version of the emulator.
    pub version: String,
    /// Calls so far, control calls aside.
    pub requests: u64,
}

/// A grant code to mint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CodeOrder {
    /// The OAuth client that will exchange the code.
    pub client_id: String,
    /// E-mail address of the user who consents.
    pub email: String,
    /// Scopes, separated by commas.
    pub scope: String,
    /// The address that the exchange must name, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect_uri: Option<String>,
    /// `offline`, the default, for a refresh token; `online` for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_type: Option<String>,
}

impl CodeOrder {
    /// A code for offline access without a redirect address.
    pub fn new(client_id: &str, email: &str, scope: &str) -> Self {
        Self {
            client_id: client_id.to_owned(),
            email: email.to_owned(),
            scope: scope.to_owned(),
            redirect_uri: None,
            access_type: None,
        }
    }
}

#[derive(Deserialize)]
struct Minted {
    code: String,
}

#[derive(Deserialize)]
struct Chance {
    seed: Option<u64>,
}

impl Control {
    /// Whether the emulator runs, and which one it is.
    pub async fn health(&self) -> Result<Health, ControlError> {
        self.get("health").await
    }

    /// Goes back to the seed and the scenario of the start: records, tokens, id counters and what the limits counted.
    /// Journal, faults, limits, clock, chance, snapshots and forks stay.
    pub async fn reset(&self) -> Result<(), ControlError> {
        self.order(Method::POST, "reset").await
    }

    /// Mints a grant code, as the consent page would. Refused with 400 for an unknown client, user or scope.
    pub async fn mint_code(&self, order: &CodeOrder) -> Result<String, ControlError> {
        self.send(Method::POST, "oauth/codes", &[], Some(order)).await.map(|minted: Minted| minted.code)
    }

    /// The number that makes chance repeatable, if there is one.
    pub async fn random_seed(&self) -> Result<Option<u64>, ControlError> {
        self.get("random").await.map(|chance: Chance| chance.seed)
    }

    /// Starts chance over with a number, or unpredictably.
    pub async fn restart_random(&self, seed: Option<u64>) -> Result<(), ControlError> {
        self.text(Method::PUT, "random", &[], Some(&json!({ "seed": seed }))).await.map(|_| ())
    }
}
