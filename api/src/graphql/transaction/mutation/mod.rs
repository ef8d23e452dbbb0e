//! Asking finance apps to do something about transactions, one file per act. Each mutation answers at once with the job; what comes
//! of it is in the job.

mod create;
mod link;
mod mail;
mod payment;
mod refresh;
mod status;
mod update;

use async_graphql::{ID, InputObject, Result};
use finbridge_domain::NodeKind;

pub use create::TransactionCreate;
pub use link::TransactionLinks;
pub use mail::TransactionMailing;
pub use payment::TransactionRecordPayment;
pub use refresh::TransactionRefresh;
pub use status::TransactionStatusChanges;
pub use update::TransactionUpdate;

use crate::graphql::context::uuid;
use crate::graphql::scalar::Decimal;
use crate::service::document_act::{Letter, Line};

/// Asking finance apps to do something about transactions.
#[derive(async_graphql::MergedObject, Default)]
pub struct TransactionMutation(
    TransactionCreate,
    TransactionUpdate,
    TransactionStatusChanges,
    TransactionMailing,
    TransactionRecordPayment,
    TransactionLinks,
    TransactionRefresh,
);

/// A line of a transaction.
#[derive(InputObject)]
pub struct TransactionLineInput {
    /// What it is called, up to 200 characters; the product's name when left out.
    name: Option<String>,
    /// What is said about it; up to 10,000 characters.
    description: Option<String>,
    /// How many; above zero, and not necessarily whole.
    quantity: Decimal,
    /// Price of one, in the transaction's currency; it may be finer than the currency's coins.
    unit_price: Decimal,
    /// Of what unit, such as "kg"; the product's when left out.
    unit: Option<String>,
    /// The product; the finance app's item goes with the line where the two are linked.
    product_id: Option<ID>,
    /// The item, by its id in the finance app, instead of a product.
    item_key: Option<String>,
}

/// The lines of an input, in their order.
fn lines(inputs: Vec<TransactionLineInput>) -> Result<Vec<Line>> {
    let line = |input: TransactionLineInput| {
        Ok(Line {
            name: input.name,
            description: input.description,
            quantity: input.quantity.0,
            unit_price: input.unit_price.0,
            unit: input.unit,
            product_id: input.product_id.map(|id| uuid(NodeKind::Product, &id)).transpose()?,
            item_key: input.item_key,
        })
    };
    inputs.into_iter().map(line).collect()
}

/// With what a transaction is mailed.
#[derive(InputObject)]
pub struct TransactionLetterInput {
    /// Addresses that the mail goes to; 1 to 20.
    to: Vec<String>,
    /// Addresses that a copy goes to; 20 at most.
    #[graphql(default)]
    cc: Vec<String>,
    /// Subject, up to 250 characters; the finance app's own when left out.
    subject: Option<String>,
    /// Text, up to 10,000 characters; the finance app's own when left out. The document is attached either way.
    body: Option<String>,
}

impl From<TransactionLetterInput> for Letter {
    fn from(input: TransactionLetterInput) -> Self {
        Self { to: input.to, cc: input.cc, subject: input.subject, body: input.body }
    }
}

/// Expenses of an input.
fn expenses(ids: Option<Vec<ID>>) -> Result<Option<Vec<uuid::Uuid>>> {
    ids.map(|ids| ids.iter().map(|id| uuid(NodeKind::Transaction, id)).collect()).transpose()
}
