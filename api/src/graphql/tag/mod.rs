//! Tags in GraphQL.

pub mod mutation;
pub mod query;

use async_graphql::{Context, ID, Object, Result};
use finbridge_domain::NodeKind;
use finbridge_entity::tag;
use uuid::Uuid;

use super::context::{Asked, id};
use super::loader::failed;
use super::scalar::DateTime;

/// A short name that people put on records to find them together.
#[derive(Clone)]
pub struct Tag(tag::Model);

super::connection::connection!(TagConnection, TagEdge, Tag, tag::Model, "tags");

impl From<tag::Model> for Tag {
    fn from(row: tag::Model) -> Self {
        Self(row)
    }
}

/// A short name that people put on records to find them together.
#[Object]
impl Tag {
    /// Global id.
    pub async fn id(&self) -> ID {
        id(NodeKind::Tag, self.0.id)
    }

    /// What it says; no two tags say the same, letter case aside.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// How many living records have it. Counted only when asked for.
    async fn record_count(&self, ctx: &Context<'_>) -> Result<i32> {
        let count = ctx.loaders()?.tag_uses().load_one(self.0.id).await.map_err(failed)?.unwrap_or_default();
        Ok(i32::try_from(count).unwrap_or(i32::MAX))
    }

    /// When it was put on a record first.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
}

impl Tag {
    /// The tag, if there is one.
    ///
    /// # Errors
    /// The database's.
    pub async fn load(ctx: &Context<'_>, uuid: Uuid) -> Result<Option<Self>> {
        Ok(ctx.loaders()?.tags_by_id().load_one(uuid).await.map_err(failed)?.map(Self))
    }
}
