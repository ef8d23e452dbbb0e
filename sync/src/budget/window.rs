//! Requests of the last minute, counted by seconds; and who may have how much of a limit.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::Priority;

/// The finance app counts sixty seconds. A second's requests may have been made at its very end, so it is a whole one
/// longer until they do not count any more.
pub const COUNTED: i64 = 61;

/// The part of a limit that is kept back for what a person waits for.
const KEPT_BACK: u32 = 20;

/// What is kept back of a limit for people.
pub fn reserve(limit: u32) -> u32 {
    (limit / KEPT_BACK).max(1).min(limit.saturating_sub(1))
}

/// How much of a limit this priority may use.
pub fn usable(limit: u32, priority: Priority) -> u32 {
    match priority {
        Priority::Person => limit,
        Priority::Background => limit - reserve(limit),
    }
}

/// How many requests there were in which second. Seconds that are to come hold requests that may still be sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Window(Vec<(i64, u32)>);

impl Window {
    /// Requests that a finance app may count now.
    pub fn count(&self, now: DateTime<Utc>) -> u32 {
        let oldest = now.timestamp() - COUNTED;
        self.0.iter().filter(|(second, _)| *second > oldest).map(|(_, requests)| *requests).sum()
    }

    /// Notes requests in a second.
    pub fn add(&mut self, second: i64, requests: u32) {
        match self.0.binary_search_by_key(&second, |(second, _)| *second) {
            Ok(at) => self.0[at].1 += requests,
            Err(at) => self.0.insert(at, (second, requests)),
        }
    }

    /// Takes requests out of a second; no more than there are.
    pub fn remove(&mut self, second: i64, requests: u32) {
        if let Ok(at) = self.0.binary_search_by_key(&second, |(second, _)| *second) {
            self.0[at].1 = self.0[at].1.saturating_sub(requests);
        }
    }

    /// Forgets what does not count any more.
    pub fn forget(&mut self, now: DateTime<Utc>) {
        let oldest = now.timestamp() - COUNTED;
        self.0.retain(|(second, requests)| *second > oldest && *requests > 0);
    }

    /// When no more than `most` requests will count, if none are made until then.
    pub fn falls_to(&self, most: u32, now: DateTime<Utc>) -> DateTime<Utc> {
        let mut left = self.count(now);
        let oldest = now.timestamp() - COUNTED;
        for (second, requests) in self.0.iter().filter(|(second, _)| *second > oldest) {
            if left <= most {
                break;
            }
            left -= requests;
            if left <= most {
                return DateTime::from_timestamp(second + COUNTED, 0).unwrap_or(now);
            }
        }
        if left <= most { now } else { now + TimeDelta::seconds(COUNTED) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        format!("2026-01-05T12:{text}Z").parse().unwrap()
    }

    #[test]
    fn a_request_counts_for_a_whole_minute_wherever_in_its_second_it_was() {
        let mut window = Window::default();
        window.add(at("00:10").timestamp(), 3);
        window.add(at("00:12").timestamp(), 2);
        window.add(at("00:11").timestamp(), 1);
        window.add(at("00:12").timestamp(), 1);
        assert_eq!(window.count(at("00:10")), 7, "what is to come counts already");
        assert_eq!(window.count(at("01:10.999")), 7);
        assert_eq!(window.count(at("01:11")), 4);
        assert_eq!(window.count(at("01:13")), 0);
        window.remove(at("00:12").timestamp(), 5);
        window.remove(at("00:50").timestamp(), 5);
        window.forget(at("01:11"));
        assert_eq!(window, Window(vec![(at("00:11").timestamp(), 1)]));
    }

    #[test]
    fn it_is_known_when_there_is_room_again() {
        let mut window = Window::default();
        window.add(at("00:10").timestamp(), 3);
        window.add(at("00:12").timestamp(), 2);
        let now = at("00:20");
        assert_eq!(window.falls_to(5, now), now);
        assert_eq!(window.falls_to(4, now), at("01:11"));
        assert_eq!(window.falls_to(2, now), at("01:11"));
        assert_eq!(window.falls_to(1, now), at("01:13"));
        assert_eq!(window.falls_to(0, now), at("01:13"));
    }

    #[test]
    fn something_is_kept_back_for_people_and_never_all() {
        let parts = [(100, 95), (1_000, 950), (10, 9), (2, 1), (1, 1), (0, 0)];
        for (limit, background) in parts {
            assert_eq!(usable(limit, Priority::Background), background, "{limit}");
            assert_eq!(usable(limit, Priority::Person), limit);
        }
    }
}
