//! `stageCreate`.

use async_graphql::{Context, ID, InputObject, Object, Result};
use finbridge_domain::NodeKind;

use crate::graphql::context::{Asked, uuid};
use crate::graphql::error::payload;
use crate::graphql::stage::{Stage, StageKind};
use crate::service::idempotency::Idempotency;
use crate::service::stage::{self, NewStage};

/// What a stage is made of.
#[derive(InputObject)]
pub struct StageCreateInput {
    /// The pipeline it belongs to; the standard one when not given.
    pipeline_id: Option<ID>,
    /// Name; up to 200 characters. No two stages of a pipeline have the same.
    name: String,
    /// What it means: whether deals in it are open, won or lost.
    kind: StageKind,
    /// A text of your choice, such as a UUID, under which the same request can be sent again without a second effect, for 24
    /// hours. The same key with another input is refused.
    idempotency_key: Option<String>,
}

payload! {
    /// What came of making a stage.
    StageCreatePayload {
        /// The new stage; null when there are user errors.
        stage: Stage
    }
}

/// `stageCreate`.
#[derive(Default)]
pub struct StageCreate;

#[Object]
impl StageCreate {
    /// Makes a stage behind those that its pipeline has; `pipelineArrangeStages` puts it elsewhere. For administrators.
    async fn stage_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What the stage is made of.")] input: StageCreateInput,
    ) -> Result<Option<StageCreatePayload>> {
        let new = NewStage {
            idempotency: Idempotency::of("stageCreate", input.idempotency_key.as_deref(), &input),
            pipeline_id: input.pipeline_id.map(|id| uuid(NodeKind::Pipeline, &id)).transpose()?,
            name: input.name,
            kind: input.kind.into(),
        };
        StageCreatePayload::of(stage::create(ctx.services()?, new).await, Stage::from).map(Some)
    }
}
