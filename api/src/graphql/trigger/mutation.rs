//! `integrationTriggerSet` and `dealDocumentRecreate`.

use async_graphql::{Context, ID, InputObject, Object, Result};
use finbridge_domain::NodeKind;

use super::{TransactionTrigger, TriggerPoint};
use crate::graphql::context::{Asked, uuid};
use crate::graphql::deal::Deal;
use crate::graphql::error::payload;
use crate::service::trigger::{self, Wish};

/// What an integration's deals shall do.
#[derive(InputObject)]
pub struct IntegrationTriggerSetInput {
    /// Which integration.
    integration_id: ID,
    /// What is triggered: one thing, or nothing.
    point: TriggerPoint,
    /// Stages that make an estimate. Only for ESTIMATE, where the profile's `estimateTrigger` is BY_STAGE.
    #[graphql(default, validator(max_items = 50))]
    create_stage_ids: Vec<ID>,
    /// Stages that have the estimate accepted.
    #[graphql(default, validator(max_items = 50))]
    accept_stage_ids: Vec<ID>,
    /// Stages that have the estimate declined.
    #[graphql(default, validator(max_items = 50))]
    invalidate_stage_ids: Vec<ID>,
    /// Whether documents count as sent as soon as they are made. They are drafts when left out. Nobody is mailed either way.
    #[graphql(default)]
    mark_sent: bool,
}

/// For which deal another document shall be made.
#[derive(InputObject)]
pub struct DealDocumentRecreateInput {
    /// Which deal.
    deal_id: ID,
    /// In which integration.
    integration_id: ID,
}

payload! {
    /// What came of setting a trigger.
    IntegrationTriggerSetPayload {
        /// The trigger as it is now; null when there are user errors.
        trigger: TransactionTrigger
    }
}

payload! {
    /// What came of asking for another document.
    DealDocumentRecreatePayload {
        /// The deal; what comes of it stands in `triggerLog` a moment later. Null when there are user errors.
        deal: Deal
    }
}

/// `integrationTriggerSet` and `dealDocumentRecreate`.
#[derive(Default)]
pub struct TriggerMutation;

#[Object]
impl TriggerMutation {
    /// Says what deals do to documents in an integration. What deals did before stays. For administrators.
    async fn integration_trigger_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which integration, and what.")] input: IntegrationTriggerSetInput,
    ) -> Result<Option<IntegrationTriggerSetPayload>> {
        let stages = |ids: &[ID]| ids.iter().map(|id| uuid(NodeKind::Stage, id)).collect::<Result<Vec<_>>>();
        let wish = Wish {
            point: input.point.into(),
            create: stages(&input.create_stage_ids)?,
            accept: stages(&input.accept_stage_ids)?,
            invalidate: stages(&input.invalidate_stage_ids)?,
            is_sent: input.mark_sent,
        };
        let id = uuid(NodeKind::Integration, &input.integration_id)?;
        let set = trigger::set(ctx.services()?, id, wish).await;
        IntegrationTriggerSetPayload::of(set, TransactionTrigger::from).map(Some)
    }

    /// Has the trigger look at a deal once more, and make another document where the old one is void, declined or was deleted. While the
    /// old one is in force nothing is made, and the trigger log says so.
    async fn deal_document_recreate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which deal, and where.")] input: DealDocumentRecreateInput,
    ) -> Result<Option<DealDocumentRecreatePayload>> {
        let deal = uuid(NodeKind::Deal, &input.deal_id)?;
        let integration = uuid(NodeKind::Integration, &input.integration_id)?;
        let asked = trigger::recreate(ctx.services()?, deal, integration).await;
        DealDocumentRecreatePayload::of(asked, Deal::from).map(Some)
    }
}
