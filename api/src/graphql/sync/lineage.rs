//! Where the values of linked records come from.

use async_graphql::{Context, ID, Object, Result};
use finbridge_domain::{NodeId, NodeKind, Side};
use finbridge_entity::field_lineage;

use super::{SyncRun, SyncSide, synced_record};
use crate::graphql::connection::Count;
use crate::graphql::context::{Asked, id};
use crate::graphql::loader::{CountOf, PageOf, failed};
use crate::graphql::scalar::DateTime;
use crate::graphql::syncable::ExternalReference;
use crate::graphql::user::User;
use crate::service::page::{Listing, Page, PageArgs, SortKey, SortValue};

/// Where the value of a field of a linked record came from.
pub struct FieldLineage(field_lineage::Model);

impl From<field_lineage::Model> for FieldLineage {
    fn from(row: field_lineage::Model) -> Self {
        Self(row)
    }
}

crate::graphql::connection::connection!(
    FieldLineageConnection,
    FieldLineageEdge,
    FieldLineage,
    field_lineage::Model,
    "origins of values"
);

/// Where the value of a field of a linked record came from.
#[Object]
impl FieldLineage {
    /// Global id.
    pub async fn id(&self) -> ID {
        id(NodeKind::FieldLineage, self.0.id)
    }

    /// Path of the field on the finance side, in the path array's form.
    async fn field(&self) -> Vec<&str> {
        self.0.field.split('.').collect()
    }

    /// The side that the value came from; null when this server does not know it.
    async fn side(&self) -> Option<SyncSide> {
        Side::by_name(&self.0.side).map(Into::into)
    }

    /// The value that both sides had from then on, as it was sent; empty text when the field was cleared. The finance side
    /// may have rounded or trimmed it.
    async fn value(&self) -> Option<&str> {
        self.0.value.as_deref()
    }

    /// What the other side had before; null when it had no such record, both had the value when they were linked, or it was
    /// not known.
    async fn previous_value(&self) -> Option<&str> {
        self.0.previous_value.as_deref()
    }

    /// The run that carried it over; null when history has forgotten it.
    async fn run(&self, ctx: &Context<'_>) -> Result<Option<SyncRun>> {
        Ok(ctx.loaders()?.runs().load_one(self.0.run_id).await.map_err(failed)?.map(SyncRun::from))
    }

    /// The rule by which it was carried over: stable, for programs.
    async fn rule(&self) -> &str {
        &self.0.rule
    }

    /// Who asked for the run; null when it began by itself.
    async fn actor(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        User::load(ctx, self.0.actor_id).await
    }

    /// When it was carried over.
    async fn recorded_at(&self) -> DateTime {
        DateTime(self.0.recorded_at)
    }

    /// When another value took its place; null: it is the present one.
    async fn replaced_at(&self) -> Option<DateTime> {
        self.0.replaced_at.map(DateTime)
    }
}

impl FieldLineage {
    /// Where the present values of a pair come from, by field.
    ///
    /// # Errors
    /// The database's.
    pub async fn of(ctx: &Context<'_>, link: uuid::Uuid) -> Result<Vec<Self>> {
        let rows = ctx.loaders()?.lineage_of_link().load_one(link).await.map_err(failed)?;
        Ok(rows.unwrap_or_default().into_iter().map(Self).collect())
    }
}

impl FieldLineageConnection {
    /// All that is told of a pair, or of some of its fields.
    ///
    /// # Errors
    /// Bad page arguments.
    pub async fn of(
        ctx: &Context<'_>,
        link: uuid::Uuid,
        fields: Option<Vec<Vec<String>>>,
        args: PageArgs,
    ) -> Result<Self> {
        let loader = ctx.loaders()?.lineage_history_of_link();
        // No field has U+0000 in its name, and PostgreSQL refuses to compare with one.
        let filter = fields.map(|fields| {
            let names = fields.iter().map(|path| path.join("."));
            names.filter(|name| !name.contains('\0')).collect::<Vec<_>>()
        });
        let count = CountOf(link, filter.clone());
        let key = PageOf { parent: link, filter, args };
        let page = loader.load_one(key).await.map_err(failed)?.unwrap_or_else(Page::empty);
        Ok(Self::new(page, Count::of_parent(loader.clone(), count)))
    }
}

/// What is told of a pair, newest first.
pub fn newest() -> Listing<field_lineage::Entity> {
    let key = SortKey {
        name: "RECORDED",
        column: field_lineage::Column::Id,
        nullable: false,
        value: |row: &field_lineage::Model| SortValue::Id(row.id),
    };
    Listing { name: "lineageHistory", key, descending: true }
}

/// Reading links.
#[derive(Default)]
pub struct LineageQuery;

#[Object]
impl LineageQuery {
    /// The link of this id, or the first link of this record; null when there is none. `externalReferences` of the record has
    /// all of them.
    async fn record_link(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Id of a link, or of an account, a contact, a vendor or a product.")] id: ID,
    ) -> Result<Option<ExternalReference>> {
        if let Ok(NodeId { kind: NodeKind::RecordLink, uuid }) = id.parse::<NodeId>() {
            let link = ctx.loaders()?.links_by_id().load_one(uuid).await.map_err(failed)?;
            return Ok(link.map(ExternalReference::from));
        }
        let (record, _) = synced_record(&id)?;
        Ok(ExternalReference::of(ctx, record).await?.into_iter().next())
    }
}
