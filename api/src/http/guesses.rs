//! Keeps strangers from trying tokens: an address that sent too many unknown ones is refused without looking, except for
//! tokens that proved good a short while ago.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use moka::sync::Cache;

/// How long a token that proved good passes from a blocked address.
const TRUSTED: TimeDelta = TimeDelta::hours(1);

/// What unknown tokens are counted over.
const WINDOW: TimeDelta = TimeDelta::minutes(1);

/// How many addresses, and how many good tokens, are remembered: some megabytes at most, whoever asks.
const REMEMBERED: u64 = 50_000;

struct Window {
    since: DateTime<Utc>,
    unknown: u64,
}

/// What is known about addresses and tokens.
pub struct Guesses {
    by_address: Cache<IpAddr, Arc<Mutex<Window>>>,
    good: Cache<[u8; 32], DateTime<Utc>>,
    maximum: u64,
}

impl Guesses {
    /// Lets each address send so many unknown tokens in a minute.
    pub fn new(maximum: u64) -> Self {
        let forget = Duration::from_secs(7_200);
        Self {
            by_address: Cache::builder().max_capacity(REMEMBERED).time_to_idle(forget).build(),
            good: Cache::builder().max_capacity(REMEMBERED).time_to_live(forget).build(),
            maximum,
        }
    }

    /// How long this token has to wait at this address; nothing when it may be looked up.
    pub fn blocked(&self, address: IpAddr, token: &[u8; 32], now: DateTime<Utc>) -> Option<Duration> {
        let window = self.by_address.get(&network(address))?;
        let window = window.lock().unwrap_or_else(PoisonError::into_inner);
        let left = window.since + WINDOW - now;
        if window.unknown < self.maximum || left <= TimeDelta::zero() {
            return None;
        }
        let trusted = self.good.get(token).is_some_and(|since| now - since < TRUSTED);
        // A clock that was set back must not block for longer than the window.
        (!trusted).then(|| left.min(WINDOW).to_std().unwrap_or_default())
    }

    /// A token that nobody knows came from this address.
    pub fn unknown(&self, address: IpAddr, token: &[u8; 32], now: DateTime<Utc>) {
        self.good.invalidate(token);
        let begun = || Arc::new(Mutex::new(Window { since: now, unknown: 0 }));
        let window = self.by_address.get_with(network(address), begun);
        let mut window = window.lock().unwrap_or_else(PoisonError::into_inner);
        if now - window.since >= WINDOW {
            *window = Window { since: now, unknown: 0 };
        }
        window.unknown = window.unknown.saturating_add(1);
    }

    /// This token proved good.
    pub fn good(&self, token: [u8; 32], now: DateTime<Utc>) {
        self.good.insert(token, now);
    }
}

/// What one customer of a provider has: an IPv4 address, or the IPv6 addresses that share their first 64 bits.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let first = u128::from(address) >> 64 << 64;
            IpAddr::V6(Ipv6Addr::from(first))
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_blocked_for_the_rest_of_the_minute_and_good_tokens_pass() {
        let guesses = Guesses::new(3);
        let now: DateTime<Utc> = "2026-01-05T12:00:00Z".parse().unwrap();
        let (address, neighbour): (IpAddr, IpAddr) =
            ("2001:db8::1".parse().unwrap(), "2001:db8::ffff:2".parse().unwrap());
        let (good, bad) = ([1; 32], [2; 32]);
        guesses.good(good, now);
        for n in 0..3 {
            assert_eq!(guesses.blocked(address, &bad, now), None, "{n}");
            guesses.unknown(address, &bad, now + TimeDelta::seconds(n));
        }
        let later = now + TimeDelta::seconds(20);
        assert_eq!(guesses.blocked(neighbour, &bad, later), Some(Duration::from_secs(40)), "the same /64");
        assert_eq!(guesses.blocked("2001:db8:0:1::1".parse().unwrap(), &bad, later), None);
        assert_eq!(guesses.blocked(address, &good, later), None);
        let over = now + TimeDelta::seconds(60);
        assert_eq!(guesses.blocked(address, &bad, over), None);
        guesses.unknown(address, &good, over);
        guesses.unknown(address, &bad, over);
        guesses.unknown(address, &bad, over);
        assert!(guesses.blocked(address, &good, over).is_some(), "it is not good any more");
    }

    #[test]
    fn addresses_of_one_customer_are_one() {
        let mapped: IpAddr = "::ffff:192.0.2.7".parse().unwrap();
        assert_eq!(network(mapped), "192.0.2.7".parse::<IpAddr>().unwrap());
        assert_ne!(network("192.0.2.7".parse().unwrap()), network("192.0.2.8".parse().unwrap()));
    }
}
