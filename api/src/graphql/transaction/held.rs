//! The transactions of a record: of a customer, a vendor or a deal.

use async_graphql::{Context, Result};
use uuid::Uuid;

use super::{TransactionConnection, TransactionKind, TransactionStatus};
use crate::graphql::connection::Count;
use crate::graphql::context::Asked;
use crate::graphql::error::top_level;
use crate::graphql::loader::{CountOf, LoadError, PageOf, failed};
use crate::service::document::{self as service, Holder, Wanted};
use crate::service::page::{Page, PageArgs};

/// A page of the transactions of a record, read together with those of the other records that are asked for theirs.
///
/// # Errors
/// Bad page arguments; kinds that the viewer may not see.
pub async fn transactions(
    ctx: &Context<'_>,
    holder: Holder,
    record: Uuid,
    args: PageArgs,
    kinds: Option<Vec<TransactionKind>>,
    statuses: Option<Vec<TransactionStatus>>,
) -> Result<TransactionConnection> {
    let kinds = kinds.map(|kinds| kinds.into_iter().map(Into::into).collect());
    let kinds = service::visible(ctx.services()?, kinds).map_err(top_level)?;
    let statuses = statuses.map(|statuses| statuses.into_iter().map(Into::into).collect());
    let held = (holder, Wanted { kinds, statuses });
    let loader = ctx.loaders()?.documents_of_record();
    let key = PageOf { parent: record, filter: held.clone(), args };
    let page = loader.load_one(key).await.map_err(failed)?.unwrap_or_else(Page::empty);
    let loader = loader.clone();
    let count = Count::new(move || {
        let (loader, of) = (loader.clone(), CountOf(record, held.clone()));
        async move { Ok(loader.load_one(of).await.map_err(LoadError::into_service)?.unwrap_or_default()) }
    });
    Ok(TransactionConnection::new(page, count))
}
