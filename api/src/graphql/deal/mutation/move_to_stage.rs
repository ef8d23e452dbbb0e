//! `dealMoveToStage`.

use async_graphql::{Context, ID, InputObject, Object, Result};
use finbridge_domain::NodeKind;

use crate::graphql::context::{Asked, uuid};
use crate::graphql::deal::Deal;
use crate::graphql::error::payload;
use crate::service::deal;

/// Which deal goes to which stage.
#[derive(InputObject)]
pub struct DealMoveToStageInput {
    /// Which deal.
    id: ID,
    /// The stage it goes to; one of `stages`.
    stage_id: ID,
    /// The version the move is based on; refused with VERSION_CONFLICT when the deal has a newer one. Leave it out to move
    /// whatever is there.
    version: Option<i32>,
}

payload! {
    /// What came of moving a deal.
    DealMoveToStagePayload {
        /// The deal as it is now; null when there are user errors.
        deal: Deal
    }
}

/// `dealMoveToStage`.
#[derive(Default)]
pub struct DealMoveToStage;

#[Object]
impl DealMoveToStage {
    /// Moves a deal to any stage, forwards or back. When that stage means won or lost and the deal has no `closedOn` yet,
    /// it becomes today in the organization's time zone; a day that is there stays, also when the deal is opened again.
    /// Moving a deal to the stage it is in changes nothing, its version included.
    async fn deal_move_to_stage(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which deal goes to which stage.")] input: DealMoveToStageInput,
    ) -> Result<Option<DealMoveToStagePayload>> {
        let id = uuid(NodeKind::Deal, &input.id)?;
        let stage_id = uuid(NodeKind::Stage, &input.stage_id)?;
        let moved = deal::move_to_stage(ctx.services()?, id, stage_id, input.version.map(i64::from)).await;
        DealMoveToStagePayload::of(moved, Deal::from).map(Some)
    }
}
