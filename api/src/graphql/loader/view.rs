//! How many records are in views.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};

use async_graphql::dataloader::Loader;
use finbridge_entity::criteria::View;

use super::LoadError;
use crate::service::Services;
use crate::service::view::count::{self, Counted};

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

impl Loader<Viewed> for ViewCounts {
    type Value = Counted;
    type Error = LoadError;

    async fn load(&self, views: &[Viewed]) -> Result<HashMap<Viewed, Counted>, LoadError> {
        let plain: Vec<_> = views.iter().map(|view| view.0.clone()).collect();
        let mut counted = count::count(&self.0, &plain).await?;
        Ok(views.iter().filter_map(|view| Some((view.clone(), counted.remove(&view.0.id)?))).collect())
    }
}
