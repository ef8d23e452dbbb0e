//! What an import says about single rows: which it adjusted, which it rejected, and why.

use std::fmt;
use std::io;

use super::fields::RecordType;

/// Longest value shown in a note, in characters; what stands in a stranger's file may be of any length.
const SHOWN: usize = 200;

/// What became of the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoteKind {
    /// Imported, but not exactly as the file has it.
    Adjusted,
    /// Not imported.
    Rejected,
}

impl fmt::Display for NoteKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Adjusted => "ADJUSTED",
            Self::Rejected => "REJECTED",
        })
    }
}

/// Why a row was adjusted or rejected. `Display` is a sentence with the remedy.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The mapping replaces this value by another.
    Replaced,
    /// Blanks around the value were removed.
    Trimmed,
    /// The value is empty, and the mapping says to report it in these words.
    Empty(String),
    /// The record referred to was never imported.
    UnknownReference(RecordType),
    /// The record refers to itself.
    SelfReference,
    /// The e-mail address of somebody who can sign in does not change by import.
    EmailKept,
    /// A value that the record cannot be without is empty.
    Missing,
    /// Not a number.
    NotANumber,
    /// Not a whole number.
    NotWhole,
    /// More than four digits after the decimal point.
    TooPrecise,
    /// A number that cannot be kept.
    OutOfRange,
    /// Not a date in this format.
    NotADate(String),
    /// Neither yes nor no.
    NotABoolean,
    /// Not a currency code.
    NotACurrency,
    /// Not an e-mail address.
    NotAnEmail,
    /// More characters than this.
    TooLong(usize),
    /// A character that no database keeps.
    NulCharacter,
    /// Nothing identifies the row.
    NoKey,
    /// Another row has the same key.
    DuplicateKey {
        /// The file of the first such row.
        file: String,
        /// Its line.
        line: u64,
    },
    /// More or fewer columns than the header.
    Ragged {
        /// Columns of the header.
        expected: usize,
        /// Columns of the row.
        found: usize,
    },
    /// The row is not UTF-8.
    NotUtf8,
    /// The row has more bytes than this.
    RowTooLong(usize),
    /// A quotation mark opens a field that nothing closes.
    UnclosedQuote,
    /// The record made of this row earlier has been deleted in the CRM.
    Deleted,
}

impl Reason {
    /// The reason without what differs from row to row, by which rows are grouped.
    pub fn summary(&self) -> String {
        match self {
            Self::DuplicateKey { .. } => "another row has the same key; keep one of them".to_owned(),
            Self::Ragged { expected, .. } => {
                format!(
                    "the row does not have the header's {expected} columns; look for a missing or stray delimiter"
                )
            }
            _ => self.to_string(),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Replaced => f.write_str("replaced as the mapping says"),
            Self::Trimmed => f.write_str("blanks around the value removed"),
            Self::Empty(note) => f.write_str(note),
            Self::UnknownReference(RecordType::Stage) => {
                f.write_str("no such stage; add it to [[stages]] or map the value to one of them")
            }
            Self::UnknownReference(record) => {
                write!(f, "no such {record} was imported; import it or correct the value")
            }
            Self::SelfReference => f.write_str("the record refers to itself; imported without the reference"),
            Self::EmailKept => {
                f.write_str("the e-mail address is how this person signs in and stays; change it in the CRM")
            }
            Self::Missing => f.write_str("empty, but needed; fill it in or give the mapping a default"),
            Self::NotANumber => {
                f.write_str("not a number; write digits only, or set decimal_mark or remove in the mapping")
            }
            Self::NotWhole => f.write_str("not a whole number"),
            Self::TooPrecise => {
                f.write_str("more than four digits after the decimal point; round it in the file")
            }
            Self::OutOfRange => f.write_str("too large or too small to be kept"),
            Self::NotADate(format) => {
                write!(f, "not a date as in {format}; correct it or set format in the mapping")
            }
            Self::NotABoolean => f.write_str("neither true nor false; map the value to one of them"),
            Self::NotACurrency => f.write_str("not an ISO 4217 code such as USD"),
            Self::NotAnEmail => f.write_str("not an e-mail address"),
            Self::TooLong(longest) => write!(f, "longer than {longest} characters; shorten it"),
            Self::NulCharacter => f.write_str("contains a NUL character; remove it"),
            Self::NoKey => f.write_str("the key is empty, so nothing identifies the row; fill it in"),
            Self::DuplicateKey { file, line } => {
                write!(f, "{file} has the same key on line {line}; keep one of the two")
            }
            Self::Ragged { expected, found } => {
                write!(f, "{found} columns instead of {expected}; look for a missing or stray delimiter")
            }
            Self::NotUtf8 => f.write_str("not UTF-8; save the file with that encoding"),
            Self::RowTooLong(bytes) => {
                write!(f, "longer than {bytes} bytes; look for a missing line end")
            }
            Self::UnclosedQuote => {
                f.write_str("a quotation mark opens a field that nothing closes; close it or double it")
            }
            Self::Deleted => f.write_str("the record was deleted in the CRM and stays deleted"),
        }
    }
}

/// One thing to know about one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What became of the row.
    pub kind: NoteKind,
    /// Line in the file, the header being line 1.
    pub line: u64,
    /// The row's key; empty if it could not be read.
    pub key: String,
    /// The column of the file, or the field of the record where no single column is behind it; empty for whole rows.
    pub field: String,
    /// Why.
    pub reason: Reason,
    /// The value as it stands in the file.
    pub before: Option<String>,
    /// The value as imported.
    pub after: Option<String>,
}

/// Cuts a value to what is worth showing.
pub(super) fn shown(value: &str) -> String {
    match value.char_indices().nth(SHOWN) {
        Some((cut, _)) => format!("{}…", &value[..cut]),
        None => value.to_owned(),
    }
}

/// Takes the notes of an import, one after the other; there may be as many as there are rows.
pub trait NoteSink: Send {
    /// Keeps one note.
    ///
    /// # Errors
    /// When it cannot; the import then stops.
    fn note(&mut self, file: &str, record: RecordType, note: &Note) -> io::Result<()>;

    /// Makes sure that everything is kept; called once after the last note.
    ///
    /// # Errors
    /// When that fails.
    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Keeps nothing: the report still counts and groups.
#[derive(Debug, Default, Clone, Copy)]
pub struct NoNotes;

impl NoteSink for NoNotes {
    fn note(&mut self, _file: &str, _record: RecordType, _note: &Note) -> io::Result<()> {
        Ok(())
    }
}

/// Writes the notes as CSV with a header.
#[derive(Debug)]
pub struct CsvNotes<W: io::Write> {
    writer: csv::Writer<W>,
}

impl<W: io::Write> CsvNotes<W> {
    /// Begins with the header.
    ///
    /// # Errors
    /// When the header cannot be written.
    pub fn new(writer: W) -> io::Result<Self> {
        let mut writer = csv::Writer::from_writer(writer);
        writer
            .write_record(["kind", "file", "line", "record", "key", "field", "before", "after", "reason"])?;
        Ok(Self { writer })
    }
}

impl<W: io::Write + Send> NoteSink for CsvNotes<W> {
    fn note(&mut self, file: &str, record: RecordType, note: &Note) -> io::Result<()> {
        self.writer.write_record([
            note.kind.to_string().as_str(),
            file,
            &note.line.to_string(),
            record.name(),
            &note.key,
            &note.field,
            note.before.as_deref().unwrap_or_default(),
            note.after.as_deref().unwrap_or_default(),
            &note.reason.to_string(),
        ])?;
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}
