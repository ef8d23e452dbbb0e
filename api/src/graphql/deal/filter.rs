//! Filtering and ordering deals.

use async_graphql::{Enum, InputObject, Result};
use finbridge_domain::NodeKind;
use finbridge_entity::types::StageKind;
use finbridge_entity::{Scoped, deal, stage};
use sea_orm::{ColumnTrait, Condition, QueryFilter, QuerySelect, QueryTrait};
use uuid::Uuid;

use crate::graphql::connection::OrderDirection;
use crate::graphql::filter::{Conditions, DateFilter, DecimalFilter, IdFilter};
use crate::graphql::record::filter::RecordFilter;
use crate::graphql::stage::StageKindFilter;
use crate::service::Services;
use crate::service::page::{Listing, SortKey, SortValue};
use crate::service::record::Record;

/// Which deals to list; all conditions must hold.
#[derive(InputObject, Debug, Clone, Default)]
pub struct DealFilter {
    /// What every record takes.
    #[graphql(flatten)]
    pub record: RecordFilter,
    /// The company it is with.
    pub account: Option<IdFilter>,
    /// How far it has come, by stage id.
    pub stage: Option<IdFilter>,
    /// The pipeline it goes through.
    pub pipeline: Option<IdFilter>,
    /// Whether it is open, won or lost.
    pub stage_kind: Option<StageKindFilter>,
    /// What it is worth, in whatever currency it is kept.
    pub amount: Option<DecimalFilter>,
    /// Day on which work on it began.
    pub opened_on: Option<DateFilter>,
    /// Day on which it was won or lost, or is expected to be.
    pub closed_on: Option<DateFilter>,
}

impl DealFilter {
    /// The conditions in SQL, on the deals of this organization.
    ///
    /// # Errors
    /// Ids of another kind, amounts that cannot be kept.
    pub async fn condition(&self, services: &Services) -> Result<Condition> {
        use deal::Column;
        let stages = self.stage_kind.as_ref().map(|kinds| of_kind(services.organization_id(), kinds));
        let pipelines = match &self.pipeline {
            Some(filter) => Some(of_pipeline(services.organization_id(), filter)?),
            None => None,
        };
        let common = self.record.condition::<deal::Entity>(services).await?;
        Ok(common
            .id(Column::AccountId, NodeKind::Account, self.account.as_ref())?
            .id(Column::StageId, NodeKind::Stage, self.stage.as_ref())?
            .add_option(stages)
            .add_option(pipelines)
            .amount(Column::AmountUnits, self.amount.as_ref())?
            .date(Column::OpenedOn, self.opened_on.as_ref())
            .date(Column::ClosedOn, self.closed_on.as_ref()))
    }
}

/// Deals in a stage of these kinds.
fn of_kind(organization_id: Uuid, kinds: &StageKindFilter) -> sea_orm::sea_query::SimpleExpr {
    let mut stages = stage::Entity::of(organization_id).select_only().column(stage::Column::Id);
    if let Some(kind) = kinds.eq {
        stages = stages.filter(stage::Column::Kind.eq(StageKind::from(kind)));
    }
    if let Some(kinds) = &kinds.any_of {
        stages = stages.filter(stage::Column::Kind.is_in(kinds.iter().copied().map(StageKind::from)));
    }
    deal::Column::StageId.in_subquery(stages.into_query())
}

/// Deals in a stage of these pipelines.
fn of_pipeline(organization_id: Uuid, filter: &IdFilter) -> Result<sea_orm::sea_query::SimpleExpr> {
    let wanted = Condition::all().id(stage::Column::PipelineId, NodeKind::Pipeline, Some(filter))?;
    let stages = stage::Entity::of(organization_id).select_only().column(stage::Column::Id).filter(wanted);
    Ok(deal::Column::StageId.in_subquery(stages.into_query()))
}

/// What deals can be ordered by.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum DealOrderField {
    /// Name, without regard to letter case.
    Name,
    /// What they are worth, whatever the currency; deals without an amount come last.
    Amount,
    /// Day on which work on them began; deals without one come last.
    OpenedOn,
    /// Day on which they were won or lost, or are expected to be; deals without one come last.
    ClosedOn,
    /// When they were made.
    CreatedAt,
    /// When they were last changed.
    UpdatedAt,
}

/// The order of a list of deals.
#[derive(InputObject, Debug, Clone, Copy)]
pub struct DealOrder {
    /// By what.
    pub field: DealOrderField,
    /// Which way.
    #[graphql(default)]
    pub direction: OrderDirection,
}

/// The list in this order; by name when none is given.
pub fn listing(order: Option<DealOrder>) -> Listing<deal::Entity> {
    use deal::Column;
    let order = order.unwrap_or(DealOrder { field: DealOrderField::Name, direction: OrderDirection::Asc });
    let key = match order.field {
        DealOrderField::Name => deal::Entity::by_name(),
        DealOrderField::Amount => SortKey {
            name: "AMOUNT",
            column: Column::AmountUnits,
            nullable: true,
            value: |row: &deal::Model| SortValue::Int(row.amount_units),
        },
        DealOrderField::OpenedOn => SortKey {
            name: "OPENED_ON",
            column: Column::OpenedOn,
            nullable: true,
            value: |row: &deal::Model| SortValue::Date(row.opened_on),
        },
        DealOrderField::ClosedOn => SortKey {
            name: "CLOSED_ON",
            column: Column::ClosedOn,
            nullable: true,
            value: |row: &deal::Model| SortValue::Date(row.closed_on),
        },
        DealOrderField::CreatedAt => deal::Entity::by_created_at(),
        DealOrderField::UpdatedAt => deal::Entity::by_updated_at(),
    };
    Listing { name: "deals", key, descending: order.direction == OrderDirection::Desc }
}

/// The deals with an account, newest first.
pub fn of_account() -> Listing<deal::Entity> {
    Listing { name: "accountDeals", key: deal::Entity::by_created_at(), descending: true }
}
