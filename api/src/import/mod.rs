//! Importing another CRM's CSV files.
//!
//! A mapping file says which file holds what and which column fills which field; nothing about any particular CRM is
//! in the code. Rows are read, checked and written in batches, each batch in one transaction, so memory does not grow
//! with the files and an import that was interrupted is simply run again: what a row became is remembered under its
//! key together with a hash of its values, and a row whose hash is the same is left alone, whatever has been edited in
//! the CRM since.

mod batch;
mod error;
mod fields;
mod mapping;
mod note;
mod plan;
mod reader;
mod report;
mod resolve;
mod row;
mod template;
#[cfg(test)]
mod tests;
mod value;
mod write;

use std::path::Path;

use finbridge_domain::{Clock, Ids};
use finbridge_entity::begin_write;
use sea_orm::DatabaseConnection;
use uuid::Uuid;

use batch::{FileImport, Seen};
use plan::Plan;
use resolve::Memory;

pub use error::ImportError;
pub use fields::RecordType;
pub use note::{CsvNotes, NoNotes, Note, NoteKind, NoteSink, Reason};
pub use report::{FileReport, NoteGroup, Report, Summary};

/// Hears how far an import has come.
pub trait Progress: Send + Sync {
    /// A file begins; it has so many bytes.
    fn file(&self, name: &str, bytes: u64);
    /// So many more bytes of the file are imported.
    fn advance(&self, bytes: u64);
    /// The file is imported.
    fn file_done(&self);
}

/// Hears nothing.
#[derive(Debug, Default, Clone, Copy)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn file(&self, _name: &str, _bytes: u64) {}
    fn advance(&self, _bytes: u64) {}
    fn file_done(&self) {}
}

/// Imports CSV files into an organization.
pub struct Importer<'a> {
    /// The database.
    pub db: &'a DatabaseConnection,
    /// Stamps what is written.
    pub clock: &'a dyn Clock,
    /// Names what is written.
    pub ids: &'a Ids,
    /// The tenant.
    pub organization_id: Uuid,
    /// Whether deals that are made or moved do to documents what triggers say; they do not unless somebody asks for it (A17.3).
    pub fires_triggers: bool,
}

impl Importer<'_> {
    /// Imports everything that the mapping at `mapping` describes.
    ///
    /// The mapping and the headers of all files are checked before the first row is written. Rows that cannot be
    /// imported are in the report and in `notes`; they stop nothing.
    ///
    /// # Errors
    /// When the mapping is wrong, a file cannot be read, `notes` fails or the database does. What was imported until
    /// then stays, and running the same import again ends in the same state as if nothing had happened.
    pub async fn run(
        &self,
        mapping: &Path,
        progress: &dyn Progress,
        notes: &mut dyn NoteSink,
    ) -> Result<Report, ImportError> {
        let plan = Plan::load(mapping)?;
        let memory = Memory { organization_id: self.organization_id, source: &plan.source };
        let mut report =
            Report { source: plan.source.clone(), files: Vec::new(), summary: Summary::default() };
        if !plan.stages.is_empty() {
            report.files.push(self.stages(&plan, memory).await?);
        }
        let mut seen = Seen::default();
        for (number, file) in plan.files.iter().enumerate() {
            let bytes = std::fs::metadata(&file.path).map_err(ImportError::reading(&file.path))?.len();
            progress.file(&file.name, bytes);
            let import = FileImport {
                importer: self,
                plan: &plan,
                file,
                number,
                memory,
                progress,
                notes: &mut *notes,
                seen: &mut seen,
                summary: &mut report.summary,
                report: FileReport::new(&file.name, file.record),
                postponed: Vec::new(),
            };
            report.files.push(import.run().await?);
            progress.file_done();
        }
        notes.finish().map_err(ImportError::Notes)?;
        Ok(report)
    }

    async fn stages(&self, plan: &Plan, memory: Memory<'_>) -> Result<FileReport, ImportError> {
        let mut report = FileReport::new(&plan.name, RecordType::Stage);
        let tx = begin_write(self.db).await?;
        let context = self.context(&tx);
        write::write_stages(&context, memory, &plan.stages, &mut report).await?;
        tx.commit().await?;
        Ok(report)
    }

    fn context<'t>(&'t self, tx: &'t sea_orm::DatabaseTransaction) -> write::Context<'t> {
        write::Context {
            tx,
            ids: self.ids,
            organization_id: self.organization_id,
            now: self.clock.now(),
            fires_triggers: self.fires_triggers,
        }
    }
}
