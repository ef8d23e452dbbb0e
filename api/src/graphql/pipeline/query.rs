//! Reading pipelines.

use async_graphql::{Context, ID, Object, Result};
use finbridge_domain::NodeKind;

use super::Pipeline;
use crate::graphql::context::{Asked, uuid};
use crate::graphql::error::top_level;
use crate::service::pipeline;

/// Reading pipelines.
#[derive(Default)]
pub struct PipelineQuery;

#[Object]
impl PipelineQuery {
    /// The pipeline of this id; null when there is none in this organization.
    async fn pipeline(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Id of a pipeline.")] id: ID,
    ) -> Result<Option<Pipeline>> {
        Pipeline::load(ctx, uuid(NodeKind::Pipeline, &id)?).await
    }

    /// All pipelines of this organization in their order; there are at most 50, so this is a plain list without pages. Every
    /// organization has at least one.
    async fn pipelines(&self, ctx: &Context<'_>) -> Result<Option<Vec<Pipeline>>> {
        let pipelines = pipeline::list(ctx.services()?).await.map_err(top_level)?;
        Ok(Some(pipelines.into_iter().map(Pipeline::from).collect()))
    }
}
