//! All rows that belong to a parent, where they are few.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use async_trait::async_trait;
use finbridge_entity::{Scoped, TenantOwned};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Select};
use uuid::Uuid;

use super::{LoadError, Scope};

/// All rows that belong to a parent: one statement for all parents that are asked for together.
pub struct Children<E: EntityTrait> {
    pub(super) scope: Scope,
    pub(super) parent: E::Column,
    pub(super) parent_of: fn(&E::Model) -> Uuid,
    /// Which of them, and in which order.
    pub(super) narrow: fn(Select<E>) -> Select<E>,
}

#[async_trait]
impl<E> Loader<Uuid> for Children<E>
where
    E: TenantOwned,
    E::Model: Clone + Send + Sync + 'static,
{
    type Value = Vec<E::Model>;
    type Error = LoadError;

    async fn load(&self, parents: &[Uuid]) -> Result<HashMap<Uuid, Self::Value>, LoadError> {
        let rows = E::of(self.scope.organization_id).filter(self.parent.is_in(parents.iter().copied()));
        let mut of_parent: HashMap<Uuid, Vec<E::Model>> = HashMap::new();
        for row in (self.narrow)(rows).all(&self.scope.db).await? {
            of_parent.entry((self.parent_of)(&row)).or_default().push(row);
        }
        Ok(of_parent)
    }
}
