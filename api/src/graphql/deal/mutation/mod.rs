//! Changing deals, one file per act.

mod bulk;
mod create;
mod delete;
mod merge;
mod move_many;
mod move_to_stage;
mod update;

use async_graphql::{ID, InputObject, MaybeUndefined, Result};
use finbridge_domain::NodeKind;

pub use bulk::{DealBulkCreate, DealBulkUpdate};
pub use create::DealCreate;
pub use delete::{DealDelete, DealRestore};
pub use merge::DealMerge;
pub use move_many::DealsMoveToStage;
pub use move_to_stage::DealMoveToStage;
pub use update::DealUpdate;

use crate::graphql::context::uuid;
use crate::graphql::scalar::Decimal;
use crate::service::deal::NewLine;

/// Changing deals.
#[derive(async_graphql::MergedObject, Default)]
pub struct DealMutation(
    DealCreate,
    DealUpdate,
    DealMoveToStage,
    DealsMoveToStage,
    DealDelete,
    DealRestore,
    DealMerge,
    DealBulkCreate,
    DealBulkUpdate,
);

/// So many of one product, as part of a deal.
#[derive(InputObject)]
pub struct DealLineInput {
    /// What is sold. The same product may stand in several lines.
    product_id: ID,
    /// How many; above zero, and not necessarily whole.
    quantity: Decimal,
    /// Price of one, in the currency of the deal; it may be finer than the currency's coins, and differ from the product's
    /// list price. Left out, it is the list price that the product has in that currency at this moment, if it has one:
    /// nothing is converted, and later changes of the list price do not touch the deal. Null: not known.
    unit_price: MaybeUndefined<Decimal>,
}

/// The lines of an input, in their order.
fn lines(inputs: Vec<DealLineInput>) -> Result<Vec<NewLine>> {
    let line = |input: DealLineInput| {
        Ok(NewLine {
            product_id: uuid(NodeKind::Product, &input.product_id)?,
            quantity: input.quantity.0,
            unit_price: input.unit_price.map_value(|price| price.0),
        })
    };
    inputs.into_iter().map(line).collect()
}
