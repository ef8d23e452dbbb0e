//! One file, batch by batch: convert, look up, write, remember, and only then report.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasher, RandomState};

use finbridge_entity::begin_write;
use sea_orm::{DatabaseTransaction, DbErr};
use uuid::Uuid;

use super::error::ImportError;
use super::fields::RecordType;
use super::note::{Note, NoteKind, NoteSink, Reason};
use super::plan::{FilePlan, Plan};
use super::reader::{Batch, Reader};
use super::report::{FileReport, Summary};
use super::resolve::{Memory, Pass};
use super::row::{Converted, Row};
use super::write::{self, Updated};
use super::{Importer, Progress};
use crate::service::product_name;

/// The keys of this import, to catch two rows with one key: a hash each and the row's place, so that a file of
/// millions of rows still fits.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Two hashes with secret seeds are 128 bits that nobody can make collide.
    seeds: (RandomState, RandomState),
    places: HashMap<(u64, u64), (u32, u32)>,
}

impl Seen {
    /// The place (number of the file, line) where the key was first, if it was.
    fn insert(&mut self, record: RecordType, key: &str, place: (u32, u32)) -> Option<(u32, u32)> {
        let hash = (self.seeds.0.hash_one((record, key)), self.seeds.1.hash_one((record, key)));
        match self.places.entry(hash) {
            Entry::Occupied(first) => Some(*first.get()),
            Entry::Vacant(free) => {
                free.insert(place);
                None
            }
        }
    }
}

/// The import of one file.
pub(super) struct FileImport<'a> {
    pub importer: &'a Importer<'a>,
    pub plan: &'a Plan,
    pub file: &'a FilePlan,
    /// Place of the file in the plan.
    pub number: usize,
    pub memory: Memory<'a>,
    pub progress: &'a dyn Progress,
    pub notes: &'a mut dyn NoteSink,
    pub seen: &'a mut Seen,
    pub summary: &'a mut Summary,
    pub report: FileReport,
    /// Rows that refer to rows of this file which were not there yet.
    pub postponed: Vec<Postponed>,
}

/// A row to be looked at again once the whole file has been read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Postponed {
    line: u64,
    fate: Fate,
    adjusted: bool,
}

/// What became of a row's record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Created,
    Updated,
    Unchanged,
    Rejected,
}

/// A row on its way into the database.
struct Passing {
    line: u64,
    notes: Vec<Note>,
    fate: Fate,
    postponed: bool,
}

impl<'a> FileImport<'a> {
    /// Imports the file.
    pub(super) async fn run(mut self) -> Result<FileReport, ImportError> {
        self.pass(Pass::First).await?;
        if !self.postponed.is_empty() {
            self.pass(Pass::Second).await?;
        }
        Ok(self.report)
    }

    async fn pass(&mut self, pass: Pass) -> Result<(), ImportError> {
        let (path, delimiter) = (self.file.path.clone(), self.file.delimiter);
        let failed = |message: String| ImportError::Read {
            path: path.clone(),
            source: std::io::Error::other(message),
        };
        let mut reader = Reader::open(&path, delimiter).map_err(failed)?;
        loop {
            // Reading may have to wait for the disk, which must not hold up the rest of the process.
            let task = tokio::task::spawn_blocking(move || {
                let batch = reader.batch();
                (reader, batch)
            });
            let (returned, batch) = task.await.map_err(|error| failed(error.to_string()))?;
            reader = returned;
            let batch = batch.map_err(ImportError::reading(&path))?;
            if batch.lines.is_empty() {
                if pass == Pass::First {
                    self.progress.advance(batch.bytes);
                }
                return Ok(());
            }
            match pass {
                Pass::First => self.first(batch).await?,
                Pass::Second => self.second(batch).await?,
            }
        }
    }

