//! Reading a CSV file that a stranger wrote: row by row, within bounds, and never losing a row silently.
//!
//! This file finds out where rows end; what their fields are is left to the csv crate. A quotation mark that nothing
//! closes costs the one line it stands on: the lines after it are read again as rows of their own.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use super::note::Reason;

/// Most bytes of a row.
const ROW_BYTES: usize = 65_536;

/// Most rows of a batch, which is one transaction.
const BATCH_ROWS: usize = 500;

/// Bytes after which a batch ends before it has all its rows.
const BATCH_BYTES: u64 = 4_194_304;

/// A row, or why there is none on this line.
#[derive(Debug)]
pub(super) struct Line {
    /// The header is line 1.
    pub number: u64,
    pub content: Result<csv::StringRecord, Reason>,
}

/// Some rows.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub lines: Vec<Line>,
    /// Bytes of the file behind these rows.
    pub bytes: u64,
}

/// A line of the file as it stands there.
#[derive(Debug)]
enum Physical {
    Text(Vec<u8>),
    TooLong,
}

/// The line a row begins on, and its bytes or why it has none.
type Found = (u64, Result<Vec<u8>, Reason>);

/// A CSV file being read.
#[derive(Debug)]
pub(super) struct Reader {
    input: BufReader<File>,
    /// Lines that were read ahead in search of a closing quotation mark.
    waiting: VecDeque<Physical>,
    line: u64,
    /// Bytes read since the last batch.
    bytes: u64,
    delimiter: u8,
    header: Vec<String>,
}

impl Reader {
    /// Opens a file and reads its header. The error is a sentence.
    pub(super) fn open(path: &Path, delimiter: u8) -> Result<Self, String> {
        let unreadable = |error: io::Error| {
            format!("cannot be read ({error}); check the path, which is relative to the mapping")
        };
        let file = File::open(path).map_err(unreadable)?;
        let input = BufReader::with_capacity(ROW_BYTES, file);
        let (waiting, header) = (VecDeque::new(), Vec::new());
        let mut reader = Self { input, waiting, line: 0, bytes: 0, delimiter, header };
        let Some((_, first)) = reader.row().map_err(unreadable)? else {
            return Err("is empty; its first line has to name the columns".to_owned());
        };
        let mut first = first.map_err(|reason| format!("the header is no row: {reason}"))?;
        // Spreadsheets mark UTF-8 files with these bytes, which are not part of the first name.
        if first.starts_with(b"\xef\xbb\xbf") {
            first.drain(..3);
        }
        let mut records = reader.parse(&first);
        let header = match records.pop() {
            Some(Ok(names)) => names,
            _ => return Err(format!("the header is {}", Reason::NotUtf8)),
        };
        reader.header = header.iter().map(|name| name.trim().to_owned()).collect();
        Ok(reader)
    }

    /// The names of the columns.
    pub(super) fn header(&self) -> &[String] {
        &self.header
    }

    /// The next rows; none at the end.
    pub(super) fn batch(&mut self) -> io::Result<Batch> {
        let mut batch = Batch::default();
        let mut text = Vec::new();
        let mut good = Vec::new();
        while batch.lines.len() < BATCH_ROWS && self.bytes < BATCH_BYTES {
            let Some((number, row)) = self.row()? else { break };
            let content = match row {
                Ok(bytes) => {
                    text.extend_from_slice(&bytes);
                    text.push(b'\n');
                    good.push(batch.lines.len());
                    Ok(csv::StringRecord::new())
                }
                Err(reason) => Err(reason),
            };
            batch.lines.push(Line { number, content });
        }
        for (index, content) in good.into_iter().zip(self.parse(&text)) {
            let content = content.and_then(|record| match record.len() {
                found if found == self.header.len() => Ok(record),
                found => Err(Reason::Ragged { expected: self.header.len(), found }),
            });
            if let Some(line) = batch.lines.get_mut(index) {
                line.content = content;
            }
        }
        batch.bytes = std::mem::take(&mut self.bytes);
        Ok(batch)
    }

    /// The fields of complete rows.
    fn parse(&self, rows: &[u8]) -> Vec<Result<csv::StringRecord, Reason>> {
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(self.delimiter)
            .terminator(csv::Terminator::Any(b'\n'))
            .from_reader(rows);
        reader
            .into_byte_records()
            .map(|record| {
                let record = record.map_err(|_| Reason::NotUtf8)?;
                csv::StringRecord::from_byte_record(record).map_err(|_| Reason::NotUtf8)
            })
            .collect()
    }

    /// The bytes of the next row that is not blank, and the line it begins on.
    fn row(&mut self) -> io::Result<Option<Found>> {
        loop {
            let Some(first) = self.physical()? else { return Ok(None) };
            let number = self.line;
            let Physical::Text(mut row) = first else {
                return Ok(Some((number, Err(Reason::RowTooLong(ROW_BYTES)))));
            };
            if row.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let mut scan = Scan::new(self.delimiter);
            scan.feed(&row);
            let mut ends = vec![row.len()];
            while scan.is_open() {
                match self.physical()? {
                    Some(Physical::Text(next)) if row.len() + 1 + next.len() <= ROW_BYTES => {
                        row.push(b'\n');
                        row.extend_from_slice(&next);
                        scan.feed(b"\n");
                        scan.feed(&next);
                        ends.push(row.len());
                    }
                    other => {
                        self.put_back(&row, &ends, other);
                        return Ok(Some((number, Err(Reason::UnclosedQuote))));
                    }
                }
            }
            // Two stray quotation marks make one row of all the lines between them. Its columns do not add up, or text
            // follows where the field is over.
            let adds_up = self.header.is_empty() || (scan.columns == self.header.len() && !scan.malformed);
            if ends.len() > 1 && !adds_up {
                self.put_back(&row, &ends, None);
                return Ok(Some((number, Err(Reason::UnclosedQuote))));
            }
            return Ok(Some((number, Ok(row))));
        }
    }

