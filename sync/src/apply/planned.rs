//! Carrying out a plan that somebody looked at: what is no longer as it was planned is left alone, by name (`PLAN_STALE`).

use finbridge_domain::record::FieldChange;
use finbridge_entity::sync_run_item;
use finbridge_entity::types::{ItemOutcome, LinkState};

use super::settle::Done;
use super::work::{Task, Work, changes, contents, crm_changes};
use crate::error::SyncError;
use crate::merge::Merged;
use crate::plan::hash::Outline;
use crate::{link, plan};

/// The code of records that are not as they were when the plan was made.
pub(crate) const PLAN_STALE: &str = "PLAN_STALE";

/// The same as a sentence.
pub(super) const STALE: &str =
    "The record changed after this plan was made, so nothing was written; look at a new plan";

impl Done {
    /// The record is not as it was when the plan was made.
    pub(super) fn stale() -> Self {
        Self { error: Some((PLAN_STALE, STALE.to_owned())), ..Self::nothing(ItemOutcome::Failed) }
    }
}

impl Work<'_> {
    /// Whether the same would be planned now: nothing else is done. What was begun before a crash is finished, because its
    /// finance record may be there already, unless the CRM record changed since: then the next run finishes it.
    pub(super) async fn is_as_planned(
        &self,
        task: &Task<'_>,
        item: &sync_run_item::Model,
    ) -> Result<bool, SyncError> {
        let db = &self.engine.db;
        let link = link::of_record(db, self.remote(), task.kind, item.record_id).await?;
        if link.is_some_and(|link| link.state == LinkState::Claimed) {
            // The CRM record that an item makes is there only if this very item was begun.
            let is_made = item.record_version == 0;
            let now = self.record(task, item.record_id).await?;
            return Ok(is_made || now.is_some_and(|record| record.version == item.record_version));
        }
        let stage = usize::try_from(item.stage).map_err(|_| SyncError::Missing("the stage of an item"))?;
        let remote_id = item.remote_id.as_deref();
        let now = plan::again(db, &self.engine.ids, &self.subject, stage, item.record_id, remote_id).await?;
        let contents = contents(item)?;
        let planned = Outline::of_item(item, &contents);
        Ok(now.is_some_and(|step| Outline::of_step(&step) == planned))
    }
}

/// Whether a merge of what both sides have at this moment writes nothing that the plan did not name. It may write less: a
/// try that was cut off may have written some of it.
pub(super) fn is_within_plan(item: &sync_run_item::Model, merged: &Merged) -> Result<bool, SyncError> {
    let is_among = |planned: &[FieldChange], now: &[FieldChange]| {
        now.iter().all(|change| {
            planned.iter().any(|known| known.field == change.field && known.after == change.after)
        })
    };
    Ok(is_among(&changes(item)?, &merged.to_finance)
        && is_among(&crm_changes(item)?, &merged.to_crm)
        && (!merged.keeps_copy || item.conflicts.is_some()))
}
