//! Reading what the vendor's answers really contain: ids as numbers, numbers as texts, `""` for "none".

use serde::de::{Deserialize, Deserializer, Error};
use serde_json::{Map, Value};

/// A text, however it is written; null is the empty text. None for an array or an object.
pub(crate) fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

/// A text that has to be there and not be empty, such as an id.
pub(crate) fn required_text<'de, D: Deserializer<'de>>(input: D) -> Result<String, D::Error> {
    let text = as_text(&Value::deserialize(input)?).unwrap_or_default();
    if text.is_empty() { Err(D::Error::custom("expected a text that is not empty")) } else { Ok(text) }
}

/// A text that may be missing.
pub(crate) fn text<'de, D: Deserializer<'de>>(input: D) -> Result<Option<String>, D::Error> {
    as_text(&Value::deserialize(input)?).map(Some).ok_or_else(|| D::Error::custom("expected a text"))
}

/// A whole number, also as a text; `""` and anything else is none.
pub(crate) fn integer<'de, D: Deserializer<'de>>(input: D) -> Result<Option<i64>, D::Error> {
    Ok(as_text(&Value::deserialize(input)?).and_then(|text| text.trim().parse().ok()))
}

/// An object; where the vendor writes `""`, `[]` or null instead, an empty one.
pub(crate) fn object<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Map<String, Value>>, D::Error> {
    match Value::deserialize(input)? {
        Value::Object(members) => Ok(Some(members)),
        Value::Null => Ok(Some(Map::new())),
        Value::String(text) if text.is_empty() => Ok(Some(Map::new())),
        Value::Array(elements) if elements.is_empty() => Ok(Some(Map::new())),
        _ => Err(D::Error::custom("expected an object")),
    }
}
