//! `tagRename`.

use async_graphql::{Context, ID, InputObject, Object, Result};
use finbridge_domain::NodeKind;

use crate::graphql::context::{Asked, uuid};
use crate::graphql::error::payload;
use crate::graphql::tag::Tag;
use crate::service::tag;

/// Which tag gets which name.
#[derive(InputObject)]
pub struct TagRenameInput {
    /// Which tag.
    id: ID,
    /// What it shall say; up to 50 characters.
    name: String,
}

payload! {
    /// What came of renaming a tag.
    TagRenamePayload {
        /// The tag as it is now; null when there are user errors.
        tag: Tag
    }
}

/// `tagRename`.
#[derive(Default)]
pub struct TagRename;

#[Object]
impl TagRename {
    /// Gives a tag another name, on every record that has it. The name of another tag is refused with NOT_UNIQUE. Versions of
    /// the records stay as they are.
    async fn tag_rename(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which tag gets which name.")] input: TagRenameInput,
    ) -> Result<Option<TagRenamePayload>> {
        let id = uuid(NodeKind::Tag, &input.id)?;
        TagRenamePayload::of(tag::rename(ctx.services()?, id, &input.name).await, Tag::from).map(Some)
    }
}
