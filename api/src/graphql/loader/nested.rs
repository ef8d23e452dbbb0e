//! Pages of records that belong to a parent.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use finbridge_entity::{Scoped, TenantOwned};
use sea_orm::sea_query::{Alias, Asterisk, Expr, ExprTrait, Func, Query, WindowStatement};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait, Select};
use uuid::Uuid;

use super::{LoadError, Scope};
use crate::service::page::{Identified, Listing, Page, PageArgs};

/// Pages of records that belong to a parent: one statement for all parents of a page, however many there are.
pub struct Nested<E: EntityTrait> {
    pub(super) scope: Scope,
    pub(super) parent: E::Column,
    /// The column that is null while a record lives, where there is one.
    pub(super) living: Option<E::Column>,
    pub(super) parent_of: fn(&E::Model) -> Option<Uuid>,
    pub(super) listing: fn() -> Listing<E>,
}

impl<E: TenantOwned> Nested<E> {
    fn living(&self, parents: impl Iterator<Item = Uuid>) -> Select<E> {
        let rows = E::of(self.scope.organization_id).filter(self.parent.is_in(parents));
        match self.living {
            Some(deleted) => rows.filter(deleted.is_null()),
            None => rows,
        }
    }
}

/// Which page of which parent.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PageOf {
    /// The parent.
    pub parent: Uuid,
    /// The page.
    pub args: PageArgs,
}

/// How many records a parent has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CountOf(pub Uuid);

impl<E> Loader<PageOf> for Nested<E>
where
    E: TenantOwned,
    E::Model: Identified + Clone + Send + Sync + 'static,
{
    type Value = Page<E::Model>;
    type Error = LoadError;

    async fn load(&self, keys: &[PageOf]) -> Result<HashMap<PageOf, Self::Value>, LoadError> {
        let mut by_args: HashMap<&PageArgs, Vec<Uuid>> = HashMap::new();
        for key in keys {
            by_args.entry(&key.args).or_default().push(key.parent);
        }
        let mut pages = HashMap::new();
        for (args, parents) in by_args {
            let listing = (self.listing)();
            let window = listing.window(args)?;
            let rows = self.living(parents.iter().copied());
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
                pages.insert(PageOf { parent, args: args.clone() }, page);
            }
        }
        Ok(pages)
    }
}

impl<E> Loader<CountOf> for Nested<E>
where
    E: TenantOwned,
    E::Model: Send + Sync + 'static,
{
    type Value = u64;
    type Error = LoadError;

    async fn load(&self, parents: &[CountOf]) -> Result<HashMap<CountOf, u64>, LoadError> {
        let counts: Vec<(Uuid, i64)> = self
            .living(parents.iter().map(|parent| parent.0))
            .select_only()
            .column(self.parent)
            .column_as(E::id_column().count(), "n")
            .group_by(self.parent)
            .into_tuple()
            .all(&self.scope.db)
            .await?;
        Ok(counts
            .into_iter()
            .map(|(parent, n)| (CountOf(parent), u64::try_from(n).unwrap_or_default()))
            .collect())
    }
}
