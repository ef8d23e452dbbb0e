//! Pipelines in GraphQL.

pub mod mutation;
pub mod query;

use async_graphql::{Context, ID, Object, Result};
use finbridge_domain::NodeKind;
use finbridge_entity::pipeline;
use uuid::Uuid;

use super::context::{Asked, id};
use super::loader::failed;
use super::scalar::DateTime;
use super::stage::Stage;
use crate::service;

/// An order of stages that deals go through. Organizations that sell in several ways have several.
#[derive(Clone)]
pub struct Pipeline(pipeline::Model);

impl From<pipeline::Model> for Pipeline {
    fn from(row: pipeline::Model) -> Self {
        Self(row)
    }
}

/// An order of stages that deals go through. Organizations that sell in several ways have several.
#[Object]
impl Pipeline {
    /// Global id.
    pub async fn id(&self) -> ID {
        id(NodeKind::Pipeline, self.0.id)
    }

    /// What the organization calls the pipeline; no two are called the same.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Place in the order of pipelines: lower ones come first. Numbers may be missing in between.
    async fn position(&self) -> i32 {
        self.0.position
    }

    /// Whether it is the one that every organization begins with. Imports put their stages there, so it cannot be removed.
    async fn is_standard(&self) -> bool {
        service::pipeline::is_standard(&self.0)
    }

    /// Its stages in their order; at most 50, so they come without pages.
    async fn stages(&self, ctx: &Context<'_>) -> Result<Vec<Stage>> {
        let stages = ctx.loaders()?.stages_of_pipeline().load_one(self.0.id).await.map_err(failed)?;
        Ok(stages.unwrap_or_default().into_iter().map(Stage::from).collect())
    }

    /// Ascends with every change of the pipeline or of one of its stages; send it along with a change to refuse overwriting
    /// somebody else's.
    async fn version(&self) -> i32 {
        i32::try_from(self.0.version).unwrap_or(i32::MAX)
    }

    /// When the pipeline was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When the pipeline or one of its stages was last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }
}

impl Pipeline {
    /// The pipeline, unless it is another tenant's.
    ///
    /// # Errors
    /// The database's.
    pub async fn load(ctx: &Context<'_>, uuid: Uuid) -> Result<Option<Self>> {
        Ok(ctx.loaders()?.pipelines().load_one(uuid).await.map_err(failed)?.map(Self))
    }
}
