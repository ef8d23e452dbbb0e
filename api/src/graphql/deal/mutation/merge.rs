//! `dealMerge`.

use crate::graphql::deal::Deal;

crate::graphql::record::mutation::merge!(
    "deal",
    deal,
    Deal,
    Deal,
    "Merges duplicate deals: the one that stays keeps what it has, its empty fields are filled from the others, and their notes, tags, custom fields and import keys become its own. Amount and lines are taken over only from deals in the same currency, and lines only where the one that stays has none; its stage stays. The others are deleted and cannot be restored.",
    DealMerge { deal_merge, DealMergeInput, DealMergePayload }
);
