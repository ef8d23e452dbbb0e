//! Tags: short names that people put on records of every kind.

use std::collections::BTreeMap;

use finbridge_domain::name_key;
use finbridge_entity::types::RecordType;
use finbridge_entity::{Scoped, record_tag, tag};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, Set, sea_query::OnConflict,
};
use uuid::Uuid;

use super::Services;
use super::error::{ErrorCode, ServiceResult};
use super::validate::Check;

/// Tags on one record.
pub const MOST: usize = 20;
/// Longest name of a tag, in characters.
const LONGEST: usize = 50;

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

/// The tags of these names, made where there are none yet.
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
