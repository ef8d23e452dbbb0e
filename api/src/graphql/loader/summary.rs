//! Sums over the documents of customers and vendors.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::dataloader::Loader;
use async_trait::async_trait;
use finbridge_domain::Clock;
use uuid::Uuid;

use super::{LoadError, Scope};
use crate::service::summary::{self, Side, Summary};

/// Summaries by record, and whether it is a customer or a vendor.
pub struct Summaries {
    pub(super) scope: Scope,
    pub(super) clock: Arc<dyn Clock>,
}

#[async_trait]
impl Loader<(Side, Uuid)> for Summaries {
    type Value = Summary;
    type Error = LoadError;

    async fn load(&self, keys: &[(Side, Uuid)]) -> Result<HashMap<(Side, Uuid), Summary>, LoadError> {
        let now = self.clock.now();
        let mut summaries = HashMap::new();
        for side in [Side::Customer, Side::Vendor] {
            let of_side = keys.iter().filter(|(asked, _)| *asked == side);
            let records: Vec<Uuid> = of_side.map(|(_, record)| *record).collect();
            if !records.is_empty() {
                let Scope { db, organization_id } = &self.scope;
                let found = summary::of_records(db, *organization_id, side, &records, now).await?;
                summaries.extend(found.into_iter().map(|(record, summary)| ((side, record), summary)));
            }
        }
        Ok(summaries)
    }
}
