//! The mapping file as it is written: which file holds what, and which column fills which field.
//!
//! `examples/crm-sales/mapping.toml` explains every key with an example. This file only reads; `plan.rs` checks.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::error::ImportError;
use super::fields::RecordType;

/// Largest mapping file; real ones have a few kilobytes.
const LARGEST: u64 = 1_048_576;

/// A mapping file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mapping {
    /// Name under which the keys of the rows are remembered.
    pub source: String,
    /// The stages that deals go through.
    #[serde(default)]
    pub stages: Vec<Stage>,
    /// The files in the order of their import.
    #[serde(default)]
    pub files: Vec<File>,
}

/// A stage of deals.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stage {
    pub name: String,
    pub kind: StageKind,
    pub position: i32,
}

/// What a stage means.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum StageKind {
    Open,
    Won,
    Lost,
}

/// A CSV file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub path: String,
    pub record: RecordType,
    pub key: Key,
    #[serde(default = "comma")]
    pub delimiter: char,
    #[serde(default)]
    pub corrections: BTreeMap<String, BTreeMap<String, String>>,
    pub columns: BTreeMap<String, Column>,
}

fn comma() -> char {
    ','
}

/// The column, or the columns, that identify a row.
#[derive(Debug)]
pub(super) enum Key {
    One(String),
    Several(Vec<String>),
}

/// Where a field's value comes from.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Spec {
    pub column: Option<String>,
    pub template: Option<String>,
    pub value: Option<String>,
    #[serde(default)]
    pub map: BTreeMap<String, String>,
    #[serde(default)]
    pub remove: Vec<String>,
    pub scale: Option<String>,
    pub decimal_mark: Option<char>,
    pub format: Option<String>,
    pub reference: Option<RecordType>,
    #[serde(default)]
    pub required: bool,
    pub default: Option<String>,
    pub empty: Option<String>,
}

/// A [`Spec`], which may be written as the name of its column alone.
#[derive(Debug)]
pub(super) struct Column(pub Spec);

impl Mapping {
    /// Reads the file.
    pub(super) fn load(path: &Path) -> Result<Self, ImportError> {
        let size = std::fs::metadata(path).map_err(ImportError::reading(path))?.len();
        let wrong = |problem: String| ImportError::Mapping { path: path.to_owned(), problems: vec![problem] };
        if size > LARGEST {
            return Err(wrong(format!("it has more than {LARGEST} bytes; is it a mapping at all?")));
        }
        let text = std::fs::read_to_string(path).map_err(ImportError::reading(path))?;
        toml::from_str(&text).map_err(|error| wrong(error.to_string()))
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a column name or a list of column names")
            }

            fn visit_str<E>(self, column: &str) -> Result<Key, E> {
                Ok(Key::One(column.to_owned()))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut columns: A) -> Result<Key, A::Error> {
                let mut names = Vec::new();
                while let Some(name) = columns.next_element()? {
                    names.push(name);
                }
                Ok(Key::Several(names))
            }
        }
        deserializer.deserialize_any(KeyVisitor)
    }
}

/// By hand, because an untagged enum would answer a misspelled key with "did not match any variant".
impl<'de> Deserialize<'de> for Column {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ColumnVisitor;
        impl<'de> Visitor<'de> for ColumnVisitor {
            type Value = Column;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a column name or a table such as { column = \"…\" }")
            }

            fn visit_str<E>(self, column: &str) -> Result<Column, E> {
                Ok(Column(Spec { column: Some(column.to_owned()), ..Spec::default() }))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Column, A::Error> {
                Spec::deserialize(MapAccessDeserializer::new(map)).map(Column)
            }
        }
        deserializer.deserialize_any(ColumnVisitor)
    }
}
