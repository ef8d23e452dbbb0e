//! What this process has taken of a finance organization's limits, and what it did with it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use finbridge_contract::{Failure, FailureKind, Limit, Quota};
use finbridge_domain::Clock;
use finbridge_entity::finance_organization;
use finbridge_entity::types::QuotaLimit;
use sea_orm::{DatabaseConnection, DbErr};
use tokio::sync::{Notify, OwnedMutexGuard};
use tracing::Instrument;

use super::ledger::{Denied, Ledger, Report, Taken, stored};
use super::{Priority, wait};

/// After so long without a request what was taken goes back.
const IDLE: TimeDelta = TimeDelta::seconds(2);

/// The account of one finance organization in this process.
pub(super) struct Account {
    ledger: Ledger,
    local: Mutex<Local>,
    /// One at a time takes more; the others use what it brings.
    taking: Arc<tokio::sync::Mutex<()>>,
    /// A request ended.
    ended: Notify,
}

#[derive(Default)]
struct Local {
    /// What is left of what was taken, for people and for nobody in particular.
    persons: Option<Taken>,
    background: Option<Taken>,
    slots: u32,
    in_flight: u32,
    /// Whether the row holds a place for this process.
    is_holder: bool,
    /// Requests that ended, by the second they were booked in and the second they ended in.
    done: BTreeMap<(i64, i64), u32>,
    unused: Vec<(i64, DateTime<Utc>, u32)>,
    denied: Option<(Denied, Priority)>,
    closed: Option<Denied>,
    last_taken: Option<DateTime<Utc>>,
    per_day: Option<u32>,
}

impl Local {
    fn left(&mut self, priority: Priority) -> &mut Option<Taken> {
        match priority {
            Priority::Person => &mut self.persons,
            Priority::Background => &mut self.background,
        }
    }

    /// Sets aside what may not be used any more, or, when nobody wants it, what is left.
    fn give_up(&mut self, now: DateTime<Utc>, all: bool) {
        for priority in [Priority::Person, Priority::Background] {
            let over = self.left(priority).take_if(|taken| all || now >= taken.usable_until);
            if let Some(taken) = over.filter(|taken| taken.requests > 0) {
                self.unused.push((taken.booked, taken.day_ends_at, taken.requests));
            }
        }
    }

    /// What has to be told; until it is, nobody else tells it.
    fn report(&mut self, now: DateTime<Utc>, is_idle: bool) -> Report {
        self.give_up(now, is_idle);
        let done = std::mem::take(&mut self.done);
        let done = done.into_iter().map(|((booked, ended), requests)| (booked, ended, requests)).collect();
        Report { done, unused: std::mem::take(&mut self.unused), in_flight: self.in_flight, is_idle }
    }

    /// Whether there is something to be given back that nobody has wanted for a while.
    fn is_idle(&self, now: DateTime<Utc>) -> bool {
        let rests = self.last_taken.is_none_or(|last| now - last >= IDLE);
        rests && self.in_flight == 0 && !self.is_empty()
    }

    fn is_empty(&self) -> bool {
        let nothing_taken = self.persons.is_none() && self.background.is_none() && self.in_flight == 0;
        nothing_taken && !self.is_holder && self.done.is_empty() && self.unused.is_empty()
    }
}

/// A request under way; it has ended when this is dropped.
pub(super) struct Held {
    account: Arc<Account>,
    booked: i64,
}

impl Drop for Held {
    fn drop(&mut self) {
        let now = self.account.ledger.clock.now();
        {
            let mut local = self.account.local();
            local.in_flight -= 1;
            *local.done.entry((self.booked, now.timestamp())).or_default() += 1;
        }
        self.account.ended.notify_waiters();
    }
}

enum Attempt {
    Held(Held),
    /// As many requests are under way as may be.
    Busy,
    /// Nothing is left of what was taken.
    Empty,
}

impl Account {
    pub fn new(
        db: DatabaseConnection,
        clock: Arc<dyn Clock>,
        organization: &finance_organization::Model,
        quota: Quota,
    ) -> Self {
        Self {
            ledger: Ledger::new(db, clock, organization, quota),
            local: Mutex::default(),
            taking: Arc::default(),
            ended: Notify::new(),
        }
    }

    fn local(&self) -> MutexGuard<'_, Local> {
        self.local.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there is nothing that the row would have to be told.
    pub fn is_empty(&self) -> bool {
        self.local().is_empty()
    }

    /// Admits one request.
    pub async fn admit(self: &Arc<Self>, priority: Priority) -> Result<Held, Failure> {
        loop {
            let mut ended = std::pin::pin!(self.ended.notified());
            // From here on no end is missed.
            ended.as_mut().enable();
            match self.attempt(priority)? {
                Attempt::Held(held) => return Ok(held),
                Attempt::Busy => {
                    ended.await;
                    continue;
                }
                Attempt::Empty => {}
            }
            let alone = self.taking.clone().lock_owned().await;
            // Somebody else may have brought something meanwhile.
            match self.attempt(priority)? {
                Attempt::Held(held) => return Ok(held),
                Attempt::Busy => {}
                Attempt::Empty => self.take_whole(priority, alone).await?,
            }
        }
    }