    /// Lets all lines of the row but the first, and the line after them, be read again.
    fn put_back(&mut self, row: &[u8], ends: &[usize], next: Option<Physical>) {
        let lines = ends.windows(2).filter_map(|pair| row.get(pair[0] + 1..pair[1]));
        let again: Vec<Physical> = lines.map(|line| Physical::Text(line.to_vec())).chain(next).collect();
        self.line -= again.len() as u64;
        for line in again.into_iter().rev() {
            self.waiting.push_front(line);
        }
    }

    /// The next line without its end.
    fn physical(&mut self) -> io::Result<Option<Physical>> {
        if let Some(line) = self.waiting.pop_front() {
            self.line += 1;
            return Ok(Some(line));
        }
        let mut line = Vec::new();
        let read = (&mut self.input).take(ROW_BYTES as u64 + 1).read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(None);
        }
        self.line += 1;
        self.bytes += read as u64;
        if line.last() == Some(&b'\n') {
            line.pop();
        } else if read > ROW_BYTES {
            self.skip_line()?;
            return Ok(Some(Physical::TooLong));
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Ok(Some(Physical::Text(line)))
    }

    /// Passes over the rest of a line without keeping it.
    fn skip_line(&mut self) -> io::Result<()> {
        loop {
            let buffer = self.input.fill_buf()?;
            let (used, ended) = match buffer.iter().position(|byte| *byte == b'\n') {
                Some(end) => (end + 1, true),
                None => (buffer.len(), buffer.is_empty()),
            };
            self.input.consume(used);
            self.bytes += used as u64;
            if ended {
                return Ok(());
            }
        }
    }
}

/// Follows quotation marks and delimiters as the csv crate does, to know whether a row is complete.
#[derive(Debug)]
struct Scan {
    delimiter: u8,
    state: State,
    columns: usize,
    /// Whether text follows on closing quotes.
    malformed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    FieldStart,
    Plain,
    Quoted,
    /// After a quotation mark within quotes: the end of the quotes, or half of a doubled mark.
    QuoteInQuotes,
}

impl Scan {
    fn new(delimiter: u8) -> Self {
        Self { delimiter, state: State::FieldStart, columns: 1, malformed: false }
    }

    fn feed(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.state = match (self.state, *byte) {
                (State::Quoted, b'"') => State::QuoteInQuotes,
                (State::Quoted, _) => State::Quoted,
                (State::FieldStart | State::QuoteInQuotes, b'"') => State::Quoted,
                (_, byte) if byte == self.delimiter => {
                    self.columns += 1;
                    State::FieldStart
                }
                (state, _) => {
                    self.malformed |= state == State::QuoteInQuotes;
                    State::Plain
                }
            };
        }
    }

    fn is_open(&self) -> bool {
        self.state == State::Quoted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Line numbers with the fields joined by a bar, or the reason.
    fn read(content: &[u8]) -> Vec<(u64, Result<String, Reason>)> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f.csv");
        std::fs::write(&path, content).unwrap();
        let mut reader = Reader::open(&path, b',').unwrap();
        let mut rows = Vec::new();
        let mut bytes = 0;
        loop {
            let batch = reader.batch().unwrap();
            bytes += batch.bytes;
            if batch.lines.is_empty() {
                assert_eq!(bytes, content.len() as u64);
                return rows;
            }
            for line in batch.lines {
                rows.push((line.number, line.content.map(|r| r.iter().collect::<Vec<_>>().join("|"))));
            }
        }
    }

    fn row(line: u64, text: &str) -> (u64, Result<String, Reason>) {
        (line, Ok(text.to_owned()))
    }

    #[test]
    fn quotes_line_ends_blank_lines_and_the_mark_of_utf8() {
        let rows = read(b"\xef\xbb\xbfa,b\r\n1,\"x, \"\"y\"\"\"\r\n\r\n2,\"two\r\nlines\"\r\n3,6\" pipe");
        assert_eq!(rows, [row(2, "1|x, \"y\""), row(4, "2|two\nlines"), row(6, "3|6\" pipe")]);
    }

    #[test]
    fn a_row_that_cannot_be_read_costs_no_other_row() {
        let rows = read(b"a,b\n1\n2,\xff\n3,\"open\n4,d\n5,\"e\n6,f\n");
        assert_eq!(
            rows,
            [
                (2, Err(Reason::Ragged { expected: 2, found: 1 })),
                (3, Err(Reason::NotUtf8)),
                (4, Err(Reason::UnclosedQuote)),
                row(5, "4|d"),
                (6, Err(Reason::UnclosedQuote)),
                row(7, "6|f"),
            ]
        );
    }

    #[test]
    fn an_endless_line_is_rejected_in_bounded_memory() {
        let mut content = b"a,b\n1,".to_vec();
        content.extend(std::iter::repeat_n(b'x', 3 * ROW_BYTES));
        content.extend_from_slice(b"\n2,y\n3,\"");
        content.extend(std::iter::repeat_n(b"4,z\n".as_slice(), ROW_BYTES / 2).flatten());
        let rows = read(&content);
        assert_eq!(
            rows[..3],
            [(2, Err(Reason::RowTooLong(ROW_BYTES))), row(3, "2|y"), (4, Err(Reason::UnclosedQuote))]
        );
        assert_eq!(rows.len(), 2 + ROW_BYTES / 2);
        assert!(rows[3..].iter().all(|(_, content)| content.as_deref() == Ok("4|z")));
    }
}
