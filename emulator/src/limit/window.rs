//! Counting over the last seconds.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};

/// Events of the last seconds, counted per second, so that its size does not grow with the number of events. An event
/// leaves up to one second early.
#[derive(Debug, Default)]
pub(super) struct Window {
    /// Second and number of events, oldest first.
    buckets: VecDeque<(i64, u64)>,
}

impl Window {
    /// Events in the `seconds` that end now. Events that lie in the future, because the clock was set back, are
    /// forgotten.
    pub(super) fn count(&mut self, now: DateTime<Utc>, seconds: u64) -> u64 {
        let now = now.timestamp();
        let length = i64::try_from(seconds).unwrap_or(i64::MAX);
        self.buckets.retain(|(second, _)| *second <= now && now.saturating_sub(*second) < length);
        self.buckets.iter().map(|(_, events)| events).sum()
    }

    /// Adds an event.
    pub(super) fn add(&mut self, now: DateTime<Utc>) {
        let now = now.timestamp();
        match self.buckets.back_mut() {
            Some((second, events)) if *second == now => *events += 1,
            _ => self.buckets.push_back((now, 1)),
        }
    }

    /// Seconds until the oldest event leaves, at least 1.
    pub(super) fn frees_in(&self, now: DateTime<Utc>, seconds: u64) -> u64 {
        let oldest = self.buckets.front().map_or(now.timestamp(), |(second, _)| *second);
        let passed = u64::try_from(now.timestamp().saturating_sub(oldest)).unwrap_or(0);
        seconds.saturating_sub(passed).max(1)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn events_leave_one_by_one_and_a_clock_set_back_forgets() {
        let start: DateTime<Utc> = "2026-01-05T00:00:00Z".parse().unwrap();
        let at = |seconds| start + TimeDelta::seconds(seconds);
        let mut window = Window::default();
        for second in [0, 0, 30] {
            window.count(at(second), 60);
            window.add(at(second));
        }
        assert_eq!((window.count(at(59), 60), window.frees_in(at(59), 60)), (3, 1));
        assert_eq!((window.count(at(60), 60), window.frees_in(at(60), 60)), (1, 30));
        assert_eq!(window.count(at(10), 60), 0);
        assert_eq!(window.frees_in(at(10), 60), 60);
    }

    #[test]
    fn a_million_events_take_one_place_per_second() {
        let start: DateTime<Utc> = "2026-01-05T00:00:00Z".parse().unwrap();
        let mut window = Window::default();
        for event in 0..1_000_000 {
            let now = start + TimeDelta::milliseconds(event);
            window.count(now, 60);
            window.add(now);
        }
        assert!(window.buckets.len() <= 61, "{}", window.buckets.len());
    }
}
