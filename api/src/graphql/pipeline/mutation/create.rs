//! `pipelineCreate`.

use async_graphql::{Context, InputObject, Object, Result};

use crate::graphql::context::Asked;
use crate::graphql::error::payload;
use crate::graphql::pipeline::Pipeline;
use crate::graphql::stage::StageKind;
use crate::service::idempotency::Idempotency;
use crate::service::pipeline::{self, FirstStage, NewPipeline};

/// A stage that a pipeline begins with.
#[derive(InputObject)]
pub struct PipelineStageInput {
    /// Name; up to 200 characters. No two stages of a pipeline have the same.
    name: String,
    /// What the stage means: whether deals in it are open, won or lost.
    kind: StageKind,
}

/// What a pipeline is made of.
#[derive(InputObject)]
pub struct PipelineCreateInput {
    /// Name; up to 200 characters. No two pipelines have the same.
    name: String,
    /// The stages it begins with, in this order; at most 50. `stageCreate` adds more.
    stages: Option<Vec<PipelineStageInput>>,
    /// A text of your choice, such as a UUID, under which the same request can be sent again without a second effect, for 24
    /// hours. The same key with another input is refused.
    idempotency_key: Option<String>,
}

payload! {
    /// What came of making a pipeline.
    PipelineCreatePayload {
        /// The new pipeline; null when there are user errors.
        pipeline: Pipeline
    }
}

/// `pipelineCreate`.
#[derive(Default)]
pub struct PipelineCreate;

#[Object]
impl PipelineCreate {
    /// Makes a pipeline behind those that are there. For administrators.
    async fn pipeline_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What the pipeline is made of.")] input: PipelineCreateInput,
    ) -> Result<Option<PipelineCreatePayload>> {
        let idempotency = Idempotency::of("pipelineCreate", input.idempotency_key.as_deref(), &input);
        let stages = input.stages.unwrap_or_default().into_iter();
        let new = NewPipeline {
            name: input.name,
            stages: stages.map(|stage| FirstStage { name: stage.name, kind: stage.kind.into() }).collect(),
            idempotency,
        };
        PipelineCreatePayload::of(pipeline::create(ctx.services()?, new).await, Pipeline::from).map(Some)
    }
}
