//! The account of a finance organization in the database: one row, which processes change one after the other.
//!
//! What is taken counts from the moment in which it is taken until a minute after it was used, or could have been used. So
//! no sixty seconds hold more requests than the limit, whoever sends them, and a process that dies has only spent what it
//! had taken.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use finbridge_contract::{Limit, Quota};
use finbridge_domain::{Clock, Ids};
use finbridge_entity::criteria::next_midnight;
use finbridge_entity::types::QuotaLimit;
use finbridge_entity::{Scoped, begin_write, finance_organization, request_budget};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseConnection, DatabaseTransaction, DbErr, EntityTrait,
    IntoActiveModel, QueryFilter, QuerySelect, Set,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::Priority;
use super::window::{Window, reserve, usable};

/// Requests that are taken at once. Fewer for people, because theirs are few.
const BLOCK: u32 = 10;
const PERSONS_BLOCK: u32 = 5;

/// How long what was taken may be used.
pub(super) const USABLE: TimeDelta = TimeDelta::seconds(5);

/// How long a request may be under way at most, after it could be begun: longer than any caller waits, first for an access
/// token that another process renews or that it renews itself, then for the answer.
const LONGEST: TimeDelta = TimeDelta::seconds(80);

/// How long one waits for others' requests to end.
const BREATHER: TimeDelta = TimeDelta::seconds(1);

/// What a process did with what it had taken.
#[derive(Debug, Default, Clone)]
pub(super) struct Report {
    /// Requests by the second that they were booked in, and the second in which they ended.
    pub done: Vec<(i64, i64, u32)>,
    /// What was not used, by the second it was booked in and the end of the day that it was counted in.
    pub unused: Vec<(i64, DateTime<Utc>, u32)>,
    /// Requests of the process that are under way.
    pub in_flight: u32,
    /// Whether the process has no request under way and wants none.
    pub is_idle: bool,
}

/// What was taken.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taken {
    pub requests: u32,
    pub usable_until: DateTime<Utc>,
    /// The second that it is booked in.
    pub booked: i64,
    pub day_ends_at: DateTime<Utc>,
    /// How many requests the process may have under way.
    pub slots: u32,
}

/// Nothing is to be had.
#[derive(Debug, Clone, Copy)]
pub(super) struct Denied {
    pub until: DateTime<Utc>,
    pub limit: QuotaLimit,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Holder {
    id: Uuid,
    slots: u32,
    until: DateTime<Utc>,
}

/// The way to the row.
pub(super) struct Ledger {
    pub db: DatabaseConnection,
    pub clock: Arc<dyn Clock>,
    ids: Ids,
    organization_id: Uuid,
    finance_organization_id: Uuid,
    zone: Option<String>,
    pub quota: Quota,
    /// By which the row knows this process.
    holder: Uuid,
}

impl Ledger {
    pub fn new(
        db: DatabaseConnection,
        clock: Arc<dyn Clock>,
        organization: &finance_organization::Model,
        quota: Quota,
    ) -> Self {
        let ids = Ids::new(clock.clone());
        Self {
            holder: ids.uuid(),
            db,
            clock,
            ids,
            organization_id: organization.organization_id,
            finance_organization_id: organization.id,
            zone: organization.time_zone.clone(),
            quota,
        }
    }

    /// How many requests of nobody in particular one process may have under way: half of what there is, so that two
    /// processes share.
    pub fn share(&self) -> u32 {
        match self.quota.concurrent {
            0 => u32::MAX,
            limit => (usable(limit, Priority::Background) / 2).max(1),
        }
    }

    /// Tells what was done, and takes more where it is wanted.
    pub async fn settle(
        &self,
        report: &Report,
        wanted: Option<Priority>,
    ) -> Result<Option<Result<Taken, Denied>>, DbErr> {
        let transaction = begin_write(&self.db).await?;
        let row = self.row(&transaction).await?;
        let now = self.clock.now();
        let mut window: Window = serde_json::from_value(row.seconds.clone()).unwrap_or_default();
        let mut holders: Vec<Holder> = serde_json::from_value(row.holders.clone()).unwrap_or_default();
        let (mut day_used, mut day_ends_at) = (row.day_used, row.day_ends_at);
        for (booked, ended, requests) in &report.done {
            window.remove(*booked, *requests);
            window.add(*ended, *requests);
        }
        for (booked, day, requests) in &report.unused {
            window.remove(*booked, *requests);
            if *day == day_ends_at {
                day_used = day_used.saturating_sub_unsigned(*requests).max(0);
            }
        }
        window.forget(now);
        holders.retain(|holder| holder.until > now && !(report.is_idle && holder.id == self.holder));
        if now >= day_ends_at {
            (day_used, day_ends_at) = (0, next_midnight(self.zone.as_deref(), now));
        }
        let outcome = wanted.map(|priority| {
            let closed = row.closed_until.zip(row.closed_by).filter(|(until, _)| *until > now);
            if let Some((until, limit)) = closed {
                return Err(Denied { until, limit });
            }
            let used = u32::try_from(day_used).unwrap_or_default();
            let requests = self.room(&window, used, day_ends_at, row.day_limit, priority, now)?;
            // What is under way was begun with more places, and goes on.
            let slots = self.slots(&holders, priority, now)?.max(report.in_flight);
            let booked = (now + USABLE + LONGEST).timestamp();
            window.add(booked, requests);
            day_used = day_used.saturating_add_unsigned(requests);
            if self.quota.concurrent > 0 {
                holders.retain(|holder| holder.id != self.holder);
                holders.push(Holder { id: self.holder, slots, until: now + USABLE + LONGEST });
            }
            // It is counted in this day, so it is used in this day.
            let usable_until = (now + USABLE).min(day_ends_at);
            Ok(Taken { requests, usable_until, booked, day_ends_at, slots })
        });
        let mut row = row.into_active_model();
        row.seconds = Set(json!(window));
        row.holders = Set(json!(holders));
        row.day_used = Set(day_used);
        row.day_ends_at = Set(day_ends_at);
        row.update(&transaction).await?;
        transaction.commit().await?;
        Ok(outcome)
    }

