//! Records of whatever kind: what is done to many of them at once, and what refers to any of them.

use async_graphql::MaybeUndefined;
use finbridge_entity::types::RecordType;
use finbridge_entity::{Scoped, TenantOwned, account, contact, deal, product, vendor};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, Iterable,
    QueryFilter, QuerySelect, QueryTrait,
};
use uuid::Uuid;

use super::write::{self, CommonChange};
use super::{Record, hold, living, refer};
use crate::service::error::ServiceResult;
use crate::service::validate::Check;
use crate::service::{Services, tag};

/// Does the same for the entity of a kind of record that is known only when the program runs.
macro_rules! for_kind {
    ($record_type:expr, $entity:ident => $body:expr) => {
        match $record_type {
            finbridge_entity::types::RecordType::Account => {
                type $entity = finbridge_entity::account::Entity;
                $body
            }
            finbridge_entity::types::RecordType::Contact => {
                type $entity = finbridge_entity::contact::Entity;
                $body
            }
            finbridge_entity::types::RecordType::Vendor => {
                type $entity = finbridge_entity::vendor::Entity;
                $body
            }
            finbridge_entity::types::RecordType::Product => {
                type $entity = finbridge_entity::product::Entity;
                $body
            }
            finbridge_entity::types::RecordType::Deal => {
                type $entity = finbridge_entity::deal::Entity;
                $body
            }
        }
    };
}
pub(crate) use for_kind;

/// A record of whatever kind.
#[derive(Debug, Clone)]
pub enum AnyRecord {
    /// A company.
    Account(account::Model),
    /// A person.
    Contact(contact::Model),
    /// A supplier.
    Vendor(vendor::Model),
    /// A product.
    Product(product::Model),
    /// An opportunity.
    Deal(deal::Model),
}

macro_rules! any_record {
    ($($kind:ident: $entity:ident),+ $(,)?) => {
        $(impl From<$entity::Model> for AnyRecord {
            fn from(row: $entity::Model) -> Self {
                Self::$kind(row)
            }
        })+
    };
}

any_record!(Account: account, Contact: contact, Vendor: vendor, Product: product, Deal: deal);

/// What can be done to records of whatever kind.
#[derive(Debug, Clone)]
pub enum Act {
    /// Make them tombstones.
    Delete,
    /// Bring them back.
    Restore,
    /// Have this user look after them.
    Assign(Uuid),
    /// Put tags of these names on them.
    Tag(tag::Names),
    /// Take tags of these names off them.
    Untag(tag::Names),
}

/// Does it to one record, in a transaction of its own.
///
/// # Errors
/// `NOT_FOUND`, and what the act refuses.
pub async fn carry_out(
    services: &Services,
    record_type: RecordType,
    id: Uuid,
    act: &Act,
) -> ServiceResult<AnyRecord> {
    for_kind!(record_type, E => carry_out_on::<E>(services, id, act).await.map(AnyRecord::from))
}

async fn carry_out_on<E: Record>(services: &Services, id: Uuid, act: &Act) -> ServiceResult<E::Model>
where
    E::Model: IntoActiveModel<E::Active> + Clone,
{
    match act {
        Act::Delete => write::delete::<E>(services, id, None).await,
        Act::Restore => write::restore::<E>(services, id).await,
        Act::Assign(owner) => assign::<E>(services, id, *owner).await,
        Act::Tag(names) => {
            retag::<E>(services, id, |tags| {
                for (key, name) in names {
                    tags.entry(key.clone()).or_insert_with(|| name.clone());
                }
            })
            .await
        }
        Act::Untag(names) => {
            retag::<E>(services, id, |tags| tags.retain(|key, _| !names.contains_key(key))).await
        }
    }
}

/// Gives a record an owner. One that has that owner already is left as it is, its version included.
async fn assign<E: Record>(services: &Services, id: Uuid, owner: Uuid) -> ServiceResult<E::Model>
where
    E::Model: IntoActiveModel<E::Active> + Clone,
{
    let common = CommonChange { owner_id: MaybeUndefined::Value(owner), ..CommonChange::default() };
    let edit = write::edit::<E>(services, id, common).await?;
    if E::common(&edit.before).owner_id == Some(owner) {
        return Ok(edit.before);
    }
    edit.save(services).await?.commit().await
}

/// Changes the tags of a record. One whose tags stay the same is left as it is, its version included.
async fn retag<E: Record>(
    services: &Services,
    id: Uuid,
    change: impl FnOnce(&mut tag::Names),
) -> ServiceResult<E::Model>
where
    E::Model: IntoActiveModel<E::Active> + Clone,
{
    let mut edit = write::edit::<E>(services, id, CommonChange::default()).await?;
    let before = tag::names_of(services, &edit.transaction, id).await?;
    let mut after = before.clone();
    change(&mut after);
    if after.keys().eq(before.keys()) {
        return Ok(edit.before);
    }
    edit.tag(after.into_values().collect());
    edit.save(services).await?.commit().await
}

/// Checks that a living record of this kind is there to be referred to.
///
/// # Errors
/// The database's; an absent record is noted with the other faults.
pub async fn refer_any(
    services: &Services,
    db: &impl ConnectionTrait,
    check: &mut Check,
    field: &str,
    record_type: RecordType,
    id: Uuid,
) -> ServiceResult<()> {
    for_kind!(record_type, E => refer::<E>(services, db, check, field, Some(id)).await)
}

/// Keeps the record of this kind as it is until the transaction ends.
///
/// # Errors
/// The database's.
pub async fn hold_any(
    services: &Services,
    transaction: &DatabaseTransaction,
    record_type: RecordType,
    id: Uuid,
) -> ServiceResult<()> {
    for_kind!(record_type, E => hold::<E>(services, transaction, [id]).await)
}

/// Whether the record of this kind lives.
///
/// # Errors
/// The database's.
pub async fn lives(
    services: &Services,
    db: &impl ConnectionTrait,
    record_type: RecordType,
    id: Uuid,
) -> ServiceResult<bool> {
    for_kind!(record_type, E => {
        let row = living::<E>(services).filter(E::id_column().eq(id)).one(db).await?;
        Ok(row.is_some())
    })
}

/// What a record may be.
#[derive(Debug, Clone, Copy)]
pub enum Being<'a> {
    /// A tombstone.
    Deleted,
    /// Of a name that is compared as one from the first of these on, and before the second.
    Named(&'a str, &'a str),
}

/// The rows whose columns name the kind and the id of a record that is so: one look-up by primary key each.
pub fn record_is<E: EntityTrait>(
    organization_id: Uuid,
    kind: E::Column,
    record: E::Column,
    being: Being<'_>,
) -> Condition {
    RecordType::iter().fold(Condition::any(), |any, record_type| {
        let there = for_kind!(record_type, R => row_is::<R>(organization_id, record, being));
        any.add(Condition::all().add(kind.eq(record_type)).add(there))
    })
}

fn row_is<R: Record>(organization_id: Uuid, record: impl ColumnTrait, being: Being<'_>) -> Expr {
    let rows = R::of(organization_id)
        .filter(Expr::col(R::id_column().as_column_ref()).equals(record.as_column_ref()))
        .select_only()
        .expr(Expr::cust("1"));
    let rows = match being {
        Being::Deleted => rows.filter(R::deleted_column().is_not_null()),
        Being::Named(from, to) => {
            rows.filter(R::name_key_column().gte(from)).filter(R::name_key_column().lt(to))
        }
    };
    Expr::exists(rows.into_query())
}
