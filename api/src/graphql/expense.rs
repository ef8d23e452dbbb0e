//! What new expenses are put under.

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use finbridge_domain::NodeKind;

use super::context::{Asked, uuid};
use super::error::top_level;
use crate::service::expense as service;

/// A category of expenses in a finance app.
#[derive(SimpleObject)]
pub struct ExpenseCategory {
    /// Its id there; what `categoryKey` of a new expense takes.
    key: String,
    /// Its name there.
    name: String,
}

/// Reading what new expenses are put under.
#[derive(Default)]
pub struct ExpenseQuery;

#[Object]
impl ExpenseQuery {
    /// The categories that a new expense can have: few, so a plain list, in the order of the finance app. It is asked now, for five
    /// seconds at most; UNAVAILABLE when it does not answer. For those who may make expenses.
    async fn expense_categories(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The connection through which the expense will be made.")] integration_id: ID,
    ) -> Result<Option<Vec<ExpenseCategory>>> {
        let integration = uuid(NodeKind::Integration, &integration_id)?;
        let categories = service::categories(ctx.services()?, integration).await.map_err(top_level)?;
        let shown =
            |one: finbridge_contract::ExpenseCategory| ExpenseCategory { key: one.remote_id, name: one.name };
        Ok(Some(categories.into_iter().map(shown).collect()))
    }
}
