//! `pipelineArrangeStages`.

use async_graphql::{Context, ID, InputObject, Object, Result};
use finbridge_domain::NodeKind;

use crate::graphql::context::{Asked, uuid};
use crate::graphql::error::payload;
use crate::graphql::pipeline::Pipeline;
use crate::service::pipeline;

/// In which order the stages of a pipeline shall stand.
#[derive(InputObject)]
pub struct PipelineArrangeStagesInput {
    /// Which pipeline.
    id: ID,
    /// The version the order is based on; refused with VERSION_CONFLICT when the pipeline has a newer one.
    version: Option<i32>,
    /// Every stage of the pipeline, once, in the order wanted.
    #[graphql(validator(max_items = 50))]
    stage_ids: Vec<ID>,
}

payload! {
    /// What came of arranging the stages of a pipeline.
    PipelineArrangeStagesPayload {
        /// The pipeline as it is now; null when there are user errors.
        pipeline: Pipeline
    }
}

/// `pipelineArrangeStages`.
#[derive(Default)]
pub struct PipelineArrangeStages;

#[Object]
impl PipelineArrangeStages {
    /// Puts the stages of a pipeline into another order. Deals stay in their stages. For administrators.
    async fn pipeline_arrange_stages(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which pipeline, and the order.")] input: PipelineArrangeStagesInput,
    ) -> Result<Option<PipelineArrangeStagesPayload>> {
        let id = uuid(NodeKind::Pipeline, &input.id)?;
        let order: Vec<_> =
            input.stage_ids.iter().map(|id| uuid(NodeKind::Stage, id)).collect::<Result<_>>()?;
        let arranged = pipeline::arrange(ctx.services()?, id, input.version.map(i64::from), &order).await;
        PipelineArrangeStagesPayload::of(arranged, Pipeline::from).map(Some)
    }
}
