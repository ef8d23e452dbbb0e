//! The rules in force and what they have done.

use std::sync::Mutex;

use serde::Serialize;

use super::action::FaultAction;
use super::rule::FaultRule;
use crate::random::Random;
use crate::sync::locked;

/// Identifies a rule; ids are never used twice.
pub type FaultId = u64;

/// A rule and what it has done so far.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FaultState {
    /// Identifies the rule.
    pub id: FaultId,
    /// The rule.
    pub rule: FaultRule,
    /// Calls that met the rule's conditions and that no earlier rule struck.
    pub matched: u64,
    /// Calls harmed.
    pub fired: u64,
}

/// What rules look at.
pub(crate) struct Subject<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) body: &'a [u8],
    pub(crate) organization: Option<&'a String>,
}

#[derive(Debug, Default)]
struct Rules {
    last_id: FaultId,
    states: Vec<FaultState>,
}

/// All rules in force, asked in the order in which they were added.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<Rules>);

impl Faults {
    /// Adds a rule.
    pub(crate) fn add(&self, rule: FaultRule) -> FaultId {
        let mut rules = locked(&self.0);
        rules.last_id += 1;
        let id = rules.last_id;
        rules.states.push(FaultState { id, rule, matched: 0, fired: 0 });
        id
    }

    /// Replaces a rule and keeps its place and counters; `None` when there is no such rule.
    pub(crate) fn replace(&self, id: FaultId, rule: FaultRule) -> Option<FaultState> {
        let mut rules = locked(&self.0);
        let state = rules.states.iter_mut().find(|state| state.id == id)?;
        state.rule = rule;
        Some(state.clone())
    }

    /// Removes one rule; says whether there was one.
    pub(crate) fn remove(&self, id: FaultId) -> bool {
        let mut rules = locked(&self.0);
        let before = rules.states.len();
        rules.states.retain(|state| state.id != id);
        rules.states.len() < before
    }

    /// Removes all rules.
    pub(crate) fn clear(&self) {
        locked(&self.0).states.clear();
    }

    /// All rules with their counters.
    pub(crate) fn list(&self) -> Vec<FaultState> {
        locked(&self.0).states.clone()
    }

    /// The fault that strikes this call, if any.
    pub(crate) fn strike(&self, subject: &Subject<'_>, random: &Random) -> Option<(FaultId, FaultAction)> {
        for state in &mut locked(&self.0).states {
            if !state.rule.matches(subject) {
                continue;
            }
            state.matched += 1;
            let rule = &state.rule;
            let Some(number) = state.matched.checked_sub(rule.skip).filter(|number| *number > 0) else {
                continue;
            };
            if rule.nth.is_none_or(|nth| nth == number)
                && rule.count.is_none_or(|count| state.fired < count)
                && rule.probability.is_none_or(|p| random.chance(p))
            {
                state.fired += 1;
                return Some((state.id, rule.action.clone()));
            }
        }
        None
    }
}
