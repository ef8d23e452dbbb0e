//! Documents of finance apps, by what leads to them.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use async_graphql::dataloader::Loader;
use async_trait::async_trait;
use finbridge_domain::record::RecordKind;
use finbridge_domain::{Clock, DocumentKind};
use finbridge_entity::types::{LinkState, RecordType};
use finbridge_entity::{Scoped, account, crm_exchange_rate, document, record_link};
use sea_orm::sea_query::{
    Alias, Asterisk, Expr, ExprTrait, Func, NullOrdering, Order, OverStatement, Query, WindowStatement,
};
use sea_orm::{
    ActiveEnum, ColumnTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QuerySelect, QueryTrait,
    Select,
};
use uuid::Uuid;

use super::{CountOf, LoadError, PageOf, Scope};
use crate::service::document::{Holder, Wanted, living, newest};
use crate::service::page::Page;

/// Documents of which record, and which of them.
pub type Held = (Holder, Wanted);

/// Pages of the documents of CRM records: one statement for all records of a page, however many customers each of them is.
pub struct Documents {
    pub(super) scope: Scope,
    pub(super) clock: Arc<dyn Clock>,
}

#[derive(FromQueryResult)]
struct Row {
    holder: Uuid,
    #[sea_orm(nested)]
    document: document::Model,
}

impl Documents {
    async fn rows(&self, wanted: &Wanted) -> Result<sea_orm::Select<document::Entity>, LoadError> {
        let Scope { db, organization_id } = &self.scope;
        let condition = wanted.condition(db, *organization_id, self.clock.now()).await?;
        Ok(living(*organization_id).filter(condition))
    }
}

#[async_trait]
impl Loader<PageOf<Held>> for Documents {
    type Value = Page<document::Model>;
    type Error = LoadError;

    async fn load(&self, keys: &[PageOf<Held>]) -> Result<HashMap<PageOf<Held>, Self::Value>, LoadError> {
        let Scope { db, organization_id } = &self.scope;
        let mut by_args: HashMap<_, Vec<Uuid>> = HashMap::new();
        for key in keys {
            by_args.entry((&key.args, &key.filter)).or_default().push(key.parent);
        }
        let mut pages = HashMap::new();
        for ((args, held), parents) in by_args {
            let (holder, wanted) = held;
            let listing = newest();
            let window = listing.window(args)?;
            let rows = self.rows(wanted).await?;
            let page_of = |parent| PageOf { parent, filter: held.clone(), args: args.clone() };
            if let [parent] = *parents {
                // No rows of one record have to be numbered: a page far down a long list costs no more than the first.
                let rows = rows.filter(holder.holds(*organization_id, &parents));
                pages.insert(page_of(parent), window.read(db, rows).await?);
                continue;
            }
            let mut numbered = window.bounded(rows).into_query();
            let by = holder.join(&mut numbered, *organization_id, &parents);
            // Empty days come last, so first when the list is read from its end.
            let empty = if args.last.is_some() { NullOrdering::First } else { NullOrdering::Last };
            let id = Expr::col(document::Column::Id.as_column_ref());
            let mut place = WindowStatement::new();
            place
                .add_partition_by(by.clone())
                .order_by_expr_with_nulls(Expr::col(window.column().as_column_ref()), window.order(), empty)
                .order_by_expr(id, window.order());
            numbered.expr_as(by, Alias::new("holder"));
            numbered.expr_window_as(Func::cust("ROW_NUMBER"), place, Alias::new("place"));
            let limit = i64::try_from(window.limit()).unwrap_or(i64::MAX);
            let statement = Query::select()
                .column(Asterisk)
                .from_subquery(numbered, Alias::new("numbered"))
                .and_where(Expr::col("place").lte(limit))
                .order_by("place", Order::Asc)
                .take();
            let statement = db.get_database_backend().build(&statement);
            let mut of_parent: HashMap<Uuid, Vec<document::Model>> = HashMap::new();
            for row in Row::find_by_statement(statement).all(db).await? {
                of_parent.entry(row.holder).or_default().push(row.document);
            }
            for parent in parents {
                let rows = of_parent.remove(&parent).unwrap_or_default();
                pages.insert(page_of(parent), window.page(rows)?);
            }
        }
        Ok(pages)
    }
}

#[derive(FromQueryResult)]
struct Counted {
    holder: Uuid,
    n: i64,
}

#[async_trait]
impl Loader<CountOf<Held>> for Documents {
    type Value = u64;
    type Error = LoadError;

    async fn load(&self, keys: &[CountOf<Held>]) -> Result<HashMap<CountOf<Held>, u64>, LoadError> {
        let Scope { db, organization_id } = &self.scope;
        let mut by_held: HashMap<&Held, Vec<Uuid>> = HashMap::new();
        for CountOf(parent, held) in keys {
            by_held.entry(held).or_default().push(*parent);
        }
        let mut counted = HashMap::new();
        for (held, parents) in by_held {
            let mut query = self.rows(&held.1).await?.into_query();
            query.clear_selects();
            let by = held.0.join(&mut query, *organization_id, &parents);
            query
                .expr_as(by.clone(), Alias::new("holder"))
                .expr_as(Expr::cust("COUNT(*)"), Alias::new("n"))
                .add_group_by([by]);
            let statement = db.get_database_backend().build(&query);
            let counts = Counted::find_by_statement(statement).all(db).await?.into_iter();
            counted
                .extend(counts.map(|row| {
                    (CountOf(row.holder, held.clone()), u64::try_from(row.n).unwrap_or_default())
                }));
        }
        Ok(counted)
    }
}

