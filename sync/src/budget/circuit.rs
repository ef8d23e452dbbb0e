//! Leaves a finance app alone that does not answer. After several unanswered requests in a row the circuit opens; when its
//! time has come, one request of one process tries again, and its answer closes the circuit for all.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use finbridge_contract::Failure;
use finbridge_domain::{Clock, Ids};
use finbridge_entity::types::CircuitState;
use finbridge_entity::{Scoped, begin_write, circuit_breaker, integration};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseConnection, DbErr, EntityTrait, IntoActiveModel, QueryFilter,
    QuerySelect, Set, UpdateMany,
};
use tokio::runtime::Handle;
use uuid::Uuid;

use super::wait;

/// Unanswered requests in a row that open the circuit: fewer than tries after which a record is given up.
const PATIENCE: u32 = 4;

/// The first rest; each one that follows without an answer is twice as long.
const FIRST_REST: TimeDelta = TimeDelta::seconds(15);
const LONGEST_REST: TimeDelta = TimeDelta::minutes(5);

/// How long the one who tries has for it.
const PROBE: TimeDelta = TimeDelta::seconds(60);

/// How long the others wait for what it finds.
const GLANCE: TimeDelta = TimeDelta::seconds(2);

/// Longest reason that is kept.
const REASON: usize = 300;

/// The circuit of one connection, as this process sees it.
pub(super) struct Circuit {
    db: DatabaseConnection,
    clock: Arc<dyn Clock>,
    ids: Ids,
    organization_id: Uuid,
    integration_id: Uuid,
    seen: Mutex<Seen>,
}

#[derive(Clone, Copy)]
enum Seen {
    /// So many requests in a row were not answered.
    Closed(u32),
    Open(DateTime<Utc>),
    /// Somebody tries, and has time until then.
    HalfOpen(DateTime<Utc>),
}

/// The right to try. Given back when it is dropped before anything was learned, as when who asked gives up.
pub(super) struct Probe {
    circuit: Arc<Circuit>,
    until: DateTime<Utc>,
}

impl Drop for Probe {
    fn drop(&mut self) {
        {
            let mut seen = self.circuit.seen();
            match *seen {
                Seen::HalfOpen(until) if until == self.until => *seen = Seen::Open(self.circuit.clock.now()),
                _ => return,
            }
        }
        // Where nothing runs any more, its time ends by itself.
        if let Ok(runtime) = Handle::try_current() {
            let (circuit, until) = (self.circuit.clone(), self.until);
            runtime.spawn(async move { circuit.give_back(until).await });
        }
    }
}

