//! `customersBulkUpdate`.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use finbridge_domain::{NodeKind, PartyKind};

use super::{FinanceParty, FinancePartyKind};
use crate::graphql::context::{Asked, uuid};
use crate::graphql::error::split;
use crate::service::UserError;
use crate::service::finance_party::{self as service, BulkUpdate};

/// A field, and what it shall hold.
#[derive(InputObject)]
pub struct FinancePartyValueInput {
    /// Which field, by its key in `mappableFields`, such as `notes`. Names, which are not the same for many, cannot be changed so.
    field: String,
    /// What it shall hold, as text: numbers such as `1.5`, days such as `2026-01-05`, `true` or `false`. Null empties it.
    value: Option<String>,
}

/// What is changed, and of whom.
#[derive(InputObject)]
pub struct CustomersBulkUpdateInput {
    /// The connection whose finance app has them.
    integration_id: ID,
    /// Customers, or vendors.
    #[graphql(default_with = "FinancePartyKind::Customer")]
    kind: FinancePartyKind,
    /// Of whom, by their `remoteKey`: 1 to 25 in a request. Page through `customers(isFromCrm: true)` to reach them all.
    #[graphql(validator(min_items = 1, max_items = 25))]
    remote_keys: Vec<String>,
    /// What changes; every other field stays.
    #[graphql(validator(min_items = 1, max_items = 20))]
    values: Vec<FinancePartyValueInput>,
}

/// What came of one of them.
#[derive(SimpleObject)]
pub struct CustomerUpdateResult {
    /// Its id in the finance app, as it was sent.
    remote_key: String,
    /// The customer or vendor as it is now; null when there are user errors.
    customer: Option<FinanceParty>,
    /// What a person has to mend; empty when it was changed.
    user_errors: Vec<UserError>,
}

/// What came of changing customers or vendors.
#[derive(SimpleObject)]
pub struct CustomersBulkUpdatePayload {
    /// One answer for each key, in the order of the input; one with user errors does not stop the others. Null when there are user
    /// errors for the whole.
    results: Option<Vec<CustomerUpdateResult>>,
    /// What is wrong with the request as a whole; nothing was changed then.
    user_errors: Vec<UserError>,
}

/// `customersBulkUpdate`.
#[derive(Default)]
pub struct FinancePartyMutation;

#[Object]
impl FinancePartyMutation {
    /// Changes fields of up to 25 customers or vendors that came from the CRM, in the finance app and at once; all others are left alone
    /// with the user error NOT_CRM_LINKED. It waits for five seconds at most: those that were not answered in time have
    /// FINANCE_UNAVAILABLE, may or may not be changed, and can be sent again. Where fields are mapped and records go both ways, the
    /// change comes into the CRM with the next run. For administrators.
    async fn customers_bulk_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is changed, and of whom.")] input: CustomersBulkUpdateInput,
    ) -> Result<Option<CustomersBulkUpdatePayload>> {
        let wish = BulkUpdate {
            integration_id: uuid(NodeKind::Integration, &input.integration_id)?,
            party: PartyKind::from(input.kind),
            remote_ids: input.remote_keys,
            values: input.values.into_iter().map(|one| (one.field, one.value)).collect(),
        };
        let (updated, user_errors) = split(service::update(ctx.services()?, wish).await)?;
        let result = |(remote_key, updated)| {
            let (row, user_errors) = split(updated)?;
            Ok(CustomerUpdateResult { remote_key, customer: row.map(FinanceParty::from), user_errors })
        };
        let results = updated.map(|updated| updated.into_iter().map(result).collect::<Result<Vec<_>>>());
        Ok(Some(CustomersBulkUpdatePayload { results: results.transpose()?, user_errors }))
    }
}
