//! What an import did, in numbers, and a summary that a person reads in ten seconds.

use std::collections::HashMap;
use std::fmt;

use super::fields::RecordType;
use super::note::{Note, NoteKind, Reason};

/// Kinds of reasons told apart; whatever a file contains, the summary stays small.
const GROUPS: usize = 200;

/// Lines named per reason.
const LINES: usize = 3;

/// What became of one file's rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileReport {
    /// The file as the mapping names it.
    pub file: String,
    /// What its rows are.
    pub record: RecordType,
    /// Rows read; each was created, updated, unchanged or rejected.
    pub read: u64,
    /// Rows that became new records.
    pub created: u64,
    /// Rows whose records were brought up to date.
    pub updated: u64,
    /// Rows that are as they were at the last import; their records were not touched.
    pub unchanged: u64,
    /// Rows imported, but not exactly as the file has them.
    pub adjusted: u64,
    /// Rows not imported.
    pub rejected: u64,
}

impl FileReport {
    pub(super) fn new(file: &str, record: RecordType) -> Self {
        Self {
            file: file.to_owned(),
            record,
            read: 0,
            created: 0,
            updated: 0,
            unchanged: 0,
            adjusted: 0,
            rejected: 0,
        }
    }

    fn counts(&self) -> [u64; 6] {
        [self.read, self.created, self.updated, self.unchanged, self.adjusted, self.rejected]
    }
}

/// Rows that were adjusted or rejected for the same reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteGroup {
    /// What became of the rows.
    pub kind: NoteKind,
    /// The file.
    pub file: String,
    /// The column or field; empty for whole rows.
    pub field: String,
    /// Why.
    pub reason: String,
    /// How many notes.
    pub count: u64,
    /// The first few lines.
    pub lines: Vec<u64>,
}

/// The notes of an import, counted by reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    groups: Vec<NoteGroup>,
    places: HashMap<(NoteKind, String, String, String), usize>,
    /// Notes whose reasons were too many to tell apart.
    beyond: u64,
}

impl Summary {
    /// The groups in the order of their first row.
    pub fn groups(&self) -> &[NoteGroup] {
        &self.groups
    }

    pub(super) fn add(&mut self, file: &str, note: &Note) {
        let reason = match (&note.reason, &note.before, &note.after) {
            (Reason::Replaced, Some(before), Some(after)) => format!("{before} → {after}"),
            (reason, ..) => reason.summary(),
        };
        let place = (note.kind, file.to_owned(), note.field.clone(), reason);
        let index = match self.places.get(&place) {
            Some(index) => *index,
            None if self.groups.len() == GROUPS => {
                self.beyond += 1;
                return;
            }
            None => {
                let (kind, file, field, reason) = place.clone();
                self.groups.push(NoteGroup { kind, file, field, reason, count: 0, lines: Vec::new() });
                self.places.insert(place, self.groups.len() - 1);
                self.groups.len() - 1
            }
        };
        if let Some(group) = self.groups.get_mut(index) {
            group.count += 1;
            // A row can have two notes of one group, and its line is named once.
            if group.lines.len() < LINES && group.lines.last() != Some(&note.line) {
                group.lines.push(note.line);
            }
        }
    }
}

/// What an import did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The source as the mapping names it.
    pub source: String,
    /// File by file, in the order of the import.
    pub files: Vec<FileReport>,
    /// Why rows were adjusted or rejected.
    pub summary: Summary,
}

impl Report {
    /// All files together.
    pub fn total(&self) -> [u64; 6] {
        let mut total = [0; 6];
        for file in &self.files {
            for (sum, count) in total.iter_mut().zip(file.counts()) {
                *sum += count;
            }
        }
        total
    }

