//! `syncCustomersMerge`.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use finbridge_domain::NodeKind;

use crate::graphql::context::{Asked, uuid};
use crate::graphql::error::split;
use crate::graphql::integration::Integration;
use crate::graphql::syncable::ExternalReference;
use crate::service::UserError;
use crate::service::customer_merge::{self, MergeCustomers, Merged};

/// Customers of the finance app that are one.
#[derive(InputObject)]
pub struct SyncCustomersMergeInput {
    /// The integration to whose organization they belong.
    integration_id: ID,
    /// The customer that stays, by its id there.
    master_key: String,
    /// Those that go up in it, by their ids there; 20 at most.
    #[graphql(validator(min_items = 1, max_items = 20))]
    merged_keys: Vec<String>,
}

/// What came of merging customers.
#[derive(SimpleObject)]
pub struct SyncCustomersMergePayload {
    /// The integration; null when there are user errors.
    integration: Option<Integration>,
    /// The link of the customer that stays; null when none of them was linked, or there are user errors.
    record_link: Option<ExternalReference>,
    /// What a person has to mend; empty when the customers were merged.
    user_errors: Vec<UserError>,
}

/// `syncCustomersMerge`.
#[derive(Default)]
pub struct SyncCustomersMerge;

#[Object]
impl SyncCustomersMerge {
    /// Merges customers in the finance app, which must have one currency: one receives the documents of the others, which become
    /// inactive. Where it has no link it takes over the first of theirs; CRM records whose customers went up in one that is
    /// linked already have none any more. The inactive ones keep their names: rename them, or the CRM record, where the next run says
    /// NAME_TAKEN. Waits up to 5 seconds for the finance app, and may be repeated. For administrators.
    async fn sync_customers_merge(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which customers.")] input: SyncCustomersMergeInput,
    ) -> Result<Option<SyncCustomersMergePayload>> {
        let wish = MergeCustomers {
            integration_id: uuid(NodeKind::Integration, &input.integration_id)?,
            master_id: input.master_key,
            merged_ids: input.merged_keys,
        };
        let (merged, user_errors) = split(customer_merge::merge(ctx.services()?, wish).await)?;
        let (integration, link) = merged.map(|Merged { integration, link }| (integration, link)).unzip();
        Ok(Some(SyncCustomersMergePayload {
            integration: integration.map(Integration::from),
            record_link: link.flatten().map(ExternalReference::from),
            user_errors,
        }))
    }
}
