//! Deals in GraphQL.

pub mod filter;
pub mod line;
pub mod mutation;
pub mod query;

use async_graphql::{Context, ID, Object, Result};
use finbridge_domain::NodeKind;
use finbridge_entity::deal;

pub use filter::of_account;
pub use line::DealLine;

use super::account::{self, Account, Money};
use super::connection::page_args;
use super::context::{Asked, id};
use super::error::top_level;
use super::loader::failed;
use super::pipeline::Pipeline;
use super::record::RecordFields;
use super::scalar::{CurrencyCode, Date};
use super::stage::Stage;
use super::transaction::{self, TransactionConnection, TransactionKind, TransactionStatus};
use super::trigger::{self, log::TriggerLogConnection};
use crate::service::ServiceError;
use crate::service::document::Holder;

/// Something that the organization hopes to sell, or has sold, to an account.
#[derive(Clone)]
pub struct Deal(deal::Model);

super::connection::connection!(DealConnection, DealEdge, Deal, deal::Model, "deals");

/// Something that the organization hopes to sell, or has sold, to an account.
#[Object]
impl Deal {
    /// Global id.
    pub async fn id(&self) -> ID {
        id(NodeKind::Deal, self.0.id)
    }

    /// Name, as people write it.
    pub async fn name(&self) -> &String {
        &self.0.name
    }

    /// The company the deal is with; null when there is none or it was deleted.
    async fn account(&self, ctx: &Context<'_>) -> Result<Option<Account>> {
        let Some(account) = self.0.account_id else { return Ok(None) };
        account::living(ctx, account).await
    }

    /// How far the deal has come.
    async fn stage(&self, ctx: &Context<'_>) -> Result<Stage> {
        let stage = Stage::load(ctx, self.0.stage_id).await?;
        stage.ok_or_else(|| top_level(ServiceError::Internal("a deal's stage is missing".into())))
    }

    /// The pipeline that the deal goes through: that of its stage.
    async fn pipeline(&self, ctx: &Context<'_>) -> Result<Pipeline> {
        let loader = ctx.loaders()?.pipelines_of_stage();
        let pipeline = loader.load_one(self.0.stage_id).await.map_err(failed)?.map(Pipeline::from);
        pipeline.ok_or_else(|| top_level(ServiceError::Internal("a deal's pipeline is missing".into())))
    }

    /// What the deal is worth, as somebody estimated or agreed it; it need not be the sum of the lines. Null when not
    /// known.
    async fn amount(&self) -> Option<Money> {
        Money::of(self.0.amount_units, Some(&self.0.currency_code))
    }

    /// The currency of the amount and of the prices in the lines.
    async fn currency_code(&self) -> Result<CurrencyCode> {
        let code = self.0.currency_code.parse();
        code.map(CurrencyCode).map_err(|error| top_level(ServiceError::Internal(Box::new(error))))
    }

    /// Day on which work on the deal began; null when not known.
    async fn opened_on(&self) -> Option<Date> {
        self.0.opened_on.map(Date)
    }

    /// Day on which the deal was won or lost or, while it is open, is expected to be; null when not known.
    async fn closed_on(&self) -> Option<Date> {
        self.0.closed_on.map(Date)
    }

    /// What is sold, in the order of the offer; at most 100 lines, so they come without pages. Empty when nobody wrote
    /// any down.
    async fn lines(&self, ctx: &Context<'_>) -> Result<Vec<DealLine>> {
        let rows = ctx.loaders()?.deal_lines().load_one(self.0.id).await.map_err(failed)?.unwrap_or_default();
        Ok(rows.into_iter().map(|row| DealLine::new(row, &self.0)).collect())
    }

    /// Free text; null when there is none.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// The deal that a deleted one was merged into; null for every other. What was merged cannot be restored.
    async fn merged_into(&self, ctx: &Context<'_>) -> Result<Option<Deal>> {
        let Some(into) = self.0.merged_into_id else { return Ok(None) };
        living(ctx, into).await
    }

    /// The finance documents that are linked to the deal, newest day first and those without a day last.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a Relay connection")]
    async fn transactions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the start; 1 to 100, 25 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Only records after this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end; 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only records before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only transactions of these kinds; all when left out.", validator(max_items = 20))]
        kinds: Option<Vec<TransactionKind>>,
        #[graphql(
            desc = "Only transactions that stand like this today; all when left out.",
            validator(max_items = 50)
        )]
        statuses: Option<Vec<TransactionStatus>>,
    ) -> Result<TransactionConnection> {
        let args = page_args(first, after, last, before);
        transaction::held::transactions(ctx, Holder::Deal, self.0.id, args, kinds, statuses).await
    }

    /// What triggers did for the deal, and what not and why, newest first.
    async fn trigger_log(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the start; 1 to 100, 25 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Only entries after this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end; 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only entries before this cursor.")] before: Option<String>,
    ) -> Result<TriggerLogConnection> {
        trigger::log::of_deal(ctx, self.0.id, page_args(first, after, last, before)).await
    }

    /// What every record has.
    #[graphql(flatten)]
    async fn fields(&self) -> RecordFields {
        RecordFields(self.common())
    }
}

super::record::record_type!(Deal, deal, deals);
