//! What a plan comes to, as a client sees it.

use async_graphql::{Object, SimpleObject};
use finbridge_domain::record::RecordKind;
use finbridge_entity::types::ItemAction;
use finbridge_sync::plan::forecast::{Line, Outlook};
use sea_orm::ActiveEnum;

use super::int;
use super::item::SyncRunItemAction;
use crate::graphql::syncable::ExternalKind;

fn count(n: u64) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

/// What carrying out a plan takes.
pub struct SyncForecast(Outlook);

/// What carrying out a plan takes, where nothing is in its way: requests that count against the finance app's quota, as this
/// server makes them, and time.
#[Object]
impl SyncForecast {
    /// Requests in all: those of the run's reading and of all its records.
    async fn requests(&self) -> i32 {
        count(self.0.cost().requests())
    }

    /// Those of them that change nothing on the finance side.
    async fn reads(&self) -> i32 {
        count(self.0.cost().reads)
    }

    /// Those of them that change something there.
    async fn writes(&self) -> i32 {
        count(self.0.cost().writes)
    }

    /// How long it takes, in seconds, under the finance app's quota, when nobody else uses that and a request takes 0.2 seconds.
    /// The first minute's requests are made at once, so small plans take seconds.
    async fn duration_seconds(&self) -> i32 {
        int(self.0.seconds)
    }

    /// Access tokens that are renewed meanwhile, at most. Renewals do not count against the quota.
    async fn token_renewals(&self) -> i32 {
        int(self.0.renewals())
    }
}

impl From<Outlook> for SyncForecast {
    fn from(outlook: Outlook) -> Self {
        Self(outlook)
    }
}

/// Records of a plan with which the same is done.
#[derive(SimpleObject)]
pub struct SyncPlanTotal {
    /// What is done.
    action: SyncRunItemAction,
    /// What they are, or become, on the finance side.
    kind: ExternalKind,
    /// How many there are.
    records: i32,
    /// Requests that they take.
    requests: i32,
}

/// The totals of a plan: one for each action and kind, so a few dozen at most.
pub fn totals(outlook: &Outlook) -> Vec<SyncPlanTotal> {
    let total = |line: &Line| {
        Some(SyncPlanTotal {
            action: ItemAction::try_from_value(&line.action).ok()?.into(),
            kind: RecordKind::by_name(&line.kind)?.into(),
            records: count(line.records),
            requests: count(line.cost.requests()),
        })
    };
    outlook.lines.iter().filter_map(total).collect()
}

/// A plan that is kept with its run.
pub struct SyncRunPlan {
    hash: String,
    outlook: Outlook,
}

impl SyncRunPlan {
    /// Of what is kept.
    pub fn of((hash, outlook): (String, Outlook)) -> Self {
        Self { hash, outlook }
    }
}

/// A plan that is kept with its run; what it has of each record, `SyncRun.items` tells.
#[Object]
impl SyncRunPlan {
    /// What makes it the plan that it is: pass it to `syncPlanApply`.
    async fn hash(&self) -> &str {
        &self.hash
    }

    /// Numbers of records by what is done with them, at most one for each action and kind.
    async fn totals(&self) -> Vec<SyncPlanTotal> {
        totals(&self.outlook)
    }

    /// What carrying it out takes.
    async fn forecast(&self) -> SyncForecast {
        self.outlook.clone().into()
    }
}
