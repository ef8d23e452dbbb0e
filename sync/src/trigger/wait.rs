//! What is waited for, how long, and when it is given up.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use finbridge_contract::{Failure, FailureKind};
use finbridge_entity::deal_event;
use uuid::Uuid;

use super::code::{Code, final_code};
use super::hold::{Held, LEASE};
use super::log::Line;
use crate::engine::Engine;
use crate::error::SyncError;
use crate::run;

/// Tries of a finance app that does not answer, with pauses of 1 s, 2 s, 4 s … and of whatever it asks for; then the matter is settled
/// as failed. Whatever else happens to the deal brings further tries, so that the time counts as well.
const MOST_TRIES: i32 = 10;

/// How long a finance app that does not answer is tried at least: about what those pauses come to.
const PATIENCE: TimeDelta = TimeDelta::minutes(8);

/// How long something is waited for that takes its time and comes to its end: a limit of requests that thousands of deals share, or a
/// document that somebody else is about to make.
const DAY: TimeDelta = TimeDelta::hours(24);

/// Looks at a customer that somebody else is making, before a trigger goes on without it.
const MOST_LOOKS: i32 = 300;

/// The longest pause between two of them.
const LOOK_AGAIN: TimeDelta = TimeDelta::seconds(2);

/// How far apart those come who look at the same customer: at the same moment they would only wait for each other.
const APART: TimeDelta = TimeDelta::milliseconds(500);

/// Integrations that wait with what happened to a deal, and so with everything that happened to it since; and how long
/// until the first of them may go on.
#[derive(Default)]
pub(super) struct Waits {
    pub(super) integrations: BTreeSet<Uuid>,
    pub(super) pause: Option<TimeDelta>,
}

impl Waits {
    pub(super) fn add(&mut self, integration_id: Uuid, pause: TimeDelta) {
        self.integrations.insert(integration_id);
        // The others must not have to wait for the one that waits longest.
        self.pause = Some(self.pause.map_or(pause, |known| known.min(pause)));
    }
}

/// What came of looking at an event; what is left to be done of it grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Came {
    /// It is settled, and that is written down.
    Closed,
    /// It is settled.
    Settled,
    /// Something waits that could not even be tried.
    Untried,
    /// Something waits that was tried.
    Tried,
}

/// A pause before the next try.
pub(super) struct Pause {
    /// How long.
    pub(super) length: TimeDelta,
    /// What the try that came before it was.
    pub(super) came: Came,
}

/// How often something was tried for an event, this time included. Attempts that a limit ended are none: were they, a large import
/// would use them up while it waits for its turn.
fn tries(event: &deal_event::Model) -> i32 {
    event.attempts - event.limited
}

/// The pause before somebody looks again at a customer that somebody else is making; none where that was done often enough.
pub(super) fn look_again(event: &deal_event::Model) -> Option<TimeDelta> {
    let tries = tries(event);
    (tries < MOST_LOOKS).then(|| backoff(tries).min(LOOK_AGAIN) + jitter(event, APART))
}

/// The pause before somebody looks again whether an act about a deleted deal is over; none where it has had a day for it.
pub(super) fn see_again(engine: &Engine, event: &deal_event::Model) -> Option<TimeDelta> {
    let may_wait = engine.clock.now() < event.occurred_at + DAY;
    may_wait.then(|| backoff(event.attempts))
}

/// What an error comes to: the line that settles the matter, or a pause after which it is tried again.
pub(super) async fn failed(
    held: &Held<'_>,
    integration_id: Uuid,
    line: Line,
    error: SyncError,
) -> Result<Result<Line, Pause>, SyncError> {
    let (engine, event) = (held.engine, &held.event);
    match error {
        SyncError::Finance(failure) => match final_code(&failure) {
            None if !is_spent(engine, event, &failure) => {
                tracing::warn!(deal = %event.deal_id, %failure, attempts = event.attempts, "A trigger waits for the finance app");
                Ok(Err(pause(engine, event, integration_id, &failure)))
            }
            code => {
                if code == Some(Code::ReconnectNeeded) {
                    run::mark_reconnect_needed(engine, event.organization_id, integration_id).await?;
                }
                Ok(Ok(line.failed(code.unwrap_or(Code::FinanceUnavailable), &failure)))
            }
        },
        error @ (SyncError::Database(_) | SyncError::Queue(_)) => Err(error),
        error => {
            tracing::error!(deal = %event.deal_id, error = &error as &dyn std::error::Error, "A trigger cannot be carried out");
            Ok(Ok(line.failed_here(Code::NotPossible)))
        }
    }
}

/// Whether the finance app was asked often and long enough. Of a limit the number of tries says nothing, for nothing was done in them.
fn is_spent(engine: &Engine, event: &deal_event::Model, failure: &Failure) -> bool {
    let age = engine.clock.now() - event.occurred_at;
    match failure.kind {
        FailureKind::RateLimited { .. } => age >= DAY,
        _ => tries(event) >= MOST_TRIES && age >= PATIENCE,
    }
}

/// How long a failure that may pass is waited for.
fn pause(engine: &Engine, event: &deal_event::Model, integration_id: Uuid, failure: &Failure) -> Pause {
    let (length, came) = match failure.kind {
        // A limit ends at one moment for all who wait for it: the longer they wait, the further apart they come.
        FailureKind::RateLimited { retry_after } => {
            let apart = backoff(event.limited + 1);
            let asked = retry_after.map_or(apart, |pause| TimeDelta::from_std(pause).unwrap_or(LEASE));
            (asked + jitter(event, apart), Came::Untried)
        }
        _ => (backoff(tries(event)), Came::Tried),
    };
    let rest = engine.budgets.rests_until(event.organization_id, integration_id);
    let length = rest.map_or(length, |until| length.max(until - engine.clock.now()));
    Pause { length, came }
}

/// 1 s, 2 s, 4 s … at most 5 minutes.
fn backoff(tries: i32) -> TimeDelta {
    TimeDelta::seconds(1 << tries.saturating_sub(1).clamp(0, 8)).min(TimeDelta::minutes(5))
}

/// A part of this time, another one for each event and always the same.
fn jitter(event: &deal_event::Model, within: TimeDelta) -> TimeDelta {
    let [.., high, low] = *event.id.as_bytes();
    let share = i64::from(u16::from_be_bytes([high, low]));
    TimeDelta::milliseconds(within.num_milliseconds() * share / i64::from(u16::MAX))
}
