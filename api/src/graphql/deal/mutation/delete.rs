//! `dealDelete` and `dealRestore`.

use crate::graphql::deal::Deal;

crate::graphql::record::mutation::delete_and_restore!(
    "deal",
    deal,
    Deal,
    Deal,
    "Its lines stay with it.",
    "",
    DealDelete { deal_delete, DealDeleteInput, DealDeletePayload, deleted_deal },
    DealRestore { deal_restore, DealRestoreInput, DealRestorePayload, deal }
);
