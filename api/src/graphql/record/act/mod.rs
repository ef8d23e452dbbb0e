//! Acts on up to 100 records of mixed kinds, one file per act.

mod assign;
mod delete;
mod restore;
mod tag;
mod untag;

use async_graphql::{Context, ID, Result, SimpleObject};

use super::items::Items;
use super::{CrmRecord, record_of};
use crate::graphql::context::Asked;
use crate::graphql::error::split;
use crate::service::UserError;
use crate::service::record::any::{Act, carry_out};

pub use assign::RecordsAssign;
pub use delete::RecordsDelete;
pub use restore::RecordsRestore;
pub use tag::RecordsTag;
pub use untag::RecordsUntag;

/// Acts on records of mixed kinds.
#[derive(async_graphql::MergedObject, Default)]
pub struct RecordMutation(RecordsTag, RecordsUntag, RecordsAssign, RecordsDelete, RecordsRestore);

/// What came of one of the records.
#[derive(SimpleObject)]
pub struct RecordActResult {
    /// Id of the record, as it was sent.
    id: ID,
    /// The record as it is now; null when there are user errors.
    record: Option<CrmRecord>,
    /// What a person has to mend; empty when this record was done.
    user_errors: Vec<UserError>,
}

/// Does it to each of the records, in the order of their ids and in a transaction each.
async fn act_on(ctx: &Context<'_>, ids: Vec<ID>, act: &Act) -> Result<Vec<RecordActResult>> {
    let records = ids.iter().map(record_of).collect::<Result<Vec<_>>>()?;
    let services = ctx.services()?;
    let mut items = Items::default();
    let mut results = Vec::with_capacity(ids.len());
    for (id, (record_type, uuid)) in ids.into_iter().zip(records) {
        let done = items.attempt(carry_out(services, record_type, uuid, act)).await;
        let (record, user_errors) = split(done)?;
        results.push(RecordActResult { id, record: record.map(CrmRecord::from), user_errors });
    }
    Ok(results)
}

/// Declares the payload of an act on records.
macro_rules! act_payload {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(async_graphql::SimpleObject)]
        pub struct $name {
            /// One answer for each id, in the order of the input; a record with user errors does not stop the others. One that
            /// failed on our side has the user error FAILED. Null when there are user errors of the request as a whole.
            results: Option<Vec<$crate::graphql::record::act::RecordActResult>>,
            /// What is wrong with the request as a whole; then nothing was done.
            user_errors: Vec<$crate::service::UserError>,
        }
    };
}
use act_payload;
