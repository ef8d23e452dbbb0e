//! What reads of CRM records have in common. Writes are in [`write`], and what is the same for every kind in
//! [`any`].

pub mod any;
mod kind;
pub mod merge;
pub mod write;

use finbridge_domain::NodeKind;
use finbridge_entity::types::RecordType;
use finbridge_entity::{Scoped, TenantOwned, membership, organization};
use sea_orm::sea_query::LockType;
use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, ActiveValue, ColumnTrait, Condition, ConnectionTrait,
    DatabaseTransaction, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};
use uuid::Uuid;

use super::Services;
use super::error::{ErrorCode, ServiceResult, UserError};
use super::page::{Identified, Listing, Page, PageArgs, SortKey};
use super::validate::Check;
use sea_orm::prelude::DateTimeUtc;

/// An entity of the CRM's records: they have a name and an owner, carry tags and custom fields, and leave a tombstone
/// when they are deleted.
pub trait Record: TenantOwned<Model: Identified + Send + Sync + 'static> {
    /// The row in the making.
    type Active: ActiveModelTrait<Entity = Self> + ActiveModelBehavior + Send;
    /// Which kind of record it is.
    const TYPE: RecordType;
    /// What one is called in messages; its list in the schema is called the same with an s.
    const NAME: &'static str;
    /// The column that is null while the record lives.
    fn deleted_column() -> Self::Column;
    /// The column of the name as it is compared.
    fn name_key_column() -> Self::Column;
    /// The column of the owner.
    fn owner_column() -> Self::Column;
    /// The column of the instant of making.
    fn created_column() -> Self::Column;
    /// The column of the last change.
    fn updated_column() -> Self::Column;
    /// The column of what a tombstone was merged into.
    fn merged_into_column() -> Self::Column;
    /// Order by name, without regard to letter case.
    fn by_name() -> SortKey<Self>;
    /// Order by when the record was made.
    fn by_created_at() -> SortKey<Self>;
    /// Order by when the record was last changed.
    fn by_updated_at() -> SortKey<Self>;
    /// A new row with this id that lacks what is particular to its kind.
    fn draft(services: &Services, id: Uuid) -> Self::Active;
    /// The row, to be changed.
    fn active(model: Self::Model) -> Self::Active;
    /// What every record has.
    fn common(model: &Self::Model) -> Common;
    /// The name as it is compared.
    fn name_key(model: &Self::Model) -> &str;
    /// The columns that every record has, to be set.
    fn slots(active: &mut Self::Active) -> Slots<'_>;
}

/// The kind of id that records of this type have.
pub fn node_kind(record_type: RecordType) -> NodeKind {
    match record_type {
        RecordType::Account => NodeKind::Account,
        RecordType::Contact => NodeKind::Contact,
        RecordType::Vendor => NodeKind::Vendor,
        RecordType::Product => NodeKind::Product,
        RecordType::Deal => NodeKind::Deal,
    }
}

/// What every record has, whatever its kind.
#[derive(Debug, Clone, Copy)]
pub struct Common {
    /// Which kind it is.
    pub record_type: RecordType,
    /// Its id.
    pub id: Uuid,
    /// The 18-digit number by which finance apps know it.
    pub wire_id: i64,
    /// Who looks after it.
    pub owner_id: Option<Uuid>,
    /// Its layout; the standard one when empty.
    pub layout_id: Option<Uuid>,
    /// When it was deleted.
    pub deleted_at: Option<DateTimeUtc>,
    /// What it was merged into; only tombstones were.
    pub merged_into_id: Option<Uuid>,
    /// Ascends with every change.
    pub version: i64,
    /// When it was made.
    pub created_at: DateTimeUtc,
    /// When it was last changed.
    pub updated_at: DateTimeUtc,
}

/// The columns that every record has, to be set.
pub struct Slots<'a> {
    /// Who looks after it.
    pub owner_id: &'a mut ActiveValue<Option<Uuid>>,
    /// Its layout.
    pub layout_id: &'a mut ActiveValue<Option<Uuid>>,
    /// When it was deleted.
    pub deleted_at: &'a mut ActiveValue<Option<DateTimeUtc>>,
    /// What it was merged into.
    pub merged_into_id: &'a mut ActiveValue<Option<Uuid>>,
    /// Ascends with every change.
    pub version: &'a mut ActiveValue<i64>,
    /// When it was last changed.
    pub updated_at: &'a mut ActiveValue<DateTimeUtc>,
}

