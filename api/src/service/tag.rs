//! Tags: short names that people put on records of every kind.

use std::collections::{BTreeMap, HashMap};

use finbridge_domain::name_key;
use finbridge_entity::types::RecordType;
use finbridge_entity::{Scoped, begin_write, record_tag, tag};
use sea_orm::sea_query::{LockType, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait,
    IntoActiveModel, JoinType, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Set, SqlErr,
};
use uuid::Uuid;

use super::Services;
use super::error::{ErrorCode, ServiceResult, UserError};
use super::page::{Listing, Page, PageArgs, SortKey, SortValue};
use super::record::any::{Being, record_is};
use super::validate::Check;

/// Tags on one record.
pub const MOST: usize = 20;
/// Longest name of a tag, in characters.
const LONGEST: usize = 50;
/// How often tags that vanish while they are put on a record are made again.
const TRIES: usize = 3;

/// Names as written, by how they are compared.
pub type Names = BTreeMap<String, String>;

/// The tags of these names; the first spelling of each counts.
pub fn named(check: &mut Check, names: &[String]) -> Names {
    let mut tags = Names::new();
    for name in names {
        let name = check.required("tags", name, LONGEST);
        tags.entry(name_key(&name)).or_insert(name);
    }
    if tags.len() > MOST {
        let message = format!("A record takes {MOST} tags and these are {}; leave some out", tags.len());
        check.fault(ErrorCode::Invalid, "tags", message);
    }
    tags
}

/// The tags of these names, where nothing is wrong with any of them.
///
/// # Errors
/// The faults found.
pub fn checked(names: &[String]) -> ServiceResult<Names> {
    let mut check = Check::default();
    let names = named(&mut check, names);
    check.finish()?;
    Ok(names)
}

/// The tags of these names, made where there are none yet. They cannot be deleted before the transaction ends.
///
/// # Errors
/// The database's.
pub async fn ensure(
    services: &Services,
    transaction: &DatabaseTransaction,
    names: Names,
) -> ServiceResult<Vec<Uuid>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let wanted = names.len();
    // A tag that somebody deletes at this moment is there for the first statement and gone for the second.
    for _ in 0..TRIES {
        let tags = try_ensure(services, transaction, names.clone()).await?;
        if tags.len() == wanted {
            return Ok(tags);
        }
    }
    Err(DbErr::RecordNotFound("tags that were made a moment ago".to_owned()).into())
}

async fn try_ensure(
    services: &Services,
    transaction: &DatabaseTransaction,
    names: Names,
) -> ServiceResult<Vec<Uuid>> {
    let keys: Vec<String> = names.keys().cloned().collect();
    let now = services.clock().now();
    let rows = names.into_iter().map(|(key, name)| tag::ActiveModel {
        organization_id: Set(services.organization_id()),
        id: Set(services.ids().uuid()),
        name: Set(name),
        name_key: Set(key),
        created_at: Set(now),
    });
    tag::Entity::insert_many(rows)
        .on_conflict(
            OnConflict::columns([tag::Column::OrganizationId, tag::Column::NameKey]).do_nothing().to_owned(),
        )
        .exec_without_returning(transaction)
        .await?;
    let tags = tag::Entity::of(services.organization_id())
        .filter(tag::Column::NameKey.is_in(keys))
        .order_by_asc(tag::Column::NameKey)
        .lock(LockType::KeyShare)
        .all(transaction)
        .await?;
    Ok(tags.into_iter().map(|tag| tag.id).collect())
}

/// Gives a record these tags and no others.
///
/// # Errors
/// The database's.
pub async fn replace(
    services: &Services,
    transaction: &DatabaseTransaction,
    record_type: RecordType,
    record_id: Uuid,
    names: Names,
) -> ServiceResult<()> {
    let tags = ensure(services, transaction, names).await?;
    record_tag::Entity::delete_many()
        .filter(record_tag::Column::OrganizationId.eq(services.organization_id()))
        .filter(record_tag::Column::RecordId.eq(record_id))
        .filter(record_tag::Column::TagId.is_not_in(tags.iter().copied()))
        .exec(transaction)
        .await?;
    put(services, transaction, record_type, &[record_id], &tags).await
}

