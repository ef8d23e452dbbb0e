//! Addresses to which finance apps tell of changes: made once, shown once, and known by their hash only.

use finbridge_entity::{Scoped, begin_write, integration, webhook_endpoint};
use rand::distr::{Alphanumeric, SampleString};
use sea_orm::{ActiveModelTrait, ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter, Set};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use super::error::{ErrorCode, ServiceResult, UserError};
use super::{Services, integration as integrations};
use crate::auth::token;

/// Where the addresses begin.
pub const PATH: &str = "/webhooks/finance/";

/// Random characters of an address, and of a secret: 238 bits.
const LENGTH: usize = 40;

/// A new address, for the only time that it is known.
pub struct Made {
    /// The integration.
    pub integration: integration::Model,
    /// Path on this server.
    pub path: SecretString,
    /// What deliveries are to be signed with.
    pub secret: SecretString,
}

/// Makes the address of an integration and its secret. Those that it had are not good any more.
///
/// # Errors
/// `NOT_FOUND`, `SETTING_NOT_SUPPORTED`.
pub async fn enable(services: &Services, integration_id: Uuid) -> ServiceResult<Made> {
    services.viewer.require_administrator()?;
    let transaction = begin_write(services.db()).await?;
    let integration = integrations::find(services, &transaction, integration_id).await?;
    let connector = services.engine.connectors.get(&integration.app_key);
    if !connector.is_some_and(|connector| connector.has_webhooks()) {
        let message = "This finance app cannot tell of changes by itself; its automatic runs find them";
        return Err(UserError::of(ErrorCode::SettingNotSupported, "integrationId", message).into());
    }
    let random = || Alphanumeric.sample_string(&mut rand::rng(), LENGTH);
    let (address, secret) = (random(), random());
    let here = services.organization_id();
    webhook_endpoint::Entity::delete_many()
        .filter(webhook_endpoint::Column::OrganizationId.eq(here))
        .filter(webhook_endpoint::Column::IntegrationId.eq(integration_id))
        .exec(&transaction)
        .await?;
    webhook_endpoint::ActiveModel {
        organization_id: Set(here),
        id: Set(services.ids().uuid()),
        integration_id: Set(integration_id),
        token_hash: Set(token::hash(&address)),
        sealed_secret: Set(services.sealer.seal(&secret)?),
        created_by_id: Set(Some(services.viewer.user_id)),
        created_at: Set(services.clock().now()),
    }
    .insert(&transaction)
    .await?;
    transaction.commit().await?;
    Ok(Made { integration, path: format!("{PATH}{address}").into(), secret: secret.into() })
}

/// Takes the address of an integration away; one without any stays as it is.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn disable(services: &Services, integration_id: Uuid) -> ServiceResult<integration::Model> {
    services.viewer.require_administrator()?;
    let transaction = begin_write(services.db()).await?;
    let integration = integrations::find(services, &transaction, integration_id).await?;
    webhook_endpoint::Entity::delete_many()
        .filter(webhook_endpoint::Column::OrganizationId.eq(services.organization_id()))
        .filter(webhook_endpoint::Column::IntegrationId.eq(integration_id))
        .exec(&transaction)
        .await?;
    transaction.commit().await?;
    Ok(integration)
}

/// Whose address it is. Addresses are looked for over all tenants, as tokens are: nothing else says whose they are.
///
/// # Errors
/// The database's.
pub async fn find(
    db: &DatabaseConnection,
    address: &SecretString,
) -> ServiceResult<Option<(webhook_endpoint::Model, integration::Model)>> {
    let endpoint = webhook_endpoint::Entity::find()
        .filter(webhook_endpoint::Column::TokenHash.eq(token::hash(address.expose_secret())))
        .one(db)
        .await?;
    let Some(endpoint) = endpoint else { return Ok(None) };
    let integration =
        integration::Entity::one_of(endpoint.organization_id, endpoint.integration_id).one(db).await?;
    Ok(integration.map(|integration| (endpoint, integration)))
}
