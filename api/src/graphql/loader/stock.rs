//! How much there is of products: asked of the finance app, for all products of a request together.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_graphql::dataloader::Loader;
use async_trait::async_trait;
use uuid::Uuid;

use super::LoadError;
use crate::service::stock::{self, MOST, Told};
use crate::service::{ServiceError, Services};

/// A product, and where it is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StockOf {
    /// The connection to the finance app that counts it.
    pub integration_id: Uuid,
    /// The product.
    pub product_id: Uuid,
}

/// How much there is of products.
pub struct Stocks {
    services: Services,
    /// Products that were asked about in this request.
    asked: AtomicUsize,
}

impl Stocks {
    pub(super) const fn new(services: Services) -> Self {
        Self { services, asked: AtomicUsize::new(0) }
    }
}

#[async_trait]
impl Loader<StockOf> for Stocks {
    type Value = Told;
    type Error = LoadError;

    async fn load(&self, keys: &[StockOf]) -> Result<HashMap<StockOf, Told>, LoadError> {
        let asked = self.asked.fetch_add(keys.len(), Ordering::Relaxed) + keys.len();
        if asked > MOST {
            let message = format!(
                "`stock` asks the finance app for each product: ask for {MOST} of them in a request, and not for {asked}"
            );
            return Err(ServiceError::BadInput(message).into());
        }
        let mut by_integration: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
        for key in keys {
            by_integration.entry(key.integration_id).or_default().push(key.product_id);
        }
        // Side by side, so that each has the whole time that a person waits.
        let asking = by_integration.iter().map(async |(integration_id, products)| {
            Ok::<_, ServiceError>((
                *integration_id,
                stock::of(&self.services, *integration_id, products).await?,
            ))
        });
        let told = futures::future::try_join_all(asking).await?.into_iter();
        let of_products = told.flat_map(|(integration_id, told)| {
            told.into_iter().map(move |(product_id, told)| (StockOf { integration_id, product_id }, told))
        });
        Ok(of_products.collect())
    }
}
