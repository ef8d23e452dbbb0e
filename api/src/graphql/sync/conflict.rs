//! Fields that both sides changed.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result};
use finbridge_domain::NodeKind;
use finbridge_domain::record::CrmRecordType;
use finbridge_entity::types::ConflictState;
use finbridge_entity::{record_link, sync_conflict};
use sea_orm::{ColumnTrait, Condition};

use super::SyncRun;
use crate::graphql::connection::{Count, page_args};
use crate::graphql::context::{Asked, id};
use crate::graphql::error::top_level;
use crate::graphql::loader::failed;
use crate::graphql::scalar::DateTime;
use crate::graphql::syncable::Syncable;
use crate::graphql::user::User;
use crate::service::page::{Listing, SortKey, SortValue};
use crate::service::sync_control;

/// A field that both sides changed since they last agreed.
pub struct SyncConflict(sync_conflict::Model);

impl From<sync_conflict::Model> for SyncConflict {
    fn from(row: sync_conflict::Model) -> Self {
        Self(row)
    }
}

crate::graphql::connection::connection!(
    SyncConflictConnection,
    SyncConflictEdge,
    SyncConflict,
    sync_conflict::Model,
    "conflicts"
);

/// How a conflict stands.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "ConflictState")]
pub enum SyncConflictState {
    /// Waits for a person.
    Open,
    /// Each side keeps what it has.
    Kept,
    /// The CRM's value was chosen.
    Crm,
    /// The finance side's value was chosen.
    Finance,
}

/// A field that both sides changed since they last agreed.
#[Object]
impl SyncConflict {
    /// Global id.
    pub async fn id(&self) -> ID {
        id(NodeKind::SyncConflict, self.0.id)
    }

    /// The CRM record; null when it was deleted, or the two are not linked any more.
    async fn record(&self, ctx: &Context<'_>) -> Result<Option<Syncable>> {
        let Some(link) = self.link(ctx).await? else { return Ok(None) };
        let Some(record_type) = CrmRecordType::by_name(&link.record_type) else { return Ok(None) };
        Syncable::load(ctx, record_type, link.record_id).await
    }

    /// The finance record's id there; null when the two are not linked any more.
    async fn remote_key(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(self.link(ctx).await?.and_then(|link| link.remote_id))
    }

    /// Path of the field on the finance side, in the path array's form.
    async fn field(&self) -> Vec<&str> {
        self.0.field.split('.').collect()
    }

    /// What both sides had before; null when it is not known.
    async fn base(&self) -> Option<&str> {
        self.0.base_value.as_deref()
    }

    /// What the CRM had when the conflict was found.
    async fn crm(&self) -> Option<&str> {
        self.0.crm_value.as_deref()
    }

    /// What the finance side had when the conflict was found.
    async fn finance(&self) -> Option<&str> {
        self.0.finance_value.as_deref()
    }

    /// How it stands.
    async fn state(&self) -> SyncConflictState {
        self.0.state.into()
    }

    /// The run that found it last.
    async fn run(&self, ctx: &Context<'_>) -> Result<Option<SyncRun>> {
        Ok(ctx.loaders()?.runs().load_one(self.0.run_id).await.map_err(failed)?.map(SyncRun::from))
    }

    /// Who chose; null when a policy did, or nobody yet.
    async fn resolved_by(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        User::load(ctx, self.0.resolved_by_id).await
    }

    /// When it was found.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it was decided; null while it waits.
    async fn resolved_at(&self) -> Option<DateTime> {
        self.0.resolved_at.map(DateTime)
    }
}

impl SyncConflict {
    async fn link(&self, ctx: &Context<'_>) -> Result<Option<record_link::Model>> {
        ctx.loaders()?.links_by_id().load_one(self.0.link_id).await.map_err(failed)
    }
}

/// Conditions on how a conflict stands.
#[derive(InputObject, Default)]
pub struct SyncConflictStateFilter {
    /// Is this.
    eq: Option<SyncConflictState>,
    /// Is one of these.
    #[graphql(name = "in", validator(max_items = 20))]
    any_of: Option<Vec<SyncConflictState>>,
}

/// Which conflicts to list; all conditions must hold.
#[derive(InputObject, Default)]
pub struct SyncConflictFilter {
    /// How it stands.
    state: Option<SyncConflictStateFilter>,
}

impl SyncConflictFilter {
    fn condition(self) -> Condition {
        use sync_conflict::Column;
        let state = self.state.unwrap_or_default();
        let any_of =
            state.any_of.map(|states| Column::State.is_in(states.into_iter().map(ConflictState::from)));
        Condition::all()
            .add_option(state.eq.map(|state| Column::State.eq(ConflictState::from(state))))
            .add_option(any_of)
    }
}

/// Reading conflicts.
#[derive(Default)]
pub struct ConflictQuery;

#[Object]
impl ConflictQuery {
    /// Fields that both sides changed, oldest first: with both values, and what both had before.
    async fn sync_conflicts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the start; 1 to 100, 25 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Only records after this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end; 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only records before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only conflicts for which all of this holds.")] filter: Option<SyncConflictFilter>,
    ) -> Result<Option<SyncConflictConnection>> {
        let services = ctx.services()?;
        let condition = filter.unwrap_or_default().condition();
        let listing = Listing {
            name: "syncConflicts",
            key: SortKey {
                name: "CREATED_AT",
                column: sync_conflict::Column::CreatedAt,
                nullable: false,
                value: |row: &sync_conflict::Model| SortValue::Time(row.created_at),
            },
            descending: false,
        };
        let args = page_args(first, after, last, before);
        let page = sync_control::conflicts(services, condition.clone(), &listing, &args).await;
        let page = page.map_err(top_level)?;
        let services = services.clone();
        let count = Count::new(move || {
            let (services, condition) = (services.clone(), condition.clone());
            async move { sync_control::count_conflicts(&services, condition).await }
        });
        Ok(Some(SyncConflictConnection::new(page, count)))
    }
}
