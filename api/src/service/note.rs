//! Notes: what people write down about a record of whatever kind.

use finbridge_entity::types::{RecordType, Role};
use finbridge_entity::{Scoped, begin_write, note};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter,
    QuerySelect, Set,
};
use uuid::Uuid;

use super::Services;
use super::error::{ErrorCode, ServiceError, ServiceResult, UserError};
use super::idempotency::{self, Claim, Idempotency};
use super::page::{Listing, SortKey, SortValue};
use super::record::any::{hold_any, lives, refer_any};
use super::record::expect_version;
use super::validate::{Check, TEXT_LENGTH};

/// What a note is made of.
#[derive(Debug, Clone)]
pub struct NewNote {
    /// Kind of the record it is on.
    pub record_type: RecordType,
    /// The record it is on.
    pub record_id: Uuid,
    /// What it says.
    pub body: String,
    /// The key under which the create may be repeated.
    pub idempotency: Option<Idempotency>,
}

/// Notes of a record, newest first.
pub fn of_record() -> Listing<note::Entity> {
    let value = |row: &note::Model| SortValue::Time(row.created_at);
    let key = SortKey { name: "CREATED_AT", column: note::Column::CreatedAt, nullable: false, value };
    Listing { name: "notes", key, descending: true }
}

/// Writes a note; the viewer is its author.
///
/// # Errors
/// What is wrong with the input.
pub async fn create(services: &Services, new: NewNote) -> ServiceResult<note::Model> {
    let key = new.idempotency.clone();
    idempotency::once(services, key.as_ref(), |id| made(services, id), |claim| make(services, new, claim))
        .await
}

async fn make(services: &Services, new: NewNote, claim: Option<Claim>) -> ServiceResult<note::Model> {
    let mut check = Check::default();
    let body = check.required("body", &new.body, TEXT_LENGTH);
    let transaction = begin_write(services.db()).await?;
    // A merge that is under way would not see the note, and leave it with the tombstone.
    hold_any(services, &transaction, new.record_type, new.record_id).await?;
    refer_any(services, &transaction, &mut check, "recordId", new.record_type, new.record_id).await?;
    if let Err(faults) = check.finish() {
        transaction.rollback().await?;
        return Err(faults);
    }
    let (id, now) = (services.ids().uuid(), services.clock().now());
    let row = note::ActiveModel {
        organization_id: Set(services.organization_id()),
        id: Set(id),
        record_type: Set(new.record_type),
        record_id: Set(new.record_id),
        body: Set(body),
        author_id: Set(Some(services.viewer.user_id)),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
    };
    let note = row.insert(&transaction).await?;
    idempotency::complete(services, &transaction, claim, id).await?;
    transaction.commit().await?;
    Ok(note)
}

/// The note that was made under an idempotency key. Notes leave no tombstone, so one that was deleted since cannot be
/// answered with again, and must not be made again either.
async fn made(services: &Services, id: Uuid) -> ServiceResult<note::Model> {
    let note = note::Entity::one_of(services.organization_id(), id).one(services.db()).await?;
    note.ok_or_else(|| {
        let message =
            "The note that was made under this key has been deleted since; take a new key to write another";
        UserError::of(ErrorCode::NotFound, "idempotencyKey", message).into()
    })
}

/// Changes what a note says.
///
/// # Errors
/// `NOT_FOUND`, `VERSION_CONFLICT`, what is wrong with the text; `FORBIDDEN` for anybody but author and administrators.
pub async fn update(
    services: &Services,
    id: Uuid,
    version: Option<i64>,
    body: &str,
) -> ServiceResult<note::Model> {
    let transaction = begin_write(services.db()).await?;
    let before = find(services, &transaction, id, version).await?;
    let mut check = Check::default();
    let body = check.required("body", body, TEXT_LENGTH);
    check.finish()?;
    let version = before.version;
    let mut row = before.into_active_model();
    row.body = Set(body);
    row.version = Set(version + 1);
    row.updated_at = Set(services.clock().now());
    let note = row.update(&transaction).await?;
    transaction.commit().await?;
    Ok(note)
}

/// Removes a note for good.
///
/// # Errors
/// `NOT_FOUND`, `VERSION_CONFLICT`; `FORBIDDEN` for anybody but author and administrators.
pub async fn delete(services: &Services, id: Uuid, version: Option<i64>) -> ServiceResult<Uuid> {
    let transaction = begin_write(services.db()).await?;
    let note = find(services, &transaction, id, version).await?;
    note::Entity::delete_many()
        .filter(note::Column::OrganizationId.eq(services.organization_id()))
        .filter(note::Column::Id.eq(note.id))
        .exec(&transaction)
        .await?;
    transaction.commit().await?;
    Ok(note.id)
}

/// The note that a write names, locked, where the viewer may write it and it has this version. A note of a deleted record
/// is absent until the record is restored.
async fn find(
    services: &Services,
    transaction: &DatabaseTransaction,
    id: Uuid,
    version: Option<i64>,
) -> ServiceResult<note::Model> {
    let note = note::Entity::one_of(services.organization_id(), id).lock_exclusive().one(transaction).await?;
    let absent = || {
        let message = "There is no such note; it or its record may have been deleted";
        UserError::of(ErrorCode::NotFound, "id", message)
    };
    let note = note.ok_or_else(absent)?;
    if !lives(services, transaction, note.record_type, note.record_id).await? {
        return Err(absent().into());
    }
    let viewer = &services.viewer;
    if note.author_id != Some(viewer.user_id) && viewer.role != Role::Administrator {
        let message = "Only its author or an administrator may change or delete a note; ask one of them";
        return Err(ServiceError::Forbidden(message.to_owned()));
    }
    expect_version(version, note.version)?;
    Ok(note)
}
