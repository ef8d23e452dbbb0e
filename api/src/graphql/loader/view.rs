//! Views, and how many records are in them.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};

use async_graphql::dataloader::Loader;
use async_trait::async_trait;
use finbridge_entity::criteria::{Predefined, View};
use finbridge_entity::{Scoped, view};
use sea_orm::{ColumnTrait, QueryFilter};
use uuid::Uuid;

use super::{LoadError, Scope};
use crate::service::Services;
use crate::service::view::count::{self, Counted};

/// Views by id, whoever may see them.
pub struct Views(pub(super) Scope);

#[async_trait]
impl Loader<Uuid> for Views {
    type Value = View;
    type Error = LoadError;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, View>, LoadError> {
        let here = self.0.organization_id;
        let (mut views, mut rows) = (HashMap::new(), Vec::new());
        for id in ids {
            match Predefined::of(here, *id) {
                Some((record_type, kind)) => {
                    views.insert(*id, View::predefined(here, record_type, kind));
                }
                None => rows.push(*id),
            }
        }
        if !rows.is_empty() {
            for row in view::Entity::of(here).filter(view::Column::Id.is_in(rows)).all(&self.0.db).await? {
                views.insert(row.id, View::of(row)?);
            }
        }
        Ok(views)
    }
}

/// A view, known by its id.
#[derive(Debug, Clone)]
pub struct Viewed(pub View);

impl PartialEq for Viewed {
    fn eq(&self, other: &Self) -> bool {
        self.0.id == other.0.id
    }
}

impl Eq for Viewed {}

impl Hash for Viewed {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.id.hash(state);
    }
}

/// How many records are in views, for the viewer.
pub struct ViewCounts(pub(super) Services);

#[async_trait]
impl Loader<Viewed> for ViewCounts {
    type Value = Counted;
    type Error = LoadError;

    async fn load(&self, views: &[Viewed]) -> Result<HashMap<Viewed, Counted>, LoadError> {
        let plain: Vec<_> = views.iter().map(|view| view.0.clone()).collect();
        let mut counted = count::count(&self.0, &plain).await?;
        Ok(views.iter().filter_map(|view| Some((view.clone(), counted.remove(&view.0.id)?))).collect())
    }
}
