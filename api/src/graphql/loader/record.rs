//! What records of every kind carry: tags and values in custom fields.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use async_trait::async_trait;
use finbridge_entity::{custom_field, custom_value, tag};
use uuid::Uuid;

use super::{LoadError, Scope};
use crate::service::custom_field::value;
use crate::service::tag as service;

/// Tags of records, by name.
pub struct Tags(pub(super) Scope);

#[async_trait]
impl Loader<Uuid> for Tags {
    type Value = Vec<tag::Model>;
    type Error = LoadError;

    async fn load(&self, records: &[Uuid]) -> Result<HashMap<Uuid, Self::Value>, LoadError> {
        Ok(service::of_records(&self.0.db, self.0.organization_id, records).await?)
    }
}

/// How many living records have a tag.
pub struct TagUses(pub(super) Scope);

#[async_trait]
impl Loader<Uuid> for TagUses {
    type Value = u64;
    type Error = LoadError;

    async fn load(&self, tags: &[Uuid]) -> Result<HashMap<Uuid, u64>, LoadError> {
        Ok(service::uses(&self.0.db, self.0.organization_id, tags).await?)
    }
}

/// What records hold in custom fields, in the order of the fields.
pub struct CustomValues(pub(super) Scope);

#[async_trait]
impl Loader<Uuid> for CustomValues {
    type Value = Vec<(custom_field::Model, custom_value::Model)>;
    type Error = LoadError;

    async fn load(&self, records: &[Uuid]) -> Result<HashMap<Uuid, Self::Value>, LoadError> {
        Ok(value::of_records(&self.0.db, self.0.organization_id, records).await?)
    }
}
