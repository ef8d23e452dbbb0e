//! What failed in a run, by reason.

use async_graphql::{Enum, Object};
use finbridge_entity::sync_run_item;

use super::item::SyncRunItem;
use crate::service::failures::FailureGroup;

/// By what failures are put together.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SyncFailureGrouping {
    /// By code, the finance app's own code, and message without what is the record's own.
    #[default]
    Reason,
}

/// Failures of one run that have one reason.
pub struct SyncRunFailureGroup(FailureGroup);

impl From<FailureGroup> for SyncRunFailureGroup {
    fn from(group: FailureGroup) -> Self {
        Self(group)
    }
}

impl SyncRunFailureGroup {
    fn first(&self) -> Option<&sync_run_item::Model> {
        self.0.examples.first()
    }
}

/// Failures of one run that have one reason.
#[Object]
impl SyncRunFailureGroup {
    /// Stable code, for programs; docs/errors.md explains it. Null when none was noted.
    async fn code(&self) -> Option<&str> {
        self.first()?.error_code.as_deref()
    }

    /// The finance app's own code; null when it gave none.
    async fn remote_code(&self) -> Option<&str> {
        self.first()?.remote_code.as_deref()
    }

    /// What happened and what to do, with … where the names, ids and values of the single records stand. Null when none was
    /// noted.
    async fn message(&self) -> Option<&str> {
        let first = self.first()?;
        first.error_template.as_deref().or(first.error_message.as_deref())
    }

    /// How many records failed so.
    async fn count(&self) -> i32 {
        i32::try_from(self.0.count).unwrap_or(i32::MAX)
    }

    /// The first three of them, in the order in which they were planned. `/export/sync-run-items.csv` has all.
    async fn examples(&self) -> Vec<SyncRunItem> {
        self.0.examples.iter().cloned().map(SyncRunItem::from).collect()
    }
}
