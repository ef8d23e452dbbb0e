//! What new expenses are put under.

use finbridge_contract::{ExpenseCategory, FailureKind};
use finbridge_domain::DocumentKind;
use uuid::Uuid;

use super::error::{ErrorCode, ServiceResult, UserError};
use super::permit::{Act, Object};
use super::{Services, integration as integrations, remote};

/// The categories that a new expense can have, as the finance app has them at this moment.
///
/// # Errors
/// `FORBIDDEN` for those who may not make expenses; `NOT_FOUND`, `MODULE_NOT_SUPPORTED` and `RECONNECT_NEEDED` for the integration;
/// one that is disabled, or does not answer in five seconds.
pub async fn categories(services: &Services, integration_id: Uuid) -> ServiceResult<Vec<ExpenseCategory>> {
    services.permit(Act::CreateEdit, Object::Transactions(DocumentKind::Expense))?;
    let row = integrations::find(services, services.db(), integration_id).await?;
    let profile = integrations::profile(&row)?;
    let none = || {
        let message = format!("This integration has no expenses (profile {}: documents)", profile.key);
        UserError::of(ErrorCode::ModuleNotSupported, "integrationId", message)
    };
    if !profile.documents_of(row.is_one_way).contains(&DocumentKind::Expense) {
        return Err(none().into());
    }
    let remote = remote::active(services, integration_id).await?;
    let asking = remote.connector.expense_categories(&remote.connection);
    match remote::answer(remote::deadline(), asking).await {
        Ok(categories) => Ok(categories),
        Err(failure) if failure.kind == FailureKind::NotSupported => Err(none().into()),
        Err(failure) => Err(remote::unread(&failure)),
    }
}
