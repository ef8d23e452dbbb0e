//! Notes in GraphQL.

pub mod mutation;

use async_graphql::{Context, ID, Object, Result};
use finbridge_domain::NodeKind;
use finbridge_entity::note;
use uuid::Uuid;

use super::context::{Asked, id};
use super::loader::failed;
use super::record::CrmRecord;
use super::scalar::DateTime;
use super::user::User;

/// What somebody wrote down about a record.
#[derive(Clone)]
pub struct Note(note::Model);

super::connection::connection!(NoteConnection, NoteEdge, Note, note::Model, "notes");

impl From<note::Model> for Note {
    fn from(row: note::Model) -> Self {
        Self(row)
    }
}

/// What somebody wrote down about a record. Notes of a deleted record are out of reach until it is restored.
#[Object]
impl Note {
    /// Global id.
    pub async fn id(&self) -> ID {
        id(NodeKind::Note, self.0.id)
    }

    /// What it says: plain text, up to 10,000 characters.
    async fn body(&self) -> &str {
        &self.0.body
    }

    /// Who wrote it; null when that person does not belong to the organization any more.
    async fn author(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        User::load(ctx, self.0.author_id).await
    }

    /// The record it is on; null when the record was deleted a moment ago.
    async fn record(&self, ctx: &Context<'_>) -> Result<Option<CrmRecord>> {
        CrmRecord::load(ctx, self.0.record_type, self.0.record_id).await
    }

    /// Ascends with every change; send it along with an update to refuse overwriting somebody else's change.
    async fn version(&self) -> i32 {
        i32::try_from(self.0.version).unwrap_or(i32::MAX)
    }

    /// When the note was written.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When the note was last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }
}

impl Note {
    /// The note, where its record lives.
    ///
    /// # Errors
    /// The database's.
    pub async fn load(ctx: &Context<'_>, uuid: Uuid) -> Result<Option<Self>> {
        let Some(note) = ctx.loaders()?.notes().load_one(uuid).await.map_err(failed)? else {
            return Ok(None);
        };
        let record = CrmRecord::load(ctx, note.record_type, note.record_id).await?;
        Ok(record.map(|_| Self(note)))
    }
}
