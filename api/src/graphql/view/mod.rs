//! Views in GraphQL.

pub mod criteria;
pub mod field;
pub mod mutation;
pub mod query;

use async_graphql::{Context, Enum, ID, Object, Result};
use finbridge_domain::NodeKind;
use finbridge_entity::criteria::{self as entity, Predefined};

use self::criteria::ViewCriteria;
use super::context::{Asked, id};
use super::loader::{Viewed, failed};
use super::record::RecordType;
use super::scalar::DateTime;
use super::user::User;
use crate::service::view::count::Counted;

/// Criteria kept under a name: which records of one kind somebody wants to see, or to synchronise.
#[derive(Clone)]
pub struct View(entity::View);

impl From<entity::View> for View {
    fn from(view: entity::View) -> Self {
        Self(view)
    }
}

impl View {
    async fn counted(&self, ctx: &Context<'_>) -> Result<Option<Counted>> {
        ctx.loaders()?.view_counts().load_one(Viewed(self.0.clone())).await.map_err(failed)
    }
}

/// Where a view comes from.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum ViewKind {
    /// Predefined: every record.
    All,
    /// Predefined: the records that the viewer owns.
    Mine,
    /// Predefined: records made today or on one of the six days before, by the organization's zone.
    RecentlyCreated,
    /// Made by somebody.
    Custom,
}

/// Criteria kept under a name: which records of one kind somebody wants to see, or to synchronise.
#[Object]
impl View {
    /// Global id. Predefined views have one too; it never changes.
    pub async fn id(&self) -> ID {
        id(NodeKind::View, self.0.id)
    }

    /// Name, as people write it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Which records it is on. Never changes.
    async fn record_type(&self) -> RecordType {
        self.0.record_type.into()
    }

    /// Which of the predefined views it is, or that somebody made it.
    async fn kind(&self) -> ViewKind {
        match self.0.predefined {
            Some(Predefined::All) => ViewKind::All,
            Some(Predefined::Mine) => ViewKind::Mine,
            Some(Predefined::RecentlyCreated) => ViewKind::RecentlyCreated,
            None => ViewKind::Custom,
        }
    }

    /// Which records are in it; null when all of them are.
    async fn criteria(&self) -> Option<ViewCriteria> {
        self.0.criteria.clone().map(ViewCriteria::from)
    }

    /// Whether everybody in the organization sees it. Predefined views are shared.
    async fn is_shared(&self) -> bool {
        self.0.made.is_none_or(|made| made.is_shared)
    }

    /// Who made it; null for predefined views.
    async fn owner(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        User::load(ctx, self.0.made.map(|made| made.owner_id)).await
    }

    /// How many living records are in it for the viewer. Counted only when asked for; null when the view cannot be used.
    async fn count(&self, ctx: &Context<'_>) -> Result<Option<i32>> {
        let count = self.counted(ctx).await?.and_then(Result::ok);
        Ok(count.map(|count| i32::try_from(count).unwrap_or(i32::MAX)))
    }

    /// Why it cannot be used, such as that it is about a field that was removed, and what to do; null while it can be used.
    async fn problem(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(self.counted(ctx).await?.and_then(Result::err))
    }

    /// Ascends with every change; send it along with an update to refuse overwriting somebody else's change. Null for
    /// predefined views.
    async fn version(&self) -> Option<i32> {
        self.0.made.map(|made| i32::try_from(made.version).unwrap_or(i32::MAX))
    }

    /// When it was made; null for predefined views.
    async fn created_at(&self) -> Option<DateTime> {
        self.0.made.map(|made| DateTime(made.created_at))
    }

    /// When it was last changed; null for predefined views.
    async fn updated_at(&self) -> Option<DateTime> {
        self.0.made.map(|made| DateTime(made.updated_at))
    }
}
