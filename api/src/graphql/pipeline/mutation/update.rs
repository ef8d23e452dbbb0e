//! `pipelineUpdate`.

use async_graphql::{Context, ID, InputObject, Object, Result};
use finbridge_domain::NodeKind;

use crate::graphql::context::{Asked, uuid};
use crate::graphql::error::payload;
use crate::graphql::pipeline::Pipeline;
use crate::service::pipeline::{self, PipelineChange};

/// What changes in a pipeline: members that are left out stay as they are.
#[derive(InputObject)]
pub struct PipelineUpdateInput {
    /// Which pipeline.
    id: ID,
    /// The version the change is based on; refused with VERSION_CONFLICT when the pipeline has a newer one.
    version: Option<i32>,
    /// Name; up to 200 characters. No two pipelines have the same.
    name: Option<String>,
    /// Place in the order of pipelines, from 1 on: lower ones come first, of equal ones the older.
    position: Option<i32>,
}

payload! {
    /// What came of changing a pipeline.
    PipelineUpdatePayload {
        /// The pipeline as it is now; null when there are user errors.
        pipeline: Pipeline
    }
}

/// `pipelineUpdate`.
#[derive(Default)]
pub struct PipelineUpdate;

#[Object]
impl PipelineUpdate {
    /// Changes the name of a pipeline, or its place among the pipelines. For administrators.
    async fn pipeline_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which pipeline, and what changes.")] input: PipelineUpdateInput,
    ) -> Result<Option<PipelineUpdatePayload>> {
        let id = uuid(NodeKind::Pipeline, &input.id)?;
        let change = PipelineChange {
            version: input.version.map(i64::from),
            name: input.name,
            position: input.position,
        };
        PipelineUpdatePayload::of(pipeline::update(ctx.services()?, id, change).await, Pipeline::from)
            .map(Some)
    }
}
