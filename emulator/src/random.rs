//! The one source of chance: tokens, codes and the probabilities of faults.

use std::sync::Mutex;

use rand::rngs::StdRng;
use rand::{Rng, RngCore, SeedableRng};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::sync::locked;

/// Probabilities are compared in steps of one billionth.
const STEPS: u32 = 1_000_000_000;

/// A generator that is unpredictable, or that a number makes repeatable.
#[derive(Debug)]
pub(crate) struct Random(Mutex<Source>);

#[derive(Debug)]
struct Source {
    generator: StdRng,
    number: Option<u64>,
}

impl Random {
    /// Repeatable when `number` is given; otherwise seeded by the operating system.
    pub(crate) fn new(number: Option<u64>) -> Self {
        Self(Mutex::new(Source::new(number)))
    }

    /// A generator of the same kind: a repeatable one goes on like this one, another is unpredictable by itself.
    pub(crate) fn fork(&self) -> Self {
        let source = locked(&self.0);
        let repeated =
            source.number.map(|number| Source { generator: source.generator.clone(), number: Some(number) });
        Self(Mutex::new(repeated.unwrap_or_else(|| Source::new(None))))
    }

    /// Starts over with this number, or with a seed of the operating system.
    pub(crate) fn restart(&self, number: Option<u64>) {
        *locked(&self.0) = Source::new(number);
    }

    /// The number that made the generator repeatable.
    pub(crate) fn number(&self) -> Option<u64> {
        locked(&self.0).number
    }

    /// `1000.<32 hex>.<32 hex>`, the form of every token and grant code.
    pub(crate) fn secret(&self) -> String {
        let generator = &mut locked(&self.0).generator;
        format!("1000.{:032x}.{:032x}", generator.random::<u128>(), generator.random::<u128>())
    }

    /// 32 hexadecimal digits, the form of a ZSC key.
    pub(crate) fn key(&self) -> String {
        format!("{:032x}", locked(&self.0).generator.random::<u128>())
    }

    /// True with the probability `p`, from 0 (never) to 1 (always).
    pub(crate) fn chance(&self, p: Decimal) -> bool {
        let wanted = (p.clamp(Decimal::ZERO, Decimal::ONE) * Decimal::from(STEPS)).round();
        let drawn = locked(&self.0).generator.random_range(0..STEPS);
        wanted.to_u32().is_some_and(|wanted| drawn < wanted)
    }

    /// `length` bytes that mean nothing.
    pub(crate) fn noise(&self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        locked(&self.0).generator.fill_bytes(&mut bytes);
        bytes
    }
}

impl Default for Random {
    fn default() -> Self {
        Self::new(None)
    }
}

impl Source {
    fn new(number: Option<u64>) -> Self {
        let generator = number.map_or_else(StdRng::from_os_rng, StdRng::seed_from_u64);
        Self { generator, number }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_gives_one_sequence() {
        let drawn = |number| {
            let random = Random::new(number);
            let chances: Vec<bool> = (0..64).map(|_| random.chance(Decimal::new(5, 1))).collect();
            (random.secret(), random.noise(16), chances)
        };
        assert_eq!(drawn(Some(7)), drawn(Some(7)));
        assert_ne!(drawn(Some(7)), drawn(Some(8)));
        assert_ne!(drawn(None).0, drawn(None).0);
    }

    #[test]
    fn never_and_always_are_certain() {
        let random = Random::new(Some(1));
        assert!((0..1000).all(|_| random.chance(Decimal::ONE) && !random.chance(Decimal::ZERO)));
        let hits = (0..10_000).filter(|_| random.chance(Decimal::new(25, 2))).count();
        assert!((2200..2800).contains(&hits), "{hits}");
    }
}
