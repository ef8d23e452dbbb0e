//! The schema: nothing but its parts.

use async_graphql::extensions::ExtensionFactory;
use async_graphql::{MergedObject, MergedSubscription, Schema, SchemaBuilder};

use super::account::{mutation::AccountMutation, query::AccountQuery};
use super::contact::{mutation::ContactMutation, query::ContactQuery};
use super::custom_field::{mutation::CustomFieldMutation, query::CustomFieldQuery};
use super::deal::{mutation::DealMutation, query::DealQuery};
use super::error::DisplayableError;
use super::exchange_rate::{ExchangeRateMutation, ExchangeRateQuery};
use super::expense::ExpenseQuery;
use super::finance_party::{FinancePartyQuery, mutation::FinancePartyMutation};
use super::integration::mapping::MappingQuery;
use super::integration::profile::ProfileQuery;
use super::integration::{IntegrationQuery, mutation::IntegrationMutation};
use super::node::{Node, NodeQuery};
use super::note::mutation::NoteMutation;
use super::party_search::PartySearchQuery;
use super::pipeline::{mutation::PipelineMutation, query::PipelineQuery};
use super::product::{mutation::ProductMutation, query::ProductQuery};
use super::record::{CrmRecord, act::RecordMutation};
use super::search::SearchQuery;
use super::stage::{mutation::StageMutation, query::StageQuery};
use super::summary::report::ReportQuery;
use super::sync::conflict::ConflictQuery;
use super::sync::lineage::LineageQuery;
use super::sync::{mutation::SyncMutation, query::SyncQuery, subscription::SyncSubscription};
use super::syncable::Syncable;
use super::tag::{mutation::TagMutation, query::TagQuery};
use super::token::{TokenMutation, TokenQuery};
use super::transaction::feed::{TransactionFeedMutation, TransactionFeedQuery};
use super::transaction::{
    job::TransactionJobQuery, mutation::TransactionMutation, query::TransactionQuery,
    subscription::TransactionSubscription,
};
use super::trigger::log::TriggerLogQuery;
use super::trigger::mutation::TriggerMutation;
use super::trigger::simulation::TriggerSimulationQuery;
use super::user::query::UserQuery;
use super::vendor::{mutation::VendorMutation, query::VendorQuery};
use super::view::{mutation::ViewMutation, query::ViewQuery};
use super::viewer::ViewerQuery;
use crate::telemetry::fields::FieldSpans;

/// What can be read.
#[derive(MergedObject, Default)]
pub struct Query(
    // First, because it names the interface of records before any of them: their flattened fields lead back to it through
    // notes, and the library leaves them out of a record that it comes upon in the middle of them.
    SearchQuery,
    ViewerQuery,
    NodeQuery,
    AccountQuery,
    ContactQuery,
    VendorQuery,
    ProductQuery,
    DealQuery,
    PipelineQuery,
    StageQuery,
    CustomFieldQuery,
    ViewQuery,
    TagQuery,
    UserQuery,
    IntegrationQuery,
    ProfileQuery,
    MappingQuery,
    ConflictQuery,
    LineageQuery,
    SyncQuery,
    TokenQuery,
    ReportQuery,
    TriggerLogQuery,
    TriggerSimulationQuery,
    TransactionQuery,
    TransactionFeedQuery,
    TransactionJobQuery,
    ExchangeRateQuery,
    PartySearchQuery,
    FinancePartyQuery,
    ExpenseQuery,
);

/// What can be changed.
#[derive(MergedObject, Default)]
pub struct Mutation(
    AccountMutation,
    ContactMutation,
    VendorMutation,
    ProductMutation,
    DealMutation,
    PipelineMutation,
    StageMutation,
    CustomFieldMutation,
    ViewMutation,
    NoteMutation,
    TagMutation,
    RecordMutation,
    IntegrationMutation,
    SyncMutation,
    TokenMutation,
    ExchangeRateMutation,
    FinancePartyMutation,
    TransactionFeedMutation,
    TransactionMutation,
    TriggerMutation,
);

/// What can be watched.
#[derive(MergedSubscription, Default)]
pub struct Subscription(SyncSubscription, TransactionSubscription);

/// The schema.
pub type FinbridgeSchema = Schema<Query, Mutation, Subscription>;

/// Whether clients may ask what the schema is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Introspection {
    /// Yes: development.
    Allowed,
    /// No: production.
    Refused,
}

/// Builds the schema.
pub fn build(introspection: Introspection) -> FinbridgeSchema {
    builder(introspection).finish()
}

/// Builds the schema with spans for its fields, which slow every field down.
pub fn build_traced(introspection: Introspection) -> FinbridgeSchema {
    builder(introspection).extension(FieldSpans).finish()
}

/// Builds the schema for subscriptions: each event is executed within this extension.
pub fn build_streaming(
    introspection: Introspection,
    traced: bool,
    events: impl ExtensionFactory,
) -> FinbridgeSchema {
    let builder = builder(introspection).extension(events);
    if traced { builder.extension(FieldSpans).finish() } else { builder.finish() }
}

fn builder(introspection: Introspection) -> SchemaBuilder<Query, Mutation, Subscription> {
    let builder = Schema::build(Query::default(), Mutation::default(), Subscription::default())
        .register_output_type::<Node>()
        .register_output_type::<CrmRecord>()
        .register_output_type::<Syncable>()
        .register_output_type::<DisplayableError>();
    match introspection {
        Introspection::Allowed => builder,
        Introspection::Refused => builder.disable_introspection().disable_suggestions(),
    }
}

/// The schema in its definition language, as committed in `api/schema.graphql`.
pub fn sdl() -> String {
    let options = async_graphql::SDLExportOptions::new()
        .sorted_fields()
        .sorted_enum_items()
        .sorted_arguments()
        .include_specified_by();
    build(Introspection::Allowed).sdl_with_options(options)
}
