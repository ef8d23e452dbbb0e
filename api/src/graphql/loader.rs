//! Data loaders: one batched statement where resolvers ask one by one. They live as long as a request, so what one
//! tenant's batch read never serves another.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::dataloader::{DataLoader, Loader};
use finbridge_entity::types::LinkState;
use finbridge_entity::{
    Scoped, TenantOwned, account, contact, crm_user, deal, deal_line, finance_organization, integration,
    membership, product, record_link, stage, vendor,
};
use finbridge_sync::outcome::{self, Totals};
use futures::Stream;
use futures::future::BoxFuture;
use sea_orm::sea_query::{Alias, Asterisk, Expr, ExprTrait, Func, Query, WindowStatement};
use sea_orm::{
    ColumnTrait, DatabaseConnection, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::service::page::{Identified, Listing, Page, PageArgs};
use crate::service::{ServiceError, Services};

/// The turns in which a request is executed: a turn lasts until the execution has to wait. Loaders read after the turn in
/// which they were asked first, so that one statement serves all that was asked for in it, however long the turn took.
#[derive(Clone, Default)]
pub struct Turns(Arc<Notify>);

impl Turns {
    /// Executes a request and announces the end of each turn.
    pub async fn run<F: Future>(&self, execution: F) -> F::Output {
        let mut execution = pin!(execution);
        std::future::poll_fn(|context| {
            let polled = execution.as_mut().poll(context);
            self.0.notify_waiters();
            polled
        })
        .await
    }

    /// The same for a stream of answers. Loaders keep nothing that they read, so each answer reads anew.
    pub fn stream<S: Stream>(&self, answers: S) -> impl Stream<Item = S::Item> + use<S> {
        let mut answers = Box::pin(answers);
        let turns = self.0.clone();
        futures::stream::poll_fn(move |context| {
            let polled = answers.as_mut().poll_next(context);
            turns.notify_waiters();
            polled
        })
    }

    fn spawner(&self) -> impl Fn(BoxFuture<'static, ()>) -> JoinHandle<()> + Send + Sync + 'static {
        let turns = self.0.clone();
        move |load| {
            let ended = turns.clone().notified_owned();
            tokio::spawn(async move {
                ended.await;
                load.await;
            })
        }
    }
}

/// How long a batch stays open after the turn in which it was begun. What one batch brings reaches its askers one by
/// one, so their own questions fall into several turns; in a debug build that takes longer than the usual millisecond.
const BATCH_WINDOW: Duration = Duration::from_millis(if cfg!(debug_assertions) { 15 } else { 1 });

fn batching<L>(loader: L, turns: &Turns) -> DataLoader<L> {
    DataLoader::new(loader, turns.spawner()).delay(BATCH_WINDOW)
}

/// The loaders of one request.
pub struct Loaders {
    /// Accounts by id.
    pub accounts: DataLoader<ById<account::Entity>>,
    /// Contacts by id.
    pub contacts: DataLoader<ById<contact::Entity>>,
    /// Deals by id.
    pub deals: DataLoader<ById<deal::Entity>>,
    /// Products by id.
    pub products: DataLoader<ById<product::Entity>>,
    /// Stages by id.
    pub stages: DataLoader<ById<stage::Entity>>,
    /// Vendors by id.
    pub vendors: DataLoader<ById<vendor::Entity>>,
    /// Integrations by id.
    pub integrations: DataLoader<ById<integration::Entity>>,
    /// Finance organizations by id.
    pub finance_organizations: DataLoader<ById<finance_organization::Entity>>,
    /// People of this organization by user id.
    pub users: DataLoader<Users>,
    /// Lines by deal.
    pub deal_lines: DataLoader<DealLines>,
    /// Links by CRM record.
    pub links: DataLoader<Links>,
    /// Totals by run.
    pub run_totals: DataLoader<RunTotals>,
    /// Pages of contacts by account.
    pub contacts_of_account: Arc<DataLoader<Nested<contact::Entity>>>,
    /// Pages of deals by account.
    pub deals_of_account: Arc<DataLoader<Nested<deal::Entity>>>,
}

/// The tenant whose rows a loader reads, and from where.
#[derive(Clone)]
pub struct Scope {
    db: DatabaseConnection,
    organization_id: Uuid,
}

/// An error that many waiting resolvers share.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct LoadError(Arc<ServiceError>);

impl From<DbErr> for LoadError {
    fn from(error: DbErr) -> Self {
        Self(Arc::new(error.into()))
    }
}

impl From<ServiceError> for LoadError {
    fn from(error: ServiceError) -> Self {
        Self(Arc::new(error))
    }
}

impl LoadError {
    /// The error itself; of one that several resolvers share, what it says.
    pub fn into_service(self) -> ServiceError {
        Arc::try_unwrap(self.0).unwrap_or_else(|shared| match &*shared {
            ServiceError::BadInput(message) => ServiceError::BadInput(message.clone()),
            other => ServiceError::Internal(format!("{other:?}").into()),
        })
    }
}

/// A loader's error as a client sees it.
pub fn failed(error: LoadError) -> async_graphql::Error {
    super::error::top_level(error.into_service())
}

impl Loaders {
    /// Loaders that read this viewer's tenant.
    pub fn new(services: &Services, turns: &Turns) -> Self {
        let scope = Scope { db: services.db().clone(), organization_id: services.organization_id() };
        let nested = || scope.clone();
        Self {
            accounts: by_id(&scope, turns),
            contacts: by_id(&scope, turns),
            deals: by_id(&scope, turns),
            products: by_id(&scope, turns),
            stages: by_id(&scope, turns),
            vendors: by_id(&scope, turns),
            integrations: by_id(&scope, turns),
            finance_organizations: by_id(&scope, turns),
            users: batching(Users(scope.clone()), turns),
            deal_lines: batching(DealLines(scope.clone()), turns),
            links: batching(Links(scope.clone()), turns),
            run_totals: batching(RunTotals(scope.clone()), turns),
            contacts_of_account: Arc::new(batching(
                Nested {
                    scope: nested(),
                    parent: contact::Column::AccountId,
                    living: contact::Column::DeletedAt,
                    parent_of: |row| row.account_id,
                    listing: super::contact::of_account,
                },
                turns,
            )),
            deals_of_account: Arc::new(batching(
                Nested {
                    scope: nested(),
                    parent: deal::Column::AccountId,
                    living: deal::Column::DeletedAt,
                    parent_of: |row| row.account_id,
                    listing: super::deal::of_account,
                },
                turns,
            )),
        }
    }
}

/// Rows by id, deleted ones included: what refers to a deleted record decides for itself.
pub struct ById<E>(Scope, PhantomData<E>);

fn by_id<E: TenantOwned>(scope: &Scope, turns: &Turns) -> DataLoader<ById<E>>
where
    ById<E>: Send + Sync + 'static,
{
    batching(ById(scope.clone(), PhantomData), turns)
}

impl<E> Loader<Uuid> for ById<E>
where
    E: TenantOwned,
    E::Model: Identified + Clone + Send + Sync + 'static,
{
    type Value = E::Model;
    type Error = LoadError;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, E::Model>, LoadError> {
        let rows = E::of(self.0.organization_id)
            .filter(E::id_column().is_in(ids.iter().copied()))
            .all(&self.0.db)
            .await?;
        Ok(rows.into_iter().map(|row| (row.id(), row)).collect())
    }
}

/// People of the organization, by user id.
pub struct Users(Scope);

impl Loader<Uuid> for Users {
    type Value = (crm_user::Model, membership::Model);
    type Error = LoadError;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Self::Value>, LoadError> {
        let members = membership::Entity::of(self.0.organization_id)
            .filter(membership::Column::UserId.is_in(ids.iter().copied()))
            .all(&self.0.db)
            .await?;
        let users = crm_user::Entity::find()
            .filter(crm_user::Column::Id.is_in(members.iter().map(|member| member.user_id)))
            .all(&self.0.db)
            .await?;
        let mut members: HashMap<_, _> = members.into_iter().map(|member| (member.user_id, member)).collect();
        Ok(users
            .into_iter()
            .filter_map(|user| members.remove(&user.id).map(|member| (user.id, (user, member))))
            .collect())
    }
}

/// Lines of deals, in their order.
pub struct DealLines(Scope);

impl Loader<Uuid> for DealLines {
    type Value = Vec<deal_line::Model>;
    type Error = LoadError;

    async fn load(&self, deals: &[Uuid]) -> Result<HashMap<Uuid, Self::Value>, LoadError> {
        let lines = deal_line::Entity::of(self.0.organization_id)
            .filter(deal_line::Column::DealId.is_in(deals.iter().copied()))
            .order_by_asc(deal_line::Column::DealId)
            .order_by_asc(deal_line::Column::Position)
            .all(&self.0.db)
            .await?;
        let mut of_deal: HashMap<Uuid, Vec<_>> = HashMap::new();
        for line in lines {
            of_deal.entry(line.deal_id).or_default().push(line);
        }
        Ok(of_deal)
    }
}

/// Links of CRM records to finance records.
pub struct Links(Scope);

impl Loader<Uuid> for Links {
    type Value = Vec<record_link::Model>;
    type Error = LoadError;

    async fn load(&self, records: &[Uuid]) -> Result<HashMap<Uuid, Self::Value>, LoadError> {
        let links = record_link::Entity::of(self.0.organization_id)
            .filter(record_link::Column::RecordId.is_in(records.iter().copied()))
            .filter(record_link::Column::State.ne(LinkState::Deleted))
            .order_by_asc(record_link::Column::Id)
            .all(&self.0.db)
            .await?;
        let mut of_record: HashMap<Uuid, Vec<_>> = HashMap::new();
        for link in links {
            of_record.entry(link.record_id).or_default().push(link);
        }
        Ok(of_record)
    }
}

/// Totals of runs.
pub struct RunTotals(Scope);

impl Loader<Uuid> for RunTotals {
    type Value = Totals;
    type Error = LoadError;

    async fn load(&self, runs: &[Uuid]) -> Result<HashMap<Uuid, Totals>, LoadError> {
        Ok(outcome::totals(&self.0.db, self.0.organization_id, runs).await?)
    }
}

/// Pages of records that belong to a parent: one statement for all parents of a page, however many there are.
pub struct Nested<E: EntityTrait> {
    scope: Scope,
    parent: E::Column,
    living: E::Column,
    parent_of: fn(&E::Model) -> Option<Uuid>,
    listing: fn() -> Listing<E>,
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
            let rows = E::of(self.scope.organization_id)
                .filter(self.parent.is_in(parents.iter().copied()))
                .filter(self.living.is_null());
            let (order, _) = window.order();
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
        let counts: Vec<(Uuid, i64)> = E::of(self.scope.organization_id)
            .select_only()
            .column(self.parent)
            .column_as(E::id_column().count(), "n")
            .filter(self.parent.is_in(parents.iter().map(|parent| parent.0)))
            .filter(self.living.is_null())
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
