//! Writing notes, one file per act.

mod create;
mod delete;
mod update;

pub use create::NoteCreate;
pub use delete::NoteDelete;
pub use update::NoteUpdate;

/// Writing notes.
#[derive(async_graphql::MergedObject, Default)]
pub struct NoteMutation(NoteCreate, NoteUpdate, NoteDelete);
