//! One access token for all processes: encrypted in the database, renewed by one of them at a time, and no more often than
//! the finance app allows.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use finbridge_contract::{Failure, FailureKind, IssuedToken, RenewalRight, TokenLookup, TokenStore};
use finbridge_domain::{Clock, Ids};
use finbridge_entity::{Scoped, access_token, begin_write, integration};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseConnection, DatabaseTransaction, EntityTrait, IntoActiveModel,
    QueryFilter, QuerySelect, Select, Set, UpdateMany,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use tokio::runtime::Handle;
use uuid::Uuid;

use super::wait;
use crate::engine::Vault;
use crate::error::SyncError;

/// What renewals are counted over.
const WINDOW: TimeDelta = TimeDelta::minutes(10);

/// How long one who renews has for it: longer than any caller waits for an answer.
const RENEWING: TimeDelta = TimeDelta::seconds(45);

/// How often, and how many times, one looks whether somebody else's renewal is done.
const GLANCE: Duration = Duration::from_millis(50);
const GLANCES: usize = 200;

/// The token of one integration.
pub(super) struct SharedToken {
    db: DatabaseConnection,
    clock: Arc<dyn Clock>,
    vault: Arc<dyn Vault>,
    ids: Ids,
    organization_id: Uuid,
    integration_id: Uuid,
    integration_version: i64,
    /// Renewals in ten minutes; zero: as many as one likes.
    renewals: u32,
}

impl fmt::Debug for SharedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedToken").field("integration_id", &self.integration_id).finish_non_exhaustive()
    }
}

enum Claim {
    Known(IssuedToken),
    Mine(RenewalRight),
    /// Somebody else renews it.
    Others,
    /// Nobody may renew it before this instant.
    NotBefore(DateTime<Utc>),
}

impl SharedToken {
    pub fn new(
        db: DatabaseConnection,
        clock: Arc<dyn Clock>,
        vault: Arc<dyn Vault>,
        integration: &integration::Model,
        renewals: u32,
    ) -> Self {
        Self {
            db,
            ids: Ids::new(clock.clone()),
            clock,
            vault,
            organization_id: integration.organization_id,
            integration_id: integration.id,
            integration_version: integration.version,
            renewals,
        }
    }

    fn rows(&self) -> Select<access_token::Entity> {
        access_token::Entity::of(self.organization_id)
            .filter(access_token::Column::IntegrationId.eq(self.integration_id))
    }

    /// The token of the row, where it is good.
    fn good(
        &self,
        row: &access_token::Model,
        refused: Option<&SecretString>,
    ) -> Result<Option<IssuedToken>, SyncError> {
        let (Some(sealed), Some(renew_at)) = (&row.sealed_token, row.renew_at) else { return Ok(None) };
        if row.integration_version != self.integration_version || renew_at <= self.clock.now() {
            return Ok(None);
        }
        // One that an earlier key sealed is as good as none: it is renewed.
        let Ok(text) = self.vault.open(sealed) else { return Ok(None) };
        let is_refused = refused.is_some_and(|refused| refused.expose_secret() == text.expose_secret());
        Ok((!is_refused).then_some(IssuedToken { text, renew_at }))
    }

    /// Whether somebody has the right to renew it.
    fn is_being_renewed(&self, row: &access_token::Model) -> bool {
        let now = self.clock.now();
        row.integration_version == self.integration_version
            && row.renewer.is_some()
            && row.renewer_until.is_some_and(|until| now < until)
    }

    async fn claim(&self, refused: Option<&SecretString>) -> Result<Claim, SyncError> {
        // Looking takes no lock.
        if let Some(row) = self.rows().one(&self.db).await? {
            if let Some(token) = self.good(&row, refused)? {
                return Ok(Claim::Known(token));
            }
            if self.is_being_renewed(&row) {
                return Ok(Claim::Others);
            }
        }
        let transaction = begin_write(&self.db).await?;
        let row = self.row(&transaction).await?;
        if let Some(token) = self.good(&row, refused)? {
            return Ok(Claim::Known(token));
        }
        if self.is_being_renewed(&row) {
            return Ok(Claim::Others);
        }
        if self.integration_version < row.integration_version {
            // It was connected anew: who still calls with the credential of before takes nothing from the others.
            return Ok(Claim::Mine(RenewalRight(self.ids.uuid().to_string())));
        }
        let now = self.clock.now();
        let is_same = row.integration_version == self.integration_version;
        if let Some(until) = row.closed_until.filter(|until| is_same && now < *until) {
            return Ok(Claim::NotBefore(until));
        }
        let mut renewals: Vec<DateTime<Utc>> =
            serde_json::from_value(row.renewals.clone()).unwrap_or_default();
        // Another credential has renewals of its own.
        renewals.retain(|at| is_same && now - *at < WINDOW);
        if self.renewals > 0 && renewals.len() >= usize::try_from(self.renewals).unwrap_or(usize::MAX) {
            let until = renewals.first().map_or(now, |first| *first + WINDOW);
            return Ok(Claim::NotBefore(until));
        }
        if self.renewals > 0 {
            renewals.push(now);
        }
        let right = self.ids.uuid().to_string();
        let mut row = row.into_active_model();
        row.integration_version = Set(self.integration_version);
        row.sealed_token = Set(None);
        row.renew_at = Set(None);
        row.renewer = Set(Some(right.clone()));
        row.renewer_until = Set(Some(now + RENEWING));
        row.renewals = Set(json!(renewals));
        row.closed_until = Set(None);
        row.update(&transaction).await?;
        transaction.commit().await?;
        Ok(Claim::Mine(RenewalRight(right)))
    }

