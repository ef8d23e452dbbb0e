//! From a row of a file to the values of a record, with a note for everything that was changed or refused on the way.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::fields::RecordType;
use super::note::{Note, NoteKind, Reason, shown};
use super::plan::{ColumnPlan, FilePlan, Source};
use super::value::{self, KEY_LENGTH, Value};

/// A row that can become a record.
#[derive(Debug)]
pub(super) struct Row<'p> {
    pub plan: &'p FilePlan,
    pub line: u64,
    pub key: String,
    /// One per column of the plan.
    pub values: Vec<Value>,
}

/// A row as far as it could be read.
#[derive(Debug)]
pub(super) struct Converted<'p> {
    /// Absent if the row is rejected.
    pub row: Option<Row<'p>>,
    pub notes: Vec<Note>,
}

impl<'p> Row<'p> {
    /// Reads the cells.
    pub(super) fn convert(plan: &'p FilePlan, line: u64, record: &csv::StringRecord) -> Converted<'p> {
        let mut notes = Notes { line, key: String::new(), notes: Vec::new(), rejected: false };
        let cells: Vec<Cow<'_, str>> = plan
            .cells
            .iter()
            .map(|cell| {
                let raw = record.get(cell.index).unwrap_or_default();
                let text = raw.trim();
                if text.len() != raw.len() {
                    notes.adjusted(&cell.name, Reason::Trimmed, raw, text);
                }
                if text.contains('\0') {
                    notes.rejected(&cell.name, Reason::NulCharacter, text);
                }
                match cell.corrections.get(text) {
                    Some(correct) if correct != text => {
                        notes.adjusted(&cell.name, Reason::Replaced, text, correct);
                        Cow::Owned(correct.clone())
                    }
                    _ => Cow::Borrowed(text),
                }
            })
            .collect();
        let key = plan.key.fill(&cells);
        notes.key = shown(&key);
        if key.is_empty() {
            notes.rejected("", Reason::NoKey, "");
        } else if key.chars().count() > KEY_LENGTH {
            notes.rejected("", Reason::TooLong(KEY_LENGTH), &key);
        }
        let values = plan.columns.iter().map(|column| read(plan, column, &cells, &mut notes)).collect();
        let Notes { mut notes, rejected, key: shown_key, .. } = notes;
        for note in &mut notes {
            note.key.clone_from(&shown_key);
        }
        if rejected {
            notes.retain(|note| note.kind == NoteKind::Rejected);
        }
        Converted { row: (!rejected).then_some(Row { plan, line, key, values }), notes }
    }

    /// A note about a value of this row.
    pub(super) fn note(&self, kind: NoteKind, field: &str, reason: Reason, before: Option<&str>) -> Note {
        Note {
            kind,
            line: self.line,
            key: shown(&self.key),
            field: field.to_owned(),
            reason,
            before: before.map(shown),
            after: None,
        }
    }

    /// The value of a field; none if the mapping does not fill it.
    pub(super) fn value(&self, field: &str) -> Option<&Value> {
        let mapped = self.plan.columns.iter().zip(&self.values);
        mapped.into_iter().find(|(column, _)| column.field.name == field).map(|(_, value)| value)
    }

    /// SHA-256 over what the record is made of, in hexadecimal: equal exactly when nothing would change.
    pub(super) fn hash(&self) -> String {
        let mut text = String::new();
        for (column, value) in self.plan.columns.iter().zip(&self.values) {
            let canonical = value.canonical();
            // The length keeps two neighbours from exchanging text and looking the same.
            let _ = write!(text, "{}\u{1f}{}\u{1f}{canonical}", column.field.name, canonical.len());
        }
        hex(&Sha256::digest(text))
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// The name by which a person finds the value: its column, or the field if there is no single column.
pub(super) fn label<'p>(plan: &'p FilePlan, column: &'p ColumnPlan) -> &'p str {
    match &column.source {
        Source::Cell(slot) => plan.cells.get(*slot).map_or(column.field.name, |cell| cell.name.as_str()),
        Source::Template(_) | Source::Constant(_) => column.field.name,
    }
}

fn read(plan: &FilePlan, column: &ColumnPlan, cells: &[Cow<'_, str>], notes: &mut Notes) -> Value {
    let label = label(plan, column);
    let text = match &column.source {
        Source::Cell(slot) => cells.get(*slot).map_or(Cow::Borrowed(""), |cell| Cow::Borrowed(cell.as_ref())),
        Source::Template(template) => Cow::Owned(template.fill(cells)),
        Source::Constant(text) => Cow::Borrowed(text.as_str()),
    };
    let text = remove(text, &column.remove);
    let text = match column.map.get(text.as_ref()) {
        Some(mapped) if *mapped != text => {
            notes.adjusted(label, Reason::Replaced, &text, mapped);
            Cow::Borrowed(mapped.as_str())
        }
        _ => text,
    };
    let text = match (&column.default, text.is_empty()) {
        (Some(default), true) => {
            if let Some(note) = &column.empty {
                notes.adjusted(label, Reason::Empty(note.clone()), "", default);
            }
            Cow::Borrowed(default.as_str())
        }
        _ => text,
    };
    if text.is_empty() {
        if column.required {
            notes.rejected(label, Reason::Missing, "");
        } else if let (Some(note), None) = (&column.empty, &column.default) {
            notes.adjusted(label, Reason::Empty(note.clone()), "", "");
        }
        return Value::Empty;
    }
    value::read(column.field.kind, &text, &column.format).unwrap_or_else(|reason| {
        notes.rejected(label, reason, &text);
        Value::Empty
    })
}

fn remove<'a>(text: Cow<'a, str>, pieces: &[String]) -> Cow<'a, str> {
    if pieces.is_empty() {
        return text;
    }
    let without = pieces.iter().fold(text.into_owned(), |text, piece| text.replace(piece, ""));
    Cow::Owned(without.trim().to_owned())
}

/// The notes of one row.
struct Notes {
    line: u64,
    key: String,
    notes: Vec<Note>,
    rejected: bool,
}

impl Notes {
    fn adjusted(&mut self, field: &str, reason: Reason, before: &str, after: &str) {
        self.push(NoteKind::Adjusted, field, reason, Some(before), Some(after));
    }

    fn rejected(&mut self, field: &str, reason: Reason, before: &str) {
        self.rejected = true;
        self.push(NoteKind::Rejected, field, reason, Some(before), None);
    }

    fn push(
        &mut self,
        kind: NoteKind,
        field: &str,
        reason: Reason,
        before: Option<&str>,
        after: Option<&str>,
    ) {
        self.notes.push(Note {
            kind,
            line: self.line,
            key: String::new(),
            field: field.to_owned(),
            reason,
            before: before.map(shown),
            after: after.map(shown),
        });
    }
}

/// The keys that the rows refer to, by kind of record.
pub(super) fn referred<'r>(rows: impl Iterator<Item = &'r Row<'r>>) -> HashSet<(RecordType, String)> {
    let mut keys = HashSet::new();
    for row in rows {
        for (column, value) in row.plan.columns.iter().zip(&row.values) {
            if let (super::fields::Kind::Reference(record), Value::Reference { key, .. }) =
                (column.field.kind, value)
            {
                keys.insert((record, key.clone()));
            }
        }
    }
    keys
}
