//! Idempotency keys: the same create sent again, by an impatient person or after a lost answer, has no second effect.
//!
//! A key is claimed in a transaction of its own, so that a concurrent repeat sees it, and completed in the transaction
//! that makes the record, so that either both are there or neither is. A claim whose process died runs out; whoever
//! repeats the create then takes it over, and the first process, should it only have been slow, finds its claim gone and
//! rolls back.

use std::future::Future;

use async_graphql::{InputType, Value};
use chrono::TimeDelta;
use finbridge_entity::{Scoped, begin_write, idempotency_key};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel, QueryFilter,
    QuerySelect, Set, SqlErr,
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::Services;
use super::error::{ErrorCode, ServiceError, ServiceResult, UserError};

/// How long a key is known.
const LIFE: TimeDelta = TimeDelta::hours(24);
/// After this a claim that was neither completed nor released is of a process that died: executions end sooner.
const CLAIM: TimeDelta = TimeDelta::seconds(60);
/// Longest key, in characters.
const LONGEST: usize = 200;
/// Keys that ran out and are removed with each new one: more than one, so that they do not pile up.
const SWEEP: u64 = 10;

/// A create that may be repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    key: String,
    operation: &'static str,
    input_hash: String,
}

impl Idempotency {
    /// The create of this name and input, if a key came with it. Input fields that are null count as left out.
    pub fn of(operation: &'static str, key: Option<&str>, input: &impl InputType) -> Option<Self> {
        let key = key?.to_owned();
        let value = without_nulls(input.to_value());
        Some(Self { key, operation, input_hash: format!("{:x}", Sha256::digest(value.to_string())) })
    }
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .filter(|(_, value)| *value != Value::Null)
                .map(|(name, value)| (name, without_nulls(value)))
                .collect(),
        ),
        Value::List(items) => Value::List(items.into_iter().map(without_nulls).collect()),
        other => other,
    }
}

/// How a create with a key begins.
#[derive(Debug)]
pub enum Begun {
    /// It came without a key.
    Free,
    /// It is the first with this key.
    Claimed(Claim),
    /// It was done before, and made this.
    Done(Uuid),
}

/// The right to do what was asked under a key.
#[derive(Debug, Clone, Copy)]
pub struct Claim {
    id: Uuid,
    claim: Uuid,
}

/// Makes something under a key: it is made once, and repeats get what was made. Whatever stops it, its transaction is rolled
/// back and the key is free again, so that the next try may be a better one.
///
/// # Errors
/// Those of [`begin`], and why it was not made.
pub async fn once<T, R, M>(
    services: &Services,
    wish: Option<&Idempotency>,
    made: impl FnOnce(Uuid) -> R,
    make: impl FnOnce(Option<Claim>) -> M,
) -> ServiceResult<T>
where
    R: Future<Output = ServiceResult<T>>,
    M: Future<Output = ServiceResult<T>>,
{
    let claim = match begin(services, wish).await? {
        Begun::Free => return Box::pin(make(None)).await,
        Begun::Claimed(claim) => claim,
        Begun::Done(id) => return made(id).await,
    };
    let result = Box::pin(make(Some(claim))).await;
    if result.is_err()
        && let Err(error) = release(services, claim).await
    {
        // Why nothing was made matters more to the caller; the claim runs out by itself.
        tracing::warn!(error = &error as &dyn std::error::Error, "An idempotency key was not released");
    }
    result
}

/// Claims the key of a create.
///
/// # Errors
/// `IDEMPOTENCY_KEY_REUSED` when it came with something else before, `IDEMPOTENCY_IN_PROGRESS` while the first is under
/// way, `INVALID` and `TOO_LONG` for impossible keys.
pub async fn begin(services: &Services, wish: Option<&Idempotency>) -> ServiceResult<Begun> {
    let Some(wish) = wish else { return Ok(Begun::Free) };
    check_key(&wish.key)?;
    // The second try is for a key that somebody else inserted, or swept away, between our two statements.
    for _ in 0..2 {
        match try_begin(services, wish).await {
            Err(ServiceError::Internal(error)) if is_race(&*error) => {}
            other => return other,
        }
    }
    Err(in_progress())
}

async fn try_begin(services: &Services, wish: &Idempotency) -> ServiceResult<Begun> {
    let now = services.clock().now();
    let claim = services.ids().uuid();
    let transaction = begin_write(services.db()).await?;
    let known = idempotency_key::Entity::of(services.organization_id())
        .filter(idempotency_key::Column::UserId.eq(services.viewer.user_id))
        .filter(idempotency_key::Column::Key.eq(&wish.key))
        .lock_exclusive()
        .one(&transaction)
        .await?;
    let id = match known {
        Some(known) if known.expires_at > now => {
            if known.operation != wish.operation || known.input_hash != wish.input_hash {
                return Err(reused(&known));
            }
            if let Some(made) = known.record_id {
                return Ok(Begun::Done(made));
            }
            if known.claimed_until > now {
                return Err(in_progress());
            }
            let id = known.id;
            renew(known, wish, services, claim).update(&transaction).await?;
            id
        }
        Some(expired) => {
            let id = expired.id;
            renew(expired, wish, services, claim).update(&transaction).await?;
            id
        }
        None => {
            sweep(services, &transaction).await?;
            let id = services.ids().uuid();
            let row = idempotency_key::ActiveModel {
                organization_id: Set(services.organization_id()),
                id: Set(id),
                user_id: Set(services.viewer.user_id),
                key: Set(wish.key.clone()),
                operation: Set(wish.operation.to_owned()),
                input_hash: Set(wish.input_hash.clone()),
                record_id: Set(None),
                claim: Set(claim),
                claimed_until: Set(now + CLAIM),
                expires_at: Set(now + LIFE),
            };
            row.insert(&transaction).await?;
            id
        }
    };
    transaction.commit().await?;
    Ok(Begun::Claimed(Claim { id, claim }))
}

