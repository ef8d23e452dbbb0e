//! Pages of records that belong to a parent.

use std::collections::HashMap;
use std::hash::Hash;

use async_graphql::dataloader::Loader;
use async_trait::async_trait;
use finbridge_entity::{Scoped, TenantOwned};
use sea_orm::sea_query::{Alias, Asterisk, Expr, ExprTrait, Func, Query, WindowStatement};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait, Select};
use uuid::Uuid;

use super::{LoadError, Scope};
use crate::service::page::{Identified, Listing, Page, PageArgs};

/// Pages of records that belong to a parent: one statement for all parents of a page, however many there are. `F` tells which
/// of their records are meant.
pub struct Nested<E: EntityTrait, F = ()> {
    pub(super) scope: Scope,
    pub(super) parent: E::Column,
    /// Leaves those that are meant.
    pub(super) narrow: fn(Select<E>, &F) -> Select<E>,
    pub(super) parent_of: fn(&E::Model) -> Option<Uuid>,
    pub(super) listing: fn() -> Listing<E>,
}

impl<E: TenantOwned, F> Nested<E, F> {
    fn rows(&self, parents: impl Iterator<Item = Uuid>, filter: &F) -> Select<E> {
        (self.narrow)(E::of(self.scope.organization_id).filter(self.parent.is_in(parents)), filter)
    }
}

/// Which page of which parent.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PageOf<F = ()> {
    /// The parent.
    pub parent: Uuid,
    /// Which of its records.
    pub filter: F,
    /// The page.
    pub args: PageArgs,
}

/// How many of these records a parent has.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CountOf<F = ()>(pub Uuid, pub F);

#[async_trait]
impl<E, F> Loader<PageOf<F>> for Nested<E, F>
where
    E: TenantOwned,
    E::Model: Identified + Clone + Send + Sync + 'static,
    F: Clone + Eq + Hash + Send + Sync + 'static,
{
    type Value = Page<E::Model>;
    type Error = LoadError;

    async fn load(&self, keys: &[PageOf<F>]) -> Result<HashMap<PageOf<F>, Self::Value>, LoadError> {
        let mut by_args: HashMap<(&PageArgs, &F), Vec<Uuid>> = HashMap::new();
        for key in keys {
            by_args.entry((&key.args, &key.filter)).or_default().push(key.parent);
        }
        let mut pages = HashMap::new();
        for ((args, filter), parents) in by_args {
            let listing = (self.listing)();
            let window = listing.window(args)?;
            let rows = self.rows(parents.iter().copied(), filter);
            if let [parent] = *parents {
                // No rows of one parent have to be numbered: a page far down a long list costs no more than the first.
                let page = window.read(&self.scope.db, rows).await?;
                pages.insert(PageOf { parent, filter: filter.clone(), args: args.clone() }, page);
                continue;
            }
            let order = window.order();
            let place = WindowStatement::partition_by(self.parent)
                .order_by(window.column(), order.clone())
                .order_by(E::id_column(), order.clone())
                .take();
            let mut numbered = window.bounded(rows).into_query();
            numbered.expr_window_as(Func::cust("ROW_NUMBER"), place, "place");
            let limit = i64::try_from(window.limit()).unwrap_or(i64::MAX);
            let statement = Query::select()
                .column(Asterisk)
                .from_subquery(numbered, Alias::new("numbered"))
                .and_where(Expr::col("place").lte(limit))
                .order_by("place", sea_orm::Order::Asc)
                .take();
            let statement = self.scope.db.get_database_backend().build(&statement);
            let mut of_parent: HashMap<Uuid, Vec<E::Model>> = HashMap::new();
            for row in E::find().from_raw_sql(statement).all(&self.scope.db).await? {
                if let Some(parent) = (self.parent_of)(&row) {
                    of_parent.entry(parent).or_default().push(row);
                }
            }
            for parent in parents {
                let page = window.page(of_parent.remove(&parent).unwrap_or_default())?;
                pages.insert(PageOf { parent, filter: filter.clone(), args: args.clone() }, page);
            }
        }
        Ok(pages)
    }
}

#[async_trait]
impl<E, F> Loader<CountOf<F>> for Nested<E, F>
where
    E: TenantOwned,
    E::Model: Send + Sync + 'static,
    F: Clone + Eq + Hash + Send + Sync + 'static,
{
    type Value = u64;
    type Error = LoadError;

    async fn load(&self, keys: &[CountOf<F>]) -> Result<HashMap<CountOf<F>, u64>, LoadError> {
        let mut by_filter: HashMap<&F, Vec<Uuid>> = HashMap::new();
        for CountOf(parent, filter) in keys {
            by_filter.entry(filter).or_default().push(*parent);
        }
        let mut counted = HashMap::new();
        for (filter, parents) in by_filter {
            let counts: Vec<(Uuid, i64)> = self
                .rows(parents.into_iter(), filter)
                .select_only()
                .column(self.parent)
                .column_as(E::id_column().count(), "n")
                .group_by(self.parent)
                .into_tuple()
                .all(&self.scope.db)
                .await?;
            let counts = counts
                .into_iter()
                .map(|(parent, n)| (CountOf(parent, filter.clone()), u64::try_from(n).unwrap_or_default()));
            counted.extend(counts);
        }
        Ok(counted)
    }
}
