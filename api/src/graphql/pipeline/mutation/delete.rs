//! `pipelineDelete`.

use async_graphql::{Context, ID, InputObject, Object, Result};
use finbridge_domain::NodeKind;

use crate::graphql::context::{self, Asked, uuid};
use crate::graphql::error::payload;
use crate::service::pipeline;

/// Which pipeline to remove.
#[derive(InputObject)]
pub struct PipelineDeleteInput {
    /// Which pipeline; not the standard one.
    id: ID,
    /// The version that is to be removed; refused with VERSION_CONFLICT when the pipeline has a newer one.
    version: Option<i32>,
}

payload! {
    /// What came of removing a pipeline.
    PipelineDeletePayload {
        /// Id of the pipeline that was removed; null when there are user errors.
        deleted_pipeline: ID
    }
}

/// `pipelineDelete`.
#[derive(Default)]
pub struct PipelineDelete;

#[Object]
impl PipelineDelete {
    /// Removes a pipeline and its stages for good. Refused with PIPELINE_IN_USE while deals are in them. For administrators.
    async fn pipeline_delete(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which pipeline to remove.")] input: PipelineDeleteInput,
    ) -> Result<Option<PipelineDeletePayload>> {
        let id = uuid(NodeKind::Pipeline, &input.id)?;
        let deleted = pipeline::delete(ctx.services()?, id, input.version.map(i64::from)).await;
        PipelineDeletePayload::of(deleted, |uuid| context::id(NodeKind::Pipeline, uuid)).map(Some)
    }
}
