//! Which CRM records a stage has to look at. All of it happens in SQL, a batch at a time.

use std::collections::HashMap;

use finbridge_domain::record::{CrmRecordType, FieldKey, RecordKind};
use finbridge_domain::{Lane, Members};
use finbridge_entity::types::{ItemState, LinkState};
use finbridge_entity::{account, contact, product, record_link, sync_run_item, vendor};
use sea_orm::sea_query::{Alias, Condition, Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, JoinType, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
};
use uuid::Uuid;

use super::read::CrmTable;
use super::{Scope, SourceRecord, custom};
use crate::planning::DELETION_GUARD;

/// Calls a function with the table of a record type.
macro_rules! with_table {
    ($record_type:expr, $call:ident($($argument:expr),* $(,)?)) => {
        match $record_type {
            CrmRecordType::Account => $call::<account::Entity>($($argument),*).await,
            CrmRecordType::Contact => $call::<contact::Entity>($($argument),*).await,
            CrmRecordType::Vendor => $call::<vendor::Entity>($($argument),*).await,
            CrmRecordType::Product => $call::<product::Entity>($($argument),*).await,
        }
    };
}

/// The next records, by id, whose finance side may have to change: unlinked ones, ones that changed since they were last
/// written or whose finance record changed, and deleted ones that are still linked. Only these leave the database.
///
/// A record outside the view is neither made nor changed on the finance side, and one that was linked stays linked
/// (A17.13). Two things still happen to it: what an earlier run began is finished, because the finance record may be
/// there already; and when the record itself is deleted, its finance record follows (R116), because the link says that
/// the two are one thing.
///
/// # Errors
/// The database's.
pub async fn pending(
    db: &impl ConnectionTrait,
    scope: &Scope<'_>,
    fields: &[FieldKey],
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<SourceRecord>, DbErr> {
    with_table!(scope.lane.source.record_type, pending_of(db, scope, fields, after, limit))
}

/// These records, deleted or not.
///
/// # Errors
/// The database's.
pub async fn load(
    db: &impl ConnectionTrait,
    organization_id: Uuid,
    record_type: CrmRecordType,
    fields: &[FieldKey],
    ids: &[Uuid],
) -> Result<Vec<SourceRecord>, DbErr> {
    with_table!(record_type, load_of(db, organization_id, fields, ids))
}

/// The living, unlinked records of the scope under each of these names, two at most: whether there is one, and whether
/// there are more.
///
/// # Errors
/// The database's.
pub async fn alive_by_name(
    db: &impl ConnectionTrait,
    scope: &Scope<'_>,
    keys: Vec<String>,
) -> Result<HashMap<String, Vec<(Uuid, Option<Uuid>)>>, DbErr> {
    with_table!(scope.lane.source.record_type, alive_of(db, scope, Key::Name, keys))
}

/// The same by code; only products have one.
///
/// # Errors
/// The database's.
pub async fn alive_by_code(
    db: &impl ConnectionTrait,
    scope: &Scope<'_>,
    keys: Vec<String>,
) -> Result<HashMap<String, Vec<(Uuid, Option<Uuid>)>>, DbErr> {
    alive_of::<product::Entity>(db, scope, Key::Code, keys).await
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Key {
    Name,
    Code,
}

fn link(column: record_link::Column) -> Expr {
    Expr::col((record_link::Entity, column))
}

fn column<E: CrmTable>(name: &'static str) -> Expr {
    Expr::col((Alias::new(E::NAME), Alias::new(name)))
}

/// Whether the lane is about the record, apart from what it is linked to.
fn members<E: CrmTable>(scope: &Scope<'_>) -> Condition {
    let mut condition = scope.members.cloned().unwrap_or_else(Condition::all);
    condition = match scope.lane.members {
        Members::All => condition,
        Members::WithoutAccount | Members::LeftOut => condition.add(column::<E>("account_id").is_null()),
        Members::WithAccount => {
            let mut accounts = Query::select();
            accounts
                .column(account::Column::Id)
                .from(account::Entity)
                .and_where(account::Column::OrganizationId.eq(scope.organization_id))
                .and_where(account::Column::DeletedAt.is_null())
                .cond_where(scope.accounts.cloned().unwrap_or_else(Condition::all));
            condition.add(column::<E>("account_id").in_subquery(accounts.take()))
        }
    };
    if E::NAME == contact::Entity::NAME { condition.add(Expr::exists(other(scope)).not()) } else { condition }
}

/// What else a contact is on the finance side: one is a customer or a person of one, never both, and stays what it is until
/// it is unlinked.
fn other(scope: &Scope<'_>) -> SelectStatement {
    let known_as = Alias::new("known_as");
    let link = |column: record_link::Column| Expr::col((known_as.clone(), column));
    let mut links = Query::select();
    links
        .expr(Expr::value(1))
        .from_as(record_link::Entity, known_as.clone())
        .and_where(link(record_link::Column::OrganizationId).eq(scope.organization_id))
        .and_where(link(record_link::Column::FinanceOrganizationId).eq(scope.finance_organization_id))
        .and_where(link(record_link::Column::RecordId).equals((contact::Entity, contact::Column::Id)))
        .and_where(link(record_link::Column::Kind).ne(scope.lane.source.kind.as_str()))
        .and_where(link(record_link::Column::State).is_in([LinkState::Linked, LinkState::Claimed]));
    links.take()
}

async fn pending_of<E: CrmTable>(
    db: &impl ConnectionTrait,
    scope: &Scope<'_>,
    fields: &[FieldKey],
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<SourceRecord>, DbErr> {
    use record_link::Column;
    let stale = Condition::any()
        .add(column::<E>("version").gt(link(Column::SyncedVersion)))
        .add_option(scope.is_both_ways.then(|| link(Column::IsRemoteDirty).eq(true)))
        .add_option((scope.is_reconcile || scope.only.is_some()).then(|| Expr::value(true)));
    let living = Condition::all().add(column::<E>("deleted_at").is_null()).add(
        Condition::any()
            .add(Condition::all().add(link(Column::Id).is_null()).add(members::<E>(scope)))
            .add(link(Column::State).is_in([LinkState::Claimed, LinkState::RemoteGone]))
            .add(
                Condition::all()
                    .add_option(scope.members.cloned())
                    .add(link(Column::State).is_in([LinkState::Linked, LinkState::RemoteMissing]))
                    .add(stale),
            ),
    );
    let deleted = Condition::all()
        .add(column::<E>("deleted_at").is_not_null())
        .add(link(Column::State).is_in([LinkState::Linked, LinkState::Claimed, LinkState::RemoteGone]));
    let mut select = E::find()
        .filter(E::organization_column().eq(scope.organization_id))
        .filter(Condition::any().add(living).add(deleted))
        .order_by_asc(E::id_column())
        .limit(limit);
    if let Some(after) = after {
        select = select.filter(E::id_column().gt(after));
    }
    if let Some(only) = scope.only {
        select = select.filter(E::id_column().eq(only));
    }
    if let Some(run_id) = scope.retry_of {
        let mut failed = Query::select();
        failed
            .column(sync_run_item::Column::RecordId)
            .from(sync_run_item::Entity)
            .and_where(sync_run_item::Column::OrganizationId.eq(scope.organization_id))
            .and_where(sync_run_item::Column::RunId.eq(run_id))
            .cond_where(
                Condition::any()
                    .add(sync_run_item::Column::State.eq(ItemState::Failed))
                    .add(sync_run_item::Column::Rule.eq(DELETION_GUARD)),
            );
        select = select.filter(E::id_column().in_subquery(failed.take()));
    }
    let rows = joined(select, scope).all(db).await?;
    let mut records: Vec<_> = rows.into_iter().map(E::source).collect();
    custom::fill(db, scope.organization_id, &mut records, fields).await?;
    Ok(records)
}

async fn load_of<E: CrmTable>(
    db: &impl ConnectionTrait,
    organization_id: Uuid,
    fields: &[FieldKey],
    ids: &[Uuid],
) -> Result<Vec<SourceRecord>, DbErr> {
    let rows = E::find()
        .filter(E::organization_column().eq(organization_id))
        .filter(E::id_column().is_in(ids.iter().copied()))
        .all(db)
        .await?;
    let mut records: Vec<_> = rows.into_iter().map(E::source).collect();
    custom::fill(db, organization_id, &mut records, fields).await?;
    Ok(records)
}

async fn alive_of<E: CrmTable>(
    db: &impl ConnectionTrait,
    scope: &Scope<'_>,
    key: Key,
    keys: Vec<String>,
) -> Result<HashMap<String, Vec<(Uuid, Option<Uuid>)>>, DbErr> {
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let by = match key {
        Key::Name => column::<E>("name_key"),
        Key::Code => column::<E>("code_key"),
    };
    let of_account = match scope.lane.members {
        Members::WithAccount => column::<E>("account_id"),
        _ => Expr::value(Option::<Uuid>::None),
    };
    let select = E::find()
        .select_only()
        .column_as(by.clone(), "key")
        .column_as(E::id_column(), "id")
        .column_as(of_account, "account_id")
        .filter(E::organization_column().eq(scope.organization_id))
        .filter(by.is_in(keys))
        .filter(column::<E>("deleted_at").is_null())
        .filter(link(record_link::Column::Id).is_null())
        .filter(members::<E>(scope))
        .order_by_asc(E::id_column());
    let rows: Vec<(String, Uuid, Option<Uuid>)> = joined(select, scope).into_tuple().all(db).await?;
    let mut by_key: HashMap<String, Vec<(Uuid, Option<Uuid>)>> = HashMap::new();
    for (key, id, account_id) in rows {
        by_key.entry(key).or_default().push((id, account_id));
    }
    Ok(by_key)
}

/// Joins the link that the record has as this kind of finance record.
fn joined<E: CrmTable>(mut select: Select<E>, scope: &Scope<'_>) -> Select<E> {
    let Lane { source, .. } = scope.lane;
    let on = Condition::all()
        .add(
            link(record_link::Column::OrganizationId)
                .equals((Alias::new(E::NAME), Alias::new("organization_id"))),
        )
        .add(link(record_link::Column::FinanceOrganizationId).eq(scope.finance_organization_id))
        .add(link(record_link::Column::Kind).eq(kind(source.kind)))
        .add(link(record_link::Column::RecordId).equals((Alias::new(E::NAME), Alias::new("id"))));
    QueryTrait::query(&mut select).join(JoinType::LeftJoin, record_link::Entity, on);
    select
}

fn kind(kind: RecordKind) -> &'static str {
    kind.as_str()
}
