//! JSON whose numbers keep the digits they were written with.
//!
//! `serde_json::Value` turns `0.1` into a binary float; money must not pass through one.

use std::str::FromStr;

use rust_decimal::{Decimal, RoundingStrategy};
use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Error as _, Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

use crate::parse::parse;
use crate::writer::quoted;

/// One JSON value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    /// The literal exactly as written.
    Number(String),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// The text is not JSON, or nests deeper than the limit.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("JSON is not well formed")]
pub(crate) struct Malformed;

impl Json {
    /// Reads a whole document.
    pub(crate) fn parse(text: &str) -> Result<Self, Malformed> {
        parse(text)
    }

    /// An object from its members, in the order given.
    pub(crate) fn object<const N: usize>(members: [(&str, Json); N]) -> Self {
        Self::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// A record id: always a string on the wire, because ids exceed 2^53.
    pub(crate) fn id(id: u64) -> Self {
        Self::Text(id.to_string())
    }

    /// An amount with at least one decimal place, as the real service prints it.
    pub(crate) fn amount(value: Decimal) -> Self {
        let mut value = value.normalize();
        if value.scale() == 0 {
            value.rescale(1);
        }
        Self::Number(value.to_string())
    }

    /// The member `name` of an object.
    pub(crate) fn get(&self, name: &str) -> Option<&Json> {
        match self {
            Self::Object(members) => members.iter().find(|(known, _)| known == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The text of a string.
    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The items of a list.
    pub(crate) fn as_list(&self) -> Option<&[Json]> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    /// An exact decimal from a number or a numeric string.
    pub(crate) fn as_decimal(&self) -> Option<Decimal> {
        match self {
            Self::Number(text) | Self::Text(text) => decimal(text),
            _ => None,
        }
    }

    /// An id from a digit string or from an integer: clients send both.
    pub(crate) fn as_id_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Number(text) => Some(text.as_str()).filter(|text| is_id(text)),
            _ => None,
        }
    }

    /// About how many bytes the document has as text.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Null | Self::Bool(_) => 5,
            Self::Number(text) => text.len(),
            Self::Text(text) => text.len() + 2,
            Self::List(items) => items.iter().map(|item| item.size() + 1).sum::<usize>() + 2,
            Self::Object(members) => {
                members.iter().map(|(name, value)| name.len() + value.size() + 4).sum::<usize>() + 2
            }
        }
    }

    /// The document as text.
    pub(crate) fn to_text(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }

    /// Appends the document to a text. Numbers are literals already: no constructor admits another text.
    pub(crate) fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(text) => out.push_str(text),
            Self::Text(text) => quoted(out, text),
            Self::List(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                for (at, (name, value)) in members.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    quoted(out, name);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

/// The exact decimal that a literal stands for.
pub(crate) fn decimal(text: &str) -> Option<Decimal> {
    Decimal::from_str(text).or_else(|_| Decimal::from_scientific(text)).ok()
}

/// Whether a text can be an id.
pub(crate) fn is_id(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Rounds half up to `places` decimals, the rule the real service follows for money.
pub(crate) fn round_money(value: Decimal, places: u32) -> Decimal {
    value.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero)
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Self::parse(raw.get()).map_err(D::Error::custom)
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(text) => {
                RawValue::from_string(text.clone()).map_err(S::Error::custom)?.serialize(serializer)
            }
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(items) => serializer.collect_seq(items),
            Self::Object(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (name, value) in members {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<u64> for Json {
    fn from(value: u64) -> Self {
        Self::Number(value.to_string())
    }
}

impl From<Vec<Json>> for Json {
    fn from(items: Vec<Json>) -> Self {
        Self::List(items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::{FEW_MEMBERS, MAX_DEPTH};

    #[test]
    fn numbers_keep_their_digits() {
        let text = r#"{"a":0.10000000000000000001,"b":[12345678901234567890.5,1e400],"c":"é\u00e9"}"#;
        let json = Json::parse(text).unwrap();
        assert_eq!(
            json.to_text(),
            r#"{"a":0.10000000000000000001,"b":[12345678901234567890.5,1e400],"c":"éé"}"#
        );
    }

    #[test]
    fn of_members_with_one_name_the_last_one_counts_at_the_place_of_the_first() {
        for further in [0, FEW_MEMBERS + 1] {
            let rest: String = (0..further).map(|n| format!(r#","m{n}":{n}"#)).collect();
            let json = Json::parse(&format!(r#"{{"a":1,"b":2,"a":3{rest},"b":4}}"#)).unwrap();
            assert_eq!(json.to_text(), format!(r#"{{"a":3,"b":4{rest}}}"#));
        }
    }

    #[test]
    fn deep_documents_are_refused() {
        assert!(Json::parse(&"[".repeat(1_000_000)).is_err());
        let fits = format!("{}{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
        assert!(Json::parse(&fits).is_ok());
        assert!(Json::parse(&format!("[{fits}]")).is_err());
    }

    #[test]
    fn half_cents_round_away_from_zero() {
        assert_eq!(round_money(Decimal::new(1005, 3), 2), Decimal::new(101, 2));
        assert_eq!(Json::amount(Decimal::new(25000, 2)).to_text(), "250.0");
    }
}
