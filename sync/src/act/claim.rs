//! The right to carry an act out: held by one worker at a time, lost when it stops saying that it is there. Every write names the
//! attempt, so that a worker that lost it without noticing changes nothing.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use finbridge_contract::{Failure, FailureKind};
use finbridge_entity::types::DocumentActState;
use finbridge_entity::{Scoped, begin_write, document, document_act};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, UpdateMany,
};
use uuid::Uuid;

use super::error::{ActError, Code};
use super::topic;
use crate::document::read;
use crate::engine::Engine;
use crate::error::SyncError;
use crate::event::Topic;
use crate::job::carry_out_act;
use document_act::Column;

/// How long a worker has an act to itself without saying that it is still there.
pub(super) const LEASE: TimeDelta = TimeDelta::seconds(45);

/// How often it says so.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// Attempts after which an act that does not get on has failed.
const MOST_ATTEMPTS: i32 = 10;

/// Age at which an act has failed for which the finance app has no room: a day's requests are there again after a day.
const LONGEST_LIMITED: TimeDelta = TimeDelta::hours(24);

/// Waits up to this are the machine's: somebody looks on.
const SOON: TimeDelta = TimeDelta::seconds(5);

/// Acts that are woken in one tick.
const MOST_AT_ONCE: u64 = 50;

/// An act that this worker has to itself.
pub(super) struct Held<'a> {
    pub(super) engine: &'a Engine,
    /// The act, with the number of this attempt.
    pub(super) act: document_act::Model,
    /// Whether an earlier attempt was cut off, so that nobody knows how far it came.
    pub(super) was_cut_off: bool,
}

/// The act as it is now.
pub(super) async fn read_act(
    db: &impl ConnectionTrait,
    organization_id: Uuid,
    act_id: Uuid,
) -> Result<document_act::Model, SyncError> {
    document_act::Entity::one_of(organization_id, act_id)
        .one(db)
        .await?
        .ok_or(SyncError::Missing("what was asked about a document"))
}

impl<'a> Held<'a> {
    /// Takes the act. None: it is over, somebody has it, or something that was asked earlier about the document goes first.
    pub(super) async fn take(
        engine: &'a Engine,
        act: document_act::Model,
    ) -> Result<Option<Self>, SyncError> {
        if act.finished_at.is_some() {
            return Ok(None);
        }
        let now = engine.clock.now();
        let transaction = begin_write(&engine.db).await?;
        if let Some(document_id) = act.document_id {
            let earlier = open_of(act.organization_id, document_id).filter(Column::Id.lt(act.id));
            // One that is about to end is waited for; whoever ends one later finds this one and wakes it.
            if earlier.lock_shared().one(&transaction).await?.is_some() {
                return Ok(None);
            }
        }
        let is_free = Condition::any().add(Column::LeaseUntil.is_null()).add(Column::LeaseUntil.lte(now));
        let taken = open(&act)
            .col_expr(Column::State, Expr::value(DocumentActState::Running))
            .col_expr(Column::Attempts, Expr::value(act.attempts + 1))
            .col_expr(Column::LeaseUntil, Expr::value(Some(now + LEASE)))
            .col_expr(Column::ResumeAt, Expr::value(Some(now + LEASE)))
            .filter(Column::State.eq(act.state))
            .filter(is_free)
            .exec(&transaction)
            .await?;
        if taken.rows_affected == 0 {
            return Ok(None);
        }
        engine.events.commit(transaction, &[topic(&act)]).await?;
        let was_cut_off = act.state == DocumentActState::Running;
        let act = document_act::Model { attempts: act.attempts + 1, ..act };
        Ok(Some(Self { engine, act, was_cut_off }))
    }

    /// Says that it is there, until the act is somebody else's.
    pub(super) async fn heartbeat(&self) {
        loop {
            tokio::time::sleep(HEARTBEAT).await;
            match self.renew().await {
                Ok(()) => {}
                Err(ActError::Lost) => return,
                Err(error) => {
                    tracing::warn!(%error, act = %self.act.id, "An act could not be held; trying again")
                }
            }
        }
    }

    /// Says that it is there, right before something is done that cannot be taken back.
    pub(super) async fn renew(&self) -> Result<(), ActError> {
        let until: DateTime<Utc> = self.engine.clock.now() + LEASE;
        let renewed = self
            .ours()
            .col_expr(Column::LeaseUntil, Expr::value(Some(until)))
            .col_expr(Column::ResumeAt, Expr::value(Some(until)))
            .exec(&self.engine.db)
            .await?;
        if renewed.rows_affected == 0 { Err(ActError::Lost) } else { Ok(()) }
    }

