//! Watching how far a sync run has come.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use finbridge_entity::types::RunPhase;
use finbridge_entity::{Scoped, sync_run, sync_run_progress};
use finbridge_sync::event::Watch;
use finbridge_sync::outcome::Totals;
use finbridge_sync::progress::topic;
use futures::Stream;
use futures::stream::unfold;
use rust_decimal::Decimal;
use sea_orm::{EntityTrait, JoinType, QuerySelect, RelationDef};
use tokio::time::{Instant, sleep, sleep_until};
use uuid::Uuid;

use super::Services;
use super::error::{ServiceError, ServiceResult};

/// Shortest time between two states of one stream.
const SPACING: Duration = Duration::from_millis(200);

/// When to look again after a change, although nothing was announced: records are announced now and then only.
const AFTERWARDS: Duration = Duration::from_millis(250);

/// When to look again after nothing changed: what makes good an announcement that was lost.
const SAFETY: Duration = Duration::from_secs(10);

/// Failures in a row after which a stream gives up, and the longest pause between them: about a minute in all.
const PATIENCE: (u32, Duration) = (10, Duration::from_secs(10));

/// How far a run has come: the run and its numbers of one moment.
#[derive(Debug, Clone)]
pub struct Progress {
    /// The run.
    pub run: sync_run::Model,
    /// Its numbers.
    pub numbers: sync_run_progress::Model,
}

impl Progress {
    /// The numbers of records by what came of them.
    pub fn totals(&self) -> Totals {
        (&self.numbers).into()
    }

    /// How many records the run will have looked at; not known before its plan is complete.
    pub fn expected(&self) -> Option<i64> {
        matches!(self.run.phase, RunPhase::Apply | RunPhase::Done).then(|| self.totals().planned())
    }

    /// How many records were done in which time; nothing before that says anything.
    fn pace(&self) -> Option<(i64, TimeDelta)> {
        let elapsed = self.numbers.changed_at - self.numbers.apply_began_at?;
        let done = self.totals().done();
        (done > 0 && elapsed >= TimeDelta::seconds(1)).then_some((done, elapsed))
    }

    /// Records per second since the first one's turn came.
    pub fn rate(&self) -> Option<Decimal> {
        let (done, elapsed) = self.pace()?;
        let seconds = Decimal::new(elapsed.num_microseconds()?, 6);
        Some((Decimal::from(done) / seconds).round_dp(2).normalize())
    }

    /// When the run will end if it goes on like this; not known when it has ended, or cannot be told yet.
    pub fn estimated_end(&self) -> Option<DateTime<Utc>> {
        if self.run.phase != RunPhase::Apply {
            return None;
        }
        let (done, elapsed) = self.pace()?;
        let left =
            i128::from(elapsed.num_microseconds()?) * i128::from(self.numbers.pending) / i128::from(done);
        self.numbers.changed_at.checked_add_signed(TimeDelta::microseconds(i64::try_from(left).ok()?))
    }

    /// A text that rises from state to state of this run, and says how far a reader has come.
    pub fn cursor(&self) -> String {
        format!("{}{:016x}", self.run.id.simple(), self.numbers.revision)
    }
}

/// The revision in a cursor of this run.
fn revision(run_id: Uuid, cursor: &str) -> ServiceResult<i64> {
    let own = run_id.simple().to_string();
    let revision = cursor.strip_prefix(&own).filter(|rest| rest.len() == 16);
    revision.and_then(|rest| i64::from_str_radix(rest, 16).ok()).ok_or_else(|| {
        ServiceError::BadInput(
            "`after` is not a cursor of this run; pass one exactly as an event of it had it, or leave it out"
                .to_owned(),
        )
    })
}

/// The states of a run: the present one, unless the reader has it already, then each change, until the run has ended.
///
/// What lies between two states may be left out, never the last one.
///
/// # Errors
/// No run of this id in this organization, or a cursor that is not one of its own. In the stream: a database that stays
/// away.
pub async fn watch(
    services: &Services,
    run_id: Uuid,
    after: Option<&str>,
) -> ServiceResult<impl Stream<Item = ServiceResult<Progress>> + Send + 'static + use<>> {
    let seen = after.map(|cursor| revision(run_id, cursor)).transpose()?;
    // Watching begins before the first look, so that nothing happens unseen in between.
    let watch = services.engine.events.watch(topic(services.organization_id(), run_id));
    let Some(first) = read(services, run_id).await? else {
        let message = "There is no sync run of this id; `syncRuns` lists those that there are";
        return Err(ServiceError::BadInput(message.to_owned()));
    };
    let reader = Reader {
        services: services.clone(),
        run_id,
        watch,
        // A cursor from the future is one of a database that was restored since.
        seen: seen.filter(|seen| *seen <= first.numbers.revision),
        next_look: None,
        first: Some(first),
        ended: false,
    };
    Ok(unfold(reader, |mut reader| async move { Some((reader.next().await?, reader)) }))
}

struct Reader {
    services: Services,
    run_id: Uuid,
    watch: Watch,
    seen: Option<i64>,
    /// Not before this, and at the latest then.
    next_look: Option<(Instant, Instant)>,
    first: Option<Progress>,
    ended: bool,
}

impl Reader {
    async fn next(&mut self) -> Option<ServiceResult<Progress>> {
        while !self.ended {
            let progress = match self.look().await {
                Ok(progress) => progress?,
                Err(error) => {
                    self.ended = true;
                    return Some(Err(error));
                }
            };
            let revision = progress.numbers.revision;
            let is_new = self.seen.is_none_or(|seen| revision > seen);
            self.ended = progress.run.state.is_final();
            self.seen = Some(revision);
            let now = Instant::now();
            self.next_look =
                Some(if is_new { (now + SPACING, now + AFTERWARDS) } else { (now, now + SAFETY) });
            if is_new {
                return Some(Ok(progress));
            }
        }
        None
    }

    /// Waits until there may be something new, and reads it.
    async fn look(&mut self) -> ServiceResult<Option<Progress>> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        if let Some((earliest, latest)) = self.next_look {
            sleep_until(earliest).await;
            tokio::select! {
                () = self.watch.announced() => {}
                () = sleep_until(latest) => {}
            }
        }
        let mut failures = 0;
        loop {
            match read(&self.services, self.run_id).await {
                Ok(progress) => return Ok(progress),
                Err(error) if failures >= PATIENCE.0 => return Err(error),
                Err(error) => {
                    tracing::warn!(run = %self.run_id, %error, "The progress of a run cannot be read; trying again");
                    sleep(Duration::from_secs(1 << failures.min(4)).min(PATIENCE.1)).await;
                    failures += 1;
                }
            }
        }
    }
}

/// Both rows in one statement: read one after the other, they could belong to different moments, and an end that fell in
/// between would be taken for seen.
async fn read(services: &Services, run_id: Uuid) -> ServiceResult<Option<Progress>> {
    let numbers: RelationDef = sync_run::Entity::belongs_to(sync_run_progress::Entity)
        .from((sync_run::Column::OrganizationId, sync_run::Column::Id))
        .to((sync_run_progress::Column::OrganizationId, sync_run_progress::Column::Id))
        .into();
    let row = sync_run::Entity::one_of(services.organization_id(), run_id)
        .join(JoinType::InnerJoin, numbers)
        .select_also(sync_run_progress::Entity)
        .one(services.db())
        .await?;
    Ok(row.and_then(|(run, numbers)| Some(Progress { run, numbers: numbers? })))
}
