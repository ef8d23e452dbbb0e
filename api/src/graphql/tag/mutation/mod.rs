//! Changing tags, one file per act. Putting them on records is an act on records.

mod delete;
mod rename;

pub use delete::TagDelete;
pub use rename::TagRename;

/// Changing tags.
#[derive(async_graphql::MergedObject, Default)]
pub struct TagMutation(TagRename, TagDelete);
