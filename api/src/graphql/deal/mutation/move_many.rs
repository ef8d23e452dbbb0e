//! `dealsMoveToStage`.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use finbridge_domain::NodeKind;

use crate::graphql::context::{Asked, uuid};
use crate::graphql::deal::Deal;
use crate::graphql::error::split;
use crate::graphql::record::items::Items;
use crate::service::{UserError, deal};

/// Which deals go to which stage.
#[derive(InputObject)]
pub struct DealsMoveToStageInput {
    /// Which deals, 1 to 100.
    #[graphql(validator(min_items = 1, max_items = 100))]
    ids: Vec<ID>,
    /// The stage they all go to; one of `stages`.
    stage_id: ID,
}

/// What came of one of the deals.
#[derive(SimpleObject)]
pub struct DealMoveResult {
    /// Id of the deal, as it was sent.
    id: ID,
    /// The deal as it is now; null when there are user errors.
    deal: Option<Deal>,
    /// What a person has to mend; empty when this deal was moved.
    user_errors: Vec<UserError>,
}

/// What came of moving deals.
#[derive(SimpleObject)]
pub struct DealsMoveToStagePayload {
    /// One answer for each id, in the order of the input; a deal with user errors does not stop the others. One that failed on our
    /// side has the user error FAILED.
    results: Option<Vec<DealMoveResult>>,
    /// What is wrong with the request as a whole; always empty, because every deal has its own.
    user_errors: Vec<UserError>,
}

/// `dealsMoveToStage`.
#[derive(Default)]
pub struct DealsMoveToStage;

#[Object]
impl DealsMoveToStage {
    /// Moves up to 100 deals to a stage, each on its own and as `dealMoveToStage` does. What that does to documents comes about in the
    /// background and stands in `triggerLog`.
    async fn deals_move_to_stage(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which deals go to which stage.")] input: DealsMoveToStageInput,
    ) -> Result<Option<DealsMoveToStagePayload>> {
        let deals = input.ids.iter().map(|id| uuid(NodeKind::Deal, id)).collect::<Result<Vec<_>>>()?;
        let stage_id = uuid(NodeKind::Stage, &input.stage_id)?;
        let services = ctx.services()?;
        let mut items = Items::default();
        let mut results = Vec::with_capacity(deals.len());
        for (id, deal_id) in input.ids.into_iter().zip(deals) {
            let moved = items.attempt(deal::move_to_stage(services, deal_id, stage_id, None)).await;
            let (moved, user_errors) = split(moved)?;
            results.push(DealMoveResult { id, deal: moved.map(Deal::from), user_errors });
        }
        Ok(Some(DealsMoveToStagePayload { results: Some(results), user_errors: Vec::new() }))
    }
}
