//! The clock that the control surface moves.

use std::str::FromStr;
use std::sync::Mutex;

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{Clock, SystemClock};
use crate::sync::locked;

/// The first and the last year the clock may show. Beyond it, timestamps would need five digits for the year.
const YEARS: std::ops::RangeInclusive<i32> = 1970..=9000;

/// How a [`SteeredClock`] runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockMode {
    /// Shows the machine's time.
    Real,
    /// Runs at the machine's speed from an instant that was chosen.
    Manual,
    /// Stands still.
    Frozen,
}

/// Where a clock starts and whether it runs.
///
/// As text: `real`, `frozen` (stands at the machine's time), `frozen@2026-01-05T20:06:10Z` (stands there), or an
/// RFC 3339 instant (runs from there).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClockStart {
    /// The machine's time.
    #[default]
    Real,
    /// Stands at the machine's time of the start.
    Frozen,
    /// Stands at this instant.
    FrozenAt(DateTime<Utc>),
    /// Runs from this instant.
    From(DateTime<Utc>),
}

impl FromStr for ClockStart {
    type Err = ClockError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let instant = |text: &str| {
            let read = DateTime::parse_from_rfc3339(text).map_err(|_| ClockError::NotUnderstood)?;
            within(read.to_utc())
        };
        match text {
            "real" => Ok(Self::Real),
            "frozen" => Ok(Self::Frozen),
            _ => match text.strip_prefix("frozen@") {
                Some(at) => instant(at).map(Self::FrozenAt),
                None => instant(text).map(Self::From),
            },
        }
    }
}

/// Why a clock was not moved. Every message says what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClockError {
    /// The instant lies outside of the years the emulator can show.
    #[error("The clock shows the years 1970 to 9000 only. Choose an instant within them.")]
    OutOfRange,
    /// The text names no start of a clock.
    #[error("A clock is real, frozen, frozen@<instant> or an RFC 3339 instant such as 2026-01-05T20:06:10Z.")]
    NotUnderstood,
    /// The program that embeds the emulator brought its own clock.
    #[error(
        "The program that embeds this emulator brought its own clock. Move that clock there, or start the emulator \
         without one."
    )]
    Foreign,
}

#[derive(Debug, Clone, Copy)]
enum Time {
    Real,
    Ahead(TimeDelta),
    Frozen(DateTime<Utc>),
}

/// A clock that shows the machine's time, runs from a chosen instant, or stands still.
#[derive(Debug)]
pub struct SteeredClock(Mutex<Time>);

impl SteeredClock {
    /// A clock that starts as `start` says.
    pub fn new(start: ClockStart) -> Self {
        Self(Mutex::new(begin(start)))
    }

    /// How the clock runs.
    pub fn mode(&self) -> ClockMode {
        match *locked(&self.0) {
            Time::Real => ClockMode::Real,
            Time::Ahead(_) => ClockMode::Manual,
            Time::Frozen(_) => ClockMode::Frozen,
        }
    }

    /// The start that another clock needs to show what this one shows.
    pub fn reading(&self) -> ClockStart {
        match *locked(&self.0) {
            Time::Real => ClockStart::Real,
            time @ Time::Ahead(_) => ClockStart::From(shown(time)),
            Time::Frozen(instant) => ClockStart::FrozenAt(instant),
        }
    }

    /// A clock that shows the same from here on, until either is moved.
    pub(crate) fn fork(&self) -> Self {
        Self(Mutex::new(*locked(&self.0)))
    }

    /// Starts over as `start` says.
    pub fn restart(&self, start: ClockStart) {
        *locked(&self.0) = begin(start);
    }

    /// Shows the machine's time again.
    pub fn real(&self) {
        *locked(&self.0) = Time::Real;
    }

    /// Stands still, at `instant` or where the clock is. Errors: the instant is out of range.
    pub fn freeze(&self, instant: Option<DateTime<Utc>>) -> Result<(), ClockError> {
        let mut time = locked(&self.0);
        *time = Time::Frozen(within(instant.unwrap_or_else(|| shown(*time)))?);
        Ok(())
    }

