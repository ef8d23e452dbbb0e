//! `dealBulkCreate` and `dealBulkUpdate`.

use super::create::{DealCreateInput, DealCreatePayload, create};
use super::update::{DealUpdateInput, DealUpdatePayload, update};

crate::graphql::record::mutation::bulk!(
    "deals",
    "Makes up to 100 deals, each on its own: one that is refused does not stop the others.",
    deals: DealCreateInput,
    create,
    DealBulkCreate { deal_bulk_create, DealBulkCreateInput, DealBulkCreatePayload -> DealCreatePayload }
);

crate::graphql::record::mutation::bulk!(
    "deals",
    "Changes up to 100 deals, each on its own: one that is refused does not stop the others.",
    deals: DealUpdateInput,
    update,
    DealBulkUpdate { deal_bulk_update, DealBulkUpdateInput, DealBulkUpdatePayload -> DealUpdatePayload }
);