/// Puts tags on records; those that are there already stay.
///
/// # Errors
/// The database's.
pub async fn put(
    services: &Services,
    db: &impl ConnectionTrait,
    record_type: RecordType,
    records: &[Uuid],
    tags: &[Uuid],
) -> ServiceResult<()> {
    let pairs = records.iter().flat_map(|record| tags.iter().map(move |tag| (*record, *tag)));
    let rows: Vec<_> = pairs
        .map(|(record_id, tag_id)| record_tag::ActiveModel {
            organization_id: Set(services.organization_id()),
            id: Set(services.ids().uuid()),
            tag_id: Set(tag_id),
            record_id: Set(record_id),
            record_type: Set(record_type),
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    let columns =
        [record_tag::Column::OrganizationId, record_tag::Column::TagId, record_tag::Column::RecordId];
    record_tag::Entity::insert_many(rows)
        .on_conflict(OnConflict::columns(columns).do_nothing().to_owned())
        .exec_without_returning(db)
        .await?;
    Ok(())
}

/// The tags of records, by name.
///
/// # Errors
/// The database's.
pub async fn of_records(
    db: &impl ConnectionTrait,
    organization_id: Uuid,
    records: &[Uuid],
) -> Result<HashMap<Uuid, Vec<tag::Model>>, DbErr> {
    let tag = record_tag::Entity::belongs_to(tag::Entity)
        .from((record_tag::Column::OrganizationId, record_tag::Column::TagId))
        .to((tag::Column::OrganizationId, tag::Column::Id));
    let pairs = record_tag::Entity::of(organization_id)
        .filter(record_tag::Column::RecordId.is_in(records.iter().copied()))
        .join(JoinType::InnerJoin, tag.into())
        .select_also(tag::Entity)
        .order_by_asc(tag::Column::NameKey)
        .all(db)
        .await?;
    let mut of_record: HashMap<Uuid, Vec<tag::Model>> = HashMap::new();
    for (pair, tag) in pairs {
        of_record.entry(pair.record_id).or_default().extend(tag);
    }
    Ok(of_record)
}

/// How many living records have each of these tags: one statement for all.
///
/// # Errors
/// The database's.
pub async fn uses(
    db: &impl ConnectionTrait,
    organization_id: Uuid,
    tags: &[Uuid],
) -> Result<HashMap<Uuid, u64>, DbErr> {
    use record_tag::Column;
    let deleted = record_is::<record_tag::Entity>(
        organization_id,
        Column::RecordType,
        Column::RecordId,
        Being::Deleted,
    );
    let counts: Vec<(Uuid, i64)> = record_tag::Entity::of(organization_id)
        .select_only()
        .column(Column::TagId)
        .column_as(Column::Id.count(), "n")
        .filter(Column::TagId.is_in(tags.iter().copied()))
        .filter(deleted.not())
        .group_by(Column::TagId)
        .into_tuple()
        .all(db)
        .await?;
    Ok(counts.into_iter().map(|(tag, n)| (tag, u64::try_from(n).unwrap_or_default())).collect())
}

/// The names of a record's tags.
///
/// # Errors
/// The database's.
pub async fn names_of(
    services: &Services,
    db: &impl ConnectionTrait,
    record_id: Uuid,
) -> ServiceResult<Names> {
    let mut tags = of_records(db, services.organization_id(), &[record_id]).await?;
    let tags = tags.remove(&record_id).unwrap_or_default();
    Ok(tags.into_iter().map(|tag| (tag.name_key, tag.name)).collect())
}

/// The list of tags, by name.
pub fn listing() -> Listing<tag::Entity> {
    let value = |row: &tag::Model| SortValue::Text(row.name_key.clone());
    let key = SortKey { name: "NAME", column: tag::Column::NameKey, nullable: false, value };
    Listing { name: "tags", key, descending: false }
}

/// A page of tags, by name.
///
/// # Errors
/// Bad page arguments.
pub async fn page(
    services: &Services,
    filter: Condition,
    args: &PageArgs,
) -> ServiceResult<Page<tag::Model>> {
    let tags = tag::Entity::of(services.organization_id()).filter(filter);
    listing().window(args)?.read(services.db(), tags).await
}

/// How many tags there are.
///
/// # Errors
/// The database's.
pub async fn count(services: &Services, filter: Condition) -> ServiceResult<u64> {
    Ok(tag::Entity::of(services.organization_id()).filter(filter).count(services.db()).await?)
}

/// Gives a tag another name, on every record that has it. Versions of the records stay: what they are tagged with is
/// still the same tag.
///
/// # Errors
/// `NOT_FOUND`, what is wrong with the name, and `NOT_UNIQUE` when another tag has it.
pub async fn rename(services: &Services, id: Uuid, name: &str) -> ServiceResult<tag::Model> {
    let transaction = begin_write(services.db()).await?;
    let before = find(services, &transaction, id).await?;
    let mut check = Check::default();
    let name = check.required("name", name, LONGEST);
    check.finish()?;
    let mut row = before.into_active_model();
    row.name_key = Set(name_key(&name));
    row.name = Set(name);
    let renamed = row.update(&transaction).await.map_err(|error| match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => {
            let message = "Another tag has this name; put that one on the records, or choose another name";
            UserError::of(ErrorCode::NotUnique, "name", message).into()
        }
        _ => super::ServiceError::from(error),
    })?;
    transaction.commit().await?;
    Ok(renamed)
}

/// Removes a tag for good, and takes it off every record that has it, deleted ones included.
///
/// # Errors
/// `NOT_FOUND`; `FORBIDDEN` for anybody but administrators.
pub async fn delete(services: &Services, id: Uuid) -> ServiceResult<Uuid> {
    services.viewer.require_administrator()?;
    let transaction = begin_write(services.db()).await?;
    let tag = find(services, &transaction, id).await?;
    record_tag::Entity::delete_many()
        .filter(record_tag::Column::OrganizationId.eq(services.organization_id()))
        .filter(record_tag::Column::TagId.eq(tag.id))
        .exec(&transaction)
        .await?;
    tag::Entity::delete_many()
        .filter(tag::Column::OrganizationId.eq(services.organization_id()))
        .filter(tag::Column::Id.eq(tag.id))
        .exec(&transaction)
        .await?;
    transaction.commit().await?;
    Ok(tag.id)
}

/// The tag that a write names, locked: nobody puts it on a record meanwhile.
async fn find(services: &Services, transaction: &DatabaseTransaction, id: Uuid) -> ServiceResult<tag::Model> {
    let tag = tag::Entity::one_of(services.organization_id(), id).lock_exclusive().one(transaction).await?;
    tag.ok_or_else(|| {
        let message = "There is no such tag; choose one that `tags` lists";
        UserError::of(ErrorCode::NotFound, "id", message).into()
    })
}