fn renew(
    row: idempotency_key::Model,
    wish: &Idempotency,
    services: &Services,
    claim: Uuid,
) -> idempotency_key::ActiveModel {
    let now = services.clock().now();
    let mut row = row.into_active_model();
    row.operation = Set(wish.operation.to_owned());
    row.input_hash = Set(wish.input_hash.clone());
    row.record_id = Set(None);
    row.claim = Set(claim);
    row.claimed_until = Set(now + CLAIM);
    row.expires_at = Set(now + LIFE);
    row
}

async fn sweep(services: &Services, transaction: &DatabaseTransaction) -> ServiceResult<()> {
    let old: Vec<Uuid> = idempotency_key::Entity::of(services.organization_id())
        .select_only()
        .column(idempotency_key::Column::Id)
        .filter(idempotency_key::Column::ExpiresAt.lte(services.clock().now()))
        .limit(SWEEP)
        .into_tuple()
        .all(transaction)
        .await?;
    if !old.is_empty() {
        idempotency_key::Entity::delete_many()
            .filter(idempotency_key::Column::OrganizationId.eq(services.organization_id()))
            .filter(idempotency_key::Column::Id.is_in(old))
            .exec(transaction)
            .await?;
    }
    Ok(())
}

/// What was made under a key, unless it was removed since: for what leaves no tombstone. It must not be made again either.
///
/// # Errors
/// `NOT_FOUND`.
pub(super) fn removed_since<M>(row: Option<M>, name: &str) -> ServiceResult<M> {
    row.ok_or_else(|| {
        let message =
            format!("The {name} that this key made was removed since; take a new key to make another");
        UserError::of(ErrorCode::NotFound, "idempotencyKey", message).into()
    })
}

/// Notes, in the transaction that makes it, what was made under the key.
///
/// # Errors
/// `IDEMPOTENCY_IN_PROGRESS` when the claim ran out and somebody else took it over.
pub async fn complete(
    services: &Services,
    transaction: &DatabaseTransaction,
    claim: Option<Claim>,
    record_id: Uuid,
) -> ServiceResult<()> {
    let Some(claim) = claim else { return Ok(()) };
    let done = idempotency_key::Entity::update_many()
        .set(idempotency_key::ActiveModel { record_id: Set(Some(record_id)), ..Default::default() })
        .filter(held(services, claim))
        .exec(transaction)
        .await?;
    if done.rows_affected == 1 { Ok(()) } else { Err(in_progress()) }
}

/// Gives the key back: nothing was made. A key under which something was made stays, also when the answer of the commit was
/// lost and the create looks failed from here.
///
/// # Errors
/// The database's.
pub async fn release(services: &Services, claim: Claim) -> ServiceResult<()> {
    idempotency_key::Entity::delete_many()
        .filter(held(services, claim))
        .filter(idempotency_key::Column::RecordId.is_null())
        .exec(services.db())
        .await?;
    Ok(())
}

fn held(services: &Services, claim: Claim) -> sea_orm::Condition {
    sea_orm::Condition::all()
        .add(idempotency_key::Column::OrganizationId.eq(services.organization_id()))
        .add(idempotency_key::Column::Id.eq(claim.id))
        .add(idempotency_key::Column::Claim.eq(claim.claim))
}

fn check_key(key: &str) -> ServiceResult<()> {
    let field = "idempotencyKey";
    let length = key.chars().count();
    if length > LONGEST {
        let message = format!("`{field}` takes {LONGEST} characters and this has {length}; a UUID is enough");
        return Err(UserError::of(ErrorCode::TooLong, field, message).into());
    }
    if key.trim().is_empty() || key.contains(char::is_control) {
        let message = format!("Give `{field}` a text such as a UUID, one for each thing to be made");
        return Err(UserError::of(ErrorCode::Invalid, field, message).into());
    }
    Ok(())
}

fn reused(known: &idempotency_key::Model) -> ServiceError {
    let message = format!(
        "This key came with another input before, or with `{}`; take a new key for each thing to be made",
        known.operation
    );
    UserError::of(ErrorCode::IdempotencyKeyReused, "idempotencyKey", message).into()
}

fn in_progress() -> ServiceError {
    UserError::of(
        ErrorCode::IdempotencyInProgress,
        "idempotencyKey",
        "The same request is being carried out; wait a moment and send it again with the same key",
    )
    .into()
}

/// Two requests inserted the same key at once.
fn is_race(error: &(dyn std::error::Error + 'static)) -> bool {
    let error = error.downcast_ref::<DbErr>();
    error.and_then(DbErr::sql_err).is_some_and(|error| matches!(error, SqlErr::UniqueConstraintViolation(_)))
        || matches!(error, Some(DbErr::RecordNotUpdated))
}