    /// How many requests may be taken.
    fn room(
        &self,
        window: &Window,
        day_used: u32,
        day_ends_at: DateTime<Utc>,
        told: Option<i32>,
        priority: Priority,
        now: DateTime<Utc>,
    ) -> Result<u32, Denied> {
        let mut block = if priority == Priority::Person { PERSONS_BLOCK } else { BLOCK };
        let told = told.and_then(|limit| u32::try_from(limit).ok()).filter(|limit| *limit > 0);
        let per_day = match (self.quota.per_day, told) {
            (0, _) => None,
            (limit, Some(told)) => Some(limit.min(told)),
            (limit, None) => Some(limit),
        };
        if let Some(limit) = per_day {
            block = block.min(usable(limit, priority).saturating_sub(day_used));
            if block == 0 {
                return Err(Denied { until: day_ends_at, limit: QuotaLimit::Day });
            }
        }
        if self.quota.per_minute > 0 {
            let limit = usable(self.quota.per_minute, priority);
            block = block.min(limit.saturating_sub(window.count(now)));
            if block == 0 {
                // Runs begin again when there is room for some more, and not for each single request.
                let wanted = if priority == Priority::Person { 1 } else { (limit / 4).max(1) };
                let until = window.falls_to(limit - wanted, now);
                return Err(Denied { until, limit: QuotaLimit::Minute });
            }
        }
        Ok(block)
    }

    /// How many requests this process may have under way.
    fn slots(&self, holders: &[Holder], priority: Priority, now: DateTime<Utc>) -> Result<u32, Denied> {
        if self.quota.concurrent == 0 {
            return Ok(u32::MAX);
        }
        let others: u32 =
            holders.iter().filter(|holder| holder.id != self.holder).map(|holder| holder.slots).sum();
        let wanted = match priority {
            Priority::Person => self.share() + reserve(self.quota.concurrent),
            Priority::Background => self.share(),
        };
        let free = usable(self.quota.concurrent, priority).saturating_sub(others).min(wanted);
        if free == 0 {
            return Err(Denied { until: now + BREATHER, limit: QuotaLimit::Concurrency });
        }
        Ok(free)
    }

    /// Nobody takes anything before this instant.
    pub async fn close(&self, limit: Limit, until: DateTime<Utc>) -> Result<(), DbErr> {
        let transaction = begin_write(&self.db).await?;
        let row = self.row(&transaction).await?;
        if row.closed_until.is_none_or(|closed| closed < until) {
            let mut row = row.into_active_model();
            row.closed_until = Set(Some(until));
            row.closed_by = Set(Some(stored(limit)));
            row.update(&transaction).await?;
        }
        transaction.commit().await
    }

    /// Keeps the daily limit that the finance app told.
    pub async fn told(&self, per_day: u32) -> Result<(), DbErr> {
        let transaction = begin_write(&self.db).await?;
        let row = self.row(&transaction).await?;
        let limit = i32::try_from(per_day).ok();
        if row.day_limit != limit {
            let mut row = row.into_active_model();
            row.day_limit = Set(limit);
            row.update(&transaction).await?;
        }
        transaction.commit().await
    }

    /// The row, which nobody else changes until the transaction ends.
    async fn row(&self, transaction: &DatabaseTransaction) -> Result<request_budget::Model, DbErr> {
        let known = request_budget::Entity::of(self.organization_id)
            .filter(request_budget::Column::FinanceOrganizationId.eq(self.finance_organization_id))
            .lock_exclusive();
        if let Some(row) = known.clone().one(transaction).await? {
            return Ok(row);
        }
        let now = self.clock.now();
        let row = request_budget::ActiveModel {
            organization_id: Set(self.organization_id),
            id: Set(self.ids.uuid()),
            finance_organization_id: Set(self.finance_organization_id),
            seconds: Set(json!([])),
            holders: Set(json!([])),
            day_used: Set(0),
            day_ends_at: Set(next_midnight(self.zone.as_deref(), now)),
            day_limit: Set(None),
            closed_until: Set(None),
            closed_by: Set(None),
        };
        use request_budget::Column;
        request_budget::Entity::insert_many([row])
            .on_conflict(
                OnConflict::columns([Column::OrganizationId, Column::FinanceOrganizationId])
                    .do_nothing()
                    .to_owned(),
            )
            .exec_without_returning(transaction)
            .await?;
        known.one(transaction).await?.ok_or_else(|| DbErr::RecordNotFound("the request budget".to_owned()))
    }
}

/// The limit as it is stored.
pub(super) fn stored(limit: Limit) -> QuotaLimit {
    match limit {
        Limit::Minute => QuotaLimit::Minute,
        Limit::User => QuotaLimit::User,
        Limit::Day => QuotaLimit::Day,
        Limit::Concurrency => QuotaLimit::Concurrency,
    }
}
