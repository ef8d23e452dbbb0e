//! Faults on demand.

use std::collections::BTreeMap;

use reqwest::Method;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::error::ControlError;
use crate::http::Control;

/// Identifies a rule; ids are never used twice.
pub type FaultId = u64;

/// Which limit a 429 speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExceededLimit {
    /// 429 code 43.
    UserMinute,
    /// 429 code 44.
    OrganizationMinute,
    /// 429 code 45.
    Day,
    /// 429 code 1070.
    Concurrency,
    /// 400 `Access Denied` of the token endpoint.
    Tokens,
}

/// What a fault does to a call. Times are real milliseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Action {
    /// Answers this instead of handling the call.
    Respond {
        /// HTTP status, 200 to 599.
        status: u16,
        /// JSON body.
        body: serde_json::Value,
        /// Further headers.
        #[serde(default)]
        headers: BTreeMap<String, String>,
    },
    /// Waits, then handles the call.
    Delay {
        /// Milliseconds.
        ms: u64,
    },
    /// Holds the connection, then closes it; the call has no effect.
    Hang {
        /// Milliseconds.
        ms: u64,
    },
    /// Closes the connection; the call has no effect.
    CloseBeforeCommit,
    /// Handles the call, then closes the connection without an answer.
    CloseAfterCommit,
    /// Resets the connection; the call has no effect.
    ResetBeforeCommit,
    /// Handles the call, then resets the connection without an answer.
    ResetAfterCommit,
    /// Refuses the call as the service does when a limit is exceeded.
    Exceeded {
        /// The limit.
        limit: ExceededLimit,
        /// Seconds of `Retry-After`; without it the limit's own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<u64>,
        /// Leaves `Retry-After` out.
        #[serde(default)]
        bare: bool,
    },
    /// 401 code 57.
    ExpiredToken,
    /// Refuses the call with a code of the error table.
    Error {
        /// The number in the envelope.
        code: u32,
        /// What the sentence speaks of.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        subject: String,
    },
    /// 500 with code 1000, or another 5xx with a page of HTML.
    ServerError {
        /// HTTP status, 500 to 599.
        status: u16,
    },
    /// A page of HTML instead of an answer.
    Html {
        /// HTTP status, 200 to 599.
        status: u16,
    },
    /// 200 with the content type of JSON and a body that is no text.
    Garbage {
        /// Length of the body.
        bytes: usize,
    },
    /// Handles the call and answers a part of the body, framed as if it were the whole.
    TruncateBody {
        /// Bytes that are sent; without it half.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        keep: Option<usize>,
    },
    /// Handles the call and closes the connection in the middle of the body.
    CutBody {
        /// Bytes that are sent; without it half.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        keep: Option<usize>,
    },
    /// Handles the call and sends the body in small pieces.
    SlowBody {
        /// Bytes in a piece.
        bytes: usize,
        /// Milliseconds before each piece.
        ms: u64,
    },
    /// Answers a GET from earlier records.
    StaleRead {
        /// Seconds of the emulator's clock; without it the records before the last write.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seconds: Option<u64>,
    },
    /// Hands the first half of a list of ids on to the operation.
    PartialBatch,
}

/// An action, or the name of one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// The action itself.
    Action(Action),
    /// A name that [`Control::presets`] lists.
    Preset(String),
}

/// Which calls misbehave, how often, and how. All conditions must hold; an absent one always holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// HTTP method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Pattern of the whole path: `*` stands for any text without a slash, `**` for any text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Text that the path contains.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_contains: Option<String>,
    /// Text that the raw request body contains.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_contains: Option<String>,
    /// Organization that the call works with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// How many matches pass unharmed first.
    #[serde(default)]
    pub skip: u64,
    /// Only this match fires, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nth: Option<u64>,
    /// How often the rule fires; `None` means for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// How likely a match fires, from 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<Decimal>,
    /// What happens to the call.
    #[serde(flatten)]
    pub effect: Effect,
}

impl Fault {
    /// A rule that fires on every call until it is narrowed.
    pub fn new(action: Action) -> Self {
        Self::with(Effect::Action(action))
    }

    /// The same with the name of an action, such as `429_minute`.
    pub fn preset(name: &str) -> Self {
        Self::with(Effect::Preset(name.to_owned()))
    }

    fn with(effect: Effect) -> Self {
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
            effect,
        }
    }

    /// Only calls with this method.
    #[must_use]
    pub fn method(mut self, method: &str) -> Self {
        self.method = Some(method.to_owned());
        self
    }

    /// Only calls whose path fits `pattern`.
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

    /// Lets the first matches pass.
    #[must_use]
    pub fn skip(mut self, matches: u64) -> Self {
        self.skip = matches;
        self
    }

    /// Fires on this match only, from 1.
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
}

/// A rule and what it has done so far.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct FaultState {
    /// Identifies the rule.
    pub id: FaultId,
    /// The rule; presets are shown as their actions.
    pub rule: Fault,
    /// Calls that met the rule's conditions.
    pub matched: u64,
    /// Calls harmed.
    pub fired: u64,
}

/// An action that has a name.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Preset {
    /// The name.
    pub name: String,
    /// What it stands for.
    pub action: Action,
}

#[derive(Deserialize)]
struct Added {
    id: FaultId,
}

#[derive(Deserialize)]
struct Faults {
    faults: Vec<FaultState>,
}

#[derive(Deserialize)]
struct Presets {
    presets: Vec<Preset>,
}

/// Rules are asked in the order in which they were added; the first one that fires wins.
impl Control {
    /// Adds a rule.
    pub async fn add_fault(&self, fault: &Fault) -> Result<FaultId, ControlError> {
        self.send(Method::POST, "faults", &[], Some(fault)).await.map(|added: Added| added.id)
    }

    /// All rules in force.
    pub async fn faults(&self) -> Result<Vec<FaultState>, ControlError> {
        self.get("faults").await.map(|list: Faults| list.faults)
    }

    /// One rule. Refused with 404 when there is none with this id.
    pub async fn fault(&self, id: FaultId) -> Result<FaultState, ControlError> {
        self.get(&format!("faults/{id}")).await
    }

    /// Changes the members of a rule that `patch`, an object, names; null takes one away. Counters stay.
    pub async fn change_fault(
        &self,
        id: FaultId,
        patch: &serde_json::Value,
    ) -> Result<FaultState, ControlError> {
        self.send(Method::PATCH, &format!("faults/{id}"), &[], Some(patch)).await
    }

    /// Removes one rule. Refused with 404 when there is none with this id.
    pub async fn remove_fault(&self, id: FaultId) -> Result<(), ControlError> {
        self.order(Method::DELETE, &format!("faults/{id}")).await
    }

    /// Removes all rules.
    pub async fn clear_faults(&self) -> Result<(), ControlError> {
        self.order(Method::DELETE, "faults").await
    }

    /// The actions that have a name.
    pub async fn presets(&self) -> Result<Vec<Preset>, ControlError> {
        self.get("faults/presets").await.map(|list: Presets| list.presets)
    }
}
