//! `tagDelete`.

use async_graphql::{Context, ID, InputObject, Object, Result};
use finbridge_domain::NodeKind;

use crate::graphql::context::{self, Asked, uuid};
use crate::graphql::error::payload;
use crate::service::tag;

/// Which tag to delete.
#[derive(InputObject)]
pub struct TagDeleteInput {
    /// Which tag.
    id: ID,
}

payload! {
    /// What came of deleting a tag.
    TagDeletePayload {
        /// Id of the tag that was deleted; null when there are user errors.
        deleted_tag: ID
    }
}

/// `tagDelete`.
#[derive(Default)]
pub struct TagDelete;

#[Object]
impl TagDelete {
    /// Deletes a tag for good and takes it off every record that has it. Versions of the records stay as they are. For
    /// administrators.
    async fn tag_delete(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which tag to delete.")] input: TagDeleteInput,
    ) -> Result<Option<TagDeletePayload>> {
        let id = uuid(NodeKind::Tag, &input.id)?;
        let deleted = tag::delete(ctx.services()?, id).await;
        TagDeletePayload::of(deleted, |uuid| context::id(NodeKind::Tag, uuid)).map(Some)
    }
}
