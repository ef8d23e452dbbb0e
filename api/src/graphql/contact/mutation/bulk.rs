//! `contactBulkCreate` and `contactBulkUpdate`.

use super::create::{ContactCreateInput, ContactCreatePayload, create};
use super::update::{ContactUpdateInput, ContactUpdatePayload, update};

crate::graphql::record::mutation::bulk!(
    "contacts",
    "Makes up to 100 contacts, each on its own: one that is refused does not stop the others.",
    contacts: ContactCreateInput,
    create,
    ContactBulkCreate { contact_bulk_create, ContactBulkCreateInput, ContactBulkCreatePayload -> ContactCreatePayload }
);

crate::graphql::record::mutation::bulk!(
    "contacts",
    "Changes up to 100 contacts, each on its own: one that is refused does not stop the others.",
    contacts: ContactUpdateInput,
    update,
    ContactBulkUpdate { contact_bulk_update, ContactBulkUpdateInput, ContactBulkUpdatePayload -> ContactUpdatePayload }
);
