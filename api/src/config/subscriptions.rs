//! Bounds of subscriptions.

use serde::{Deserialize, Serialize};

use super::ConfigError;

/// Bounds of subscriptions. `docs/subscriptions.md` tells what happens beyond each.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Subscriptions {
    /// WebSockets and event streams of one token at the same time, in one process.
    pub streams_per_token: u64,
    /// Operations of one WebSocket at the same time.
    pub operations_per_socket: u64,
    /// Seconds until a new WebSocket has to be initialised.
    pub init_seconds: u64,
    /// Seconds between signs of life; twice as long without one from the client, and a WebSocket is closed.
    pub ping_seconds: u64,
    /// Seconds between looks at whether a stream's token is still good.
    pub token_check_seconds: u64,
    /// Seconds that a message may wait for a client to take it.
    pub slow_seconds: u64,
}

impl Default for Subscriptions {
    fn default() -> Self {
        Self {
            streams_per_token: 20,
            operations_per_socket: 50,
            init_seconds: 10,
            ping_seconds: 20,
            token_check_seconds: 30,
            slow_seconds: 10,
        }
    }
}

impl Subscriptions {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let bounds = [
            ("subscriptions.streams_per_token", self.streams_per_token, 100_000),
            ("subscriptions.operations_per_socket", self.operations_per_socket, 10_000),
            ("subscriptions.init_seconds", self.init_seconds, 600),
            ("subscriptions.ping_seconds", self.ping_seconds, 3_600),
            ("subscriptions.token_check_seconds", self.token_check_seconds, 3_600),
            ("subscriptions.slow_seconds", self.slow_seconds, 3_600),
        ];
        for (key, value, largest) in bounds {
            if !(1..=largest).contains(&value) {
                let problem = format!("must lie between 1 and {largest}");
                return Err(ConfigError::Invalid { key, problem });
            }
        }
        Ok(())
    }
}
