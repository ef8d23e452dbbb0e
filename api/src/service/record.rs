//! What reads of CRM records have in common, and what writes to them have.

use finbridge_entity::{Scoped, TenantOwned, membership};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, PaginatorTrait, QueryFilter, QuerySelect, Select};
use uuid::Uuid;

use super::Services;
use super::error::{ErrorCode, ServiceResult, UserError};
use super::page::{Identified, Listing, Page, PageArgs, SortKey, SortValue};
use super::validate::Check;

/// An entity of the CRM's records: they have a name, and leave a tombstone when they are deleted.
pub trait Record: TenantOwned<Model: Identified + Send + Sync + 'static> {
    /// What one is called in messages; its list in the schema is called the same with an s.
    const NAME: &'static str;
    /// The column that is null while the record lives.
    fn deleted_column() -> Self::Column;
    /// Order by name, without regard to letter case.
    fn by_name() -> SortKey<Self>;
    /// Order by when the record was made.
    fn by_created_at() -> SortKey<Self>;
    /// Order by when the record was last changed.
    fn by_updated_at() -> SortKey<Self>;
}

macro_rules! records {
    ($($entity:ident),+ $(,)?) => {
        $(impl Record for finbridge_entity::$entity::Entity {
            const NAME: &'static str = stringify!($entity);

            fn deleted_column() -> Self::Column {
                Self::Column::DeletedAt
            }

            fn by_name() -> SortKey<Self> {
                let value = |row: &Self::Model| SortValue::Text(row.name_key.clone());
                SortKey { name: "NAME", column: Self::Column::NameKey, nullable: false, value }
            }

            fn by_created_at() -> SortKey<Self> {
                let value = |row: &Self::Model| SortValue::Time(row.created_at);
                SortKey { name: "CREATED_AT", column: Self::Column::CreatedAt, nullable: false, value }
            }

            fn by_updated_at() -> SortKey<Self> {
                let value = |row: &Self::Model| SortValue::Time(row.updated_at);
                SortKey { name: "UPDATED_AT", column: Self::Column::UpdatedAt, nullable: false, value }
            }
        })+
    };
}

records!(account, contact, deal, product, vendor);

/// A page of living records.
///
/// # Errors
/// Bad page arguments.
pub async fn page<E: Record>(
    services: &Services,
    filter: Condition,
    listing: &Listing<E>,
    args: &PageArgs,
) -> ServiceResult<Page<E::Model>> {
    listing.window(args)?.read(services.db(), living::<E>(services).filter(filter)).await
}

/// How many living records there are.
///
/// # Errors
/// The database's.
pub async fn count<E: Record>(services: &Services, filter: Condition) -> ServiceResult<u64> {
    Ok(living::<E>(services).filter(filter).count(services.db()).await?)
}

/// The living record that a write names by the field `id`, locked until the transaction ends: whoever writes it next reads
/// what this write leaves, and sees its version.
///
/// # Errors
/// `NOT_FOUND` when it is absent, deleted or another tenant's.
pub async fn find<E: Record>(
    services: &Services,
    db: &impl ConnectionTrait,
    id: Uuid,
) -> ServiceResult<E::Model> {
    let row = living::<E>(services).filter(E::id_column().eq(id)).lock_exclusive().one(db).await?;
    row.ok_or_else(|| {
        let message = format!("There is no such {}; it may have been deleted", E::NAME);
        UserError::of(ErrorCode::NotFound, "id", message).into()
    })
}

/// Checks that a living record is there to be referred to.
///
/// # Errors
/// The database's; an absent record is noted with the other faults.
pub async fn refer<E: Record>(
    services: &Services,
    db: &impl ConnectionTrait,
    check: &mut Check,
    field: &str,
    id: Option<Uuid>,
) -> ServiceResult<()> {
    let Some(id) = id else { return Ok(()) };
    if living::<E>(services).filter(E::id_column().eq(id)).one(db).await?.is_none() {
        absent::<E>(check, field);
    }
    Ok(())
}

/// Notes that a field refers to a record that is not there.
pub fn absent<E: Record>(check: &mut Check, field: &str) {
    let name = E::NAME;
    check.fault(
        ErrorCode::NotFound,
        field,
        format!("There is no such {name}; choose one that `{name}s` lists"),
    );
}

/// The tenant's records without their tombstones.
pub fn living<E: Record>(services: &Services) -> Select<E> {
    E::of(services.organization_id()).filter(E::deleted_column().is_null())
}

/// Refuses a write that is based on an older version than the record has.
///
/// # Errors
/// `VERSION_CONFLICT` with both versions.
pub fn expect_version(expected: Option<i64>, current: i64) -> ServiceResult<()> {
    match expected {
        Some(expected) if expected != current => Err(UserError::of(
            ErrorCode::VersionConflict,
            "version",
            format!("The record is at version {current}, not {expected}: somebody changed it. Read it again and repeat the change"),
        )
        .into()),
        _ => Ok(()),
    }
}

/// Checks that the owner is a person of this organization.
///
/// # Errors
/// The database's; a wrong owner is noted with the other faults.
pub async fn owner(
    services: &Services,
    db: &impl ConnectionTrait,
    check: &mut Check,
    owner_id: Option<Uuid>,
) -> ServiceResult<()> {
    let Some(owner_id) = owner_id else { return Ok(()) };
    let member = membership::Entity::of(services.organization_id())
        .filter(membership::Column::UserId.eq(owner_id))
        .one(db)
        .await?;
    if member.is_none() {
        check.fault(
            ErrorCode::NotFound,
            "ownerId",
            "There is no such user here; choose one that `users` lists",
        );
    }
    Ok(())
}
