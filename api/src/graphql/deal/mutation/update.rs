//! `dealUpdate`.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result};
use finbridge_domain::NodeKind;

use super::{DealLineInput, lines};
use crate::graphql::context::{Asked, uuid};
use crate::graphql::deal::Deal;
use crate::graphql::error::payload;
use crate::graphql::scalar::{CurrencyCode, Date, Decimal};
use crate::service::deal::{self, DealChange};

/// What changes in a deal: fields that are left out stay as they are, null clears.
#[derive(InputObject)]
pub struct DealUpdateInput {
    /// Which deal.
    id: ID,
    /// The version the change is based on; refused with VERSION_CONFLICT when the deal has a newer one. Leave it out to
    /// change whatever is there.
    version: Option<i32>,
    /// Name; up to 200 characters. It cannot be cleared.
    name: MaybeUndefined<String>,
    /// The account it is with.
    account_id: MaybeUndefined<ID>,
    /// The user who looks after it.
    owner_id: MaybeUndefined<ID>,
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
}

payload! {
    /// What came of changing a deal.
    DealUpdatePayload {
        /// The deal as it is now; null when there are user errors.
        deal: Deal
    }
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
    ) -> Result<DealUpdatePayload> {
        let change = DealChange {
            version: input.version.map(i64::from),
            name: input.name,
            account_id: input.account_id.map_value(|id| uuid(NodeKind::Account, &id)).transpose()?,
            owner_id: input.owner_id.map_value(|id| uuid(NodeKind::User, &id)).transpose()?,
            amount: input.amount.map_value(|amount| amount.0),
            currency: input.currency_code.map_value(|code| code.0),
            opened_on: input.opened_on.map_value(|day| day.0),
            closed_on: input.closed_on.map_value(|day| day.0),
            lines: input.lines.map_value(lines).transpose()?,
        };
        let id = uuid(NodeKind::Deal, &input.id)?;
        DealUpdatePayload::of(deal::update(ctx.services()?, id, change).await, Deal::from)
    }
}