    /// A change of the act that is made only while it is ours.
    fn ours(&self) -> UpdateMany<document_act::Entity> {
        open(&self.act).filter(Column::State.eq(DocumentActState::Running))
    }

    /// Notes in the transaction that the document is there, whatever comes after it.
    pub(super) async fn is_there(
        &mut self,
        transaction: &DatabaseTransaction,
        document_id: Uuid,
    ) -> Result<(), ActError> {
        let noted = self
            .ours()
            .col_expr(Column::DocumentId, Expr::value(Some(document_id)))
            .exec(transaction)
            .await?;
        if noted.rows_affected == 0 {
            return Err(ActError::Lost);
        }
        self.act.document_id = Some(document_id);
        Ok(())
    }

    /// Ends the act: it is done, and this is its document. Commits the transaction.
    pub(super) async fn succeed(
        &self,
        transaction: DatabaseTransaction,
        row: &document::Model,
    ) -> Result<(), ActError> {
        let ended = self
            .ended(DocumentActState::Succeeded)
            .col_expr(Column::DocumentId, Expr::value(Some(row.id)))
            .exec(&transaction)
            .await?;
        if ended.rows_affected == 0 {
            return Err(ActError::Lost);
        }
        self.wake_next(&transaction).await?;
        self.commit(transaction, &[read::topic(row)]).await
    }

    /// Ends the act without its being done.
    pub(super) async fn fail(
        &self,
        code: Code,
        message: &str,
        failure: Option<&Failure>,
    ) -> Result<(), SyncError> {
        let act = &self.act;
        let message = self.doubted(code, message);
        tracing::info!(act = %act.id, code = code.as_str(), message, "What was asked about a document was not done");
        let transaction = begin_write(&self.engine.db).await?;
        let remote_code = failure.and_then(|failure| failure.remote_code.clone());
        let remote_message = failure.and_then(|failure| failure.remote_message.clone());
        let ended = self
            .ended(DocumentActState::Failed)
            .col_expr(Column::ErrorCode, Expr::value(Some(code.as_str())))
            .col_expr(Column::ErrorMessage, Expr::value(Some(message)))
            .col_expr(Column::RemoteCode, Expr::value(remote_code))
            .col_expr(Column::RemoteMessage, Expr::value(remote_message))
            .exec(&transaction)
            .await?;
        if ended.rows_affected == 0 {
            return Ok(());
        }
        self.wake_next(&transaction).await?;
        self.engine.events.commit(transaction, &[topic(act)]).await?;
        Ok(())
    }

    /// The message, with the reference by which a document is found that may be there although its making failed: whoever asks
    /// again without a look would have two.
    fn doubted(&self, code: Code, message: &str) -> String {
        let act = &self.act;
        let is_known = act.document_id.is_some();
        let sentence = match &act.reference {
            Some(reference) if !is_known && code == Code::DocumentNotKept => {
                format!("It carries the reference {reference}.")
            }
            Some(reference) if !is_known && act.attempts > 1 => {
                format!("If an earlier try made the document, it carries the reference {reference}.")
            }
            _ => return message.to_owned(),
        };
        format!("{}. {sentence}", message.trim_end_matches('.'))
    }

    fn ended(&self, state: DocumentActState) -> UpdateMany<document_act::Entity> {
        self.ours()
            .col_expr(Column::State, Expr::value(state))
            .col_expr(Column::LeaseUntil, Expr::value(Option::<DateTime<Utc>>::None))
            .col_expr(Column::ResumeAt, Expr::value(Option::<DateTime<Utc>>::None))
            .col_expr(Column::FinishedAt, Expr::value(Some(self.engine.clock.now())))
    }

    async fn commit(&self, transaction: DatabaseTransaction, topics: &[Topic]) -> Result<(), ActError> {
        let topics: Vec<Topic> = topics.iter().copied().chain([topic(&self.act)]).collect();
        Ok(self.engine.events.commit(transaction, &topics).await?)
    }

    /// Wakes what was asked next about the same document.
    async fn wake_next(&self, transaction: &DatabaseTransaction) -> Result<(), SyncError> {
        let Some(document_id) = self.act.document_id else { return Ok(()) };
        let next = open_of(self.act.organization_id, document_id)
            .filter(Column::Id.gt(self.act.id))
            .order_by_asc(Column::Id)
            .one(transaction)
            .await?;
        if let Some(next) = next {
            self.engine.queue.enqueue(transaction, carry_out_act::job(&next)?).await?;
        }
        Ok(())
    }

