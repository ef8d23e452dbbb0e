//! What organizations, users and refresh tokens have used, and who is refused.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde_json::{Value, json};

use super::window::Window;
use super::{Limits, refusal, seconds_to_midnight};
use crate::envelope::Reply;
use crate::fault::ExceededLimit;
use crate::sync::locked;

/// `X-Rate-Limit-Remaining` never reads lower than this while nothing is enforced: clients stop when it runs out.
const QUOTA_FLOOR: u64 = 100;
/// Seconds of the minute limits.
const MINUTE: u64 = 60;
/// Refresh tokens are forgotten, once their windows are empty, when more than this are remembered.
const MANY_TOKENS: usize = 1024;

/// Who calls, as the quotas see it.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) user_id: u64,
    pub(crate) organization_id: String,
    pub(crate) plan: String,
}

#[derive(Debug, Default)]
struct OrganizationUse {
    minute: Window,
    day: NaiveDate,
    used: u64,
    in_process: u64,
}

#[derive(Debug, Default)]
struct UserUse {
    minute: Window,
    /// Begin and end of the block. The begin shows that the clock was set back before it.
    blocked: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

/// Organizations and users are those of the store, and windows are bounded, so the memory is.
#[derive(Debug, Default)]
struct Usage {
    organizations: BTreeMap<String, OrganizationUse>,
    users: BTreeMap<u64, UserUse>,
    tokens: BTreeMap<String, Window>,
}

/// The limits in force and what was used of them.
#[derive(Debug, Default)]
pub(crate) struct Limiter(Mutex<(Limits, Usage)>);

/// A call in process; dropping it ends the call.
#[derive(Debug)]
pub(crate) struct Slot {
    limiter: Arc<Limiter>,
    organization_id: String,
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(used) = locked(&self.limiter.0).1.organizations.get_mut(&self.organization_id) {
            used.in_process = used.in_process.saturating_sub(1);
        }
    }
}

/// The three headers of one answer.
pub(crate) type Quota = Vec<(String, String)>;

impl Limiter {
    pub(crate) fn new(limits: Limits) -> Self {
        Self(Mutex::new((limits, Usage::default())))
    }

    /// The limits in force.
    pub(crate) fn limits(&self) -> Limits {
        locked(&self.0).0.clone()
    }

    /// The most contacts an organization may have, if that is enforced.
    pub(crate) fn contact_quota(&self) -> Option<u64> {
        let limits = &locked(&self.0).0;
        limits.contacts.filter(|_| limits.enforced)
    }

    /// Changes the limits and keeps what was counted.
    pub(crate) fn set(&self, limits: Limits) {
        locked(&self.0).0 = limits;
    }

    /// Forgets what was counted, and lifts all blocks. Calls in process stay counted.
    pub(crate) fn forget(&self) {
        let usage = &mut locked(&self.0).1;
        usage.users.clear();
        usage.tokens.clear();
        usage.organizations.retain(|_, used| used.in_process > 0);
        for used in usage.organizations.values_mut() {
            *used = OrganizationUse { in_process: used.in_process, ..OrganizationUse::default() };
        }
    }

    /// Admits a call or refuses it, and says what headers the answer carries.
    pub(crate) fn enter(
        self: &Arc<Self>,
        caller: &Caller,
        now: DateTime<Utc>,
    ) -> (Result<Slot, Reply>, Quota) {
        let mut guard = locked(&self.0);
        let (limits, usage) = &mut *guard;
        let day_limit = limits.day_limit(&caller.plan);
        let used = usage.organizations.entry(caller.organization_id.clone()).or_default();
        if used.day != now.date_naive() {
            (used.day, used.used) = (now.date_naive(), 0);
        }
        let user = limits.enforced.then(|| usage.users.entry(caller.user_id).or_default());
        let exceeded = user
            .and_then(|user| user.exceeded(limits, now).or_else(|| used.exceeded(limits, &caller.plan, now)));
        let outcome = match exceeded {
            Some((limit, wait)) => Err(refusal(limit, Some(wait), day_limit)),
            None => {
                if limits.enforced && limits.organization_minute.is_some() {
                    used.minute.add(now);
                }
                used.used += 1;
                used.in_process += 1;
                let organization_id = caller.organization_id.clone();
                Ok(Slot { limiter: Arc::clone(self), organization_id })
            }
        };
        let quota = if limits.headers { quota(limits, day_limit, used.used, now) } else { Vec::new() };
        (outcome, quota)
    }

