//! Relay connections.

use std::hash::Hash;
use std::sync::Arc;

use async_graphql::dataloader::{DataLoader, Loader};
use async_graphql::{Context, InputObject, SimpleObject};
use finbridge_entity::TenantOwned;
use sea_orm::Condition;

use super::context::Asked;
use super::error::top_level;
use super::loader::{CountOf, LoadError, Nested};
use crate::service::page::{Listing, Page, PageArgs};
use crate::service::record::{self, Extent, Record};

/// Where a page stands in its list.
#[derive(SimpleObject, Debug, Clone)]
pub struct PageInfo {
    /// Whether there are records after this page.
    pub has_next_page: bool,
    /// Whether there are records before this page.
    pub has_previous_page: bool,
    /// Cursor of the first record of this page; null on an empty page.
    pub start_cursor: Option<String>,
    /// Cursor of the last record of this page; null on an empty page.
    pub end_cursor: Option<String>,
}

/// Which way a list runs.
#[derive(async_graphql::Enum, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OrderDirection {
    /// Smallest, oldest, first in the alphabet first.
    #[default]
    Asc,
    /// Largest, newest, last in the alphabet first.
    Desc,
}

/// The page arguments that resolvers collect.
pub fn page_args(
    first: Option<i32>,
    after: Option<String>,
    last: Option<i32>,
    before: Option<String>,
) -> PageArgs {
    PageArgs { first, after, last, before }
}

/// What a connection of CRM records is made of: a page of them, and a way to count them all.
///
/// # Errors
/// Bad page arguments.
pub async fn records<E: Record>(
    ctx: &Context<'_>,
    extent: Extent,
    condition: Condition,
    listing: &Listing<E>,
    args: &PageArgs,
) -> async_graphql::Result<(Page<E::Model>, Count)> {
    let services = ctx.services()?;
    let page = record::page(services, extent, condition.clone(), listing, args).await.map_err(top_level)?;
    let services = services.clone();
    let count = Count::new(move || {
        let (services, condition) = (services.clone(), condition.clone());
        async move { record::count::<E>(&services, extent, condition).await }
    });
    Ok((page, count))
}

/// A range of numbers of things.
#[derive(InputObject, Debug, Clone, Default)]
pub struct IntFilter {
    /// Exactly this.
    pub eq: Option<i32>,
    /// This or more.
    pub gte: Option<i32>,
    /// This or less.
    pub lte: Option<i32>,
}

/// Declares the connection and edge types of a node, made from a [`crate::service::page::Page`]. `$count` is a future
/// factory that is only called when a client selects `totalCount`.
macro_rules! connection {
    ($connection:ident, $edge:ident, $node:ty, $model:ty, $plural:literal) => {
        #[doc = concat!("One of the ", $plural, ", and where it stands in the list.")]
        pub struct $edge {
            cursor: String,
            node: $node,
        }

        #[doc = concat!("One of the ", $plural, ", and where it stands in the list.")]
        #[async_graphql::Object]
        impl $edge {
            /// Where the record stands: pass it as `after` or `before`.
            async fn cursor(&self) -> &str {
                &self.cursor
            }

            /// The record.
            async fn node(&self) -> &$node {
                &self.node
            }
        }

        #[doc = concat!("A page of ", $plural, ".")]
        pub struct $connection {
            edges: Vec<$edge>,
            page_info: $crate::graphql::connection::PageInfo,
            count: $crate::graphql::connection::Count,
        }

        impl $connection {
            /// The connection of a page.
            pub fn new(
                page: $crate::service::page::Page<$model>,
                count: $crate::graphql::connection::Count,
            ) -> Self {
                let page_info = $crate::graphql::connection::PageInfo {
                    has_next_page: page.has_next,
                    has_previous_page: page.has_previous,
                    start_cursor: page.rows.first().map(|(cursor, _)| cursor.clone()),
                    end_cursor: page.rows.last().map(|(cursor, _)| cursor.clone()),
                };
                let edges = page
                    .rows
                    .into_iter()
                    .map(|(cursor, row)| $edge { cursor, node: <$node>::from(row) })
                    .collect();
                Self { edges, page_info, count }
            }
        }

        #[doc = concat!("A page of ", $plural, ".")]
        #[async_graphql::Object]
        impl $connection {
            /// The records of this page with their cursors.
            async fn edges(&self) -> Option<&[$edge]> {
                Some(&self.edges)
            }

            /// The records of this page.
            async fn nodes(&self) -> Option<Vec<&$node>> {
                Some(self.edges.iter().map(|edge| &edge.node).collect())
            }

            /// Where this page stands in the list.
            async fn page_info(&self) -> &$crate::graphql::connection::PageInfo {
                &self.page_info
            }

            /// How many records the whole list has under its filter. Counted only when asked for.
            async fn total_count(&self) -> async_graphql::Result<i32> {
                self.count.value().await
            }
        }
    };
}
pub(crate) use connection;

/// A count that is taken only when somebody looks.
pub struct Count(
    Box<dyn Fn() -> futures::future::BoxFuture<'static, crate::service::ServiceResult<u64>> + Send + Sync>,
);

impl Count {
    /// Counts with this.
    pub fn new<F>(count: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = crate::service::ServiceResult<u64>> + Send + 'static,
    {
        Self(Box::new(move || Box::pin(count())))
    }

    /// Counts the records of one parent, together with those of the other parents on the page.
    pub fn of_parent<E, F>(loader: Arc<DataLoader<Nested<E, F>>>, parent: CountOf<F>) -> Self
    where
        E: TenantOwned,
        F: Clone + Eq + Hash + Send + Sync + 'static,
        Nested<E, F>: Loader<CountOf<F>, Value = u64, Error = LoadError>,
    {
        Self::new(move || {
            let (loader, parent) = (loader.clone(), parent.clone());
            async move {
                let count = loader.load_one(parent).await.map_err(LoadError::into_service)?;
                Ok(count.unwrap_or_default())
            }
        })
    }

    /// The number.
    ///
    /// # Errors
    /// The database's.
    pub async fn value(&self) -> async_graphql::Result<i32> {
        let count = (self.0)().await.map_err(super::error::top_level)?;
        Ok(i32::try_from(count).unwrap_or(i32::MAX))
    }
}