    /// Leaves the act to be gone on with later, or ends it with this code where it was tried often enough. A try for which the
    /// finance app or its budget had no room was none: then the act's age counts.
    pub(super) async fn later(&self, code: Code, failure: Option<&Failure>) -> Result<(), SyncError> {
        let act = &self.act;
        let limited = match failure.map(|failure| &failure.kind) {
            Some(FailureKind::RateLimited { retry_after }) => Some(*retry_after),
            _ => None,
        };
        let is_over = match limited {
            Some(_) => self.engine.clock.now() - act.created_at >= LONGEST_LIMITED,
            None => act.attempts >= MOST_ATTEMPTS,
        };
        if is_over {
            return self.fail(code, code.sentence(), failure).await;
        }
        // The first one stays counted: from the second on, whoever makes something looks for it before.
        let attempts = if limited.is_some() { (act.attempts - 1).max(1) } else { act.attempts };
        let pause = limited
            .flatten()
            .map_or_else(|| backoff(act.attempts), |pause| TimeDelta::from_std(pause).unwrap_or(LEASE));
        let engine = self.engine;
        let rest = engine.budgets.rests_until(act.organization_id, act.integration_id);
        let pause = rest.map_or(pause, |until| pause.max(until - engine.clock.now()));
        // Those who wait for each other, or for the same, must not come back at the same moment.
        let pause = pause + TimeDelta::milliseconds(i64::from(act.id.as_bytes()[15]) * 2);
        let transaction = begin_write(&engine.db).await?;
        let left = self
            .ours()
            .col_expr(Column::State, Expr::value(DocumentActState::Queued))
            .col_expr(Column::Attempts, Expr::value(attempts))
            .col_expr(Column::LeaseUntil, Expr::value(Option::<DateTime<Utc>>::None))
            .col_expr(Column::ResumeAt, Expr::value(Some(engine.clock.now() + pause)))
            .exec(&transaction)
            .await?;
        if left.rows_affected == 0 {
            return Ok(());
        }
        if pause <= SOON {
            let delay = pause.to_std().unwrap_or_default();
            engine.queue.enqueue(&transaction, carry_out_act::job_soon(act, delay)?).await?;
        }
        engine.events.commit(transaction, &[topic(act)]).await?;
        Ok(())
    }
}

/// A change of an act that is made only while it stands as it was read.
fn open(act: &document_act::Model) -> UpdateMany<document_act::Entity> {
    document_act::Entity::update_many()
        .filter(Column::OrganizationId.eq(act.organization_id))
        .filter(Column::Id.eq(act.id))
        .filter(Column::Attempts.eq(act.attempts))
        .filter(Column::FinishedAt.is_null())
}

/// What was asked about a document and is not over.
fn open_of(organization_id: Uuid, document_id: Uuid) -> sea_orm::Select<document_act::Entity> {
    document_act::Entity::of(organization_id)
        .filter(Column::DocumentId.eq(document_id))
        .filter(Column::FinishedAt.is_null())
}

/// 1 s, 2 s, 4 s … at most 5 minutes.
fn backoff(attempts: i32) -> TimeDelta {
    TimeDelta::seconds(1 << attempts.saturating_sub(1).clamp(0, 8)).min(TimeDelta::minutes(5))
}

/// Enqueues a job for each act whose time has come: one whose pause is over, or whose worker is gone.
///
/// # Errors
/// The database's.
pub(crate) async fn wake_due(engine: &Engine) -> Result<(), SyncError> {
    let now = engine.clock.now();
    let due = document_act::Entity::find()
        .filter(Column::FinishedAt.is_null())
        .filter(Column::ResumeAt.lte(now))
        .order_by_asc(Column::ResumeAt)
        .limit(MOST_AT_ONCE)
        .all(&engine.db)
        .await?;
    for act in due {
        let transaction = begin_write(&engine.db).await?;
        // Whoever moves the time is the one who enqueues the job.
        let moved = open(&act)
            .col_expr(Column::ResumeAt, Expr::value(Some(now + LEASE)))
            .filter(Column::ResumeAt.eq(act.resume_at))
            .exec(&transaction)
            .await?;
        if moved.rows_affected == 1 {
            engine.queue.enqueue(&transaction, carry_out_act::job(&act)?).await?;
            transaction.commit().await?;
        }
    }
    Ok(())
}

/// Frees what a process that is gone was carrying out. Only where no other process can be at it.
///
/// # Errors
/// The database's.
pub(crate) async fn release_all(engine: &Engine) -> Result<(), DbErr> {
    document_act::Entity::update_many()
        .col_expr(Column::LeaseUntil, Expr::value(Option::<DateTime<Utc>>::None))
        .col_expr(Column::ResumeAt, Expr::value(Some(engine.clock.now())))
        .filter(Column::FinishedAt.is_null())
        .exec(&engine.db)
        .await?;
    Ok(())
}