    /// Imports the rows of a batch.
    async fn first(&mut self, batch: Batch) -> Result<(), ImportError> {
        let file = self.file;
        let mut entries = Vec::with_capacity(batch.lines.len());
        let mut rows = Vec::with_capacity(batch.lines.len());
        for line in batch.lines {
            let (row, notes) = match line.content {
                Ok(record) => {
                    let Converted { row, notes } = Row::convert(file, line.number, &record);
                    (row, notes)
                }
                Err(reason) => (None, vec![whole_row(line.number, "", reason)]),
            };
            let mut entry = Passing { line: line.number, notes, fate: Fate::Rejected, postponed: false };
            if let Some(row) = row {
                match self.duplicate(&row) {
                    Some(reason) => entry.notes = vec![whole_row(row.line, &row.key, reason)],
                    None => {
                        entry.fate = Fate::Unchanged;
                        rows.push(row);
                    }
                }
            }
            entries.push(entry);
        }
        let outcomes = self.writer().write(&mut rows, Pass::First).await?;
        let mut outcomes = outcomes.into_iter();
        for entry in entries.iter_mut().filter(|entry| entry.fate != Fate::Rejected) {
            let Some(outcome) = outcomes.next() else { continue };
            entry.fate = outcome.fate;
            entry.postponed = outcome.postponed;
            if outcome.fate == Fate::Rejected {
                entry.notes.clear();
            }
            entry.notes.extend(outcome.notes);
        }
        for entry in entries {
            self.count(&entry);
            self.tell(&entry.notes)?;
        }
        self.progress.advance(batch.bytes);
        Ok(())
    }

    /// Follows the references of the rows that were postponed, now that every row of the file has its record.
    async fn second(&mut self, batch: Batch) -> Result<(), ImportError> {
        let file = self.file;
        let mut rows = Vec::new();
        let mut first_time = Vec::new();
        for line in batch.lines {
            let place = self.postponed.binary_search_by_key(&line.number, |postponed| postponed.line);
            let (Ok(place), Ok(record)) = (place, line.content) else { continue };
            let row = Row::convert(file, line.number, &record).row;
            if let (Some(row), Some(postponed)) = (row, self.postponed.get(place)) {
                rows.push(row);
                first_time.push(*postponed);
            }
        }
        if rows.is_empty() {
            return Ok(());
        }
        for (outcome, before) in
            self.writer().write(&mut rows, Pass::Second).await?.into_iter().zip(first_time)
        {
            match outcome.fate {
                Fate::Updated if before.fate == Fate::Unchanged => {
                    self.report.unchanged -= 1;
                    self.report.updated += 1;
                }
                // Its record was deleted in the CRM, which nothing showed as long as the row looked unchanged.
                Fate::Rejected if before.fate == Fate::Unchanged => {
                    self.report.unchanged -= 1;
                    self.report.rejected += 1;
                    self.report.adjusted -= u64::from(before.adjusted);
                }
                _ => {}
            }
            if outcome.fate != Fate::Rejected && !before.adjusted && !outcome.notes.is_empty() {
                self.report.adjusted += 1;
            }
            self.tell(&outcome.notes)?;
        }
        Ok(())
    }

    fn duplicate(&mut self, row: &Row<'_>) -> Option<Reason> {
        let place = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        let (file, line) =
            self.seen.insert(row.plan.record, &row.key, (place(self.number as u64), place(row.line)))?;
        let file = self.plan.files.get(file as usize)?;
        Some(Reason::DuplicateKey { file: file.name.clone(), line: line.into() })
    }

    fn writer(&self) -> Writer<'a> {
        Writer { importer: self.importer, memory: self.memory, record: self.file.record }
    }

    fn count(&mut self, entry: &Passing) {
        self.report.read += 1;
        match entry.fate {
            Fate::Created => self.report.created += 1,
            Fate::Updated => self.report.updated += 1,
            Fate::Unchanged => self.report.unchanged += 1,
            Fate::Rejected => self.report.rejected += 1,
        }
        let adjusted = entry.fate != Fate::Rejected && !entry.notes.is_empty();
        self.report.adjusted += u64::from(adjusted);
        if entry.postponed {
            self.postponed.push(Postponed { line: entry.line, fate: entry.fate, adjusted });
        }
    }

    fn tell(&mut self, notes: &[Note]) -> Result<(), ImportError> {
        for note in notes {
            self.summary.add(&self.report.file, note);
            self.notes.note(&self.report.file, self.report.record, note).map_err(ImportError::Notes)?;
        }
        Ok(())
    }
}

