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
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_graphql::dataloader::{DataLoader, Loader};
use async_trait::async_trait;
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
    AccountsOfRemote, CrmRates, Documents, DocumentsOfRemote, Held, LinksOfRemote, RemoteDocumentKey,
    RemoteKey,
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

/// Declares the loaders of a request, each with how it is made. A request asks for two or three of them, so each is made when it is
/// first asked for.
macro_rules! loaders {
    ($($(#[$doc:meta])* $name:ident: $loader:ty = |$of:ident| $make:expr;)*) => {
        /// The loaders of one request.
        pub struct Loaders {
            scope: Scope,
            services: Services,
            turns: Turns,
            $($name: OnceLock<$loader>,)*
        }

        impl Loaders {
            /// Loaders that read this viewer's tenant.
            pub fn new(services: &Services, turns: &Turns) -> Self {
                Self {
                    scope: Scope { db: services.db().clone(), organization_id: services.organization_id() },
                    services: services.clone(),
                    turns: turns.clone(),
                    $($name: OnceLock::new(),)*
                }
            }

            $($(#[$doc])*
            pub fn $name(&self) -> &$loader {
                self.$name.get_or_init(|| {
                    let $of = self;
                    $make
                })
            })*
        }
    };
}

loaders! {
    /// Accounts by id.
    accounts: DataLoader<ById<account::Entity>> = |of| of.by_id();
    /// Contacts by id.
    contacts: DataLoader<ById<contact::Entity>> = |of| of.by_id();
    /// Deals by id.
    deals: DataLoader<ById<deal::Entity>> = |of| of.by_id();
    /// Products by id.
    products: DataLoader<ById<product::Entity>> = |of| of.by_id();
    /// Pipelines by id.
    pipelines: DataLoader<ById<pipeline::Entity>> = |of| of.by_id();
    /// Stages by id.
    stages: DataLoader<ById<stage::Entity>> = |of| of.by_id();
    /// Stages by pipeline.
    stages_of_pipeline: DataLoader<Children<stage::Entity>> = |of| of.batching(Children {
        scope: of.scope.clone(),
        parent: stage::Column::PipelineId,
        parent_of: |stage| stage.pipeline_id,
        narrow: |stages| {
            stages.order_by_asc(stage::Column::Position).order_by_asc(stage::Column::Id)
        },
    });
    /// Vendors by id.
    vendors: DataLoader<ById<vendor::Entity>> = |of| of.by_id();
    /// Integrations by id.
    integrations: DataLoader<ById<integration::Entity>> = |of| of.by_id();
    /// What is known about connections.
    connections: DataLoader<Connections> = |of| of.batching(Connections(of.scope.clone()));
    /// Finance organizations by id.
    finance_organizations: DataLoader<ById<finance_organization::Entity>> = |of| of.by_id();
    /// People of this organization by user id.
    users: DataLoader<Users> = |of| of.batching(Users(of.scope.clone()));
    /// Lines by deal.
    deal_lines: DataLoader<Children<deal_line::Entity>> = |of| of.batching(Children {
        scope: of.scope.clone(),
        parent: deal_line::Column::DealId,
        parent_of: |line| line.deal_id,
        narrow: |lines| lines.order_by_asc(deal_line::Column::Position),
    });
    /// Tags by record.
    tags: DataLoader<Tags> = |of| of.batching(Tags(of.scope.clone()));
    /// Tags by id.
    tags_by_id: DataLoader<ById<tag::Entity>> = |of| of.by_id();
    /// How many living records have a tag, by tag.
    tag_uses: DataLoader<TagUses> = |of| of.batching(TagUses(of.scope.clone()));
    /// Notes by id.
    notes: DataLoader<ById<note::Entity>> = |of| of.by_id();
    /// What records hold in custom fields, by record.
    custom_values: DataLoader<CustomValues> = |of| of.batching(CustomValues(of.scope.clone()));
    /// Custom fields by id.
    custom_fields: DataLoader<ById<custom_field::Entity>> = |of| of.by_id();
    /// Lines of deals by id.
    deal_lines_by_id: DataLoader<ById<deal_line::Entity>> = |of| of.by_id();
    /// Links by id.
    links_by_id: DataLoader<ById<record_link::Entity>> = |of| of.by_id();
    /// Layouts by id.
    layouts: DataLoader<ById<layout::Entity>> = |of| of.by_id();
    /// Prices in further currencies, by product.
    prices: DataLoader<Children<product_price::Entity>> = |of| of.batching(Children {
        scope: of.scope.clone(),
        parent: product_price::Column::ProductId,
        parent_of: |price| price.product_id,
        narrow: |prices| prices.order_by_asc(product_price::Column::CurrencyCode),
    });
    /// Fields of layouts, by layout.
    fields_of_layout: DataLoader<FieldsOfLayout> = |of| of.batching(FieldsOfLayout(of.scope.clone()));
    /// Pipelines by stage.
    pipelines_of_stage: DataLoader<PipelineOfStage> = |of| of.batching(PipelineOfStage(of.scope.clone()));
    /// API tokens by id, whoever may see them.
    api_tokens: DataLoader<ById<api_token::Entity>> = |of| of.by_id();
    /// Views by id, whoever may see them.
    views: DataLoader<Views> = |of| of.batching(Views(of.scope.clone()));
    /// How many records are in views.
    view_counts: DataLoader<ViewCounts> = |of| of.batching(ViewCounts(of.services.clone()));
    /// Links by CRM record.
    links: DataLoader<Children<record_link::Entity>> = |of| of.batching(Children {
        scope: of.scope.clone(),
        parent: record_link::Column::RecordId,
        parent_of: |link| link.record_id,
        narrow: |links| {
            links
                .filter(record_link::Column::State.ne(LinkState::Deleted))
                .order_by_asc(record_link::Column::Id)
        },
    });
    /// Modules by id.
    modules: DataLoader<Modules> = |of| of.batching(Modules(of.scope.clone()));
    /// Modules by integration.
    modules_of_integration: DataLoader<ModulesOfIntegration> = |of| of.batching(ModulesOfIntegration(of.scope.clone()));
    /// Runs by id.
    runs: DataLoader<ById<sync_run::Entity>> = |of| of.by_id();
    /// Pages of runs by module, newest first.
    runs_of_module: DataLoader<Nested<sync_run::Entity>> = |of| of.batching(Nested {
        scope: of.scope.clone(),
        parent: sync_run::Column::SyncModuleId,
        narrow: |rows, ()| rows,
        parent_of: |row| Some(row.sync_module_id),
        listing: super::sync::filter::newest,
    });
    /// Items of runs by id.
    run_items: DataLoader<ById<sync_run_item::Entity>> = |of| of.by_id();
    /// Pages of items by run; of these outcomes only, where they are given.
    items_of_run: Arc<DataLoader<Nested<sync_run_item::Entity, Option<Vec<ItemOutcome>>>>> = |of| Arc::new(of.batching(Nested {
        scope: of.scope.clone(),
        parent: sync_run_item::Column::RunId,
        narrow: |rows, outcomes| match outcomes {
            Some(outcomes) => {
                rows.filter(sync_run_item::Column::Outcome.is_in(outcomes.iter().copied()))
            }
            None => rows,
        },
        parent_of: |row| Some(row.run_id),
        listing: super::sync::filter::items,
    }));
    /// What failed by reason, by run.
    failures_of_run: DataLoader<FailuresOfRun> = |of| of.batching(FailuresOfRun(of.scope.clone()));
    /// Where values come from, by id.
    lineage: DataLoader<ById<field_lineage::Entity>> = |of| of.by_id();
    /// Where the present values come from, by link.
    lineage_of_link: DataLoader<Children<field_lineage::Entity>> = |of| of.batching(Children {
        scope: of.scope.clone(),
        parent: field_lineage::Column::LinkId,
        parent_of: |lineage| lineage.link_id,
        narrow: |lineage| {
            lineage
                .filter(field_lineage::Column::ReplacedAt.is_null())
                .order_by_asc(field_lineage::Column::Field)
        },
    });
    /// Pages of where values came from, by link; of these fields only, where they are given.
    lineage_history_of_link: Arc<DataLoader<Nested<field_lineage::Entity, Option<Vec<String>>>>> = |of| Arc::new(of.batching(Nested {
        scope: of.scope.clone(),
        parent: field_lineage::Column::LinkId,
        narrow: |rows, fields| match fields {
            Some(fields) => {
                rows.filter(field_lineage::Column::Field.is_in(fields.iter().cloned()))
            }
            None => rows,
        },
        parent_of: |row| Some(row.link_id),
        listing: super::sync::lineage::newest,
    }));
    /// Conflicts by id.
    conflicts: DataLoader<ById<sync_conflict::Entity>> = |of| of.by_id();
    /// Totals by run.
    run_totals: DataLoader<RunTotals> = |of| of.batching(RunTotals(of.scope.clone()));
    /// Pages of contacts by account.
    contacts_of_account: Arc<DataLoader<Nested<contact::Entity>>> = |of| Arc::new(of.batching(Nested {
        scope: of.scope.clone(),
        parent: contact::Column::AccountId,
        narrow: |rows, ()| rows.filter(contact::Column::DeletedAt.is_null()),
        parent_of: |row| row.account_id,
        listing: super::contact::of_account,
    }));
    /// Pages of deals by account.
    deals_of_account: Arc<DataLoader<Nested<deal::Entity>>> = |of| Arc::new(of.batching(Nested {
        scope: of.scope.clone(),
        parent: deal::Column::AccountId,
        narrow: |rows, ()| rows.filter(deal::Column::DeletedAt.is_null()),
        parent_of: |row| row.account_id,
        listing: super::deal::of_account,
    }));
    /// What is read of documents, by integration.
    feeds_of_integration: DataLoader<Children<document_feed::Entity>> = |of| of.batching(Children {
        scope: of.scope.clone(),
        parent: document_feed::Column::IntegrationId,
        parent_of: |feed| feed.integration_id,
        narrow: |feeds| feeds,
    });
    /// Triggers by integration: one at most.
    triggers: DataLoader<Children<trigger_setting::Entity>> = |of| of.batching(Children {
        scope: of.scope.clone(),
        parent: trigger_setting::Column::IntegrationId,
        parent_of: |trigger| trigger.integration_id,
        narrow: |triggers| triggers,
    });
    /// Entries of the trigger log by id.
    trigger_log: DataLoader<ById<trigger_log::Entity>> = |of| of.by_id();
    /// Pages of the trigger log by deal.
    trigger_log_of_deal: Arc<DataLoader<Nested<trigger_log::Entity>>> = |of| Arc::new(of.batching(Nested {
        scope: of.scope.clone(),
        parent: trigger_log::Column::DealId,
        narrow: |rows, ()| rows,
        parent_of: |row| Some(row.deal_id),
        listing: crate::service::trigger::newest,
    }));
    /// How much there is of products.
    stocks: DataLoader<Stocks> = |of| of.batching(Stocks::new(of.services.clone()));
    /// What is open with customers and vendors.
    summaries: DataLoader<Summaries> = |of| of.batching(Summaries { scope: of.scope.clone(), clock: of.services.clock().clone() });
    /// Pages of notes by record.
    notes_of_record: Arc<DataLoader<Nested<note::Entity>>> = |of| Arc::new(of.batching(Nested {
        scope: of.scope.clone(),
        parent: note::Column::RecordId,
        narrow: |rows, ()| rows,
        parent_of: |row| Some(row.record_id),
        listing: crate::service::note::of_record,
    }));
    /// Documents by id, those that are gone too.
    documents: DataLoader<ById<document_row::Entity>> = |of| of.by_id();
    /// What was asked about documents, by id.
    document_acts: DataLoader<ById<document_act::Entity>> = |of| of.by_id();
    /// Pages of documents by CRM record.
    documents_of_record: Arc<DataLoader<Documents>> = |of| Arc::new(of.batching(
        Documents { scope: of.scope.clone(), clock: of.services.clock().clone() }));
    /// Documents by their ids on the finance side.
    documents_of_remote: DataLoader<DocumentsOfRemote> = |of| of.batching(DocumentsOfRemote(of.scope.clone()));
    /// Lines by document.
    document_lines: DataLoader<Children<document_line::Entity>> = |of| of.batching(Children {
        scope: of.scope.clone(),
        parent: document_line::Column::DocumentId,
        parent_of: |line| line.document_id,
        narrow: |lines| lines.order_by_asc(document_line::Column::Position),
    });
    /// Lines of documents by id.
    document_lines_by_id: DataLoader<ById<document_line::Entity>> = |of| of.by_id();
    /// Links by record on the finance side.
    links_of_remote: DataLoader<LinksOfRemote> = |of| of.batching(LinksOfRemote(of.scope.clone()));
    /// Living accounts by customer on the finance side.
    accounts_of_remote: DataLoader<AccountsOfRemote> = |of| of.batching(AccountsOfRemote(of.scope.clone()));
    /// The CRM's own exchange rates, by currency.
    crm_rates: DataLoader<CrmRates> = |of| of.batching(CrmRates(of.scope.clone()));
    /// The same by id.
    crm_rates_by_id: DataLoader<ById<crm_exchange_rate::Entity>> = |of| of.by_id();
}

impl Loaders {
    fn batching<L>(&self, loader: L) -> DataLoader<L> {
        DataLoader::new(loader, self.turns.spawner()).delay(BATCH_WINDOW)
    }

    fn by_id<E: TenantOwned>(&self) -> DataLoader<ById<E>>
    where
        ById<E>: Send + Sync + 'static,
    {
        self.batching(ById(self.scope.clone(), PhantomData))
    }
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

/// Rows by id, deleted ones included: what refers to a deleted record decides for itself.
pub struct ById<E>(Scope, PhantomData<E>);

#[async_trait]
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

#[async_trait]
impl Loader<Uuid> for RunTotals {
    type Value = Totals;
    type Error = LoadError;

    async fn load(&self, runs: &[Uuid]) -> Result<HashMap<Uuid, Totals>, LoadError> {
        Ok(outcome::totals(&self.0.db, self.0.organization_id, runs).await?)
    }
}
