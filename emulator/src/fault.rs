//! Faults on demand: answers that fail, are late, or never come.

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use crate::sync::locked;

/// Identifies a rule until the rules are cleared.
pub type FaultId = u64;

/// Which calls misbehave, how often, and how. All conditions must hold; an absent one always holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// HTTP method, compared without case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Text that the path contains. The path has single slashes and begins with one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_contains: Option<String>,
    /// Text that the raw request body contains.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_contains: Option<String>,
    /// How many matching calls pass unharmed first.
    #[serde(default)]
    pub skip: u64,
    /// How often the rule fires; `None` means for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// What happens to the call.
    pub action: FaultAction,
}

/// What a fault does to a call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum FaultAction {
    /// Answers this instead of handling the call.
    Respond {
        /// HTTP status, 200 to 599.
        status: u16,
        /// JSON body.
        #[serde(default)]
        body: serde_json::Value,
        /// Further headers, for example `Retry-After`.
        #[serde(default)]
        headers: BTreeMap<String, String>,
    },
    /// Waits, then handles the call.
    Delay {
        /// Real milliseconds.
        ms: u64,
    },
    /// Closes the connection; the call has no effect.
    CloseBeforeCommit,
    /// Handles the call, then closes the connection without an answer.
    CloseAfterCommit,
    /// Holds the connection without handling the call, then closes it.
    Hang {
        /// Real milliseconds.
        ms: u64,
    },
}

impl FaultRule {
    /// A rule that fires on every call, for ever, until the builder methods narrow it.
    pub fn new(action: FaultAction) -> Self {
        Self { method: None, path_contains: None, body_contains: None, skip: 0, count: None, action }
    }

    /// Only calls with this method.
    #[must_use]
    pub fn method(mut self, method: &str) -> Self {
        self.method = Some(method.to_owned());
        self
    }

    /// Only calls whose path contains `text`.
    #[must_use]
    pub fn path_contains(mut self, text: &str) -> Self {
        self.path_contains = Some(text.to_owned());
        self
    }

    /// Only calls whose body contains `text`.
    #[must_use]
    pub fn body_contains(mut self, text: &str) -> Self {
        self.body_contains = Some(text.to_owned());
        self
    }

    /// Lets the first `matches` matching calls pass.
    #[must_use]
    pub fn skip(mut self, matches: u64) -> Self {
        self.skip = matches;
        self
    }

    /// Fires this many times at most.
    #[must_use]
    pub fn count(mut self, times: u64) -> Self {
        self.count = Some(times);
        self
    }

    fn matches(&self, method: &str, path: &str, body: &[u8]) -> bool {
        self.method.as_ref().is_none_or(|it| it.eq_ignore_ascii_case(method))
            && self.path_contains.as_ref().is_none_or(|it| path.contains(it.as_str()))
            && self.body_contains.as_ref().is_none_or(|it| contains(body, it.as_bytes()))
    }
}

fn contains(body: &[u8], text: &[u8]) -> bool {
    text.is_empty() || body.windows(text.len()).any(|window| window == text)
}

/// A rule and what it has done so far.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Armed {
    pub(crate) id: FaultId,
    pub(crate) rule: FaultRule,
    /// Matching calls seen.
    pub(crate) matched: u64,
    /// Calls harmed.
    pub(crate) fired: u64,
}

/// All rules in force, asked in the order in which they were added.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<(FaultId, Vec<Armed>)>);

impl Faults {
    /// Adds a rule.
    pub(crate) fn add(&self, rule: FaultRule) -> FaultId {
        let mut faults = locked(&self.0);
        faults.0 += 1;
        let id = faults.0;
        faults.1.push(Armed { id, rule, matched: 0, fired: 0 });
        id
    }

    /// Removes one rule; says whether there was one.
    pub(crate) fn remove(&self, id: FaultId) -> bool {
        let mut faults = locked(&self.0);
        let before = faults.1.len();
        faults.1.retain(|armed| armed.id != id);
        faults.1.len() < before
    }

    /// Removes all rules.
    pub(crate) fn clear(&self) {
        locked(&self.0).1.clear();
    }

    /// All rules with their counters.
    pub(crate) fn list(&self) -> Vec<Armed> {
        locked(&self.0).1.clone()
    }

    /// The fault that strikes this call, if any.
    pub(crate) fn strike(&self, method: &str, path: &str, body: &[u8]) -> Option<(FaultId, FaultAction)> {
        for armed in &mut locked(&self.0).1 {
            if !armed.rule.matches(method, path, body) {
                continue;
            }
            armed.matched += 1;
            let exhausted = armed.rule.count.is_some_and(|count| armed.fired >= count);
            if armed.matched > armed.rule.skip && !exhausted {
                armed.fired += 1;
                return Some((armed.id, armed.rule.action.clone()));
            }
        }
        None
    }
}