impl Circuit {
    pub fn new(db: DatabaseConnection, clock: Arc<dyn Clock>, integration: &integration::Model) -> Self {
        Self {
            db,
            ids: Ids::new(clock.clone()),
            clock,
            organization_id: integration.organization_id,
            integration_id: integration.id,
            seen: Mutex::new(Seen::Closed(0)),
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Learns what other processes found.
    pub async fn refresh(&self) -> Result<(), DbErr> {
        let row = circuit_breaker::Entity::of(self.organization_id)
            .filter(circuit_breaker::Column::IntegrationId.eq(self.integration_id))
            .one(&self.db)
            .await?;
        self.learn(row.as_ref());
        Ok(())
    }

    fn learn(&self, row: Option<&circuit_breaker::Model>) {
        let mut seen = self.seen();
        *seen = match row.map(|row| (row.state, row.retry_at)) {
            Some((CircuitState::Open, Some(retry_at))) => Seen::Open(retry_at),
            Some((CircuitState::HalfOpen, Some(until))) => Seen::HalfOpen(until),
            _ => match *seen {
                Seen::Closed(unanswered) => Seen::Closed(unanswered),
                Seen::Open(_) | Seen::HalfOpen(_) => Seen::Closed(0),
            },
        };
    }

    /// Until when nobody asks; none while the circuit is closed.
    pub fn rests_until(&self) -> Option<DateTime<Utc>> {
        match *self.seen() {
            Seen::Closed(_) => None,
            Seen::Open(retry_at) => Some(retry_at),
            Seen::HalfOpen(until) => Some(until.min(self.clock.now() + GLANCE)),
        }
    }

    /// Refuses while it is certain that nobody may ask.
    pub fn check(&self) -> Result<(), Failure> {
        let now = self.clock.now();
        match *self.seen() {
            Seen::Open(until) if now < until => Err(rests(until, now)),
            Seen::HalfOpen(until) if now < until => Err(rests(until.min(now + GLANCE), now)),
            _ => Ok(()),
        }
    }

    /// Lets a request pass while the circuit is closed, and one when it is time to try.
    pub async fn enter(self: &Arc<Self>) -> Result<Option<Probe>, Failure> {
        self.check()?;
        if matches!(*self.seen(), Seen::Closed(_)) {
            return Ok(None);
        }
        let now = self.clock.now();
        match self.probe(now).await {
            Ok(Some(probe)) => Ok(Some(probe)),
            Ok(None) => match self.refresh().await {
                Ok(()) if matches!(*self.seen(), Seen::Closed(_)) => Ok(None),
                _ => Err(rests(now + GLANCE, now)),
            },
            Err(error) => {
                tracing::warn!(%error, "A circuit breaker could not be read");
                Err(rests(now + GLANCE, now))
            }
        }
    }

    /// Takes the right to try; one of all processes gets it.
    async fn probe(self: &Arc<Self>, now: DateTime<Utc>) -> Result<Option<Probe>, DbErr> {
        let until = now + PROBE;
        let won = self
            .update()
            .col_expr(circuit_breaker::Column::State, Expr::value(CircuitState::HalfOpen))
            .col_expr(circuit_breaker::Column::RetryAt, Expr::value(Some(until)))
            .filter(circuit_breaker::Column::State.ne(CircuitState::Closed))
            .filter(circuit_breaker::Column::RetryAt.lte(now))
            .exec(&self.db)
            .await?;
        if won.rows_affected == 0 {
            return Ok(None);
        }
        *self.seen() = Seen::HalfOpen(until);
        Ok(Some(Probe { circuit: self.clone(), until }))
    }

    /// Lets the next one try at once.
    async fn give_back(&self, until: DateTime<Utc>) {
        let given = self
            .update()
            .col_expr(circuit_breaker::Column::RetryAt, Expr::value(Some(self.clock.now())))
            .filter(circuit_breaker::Column::State.eq(CircuitState::HalfOpen))
            .filter(circuit_breaker::Column::RetryAt.eq(until))
            .exec(&self.db)
            .await;
        if let Err(error) = given {
            tracing::warn!(%error, "The right to try a finance app could not be given back; others wait until its time is over");
        }
    }

    fn update(&self) -> UpdateMany<circuit_breaker::Entity> {
        circuit_breaker::Entity::update_many()
            .filter(circuit_breaker::Column::OrganizationId.eq(self.organization_id))
            .filter(circuit_breaker::Column::IntegrationId.eq(self.integration_id))
    }

    /// A request was answered.
    pub async fn answered(&self) {
        {
            let mut seen = self.seen();
            match *seen {
                Seen::Closed(_) => {
                    *seen = Seen::Closed(0);
                    return;
                }
                // A late answer to a request from before.
                Seen::Open(_) => return,
                Seen::HalfOpen(_) => *seen = Seen::Closed(0),
            }
        }
        let closed = self
            .update()
            .col_expr(circuit_breaker::Column::State, Expr::value(CircuitState::Closed))
            .col_expr(circuit_breaker::Column::Openings, Expr::value(0))
            .col_expr(circuit_breaker::Column::OpenedAt, Expr::value(Option::<DateTime<Utc>>::None))
            .col_expr(circuit_breaker::Column::RetryAt, Expr::value(Option::<DateTime<Utc>>::None))
            .col_expr(circuit_breaker::Column::Reason, Expr::value(Option::<String>::None))
            .exec(&self.db)
            .await;
        match closed {
            Ok(_) => tracing::info!(integration = %self.integration_id, "A finance app answers again"),
            Err(error) => tracing::warn!(%error, "A circuit breaker could not be closed"),
        }
    }

    /// A request was not answered.
    pub async fn unanswered(&self, failure: &Failure) {
        {
            let mut seen = self.seen();
            match *seen {
                Seen::Closed(before) if before + 1 < PATIENCE => {
                    *seen = Seen::Closed(before + 1);
                    return;
                }
                Seen::Open(_) => return,
                Seen::Closed(_) | Seen::HalfOpen(_) => {}
            }
        }
        if let Err(error) = self.open(failure).await {
            tracing::warn!(%error, "A circuit breaker could not be opened");
        }
    }

    async fn open(&self, failure: &Failure) -> Result<(), DbErr> {
        use circuit_breaker::Column;
        let now = self.clock.now();
        let transaction = begin_write(&self.db).await?;
        let row = circuit_breaker::ActiveModel {
            organization_id: Set(self.organization_id),
            id: Set(self.ids.uuid()),
            integration_id: Set(self.integration_id),
            state: Set(CircuitState::Closed),
            openings: Set(0),
            opened_at: Set(None),
            retry_at: Set(None),
            reason: Set(None),
        };
        circuit_breaker::Entity::insert_many([row])
            .on_conflict(
                OnConflict::columns([Column::OrganizationId, Column::IntegrationId]).do_nothing().to_owned(),
            )
            .exec_without_returning(&transaction)
            .await?;
        let known = circuit_breaker::Entity::of(self.organization_id)
            .filter(Column::IntegrationId.eq(self.integration_id))
            .lock_exclusive()
            .one(&transaction)
            .await?
            .ok_or_else(|| DbErr::RecordNotFound("the circuit breaker".to_owned()))?;
        // Another process may have opened it a moment ago, for the same outage.
        if known.state == CircuitState::Open && known.retry_at.is_some_and(|retry_at| now < retry_at) {
            transaction.commit().await?;
            self.learn(Some(&known));
            return Ok(());
        }
        let openings = known.openings.saturating_add(1);
        let retry_at = now + rest(openings);
        let opened_at = known.opened_at.unwrap_or(now);
        let mut row = known.into_active_model();
        row.state = Set(CircuitState::Open);
        row.openings = Set(openings);
        row.opened_at = Set(Some(opened_at));
        row.retry_at = Set(Some(retry_at));
        row.reason = Set(Some(failure.message.chars().take(REASON).collect()));
        let row = row.update(&transaction).await?;
        transaction.commit().await?;
        self.learn(Some(&row));
        tracing::warn!(integration = %self.integration_id, %failure, %retry_at, "A finance app does not answer and is left alone");
        Ok(())
    }
}

fn rest(openings: i32) -> TimeDelta {
    (FIRST_REST * (1 << (openings - 1).clamp(0, 8))).min(LONGEST_REST)
}

fn rests(until: DateTime<Utc>, now: DateTime<Utc>) -> Failure {
    let at = until.format("%Y-%m-%dT%H:%M:%SZ");
    let message = format!("the finance app did not answer several times in a row; it is asked again at {at}");
    wait(until, now, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_grow_up_to_a_bound() {
        let seconds: Vec<i64> = [1, 2, 3, 5, 6, i32::MAX].map(|opening| rest(opening).num_seconds()).to_vec();
        assert_eq!(seconds, [15, 30, 60, 240, 300, 300]);
    }
}
