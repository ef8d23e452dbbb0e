//! Changing views, one file per act.

mod create;
mod delete;
mod update;

/// Changing views.
#[derive(async_graphql::MergedObject, Default)]
pub struct ViewMutation(create::ViewCreate, update::ViewUpdate, delete::ViewDelete);
