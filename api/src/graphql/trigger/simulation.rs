//! Trying a trigger out.

use async_graphql::{Context, ID, Object, Result};
use finbridge_domain::NodeKind;
use finbridge_sync::trigger::{Assessment, Code, Verdict};

use super::TriggerAction;
use crate::graphql::context::{Asked, uuid};
use crate::graphql::error::top_level;
use crate::graphql::integration::Integration;
use crate::graphql::scalar::Decimal;
use crate::graphql::transaction::{TransactionAct, TransactionKind};
use crate::service::trigger;

/// What would happen if a deal came into a stage.
pub struct TriggerSimulation(Assessment);

/// What would happen if a deal came into a stage now, in one integration.
#[Object]
impl TriggerSimulation {
    /// The integration.
    async fn integration(&self, ctx: &Context<'_>) -> Result<Option<Integration>> {
        Integration::load(ctx, self.0.integration_id).await
    }

    /// What kind of document.
    async fn transaction_kind(&self) -> TransactionKind {
        self.0.kind.into()
    }

    /// What the stage means for it.
    async fn action(&self) -> TriggerAction {
        self.0.action.into()
    }

    /// Whether something would be done.
    async fn would_act(&self) -> bool {
        matches!(self.0.verdict, Verdict::Create { .. } | Verdict::Act { .. })
    }

    /// Why nothing would be done, for programs: one of the codes of triggers in docs/errors.md. Null when something would be.
    async fn code(&self) -> Option<&str> {
        match self.0.verdict {
            Verdict::Leave(code) => Some(code.as_str()),
            Verdict::Done { .. } => Some(Code::AlreadySo.as_str()),
            Verdict::Create { .. } | Verdict::Act { .. } => None,
        }
    }

    /// What would be done, or why nothing would be and what to do about it; for people.
    async fn message(&self) -> String {
        match &self.0.verdict {
            Verdict::Leave(code) => code.sentence().to_owned(),
            Verdict::Act { act, .. } => {
                format!("The {} would be changed: {}.", self.0.kind.noun(), act.as_str())
            }
            Verdict::Done { .. } => Code::AlreadySo.sentence().to_owned(),
            Verdict::Create { draft, and_accept } => {
                let customer = match draft.party_id {
                    Some(_) => "",
                    None => " The account would be made a customer first.",
                };
                let accepted = if *and_accept { " and accepted" } else { "" };
                format!("A new {} would be made{accepted}.{customer}", self.0.kind.noun())
            }
        }
    }

    /// How the document's status would be changed; null when it would not be.
    async fn act(&self) -> Option<TransactionAct> {
        match self.0.verdict {
            Verdict::Act { act, .. } => Some(act.into()),
            _ => None,
        }
    }

    /// What the lines of a new document would come to before tax, in the deal's currency; null when none would be made.
    async fn sub_total(&self) -> Option<Decimal> {
        let Verdict::Create { draft, .. } = &self.0.verdict else { return None };
        let lines = draft.lines.iter().flatten();
        let sums = lines.map(|line| line.quantity.checked_mul(line.unit_price));
        let total = sums.reduce(|sum, line| sum?.checked_add(line?));
        total.flatten().map(Decimal)
    }

    /// The key, on the finance side, of the document that triggers made for the deal; null when they made none.
    async fn remote_key(&self) -> Option<&str> {
        self.0.document_id.as_deref()
    }
}

/// Trying triggers out.
#[derive(Default)]
pub struct TriggerSimulationQuery;

#[Object]
impl TriggerSimulationQuery {
    /// What would happen if the deal came into the stage now, and why: an entry for each integration with a trigger. The finance app is
    /// asked what is there; nothing is written, here or there.
    async fn trigger_simulate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which deal.")] deal_id: ID,
        #[graphql(desc = "The stage that it would come into.")] stage_id: ID,
    ) -> Result<Option<Vec<TriggerSimulation>>> {
        let (deal, stage) = (uuid(NodeKind::Deal, &deal_id)?, uuid(NodeKind::Stage, &stage_id)?);
        let assessments = trigger::simulate(ctx.services()?, deal, stage).await.map_err(top_level)?;
        Ok(Some(assessments.into_iter().map(TriggerSimulation).collect()))
    }
}