    /// Admits a call of the token endpoint or refuses it.
    pub(crate) fn token(&self, refresh_token: &str, now: DateTime<Utc>) -> Result<(), Reply> {
        let mut guard = locked(&self.0);
        let (limits, usage) = &mut *guard;
        let Some(most) = limits.tokens.filter(|_| limits.enforced) else { return Ok(()) };
        if usage.tokens.len() > MANY_TOKENS {
            usage.tokens.retain(|_, window| window.count(now, limits.token_seconds) > 0);
        }
        let window = usage.tokens.entry(refresh_token.to_owned()).or_default();
        let before = window.count(now, limits.token_seconds);
        window.add(now);
        if before < most { Ok(()) } else { Err(refusal(ExceededLimit::Tokens, None, 0)) }
    }

    /// What was counted, for people and tests.
    pub(crate) fn usage(&self, now: DateTime<Utc>) -> Value {
        let usage = &mut locked(&self.0).1;
        let organizations: Vec<Value> = usage
            .organizations
            .iter_mut()
            .map(|(id, used)| {
                let day = if used.day == now.date_naive() { used.used } else { 0 };
                json!({
                    "organization_id": id,
                    "minute": used.minute.count(now, MINUTE),
                    "day": day,
                    "in_process": used.in_process,
                })
            })
            .collect();
        let users: Vec<Value> = usage
            .users
            .iter_mut()
            .map(|(id, user)| {
                json!({
                    "user_id": id.to_string(),
                    "minute": user.minute.count(now, MINUTE),
                    "blocked_until": user.blocked_until(now),
                })
            })
            .collect();
        json!({ "organizations": organizations, "users": users })
    }
}

impl UserUse {
    fn blocked_until(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.blocked.filter(|(since, until)| *since <= now && now < *until).map(|(_, until)| until)
    }

    /// Counts the call; says which limit it exceeds and how many seconds to wait.
    fn exceeded(&mut self, limits: &Limits, now: DateTime<Utc>) -> Option<(ExceededLimit, u64)> {
        let most = limits.user_minute?;
        let wait = |until: DateTime<Utc>| u64::try_from((until - now).num_seconds()).unwrap_or(0).max(1);
        if let Some(until) = self.blocked_until(now) {
            return Some((ExceededLimit::UserMinute, wait(until)));
        }
        let before = self.minute.count(now, MINUTE);
        self.minute.add(now);
        if before < most {
            return None;
        }
        let length = i64::try_from(limits.user_block_seconds).ok().and_then(TimeDelta::try_seconds);
        let until = length.and_then(|length| now.checked_add_signed(length)).unwrap_or(now);
        self.blocked = Some((now, until));
        self.minute = Window::default();
        Some((ExceededLimit::UserMinute, wait(until)))
    }
}

impl OrganizationUse {
    /// Says which limit one more call would exceed, and how many seconds to wait.
    fn exceeded(&mut self, limits: &Limits, plan: &str, now: DateTime<Utc>) -> Option<(ExceededLimit, u64)> {
        let in_minute = self.minute.count(now, MINUTE);
        if limits.organization_minute.is_some_and(|most| in_minute >= most) {
            return Some((ExceededLimit::OrganizationMinute, self.minute.frees_in(now, MINUTE)));
        }
        if limits.day.is_some() && self.used >= limits.day_limit(plan) {
            return Some((ExceededLimit::Day, seconds_to_midnight(now)));
        }
        let concurrent = limits.concurrent?;
        let most = if plan.eq_ignore_ascii_case("FREE") { concurrent.free } else { concurrent.paid };
        (self.in_process >= most).then_some((ExceededLimit::Concurrency, 1))
    }
}

/// At least one published client crashes without these headers.
fn quota(limits: &Limits, day_limit: u64, used: u64, now: DateTime<Utc>) -> Quota {
    let floor = if limits.enforced && limits.day.is_some() { 0 } else { QUOTA_FLOOR };
    let remaining = day_limit.saturating_sub(used).max(floor);
    [("Limit", day_limit), ("Remaining", remaining), ("Reset", seconds_to_midnight(now))]
        .map(|(name, number)| (format!("X-Rate-Limit-{name}"), number.to_string()))
        .into()
}
