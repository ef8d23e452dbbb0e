//! Quotas.

use chrono::{DateTime, Utc};
use reqwest::Method;
use serde::{Deserialize, Serialize};

use crate::error::ControlError;
use crate::http::Control;

/// The quotas that the emulator keeps, on its own clock. `None` turns one limit off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Whether calls beyond a limit are refused.
    pub enforced: bool,
    /// Whether answers carry the `X-Rate-Limit-` headers.
    pub headers: bool,
    /// Calls of an organization in any 60 seconds (429 code 44).
    pub organization_minute: Option<u64>,
    /// Calls of a user in any 60 seconds, refused ones included (429 code 43).
    pub user_minute: Option<u64>,
    /// Seconds for which a user is blocked then.
    pub user_block_seconds: u64,
    /// Calls of an organization in a UTC day (429 code 45).
    pub day: Option<DayLimits>,
    /// Calls of an organization in process at once (429 code 1070).
    pub concurrent: Option<ConcurrentLimits>,
    /// Access tokens per refresh token in `token_seconds` (400 `Access Denied`).
    pub tokens: Option<u64>,
    /// Length of the window in which `tokens` counts.
    pub token_seconds: u64,
    /// Contacts of an organization (400 code 1009).
    pub contacts: Option<u64>,
}

/// Calls per day by plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayLimits {
    /// Plan `FREE`.
    pub free: u64,
    /// Plan `STANDARD`.
    pub standard: u64,
    /// Plan `PROFESSIONAL`.
    pub professional: u64,
    /// Every other plan.
    pub premium: u64,
}

/// Calls in process at once by plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConcurrentLimits {
    /// Plan `FREE`.
    pub free: u64,
    /// Every other plan.
    pub paid: u64,
}

/// The limits and what was counted.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LimitsInForce {
    /// The limits.
    pub limits: Limits,
    /// What was counted.
    pub usage: LimitUsage,
}

/// What was counted.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LimitUsage {
    /// By organization, in the order of ids.
    pub organizations: Vec<OrganizationUsage>,
    /// By user, in the order of ids. Users are counted only while limits are enforced.
    pub users: Vec<UserUsage>,
}

/// What an organization used.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct OrganizationUsage {
    /// The organization.
    pub organization_id: String,
    /// Calls of the last 60 seconds, counted only while limits are enforced.
    pub minute: u64,
    /// Calls of the UTC day.
    pub day: u64,
    /// Calls in process.
    pub in_process: u64,
}

/// What a user used.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct UserUsage {
    /// The user.
    pub user_id: String,
    /// Calls of the last 60 seconds.
    pub minute: u64,
    /// End of the block, if there is one.
    pub blocked_until: Option<DateTime<Utc>>,
}

impl Control {
    /// The limits and what was counted.
    pub async fn limits(&self) -> Result<LimitsInForce, ControlError> {
        self.get("limits").await
    }

    /// Replaces the limits; what was counted stays. Refused with 400 when a number is out of range.
    pub async fn set_limits(&self, limits: &Limits) -> Result<LimitsInForce, ControlError> {
        self.send(Method::PUT, "limits", &[], Some(limits)).await
    }

    /// Enforces the limits, or stops to.
    pub async fn enforce_limits(&self, enforced: bool) -> Result<LimitsInForce, ControlError> {
        self.send(Method::PUT, "limits", &[], Some(&serde_json::json!({ "enforced": enforced }))).await
    }

    /// Forgets what was counted and lifts all blocks.
    pub async fn clear_limit_usage(&self) -> Result<(), ControlError> {
        self.order(Method::DELETE, "limits/usage").await
    }
}
