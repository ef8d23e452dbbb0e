//! Words of names, by which records are found. They are noted here and looked up in [`find`].

pub mod find;

use std::collections::BTreeSet;

use finbridge_domain::name_words;
use finbridge_entity::record_word;
use finbridge_entity::types::RecordType;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Set};
use uuid::Uuid;

use super::Services;
use super::error::ServiceResult;

/// Notes the words of a living record's name in place of those noted before.
///
/// # Errors
/// The database's.
pub async fn index(
    services: &Services,
    db: &impl ConnectionTrait,
    record_type: RecordType,
    record_id: Uuid,
    name_key: &str,
) -> ServiceResult<()> {
    forget(services, db, record_id).await?;
    let rows = rows(services.organization_id(), record_type, record_id, name_key);
    if !rows.is_empty() {
        record_word::Entity::insert_many(rows).exec_without_returning(db).await?;
    }
    Ok(())
}

/// The words of a record's name, to be noted.
pub fn rows(
    organization_id: Uuid,
    record_type: RecordType,
    record_id: Uuid,
    name_key: &str,
) -> Vec<record_word::ActiveModel> {
    let words: BTreeSet<&str> = name_words(name_key).collect();
    words
        .into_iter()
        .map(|word| record_word::ActiveModel {
            organization_id: Set(organization_id),
            word: Set(word.to_owned()),
            record_id: Set(record_id),
            record_type: Set(record_type),
        })
        .collect()
}

/// Forgets the words of a record: it is not found any more.
///
/// # Errors
/// The database's.
pub async fn forget(services: &Services, db: &impl ConnectionTrait, record_id: Uuid) -> ServiceResult<()> {
    record_word::Entity::delete_many()
        .filter(record_word::Column::OrganizationId.eq(services.organization_id()))
        .filter(record_word::Column::RecordId.eq(record_id))
        .exec(db)
        .await?;
    Ok(())
}
