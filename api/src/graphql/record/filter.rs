//! Conditions that lists of every kind of record take.

use async_graphql::{ID, InputObject, Result};
use finbridge_domain::NodeKind;
use finbridge_entity::{custom_value, record_tag, tag};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, QueryTrait};

use crate::graphql::context::uuid;
use crate::graphql::custom_field::CustomFieldFilter;
use crate::graphql::error::top_level;
use crate::graphql::filter::{Conditions, DateTimeFilter, IdFilter, StringFilter, TextShape};
use crate::service::custom_field::definition;
use crate::service::record::{Extent, Record, node_kind};
use crate::service::{self, Services};

/// Conditions that lists of every kind of record take.
#[derive(InputObject, Debug, Clone, Default)]
pub struct RecordFilter {
    /// Is in this view, which has to be on this kind of record; `views` lists them.
    view: Option<ID>,
    /// Id; the way to tombstones, with `isDeleted: true`, because `node` has living records only.
    id: Option<IdFilter>,
    /// Name.
    name: Option<StringFilter>,
    /// Owner, by user id.
    owner: Option<IdFilter>,
    /// Has at least one tag of these names.
    #[graphql(validator(max_items = 20))]
    tags: Option<Vec<String>>,
    /// What it holds in the organization's own fields; all conditions must hold.
    #[graphql(validator(max_items = 10))]
    custom_fields: Option<Vec<CustomFieldFilter>>,
    /// When it was made.
    created_at: Option<DateTimeFilter>,
    /// When it was last changed.
    updated_at: Option<DateTimeFilter>,
    /// True: deleted records instead of living ones.
    #[graphql(default)]
    is_deleted: bool,
}

impl RecordFilter {
    /// Living records, or tombstones.
    pub fn extent(&self) -> Extent {
        if self.is_deleted { Extent::Deleted } else { Extent::Living }
    }

    /// The conditions in SQL.
    ///
    /// # Errors
    /// Ids of another kind, texts that are too long, views and custom fields that are not there or of another kind.
    pub async fn condition<E: Record>(&self, services: &Services) -> Result<Condition> {
        let here = services.organization_id();
        let mut condition = Condition::all()
            .text("name", E::name_key_column(), TextShape::Key, self.name.as_ref())?
            .id(E::id_column(), node_kind(E::TYPE), self.id.as_ref())?
            .id(E::owner_column(), NodeKind::User, self.owner.as_ref())?
            .time(E::created_column(), self.created_at.as_ref())
            .time(E::updated_column(), self.updated_at.as_ref());
        if let Some(view) = &self.view {
            let view = uuid(NodeKind::View, view)?;
            condition =
                condition.add(service::view::members(services, view, E::TYPE).await.map_err(top_level)?);
        }
        if let Some(tags) = &self.tags {
            let names = tags.iter().map(|name| finbridge_domain::name_key(name));
            let wanted = tag::Entity::find()
                .select_only()
                .column(tag::Column::Id)
                .filter(tag::Column::OrganizationId.eq(here))
                .filter(tag::Column::NameKey.is_in(names.filter(|name| !name.contains('\0'))));
            let tagged = record_tag::Entity::find()
                .select_only()
                .column(record_tag::Column::RecordId)
                .filter(record_tag::Column::OrganizationId.eq(here))
                .filter(record_tag::Column::TagId.in_subquery(wanted.into_query()));
            condition = condition.add(E::id_column().in_subquery(tagged.into_query()));
        }
        let Some(filters) = self.custom_fields.as_ref().filter(|filters| !filters.is_empty()) else {
            return Ok(condition);
        };
        let fields = definition::list(services, E::TYPE).await.map_err(top_level)?;
        for filter in filters {
            let matching = |wanted: Condition| {
                custom_value::Entity::find()
                    .select_only()
                    .column(custom_value::Column::RecordId)
                    .filter(custom_value::Column::OrganizationId.eq(here))
                    .filter(wanted)
                    .into_query()
            };
            let (wanted, holds) = filter.condition(&fields)?;
            condition = condition.add(if holds {
                E::id_column().in_subquery(matching(wanted))
            } else {
                E::id_column().not_in_subquery(matching(wanted))
            });
        }
        Ok(condition)
    }
}
