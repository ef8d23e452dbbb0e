//! Data loaders: one batched statement where resolvers ask one by one. They live as long as a request, so what one
//! tenant's batch read never serves another.

mod children;
mod connection;
mod document;
mod joined;
mod nested;
mod record;
mod stock;
mod summary;
mod turns;
mod view;

use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::dataloader::{DataLoader, Loader};
use finbridge_entity::types::{ItemOutcome, LinkState};
use finbridge_entity::{
    Scoped, TenantOwned, account, api_token, contact, crm_exchange_rate, custom_field, deal, deal_line,
    document as document_row, document_act, document_feed, document_line, field_lineage,
    finance_organization, integration, layout, note, pipeline, product, product_price, record_link, stage,
    sync_conflict, sync_run, sync_run_item, tag, trigger_log, trigger_setting, vendor,
};
use finbridge_sync::outcome::{self, Totals};
use sea_orm::{ColumnTrait, DatabaseConnection, DbErr, QueryFilter, QueryOrder};
use uuid::Uuid;

use crate::service::page::Identified;
use crate::service::{ServiceError, Services};

pub use children::Children;
pub use connection::{Connected, Connections, Known};
pub use document::{
    CrmRates, Documents, DocumentsOfRemote, Held, LinksOfRemote, RemoteDocumentKey, RemoteKey,
};
pub use joined::{FailuresOfRun, FieldsOfLayout, Modules, ModulesOfIntegration, PipelineOfStage, Users};
pub use nested::{CountOf, Nested, PageOf};
pub use record::{CustomValues, TagUses, Tags};
pub use stock::{StockOf, Stocks};
pub use summary::Summaries;
pub use turns::Turns;
pub use view::{ViewCounts, Viewed, Views};

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
    /// Pipelines by id.
    pub pipelines: DataLoader<ById<pipeline::Entity>>,
    /// Stages by id.
    pub stages: DataLoader<ById<stage::Entity>>,
    /// Stages by pipeline.
    pub stages_of_pipeline: DataLoader<Children<stage::Entity>>,
    /// Vendors by id.
    pub vendors: DataLoader<ById<vendor::Entity>>,
    /// Integrations by id.
    pub integrations: DataLoader<ById<integration::Entity>>,
    /// What is known about connections.
    pub connections: DataLoader<Connections>,
    /// Finance organizations by id.
    pub finance_organizations: DataLoader<ById<finance_organization::Entity>>,
    /// People of this organization by user id.
    pub users: DataLoader<Users>,
    /// Lines by deal.
    pub deal_lines: DataLoader<Children<deal_line::Entity>>,
    /// Tags by record.
    pub tags: DataLoader<Tags>,
    /// Tags by id.
    pub tags_by_id: DataLoader<ById<tag::Entity>>,
    /// How many living records have a tag, by tag.
    pub tag_uses: DataLoader<TagUses>,
    /// Notes by id.
    pub notes: DataLoader<ById<note::Entity>>,
    /// What records hold in custom fields, by record.
    pub custom_values: DataLoader<CustomValues>,
    /// Custom fields by id.
    pub custom_fields: DataLoader<ById<custom_field::Entity>>,
    /// Lines of deals by id.
    pub deal_lines_by_id: DataLoader<ById<deal_line::Entity>>,
    /// Links by id.
    pub links_by_id: DataLoader<ById<record_link::Entity>>,
    /// Layouts by id.
    pub layouts: DataLoader<ById<layout::Entity>>,
    /// Prices in further currencies, by product.
    pub prices: DataLoader<Children<product_price::Entity>>,
    /// Fields of layouts, by layout.
    pub fields_of_layout: DataLoader<FieldsOfLayout>,
    /// Pipelines by stage.
    pub pipelines_of_stage: DataLoader<PipelineOfStage>,
    /// API tokens by id, whoever may see them.
    pub api_tokens: DataLoader<ById<api_token::Entity>>,
    /// Views by id, whoever may see them.
    pub views: DataLoader<Views>,
    /// How many records are in views.
    pub view_counts: DataLoader<ViewCounts>,
    /// Links by CRM record.
    pub links: DataLoader<Children<record_link::Entity>>,
    /// Modules by id.
    pub modules: DataLoader<Modules>,
    /// Modules by integration.
    pub modules_of_integration: DataLoader<ModulesOfIntegration>,
    /// Runs by id.
    pub runs: DataLoader<ById<sync_run::Entity>>,
    /// Pages of runs by module, newest first.
    pub runs_of_module: DataLoader<Nested<sync_run::Entity>>,
    /// Items of runs by id.
    pub run_items: DataLoader<ById<sync_run_item::Entity>>,
    /// Pages of items by run; of these outcomes only, where they are given.
    pub items_of_run: Arc<DataLoader<Nested<sync_run_item::Entity, Option<Vec<ItemOutcome>>>>>,
    /// What failed by reason, by run.
    pub failures_of_run: DataLoader<FailuresOfRun>,
    /// Where values come from, by id.
    pub lineage: DataLoader<ById<field_lineage::Entity>>,
    /// Where the present values come from, by link.
    pub lineage_of_link: DataLoader<Children<field_lineage::Entity>>,
    /// Pages of where values came from, by link; of these fields only, where they are given.
    pub lineage_history_of_link: Arc<DataLoader<Nested<field_lineage::Entity, Option<Vec<String>>>>>,
    /// Conflicts by id.
    pub conflicts: DataLoader<ById<sync_conflict::Entity>>,
    /// Totals by run.
    pub run_totals: DataLoader<RunTotals>,
    /// Pages of contacts by account.
    pub contacts_of_account: Arc<DataLoader<Nested<contact::Entity>>>,
    /// Pages of deals by account.
    pub deals_of_account: Arc<DataLoader<Nested<deal::Entity>>>,
    /// What is read of documents, by integration.
    pub feeds_of_integration: DataLoader<Children<document_feed::Entity>>,
    /// Triggers by integration: one at most.
    pub triggers: DataLoader<Children<trigger_setting::Entity>>,
    /// Entries of the trigger log by id.
    pub trigger_log: DataLoader<ById<trigger_log::Entity>>,
    /// Pages of the trigger log by deal.
    pub trigger_log_of_deal: Arc<DataLoader<Nested<trigger_log::Entity>>>,
    /// How much there is of products.
    pub stocks: DataLoader<Stocks>,
    /// What is open with customers and vendors.
    pub summaries: DataLoader<Summaries>,
    /// Pages of notes by record.
    pub notes_of_record: Arc<DataLoader<Nested<note::Entity>>>,
    /// Documents by id, those that are gone too.
    pub documents: DataLoader<ById<document_row::Entity>>,
    /// What was asked about documents, by id.
    pub document_acts: DataLoader<ById<document_act::Entity>>,
    /// Pages of documents by CRM record.
    pub documents_of_record: Arc<DataLoader<Documents>>,
    /// Documents by their ids on the finance side.
    pub documents_of_remote: DataLoader<DocumentsOfRemote>,
    /// Lines by document.
    pub document_lines: DataLoader<Children<document_line::Entity>>,
    /// Lines of documents by id.
    pub document_lines_by_id: DataLoader<ById<document_line::Entity>>,
    /// Links by record on the finance side.
    pub links_of_remote: DataLoader<LinksOfRemote>,
    /// The CRM's own exchange rates, by currency.
    pub crm_rates: DataLoader<CrmRates>,
    /// The same by id.
    pub crm_rates_by_id: DataLoader<ById<crm_exchange_rate::Entity>>,
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
            pipelines: by_id(&scope, turns),
            stages: by_id(&scope, turns),
            stages_of_pipeline: batching(
                Children {
                    scope: scope.clone(),
                    parent: stage::Column::PipelineId,
                    parent_of: |stage| stage.pipeline_id,
                    narrow: |stages| {
                        stages.order_by_asc(stage::Column::Position).order_by_asc(stage::Column::Id)
                    },
                },
                turns,
            ),
            vendors: by_id(&scope, turns),
            integrations: by_id(&scope, turns),
            connections: batching(Connections(scope.clone()), turns),
            finance_organizations: by_id(&scope, turns),
            users: batching(Users(scope.clone()), turns),
            deal_lines: batching(
                Children {
                    scope: scope.clone(),
                    parent: deal_line::Column::DealId,
                    parent_of: |line| line.deal_id,
                    narrow: |lines| lines.order_by_asc(deal_line::Column::Position),
                },
                turns,
            ),
            tags: batching(Tags(scope.clone()), turns),
            tags_by_id: by_id(&scope, turns),
            tag_uses: batching(TagUses(scope.clone()), turns),
            notes: by_id(&scope, turns),
            custom_values: batching(CustomValues(scope.clone()), turns),
            custom_fields: by_id(&scope, turns),
            deal_lines_by_id: by_id(&scope, turns),
            links_by_id: by_id(&scope, turns),
            layouts: by_id(&scope, turns),
            prices: batching(
                Children {
                    scope: scope.clone(),
                    parent: product_price::Column::ProductId,
                    parent_of: |price| price.product_id,
                    narrow: |prices| prices.order_by_asc(product_price::Column::CurrencyCode),
                },
                turns,
            ),
            fields_of_layout: batching(FieldsOfLayout(scope.clone()), turns),
            pipelines_of_stage: batching(PipelineOfStage(scope.clone()), turns),
            api_tokens: by_id(&scope, turns),
            views: batching(Views(scope.clone()), turns),
            view_counts: batching(ViewCounts(services.clone()), turns),
            links: batching(
                Children {
                    scope: scope.clone(),
                    parent: record_link::Column::RecordId,
                    parent_of: |link| link.record_id,
                    narrow: |links| {
                        links
                            .filter(record_link::Column::State.ne(LinkState::Deleted))
                            .order_by_asc(record_link::Column::Id)
                    },
                },
                turns,
            ),
            modules: batching(Modules(scope.clone()), turns),
            modules_of_integration: batching(ModulesOfIntegration(scope.clone()), turns),
            runs: by_id(&scope, turns),
            runs_of_module: batching(
                Nested {
                    scope: nested(),
                    parent: sync_run::Column::SyncModuleId,
                    narrow: |rows, ()| rows,
                    parent_of: |row| Some(row.sync_module_id),
                    listing: super::sync::filter::newest,
                },
                turns,
            ),
            run_items: by_id(&scope, turns),
            items_of_run: Arc::new(batching(
                Nested {
                    scope: nested(),
                    parent: sync_run_item::Column::RunId,
                    narrow: |rows, outcomes| match outcomes {
                        Some(outcomes) => {
                            rows.filter(sync_run_item::Column::Outcome.is_in(outcomes.iter().copied()))
                        }
                        None => rows,
                    },
                    parent_of: |row| Some(row.run_id),
                    listing: super::sync::filter::items,
                },
                turns,
            )),
            failures_of_run: batching(FailuresOfRun(scope.clone()), turns),
            lineage: by_id(&scope, turns),
            lineage_of_link: batching(
                Children {
                    scope: scope.clone(),
                    parent: field_lineage::Column::LinkId,
                    parent_of: |lineage| lineage.link_id,
                    narrow: |lineage| {
                        lineage
                            .filter(field_lineage::Column::ReplacedAt.is_null())
                            .order_by_asc(field_lineage::Column::Field)
                    },
                },
                turns,
            ),
            lineage_history_of_link: Arc::new(batching(
                Nested {
                    scope: nested(),
                    parent: field_lineage::Column::LinkId,
                    narrow: |rows, fields| match fields {
                        Some(fields) => {
                            rows.filter(field_lineage::Column::Field.is_in(fields.iter().cloned()))
                        }
                        None => rows,
                    },
                    parent_of: |row| Some(row.link_id),
                    listing: super::sync::lineage::newest,
                },
                turns,
            )),
            conflicts: by_id(&scope, turns),
            run_totals: batching(RunTotals(scope.clone()), turns),
            contacts_of_account: Arc::new(batching(
                Nested {
                    scope: nested(),
                    parent: contact::Column::AccountId,
                    narrow: |rows, ()| rows.filter(contact::Column::DeletedAt.is_null()),
                    parent_of: |row| row.account_id,
                    listing: super::contact::of_account,
                },
                turns,
            )),
            deals_of_account: Arc::new(batching(
                Nested {
                    scope: nested(),
                    parent: deal::Column::AccountId,
                    narrow: |rows, ()| rows.filter(deal::Column::DeletedAt.is_null()),
                    parent_of: |row| row.account_id,
                    listing: super::deal::of_account,
                },
                turns,
            )),
            feeds_of_integration: batching(
                Children {
                    scope: scope.clone(),
                    parent: document_feed::Column::IntegrationId,
                    parent_of: |feed| feed.integration_id,
                    narrow: |feeds| feeds,
                },
                turns,
            ),
            triggers: batching(
                Children {
                    scope: scope.clone(),
                    parent: trigger_setting::Column::IntegrationId,
                    parent_of: |trigger| trigger.integration_id,
                    narrow: |triggers| triggers,
                },
                turns,
            ),
            trigger_log: by_id(&scope, turns),
            trigger_log_of_deal: Arc::new(batching(
                Nested {
                    scope: nested(),
                    parent: trigger_log::Column::DealId,
                    narrow: |rows, ()| rows,
                    parent_of: |row| Some(row.deal_id),
                    listing: crate::service::trigger::newest,
                },
                turns,
            )),
            stocks: batching(Stocks(services.clone()), turns),
            summaries: batching(Summaries { scope: scope.clone(), clock: services.clock().clone() }, turns),
            notes_of_record: Arc::new(batching(
                Nested {
                    scope: nested(),
                    parent: note::Column::RecordId,
                    narrow: |rows, ()| rows,
                    parent_of: |row| Some(row.record_id),
                    listing: crate::service::note::of_record,
                },
                turns,
            )),
            documents: by_id(&scope, turns),
            document_acts: by_id(&scope, turns),
            documents_of_record: Arc::new(batching(
                Documents { scope: scope.clone(), clock: services.clock().clone() },
                turns,
            )),
            documents_of_remote: batching(DocumentsOfRemote(scope.clone()), turns),
            document_lines: batching(
                Children {
                    scope: scope.clone(),
                    parent: document_line::Column::DocumentId,
                    parent_of: |line| line.document_id,
                    narrow: |lines| lines.order_by_asc(document_line::Column::Position),
                },
                turns,
            ),
            document_lines_by_id: by_id(&scope, turns),
            links_of_remote: batching(LinksOfRemote(scope.clone()), turns),
            crm_rates: batching(CrmRates(scope.clone()), turns),
            crm_rates_by_id: by_id(&scope, turns),
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

/// Totals of runs.
pub struct RunTotals(Scope);

impl Loader<Uuid> for RunTotals {
    type Value = Totals;
    type Error = LoadError;

    async fn load(&self, runs: &[Uuid]) -> Result<HashMap<Uuid, Totals>, LoadError> {
        Ok(outcome::totals(&self.0.db, self.0.organization_id, runs).await?)
    }
}
