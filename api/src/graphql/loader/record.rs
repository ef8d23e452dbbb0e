//! What records of every kind carry: tags and values in custom fields.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use finbridge_entity::{Scoped, custom_field, custom_value, record_tag, tag};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::{LoadError, Scope};

/// Tags of records, by name.
pub struct Tags(pub(super) Scope);

impl Loader<Uuid> for Tags {
    type Value = Vec<tag::Model>;
    type Error = LoadError;

    async fn load(&self, records: &[Uuid]) -> Result<HashMap<Uuid, Self::Value>, LoadError> {
        let pairs = record_tag::Entity::of(self.0.organization_id)
            .filter(record_tag::Column::RecordId.is_in(records.iter().copied()))
            .all(&self.0.db)
            .await?;
        if pairs.is_empty() {
            return Ok(HashMap::new());
        }
        let mut records_of: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
        for pair in pairs {
            records_of.entry(pair.tag_id).or_default().push(pair.record_id);
        }
        let tags = tag::Entity::of(self.0.organization_id)
            .filter(tag::Column::Id.is_in(records_of.keys().copied()))
            .order_by_asc(tag::Column::NameKey)
            .all(&self.0.db)
            .await?;
        let mut of_record: HashMap<Uuid, Vec<tag::Model>> = HashMap::new();
        for tag in tags {
            for record in records_of.remove(&tag.id).unwrap_or_default() {
                of_record.entry(record).or_default().push(tag.clone());
            }
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
        let values = custom_value::Entity::of(self.0.organization_id)
            .filter(custom_value::Column::RecordId.is_in(records.iter().copied()))
            .all(&self.0.db)
            .await?;
        if values.is_empty() {
            return Ok(HashMap::new());
        }
        let mut of_field: HashMap<Uuid, Vec<custom_value::Model>> = HashMap::new();
        for value in values {
            of_field.entry(value.field_id).or_default().push(value);
        }
        let fields = custom_field::Entity::of(self.0.organization_id)
            .filter(custom_field::Column::Id.is_in(of_field.keys().copied()))
            .order_by_asc(custom_field::Column::Position)
            .order_by_asc(custom_field::Column::Id)
            .all(&self.0.db)
            .await?;
        let mut of_record: HashMap<Uuid, Self::Value> = HashMap::new();
        for field in fields {
            for value in of_field.remove(&field.id).unwrap_or_default() {
                of_record.entry(value.record_id).or_default().push((field.clone(), value));
            }
        }
        Ok(of_record)
    }
}
