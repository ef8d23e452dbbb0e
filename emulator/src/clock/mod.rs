//! The emulator's own time source, so that a test can move token expiry and `last_modified_time` at will.

pub(crate) mod duration;
mod steered;

use std::sync::Mutex;

use chrono::{DateTime, TimeDelta, Utc};

use crate::sync::locked;

pub use steered::{ClockError, ClockMode, ClockStart, SteeredClock};

/// Tells the emulator what time it is. Every timestamp and every token expiry comes from here.
pub trait Clock: Send + Sync + 'static {
    /// The present instant in UTC.
    fn now(&self) -> DateTime<Utc>;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where real time enters the emulator")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

/// A clock that stands still until it is told otherwise.
#[derive(Debug)]
pub struct ManualClock(Mutex<DateTime<Utc>>);

impl ManualClock {
    /// A clock standing at `start`.
    pub fn new(start: DateTime<Utc>) -> Self {
        Self(Mutex::new(start))
    }

    /// Moves the clock to `instant`, which may lie in the past.
    pub fn set(&self, instant: DateTime<Utc>) {
        *locked(&self.0) = instant;
    }

    /// Moves the clock by `step`; a step beyond the calendar leaves the clock where it is.
    pub fn advance(&self, step: TimeDelta) {
        let mut now = locked(&self.0);
        *now = now.checked_add_signed(step).unwrap_or(*now);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        *locked(&self.0)
    }
}
