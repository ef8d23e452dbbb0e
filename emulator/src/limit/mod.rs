//! Quotas of organizations, users and refresh tokens.

mod limiter;
mod window;

use chrono::{DateTime, Timelike, Utc};
use serde::{Deserialize, Serialize};

use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::fault::ExceededLimit;
use crate::json::Json;

pub(crate) use limiter::{Caller, Limiter};

/// The largest number any limit may have; windows count in 64 bits, and nobody needs more.
const MOST: u64 = 1_000_000_000;

/// The quotas that the emulator keeps, on its own clock. `None` (in JSON `null`) turns one limit off. The defaults of
/// [`Limits::real`] are those of the service (API facts, section 7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Whether calls beyond a limit are refused. When false, no limit below has any effect.
    pub enforced: bool,
    /// Whether answers carry `X-Rate-Limit-Limit`, `X-Rate-Limit-Remaining` and `X-Rate-Limit-Reset`, which speak of the
    /// day. Without enforcement `Remaining` never falls below 100, because clients stop when it runs out.
    pub headers: bool,
    /// Calls of an organization in any 60 seconds (429 code 44). Refused calls do not count.
    pub organization_minute: Option<u64>,
    /// Calls of a user in any 60 seconds (429 code 43). Refused calls count: a client that goes on calling after
    /// code 44 ends here.
    pub user_minute: Option<u64>,
    /// Seconds for which a user is blocked after exceeding the minute.
    pub user_block_seconds: u64,
    /// Calls of an organization in a UTC day, by plan (429 code 45). Refused calls do not count.
    pub day: Option<DayLimits>,
    /// Calls of an organization in process at once, by plan (429 code 1070).
    pub concurrent: Option<ConcurrentLimits>,
    /// Access tokens per refresh token in `token_seconds` (400 `Access Denied`). Refused calls count, so that hasty
    /// retries prolong the block.
    pub tokens: Option<u64>,
    /// Length of the window in which `tokens` counts.
    pub token_seconds: u64,
    /// Contacts that an organization may have, inactive ones included (400 code 1009). Scenarios and the generator do not
    /// ask. The plans' numbers are not documented, so there is none unless it is set.
    #[serde(default)]
    pub contacts: Option<u64>,
}

/// Calls per day by plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
#[serde(deny_unknown_fields)]
pub struct ConcurrentLimits {
    /// Plan `FREE`.
    pub free: u64,
    /// Every other plan.
    pub paid: u64,
}

impl Default for DayLimits {
    fn default() -> Self {
        Self { free: 1000, standard: 2000, professional: 5000, premium: 10_000 }
    }
}

impl Default for ConcurrentLimits {
    fn default() -> Self {
        Self { free: 5, paid: 10 }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::off()
    }
}

impl Limits {
    /// Nothing is refused; the headers are sent.
    pub fn off() -> Self {
        Self { enforced: false, ..Self::real() }
    }

    /// The service's limits, enforced.
    pub fn real() -> Self {
        Self {
            enforced: true,
            headers: true,
            organization_minute: Some(100),
            user_minute: Some(200),
            user_block_seconds: 3600,
            day: Some(DayLimits::default()),
            concurrent: Some(ConcurrentLimits::default()),
            tokens: Some(10),
            token_seconds: 600,
            contacts: None,
        }
    }

    /// What is wrong with the numbers, as a sentence that says what is allowed.
    pub(crate) fn problem(&self) -> Option<&'static str> {
        let day = self.day.unwrap_or_default();
        let concurrent = self.concurrent.unwrap_or_default();
        let numbers = [
            self.organization_minute.unwrap_or(1),
            self.user_minute.unwrap_or(1),
            self.user_block_seconds,
            day.free,
            day.standard,
            day.professional,
            day.premium,
            concurrent.free,
            concurrent.paid,
            self.tokens.unwrap_or(1),
            self.contacts.unwrap_or(1),
        ];
        if numbers.iter().any(|number| !(1..=MOST).contains(number)) {
            return Some("Every limit is a number from 1 to 1000000000; null turns one off.");
        }
        // One window keeps a counter per second.
        (!(1..=86_400).contains(&self.token_seconds))
            .then_some("token_seconds is a number from 1 to 86400, which is a day.")
    }

    /// Calls per day that the plan allows, also when the limit itself is off: the headers speak of it.
    pub(crate) fn day_limit(&self, plan: &str) -> u64 {
        let day = self.day.unwrap_or_default();
        match plan.to_ascii_uppercase().as_str() {
            "FREE" => day.free,
            "STANDARD" => day.standard,
            "PROFESSIONAL" => day.professional,
            _ => day.premium,
        }
    }
}

impl ExceededLimit {
    /// Seconds of `Retry-After` when nobody counted.
    pub(crate) fn usual_wait(self, seconds_to_midnight: u64) -> u64 {
        match self {
            Self::UserMinute => 3600,
            Self::OrganizationMinute => 60,
            Self::Day => seconds_to_midnight,
            Self::Concurrency | Self::Tokens => 1,
        }
    }
}

/// The service's answer to a call beyond `limit`. The token endpoint sends no `Retry-After`. `day_limit` is the number
/// that the sentence of code 45 names.
pub(crate) fn refusal(limit: ExceededLimit, retry_after: Option<u64>, day_limit: u64) -> Reply {
    let code = match limit {
        ExceededLimit::UserMinute => Code::UserBlocked,
        ExceededLimit::OrganizationMinute => Code::OrganizationBlocked,
        ExceededLimit::Day => Code::DayUsedUp,
        ExceededLimit::Concurrency => Code::TooManyInProcess,
        ExceededLimit::Tokens => return access_denied(),
    };
    let mut reply = Reply::from(ApiError::about(code, &thousands(day_limit)));
    reply.headers.extend(retry_after.map(|seconds| ("Retry-After".to_owned(), seconds.to_string())));
    reply
}

fn access_denied() -> Reply {
    let sentence = "You have made too many requests continuously. Please try again after some time.";
    let body = Json::object([
        ("error_description", sentence.into()),
        ("error", "Access Denied".into()),
        ("status", "failure".into()),
    ]);
    Reply::json(400, &body)
}

/// `1,000`, as live answers print it.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Seconds until the day of the quotas ends, at least 1. Days are those of UTC.
pub(crate) fn seconds_to_midnight(now: DateTime<Utc>) -> u64 {
    u64::from(86_400 - now.num_seconds_from_midnight())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_parted_by_commas() {
        for (number, text) in [(5, "5"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(thousands(number), text);
        }
    }
}