    /// The row, which nobody else changes until the transaction ends.
    async fn row(&self, transaction: &DatabaseTransaction) -> Result<access_token::Model, SyncError> {
        use access_token::Column;
        let row = access_token::ActiveModel {
            organization_id: Set(self.organization_id),
            id: Set(self.ids.uuid()),
            integration_id: Set(self.integration_id),
            integration_version: Set(self.integration_version),
            sealed_token: Set(None),
            renew_at: Set(None),
            renewer: Set(None),
            renewer_until: Set(None),
            renewals: Set(json!([])),
            closed_until: Set(None),
        };
        access_token::Entity::insert_many([row])
            .on_conflict(
                OnConflict::columns([Column::OrganizationId, Column::IntegrationId]).do_nothing().to_owned(),
            )
            .exec_without_returning(transaction)
            .await?;
        let row = self.rows().lock_exclusive().one(transaction).await?;
        row.ok_or(SyncError::Missing("the access token"))
    }

    /// An update that only the holder of the right can make.
    fn end(&self, right: &RenewalRight) -> UpdateMany<access_token::Entity> {
        access_token::Entity::update_many()
            .col_expr(access_token::Column::Renewer, Expr::value(Option::<String>::None))
            .col_expr(access_token::Column::RenewerUntil, Expr::value(Option::<DateTime<Utc>>::None))
            .filter(access_token::Column::OrganizationId.eq(self.organization_id))
            .filter(access_token::Column::IntegrationId.eq(self.integration_id))
            .filter(access_token::Column::Renewer.eq(&right.0))
    }

    async fn keep(&self, right: &RenewalRight, token: &IssuedToken) -> Result<(), SyncError> {
        let sealed = self.vault.seal(token.text.expose_secret())?;
        self.end(right)
            .col_expr(access_token::Column::SealedToken, Expr::value(Some(sealed)))
            .col_expr(access_token::Column::RenewAt, Expr::value(Some(token.renew_at)))
            .exec(&self.db)
            .await?;
        Ok(())
    }
}

#[async_trait]
impl TokenStore for SharedToken {
    async fn look_up(&self, refused: Option<&SecretString>) -> Result<TokenLookup, Failure> {
        for _ in 0..GLANCES {
            let claim = self.claim(refused).await.map_err(|error| {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "A shared access token could not be read"
                );
                let message = "the shared access token cannot be read from the database";
                Failure::new(FailureKind::Unavailable, message)
            })?;
            match claim {
                Claim::Known(token) => return Ok(TokenLookup::Known(token)),
                Claim::Mine(right) => return Ok(TokenLookup::Renew(right)),
                Claim::NotBefore(until) => {
                    let at = until.format("%Y-%m-%dT%H:%M:%SZ");
                    let message = format!(
                        "the access token was renewed as often as the finance app allows; the next renewal is at {at}"
                    );
                    return Err(wait(until, self.clock.now(), message));
                }
                Claim::Others => tokio::time::sleep(GLANCE).await,
            }
        }
        let now = self.clock.now();
        Err(wait(now + TimeDelta::seconds(1), now, "another process is renewing the access token".to_owned()))
    }

    async fn renewed(&self, right: &RenewalRight, token: &IssuedToken) {
        // Without the row the others renew it for themselves.
        if let Err(error) = self.keep(right, token).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "An access token could not be shared");
        }
    }

    async fn not_renewed(&self, right: &RenewalRight, failure: &Failure) -> Option<Duration> {
        let mut ended = self.end(right);
        let mut pause = None;
        if let FailureKind::RateLimited { retry_after } = failure.kind {
            // Trying again earlier would only prolong it.
            let wait = retry_after.unwrap_or(WINDOW.to_std().unwrap_or_default());
            let until = self.clock.now() + TimeDelta::from_std(wait).unwrap_or(WINDOW);
            ended = ended.col_expr(access_token::Column::ClosedUntil, Expr::value(Some(until)));
            pause = Some(wait);
        }
        if let Err(error) = ended.exec(&self.db).await {
            tracing::warn!(%error, "The end of a renewal could not be kept; others wait until its time is over");
        }
        pause
    }

    fn abandoned(&self, right: &RenewalRight) {
        // Where nothing runs any more, its time ends by itself.
        let Ok(runtime) = Handle::try_current() else { return };
        let (ended, db) = (self.end(right), self.db.clone());
        runtime.spawn(async move {
            if let Err(error) = ended.exec(&db).await {
                tracing::warn!(%error, "A renewal that was given up could not be ended; others wait until its time is over");
            }
        });
    }
}
