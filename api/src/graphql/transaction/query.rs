//! Reading transactions.

use async_graphql::{Context, ID, Object, Result};
use finbridge_domain::NodeKind;

use super::filter::{TransactionFilter, TransactionOrder, listing};
use super::{Transaction, TransactionConnection};
use crate::graphql::connection::{Count, page_args};
use crate::graphql::context::{Asked, uuid};
use crate::graphql::error::{coded, top_level};
use crate::graphql::loader::failed;
use crate::service::document as service;

/// The fields that lists of finance apps leave out.
const WHOLE: [&str; 10] = [
    "lines",
    "taxes",
    "applications",
    "notes",
    "terms",
    "subTotal",
    "discountTotal",
    "taxTotal",
    "shipping",
    "adjustment",
];

/// Reading transactions.
#[derive(Default)]
pub struct TransactionQuery;

#[Object]
impl TransactionQuery {
    /// The transaction of this id; null when there is none in this organization, or it is gone from the finance app. Where lines,
    /// taxes, notes, terms or partial sums are asked for that were not read yet, they are read now: that takes up to five seconds,
    /// and when the finance app does not answer, those fields fail with UNAVAILABLE and the others are told as last read. The same
    /// with INTEGRATION_INACTIVE while its integration is not active.
    async fn transaction(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Id of a transaction.")] id: ID,
    ) -> Result<Option<Transaction>> {
        let uuid = uuid(NodeKind::Transaction, &id)?;
        let is_whole_wanted = WHOLE.iter().any(|field| ctx.look_ahead().field(field).exists());
        let read = service::find(ctx.services()?, uuid, is_whole_wanted).await.map_err(top_level)?;
        Ok(read.map(Transaction::from))
    }

    /// The transactions of this organization, as last read from its finance apps. What is gone there is left out.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a Relay connection")]
    async fn transactions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the start; 1 to 100, 25 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Only records after this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end; 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only records before this cursor.")] before: Option<String>,
        #[graphql(
            desc = "Only those that this integration shows: of its finance organization, and of the kinds that its app has. \
                          BAD_USER_INPUT when there is no such integration."
        )]
        integration_id: Option<ID>,
        #[graphql(desc = "Only transactions for which all of this holds.")] filter: Option<TransactionFilter>,
        #[graphql(desc = "In which order; by day, newest first, when not given.")] order_by: Option<
            TransactionOrder,
        >,
    ) -> Result<Option<TransactionConnection>> {
        let services = ctx.services()?;
        let integration = match integration_id {
            Some(id) => {
                let integration = uuid(NodeKind::Integration, &id)?;
                let row = ctx.loaders()?.integrations().load_one(integration).await.map_err(failed)?;
                let missing =
                    || coded("BAD_USER_INPUT", "There is no such integration; `integrations` lists them");
                Some(row.ok_or_else(missing)?)
            }
            None => None,
        };
        let condition = filter.unwrap_or_default().condition(services, integration.as_ref()).await?;
        let args = page_args(first, after, last, before);
        let page =
            service::page(services, condition.clone(), &listing(order_by), &args).await.map_err(top_level)?;
        let services = services.clone();
        let count = Count::new(move || {
            let (services, condition) = (services.clone(), condition.clone());
            async move { service::count(&services, condition).await }
        });
        Ok(Some(TransactionConnection::new(page, count)))
    }
}
