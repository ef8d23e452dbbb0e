//! Triggers in GraphQL: what deals do to documents.

pub mod log;
pub mod mutation;
pub mod simulation;

use async_graphql::{Context, Enum, Object, Result};
use finbridge_entity::trigger_setting;
use finbridge_entity::types;
use uuid::Uuid;

use super::context::Asked;
use super::error::top_level;
use super::loader::failed;
use super::scalar::DateTime;
use super::stage::Stage;
use super::user::User;
use crate::service::ServiceError;

/// What deals do to documents.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "types::TriggerPoint")]
pub enum TriggerPoint {
    /// Nothing.
    None,
    /// They make estimates, have them accepted and have them declined: in the stages that were chosen or, in the profile of 2013, when
    /// the deal is made, won and lost.
    Estimate,
    /// They make an invoice when they are won and, where the profile says so, void it when they are lost.
    Invoice,
}

/// What a trigger does.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "types::TriggerAction")]
pub enum TriggerAction {
    /// Nothing: the stage does nothing.
    None,
    /// Make a document.
    Create,
    /// Have an estimate accepted; it is made first where there is none.
    Accept,
    /// Have an estimate declined, or an invoice voided.
    Invalidate,
    /// Take a document's link to its deal away, because the deal was deleted.
    Unlink,
}

/// What came of a trigger.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "types::TriggerOutcome")]
pub enum TriggerOutcome {
    /// It was done.
    Done,
    /// It was left alone, for the reason that stands with it.
    Skipped,
    /// It could not be done, for the reason that stands with it.
    Failed,
}

/// What an integration's deals do to documents.
pub struct TransactionTrigger(trigger_setting::Model);

impl From<trigger_setting::Model> for TransactionTrigger {
    fn from(row: trigger_setting::Model) -> Self {
        Self(row)
    }
}

/// What an integration's deals do to documents. Each deal makes one document of a kind at most, whatever is repeated.
#[Object]
impl TransactionTrigger {
    /// What is triggered.
    async fn point(&self) -> TriggerPoint {
        self.0.trigger.into()
    }

    /// Stages that make an estimate; empty where no stages are chosen. Stages that were deleted since are left out.
    async fn create_stages(&self, ctx: &Context<'_>) -> Result<Vec<Stage>> {
        stages(ctx, &self.0.create_stages).await
    }

    /// Stages that have the estimate accepted; one that is not there yet is made first.
    async fn accept_stages(&self, ctx: &Context<'_>) -> Result<Vec<Stage>> {
        stages(ctx, &self.0.accept_stages).await
    }

    /// Stages that have the estimate declined.
    async fn invalidate_stages(&self, ctx: &Context<'_>) -> Result<Vec<Stage>> {
        stages(ctx, &self.0.invalidate_stages).await
    }

    /// Whether documents count as sent as soon as they are made; they are drafts otherwise. Nobody is mailed either way.
    async fn is_marked_sent(&self) -> bool {
        self.0.is_sent
    }

    /// When it was last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }

    /// Who last changed it; null when that person is not in the organization any more.
    async fn updated_by(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        User::load(ctx, self.0.updated_by_id).await
    }
}

impl TransactionTrigger {
    /// The trigger of an integration; none while nobody said what it is.
    ///
    /// # Errors
    /// The database's.
    pub async fn of_integration(ctx: &Context<'_>, integration: Uuid) -> Result<Option<Self>> {
        let rows = ctx.loaders()?.triggers().load_one(integration).await.map_err(failed)?;
        Ok(rows.into_iter().flatten().next().map(Self))
    }
}

async fn stages(ctx: &Context<'_>, ids: &serde_json::Value) -> Result<Vec<Stage>> {
    let ids: Vec<Uuid> = serde_json::from_value(ids.clone())
        .map_err(|error| top_level(ServiceError::Internal(Box::new(error))))?;
    let stages = futures::future::try_join_all(ids.into_iter().map(|id| Stage::load(ctx, id))).await?;
    Ok(stages.into_iter().flatten().collect())
}
