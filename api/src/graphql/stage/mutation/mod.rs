//! Changing stages, one file per act.

mod create;
mod delete;
mod update;

/// Changing stages.
#[derive(async_graphql::MergedObject, Default)]
pub struct StageMutation(create::StageCreate, update::StageUpdate, delete::StageDelete);
