//! Faults of delivery: lost, doubled, late, reordered.

use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use super::model::Delivery;
use crate::sync::locked;

/// What happens to a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Mishap {
    /// It is never sent.
    Lost,
    /// It is sent twice.
    Doubled,
    /// It is sent `seconds` later, on the emulator's clock.
    Late { seconds: i64 },
    /// It is sent after the next delivery of the same webhook that is sent. One waits at a time: the next one is not struck.
    Reordered,
}

/// A rule: which deliveries, how many of them, and what happens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Rule {
    /// `<singular>.<act>`; absent means any.
    #[serde(default)]
    pub(crate) event: Option<String>,
    /// How many deliveries it strikes; absent means all.
    #[serde(default)]
    pub(crate) count: Option<u64>,
    #[serde(flatten)]
    pub(crate) mishap: Mishap,
}

/// The longest that a rule holds a delivery back, in seconds: a year.
const LATEST: i64 = 31_536_000;

impl Rule {
    /// What is wrong with the rule, as a sentence that says what is allowed.
    pub(crate) fn problem(&self) -> Option<String> {
        match self.mishap {
            Mishap::Late { seconds } if !(0..=LATEST).contains(&seconds) => {
                Some(format!("seconds is a number from 0 to {LATEST}, which is a year."))
            }
            _ => None,
        }
    }
}

/// All rules, asked in the order in which they were added.
#[derive(Debug, Default)]
pub(crate) struct Mishaps(Mutex<Vec<Rule>>);

impl Mishaps {
    /// Adds a rule.
    pub(crate) fn add(&self, rule: Rule) {
        locked(&self.0).push(rule);
    }

    /// Removes all rules.
    pub(crate) fn clear(&self) {
        locked(&self.0).clear();
    }

    /// The rules with what is left of their counts.
    pub(crate) fn list(&self) -> Vec<Rule> {
        locked(&self.0).clone()
    }

    /// What strikes the first attempt of a delivery; later attempts go unharmed. `held` says that an earlier one of the
    /// same webhook waits for this one.
    pub(crate) fn strike(&self, delivery: &Delivery, held: bool) -> Option<Mishap> {
        if delivery.attempts > 0 || delivery.due.is_some() {
            return None;
        }
        let mut rules = locked(&self.0);
        let fits = |rule: &&mut Rule| {
            rule.count != Some(0)
                && rule.event.as_ref().is_none_or(|it| *it == delivery.event)
                && !(held && rule.mishap == Mishap::Reordered)
        };
        let rule = rules.iter_mut().find(fits)?;
        rule.count = rule.count.map(|left| left - 1);
        Some(rule.mishap)
    }
}
