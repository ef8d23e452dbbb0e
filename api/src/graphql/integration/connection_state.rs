//! How a connection stands: whether the finance app answers, and what it may still be asked.

use async_graphql::{Context, Enum, Object, Result, SimpleObject};
use chrono::Utc;
use finbridge_contract::Quota;
use finbridge_entity::integration;
use finbridge_entity::types::{CircuitState, IntegrationState as State, QuotaLimit};
use finbridge_sync::budget::{Spent, spent};

use crate::graphql::context::Asked;
use crate::graphql::loader::failed;
use crate::graphql::loader::{Connected, Known};
use crate::graphql::scalar::DateTime;

/// Whether the finance app is asked.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "CircuitState")]
pub enum ConnectionCircuit {
    /// It is.
    Closed,
    /// It did not answer several times in a row and is left alone until `retryAt`. Runs wait, and none fails for it.
    Open,
    /// One request tries whether it answers again.
    HalfOpen,
}

/// A limit of a finance app.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "QuotaLimit")]
pub enum ConnectionLimit {
    /// Requests of the finance organization in any sixty seconds.
    Minute,
    /// Requests of the connected person in a minute; blocks for about an hour.
    User,
    /// Requests of the finance organization in a day.
    Day,
    /// Requests at the same time.
    Concurrency,
}

/// How much of a limit is spent. All connections to the finance organization share it.
#[derive(SimpleObject, Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestQuota {
    /// Requests that the finance app takes; null when nothing limits them.
    limit: Option<u32>,
    /// Requests that were made, those included that may still be sent at this moment.
    used: u32,
    /// Requests that are left; null when nothing limits them. A part of them is kept back for what people wait for.
    left: Option<u32>,
}

impl RequestQuota {
    fn of(limit: u32, used: u32) -> Self {
        let limit = (limit > 0).then_some(limit);
        Self { limit, used, left: limit.map(|limit| limit.saturating_sub(used)) }
    }
}

/// How a connection stands.
pub struct ConnectionState {
    integration: integration::Model,
    known: Known,
    quota: Quota,
    now: chrono::DateTime<Utc>,
}

impl ConnectionState {
    /// The state of this integration's connection.
    ///
    /// # Errors
    /// The database's.
    pub async fn load(ctx: &Context<'_>, integration: &integration::Model) -> Result<Self> {
        let key = Connected {
            integration_id: integration.id,
            finance_organization_id: integration.finance_organization_id,
        };
        let known = ctx.loaders()?.connections().load_one(key).await.map_err(failed)?.unwrap_or_default();
        let services = ctx.services()?;
        let connector = services.engine.connectors.get(&integration.app_key);
        let quota = connector.map_or(Quota::UNLIMITED, |connector| connector.quota());
        Ok(Self { integration: integration.clone(), known, quota, now: services.clock().now() })
    }

    fn spent(&self) -> Spent {
        match &self.known.budget {
            Some(row) => spent(row, self.now),
            None => Spent { minute: 0, day: 0, per_day: None },
        }
    }
}

/// How a connection stands: whether the finance app answers, and what it may still be asked.
#[Object]
impl ConnectionState {
    /// Whether the finance app is asked.
    async fn circuit(&self) -> ConnectionCircuit {
        self.known.circuit.as_ref().map_or(CircuitState::Closed, |row| row.state).into()
    }

    /// Since when the finance app does not answer; null while it does.
    async fn opened_at(&self) -> Option<DateTime> {
        self.known.circuit.as_ref().and_then(|row| row.opened_at).map(DateTime)
    }

    /// When it is asked again; null while it answers.
    async fn retry_at(&self) -> Option<DateTime> {
        self.known.circuit.as_ref().and_then(|row| row.retry_at).map(DateTime)
    }

    /// What failed last; null while it answers.
    async fn reason(&self) -> Option<&str> {
        self.known.circuit.as_ref().and_then(|row| row.reason.as_deref())
    }

    /// Whether the finance app refuses the stored credential, so that it has to be connected again with a new key.
    async fn is_reconnect_needed(&self) -> bool {
        self.integration.state == State::ReconnectNeeded
    }

    /// Requests of the last sixty seconds.
    async fn minute(&self) -> RequestQuota {
        RequestQuota::of(self.quota.per_minute, self.spent().minute)
    }

    /// Requests of the day, which ends at midnight in the finance organization's zone.
    async fn day(&self) -> RequestQuota {
        let spent = self.spent();
        let limit = match spent.per_day.filter(|told| *told > 0) {
            Some(told) if self.quota.per_day > 0 => self.quota.per_day.min(told),
            _ => self.quota.per_day,
        };
        RequestQuota::of(limit, spent.day)
    }

    /// Until when the finance app asked to be left alone; null when it did not.
    async fn closed_until(&self) -> Option<DateTime> {
        let until = self.known.budget.as_ref().and_then(|row| row.closed_until);
        until.filter(|until| self.now < *until).map(DateTime)
    }

    /// The limit for which it asked that; null when it did not.
    async fn closed_by(&self) -> Option<ConnectionLimit> {
        let row = self.known.budget.as_ref()?;
        row.closed_until.filter(|until| self.now < *until)?;
        row.closed_by.map(Into::into)
    }

    /// Since when the finance app can tell of changes by webhooks, at the address in force; null when it has none.
    async fn webhook_enabled_at(&self) -> Option<DateTime> {
        self.known.webhook.as_ref().map(|row| DateTime(row.created_at))
    }
}
