//! `stageUpdate`.

use async_graphql::{Context, ID, InputObject, Object, Result};
use finbridge_domain::NodeKind;

use crate::graphql::context::{Asked, uuid};
use crate::graphql::error::payload;
use crate::graphql::stage::{Stage, StageKind};
use crate::service::stage::{self, StageChange};

/// What changes in a stage: members that are left out stay as they are.
#[derive(InputObject)]
pub struct StageUpdateInput {
    /// Which stage.
    id: ID,
    /// The version of its pipeline on which the change is based; refused with VERSION_CONFLICT when the pipeline has a newer
    /// one.
    pipeline_version: Option<i32>,
    /// Name; up to 200 characters. No two stages of a pipeline have the same.
    name: Option<String>,
    /// What it means. Refused with STAGE_IN_USE while deals are in the stage: they would be won, lost or opened again
    /// without having been moved.
    kind: Option<StageKind>,
}

payload! {
    /// What came of changing a stage.
    StageUpdatePayload {
        /// The stage as it is now; null when there are user errors.
        stage: Stage
    }
}

/// `stageUpdate`.
#[derive(Default)]
pub struct StageUpdate;

#[Object]
impl StageUpdate {
    /// Changes what a stage is called, or what it means while no deals are in it. For administrators.
    async fn stage_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which stage, and what changes.")] input: StageUpdateInput,
    ) -> Result<Option<StageUpdatePayload>> {
        let id = uuid(NodeKind::Stage, &input.id)?;
        let change = StageChange {
            pipeline_version: input.pipeline_version.map(i64::from),
            name: input.name,
            kind: input.kind.map(Into::into),
        };
        StageUpdatePayload::of(stage::update(ctx.services()?, id, change).await, Stage::from).map(Some)
    }
}
