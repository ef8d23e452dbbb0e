//! `recordsTag`.

use async_graphql::{Context, ID, InputObject, Object, Result};

use super::{act_on, act_payload};
use crate::graphql::error::split;
use crate::service::record::any::Act;
use crate::service::tag;

/// Which tags to put on which records.
#[derive(InputObject)]
pub struct RecordsTagInput {
    /// Which records, 1 to 100; of mixed kinds if need be.
    #[graphql(validator(min_items = 1, max_items = 100))]
    ids: Vec<ID>,
    /// Names of the tags, 1 to 20; tags that are not there yet are made.
    #[graphql(validator(min_items = 1, max_items = 20))]
    tags: Vec<String>,
}

act_payload! {
    /// What came of tagging records.
    RecordsTagPayload
}

/// `recordsTag`.
#[derive(Default)]
pub struct RecordsTag;

#[Object]
impl RecordsTag {
    /// Puts tags on records of any kind, each on its own; tags that a record has already stay. Being tagged is a change of the
    /// record, as in an update: its version ascends, unless it had all of the tags before.
    async fn records_tag(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which tags, and which records.")] input: RecordsTagInput,
    ) -> Result<Option<RecordsTagPayload>> {
        let (names, user_errors) = split(tag::checked(&input.tags))?;
        let results = match names {
            Some(names) => Some(act_on(ctx, input.ids, &Act::Tag(names)).await?),
            None => None,
        };
        Ok(Some(RecordsTagPayload { results, user_errors }))
    }
}
