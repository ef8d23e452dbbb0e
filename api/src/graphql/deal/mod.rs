//! Deals in GraphQL.

pub mod filter;
pub mod line;
pub mod mutation;
pub mod query;

use async_graphql::{Context, ID, Object, Result};
use finbridge_domain::{NodeKind, WireId};
use finbridge_entity::deal;

pub use filter::of_account;
pub use line::DealLine;

use super::account::{self, Account, Money};
use super::context::{Asked, id};
use super::error::top_level;
use super::loader::failed;
use super::scalar::{CurrencyCode, Date, DateTime};
use super::stage::Stage;
use super::user::User;
use crate::service::ServiceError;

/// Something that the organization hopes to sell, or has sold, to an account.
#[derive(Clone)]
pub struct Deal(deal::Model);

impl From<deal::Model> for Deal {
    fn from(row: deal::Model) -> Self {
        Self(row)
    }
}

super::connection::connection!(DealConnection, DealEdge, Deal, deal::Model, "deals");

/// Something that the organization hopes to sell, or has sold, to an account.
#[Object]
impl Deal {
    /// Global id.
    pub async fn id(&self) -> ID {
        id(NodeKind::Deal, self.0.id)
    }

    /// The 18-digit number by which finance apps know the deal. Never changes.
    async fn wire_id(&self) -> String {
        WireId(self.0.wire_id).to_string()
    }

    /// Name, as people write it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The company the deal is with; null when there is none or it was deleted.
    async fn account(&self, ctx: &Context<'_>) -> Result<Option<Account>> {
        let Some(account) = self.0.account_id else { return Ok(None) };
        account::living(ctx, account).await
    }

    /// Who looks after the deal; null when nobody does.
    async fn owner(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        User::load(ctx, self.0.owner_id).await
    }

    /// How far the deal has come.
    async fn stage(&self, ctx: &Context<'_>) -> Result<Stage> {
        let stage = Stage::load(ctx, self.0.stage_id).await?;
        stage.ok_or_else(|| top_level(ServiceError::Internal("a deal's stage is missing".into())))
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
        let rows = ctx.loaders()?.deal_lines.load_one(self.0.id).await.map_err(failed)?.unwrap_or_default();
        Ok(rows.into_iter().map(|row| DealLine::new(row, &self.0)).collect())
    }

    /// Ascends with every change, also of the lines; send it along with an update to refuse overwriting somebody else's
    /// change.
    async fn version(&self) -> i32 {
        i32::try_from(self.0.version).unwrap_or(i32::MAX)
    }

    /// When the deal was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When the deal or one of its lines was last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }
}

/// The deal, unless it was deleted or is another tenant's.
pub async fn living(ctx: &Context<'_>, uuid: uuid::Uuid) -> Result<Option<Deal>> {
    let row = ctx.loaders()?.deals.load_one(uuid).await.map_err(failed)?;
    Ok(row.filter(|row| row.deleted_at.is_none()).map(Deal))
}
