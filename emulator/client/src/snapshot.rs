//! Snapshots and forks.

use chrono::{DateTime, Utc};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::error::ControlError;
use crate::http::Control;

/// A state that was kept under a name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Snapshot {
    /// 1 to 64 letters, digits, dots, underscores and hyphens.
    pub name: String,
    /// When it was taken, on the emulator's clock.
    pub time: DateTime<Utc>,
}

/// A running copy of an emulator.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Fork {
    /// Never used twice.
    pub id: u64,
    /// Root of every path.
    pub url: String,
    /// When it was made, on the original's clock.
    pub time: DateTime<Utc>,
}

impl Fork {
    /// The control surface of the copy.
    pub fn control(&self) -> Control {
        Control::new(&self.url)
    }
}

/// How a fork is made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ForkOrder {
    /// The port to listen on; 0 takes any free one.
    pub port: u16,
    /// The snapshot to start from; without one the present state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<String>,
}

#[derive(Deserialize)]
struct Snapshots {
    snapshots: Vec<Snapshot>,
}

#[derive(Deserialize)]
struct Forks {
    forks: Vec<Fork>,
}

impl Control {
    /// The snapshots, in the order of their names.
    pub async fn snapshots(&self) -> Result<Vec<Snapshot>, ControlError> {
        self.get("snapshots").await.map(|all: Snapshots| all.snapshots)
    }

    /// Keeps everything the emulator knows under a name, in place of an older snapshot of this name. Refused with 400
    /// for a bad name and with 409 beside 32 others.
    pub async fn snapshot(&self, name: &str) -> Result<Snapshot, ControlError> {
        self.send(Method::POST, "snapshots", &[], Some(&json!({ "name": name }))).await
    }

    /// Goes back to a snapshot; the clock stays. Refused with 404 when there is none of this name.
    pub async fn restore(&self, name: &str) -> Result<(), ControlError> {
        let body = json!({ "name": name });
        self.text(Method::POST, "snapshots/restore", &[], Some(&body)).await.map(|_| ())
    }

    /// Goes back to a snapshot and to what the clock showed then. Refused with 404 when there is none of this name, and
    /// with 409 when the clock is foreign.
    pub async fn restore_with_clock(&self, name: &str) -> Result<(), ControlError> {
        let body = json!({ "name": name, "clock": true });
        self.text(Method::POST, "snapshots/restore", &[], Some(&body)).await.map(|_| ())
    }

    /// Forgets a snapshot. Refused with 404 when there is none of this name.
    pub async fn remove_snapshot(&self, name: &str) -> Result<(), ControlError> {
        self.order(Method::DELETE, &format!("snapshots/{name}")).await
    }

    /// Starts an independent copy in the emulator's process. Refused with 404 for an unknown snapshot, and with 409 for
    /// a port in use and beside 16 other forks.
    pub async fn fork(&self, order: &ForkOrder) -> Result<Fork, ControlError> {
        self.send(Method::POST, "forks", &[], Some(order)).await
    }

    /// The running forks, oldest first.
    pub async fn forks(&self) -> Result<Vec<Fork>, ControlError> {
        self.get("forks").await.map(|all: Forks| all.forks)
    }

    /// Ends a fork. Refused with 404 when there is none with this id.
    pub async fn end_fork(&self, id: u64) -> Result<(), ControlError> {
        self.order(Method::DELETE, &format!("forks/{id}")).await
    }
}
