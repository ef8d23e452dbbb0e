//! `syncMatchDecide`.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use finbridge_domain::NodeKind;
use finbridge_entity::types::MatchChoice;

use crate::graphql::context::{Asked, uuid};
use crate::graphql::error::split;
use crate::graphql::sync::synced_record;
use crate::graphql::syncable::{ExternalKind, Syncable};
use crate::service::UserError;
use crate::service::sync_control::{self, Decide};

/// What a record that could be several things is.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "MatchChoice")]
pub enum SyncMatchChoice {
    /// The finance record that is named.
    Link,
    /// A record of its own.
    Clone,
    /// Nothing that is synchronised.
    Skip,
}

/// What a record is.
#[derive(InputObject)]
pub struct SyncMatchDecideInput {
    /// Which integration.
    integration_id: ID,
    /// The account, contact, vendor or product.
    record_id: ID,
    /// What it is on the finance side.
    kind: ExternalKind,
    /// What was decided.
    choice: SyncMatchChoice,
    /// The id of the finance record that it is; only with LINK.
    remote_key: Option<String>,
}

/// What came of the decision.
#[derive(SimpleObject)]
pub struct SyncMatchDecidePayload {
    /// The record; null when there are user errors.
    record: Option<Syncable>,
    /// What a person has to mend; empty when the mutation did what was asked.
    user_errors: Vec<UserError>,
}

/// `syncMatchDecide`.
#[derive(Default)]
pub struct SyncMatchDecide;

#[Object]
impl SyncMatchDecide {
    /// Says what a record is that could be several finance records, or none: the engine never guesses. The next run follows
    /// it. For administrators.
    async fn sync_match_decide(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which record, and what it is.")] input: SyncMatchDecideInput,
    ) -> Result<Option<SyncMatchDecidePayload>> {
        let services = ctx.services()?;
        let (record_id, record_type) = synced_record(&input.record_id)?;
        let wish = Decide {
            integration_id: uuid(NodeKind::Integration, &input.integration_id)?,
            record_type,
            record_id,
            kind: input.kind.into(),
            choice: input.choice.into(),
            remote_id: input.remote_key,
        };
        let decided = sync_control::decide(services, wish).await;
        let record = match &decided {
            Ok(_) => Syncable::load(ctx, record_type, record_id).await?,
            Err(_) => None,
        };
        let (decided, user_errors) = split(decided)?;
        Ok(Some(SyncMatchDecidePayload { record: decided.and(record), user_errors }))
    }
}
