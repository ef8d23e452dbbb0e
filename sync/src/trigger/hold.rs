//! The right to look at what happened to a deal: held by one worker at a time, lost when it stops saying that it is there. Every
//! write of a trigger names the attempt, so that a worker that lost it without noticing changes nothing.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use finbridge_contract::Failure;
use finbridge_entity::{begin_write, deal_event};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, UpdateMany, UpdateResult,
};

use super::log::{self, Line};
use crate::budget::Priority;
use crate::engine::Engine;
use crate::error::SyncError;
use deal_event::Column;

/// How long a worker has an event to itself without saying that it is still there; an event whose job was lost is looked at after
/// as long.
pub(super) const LEASE: TimeDelta = TimeDelta::seconds(45);

/// How often it says so.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// Why an event is not gone on with.
#[derive(Debug, thiserror::Error)]
pub(super) enum Stop {
    /// Another worker has it.
    #[error("what happened to the deal went over to another worker")]
    Lost,
    /// The finance app, the database, or something of ours.
    #[error(transparent)]
    Engine(#[from] SyncError),
}

impl From<DbErr> for Stop {
    fn from(error: DbErr) -> Self {
        Self::Engine(error.into())
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Engine(failure.into())
    }
}

/// An event that this worker has to itself.
pub(super) struct Held<'a> {
    pub(super) engine: &'a Engine,
    /// The event, with the number of this attempt.
    pub(super) event: deal_event::Model,
}

impl<'a> Held<'a> {
    /// Takes the event; none: somebody has it, or had it since it was read.
    pub(super) async fn take(
        engine: &'a Engine,
        event: deal_event::Model,
    ) -> Result<Option<Self>, SyncError> {
        let now = engine.clock.now();
        let taken = open(&event)
            .col_expr(Column::Attempts, Expr::value(event.attempts + 1))
            .col_expr(Column::LeaseUntil, Expr::value(Some(now + LEASE)))
            // For the case that this process dies.
            .col_expr(Column::ResumeAt, Expr::value(Some(now + LEASE)))
            .filter(is_free(now))
            .exec(&engine.db)
            .await?;
        let event = deal_event::Model { attempts: event.attempts + 1, ..event };
        Ok((taken.rows_affected == 1).then_some(Self { engine, event }))
    }

    /// For whom the finance app is asked: what nobody did, such as an import, must not use up what is kept for people.
    pub(super) fn priority(&self) -> Priority {
        match self.event.actor_id {
            Some(_) => Priority::Person,
            None => Priority::Background,
        }
    }

    /// Says again and again that somebody looks at the event; returns when somebody else does.
    pub(super) async fn heartbeat(&self) {
        loop {
            tokio::time::sleep(HEARTBEAT).await;
            match self.renew(&self.engine.db).await {
                Ok(()) => {}
                Err(Stop::Lost) => return,
                Err(error) => {
                    tracing::warn!(%error, event = %self.event.id, "What happened to a deal could not be held; trying again")
                }
            }
        }
    }

    /// Says that somebody is there. In a transaction it makes sure that what is written in it is written by whoever has the event.
    pub(super) async fn renew(&self, db: &impl ConnectionTrait) -> Result<(), Stop> {
        let until = self.engine.clock.now() + LEASE;
        let renewed = open(&self.event)
            .col_expr(Column::LeaseUntil, Expr::value(Some(until)))
            .col_expr(Column::ResumeAt, Expr::value(Some(until)))
            .exec(db)
            .await?;
        ours(&renewed)
    }

    /// Notes what came of it; whether that is the last that is noted about the event.
    pub(super) async fn log(&self, line: Line, is_last: bool) -> Result<(), Stop> {
        let transaction = begin_write(&self.engine.db).await?;
        self.renew_or_close(&transaction, is_last).await?;
        log::write(self.engine, &transaction, &self.event, line).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Renews it or, where nothing is left to be done, notes that the event was looked at to its end: one statement for both, because
    /// thousands of deals may be won at once.
    pub(super) async fn renew_or_close(&self, db: &impl ConnectionTrait, is_last: bool) -> Result<(), Stop> {
        if !is_last {
            return self.renew(db).await;
        }
        ours(&self.close().exec(db).await?)
    }

    /// The event was looked at to its end.
    pub(super) async fn settled(&self) -> Result<(), SyncError> {
        self.close().exec(&self.engine.db).await?;
        Ok(())
    }

    fn close(&self) -> UpdateMany<deal_event::Entity> {
        free(&self.event, None).col_expr(Column::HandledAt, Expr::value(Some(self.engine.clock.now())))
    }

    /// The event is looked at again after this; whether anything was tried by then.
    pub(super) async fn later(&self, pause: TimeDelta, was_tried: bool) -> Result<(), SyncError> {
        let limited = self.event.limited + i32::from(!was_tried);
        free(&self.event, Some(self.engine.clock.now() + pause))
            .col_expr(Column::Limited, Expr::value(limited))
            .exec(&self.engine.db)
            .await?;
        Ok(())
    }
}

/// Whether the event was still this worker's.
fn ours(changed: &UpdateResult) -> Result<(), Stop> {
    if changed.rows_affected == 0 { Err(Stop::Lost) } else { Ok(()) }
}

/// Gives the event back.
fn free(event: &deal_event::Model, resume_at: Option<DateTime<Utc>>) -> UpdateMany<deal_event::Entity> {
    open(event)
        .col_expr(Column::LeaseUntil, Expr::value(Option::<DateTime<Utc>>::None))
        .col_expr(Column::ResumeAt, Expr::value(resume_at))
}

/// A change of an event that is made only while nobody took it since: whoever does counts one more attempt.
fn open(event: &deal_event::Model) -> UpdateMany<deal_event::Entity> {
    deal_event::Entity::update_many()
        .filter(Column::OrganizationId.eq(event.organization_id))
        .filter(Column::Id.eq(event.id))
        .filter(Column::Attempts.eq(event.attempts))
        .filter(Column::HandledAt.is_null())
}

/// Those that nobody has.
pub(super) fn is_free(now: DateTime<Utc>) -> Condition {
    Condition::any().add(Column::LeaseUntil.is_null()).add(Column::LeaseUntil.lte(now))
}