    /// Runs from `instant` or from where the clock is. Errors: the instant is out of range.
    pub fn run(&self, instant: Option<DateTime<Utc>>) -> Result<(), ClockError> {
        let mut time = locked(&self.0);
        let from = within(instant.unwrap_or_else(|| shown(*time)))?;
        *time = Time::Ahead(from - SystemClock.now());
        Ok(())
    }

    /// Moves the clock to `instant`; a frozen clock stays frozen, another one runs on from there. Errors: the instant
    /// is out of range.
    pub fn set(&self, instant: DateTime<Utc>) -> Result<(), ClockError> {
        match self.mode() {
            ClockMode::Frozen => self.freeze(Some(instant)),
            ClockMode::Real | ClockMode::Manual => self.run(Some(instant)),
        }
    }

    /// Moves the clock by `step`; a frozen clock stays frozen, another one runs on. Errors: the clock would leave its
    /// range; it stays where it is.
    pub fn advance(&self, step: TimeDelta) -> Result<(), ClockError> {
        let mut time = locked(&self.0);
        let wanted = shown(*time).checked_add_signed(step).ok_or(ClockError::OutOfRange)?;
        let wanted = within(wanted)?;
        *time = match *time {
            Time::Frozen(_) => Time::Frozen(wanted),
            // The offset itself is moved: going through the machine's time would lose what passed meanwhile.
            Time::Real => Time::Ahead(step),
            Time::Ahead(offset) => Time::Ahead(offset.checked_add(&step).ok_or(ClockError::OutOfRange)?),
        };
        Ok(())
    }
}

impl Clock for SteeredClock {
    fn now(&self) -> DateTime<Utc> {
        shown(*locked(&self.0))
    }
}

fn begin(start: ClockStart) -> Time {
    let machine = SystemClock.now();
    match start {
        ClockStart::Real => Time::Real,
        ClockStart::Frozen => Time::Frozen(machine),
        ClockStart::FrozenAt(instant) => Time::Frozen(instant),
        ClockStart::From(instant) => Time::Ahead(instant - machine),
    }
}

fn shown(time: Time) -> DateTime<Utc> {
    match time {
        Time::Real => SystemClock.now(),
        Time::Ahead(offset) => {
            let machine = SystemClock.now();
            machine.checked_add_signed(offset).unwrap_or(machine)
        }
        Time::Frozen(instant) => instant,
    }
}

fn within(instant: DateTime<Utc>) -> Result<DateTime<Utc>, ClockError> {
    if YEARS.contains(&instant.year()) { Ok(instant) } else { Err(ClockError::OutOfRange) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_command_line() {
        let instant: DateTime<Utc> = "2026-01-05T20:06:10Z".parse().unwrap();
        assert_eq!("real".parse(), Ok(ClockStart::Real));
        assert_eq!("frozen".parse(), Ok(ClockStart::Frozen));
        assert_eq!("2026-01-05T20:06:10Z".parse(), Ok(ClockStart::From(instant)));
        assert_eq!("frozen@2026-01-05T21:06:10+01:00".parse(), Ok(ClockStart::FrozenAt(instant)));
        assert_eq!("tomorrow".parse::<ClockStart>(), Err(ClockError::NotUnderstood));
        assert_eq!("0001-01-01T00:00:00Z".parse::<ClockStart>(), Err(ClockError::OutOfRange));
    }

    #[test]
    fn a_step_out_of_range_leaves_the_clock_where_it_was() {
        let start: DateTime<Utc> = "2026-01-05T20:06:10Z".parse().unwrap();
        let clock = SteeredClock::new(ClockStart::FrozenAt(start));
        for step in [TimeDelta::days(365 * 8000), TimeDelta::MAX, TimeDelta::days(-365 * 60)] {
            assert_eq!(clock.advance(step), Err(ClockError::OutOfRange));
            assert_eq!(clock.now(), start);
        }
        clock.advance(TimeDelta::hours(1)).unwrap();
        assert_eq!((clock.now(), clock.mode()), (start + TimeDelta::hours(1), ClockMode::Frozen));
    }
}
