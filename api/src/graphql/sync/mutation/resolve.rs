//! `syncConflictResolve`.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use finbridge_domain::NodeKind;
use finbridge_entity::types::ConflictState;

use crate::graphql::context::{Asked, uuid};
use crate::graphql::error::split;
use crate::graphql::record::items::Items;
use crate::graphql::sync::conflict::SyncConflict;
use crate::service::{UserError, sync_control};

/// Whose value both sides shall have.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncConflictChoice {
    /// The CRM's.
    Crm,
    /// The finance side's.
    Finance,
    /// Nobody's: each keeps its own until one changes again.
    Keep,
}

/// Which conflicts to resolve, and how.
#[derive(InputObject)]
pub struct SyncConflictResolveInput {
    /// Which conflicts, 100 at most.
    #[graphql(validator(min_items = 1, max_items = 100))]
    ids: Vec<ID>,
    /// Whose value both sides shall have.
    choice: SyncConflictChoice,
}

/// What came of resolving one conflict.
#[derive(SimpleObject)]
pub struct SyncConflictResult {
    /// The id that was sent.
    id: ID,
    /// The conflict as it stands now; null when there are user errors.
    sync_conflict: Option<SyncConflict>,
    /// What a person has to mend about this one; empty when it was resolved.
    user_errors: Vec<UserError>,
}

/// What came of resolving conflicts.
#[derive(SimpleObject)]
pub struct SyncConflictResolvePayload {
    /// What came of each, in the order of the input.
    results: Option<Vec<SyncConflictResult>>,
    /// What a person has to mend about the input as a whole.
    user_errors: Vec<UserError>,
}

/// `syncConflictResolve`.
#[derive(Default)]
pub struct SyncConflictResolve;

#[Object]
impl SyncConflictResolve {
    /// Chooses for fields that both sides changed whose value both shall have. The next run writes it. For administrators.
    async fn sync_conflict_resolve(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which conflicts, and how.")] input: SyncConflictResolveInput,
    ) -> Result<Option<SyncConflictResolvePayload>> {
        let services = ctx.services()?;
        let choice = match input.choice {
            SyncConflictChoice::Crm => ConflictState::Crm,
            SyncConflictChoice::Finance => ConflictState::Finance,
            SyncConflictChoice::Keep => ConflictState::Kept,
        };
        // Before anything is decided: what is no id at all is a mistake in the request, not in one of its items.
        let parse = |id: ID| Ok((uuid(NodeKind::SyncConflict, &id)?, id));
        let ids = input.ids.into_iter().map(parse).collect::<Result<Vec<_>>>()?;
        let mut items = Items::default();
        let mut results = Vec::with_capacity(ids.len());
        for (conflict, id) in ids {
            let done = items.attempt(sync_control::resolve(services, conflict, choice)).await;
            let (row, user_errors) = split(done)?;
            results.push(SyncConflictResult { id, sync_conflict: row.map(SyncConflict::from), user_errors });
        }
        Ok(Some(SyncConflictResolvePayload { results: Some(results), user_errors: Vec::new() }))
    }
}
