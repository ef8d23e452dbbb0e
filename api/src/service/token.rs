//! API tokens of the organization.

use chrono::{DateTime, Utc};
use finbridge_entity::types::Role;
use finbridge_entity::{Scoped, api_token, begin_write, membership};
use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Set};
use uuid::Uuid;

use super::Services;
use super::error::{ErrorCode, ServiceError, ServiceResult, UserError};
use super::validate::{Check, LINE_LENGTH};
use crate::auth::token::{self, TokenFor};

/// Tokens listed at most; an organization that has more should revoke some.
pub const MOST: u64 = 500;

/// A token as it is shown once.
pub struct Issued {
    /// The stored token.
    pub row: api_token::Model,
    /// The secret; not stored anywhere.
    pub secret: String,
}

/// Issues a token for the viewer, or for another person of the organization when an administrator asks.
///
/// # Errors
/// A name that is empty, a time that is over, a person who is not there.
pub async fn create(
    services: &Services,
    name: &str,
    user_id: Option<Uuid>,
    expires_at: Option<DateTime<Utc>>,
) -> ServiceResult<Issued> {
    let user_id = user_id.unwrap_or(services.viewer.user_id);
    if user_id != services.viewer.user_id {
        services.viewer.require_administrator()?;
    }
    let mut check = Check::default();
    let name = check.required("name", name, LINE_LENGTH);
    if expires_at.is_some_and(|expires_at| expires_at <= services.clock().now()) {
        check.fault(ErrorCode::Invalid, "expiresAt", "Choose an instant that is still to come");
    }
    let transaction = begin_write(services.db()).await?;
    let member = membership::Entity::of(services.organization_id())
        .filter(membership::Column::UserId.eq(user_id))
        .one(&transaction)
        .await?;
    if member.is_none() {
        check.fault(
            ErrorCode::NotFound,
            "userId",
            "There is no such user here; choose one that `users` lists",
        );
    }
    check.finish()?;
    let secret = token::generate();
    let wish = TokenFor { organization_id: services.organization_id(), user_id, name, expires_at };
    let row = token::store(&transaction, services.clock().as_ref(), services.ids(), wish, &secret).await?;
    transaction.commit().await?;
    Ok(Issued { row, secret })
}

/// Revokes a token. Revoking it again changes nothing.
///
/// # Errors
/// When there is no such token, or it is another person's and the viewer is no administrator.
pub async fn revoke(services: &Services, id: Uuid) -> ServiceResult<api_token::Model> {
    let transaction = begin_write(services.db()).await?;
    let row = api_token::Entity::one_of(services.organization_id(), id).one(&transaction).await?;
    let visible = row.filter(|row| may_see(services, row));
    let row = visible.ok_or_else(|| {
        UserError::of(ErrorCode::NotFound, "id", "There is no such token; `apiTokens` lists them")
    })?;
    if row.revoked_at.is_some() {
        return Ok(row);
    }
    let mut row = row.into_active_model();
    row.revoked_at = Set(Some(services.clock().now()));
    let row = row.update(&transaction).await?;
    transaction.commit().await?;
    Ok(row)
}

/// The viewer's tokens, or everybody's for an administrator, newest first.
///
/// # Errors
/// The database's.
pub async fn list(services: &Services) -> Result<Vec<api_token::Model>, ServiceError> {
    let mut select = api_token::Entity::of(services.organization_id())
        .order_by_desc(api_token::Column::CreatedAt)
        .order_by_desc(api_token::Column::Id)
        .limit(MOST);
    if services.viewer.role != Role::Administrator {
        select = select.filter(api_token::Column::UserId.eq(services.viewer.user_id));
    }
    Ok(select.all(services.db()).await?)
}

/// Whether the viewer may see a token: the own ones, and an administrator all.
pub fn may_see(services: &Services, row: &api_token::Model) -> bool {
    row.user_id == services.viewer.user_id || services.viewer.role == Role::Administrator
}
