//! What is sent. Numbers are written as they stand, so that none loses a digit.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;

/// The members of an object that is sent.
pub(crate) type Members = BTreeMap<String, Member>;

/// The value of a member.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub(crate) enum Member {
    /// A text.
    Text(String),
    /// Something exactly as it is written: a number, or what an answer held.
    Exact(Box<RawValue>),
    /// Yes or no.
    Flag(bool),
    /// An object.
    Object(Members),
    /// A list of objects.
    List(Vec<Members>),
    /// A list of texts.
    Texts(Vec<String>),
}

impl Member {
    /// A number. What is none, or has more digits than are held exactly, is sent as the text it is, so that the vendor
    /// says what is wrong with it.
    pub(crate) fn number(text: &str) -> Self {
        let number = rust_decimal::Decimal::from_str_exact(text).ok();
        let written = number.and_then(|number| RawValue::from_string(number.to_string()).ok());
        written.map_or_else(|| Self::Text(text.to_owned()), Self::Exact)
    }
}

impl From<&str> for Member {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// The body by which the vendor learns of a CRM record.
#[derive(Serialize)]
pub(crate) struct Pushed<'a> {
    /// The record, in the words of Books.
    pub(crate) record: &'a Members,
}

/// The contacts that go up in another.
#[derive(Serialize)]
pub(crate) struct Merged<'a> {
    /// Their ids.
    pub(crate) contact_ids: &'a [String],
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_every_digit() {
        let written = |text| serde_json::to_string(&Member::number(text)).unwrap();
        assert_eq!(written("12345678901234567.123456789"), "12345678901234567.123456789");
        assert_eq!(written("twelve"), "\"twelve\"");
        let long = "0.12345678901234567890123456789012";
        assert_eq!(written(long), format!("\"{long}\""), "nothing is rounded on the way");
    }
}