    /// Rows that were not imported.
    pub fn rejected(&self) -> u64 {
        self.files.iter().map(|file| file.rejected).sum()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rows = vec![
            ["file", "record", "read", "created", "updated", "unchanged", "adjusted", "rejected"]
                .map(str::to_owned),
        ];
        for file in &self.files {
            rows.push(row(&file.file, file.record.name(), file.counts()));
        }
        rows.push(row("total", "", self.total()));
        writeln!(f, "Import of {}", self.source)?;
        writeln!(f)?;
        table(f, &rows, 2)?;
        for (kind, title) in [(NoteKind::Rejected, "Rejected"), (NoteKind::Adjusted, "Adjusted")] {
            let groups: Vec<&NoteGroup> =
                self.summary.groups.iter().filter(|group| group.kind == kind).collect();
            if groups.is_empty() {
                continue;
            }
            writeln!(f)?;
            writeln!(f, "{title}")?;
            let rows: Vec<[String; 4]> = groups.into_iter().map(group_row).collect();
            table(f, &rows, 3)?;
        }
        if self.summary.beyond > 0 {
            writeln!(f)?;
            writeln!(f, "and {} more notes of other kinds", grouped(self.summary.beyond))?;
        }
        Ok(())
    }
}

fn row(file: &str, record: &str, counts: [u64; 6]) -> [String; 8] {
    let [read, created, updated, unchanged, adjusted, rejected] = counts.map(grouped);
    [file.to_owned(), record.to_owned(), read, created, updated, unchanged, adjusted, rejected]
}

/// Count first, then the place, then why and where: the eye runs down the numbers.
fn group_row(group: &NoteGroup) -> [String; 4] {
    let lines: Vec<String> = group.lines.iter().map(u64::to_string).collect();
    let more = if group.count > group.lines.len() as u64 { ", …" } else { "" };
    let noun = if group.lines.len() == 1 && more.is_empty() { "line" } else { "lines" };
    [
        grouped(group.count),
        format!("{}{}{}", group.file, if group.field.is_empty() { "" } else { " · " }, group.field),
        format!("{noun} {}{more}", lines.join(", ")),
        group.reason.clone(),
    ]
}

/// Aligns the columns: numbers to the right, text to the left; the last of text columns is not padded.
fn table<const N: usize>(f: &mut fmt::Formatter<'_>, rows: &[[String; N]], text_until: usize) -> fmt::Result {
    let mut widths = [0; N];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let numbers_first = text_until == 3;
    for row in rows {
        let mut line = String::new();
        for (column, (width, cell)) in widths.iter().zip(row).enumerate() {
            line.push_str("  ");
            let is_number = if numbers_first { column == 0 } else { column >= text_until };
            line.push_str(&if is_number { format!("{cell:>width$}") } else { format!("{cell:<width$}") });
        }
        writeln!(f, "{}", line.trim_end())?;
    }
    Ok(())
}

/// `8,800` for 8800.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(kind: NoteKind, line: u64, reason: Reason) -> Note {
        Note {
            kind,
            line,
            key: "k".to_owned(),
            field: "product".to_owned(),
            reason,
            before: Some("GTXPro".to_owned()),
            after: Some("GTX Pro".to_owned()),
        }
    }

    #[test]
    fn a_report_is_a_table_and_grouped_reasons() {
        let mut summary = Summary::default();
        for line in 2..=1_481 {
            summary.add("deals.csv", &note(NoteKind::Adjusted, line, Reason::Replaced));
        }
        for line in [9, 12] {
            let reason = Reason::DuplicateKey { file: "deals.csv".to_owned(), line: 3 };
            summary.add("deals.csv", &note(NoteKind::Rejected, line, reason));
        }
        let mut file = FileReport::new("deals.csv", RecordType::Deal);
        (file.read, file.created, file.adjusted, file.rejected) = (8_802, 8_800, 1_480, 2);
        let report = Report { source: "crm".to_owned(), files: vec![file], summary };
        let expected = "\
Import of crm

  file       record   read  created  updated  unchanged  adjusted  rejected
  deals.csv  deal    8,802    8,800        0          0     1,480         2
  total              8,802    8,800        0          0     1,480         2

Rejected
  2  deals.csv · product  lines 9, 12  another row has the same key; keep one of them

Adjusted
  1,480  deals.csv · product  lines 2, 3, 4, …  GTXPro → GTX Pro
";
        assert_eq!(report.to_string(), expected);
    }

    #[test]
    fn the_summary_stays_small_whatever_the_file_says() {
        let mut summary = Summary::default();
        for line in 0..1_000 {
            summary.add("f.csv", &note(NoteKind::Adjusted, line, Reason::TooLong(line as usize)));
        }
        assert_eq!(summary.groups().len(), GROUPS);
        assert_eq!(summary.beyond, 800);
    }
}
