//! The trigger log.

use async_graphql::{Context, ID, InputObject, Object, Result};
use finbridge_domain::{DocumentKind, NodeKind};
use finbridge_entity::trigger_log;
use sea_orm::{ColumnTrait, Condition};
use uuid::Uuid;

use super::{TriggerAction, TriggerOutcome};
use crate::graphql::connection::{Count, page_args};
use crate::graphql::context::{Asked, id};
use crate::graphql::deal::Deal;
use crate::graphql::error::top_level;
use crate::graphql::filter::{Conditions, IdFilter};
use crate::graphql::integration::Integration;
use crate::graphql::loader::{CountOf, PageOf, failed};
use crate::graphql::scalar::DateTime;
use crate::graphql::stage::Stage;
use crate::graphql::transaction::TransactionKind;
use crate::service::page::{Page, PageArgs};
use crate::service::trigger;

/// What a trigger did, or did not do and why.
pub struct TriggerLogEntry(trigger_log::Model);

impl From<trigger_log::Model> for TriggerLogEntry {
    fn from(row: trigger_log::Model) -> Self {
        Self(row)
    }
}

crate::graphql::connection::connection!(
    TriggerLogConnection,
    TriggerLogEdge,
    TriggerLogEntry,
    trigger_log::Model,
    "trigger log entries"
);

/// What a trigger did, or did not do and why: one entry for each event of a deal and each integration with a trigger.
#[Object]
impl TriggerLogEntry {
    /// Global id.
    pub async fn id(&self) -> ID {
        id(NodeKind::TriggerLogEntry, self.0.id)
    }

    /// The deal; null when it was deleted.
    async fn deal(&self, ctx: &Context<'_>) -> Result<Option<Deal>> {
        crate::graphql::deal::living(ctx, self.0.deal_id).await
    }

    /// The stage that the deal had come into; null when the stage was deleted.
    async fn stage(&self, ctx: &Context<'_>) -> Result<Option<Stage>> {
        Stage::load(ctx, self.0.stage_id).await
    }

    /// The integration; null when it is not there any more.
    async fn integration(&self, ctx: &Context<'_>) -> Result<Option<Integration>> {
        match self.0.integration_id {
            Some(integration) => Integration::load(ctx, integration).await,
            None => Ok(None),
        }
    }

    /// What kind of document; null when none came into question.
    async fn transaction_kind(&self) -> Option<TransactionKind> {
        self.0.kind.as_deref().and_then(DocumentKind::by_name).map(Into::into)
    }

    /// What was to be done.
    async fn action(&self) -> TriggerAction {
        self.0.action.into()
    }

    /// What came of it.
    async fn outcome(&self) -> TriggerOutcome {
        self.0.outcome.into()
    }

    /// Why it was not done, for programs: one of the codes of triggers in docs/errors.md. Null when it was done.
    async fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// What was done, or why not and what to do next; for people.
    async fn message(&self) -> &str {
        &self.0.message
    }

    /// The document's key on the finance side; null when there is none.
    async fn remote_key(&self) -> Option<&str> {
        self.0.document_remote_id.as_deref()
    }

    /// The finance app's own code, where it refused; null otherwise.
    async fn remote_code(&self) -> Option<&str> {
        self.0.remote_code.as_deref()
    }

    /// When it was looked at.
    async fn logged_at(&self) -> DateTime {
        DateTime(self.0.logged_at)
    }
}

impl TriggerLogEntry {
    /// The entry of this id, in this organization.
    ///
    /// # Errors
    /// `FORBIDDEN`, the database's.
    pub async fn load(ctx: &Context<'_>, uuid: Uuid) -> Result<Option<Self>> {
        trigger::may_look(ctx.services()?).map_err(top_level)?;
        Ok(ctx.loaders()?.trigger_log().load_one(uuid).await.map_err(failed)?.map(Self))
    }
}

/// The trigger log of a deal.
///
/// # Errors
/// Bad page arguments, `FORBIDDEN`, the database's.
pub async fn of_deal(ctx: &Context<'_>, deal: Uuid, args: PageArgs) -> Result<TriggerLogConnection> {
    trigger::may_look(ctx.services()?).map_err(top_level)?;
    let loader = ctx.loaders()?.trigger_log_of_deal();
    let key = PageOf { parent: deal, filter: (), args };
    let page = loader.load_one(key).await.map_err(failed)?.unwrap_or_else(Page::empty);
    Ok(TriggerLogConnection::new(page, Count::of_parent(loader.clone(), CountOf(deal, ()))))
}

/// Which entries of the trigger log to list; all conditions must hold.
#[derive(InputObject, Default)]
pub struct TriggerLogFilter {
    /// The deal, also one that was deleted.
    deal: Option<IdFilter>,
    /// One of these reasons: codes of triggers in docs/errors.md.
    #[graphql(validator(max_items = 40))]
    codes: Option<Vec<String>>,
    /// What came of it.
    outcome: Option<TriggerOutcome>,
}

impl TriggerLogFilter {
    fn condition(self) -> Result<Condition> {
        use trigger_log::Column;
        let mut condition = Condition::all().id(Column::DealId, NodeKind::Deal, self.deal.as_ref())?;
        if let Some(codes) = self.codes {
            condition = condition.add(Column::Code.is_in(codes));
        }
        if let Some(outcome) = self.outcome {
            condition =
                condition.add(Column::Outcome.eq(finbridge_entity::types::TriggerOutcome::from(outcome)));
        }
        Ok(condition)
    }
}

/// Reading the trigger log.
#[derive(Default)]
pub struct TriggerLogQuery;

#[Object]
impl TriggerLogQuery {
    /// What triggers did, and what not and why, newest first.
    async fn trigger_log(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which entries; all when left out.")] filter: Option<TriggerLogFilter>,
        #[graphql(desc = "So many from the start; 1 to 100, 25 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Only entries after this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end; 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only entries before this cursor.")] before: Option<String>,
    ) -> Result<Option<TriggerLogConnection>> {
        let condition = filter.unwrap_or_default().condition()?;
        let args = page_args(first, after, last, before);
        let services = ctx.services()?;
        let page = trigger::page(services, condition.clone(), &args).await.map_err(top_level)?;
        let services = services.clone();
        let count = Count::new(move || {
            let (services, condition) = (services.clone(), condition.clone());
            async move { trigger::count(&services, condition).await }
        });
        Ok(Some(TriggerLogConnection::new(page, count)))
    }
}
