//! `noteDelete`.

use async_graphql::{Context, ID, InputObject, Object, Result};
use finbridge_domain::NodeKind;

use crate::graphql::context::{self, Asked, uuid};
use crate::graphql::error::payload;
use crate::service::note;

/// Which note to delete.
#[derive(InputObject)]
pub struct NoteDeleteInput {
    /// Which note.
    id: ID,
    /// The version that is to be deleted; refused with VERSION_CONFLICT when the note has a newer one.
    version: Option<i32>,
}

payload! {
    /// What came of deleting a note.
    NoteDeletePayload {
        /// Id of the note that was deleted; null when there are user errors.
        deleted_note: ID
    }
}

/// `noteDelete`.
#[derive(Default)]
pub struct NoteDelete;

#[Object]
impl NoteDelete {
    /// Deletes a note for good; it cannot be restored. Its author and administrators may; for others it is FORBIDDEN.
    async fn note_delete(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which note to delete.")] input: NoteDeleteInput,
    ) -> Result<Option<NoteDeletePayload>> {
        let id = uuid(NodeKind::Note, &input.id)?;
        let deleted = note::delete(ctx.services()?, id, input.version.map(i64::from)).await;
        NoteDeletePayload::of(deleted, |uuid| context::id(NodeKind::Note, uuid)).map(Some)
    }
}
