//! Organizations and the people in them, as the command line makes them.

use chrono::{DateTime, Utc};
use finbridge_domain::{Clock, CurrencyCode, Ids, name_key};
use finbridge_entity::types::Role;
use finbridge_entity::{Scoped, crm_user, membership, organization, pipeline};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, Set,
};
use uuid::Uuid;

use super::Services;
use super::error::ServiceResult;
use crate::auth::Viewer;

/// An organization to be there.
#[derive(Debug, Clone)]
pub struct Tenant<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its home currency.
    pub home_currency: CurrencyCode,
    /// Its IANA time zone.
    pub time_zone: &'a str,
}

/// A person to be there, as an administrator.
#[derive(Debug, Clone, Copy)]
pub struct Administrator<'a> {
    /// E-mail address.
    pub email: &'a str,
    /// Full name.
    pub name: &'a str,
}

/// Finds or makes the organization and its administrator. Doing it again changes nothing.
///
/// # Errors
/// The database's.
pub async fn ensure(
    db: &impl ConnectionTrait,
    clock: &dyn Clock,
    ids: &Ids,
    tenant: Tenant<'_>,
    person: Administrator<'_>,
) -> Result<Viewer, DbErr> {
    let now = clock.now();
    let organization = match by_name(db, tenant.name).await? {
        Some(known) => known,
        None => {
            let made = organization::ActiveModel {
                id: Set(ids.uuid()),
                name: Set(tenant.name.to_owned()),
                home_currency_code: Set(tenant.home_currency.as_str().to_owned()),
                time_zone: Set(tenant.time_zone.to_owned()),
                is_product_name_unique: Set(false),
                created_at: Set(now),
            }
            .insert(db)
            .await?;
            first_pipeline(made.id, now).insert(db).await?;
            made
        }
    };
    let email = person.email.trim().to_lowercase();
    let user = match crm_user::Entity::find().filter(crm_user::Column::Email.eq(&email)).one(db).await? {
        Some(known) => known,
        None => {
            let user = crm_user::ActiveModel {
                id: Set(ids.uuid()),
                email: Set(email),
                name: Set(person.name.to_owned()),
                created_at: Set(now),
            };
            user.insert(db).await?
        }
    };
    let member = membership::Entity::of(organization.id)
        .filter(membership::Column::UserId.eq(user.id))
        .one(db)
        .await?;
    let role = match member {
        Some(member) => member.role,
        None => {
            membership::ActiveModel {
                organization_id: Set(organization.id),
                id: Set(ids.uuid()),
                user_id: Set(user.id),
                role: Set(Role::Administrator),
                team: Set(None),
                name_key: Set(name_key(&user.name)),
                created_at: Set(now),
            }
            .insert(db)
            .await?
            .role
        }
    };
    Ok(Viewer { user_id: user.id, organization_id: organization.id, role })
}

/// The pipeline that every organization begins with. It has the organization's id, so that whoever makes stages finds it.
fn first_pipeline(organization_id: Uuid, now: DateTime<Utc>) -> pipeline::ActiveModel {
    let name = "Standard";
    pipeline::ActiveModel {
        organization_id: Set(organization_id),
        id: Set(organization_id),
        name: Set(name.to_owned()),
        name_key: Set(name_key(name)),
        position: Set(1),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
    }
}

/// The oldest organization of this name.
///
/// # Errors
/// The database's.
pub async fn by_name(db: &impl ConnectionTrait, name: &str) -> Result<Option<organization::Model>, DbErr> {
    organization::Entity::find()
        .filter(organization::Column::Name.eq(name))
        .order_by_asc(organization::Column::Id)
        .one(db)
        .await
}

/// The viewer's organization.
///
/// # Errors
/// The database's.
pub async fn of_viewer(services: &Services) -> ServiceResult<Option<organization::Model>> {
    Ok(organization::Entity::find_by_id(services.organization_id()).one(services.db()).await?)
}

/// Every organization, oldest first.
///
/// # Errors
/// The database's.
pub async fn all(db: &impl ConnectionTrait) -> Result<Vec<organization::Model>, DbErr> {
    organization::Entity::find().order_by_asc(organization::Column::Id).all(db).await
}

/// The user of this e-mail address, where that person belongs to the organization.
///
/// # Errors
/// The database's.
pub async fn member(
    db: &impl ConnectionTrait,
    organization_id: Uuid,
    email: &str,
) -> Result<Option<Uuid>, DbErr> {
    let email = email.trim().to_lowercase();
    let Some(user) = crm_user::Entity::find().filter(crm_user::Column::Email.eq(email)).one(db).await? else {
        return Ok(None);
    };
    let member = membership::Entity::of(organization_id)
        .filter(membership::Column::UserId.eq(user.id))
        .one(db)
        .await?;
    Ok(member.map(|member| member.user_id))
}
