//! The people of the organization.

use std::collections::HashMap;

use finbridge_entity::{Scoped, crm_user, membership};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, JoinType, PaginatorTrait, QueryFilter,
    QuerySelect,
};
use uuid::Uuid;

use super::Services;
use super::error::ServiceResult;
use super::page::{Listing, Page, PageArgs};

/// A page of people with their places in the organization: one statement for the places, one for the people.
///
/// # Errors
/// Bad page arguments.
pub async fn page(
    services: &Services,
    filter: Condition,
    listing: &Listing<membership::Entity>,
    args: &PageArgs,
) -> ServiceResult<Page<(crm_user::Model, membership::Model)>> {
    let window = listing.window(args)?;
    let members = membership::Entity::of(services.organization_id()).filter(filter);
    let Page { rows, has_next, has_previous } = window.read(services.db(), members).await?;
    let users = crm_user::Entity::find()
        .filter(crm_user::Column::Id.is_in(rows.iter().map(|(_, member)| member.user_id)))
        .all(services.db())
        .await?;
    let mut users: HashMap<_, _> = users.into_iter().map(|user| (user.id, user)).collect();
    let rows = rows
        .into_iter()
        .filter_map(|(cursor, member)| users.remove(&member.user_id).map(|user| (cursor, (user, member))))
        .collect();
    Ok(Page { rows, has_next, has_previous })
}

/// How many people there are.
///
/// # Errors
/// The database's.
pub async fn count(services: &Services, filter: Condition) -> ServiceResult<u64> {
    Ok(membership::Entity::of(services.organization_id()).filter(filter).count(services.db()).await?)
}

/// The e-mail addresses of those of these people who belong to the organization.
///
/// # Errors
/// The database's.
pub async fn emails(
    db: &impl ConnectionTrait,
    organization_id: Uuid,
    users: &[Uuid],
) -> Result<HashMap<Uuid, String>, DbErr> {
    if users.is_empty() {
        return Ok(HashMap::new());
    }
    let user = membership::Entity::belongs_to(crm_user::Entity)
        .from(membership::Column::UserId)
        .to(crm_user::Column::Id);
    let emails: Vec<(Uuid, String)> = membership::Entity::of(organization_id)
        .filter(membership::Column::UserId.is_in(users.iter().copied()))
        .join(JoinType::InnerJoin, user.into())
        .select_only()
        .column(crm_user::Column::Id)
        .column(crm_user::Column::Email)
        .into_tuple()
        .all(db)
        .await?;
    Ok(emails.into_iter().collect())
}
