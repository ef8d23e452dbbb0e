//! A leaky bucket of points for each token: what a request costs is taken out at once, and flows back with time. Whoever got
//! more than was expected owes it: the bucket is then below its ground, and has to rise to it first.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_graphql::Value;
use chrono::{DateTime, Utc};
use moka::sync::Cache;

use crate::config::Limits;

/// Points are kept in millionths: a clock of whole microseconds then restores without a remainder.
const SCALE: i64 = 1_000_000;

/// How many tokens are remembered. One that is forgotten has its points back.
const REMEMBERED: u64 = 100_000;

/// What a token can still spend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// Points when it has rested.
    pub maximum: u64,
    /// Points now; none while something is owed.
    pub available: u64,
    /// Points that come back each second.
    pub restore: u64,
}

impl Level {
    /// As answers show it.
    pub fn to_value(self) -> Value {
        let members = [
            ("maximumAvailable", self.maximum),
            ("currentlyAvailable", self.available),
            ("restoreRate", self.restore),
        ];
        Value::Object(
            members.into_iter().map(|(name, value)| (async_graphql::Name::new(name), value.into())).collect(),
        )
    }
}

/// Not enough points yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Empty {
    /// What there is.
    pub level: Level,
    /// After how long there is enough.
    pub wait: Duration,
}

#[derive(Debug)]
struct Bucket {
    millionths: i64,
    at: DateTime<Utc>,
}

/// The buckets of all tokens of this process.
pub struct Buckets {
    buckets: Cache<[u8; 32], Arc<Mutex<Bucket>>>,
    maximum: u64,
    restore: u64,
}

impl Buckets {
    /// Buckets of the size that the limits say.
    pub fn new(limits: &Limits) -> Self {
        let (maximum, restore) = (limits.cost_bucket, limits.cost_restore);
        // Whoever was away as long as it takes to fill up from the deepest debt has a full bucket, remembered or not.
        let full_again = Duration::from_secs((2 * (maximum / restore)).saturating_add(60));
        let buckets = Cache::builder().max_capacity(REMEMBERED).time_to_idle(full_again).build();
        Self { buckets, maximum, restore }
    }

    /// Takes points out of the bucket of the token with this hash.
    ///
    /// # Errors
    /// When there are not enough; then nothing is taken.
    pub fn take(&self, token: [u8; 32], points: u64, now: DateTime<Utc>) -> Result<Level, Empty> {
        self.change(token, now, |millionths| {
            let left = millionths.saturating_sub(scaled(points));
            if left < 0 {
                return Err(Duration::from_micros(left.unsigned_abs().div_ceil(self.restore)));
            }
            *millionths = left;
            Ok(())
        })
        .map_err(|(level, wait)| Empty { level, wait })
    }

    /// Corrects what was taken for a request by what it really cost. Nobody owes more than a bucket holds.
    pub fn settle(&self, token: [u8; 32], taken: u64, cost: u64, now: DateTime<Utc>) -> Level {
        let settled = self.change(token, now, |millionths| {
            let full = scaled(self.maximum);
            let paid = millionths.saturating_add(scaled(taken));
            *millionths = paid.saturating_sub(scaled(cost)).clamp(-full, full);
            Ok(())
        });
        settled.unwrap_or_else(|(level, _)| level)
    }

    fn change(
        &self,
        token: [u8; 32],
        now: DateTime<Utc>,
        change: impl FnOnce(&mut i64) -> Result<(), Duration>,
    ) -> Result<Level, (Level, Duration)> {
        let full = scaled(self.maximum);
        let bucket =
            self.buckets.get_with(token, || Arc::new(Mutex::new(Bucket { millionths: full, at: now })));
        let mut bucket = bucket.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was set back restores nothing, and what it shows then is what counts from there.
        let micros = (now - bucket.at).num_microseconds().unwrap_or_default().max(0);
        let restored = micros.saturating_mul(i64::try_from(self.restore).unwrap_or(i64::MAX));
        bucket.millionths = bucket.millionths.saturating_add(restored).min(full);
        bucket.at = now;
        let changed = change(&mut bucket.millionths);
        let available = u64::try_from(bucket.millionths / SCALE).unwrap_or_default();
        let level = Level { maximum: self.maximum, available, restore: self.restore };
        changed.map(|()| level).map_err(|wait| (level, wait))
    }
}

fn scaled(points: u64) -> i64 {
    i64::try_from(points).unwrap_or(i64::MAX).saturating_mul(SCALE)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn points_flow_back_with_time_and_never_beyond_the_rim() {
        let limits = Limits { cost_bucket: 100, cost_restore: 10, cost_per_request: 50, ..Limits::default() };
        let buckets = Buckets::new(&limits);
        let start: DateTime<Utc> = "2026-01-05T12:00:00Z".parse().unwrap();
        let (one, other) = ([1; 32], [2; 32]);
        assert_eq!(buckets.take(one, 60, start).unwrap().available, 40);
        let empty = buckets.take(one, 60, start).unwrap_err();
        assert_eq!((empty.level.available, empty.wait), (40, Duration::from_secs(2)));
        assert_eq!(buckets.take(other, 60, start).unwrap().available, 40, "each token has its own");
        let soon = start + TimeDelta::microseconds(1_999_999);
        assert_eq!(buckets.take(one, 60, soon).unwrap_err().wait, Duration::from_micros(1));
        assert_eq!(buckets.take(one, 60, soon + TimeDelta::microseconds(1)).unwrap().available, 0);
        let later = start + TimeDelta::hours(1);
        assert_eq!(buckets.take(one, 0, later).unwrap().available, 100);
        assert_eq!(buckets.take(one, 50, start).unwrap().available, 50, "a clock that was set back");
        assert_eq!(buckets.take(one, 1, start + TimeDelta::seconds(1)).unwrap().available, 59);
    }

    #[test]
    fn what_was_taken_is_corrected_by_what_it_cost() {
        let limits = Limits { cost_bucket: 100, cost_restore: 10, cost_per_request: 50, ..Limits::default() };
        let buckets = Buckets::new(&limits);
        let now: DateTime<Utc> = "2026-01-05T12:00:00Z".parse().unwrap();
        buckets.take([1; 32], 50, now).unwrap();
        assert_eq!(buckets.settle([1; 32], 50, 5, now).available, 95);
        buckets.take([1; 32], 10, now).unwrap();
        assert_eq!(buckets.settle([1; 32], 10, 125, now).available, 0, "it owes 30");
        let empty = buckets.take([1; 32], 20, now).unwrap_err();
        assert_eq!((empty.level.available, empty.wait), (0, Duration::from_secs(5)), "(30 + 20) / 10");
        let later = now + TimeDelta::seconds(4);
        assert_eq!(buckets.take([1; 32], 0, later).unwrap().available, 10);
        buckets.settle([1; 32], 0, 1_000_000, later);
        let empty = buckets.take([1; 32], 1, later).unwrap_err();
        assert_eq!(empty.wait, Duration::from_micros(10_100_000), "never more than a bucket holds");
    }
}
