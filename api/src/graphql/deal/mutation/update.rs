//! `dealUpdate`.

use std::convert::identity;

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result};
use finbridge_domain::NodeKind;
use uuid::Uuid;

use super::{DealLineInput, lines};
use crate::graphql::context::{Asked, uuid};
use crate::graphql::deal::Deal;
use crate::graphql::error::payload;
use crate::graphql::record::input::RecordChangeInput;
use crate::graphql::scalar::{CurrencyCode, Date, Decimal};
use crate::service::deal::{self, DealChange};
use crate::service::{ServiceResult, Services};

/// What changes in a deal: fields that are left out stay as they are, null clears.
#[derive(InputObject)]
pub struct DealUpdateInput {
    /// What every update may say.
    #[graphql(flatten)]
    record: RecordChangeInput,
    /// Name; up to 200 characters. It cannot be cleared.
    name: MaybeUndefined<String>,
    /// The account it is with.
    account_id: MaybeUndefined<ID>,
    /// What it is worth: at most four digits after the decimal point.
    amount: MaybeUndefined<Decimal>,
    /// The currency of the amount and of the prices in the lines. Changing it converts nothing: the numbers stay. It cannot
    /// be cleared.
    currency_code: MaybeUndefined<CurrencyCode>,
    /// Day on which work on it began.
    opened_on: MaybeUndefined<Date>,
    /// Day on which it was won or lost, or is expected to be.
    closed_on: MaybeUndefined<Date>,
    /// What is sold, in the order of the offer; replaces all lines as a whole, at most 100. Null or an empty list removes
    /// them.
    lines: MaybeUndefined<Vec<DealLineInput>>,
    /// Free text; up to 10,000 characters.
    description: MaybeUndefined<String>,
}

payload! {
    /// What came of changing a deal.
    DealUpdatePayload {
        /// The deal as it is now; null when there are user errors.
        deal: Deal
    }
}

impl DealUpdateInput {
    /// Which record, and what the service takes.
    pub(super) fn read(self) -> Result<(Uuid, DealChange)> {
        let (id, common) = self.record.read(NodeKind::Deal)?;
        let change = DealChange {
            name: self.name,
            account_id: self.account_id.map_value(|id| uuid(NodeKind::Account, &id)).transpose()?,
            amount: self.amount.map_value(|amount| amount.0),
            currency: self.currency_code.map_value(|code| code.0),
            opened_on: self.opened_on.map_value(|day| day.0),
            closed_on: self.closed_on.map_value(|day| day.0),
            lines: self.lines.map_value(lines).transpose()?,
            description: self.description,
            common,
        };
        Ok((id, change))
    }
}

pub(super) async fn update(services: &Services, (id, change): (Uuid, DealChange)) -> ServiceResult<Deal> {
    deal::update(services, id, change).await.map(Deal::from)
}

/// `dealUpdate`.
#[derive(Default)]
pub struct DealUpdate;

#[Object]
impl DealUpdate {
    /// Changes a deal, but not its stage: that is `dealMoveToStage`.
    async fn deal_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which deal, and what changes.")] input: DealUpdateInput,
    ) -> Result<Option<DealUpdatePayload>> {
        DealUpdatePayload::of(update(ctx.services()?, input.read()?).await, identity).map(Some)
    }
}
