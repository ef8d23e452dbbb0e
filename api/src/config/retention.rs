//! How long what happened is kept.

use finbridge_sync::retention;
use serde::{Deserialize, Serialize};

use super::ConfigError;

/// The longest time that can be asked for: a hundred years.
const MOST: u32 = 36_500;

/// How long what happened is kept.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// Days for which runs that ended are kept, with their items.
    pub history_days: u32,
    /// Days for which it is kept where a value came from, after another took its place.
    pub lineage_days: u32,
}

impl Default for Retention {
    fn default() -> Self {
        let retention::Retention { history_days, lineage_days } = retention::Retention::default();
        Self { history_days, lineage_days }
    }
}

impl From<Retention> for retention::Retention {
    fn from(Retention { history_days, lineage_days }: Retention) -> Self {
        Self { history_days, lineage_days }
    }
}

impl Retention {
    pub(super) fn check(self) -> Result<(), ConfigError> {
        let bounds =
            [("retention.history_days", self.history_days), ("retention.lineage_days", self.lineage_days)];
        for (key, days) in bounds {
            if !(1..=MOST).contains(&days) {
                let problem = format!("must lie between 1 and {MOST}");
                return Err(ConfigError::Invalid { key, problem });
            }
        }
        Ok(())
    }
}