/// Writes rows of one kind.
#[derive(Clone, Copy)]
struct Writer<'a> {
    importer: &'a Importer<'a>,
    memory: Memory<'a>,
    record: RecordType,
}

impl Writer<'_> {
    /// Writes the rows in one transaction and says what came of each.
    async fn write(&self, rows: &mut [Row<'_>], pass: Pass) -> Result<Vec<Outcome>, ImportError> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let tx = begin_write(self.importer.db).await?;
        if self.record == RecordType::Product
            && product_name::are_unique(&tx, self.importer.organization_id).await?
        {
            return Err(ImportError::UniqueProductNames);
        }
        let outcomes = self.write_in(&tx, rows, pass).await?;
        tx.commit().await?;
        Ok(outcomes)
    }

    async fn write_in(
        &self,
        tx: &DatabaseTransaction,
        rows: &mut [Row<'_>],
        pass: Pass,
    ) -> Result<Vec<Outcome>, DbErr> {
        let record = self.record;
        let context = self.importer.context(tx);
        let mut outcomes = Vec::with_capacity(rows.len());
        for followed in self.memory.follow(tx, rows, pass).await? {
            let rejected = followed.notes.iter().any(|note| note.kind == NoteKind::Rejected);
            let mut notes = followed.notes;
            if rejected {
                notes.retain(|note| note.kind == NoteKind::Rejected);
            }
            let fate = if rejected { Fate::Rejected } else { Fate::Unchanged };
            outcomes.push(Outcome { fate, notes, postponed: followed.postponed && !rejected });
        }
        let keys: Vec<String> = rows.iter().map(|row| row.key.clone()).collect();
        let mut remembered = self.memory.of(tx, record, &keys).await?;

        let mut new = Vec::new();
        let mut changed = Vec::new();
        for (row, outcome) in rows.iter().zip(&mut outcomes) {
            if outcome.fate == Fate::Rejected {
                continue;
            }
            let hash = row.hash();
            match remembered.remove(&row.key) {
                None => new.push((row, hash, outcome)),
                Some(known) if known.row_hash != hash => changed.push((row, hash, outcome, known)),
                Some(_) => {}
            }
        }

        let records: Vec<&Row<'_>> = new.iter().map(|(row, ..)| *row).collect();
        let ids = write::create(&context, record, &records).await?;
        let mut new_keys = Vec::with_capacity(ids.len());
        for ((row, hash, outcome), id) in new.into_iter().zip(ids) {
            outcome.fate = Fate::Created;
            new_keys.push(self.memory.new_key(&context, record, &row.key, id, hash));
        }
        write::insert(&context, new_keys).await?;

        let records: Vec<(Uuid, &Row<'_>)> =
            changed.iter().map(|(row, _, _, known)| (known.record_id, *row)).collect();
        let updated = write::update(&context, record, &records).await?;
        for ((row, hash, outcome, known), updated) in changed.into_iter().zip(updated) {
            if let Updated::Refused(reason) = updated {
                outcome.fate = Fate::Rejected;
                outcome.postponed = false;
                outcome.notes = vec![row.note(NoteKind::Rejected, "", reason, None)];
                continue;
            }
            if let Updated::Kept { field, reason } = updated {
                outcome.notes.push(row.note(NoteKind::Adjusted, field, reason, None));
            }
            outcome.fate = Fate::Updated;
            self.memory.renew(&context, &known, known.record_id, hash).await?;
        }
        Ok(outcomes)
    }
}

/// What came of writing a row.
struct Outcome {
    fate: Fate,
    notes: Vec<Note>,
    postponed: bool,
}

fn whole_row(line: u64, key: &str, reason: Reason) -> Note {
    let kind = NoteKind::Rejected;
    Note { kind, line, key: super::note::shown(key), field: String::new(), reason, before: None, after: None }
}