/// Which records of a kind a list is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Extent {
    /// Those that live.
    #[default]
    Living,
    /// The tombstones.
    Deleted,
}

/// A page of records.
///
/// # Errors
/// Bad page arguments.
pub async fn page<E: Record>(
    services: &Services,
    extent: Extent,
    filter: Condition,
    listing: &Listing<E>,
    args: &PageArgs,
) -> ServiceResult<Page<E::Model>> {
    listing.window(args)?.read(services.db(), of::<E>(services, extent).filter(filter)).await
}

/// How many records there are.
///
/// # Errors
/// The database's.
pub async fn count<E: Record>(services: &Services, extent: Extent, filter: Condition) -> ServiceResult<u64> {
    Ok(of::<E>(services, extent).filter(filter).count(services.db()).await?)
}

/// The record that a write names by the field `id`, locked until the transaction ends: whoever writes it next reads what
/// this write leaves, and sees its version.
///
/// # Errors
/// `NOT_FOUND` when it is absent, another tenant's, or not of this extent.
pub async fn find<E: Record>(
    services: &Services,
    db: &impl ConnectionTrait,
    extent: Extent,
    id: Uuid,
) -> ServiceResult<E::Model> {
    let row = of::<E>(services, extent).filter(E::id_column().eq(id)).lock_exclusive().one(db).await?;
    row.ok_or_else(|| {
        let message = match extent {
            Extent::Living => format!("There is no such {}; it may have been deleted", E::NAME),
            Extent::Deleted => format!("There is no such deleted {}; it may have been restored", E::NAME),
        };
        UserError::of(ErrorCode::NotFound, "id", message).into()
    })
}

/// Waits for the organization's turn: writes that change many records at once, or the ties between them, come one after
/// another. Whoever needs a turn takes it before it locks any record, so nobody waits for a turn with a record in hand.
///
/// # Errors
/// The database's.
pub async fn in_turn(services: &Services, transaction: &DatabaseTransaction) -> ServiceResult<()> {
    // Weaker than an exclusive lock, which would hold up whoever inserts anything into the organization.
    let organization = organization::Entity::find_by_id(services.organization_id());
    organization.lock(LockType::NoKeyUpdate).one(transaction).await?;
    Ok(())
}

/// Keeps what a write refers to as it is until the transaction ends. Called before the record itself is locked, as merges
/// and deletions lock what is referred to before what refers to it.
///
/// # Errors
/// The database's.
pub async fn hold<E: TenantOwned>(
    services: &Services,
    transaction: &DatabaseTransaction,
    ids: impl IntoIterator<Item = Uuid> + Send,
) -> ServiceResult<()> {
    let ids: Vec<Uuid> = ids.into_iter().collect();
    if ids.is_empty() {
        return Ok(());
    }
    let rows = E::of(services.organization_id()).filter(E::id_column().is_in(ids));
    let rows = rows.order_by_asc(E::id_column()).lock(LockType::Share);
    rows.select_only().column(E::id_column()).into_tuple::<Uuid>().all(transaction).await?;
    Ok(())
}

/// The record that was made under an idempotency key, deleted since or not.
///
/// # Errors
/// The database's.
pub async fn made<E: Record>(services: &Services, id: Uuid) -> ServiceResult<E::Model> {
    let row = E::one_of(services.organization_id(), id).one(services.db()).await?;
    row.ok_or_else(|| DbErr::RecordNotFound(format!("the {} made under a key", E::NAME)).into())
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
    of(services, Extent::Living)
}

fn of<E: Record>(services: &Services, extent: Extent) -> Select<E> {
    let deleted = E::deleted_column();
    E::of(services.organization_id()).filter(match extent {
        Extent::Living => deleted.is_null(),
        Extent::Deleted => deleted.is_not_null(),
    })
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
