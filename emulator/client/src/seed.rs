//! Scenarios and generated records.

use std::collections::BTreeMap;

use reqwest::Method;
use serde::{Deserialize, Serialize};

use crate::error::ControlError;
use crate::http::Control;

/// An order for records. The same order on the same state makes the same records.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct GenerateOrder {
    /// The organization; without one the first user's default one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<String>,
    /// Customers and vendors.
    pub contacts: u64,
    /// Items.
    pub items: u64,
    /// Invoices, where the emulator creates them.
    pub invoices: u64,
    /// What the choice of names, places and amounts follows from.
    pub seed: u64,
}

/// Records that were made.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Generated {
    /// Records by the plural key of their kind.
    pub created: BTreeMap<String, u64>,
    /// Id of the first record; `None` when there is none.
    pub first_id: Option<String>,
    /// Id of the last record.
    pub last_id: Option<String>,
}

/// What a scenario has done.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Played {
    /// Calls that were made.
    pub calls: u64,
    /// Generated records by the plural key of their kind.
    pub created: BTreeMap<String, u64>,
    /// The records of the answers that were saved, by name.
    pub saved: BTreeMap<String, serde_json::Value>,
}

impl Control {
    /// Plays a scenario or plants a seed, given as the emulator's documents describe them. Refused with 400 and the
    /// place of the call that was refused; then nothing has changed.
    pub async fn seed(&self, scenario: &impl Serialize) -> Result<Played, ControlError> {
        self.send(Method::POST, "seed", &[], Some(scenario)).await
    }

    /// Makes records in numbers. Refused with 400 for an unknown organization and for more than a million records, and
    /// with 501 for a kind that the emulator does not create.
    pub async fn generate(&self, order: &GenerateOrder) -> Result<Generated, ControlError> {
        self.send(Method::POST, "generate", &[], Some(order)).await
    }
}
