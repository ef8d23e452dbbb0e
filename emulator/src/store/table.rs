//! The rows of one kind and the indexes over them. What is indexed is said by the kind's [`Spec`].

use std::sync::Arc;

use chrono::{DateTime, Utc};
use imbl::{OrdMap, OrdSet};
use rust_decimal::Decimal;

use super::folded::Folded;
use super::record::Record;
use crate::engine::spec::Spec;
use crate::json::Json;
use crate::resource::custom_field::value;

/// A value in an order: numbers before text, text without case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    Number(Decimal),
    Text(Folded),
}

impl Key {
    /// The key of a value. Digits in a text stay text, so that document numbers sort as written.
    pub(crate) fn of(value: &Json) -> Self {
        match value {
            Json::Number(_) => Self::Number(value.as_decimal().unwrap_or_default()),
            Json::Bool(flag) => Self::Number(Decimal::from(u8::from(*flag))),
            Json::Text(text) => Self::Text(Folded::of(text)),
            _ => Self::Text(Folded::from_folded("")),
        }
    }
}

/// A number of the client's own from here on does not move the series, so that the series never ends.
const LARGEST_COUNTER: u64 = 1_000_000_000_000_000;

/// All records of one kind.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    rows: OrdMap<u64, Arc<Record>>,
    by_modified: OrdSet<(DateTime<Utc>, u64)>,
    by_created: OrdSet<(DateTime<Utc>, u64)>,
    by_column: OrdMap<&'static str, OrdSet<(Key, u64)>>,
    /// Unique member, folded value and record. Records that a merge has put together may share a value.
    unique: OrdSet<(Folded, Folded, u64)>,
    /// The highest counter that any number of the series carried, deleted records included.
    numbered: u64,
}

impl Table {
    /// Inserts or replaces a record.
    pub(crate) fn put(&mut self, spec: &'static Spec, record: Arc<Record>) {
        self.remove(spec, record.id);
        let id = record.id;
        self.by_modified.insert((record.modified, id));
        self.by_created.insert((record.created, id));
        for (column, key) in columns(spec, &record) {
            self.by_column.entry(column).or_default().insert((key, id));
        }
        for (name, value) in unique_names(spec, &record) {
            self.unique.insert((name, value, id));
        }
        if let Some(series) = &spec.number {
            let counter = record.text(series.member).strip_prefix(series.prefix);
            let counter = counter.and_then(|it| it.parse().ok()).filter(|it| *it < LARGEST_COUNTER);
            self.numbered = self.numbered.max(counter.unwrap_or(0));
        }
        self.rows.insert(id, record);
    }

    /// Removes a record from the rows and from every index.
    pub(crate) fn remove(&mut self, spec: &'static Spec, id: u64) -> Option<Arc<Record>> {
        let record = self.rows.remove(&id)?;
        self.by_modified.remove(&(record.modified, id));
        self.by_created.remove(&(record.created, id));
        for (column, key) in columns(spec, &record) {
            self.by_column.entry(column).or_default().remove(&(key, id));
        }
        for (name, value) in unique_names(spec, &record) {
            self.unique.remove(&(name, value, id));
        }
        Some(record)
    }

    /// The highest counter of the automatic numbers given so far.
    pub(crate) fn numbered(&self) -> u64 {
        self.numbered
    }

    /// Automatic numbers go on above `counter`.
    pub(crate) fn number_from(&mut self, counter: u64) {
        self.numbered = self.numbered.max(counter);
    }

    /// The record with this id.
    pub(crate) fn get(&self, id: u64) -> Option<&Arc<Record>> {
        self.rows.get(&id)
    }

    /// How many records there are.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// All records in the order of their creation.
    pub(crate) fn rows(&self) -> impl DoubleEndedIterator<Item = &Arc<Record>> {
        self.rows.values()
    }

    /// The record that holds `value` in the unique member `name`, the oldest of several; `value` is compared as names are.
    pub(crate) fn holder(&self, name: &str, value: &str) -> Option<u64> {
        let (name, value) = (Folded::from_folded(name), Folded::of(value));
        let (first, last) = ((name.clone(), value.clone(), 0), (name, value, u64::MAX));
        self.unique.range(first..=last).next().map(|(_, _, id)| *id)
    }

    /// Ids of the records changed at or after `since`, oldest change first.
    pub(crate) fn changed(&self, since: DateTime<Utc>) -> impl DoubleEndedIterator<Item = u64> {
        self.by_modified.range((since, 0)..).map(|(_, id)| *id)
    }

    /// Ids in the order of creation.
    pub(crate) fn created(&self) -> impl DoubleEndedIterator<Item = u64> {
        self.by_created.iter().map(|(_, id)| *id)
    }

    /// Ids in the order of an indexed column; `None` for a column without an index.
    pub(crate) fn ordered(&self, column: &str) -> Option<impl DoubleEndedIterator<Item = u64>> {
        self.by_column.get(column).map(|index| index.iter().map(|(_, id)| *id))
    }

    /// Ids of the records that hold `text` in an indexed column, compared trimmed and without case; `None` for a column
    /// without an index.
    pub(crate) fn holding(&self, column: &str, text: &str) -> Option<impl DoubleEndedIterator<Item = u64>> {
        let index = self.by_column.get(column)?;
        let key = Key::Text(Folded::of(text));
        Some(index.range((key.clone(), 0)..=(key, u64::MAX)).map(|(_, id)| *id))
    }
}

fn columns(spec: &'static Spec, record: &Record) -> impl Iterator<Item = (&'static str, Key)> {
    let none = Json::from("");
    spec.indexed.iter().map(move |column| (*column, Key::of(record.members.get(column).unwrap_or(&none))))
}

/// Unique members that hold something, and unique custom fields by their API name.
fn unique_names(spec: &'static Spec, record: &Record) -> Vec<(Folded, Folded)> {
    let members = spec.unique.iter().map(|unique| (unique.name, unique.key(record)));
    let custom = record.list("custom_fields").iter().filter_map(value::unique_value);
    members
        .chain(custom.map(|(name, value)| (name, value.to_owned())))
        .filter(|(_, value)| !value.trim().is_empty())
        .map(|(name, value)| (Folded::from_folded(name), Folded::of(&value)))
        .collect()
}
