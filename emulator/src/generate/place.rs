//! Countries: how people, companies and addresses are written there.

use rand::Rng;
use rand::rngs::StdRng;

pub(super) use super::words::REGIONS;
use super::{percent, pick};
use crate::json::Json;

/// A country and its words. In patterns, `#` stands for a digit and `%` for a house number.
pub(super) struct Region {
    pub(super) country: &'static str,
    pub(super) country_code: &'static str,
    pub(super) currency: &'static str,
    pub(super) language: &'static str,
    pub(super) phone: &'static str,
    pub(super) family_first: bool,
    pub(super) given: &'static [&'static str],
    pub(super) family: &'static [&'static str],
    /// How a company's name is put together: `{head}` from `heads`, `{trade}` from `trades`, `{form}` from `forms`.
    pub(super) company: &'static str,
    pub(super) heads: &'static [&'static str],
    pub(super) trades: &'static [&'static str],
    pub(super) forms: &'static [&'static str],
    /// City, state, pattern of the postal code.
    pub(super) cities: &'static [(&'static str, &'static str, &'static str)],
    pub(super) streets: &'static [&'static str],
}

impl Region {
    /// A person's name in the order of the country.
    pub(super) fn person(&self, given: &str, family: &str) -> String {
        if self.family_first { format!("{family} {given}") } else { format!("{given} {family}") }
    }

    /// The name of a company, every third time after its owner.
    pub(super) fn company(&self, chance: &mut StdRng) -> String {
        let head = if percent(chance, 33) { pick(chance, self.family) } else { pick(chance, self.heads) };
        let name = self.company.replace("{head}", head);
        let name = name.replace("{trade}", pick(chance, self.trades));
        name.replace("{form}", pick(chance, self.forms))
    }
}

/// An address in the country.
pub(super) fn address(chance: &mut StdRng, region: &Region, attention: &str) -> Json {
    let (city, state, zip) = pick(chance, region.cities);
    let number = chance.random_range(1..200u32).to_string();
    let street = pick(chance, region.streets).replace('%', &number);
    Json::object([
        ("attention", attention.into()),
        ("address", street.into()),
        ("city", city.into()),
        ("state", state.into()),
        ("zip", digits(chance, zip).into()),
        ("country", region.country.into()),
        ("country_code", region.country_code.into()),
        ("phone", digits(chance, region.phone).into()),
    ])
}

/// The pattern with digits in place of `#`.
pub(super) fn digits(chance: &mut StdRng, pattern: &str) -> String {
    let digit = |sign| if sign == '#' { char::from(b'0' + chance.random_range(0..10u8)) } else { sign };
    pattern.chars().map(digit).collect()
}
