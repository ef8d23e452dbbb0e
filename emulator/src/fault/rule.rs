//! Which calls misbehave, how often, and how.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::action::FaultAction;
use super::preset;
use super::registry::Subject;
use crate::json::Json;
use crate::pattern;

/// Which calls misbehave, how often, and how. All conditions must hold; an absent one always holds.
///
/// A call that meets the conditions is a *match*. `skip`, `nth`, `count` and `probability` then choose, in this order,
/// among the matches. As JSON a rule has either an `action` or the name of a `preset`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written")]
pub struct FaultRule {
    /// HTTP method, compared without case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Pattern that the whole path fits. `*` stands for any text without a slash, `**` for any text. The path has
    /// single slashes and begins with one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Text that the path contains.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_contains: Option<String>,
    /// Text that the raw request body contains.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_contains: Option<String>,
    /// Organization that the call named or falls back to. Calls without a valid token have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// How many matches pass unharmed first.
    pub skip: u64,
    /// Only this match fires, counted from 1 after those that `skip` lets pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nth: Option<u64>,
    /// How often the rule fires; `None` means for ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// How likely a match fires, from 0 to 1; `None` means always. Drawn from the emulator's seeded generator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probability: Option<Decimal>,
    /// What happens to the call.
    pub action: FaultAction,
}

impl FaultRule {
    /// A rule that fires on every call, for ever, until the builder methods narrow it.
    pub fn new(action: FaultAction) -> Self {
        Self {
            method: None,
            path: None,
            path_contains: None,
            body_contains: None,
            organization: None,
            skip: 0,
            nth: None,
            count: None,
            probability: None,
            action,
        }
    }

    /// A rule with the action that `name` stands for, such as `429_minute`; `None` for a name that is not known.
    pub fn preset(name: &str) -> Option<Self> {
        preset::find(name).map(Self::new)
    }

    /// Only calls with this method.
    #[must_use]
    pub fn method(mut self, method: &str) -> Self {
        self.method = Some(method.to_owned());
        self
    }

    /// Only calls whose path fits `pattern`: `*` stands for any text without a slash, `**` for any text.
    #[must_use]
    pub fn path(mut self, pattern: &str) -> Self {
        self.path = Some(pattern.to_owned());
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

    /// Only calls for this organization.
    #[must_use]
    pub fn organization(mut self, organization_id: &str) -> Self {
        self.organization = Some(organization_id.to_owned());
        self
    }

    /// Lets the first `matches` matching calls pass.
    #[must_use]
    pub fn skip(mut self, matches: u64) -> Self {
        self.skip = matches;
        self
    }

    /// Fires on the match number `match_number` only, from 1.
    #[must_use]
    pub fn nth(mut self, match_number: u64) -> Self {
        self.nth = Some(match_number);
        self
    }

    /// Fires this many times at most.
    #[must_use]
    pub fn count(mut self, times: u64) -> Self {
        self.count = Some(times);
        self
    }

    /// Fires with this probability, from 0 to 1.
    #[must_use]
    pub fn probability(mut self, p: Decimal) -> Self {
        self.probability = Some(p);
        self
    }

    /// What is wrong with the rule, as a sentence that says what is allowed.
    pub(crate) fn problem(&self) -> Option<&'static str> {
        if self.nth == Some(0) {
            return Some("nth counts matching calls from 1.");
        }
        if self.probability.is_some_and(|p| !(Decimal::ZERO..=Decimal::ONE).contains(&p)) {
            return Some("A probability is a number from 0 to 1.");
        }
        self.action.problem()
    }

    pub(super) fn matches(&self, subject: &Subject<'_>) -> bool {
        self.method.as_ref().is_none_or(|it| it.eq_ignore_ascii_case(subject.method))
            && self.path.as_ref().is_none_or(|it| pattern::fits(it, subject.path))
            && self.path_contains.as_ref().is_none_or(|it| subject.path.contains(it.as_str()))
            && self.organization.as_ref().is_none_or(|it| subject.organization == Some(it))
            && self.action.concerns(subject.method, subject.path)
            && self.body_contains.as_ref().is_none_or(|it| contains(subject.body, it.as_bytes()))
    }
}

fn contains(body: &[u8], text: &[u8]) -> bool {
    text.is_empty() || body.windows(text.len()).any(|window| window == text)
}

/// A rule as it is written in JSON.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    method: Option<String>,
    path: Option<String>,
    path_contains: Option<String>,
    body_contains: Option<String>,
    organization: Option<String>,
    #[serde(default)]
    skip: u64,
    nth: Option<u64>,
    count: Option<u64>,
    probability: Option<Json>,
    action: Option<FaultAction>,
    preset: Option<String>,
}

impl TryFrom<Written> for FaultRule {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        let action = match (written.action, written.preset) {
            (Some(action), None) => action,
            (None, Some(name)) => preset::find(&name).ok_or_else(|| {
                format!("\"{name}\" is no preset; GET /_emulator/faults/presets lists them")
            })?,
            _ => return Err("a rule has either an action or a preset".to_owned()),
        };
        let probability = written.probability.map(|p| p.as_decimal().ok_or("probability is a number"));
        let rule = Self {
            method: written.method,
            path: written.path,
            path_contains: written.path_contains,
            body_contains: written.body_contains,
            organization: written.organization,
            skip: written.skip,
            nth: written.nth,
            count: written.count,
            probability: probability.transpose()?,
            action,
        };
        match rule.problem() {
            Some(problem) => Err(problem.trim_end_matches('.').to_owned()),
            None => Ok(rule),
        }
    }
}
