//! What records of every kind carry: tags and values in custom fields.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use finbridge_entity::{Scoped, custom_field, custom_value, record_tag, tag};
use sea_orm::{ColumnTrait, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::{LoadError, Scope};

/// Tags of records, by name.
pub struct Tags(pub(super) Scope);

impl Loader<Uuid> for Tags {
    type Value = Vec<tag::Model>;
    type Error = LoadError;

    async fn load(&self, records: &[Uuid]) -> Result<HashMap<Uuid, Self::Value>, LoadError> {
        let tag = record_tag::Entity::belongs_to(tag::Entity)
            .from((record_tag::Column::OrganizationId, record_tag::Column::TagId))
            .to((tag::Column::OrganizationId, tag::Column::Id));
        let pairs = record_tag::Entity::of(self.0.organization_id)
            .filter(record_tag::Column::RecordId.is_in(records.iter().copied()))
            .join(JoinType::InnerJoin, tag.into())
            .select_also(tag::Entity)
            .order_by_asc(tag::Column::NameKey)
            .all(&self.0.db)
            .await?;
        let mut of_record: HashMap<Uuid, Self::Value> = HashMap::new();
        for (pair, tag) in pairs {
            of_record.entry(pair.record_id).or_default().extend(tag);
        }
        Ok(of_record)
    }
}

/// What records hold in custom fields, in the order of the fields.
pub struct CustomValues(pub(super) Scope);

impl Loader<Uuid> for CustomValues {
    type Value = Vec<(custom_field::Model, custom_value::Model)>;
    type Error = LoadError;

    async fn load(&self, records: &[Uuid]) -> Result<HashMap<Uuid, Self::Value>, LoadError> {
        let field = custom_value::Entity::belongs_to(custom_field::Entity)
            .from((custom_value::Column::OrganizationId, custom_value::Column::FieldId))
            .to((custom_field::Column::OrganizationId, custom_field::Column::Id));
        let values = custom_value::Entity::of(self.0.organization_id)
            .filter(custom_value::Column::RecordId.is_in(records.iter().copied()))
            .join(JoinType::InnerJoin, field.into())
            .select_also(custom_field::Entity)
            .order_by_asc(custom_field::Column::Position)
            .order_by_asc(custom_field::Column::Id)
            .all(&self.0.db)
            .await?;
        let mut of_record: HashMap<Uuid, Self::Value> = HashMap::new();
        for (value, field) in values {
            of_record.entry(value.record_id).or_default().extend(field.map(|field| (field, value)));
        }
        Ok(of_record)
    }
}
