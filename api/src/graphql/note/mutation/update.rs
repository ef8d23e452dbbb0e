//! `noteUpdate`.

use async_graphql::{Context, ID, InputObject, Object, Result};
use finbridge_domain::NodeKind;

use crate::graphql::context::{Asked, uuid};
use crate::graphql::error::payload;
use crate::graphql::note::Note;
use crate::service::note;

/// What changes in a note.
#[derive(InputObject)]
pub struct NoteUpdateInput {
    /// Which note.
    id: ID,
    /// The version the change is based on; refused with VERSION_CONFLICT when the note has a newer one. Leave it out to change
    /// whatever is there.
    version: Option<i32>,
    /// What it shall say: plain text, up to 10,000 characters.
    body: String,
}

payload! {
    /// What came of changing a note.
    NoteUpdatePayload {
        /// The note as it is now; null when there are user errors.
        note: Note
    }
}

/// `noteUpdate`.
#[derive(Default)]
pub struct NoteUpdate;

#[Object]
impl NoteUpdate {
    /// Changes what a note says. Its author and administrators may; for others it is FORBIDDEN.
    async fn note_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which note, and what it shall say.")] input: NoteUpdateInput,
    ) -> Result<Option<NoteUpdatePayload>> {
        let id = uuid(NodeKind::Note, &input.id)?;
        let updated = note::update(ctx.services()?, id, input.version.map(i64::from), &input.body).await;
        NoteUpdatePayload::of(updated, Note::from).map(Some)
    }
}
