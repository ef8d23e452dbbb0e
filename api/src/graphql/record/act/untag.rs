//! `recordsUntag`.

use async_graphql::{Context, ID, InputObject, Object, Result};

use super::{act_on, act_payload};
use crate::graphql::error::split;
use crate::service::record::any::Act;
use crate::service::tag;

/// Which tags to take off which records.
#[derive(InputObject)]
pub struct RecordsUntagInput {
    /// Which records, 1 to 100; of mixed kinds if need be.
    #[graphql(validator(min_items = 1, max_items = 100))]
    ids: Vec<ID>,
    /// Names of the tags, 1 to 20. Names that no tag has are no fault.
    #[graphql(validator(min_items = 1, max_items = 20))]
    tags: Vec<String>,
}

act_payload! {
    /// What came of taking tags off records.
    RecordsUntagPayload
}

/// `recordsUntag`.
#[derive(Default)]
pub struct RecordsUntag;

#[Object]
impl RecordsUntag {
    /// Takes tags off records of any kind, each on its own. It is a change of the record, as in an update: its version ascends,
    /// unless it had none of the tags. The tags themselves stay; `tagDelete` removes one.
    async fn records_untag(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which tags, and which records.")] input: RecordsUntagInput,
    ) -> Result<Option<RecordsUntagPayload>> {
        let (names, user_errors) = split(tag::checked(&input.tags))?;
        let results = match names {
            Some(names) => Some(act_on(ctx, input.ids, &Act::Untag(names)).await?),
            None => None,
        };
        Ok(Some(RecordsUntagPayload { results, user_errors }))
    }
}
