//! Watching runs.

use async_graphql::{Context, ID, Object, Result, Subscription};
use finbridge_domain::NodeKind;
use futures::{Stream, StreamExt};

use super::{SyncRun, SyncRunPhase, SyncRunTotals, int};
use crate::graphql::context::{Asked, uuid};
use crate::graphql::error::top_level;
use crate::graphql::resume::Resumed;
use crate::graphql::scalar::{DateTime, Decimal};
use crate::service::progress::{self, Progress};

/// How far a sync run has come.
pub struct SyncRunProgress(Progress);

/// How far a sync run has come, at one moment.
#[Object]
impl SyncRunProgress {
    /// Where this state is among the states of the run: opaque, rising. Pass the last one as `after` when you connect again.
    async fn cursor(&self) -> String {
        self.0.cursor()
    }

    /// The run.
    async fn run(&self) -> SyncRun {
        self.0.run.clone().into()
    }

    /// What it is doing.
    async fn phase(&self) -> SyncRunPhase {
        self.0.run.phase.into()
    }

    /// Numbers of records by what came of them so far.
    async fn totals(&self) -> SyncRunTotals {
        self.0.totals().into()
    }

    /// Records that have their outcome, whatever it is.
    async fn done(&self) -> i32 {
        int(self.0.totals().done())
    }

    /// Records that the run will have looked at in all; null while it is still reading or planning.
    async fn expected(&self) -> Option<i32> {
        self.0.expected().map(int)
    }

    /// Records per second, pauses included, since the first one's turn came; two decimals. Null before there is something
    /// to tell it from.
    async fn rate_per_second(&self) -> Option<Decimal> {
        self.0.rate().map(Decimal)
    }

    /// When the run will have ended if it goes on at this rate; null when that cannot be told yet, and when it has ended.
    async fn estimated_end_at(&self) -> Option<DateTime> {
        self.0.estimated_end().map(DateTime)
    }
}

/// Watching runs.
#[derive(Default)]
pub struct SyncSubscription;

#[Subscription]
impl SyncSubscription {
    /// How far a run has come: at once how it stands, then each change, at most five a second, until it has ended. What lies
    /// between two states may be left out, never the last one. After an interruption, `after` goes on without a repetition.
    async fn sync_run_progress(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which run; BAD_USER_INPUT when there is none of this id in this organization.")]
        run_id: ID,
        #[graphql(desc = "The `cursor` of the last state you have; only later states come then.")]
        after: Option<String>,
    ) -> Result<impl Stream<Item = Result<Option<SyncRunProgress>>> + use<>> {
        let resumed = Resumed::of(ctx);
        let after = resumed.after(after);
        let run_id = uuid(NodeKind::SyncRun, &run_id)?;
        let states = progress::watch(ctx.services()?, run_id, after.as_deref()).await.map_err(top_level)?;
        Ok(states.map(move |state| {
            let state = state.map_err(top_level)?;
            resumed.reach(state.cursor());
            Ok(Some(SyncRunProgress(state)))
        }))
    }
}
