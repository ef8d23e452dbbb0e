//! Switching an integration off for a time, and on again (R158, R159).

use finbridge_domain::CapabilityProfile;
use finbridge_domain::profile::{CredentialKind, ExitAction, TransactionSync};
use finbridge_entity::types::{IntegrationState, ModuleState, RunState};
use finbridge_entity::{Scoped, begin_write, document_feed, finance_organization, integration, sync_module, sync_run};
use finbridge_sync::document::feed;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, Set,
};
use uuid::Uuid;

use super::error::{ErrorCode, ServiceError, ServiceResult, UserError};
use super::{Services, integration as integrations};

/// Why nothing is asked of the finance app.
pub(super) fn inactive() -> ServiceError {
    ServiceError::Inactive(
        "The integration is disabled, so nothing is asked of the finance app; enable it with `integrationEnable` first"
            .to_owned(),
    )
}

/// Switches an integration off: no run, document or trigger asks the finance app for anything any more. Links, settings and what
/// was read stay. A run under way ends first (A17.20); one that waits for its beginning does not begin.
///
/// # Errors
/// `CONFIRMATION_REQUIRED`; `SETTING_NOT_SUPPORTED` where the profile cannot be left for a time.
pub async fn disable(services: &Services, id: Uuid, is_confirmed: bool) -> ServiceResult<integration::Model> {
    let (transaction, row, _) = change(services, id, is_confirmed).await?;
    if row.state == IntegrationState::Disabled {
        return Ok(row);
    }
    sync_run::Entity::update_many()
        .col_expr(sync_run::Column::IsCancelled, Expr::value(true))
        .filter(sync_run::Column::OrganizationId.eq(services.organization_id()))
        .filter(sync_run::Column::IntegrationId.eq(id))
        .filter(sync_run::Column::State.eq(RunState::Queued))
        .filter(sync_run::Column::StartedAt.is_null())
        .exec(&transaction)
        .await?;
    written(services, transaction, row, IntegrationState::Disabled).await
}

/// Switches an integration on again. Links and settings are what they were; what changed meanwhile is synchronised at once by
/// the modules that are not paused. Where the profile asks which organization, it has to be named (R159).
///
/// # Errors
/// `CONFIRMATION_REQUIRED`; `ORGANIZATION_REQUIRED` for none, or one that it is not connected to.
pub async fn enable(
    services: &Services,
    id: Uuid,
    is_confirmed: bool,
    organization_key: Option<&str>,
) -> ServiceResult<integration::Model> {
    let (transaction, row, profile) = change(services, id, is_confirmed).await?;
    let organization =
        finance_organization::Entity::one_of(services.organization_id(), row.finance_organization_id)
            .one(&transaction)
            .await?
            .ok_or_else(|| ServiceError::Internal("an integration without its organization".into()))?;
    let is_asked = profile.credential == CredentialKind::PickOrganization;
    if organization_key.map_or(is_asked, |key| key != organization.remote_id) {
        let message = format!(
            "Links belong to {} ({}): name that organization; connect another one with `integrationConnect`",
            organization.name, organization.remote_id
        );
        return Err(UserError::of(ErrorCode::OrganizationRequired, "organizationKey", message).into());
    }
    if row.state != IntegrationState::Disabled {
        return Ok(row);
    }
    sync_module::Entity::update_many()
        .col_expr(sync_module::Column::NextDueAt, Expr::value(Some(services.clock().now())))
        .filter(sync_module::Column::OrganizationId.eq(services.organization_id()))
        .filter(sync_module::Column::IntegrationId.eq(id))
        .filter(sync_module::Column::State.eq(ModuleState::Active))
        .filter(sync_module::Column::InitialSyncAt.is_not_null())
        .exec(&transaction)
        .await?;
    // Feeds that read by themselves go on with what changed meanwhile; the others wait until somebody asks.
    if feed::sync_of(&row) == TransactionSync::Instant {
        document_feed::Entity::update_many()
            .col_expr(document_feed::Column::DueAt, Expr::value(Some(services.clock().now())))
            .filter(document_feed::Column::OrganizationId.eq(services.organization_id()))
            .filter(document_feed::Column::IntegrationId.eq(id))
            .exec(&transaction)
            .await?;
    }
    written(services, transaction, row, IntegrationState::Active).await
}

/// The integration, held so that no run begins meanwhile, for somebody who may change it and said that he means it.
async fn change(
    services: &Services,
    id: Uuid,
    is_confirmed: bool,
) -> ServiceResult<(DatabaseTransaction, integration::Model, &'static CapabilityProfile)> {
    services.viewer.require_administrator()?;
    let transaction = begin_write(services.db()).await?;
    integration::Entity::one_of(services.organization_id(), id).lock_exclusive().one(&transaction).await?;
    let row = integrations::find(services, &transaction, id).await?;
    let profile = integrations::profile(&row)?;
    if !profile.exit_actions.contains(&ExitAction::Disable) {
        let message = format!("the profile {} does not offer disabling (exitActions)", profile.key);
        return Err(UserError::of(ErrorCode::SettingNotSupported, "integrationId", message).into());
    }
    if !is_confirmed {
        let message = "This stops, or starts, all traffic with the finance app; send `confirm: true` once a person has agreed";
        return Err(UserError::of(ErrorCode::ConfirmationRequired, "confirm", message).into());
    }
    Ok((transaction, row, profile))
}

async fn written(
    services: &Services,
    transaction: DatabaseTransaction,
    row: integration::Model,
    state: IntegrationState,
) -> ServiceResult<integration::Model> {
    let version = row.version;
    let mut row = row.into_active_model();
    row.state = Set(state);
    row.version = Set(version + 1);
    row.updated_at = Set(services.clock().now());
    let row = row.update(&transaction).await?;
    transaction.commit().await?;
    Ok(row)
}