    /// Takes more, to the end, even where who wants it gives up meanwhile: what is told and what is taken must not get lost
    /// with them.
    async fn take_whole(
        self: &Arc<Self>,
        priority: Priority,
        alone: OwnedMutexGuard<()>,
    ) -> Result<(), Failure> {
        let account = self.clone();
        let taking = async move {
            let taken = account.take(priority).await;
            drop(alone);
            taken
        };
        match tokio::spawn(taking.in_current_span()).await {
            Ok(taken) => taken,
            Err(error) => {
                tracing::warn!(%error, "Taking requests out of a budget was interrupted");
                let message = "the request budget could not be read to the end";
                Err(Failure::new(FailureKind::Unavailable, message))
            }
        }
    }

    fn attempt(self: &Arc<Self>, priority: Priority) -> Result<Attempt, Failure> {
        let now = self.ledger.clock.now();
        let share = self.ledger.share();
        let mut local = self.local();
        let denied = local.denied.filter(|(_, whom)| *whom == priority || *whom == Priority::Person);
        for denied in local.closed.into_iter().chain(denied.map(|(denied, _)| denied)) {
            if now < denied.until {
                return Err(refused(denied, now));
            }
        }
        let slots = match priority {
            Priority::Person => local.slots,
            Priority::Background => local.slots.min(share),
        };
        let in_flight = local.in_flight;
        let taken = match local.left(priority) {
            Some(taken) if taken.requests > 0 && now < taken.usable_until => taken,
            _ => return Ok(Attempt::Empty),
        };
        if in_flight >= slots {
            return Ok(Attempt::Busy);
        }
        taken.requests -= 1;
        let booked = taken.booked;
        local.in_flight += 1;
        local.last_taken = Some(now);
        drop(local);
        Ok(Attempt::Held(Held { account: self.clone(), booked }))
    }

    /// Takes more out of the row.
    async fn take(&self, priority: Priority) -> Result<(), Failure> {
        let now = self.ledger.clock.now();
        let report = self.local().report(now, false);
        let settled = self.ledger.settle(&report, Some(priority)).await;
        let mut local = self.local();
        match settled {
            Ok(Some(Ok(taken))) => {
                local.is_holder = taken.slots < u32::MAX;
                local.slots = taken.slots;
                local.denied = None;
                // What was left of the one before cannot be used up any more: it was empty, or its time is over.
                *local.left(priority) = Some(taken);
                Ok(())
            }
            Ok(Some(Err(denied))) => {
                local.denied = Some((denied, priority));
                Err(refused(denied, now))
            }
            Ok(None) => Ok(()),
            Err(error) => {
                put_back(&mut local, report);
                tracing::warn!(%error, "A request budget could not be read");
                let message = "the request budget cannot be read from the database";
                Err(Failure::new(FailureKind::Unavailable, message))
            }
        }
    }

    /// Tells the row what was done, once nothing more is done.
    pub async fn settle(&self) -> Result<(), DbErr> {
        let now = self.ledger.clock.now();
        if !self.local().is_idle(now) {
            return Ok(());
        }
        let _alone = self.taking.lock().await;
        let report = {
            // Under one lock, so that no request begins in between.
            let mut local = self.local();
            if !local.is_idle(now) {
                return Ok(());
            }
            local.report(now, true)
        };
        let settled = self.ledger.settle(&report, None).await;
        let mut local = self.local();
        match settled {
            Ok(_) => {
                local.is_holder = false;
                Ok(())
            }
            Err(error) => {
                put_back(&mut local, report);
                Err(error)
            }
        }
    }

    /// The finance app asked to wait.
    pub async fn close(&self, limit: Limit, wait: Duration) {
        let now = self.ledger.clock.now();
        let until =
            TimeDelta::from_std(wait).ok().and_then(|wait| now.checked_add_signed(wait)).unwrap_or(now);
        let denied = Denied { until, limit: stored(limit) };
        {
            let mut local = self.local();
            if local.closed.is_none_or(|closed| closed.until < until) {
                local.closed = Some(denied);
            }
        }
        tracing::warn!(limit = ?denied.limit, %until, "A finance app accepts no more requests of an organization");
        if let Err(error) = self.ledger.close(limit, until).await {
            tracing::warn!(%error, "Other processes could not be told that a finance app asks to wait");
        }
    }

    /// The finance app told how many requests the organization has a day.
    pub async fn told(&self, per_day: u32) {
        if self.local().per_day.replace(per_day) == Some(per_day) {
            return;
        }
        if let Err(error) = self.ledger.told(per_day).await {
            tracing::warn!(%error, "An organization's daily limit could not be kept");
            self.local().per_day = None;
        }
    }
}

/// Puts back what could not be told, to be told later.
fn put_back(local: &mut Local, report: Report) {
    for (booked, ended, requests) in report.done {
        *local.done.entry((booked, ended)).or_default() += requests;
    }
    local.unused.extend(report.unused);
}

fn refused(denied: Denied, now: DateTime<Utc>) -> Failure {
    let what = match denied.limit {
        QuotaLimit::Minute => "the requests of the last minute are as many as the finance app takes",
        QuotaLimit::User => "the finance app blocks this user for a while because of too many requests",
        QuotaLimit::Day => "the finance organization's requests of this day are spent",
        QuotaLimit::Concurrency => "as many requests are under way as the finance app takes at the same time",
    };
    wait(
        denied.until,
        now,
        format!("{what}; it is asked again at {}", denied.until.format("%Y-%m-%dT%H:%M:%SZ")),
    )
}
