//! What finance apps may be asked, counted for all processes in the database.
//!
//! A process takes a few requests at a time out of a finance organization's account (`account`, `ledger`), so that not
//! every request costs a write; what it does not use goes back. A connection that was not answered several times in a row
//! rests (`circuit`). Access tokens are renewed by one process for all (`tokens`).

mod account;
mod circuit;
mod ledger;
mod tokens;
mod window;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use finbridge_contract::{Budget, Failure, FailureKind, Limit, Permit, Quota, TokenStore};
use finbridge_domain::Clock;
use finbridge_entity::criteria::next_midnight;
use finbridge_entity::{finance_organization, integration, request_budget};
use sea_orm::{DatabaseConnection, DbErr};
use uuid::Uuid;

use crate::engine::Vault;
use account::Account;
use circuit::Circuit;
use tokens::SharedToken;
pub(crate) use window::{COUNTED, usable};

/// Who waits for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Priority {
    /// A person. A part of every limit is kept back for people.
    Person,
    /// Nobody in particular.
    Background,
}

type Key = (Uuid, Uuid);

/// The accounts and circuits of this process. Bounded by the finance organizations and integrations that it works for.
pub struct Budgets {
    db: DatabaseConnection,
    clock: Arc<dyn Clock>,
    vault: Arc<dyn Vault>,
    accounts: Mutex<HashMap<Key, Arc<Account>>>,
    circuits: Mutex<HashMap<Key, Arc<Circuit>>>,
}

impl Budgets {
    /// Nothing is taken yet.
    pub fn new(db: DatabaseConnection, clock: Arc<dyn Clock>, vault: Arc<dyn Vault>) -> Self {
        Self { db, clock, vault, accounts: Mutex::default(), circuits: Mutex::default() }
    }

    /// What may be asked over a connection, and the token that it shares. Looks up once whether the connection rests.
    ///
    /// # Errors
    /// The database's.
    pub(crate) async fn open(
        &self,
        integration: &integration::Model,
        organization: &finance_organization::Model,
        quota: Quota,
        priority: Priority,
    ) -> Result<(Arc<dyn Budget>, Arc<dyn TokenStore>), DbErr> {
        let circuit = self.circuit(integration);
        circuit.refresh().await?;
        let account = (!quota.is_unlimited()).then(|| self.account(organization, quota));
        let gate = Gate {
            circuit,
            account,
            priority,
            zone: organization.time_zone.clone(),
            clock: self.clock.clone(),
        };
        let token = SharedToken::new(
            self.db.clone(),
            self.clock.clone(),
            self.vault.clone(),
            integration,
            quota.renewals,
        );
        let (budget, tokens): (Arc<dyn Budget>, Arc<dyn TokenStore>) = (Arc::new(gate), Arc::new(token));
        Ok((budget, tokens))
    }

    /// Until when a connection rests, as far as this process knows; none while it is asked.
    pub(crate) fn rests_until(&self, organization_id: Uuid, integration_id: Uuid) -> Option<DateTime<Utc>> {
        let circuits = self.circuits.lock().unwrap_or_else(PoisonError::into_inner);
        circuits.get(&(organization_id, integration_id))?.rests_until()
    }

    /// Gives back what was taken and is not used.
    ///
    /// # Errors
    /// The database's.
    pub async fn settle(&self) -> Result<(), DbErr> {
        let accounts: Vec<_> = {
            let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
            // Nobody calls with it, and nothing is left to be told.
            accounts.retain(|_, account| Arc::strong_count(account) > 1 || !account.is_empty());
            accounts.values().cloned().collect()
        };
        for account in accounts {
            account.settle().await?;
        }
        Ok(())
    }

    fn account(&self, organization: &finance_organization::Model, quota: Quota) -> Arc<Account> {
        let key = (organization.organization_id, organization.id);
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        let account = accounts.entry(key).or_insert_with(|| {
            Arc::new(Account::new(self.db.clone(), self.clock.clone(), organization, quota))
        });
        account.clone()
    }

    fn circuit(&self, integration: &integration::Model) -> Arc<Circuit> {
        let key = (integration.organization_id, integration.id);
        let mut circuits = self.circuits.lock().unwrap_or_else(PoisonError::into_inner);
        let circuit = circuits
            .entry(key)
            .or_insert_with(|| Arc::new(Circuit::new(self.db.clone(), self.clock.clone(), integration)));
        circuit.clone()
    }
}

/// What is left of a finance organization's limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spent {
    /// Requests of the last sixty seconds, those included that somebody may still send.
    pub minute: u32,
    /// Requests of the day.
    pub day: u32,
    /// The daily limit that the finance app told.
    pub per_day: Option<u32>,
}

/// What a row says at an instant.
pub fn spent(row: &request_budget::Model, now: DateTime<Utc>) -> Spent {
    let window: window::Window = serde_json::from_value(row.seconds.clone()).unwrap_or_default();
    let day = if now < row.day_ends_at { row.day_used } else { 0 };
    Spent {
        minute: window.count(now),
        day: u32::try_from(day).unwrap_or_default(),
        per_day: row.day_limit.and_then(|limit| u32::try_from(limit).ok()),
    }
}

/// The budget of one connection.
struct Gate {
    circuit: Arc<Circuit>,
    /// None where the finance app has no limits: then no request costs anything here.
    account: Option<Arc<Account>>,
    priority: Priority,
    zone: Option<String>,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").field("priority", &self.priority).finish_non_exhaustive()
    }
}

#[async_trait]
impl Budget for Gate {
    async fn admit(&self) -> Result<Permit, Failure> {
        // Asked before anything is taken, so that a connection that rests spends nothing.
        self.circuit.check()?;
        let probe = self.circuit.enter().await?;
        let held = match &self.account {
            Some(account) => Some(account.admit(self.priority).await?),
            None => None,
        };
        Ok(match (held, probe) {
            (None, None) => Permit::free(),
            both => Permit::holding(both),
        })
    }

    async fn answered(&self, per_day: Option<u32>) {
        self.circuit.answered().await;
        if let (Some(account), Some(per_day)) = (&self.account, per_day) {
            account.told(per_day).await;
        }
    }

    async fn unanswered(&self, failure: &Failure) {
        self.circuit.unanswered(failure).await;
    }

    async fn exceeded(&self, limit: Limit, retry_after: Option<Duration>) -> Option<Duration> {
        // It is busy, but there.
        self.circuit.answered().await;
        let now = self.clock.now();
        let wait = retry_after.unwrap_or_else(|| match limit {
            Limit::Minute => Duration::from_secs(60),
            // As long as the vendor has been seen to block a user.
            Limit::User => Duration::from_secs(60 * 60),
            Limit::Day => (next_midnight(self.zone.as_deref(), now) - now).to_std().unwrap_or_default(),
            // Others' requests end within moments.
            Limit::Concurrency => Duration::from_secs(2),
        });
        if let Some(account) = &self.account {
            account.close(limit, wait).await;
        }
        Some(wait)
    }
}

/// Not now.
fn wait(until: DateTime<Utc>, now: DateTime<Utc>, message: String) -> Failure {
    // A wait of nothing would be a loop without a pause.
    let wait = (until - now).max(TimeDelta::milliseconds(500)).to_std().unwrap_or_default();
    Failure::new(FailureKind::RateLimited { retry_after: Some(wait) }, message)
}
