//! What every part of the engine works with.

use std::sync::Arc;
use std::time::Duration;

use finbridge_contract::{Connection, Connector, Credential, Registry};
use finbridge_domain::{Clock, Ids};
use finbridge_entity::{Scoped, finance_organization, integration};
use sea_orm::{ConnectionTrait, DatabaseConnection};
use secrecy::SecretString;
use uuid::Uuid;

use crate::budget::{Budgets, Priority};
use crate::crm::Crm;
use crate::error::SyncError;
use crate::event::Events;
use crate::queue::JobQueue;
use crate::retention::Retention;

/// How long the engine waits for one answer of a finance app.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// Opens and seals credentials.
pub trait Vault: Send + Sync {
    /// The secret in the sealed text.
    ///
    /// # Errors
    /// [`SyncError::Credential`] when it was sealed with another key or tampered with.
    fn open(&self, sealed: &str) -> Result<SecretString, SyncError>;

    /// The secret as it can be stored.
    ///
    /// # Errors
    /// [`SyncError::Credential`] when the cipher fails, which it does for no input of ours.
    fn seal(&self, secret: &str) -> Result<String, SyncError>;
}

/// The engine's surroundings. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    /// The database.
    pub db: DatabaseConnection,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Ids.
    pub ids: Arc<Ids>,
    /// The job queue.
    pub queue: Arc<dyn JobQueue>,
    /// Where changes are announced.
    pub events: Events,
    /// The finance apps.
    pub connectors: Registry,
    /// Opens credentials.
    pub vault: Arc<dyn Vault>,
    /// Writes CRM records.
    pub crm: Arc<dyn Crm>,
    /// What finance apps may be asked.
    pub budgets: Arc<Budgets>,
    /// How long what happened is kept.
    pub retention: Retention,
}

/// An integration, ready to be called.
#[derive(Clone)]
pub struct Remote {
    /// The integration.
    pub integration: integration::Model,
    /// The finance organization it is connected to.
    pub organization: finance_organization::Model,
    /// The app.
    pub connector: Arc<dyn Connector>,
    /// How to call it.
    pub connection: Connection,
}

impl Engine {
    /// Makes the tenant's integration ready to be called for somebody who waits.
    ///
    /// # Errors
    /// When it does not exist, its app is unknown, or its credential cannot be opened.
    pub async fn remote(
        &self,
        db: &impl ConnectionTrait,
        organization_id: Uuid,
        integration_id: Uuid,
    ) -> Result<Remote, SyncError> {
        self.remote_for(db, organization_id, integration_id, Priority::Person).await
    }

    /// Makes the tenant's integration ready to be called.
    ///
    /// # Errors
    /// When it does not exist, its app is unknown, or its credential cannot be opened.
    pub async fn remote_for(
        &self,
        db: &impl ConnectionTrait,
        organization_id: Uuid,
        integration_id: Uuid,
        priority: Priority,
    ) -> Result<Remote, SyncError> {
        let integration = integration::Entity::one_of(organization_id, integration_id)
            .one(db)
            .await?
            .ok_or(SyncError::Missing("the integration"))?;
        let organization =
            finance_organization::Entity::one_of(organization_id, integration.finance_organization_id)
                .one(db)
                .await?
                .ok_or(SyncError::Missing("the finance organization"))?;
        let connector = self
            .connectors
            .get(&integration.app_key)
            .ok_or_else(|| SyncError::UnknownApp(integration.app_key.clone()))?
            .clone();
        let (budget, tokens) =
            self.budgets.open(&integration, &organization, connector.quota(), priority).await?;
        let connection = Connection {
            credential: Credential(self.vault.open(&integration.sealed_credential)?),
            organization_id: organization.remote_id.clone(),
            capabilities: organization.capabilities.clone(),
            timeout: ANSWER_TIMEOUT,
            budget,
            tokens,
        };
        Ok(Remote { integration, organization, connector, connection })
    }
}
