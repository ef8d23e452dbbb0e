//! Merging duplicates: one record stays and takes over what the others have and what refers to them.
//!
//! Merges of an organization come one after another, and lock the records in the order of their ids. So two at once can
//! neither wait for each other nor merge two records into one another, and the second sees what the first did.

mod carried;
mod documents;
mod kind;

use std::collections::{BTreeMap, HashSet};
use std::future::Future;

use finbridge_domain::NodeId;
use finbridge_entity::{Scoped, begin_write, record_link};
use sea_orm::sea_query::{Expr, LockType};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect, Set,
};
use uuid::Uuid;

use super::{Record, expect_version, in_turn, node_kind, write};
use crate::service::error::{ErrorCode, ServiceResult, UserError};
use crate::service::validate::Check;
use crate::service::{Services, link, search};

/// Records that go up in another at a time.
pub const MOST: usize = 10;

/// What is to be merged.
#[derive(Debug, Clone)]
pub struct Wish {
    /// The record that stays.
    pub id: Uuid,
    /// The records that go up in it; where several could fill an empty field, the first does.
    pub merged_ids: Vec<Uuid>,
    /// The version of the one that stays on which the merge is based.
    pub version: Option<i64>,
}

/// What came of a merge.
#[derive(Debug, Clone)]
pub struct Merged<M> {
    /// The record that stayed.
    pub record: M,
    /// Links of the others whose finance records stay there for themselves, because the one that stayed has its own.
    pub left: Vec<record_link::Model>,
}

/// What a merge does with what is particular to a kind of record.
pub trait Mergeable: Record {
    /// Fills the columns that are empty in the one that stays.
    fn fill(stays: &mut Self::Model, merged: &Self::Model);

    /// Takes over what refers to the merged records, and what stands in other tables; nothing does of most kinds.
    fn take_over(
        _services: &Services,
        _transaction: &DatabaseTransaction,
        _check: &mut Check,
        _stays: &mut Self::Model,
        _merged: &[Self::Model],
    ) -> impl Future<Output = ServiceResult<()>> + Send {
        async { Ok(()) }
    }
}

/// Merges records into one of them.
///
/// # Errors
/// `NOT_FOUND`, `MERGED`, `VERSION_CONFLICT`; `SYNC_IN_PROGRESS` while a sync run is at work on one of the records;
/// `INVALID` when together they have more than a record takes.
pub async fn merge<E: Mergeable>(services: &Services, wish: &Wish) -> ServiceResult<Merged<E::Model>>
where
    E::Model: IntoActiveModel<E::Active> + Clone,
{
    check_ids(wish)?;
    let transaction = begin_write(services.db()).await?;
    in_turn(services, &transaction).await?;
    let (before, merged) = find::<E>(services, &transaction, wish).await?;
    let common = E::common(&before);
    expect_version(wish.version, common.version)?;
    link::expect_idle(services, &transaction, &[&[wish.id], wish.merged_ids.as_slice()].concat()).await?;

    let mut check = Check::default();
    let mut stays = before.clone();
    for other in &merged {
        E::fill(&mut stays, other);
    }
    E::take_over(services, &transaction, &mut check, &mut stays, &merged).await?;
    carried::take_over(services, &transaction, &mut check, E::TYPE, wish.id, &wish.merged_ids).await?;
    check.finish()?;
    let left = link::unite(services, &transaction, wish.id, &wish.merged_ids).await?;

    // What was merged into one of them before is found where it went in the end.
    E::update_many()
        .col_expr(E::merged_into_column(), Expr::value(wish.id))
        .filter(E::organization_column().eq(services.organization_id()))
        .filter(E::merged_into_column().is_in(wish.merged_ids.iter().copied()))
        .exec(&transaction)
        .await?;
    for other in merged {
        write::bury::<E>(services, &transaction, other, Some(wish.id)).await?;
    }
    let mut row = E::active(stays).reset_all();
    let slots = E::slots(&mut row);
    *slots.version = Set(common.version + 1);
    *slots.updated_at = Set(services.clock().now());
    let record = row.update(&transaction).await?;
    if E::name_key(&before) != E::name_key(&record) {
        search::index(services, &transaction, E::TYPE, wish.id, E::name_key(&record)).await?;
    }
    transaction.commit().await?;
    Ok(Merged { record, left })
}

fn check_ids(wish: &Wish) -> ServiceResult<()> {
    let mut check = Check::default();
    if wish.merged_ids.is_empty() || wish.merged_ids.len() > MOST {
        let message = format!("Name 1 to {MOST} records that go up in the one that stays");
        check.fault(ErrorCode::Invalid, "mergedIds", message);
    }
    let mut seen = HashSet::from([wish.id]);
    for (place, id) in wish.merged_ids.iter().enumerate() {
        if !seen.insert(*id) {
            let message = "Name each record once, and the one that stays only as `id`";
            check.fault(ErrorCode::Invalid, &format!("mergedIds.{place}"), message);
        }
    }
    check.finish()
}

/// The one that stays and the others in the order of the wish, locked.
async fn find<E: Record>(
    services: &Services,
    transaction: &DatabaseTransaction,
    wish: &Wish,
) -> ServiceResult<(E::Model, Vec<E::Model>)> {
    let ids = std::iter::once(wish.id).chain(wish.merged_ids.iter().copied());
    let mut rows: BTreeMap<Uuid, E::Model> = E::of(services.organization_id())
        .filter(E::id_column().is_in(ids))
        .order_by_asc(E::id_column())
        // Weaker than an exclusive lock, which would hold up whoever refers to one of them while it holds what we want.
        .lock(LockType::NoKeyUpdate)
        .all(transaction)
        .await?
        .into_iter()
        .map(|row| (E::common(&row).id, row))
        .collect();
    let mut check = Check::default();
    let mut take = |field: &str, id: Uuid| {
        let row = rows.remove(&id);
        let common = row.as_ref().map(E::common);
        if common.is_some_and(|common| common.deleted_at.is_none()) {
            return row;
        }
        let name = E::NAME;
        if let Some(into) = common.and_then(|common| common.merged_into_id) {
            let into = NodeId::new(node_kind(E::TYPE), into);
            let message = format!("This {name} was merged into {into} already; name that one");
            check.fault(ErrorCode::Merged, field, message);
        } else {
            let message = format!("There is no such {name}; it may have been deleted");
            check.fault(ErrorCode::NotFound, field, message);
        }
        None
    };
    let stays = take("id", wish.id);
    let mut merged = Vec::with_capacity(wish.merged_ids.len());
    for (place, id) in wish.merged_ids.iter().enumerate() {
        merged.extend(take(&format!("mergedIds.{place}"), *id));
    }
    check.finish()?;
    let missing = || UserError::of(ErrorCode::NotFound, "id", format!("There is no such {}", E::NAME));
    Ok((stays.ok_or_else(missing)?, merged))
}