/// Each value once: PostgreSQL takes a list of equal ones for many different ones, and reads the whole table.
fn distinct<K, V: Ord>(keys: &[K], value: impl Fn(&K) -> V) -> BTreeSet<V> {
    keys.iter().map(value).collect()
}

/// A record on the finance side.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RemoteKey {
    /// The finance organization.
    pub finance_organization_id: Uuid,
    /// What kind of record.
    pub kind: RecordKind,
    /// Its id there.
    pub remote_id: String,
}

/// Links to CRM records, by the record on the finance side.
pub struct LinksOfRemote(pub(super) Scope);

#[async_trait]
impl Loader<RemoteKey> for LinksOfRemote {
    type Value = record_link::Model;
    type Error = LoadError;

    async fn load(&self, keys: &[RemoteKey]) -> Result<HashMap<RemoteKey, Self::Value>, LoadError> {
        let links = of_remote(&self.0, keys).all(&self.0.db).await?;
        Ok(links.into_iter().filter_map(|link| Some((key_of(&link)?, link))).collect())
    }
}

/// Links of these records.
fn of_remote(scope: &Scope, keys: &[RemoteKey]) -> Select<record_link::Entity> {
    use record_link::Column;
    record_link::Entity::of(scope.organization_id)
        .filter(Column::FinanceOrganizationId.is_in(distinct(keys, |key| key.finance_organization_id)))
        .filter(Column::Kind.is_in(distinct(keys, |key| key.kind.as_str())))
        .filter(Column::RemoteId.is_in(keys.iter().map(|key| key.remote_id.as_str())))
        .filter(Column::State.ne(LinkState::Deleted))
}

/// The record on the finance side of a link.
fn key_of(link: &record_link::Model) -> Option<RemoteKey> {
    let kind = RecordKind::by_name(&link.kind)?;
    let remote_id = link.remote_id.clone()?;
    Some(RemoteKey { finance_organization_id: link.finance_organization_id, kind, remote_id })
}

/// The living accounts that customers on the finance side are.
pub struct AccountsOfRemote(pub(super) Scope);

#[async_trait]
impl Loader<RemoteKey> for AccountsOfRemote {
    type Value = account::Model;
    type Error = LoadError;

    async fn load(&self, keys: &[RemoteKey]) -> Result<HashMap<RemoteKey, Self::Value>, LoadError> {
        use record_link::Column;
        let account = record_link::Entity::belongs_to(account::Entity)
            .from((Column::OrganizationId, Column::RecordId))
            .to((account::Column::OrganizationId, account::Column::Id));
        let found = of_remote(&self.0, keys)
            .filter(Column::RecordType.eq(RecordType::Account.to_value()))
            .join(JoinType::InnerJoin, account.into())
            .filter(account::Column::DeletedAt.is_null())
            .select_also(account::Entity)
            .all(&self.0.db)
            .await?;
        Ok(found.into_iter().filter_map(|(link, account)| Some((key_of(&link)?, account?))).collect())
    }
}

/// A document on the finance side.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RemoteDocumentKey {
    /// The finance organization.
    pub finance_organization_id: Uuid,
    /// What kind of document.
    pub kind: DocumentKind,
    /// Its id there.
    pub remote_id: String,
}

/// Documents by their ids on the finance side.
pub struct DocumentsOfRemote(pub(super) Scope);

#[async_trait]
impl Loader<RemoteDocumentKey> for DocumentsOfRemote {
    type Value = document::Model;
    type Error = LoadError;

    async fn load(
        &self,
        keys: &[RemoteDocumentKey],
    ) -> Result<HashMap<RemoteDocumentKey, Self::Value>, LoadError> {
        use document::Column;
        let documents = living(self.0.organization_id)
            .filter(Column::FinanceOrganizationId.is_in(distinct(keys, |key| key.finance_organization_id)))
            .filter(Column::Kind.is_in(distinct(keys, |key| key.kind.as_str())))
            .filter(Column::RemoteId.is_in(keys.iter().map(|key| key.remote_id.as_str())))
            .all(&self.0.db)
            .await?;
        let key_of = |row: &document::Model| {
            Some(RemoteDocumentKey {
                finance_organization_id: row.finance_organization_id,
                kind: DocumentKind::by_name(&row.kind)?,
                remote_id: row.remote_id.clone(),
            })
        };
        Ok(documents.into_iter().filter_map(|row| Some((key_of(&row)?, row))).collect())
    }
}

/// The CRM's own exchange rates, by currency.
pub struct CrmRates(pub(super) Scope);

#[async_trait]
impl Loader<String> for CrmRates {
    type Value = crm_exchange_rate::Model;
    type Error = LoadError;

    async fn load(&self, currencies: &[String]) -> Result<HashMap<String, Self::Value>, LoadError> {
        let rates = crm_exchange_rate::Entity::of(self.0.organization_id)
            .filter(crm_exchange_rate::Column::CurrencyCode.is_in(currencies.iter().map(String::as_str)))
            .all(&self.0.db)
            .await?;
        Ok(rates.into_iter().map(|rate| (rate.currency_code.clone(), rate)).collect())
    }
}
