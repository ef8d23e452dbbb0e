//! Why an import could not be carried out.

use std::path::{Path, PathBuf};

use sea_orm::DbErr;

/// Why an import stopped. Bad rows never stop one: they are in the report.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The mapping is wrong; nothing was written.
    #[error("{} cannot be used, and nothing was imported:{}", path.display(), listed(problems))]
    Mapping {
        /// The mapping file.
        path: PathBuf,
        /// Everything that is wrong with it, each with its place and remedy.
        problems: Vec<String>,
    },
    /// A file could not be read.
    #[error("cannot read {}; check that it exists and that this user may read it", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// Names of products are unique in the organization. What was imported so far stays; the same import can be run again.
    #[error(
        "product names are unique in this organization, and an import does not compare them; turn that off with `productNamesSetUnique`, import, and turn it on again"
    )]
    UniqueProductNames,
    /// The report of adjusted and rejected rows could not be written. What was imported so far stays; the same import
    /// can be run again.
    #[error(
        "cannot write the report of adjusted and rejected rows; make room or choose another place, then import again"
    )]
    Notes(#[source] std::io::Error),
    /// The database refused. What was imported so far stays; the same import can be run again.
    #[error(
        "the database failed during the import; what was imported so far stays, and importing again goes on from there"
    )]
    Database(#[from] DbErr),
}

impl ImportError {
    /// Names the file that could not be read.
    pub(super) fn reading(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Read { path, source }
    }
}

fn listed(problems: &[String]) -> String {
    problems.iter().map(|problem| format!("\n  - {}", problem.trim_end().replace('\n', "\n    "))).collect()
}
