//! The emulator's clock.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::error::ControlError;
use crate::http::Control;

/// How the clock runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockMode {
    /// Shows the machine's time.
    Real,
    /// Runs at the machine's speed from an instant that was chosen.
    Manual,
    /// Stands still.
    Frozen,
    /// Belongs to the program that embeds the emulator; only that program moves it.
    Foreign,
}

/// What the clock shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Clock {
    /// The instant.
    pub now: DateTime<Utc>,
    /// How the clock runs.
    pub mode: ClockMode,
    /// Whether the calls below may move it.
    pub steerable: bool,
}

/// Every call that moves the clock answers what it shows then. All of them are refused with status 409 when the clock
/// is foreign.
impl Control {
    /// What time it is.
    pub async fn clock(&self) -> Result<Clock, ControlError> {
        self.get("clock").await
    }

    /// Moves the clock to `now`, also backwards. A frozen clock stays frozen; another one runs on from there.
    pub async fn set_clock(&self, now: DateTime<Utc>) -> Result<Clock, ControlError> {
        self.send(Method::PUT, "clock", &[], Some(&json!({ "now": now }))).await
    }

    /// Runs at the machine's speed from `now`, or from what the clock shows.
    pub async fn run_clock(&self, now: Option<DateTime<Utc>>) -> Result<Clock, ControlError> {
        self.send(Method::PUT, "clock", &[], Some(&json!({ "mode": "manual", "now": now }))).await
    }

    /// Moves the clock forward by whole seconds; a fraction is dropped. A frozen clock stays frozen.
    pub async fn advance(&self, step: Duration) -> Result<Clock, ControlError> {
        self.send(Method::POST, "clock/advance", &[], Some(&json!({ "seconds": step.as_secs() }))).await
    }

    /// Stops the clock at `now`, or where it is.
    pub async fn freeze(&self, now: Option<DateTime<Utc>>) -> Result<Clock, ControlError> {
        self.send(Method::POST, "clock/freeze", &[], Some(&json!({ "now": now }))).await
    }

    /// Shows the machine's time again.
    pub async fn real_clock(&self) -> Result<Clock, ControlError> {
        self.send(Method::POST, "clock/real", &[], None::<&()>).await
    }
}
