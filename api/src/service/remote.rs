//! Asking a finance app for something that a person waits for.

use std::time::Duration;

use finbridge_contract::{Failure, FailureKind};
use finbridge_entity::integration;
use finbridge_entity::types::IntegrationState;
use finbridge_sync::engine::Remote;
use tokio::time::Instant;
use uuid::Uuid;

use super::error::{ErrorCode, ServiceError, ServiceResult, UserError};
use super::{Services, integration as integrations, leave};

/// How long a person waits for a finance app, for all calls of a request together.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// When a person who begins to wait now has waited long enough.
pub(super) fn deadline() -> Instant {
    Instant::now() + PATIENCE
}

/// The integration, ready to be asked.
///
/// # Errors
/// `NOT_FOUND`, `RECONNECT_NEEDED`; a disabled integration.
pub(super) async fn active(services: &Services, integration_id: Uuid) -> ServiceResult<Remote> {
    let row = integrations::find(services, services.db(), integration_id).await?;
    expect_active(&row, "integrationId")?;
    Ok(services.engine.remote(services.db(), services.organization_id(), integration_id).await?)
}

/// Lets those integrations pass that may be asked. `field` is the input that names the integration, or what it is the integration of.
///
/// # Errors
/// `RECONNECT_NEEDED`; a disabled integration.
pub(super) fn expect_active(row: &integration::Model, field: &str) -> ServiceResult<()> {
    match row.state {
        IntegrationState::Active => Ok(()),
        IntegrationState::Disabled => Err(leave::inactive()),
        IntegrationState::ReconnectNeeded => Err(reconnect(field)),
    }
}

/// The answer of a call, waited for until then.
///
/// # Errors
/// What the finance app failed with; [`FailureKind::Unavailable`] when it did not answer in time.
pub(super) async fn answer<T>(
    until: Instant,
    call: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    match tokio::time::timeout_at(until, call).await {
        Ok(answer) => answer,
        Err(_) => Err(Failure::new(FailureKind::Unavailable, "it did not answer within 5 seconds")),
    }
}

/// A failure of the finance app where something was read, and nothing particular is known about it.
pub(super) fn unread(failure: &Failure) -> ServiceError {
    match failure.kind {
        FailureKind::Unauthorized => reconnect("integrationId"),
        _ => ServiceError::Unavailable(format!(
            "The finance app could not be asked: {failure}; try again later"
        )),
    }
}

fn reconnect(field: &str) -> ServiceError {
    let message =
        "The finance app refuses the stored credential; connect it again with `integrationConnect` first";
    UserError::of(ErrorCode::ReconnectNeeded, field, message).into()
}
