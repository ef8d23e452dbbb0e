//! What records of every kind carry and a merge takes over: values in custom fields, tags, notes, and the keys by which
//! imports know them.

use std::collections::{HashMap, HashSet};

use finbridge_entity::types::RecordType;
use finbridge_entity::{Scoped, custom_value, import_key, note, record_tag};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use crate::service::error::{ErrorCode, ServiceResult};
use crate::service::validate::Check;
use crate::service::{Services, tag};

/// Gives the record that stays what the others carry.
///
/// # Errors
/// The database's; too many tags are noted.
pub(super) async fn take_over(
    services: &Services,
    transaction: &DatabaseTransaction,
    check: &mut Check,
    record_type: RecordType,
    stays: Uuid,
    merged: &[Uuid],
) -> ServiceResult<()> {
    custom_values(services, transaction, stays, merged).await?;
    tags(services, transaction, check, record_type, stays, merged).await?;
    let here = services.organization_id();
    note::Entity::update_many()
        .col_expr(note::Column::RecordId, Expr::value(stays))
        .filter(note::Column::OrganizationId.eq(here))
        .filter(note::Column::RecordId.is_in(merged.iter().copied()))
        .exec(transaction)
        .await?;
    import_key::Entity::update_many()
        .col_expr(import_key::Column::RecordId, Expr::value(stays))
        .filter(import_key::Column::OrganizationId.eq(here))
        .filter(import_key::Column::RecordId.is_in(merged.iter().copied()))
        .exec(transaction)
        .await?;
    Ok(())
}

/// Values move with their claim to be unique, so a unique value stays unique.
async fn custom_values(
    services: &Services,
    transaction: &DatabaseTransaction,
    stays: Uuid,
    merged: &[Uuid],
) -> ServiceResult<()> {
    let here = services.organization_id();
    let mut of_record: HashMap<Uuid, Vec<custom_value::Model>> = HashMap::new();
    let values = custom_value::Entity::of(here)
        .filter(custom_value::Column::RecordId.is_in(merged.iter().copied().chain([stays])))
        .all(transaction)
        .await?;
    for value in values {
        of_record.entry(value.record_id).or_default().push(value);
    }
    let own = of_record.remove(&stays).unwrap_or_default();
    let mut filled: HashSet<Uuid> = own.into_iter().map(|value| value.field_id).collect();
    let mut moving = Vec::new();
    for record in merged {
        for value in of_record.remove(record).unwrap_or_default() {
            if filled.insert(value.field_id) {
                moving.push(value.id);
            }
        }
    }
    if moving.is_empty() {
        return Ok(());
    }
    custom_value::Entity::update_many()
        .col_expr(custom_value::Column::RecordId, Expr::value(stays))
        .filter(custom_value::Column::OrganizationId.eq(here))
        .filter(custom_value::Column::Id.is_in(moving))
        .exec(transaction)
        .await?;
    Ok(())
}

/// Tags are united. More than a record takes are refused: which of them matter, nobody but a person knows.
async fn tags(
    services: &Services,
    transaction: &DatabaseTransaction,
    check: &mut Check,
    record_type: RecordType,
    stays: Uuid,
    merged: &[Uuid],
) -> ServiceResult<()> {
    let pairs = record_tag::Entity::of(services.organization_id())
        .filter(record_tag::Column::RecordId.is_in(merged.iter().copied().chain([stays])))
        .order_by_asc(record_tag::Column::Id)
        .all(transaction)
        .await?;
    let (own, others): (Vec<_>, Vec<_>) = pairs.into_iter().partition(|pair| pair.record_id == stays);
    let mut there: HashSet<Uuid> = own.into_iter().map(|pair| pair.tag_id).collect();
    let new: Vec<Uuid> =
        others.into_iter().map(|pair| pair.tag_id).filter(|tag| there.insert(*tag)).collect();
    if there.len() > tag::MOST {
        let message = format!(
            "Together the records have {} tags and a record takes {}; take some off first",
            there.len(),
            tag::MOST
        );
        check.fault(ErrorCode::Invalid, "mergedIds", message);
        return Ok(());
    }
    tag::put(services, transaction, record_type, &[stays], &new).await
}
