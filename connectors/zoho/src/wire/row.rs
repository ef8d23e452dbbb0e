//! A record as an answer tells it. Numbers are kept as they are written, so that none loses a digit.

use std::collections::HashMap;

use finbridge_contract::{Failure, FailureKind};
use serde::Deserialize;
use serde_json::value::RawValue;

/// The members of an object, each as it is written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct Row(HashMap<String, Box<RawValue>>);

impl Row {
    /// A text, however it is written; null is the empty text. None when it is not told, or is an array or an object.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        text_of(self.0.get(name)?)
    }

    /// The same, with nothing for what is not told or empty.
    pub(crate) fn some_text(&self, name: &str) -> Option<String> {
        self.text(name).filter(|text| !text.is_empty())
    }

    /// Whether the member says yes.
    pub(crate) fn says_yes(&self, name: &str) -> bool {
        self.text(name).as_deref() == Some("true")
    }

    /// An object; where the vendor writes `""`, `[]` or null instead, an empty one. None when it is not told.
    pub(crate) fn object(&self, name: &str) -> Option<Self> {
        let raw = self.0.get(name)?;
        Some(serde_json::from_str(raw.get()).unwrap_or_default())
    }

    /// A list of objects; elements that are none are left out. None when it is not told, or is no list.
    pub(crate) fn list(&self, name: &str) -> Option<Vec<Self>> {
        let elements: Vec<Box<RawValue>> = serde_json::from_str(self.0.get(name)?.get()).ok()?;
        Some(elements.iter().filter_map(|element| serde_json::from_str(element.get()).ok()).collect())
    }

    /// A text, or the texts of a list, parted by commas.
    pub(crate) fn joined(&self, name: &str) -> Option<String> {
        let raw = self.0.get(name)?;
        text_of(raw).or_else(|| {
            let elements: Vec<Box<RawValue>> = serde_json::from_str(raw.get()).ok()?;
            Some(elements.iter().filter_map(|element| text_of(element)).collect::<Vec<_>>().join(","))
        })
    }

    /// A text that has to be there and not be empty, such as an id.
    ///
    /// # Errors
    /// [`FailureKind::Malformed`] otherwise.
    pub(crate) fn required(&self, name: &str) -> Result<String, Failure> {
        self.some_text(name).ok_or_else(|| lacking(name))
    }

    /// The rows of an answer.
    ///
    /// # Errors
    /// [`FailureKind::Malformed`] when there is no such list: that nothing is there has to be said by an empty one.
    pub(crate) fn rows(&self, name: &str) -> Result<Vec<Self>, Failure> {
        let raw = self.0.get(name).ok_or_else(|| lacking(name))?;
        serde_json::from_str(raw.get()).map_err(|_| lacking(name))
    }

    /// The record of an answer. The vendor documents it as a list of one after writes of contact persons.
    ///
    /// # Errors
    /// [`FailureKind::Malformed`] when there is none.
    pub(crate) fn record(&self, name: &str) -> Result<Self, Failure> {
        let raw = self.0.get(name).ok_or_else(|| lacking(name))?.get();
        let listed = || serde_json::from_str(raw).map(|[record]: [Self; 1]| record);
        serde_json::from_str(raw).or_else(|_| listed()).map_err(|_| lacking(name))
    }

    /// The members as they are written.
    pub(crate) fn into_members(self) -> impl Iterator<Item = (String, Box<RawValue>)> {
        self.0.into_iter()
    }
}

fn text_of(raw: &RawValue) -> Option<String> {
    let written = raw.get().trim();
    match written.as_bytes().first() {
        Some(b'"') => serde_json::from_str(written).ok(),
        Some(b'{' | b'[') | None => None,
        _ if written == "null" => Some(String::new()),
        _ => Some(written.to_owned()),
    }
}

fn lacking(name: &str) -> Failure {
    Failure::new(FailureKind::Malformed, format!("the answer lacks a readable {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_read_however_they_are_written() {
        let written = r#"{"id": 460000000000000000123, "rate": 100.10, "none": null, "flag": true, "text": "a\"b",
            "address": "", "persons": [{"x": 1}, 2], "several": ["a", "b"]}"#;
        let row: Row = serde_json::from_str(written).unwrap();
        let text = |name| row.text(name);
        assert_eq!(text("id").as_deref(), Some("460000000000000000123"));
        assert_eq!(text("rate").as_deref(), Some("100.10"));
        assert_eq!(text("none").as_deref(), Some(""));
        assert_eq!(text("text").as_deref(), Some("a\"b"));
        assert_eq!((text("address").as_deref(), text("missing")), (Some(""), None));
        assert!(row.says_yes("flag"));
        assert!(row.object("address").is_some_and(|address| address.text("city").is_none()));
        assert_eq!(row.list("persons").map(|persons| persons.len()), Some(1));
        assert_eq!(row.joined("several").as_deref(), Some("a,b"));
        assert_eq!(row.required("none").unwrap_err().kind, FailureKind::Malformed);
        assert!(row.rows("text").is_err() && row.rows("missing").is_err());
    }

    #[test]
    fn a_record_may_stand_in_a_list_of_its_own() {
        let written =
            r#"{"plain": {"id": 1}, "listed": [{"id": 1}], "none": [], "two": [{"id": 1}, {"id": 2}]}"#;
        let row: Row = serde_json::from_str(written).unwrap();
        for name in ["plain", "listed"] {
            assert_eq!(row.record(name).unwrap().text("id").as_deref(), Some("1"), "{name}");
        }
        for name in ["none", "two", "missing"] {
            assert_eq!(row.record(name).unwrap_err().kind, FailureKind::Malformed, "{name}");
        }
    }
}
