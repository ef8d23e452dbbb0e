//! Filtering and ordering runs and their items.

use async_graphql::{Enum, InputObject, Result};
use finbridge_domain::NodeKind;
use finbridge_entity::types::{ItemOutcome, RunState};
use finbridge_entity::{sync_run, sync_run_item};
use sea_orm::{ColumnTrait, Condition};

use super::SyncRunState;
use super::item::SyncRunItemOutcome;
use crate::graphql::connection::OrderDirection;
use crate::graphql::filter::{Conditions, DateTimeFilter, IdFilter};
use crate::service::page::{Listing, SortKey, SortValue};

/// Conditions on how a run stands.
#[derive(InputObject, Default)]
pub struct SyncRunStateFilter {
    /// Is this.
    eq: Option<SyncRunState>,
    /// Is one of these.
    #[graphql(name = "in", validator(max_items = 20))]
    any_of: Option<Vec<SyncRunState>>,
}

/// Which runs to list; all conditions must hold.
#[derive(InputObject, Default)]
pub struct SyncRunFilter {
    /// The integration.
    integration: Option<IdFilter>,
    /// How it stands.
    state: Option<SyncRunStateFilter>,
    /// When it was asked for.
    created_at: Option<DateTimeFilter>,
}

impl SyncRunFilter {
    /// The conditions in SQL.
    ///
    /// # Errors
    /// Ids of another kind.
    pub fn condition(self) -> Result<Condition> {
        use sync_run::Column;
        let mut condition = Condition::all()
            .id(Column::IntegrationId, NodeKind::Integration, self.integration.as_ref())?
            .time(Column::CreatedAt, self.created_at.as_ref());
        let state = self.state.unwrap_or_default();
        if let Some(state) = state.eq {
            condition = condition.add(Column::State.eq(RunState::from(state)));
        }
        if let Some(states) = state.any_of {
            condition = condition.add(Column::State.is_in(states.into_iter().map(RunState::from)));
        }
        Ok(condition)
    }
}

/// What runs can be ordered by.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncRunOrderField {
    /// When they were asked for.
    CreatedAt,
}

/// The order of a list of runs.
#[derive(InputObject, Debug, Clone, Copy)]
pub struct SyncRunOrder {
    /// By what.
    pub field: SyncRunOrderField,
    /// Which way.
    #[graphql(default)]
    pub direction: OrderDirection,
}

/// The list in this order; newest first when none is given.
pub fn listing(order: Option<SyncRunOrder>) -> Listing<sync_run::Entity> {
    let order = order
        .unwrap_or(SyncRunOrder { field: SyncRunOrderField::CreatedAt, direction: OrderDirection::Desc });
    let key = match order.field {
        SyncRunOrderField::CreatedAt => SortKey {
            name: "CREATED_AT",
            column: sync_run::Column::CreatedAt,
            nullable: false,
            value: |row: &sync_run::Model| SortValue::Time(row.created_at),
        },
    };
    Listing { name: "syncRuns", key, descending: order.direction == OrderDirection::Desc }
}

/// The runs, newest first.
pub fn newest() -> Listing<sync_run::Entity> {
    listing(None)
}

/// The items of a run, in the order in which they were planned.
pub fn items() -> Listing<sync_run_item::Entity> {
    let key = SortKey {
        name: "PLANNED",
        column: sync_run_item::Column::Id,
        nullable: false,
        value: |row: &sync_run_item::Model| SortValue::Id(row.id),
    };
    Listing { name: "syncRunItems", key, descending: false }
}

/// Conditions on what came of an item.
#[derive(InputObject, Default)]
pub struct SyncRunItemOutcomeFilter {
    /// Is this.
    eq: Option<SyncRunItemOutcome>,
    /// Is one of these.
    #[graphql(name = "in", validator(max_items = 20))]
    any_of: Option<Vec<SyncRunItemOutcome>>,
}

/// Which items of a run to list; all conditions must hold.
#[derive(InputObject, Default)]
pub struct SyncRunItemFilter {
    /// What came of it.
    outcome: Option<SyncRunItemOutcomeFilter>,
}

impl SyncRunItemFilter {
    /// The outcomes that are meant; all when there is no condition.
    pub fn outcomes(self) -> Option<Vec<ItemOutcome>> {
        let SyncRunItemOutcomeFilter { eq, any_of } = self.outcome?;
        let is_meant = |outcome: &SyncRunItemOutcome| eq.is_none_or(|eq| eq == *outcome);
        let outcomes = any_of.or_else(|| eq.map(|eq| vec![eq]))?;
        Some(outcomes.into_iter().filter(is_meant).map(ItemOutcome::from).collect())
    }
}
