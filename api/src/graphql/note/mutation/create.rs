//! `noteCreate`.

use async_graphql::{Context, ID, InputObject, Object, Result};

use crate::graphql::context::Asked;
use crate::graphql::error::payload;
use crate::graphql::note::Note;
use crate::graphql::record::record_of;
use crate::service::idempotency::Idempotency;
use crate::service::note::{self, NewNote};

/// What a note is made of.
#[derive(InputObject)]
pub struct NoteCreateInput {
    /// The record to write on: an account, contact, vendor, product or deal.
    record_id: ID,
    /// What it says: plain text, up to 10,000 characters.
    body: String,
    /// A text of your choice, such as a UUID, under which the same request can be sent again without a second effect, for 24
    /// hours. The same key with another input is refused.
    idempotency_key: Option<String>,
}

payload! {
    /// What came of writing a note.
    NoteCreatePayload {
        /// The new note; null when there are user errors.
        note: Note
    }
}

/// `noteCreate`.
#[derive(Default)]
pub struct NoteCreate;

#[Object]
impl NoteCreate {
    /// Writes a note on a record; whoever calls is its author. The record's version stays as it is.
    async fn note_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to write on which record.")] input: NoteCreateInput,
    ) -> Result<Option<NoteCreatePayload>> {
        let (record_type, record_id) = record_of(&input.record_id)?;
        let idempotency = Idempotency::of("noteCreate", input.idempotency_key.as_deref(), &input);
        let new = NewNote { record_type, record_id, body: input.body, idempotency };
        NoteCreatePayload::of(note::create(ctx.services()?, new).await, Note::from).map(Some)
    }
}
