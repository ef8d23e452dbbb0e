//! `stageDelete`.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use finbridge_domain::NodeKind;

use crate::graphql::context::{self, Asked, uuid};
use crate::graphql::error::split;
use crate::service::{UserError, stage};

/// Which stage to remove, and where its deals go.
#[derive(InputObject)]
pub struct StageDeleteInput {
    /// Which stage.
    id: ID,
    /// The version of its pipeline on which the removal is based; refused with VERSION_CONFLICT when the pipeline has a newer
    /// one.
    pipeline_version: Option<i32>,
    /// The stage that its deals go to, in any pipeline. Without it the removal is refused with STAGE_IN_USE while deals are
    /// in the stage, deleted ones included because they can be restored.
    move_deals_to_stage_id: Option<ID>,
}

/// What came of removing a stage.
#[derive(SimpleObject)]
pub struct StageDeletePayload {
    /// Id of the stage that was removed; null when there are user errors.
    deleted_stage: Option<ID>,
    /// How many deals were moved, deleted ones included; null when there are user errors.
    moved_deal_count: Option<i32>,
    /// What a person has to mend; empty when the mutation did what was asked.
    user_errors: Vec<UserError>,
}

/// `stageDelete`.
#[derive(Default)]
pub struct StageDelete;

#[Object]
impl StageDelete {
    /// Removes a stage for good, and moves its deals as `dealMoveToStage` does: in a stage that means won or lost, those
    /// without a `closedOn` are closed today in the organization's time zone. For administrators.
    async fn stage_delete(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which stage to remove.")] input: StageDeleteInput,
    ) -> Result<Option<StageDeletePayload>> {
        let id = uuid(NodeKind::Stage, &input.id)?;
        let target = input.move_deals_to_stage_id.map(|id| uuid(NodeKind::Stage, &id)).transpose()?;
        let version = input.pipeline_version.map(i64::from);
        let (removed, user_errors) = split(stage::delete(ctx.services()?, id, version, target).await)?;
        Ok(Some(StageDeletePayload {
            deleted_stage: removed.map(|removed| context::id(NodeKind::Stage, removed.id)),
            moved_deal_count: removed.map(|removed| i32::try_from(removed.moved).unwrap_or(i32::MAX)),
            user_errors,
        }))
    }
}
