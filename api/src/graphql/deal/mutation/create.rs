//! `dealCreate`.

use std::convert::identity;

use async_graphql::{Context, ID, InputObject, Object, Result};
use finbridge_domain::NodeKind;

use super::{DealLineInput, lines};
use crate::graphql::context::{Asked, uuid};
use crate::graphql::deal::Deal;
use crate::graphql::error::payload;
use crate::graphql::record::input::RecordNewInput;
use crate::graphql::scalar::{CurrencyCode, Date, Decimal};
use crate::service::deal::{self, NewDeal};
use crate::service::{ServiceResult, Services};

/// What a deal is made of.
#[derive(InputObject)]
pub struct DealCreateInput {
    /// Name; up to 200 characters.
    name: String,
    /// The account it is with.
    account_id: Option<ID>,
    /// How far it has come; one of `stages`.
    stage_id: ID,
    /// What it is worth: at most four digits after the decimal point.
    amount: Option<Decimal>,
    /// The currency of the amount and of the prices in the lines; the organization's home currency when not given.
    currency_code: Option<CurrencyCode>,
    /// Day on which work on it began.
    opened_on: Option<Date>,
    /// Day on which it was won or lost, or is expected to be.
    closed_on: Option<Date>,
    /// What is sold, in the order of the offer; at most 100 lines.
    lines: Option<Vec<DealLineInput>>,
    /// Free text; up to 10,000 characters.
    description: Option<String>,
    /// What every create may say.
    #[graphql(flatten)]
    record: RecordNewInput,
}

payload! {
    /// What came of creating a deal.
    DealCreatePayload {
        /// The new deal; null when there are user errors.
        deal: Deal
    }
}

impl DealCreateInput {
    /// What the service takes.
    pub(super) fn read(self) -> Result<NewDeal> {
        let common = self.record.read("dealCreate", &self)?;
        Ok(NewDeal {
            name: self.name,
            account_id: self.account_id.map(|id| uuid(NodeKind::Account, &id)).transpose()?,
            stage_id: uuid(NodeKind::Stage, &self.stage_id)?,
            amount: self.amount.map(|amount| amount.0),
            currency: self.currency_code.map(|code| code.0),
            opened_on: self.opened_on.map(|day| day.0),
            closed_on: self.closed_on.map(|day| day.0),
            lines: lines(self.lines.unwrap_or_default())?,
            description: self.description,
            common,
        })
    }
}

pub(super) async fn create(services: &Services, new: NewDeal) -> ServiceResult<Deal> {
    deal::create(services, new).await.map(Deal::from)
}

/// `dealCreate`.
#[derive(Default)]
pub struct DealCreate;

#[Object]
impl DealCreate {
    /// Makes a deal in any stage, also one that is won or lost already. The amount is what the input says; it is not
    /// computed from the lines.
    async fn deal_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What the deal is made of.")] input: DealCreateInput,
    ) -> Result<Option<DealCreatePayload>> {
        DealCreatePayload::of(create(ctx.services()?, input.read()?).await, identity).map(Some)
    }
}
