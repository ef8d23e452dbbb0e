//! Planning over the finance side's records that nothing in the CRM stands for (R068, R069).

use std::collections::HashMap;

use finbridge_domain::record::{FieldMap, RecordKind, Values};
use finbridge_domain::{DuplicatePolicy, Ids};
use finbridge_entity::types::{ItemState, LinkState};
use finbridge_entity::{Scoped, record_link, remote_record, sync_run_item};
use sea_orm::sea_query::{Condition, Expr, ExprTrait, Query};
use sea_orm::{
    ColumnTrait, ConnectionTrait, JoinType, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
};
use uuid::Uuid;

use super::{Batch, Position, Step, Subject};
use crate::decide;
use crate::error::SyncError;
use crate::matching::{self, MatchBy};
use crate::pull::customer_kind;
use crate::records::Scope;

pub(super) async fn batch(
    db: &impl ConnectionTrait,
    ids: &Ids,
    subject: &Subject<'_>,
    scope: &Scope<'_>,
    position: Position,
    limit: u64,
) -> Result<Batch, SyncError> {
    let source = scope.lane.source;
    let map = subject.settings.field_map(source);
    let mut select = unlinked(scope).order_by_asc(remote_record::Column::Id).limit(limit);
    if let Some(after) = position.after {
        select = select.filter(remote_record::Column::Id.gt(after));
    }
    if let Some(only) = subject.only_remote {
        select = select.filter(remote_record::Column::RemoteId.eq(only));
    }
    if let Some(run_id) = subject.retry_of {
        let mut failed = Query::select();
        failed
            .column(sync_run_item::Column::RemoteId)
            .from(sync_run_item::Entity)
            .and_where(sync_run_item::Column::OrganizationId.eq(scope.organization_id))
            .and_where(sync_run_item::Column::RunId.eq(run_id))
            .and_where(sync_run_item::Column::State.eq(ItemState::Failed))
            .and_where(sync_run_item::Column::RemoteId.is_not_null());
        select = select.filter(remote_record::Column::RemoteId.in_subquery(failed.take()));
    }
    let rows = select.all(db).await?;
    let last = rows.last().map(|row| row.id);
    let by = MatchBy::of(source.kind, subject.settings);
    let keys = |rows: &[remote_record::Model]| {
        rows.iter().filter_map(|row| by.remote_key(row)).map(str::to_owned).collect::<Vec<_>>()
    };
    let alive = matching::alive(db, scope, by, keys(&rows)).await?;
    let twins = twins(db, scope, by, keys(&rows)).await?;
    let accounts = accounts(db, scope, &rows).await?;

    let mut batch = Batch { last, ..Batch::default() };
    for row in rows {
        let account = row.parent_id.as_ref().and_then(|parent| accounts.get(parent)).copied();
        let same = by.remote_key(&row).and_then(|key| alive.get(key));
        let same = same.into_iter().flatten().filter(|(_, of)| of.is_none() || *of == account).count();
        let others = by
            .remote_key(&row)
            .and_then(|key| twins.get(&(key.to_owned(), row.parent_id.clone())))
            .copied()
            .unwrap_or(1);
        if is_the_crms_turn(same, others, subject.settings.duplicate_policy, source.kind) {
            continue;
        }
        let values = matching::values(&row)?;
        let crm = in_crm(&map, &values);
        batch.steps.push(Step {
            stage: position.stage,
            after: row.id,
            kind: source.kind,
            record_type: source.record_type,
            record_id: ids.uuid(),
            name: row.name.clone(),
            version: 0,
            remote_parent_id: row.parent_id.clone(),
            decision: decide::finance_born(source.kind, &row.remote_id, &values, &crm),
        });
    }
    Ok(batch)
}

/// Whether the record of the CRM that would be taken for the same thing decides: by linking, or by asking somebody. What it
/// leaves unlinked, by cloning or skipping, comes into the CRM as its own (A17.9).
fn is_the_crms_turn(same: usize, twins: usize, policy: DuplicatePolicy, kind: RecordKind) -> bool {
    match (same, twins) {
        (0, _) => false,
        (1, 1) => policy == DuplicatePolicy::Overwrite || kind == RecordKind::ContactPerson,
        _ => true,
    }
}

/// The finance values that come into the CRM, named as on the finance side.
fn in_crm(map: &FieldMap, values: &Values) -> Values {
    let fields = map.finance_fields().filter(|field| map.comes_back(field));
    fields.filter_map(|field| Some((field.clone(), values.get(field)?.clone()))).collect()
}

/// Finance records that nothing stands for. Inactive ones are history and do not come, except items, which say so
/// themselves.
fn unlinked(scope: &Scope<'_>) -> Select<remote_record::Entity> {
    let kind = scope.lane.source.kind;
    let link = |column: record_link::Column| Expr::col((record_link::Entity, column));
    let row = |column: remote_record::Column| (remote_record::Entity, column);
    let mut select = of(scope)
        .filter(remote_record::Column::IsWhole.eq(true))
        .filter(remote_record::Column::IsCopy.eq(false))
        .filter(remote_record::Column::CrmReference.is_null())
        .filter(link(record_link::Column::Id).is_null());
    if kind != RecordKind::Item {
        select = select.filter(remote_record::Column::IsActive.eq(true));
    }
    if let Some(kind) = scope.lane.customer_kind {
        select = select.filter(remote_record::Column::CustomerKind.eq(customer_kind(kind)));
    }
    let on = Condition::all()
        .add(link(record_link::Column::OrganizationId).equals(row(remote_record::Column::OrganizationId)))
        .add(
            link(record_link::Column::FinanceOrganizationId)
                .equals(row(remote_record::Column::FinanceOrganizationId)),
        )
        .add(link(record_link::Column::Kind).equals(row(remote_record::Column::Kind)))
        .add(link(record_link::Column::RemoteId).equals(row(remote_record::Column::RemoteId)));
    QueryTrait::query(&mut select).join(JoinType::LeftJoin, record_link::Entity, on);
    select
}

fn of(scope: &Scope<'_>) -> Select<remote_record::Entity> {
    remote_record::Entity::of(scope.organization_id)
        .filter(remote_record::Column::FinanceOrganizationId.eq(scope.finance_organization_id))
        .filter(remote_record::Column::Kind.eq(scope.lane.source.kind.as_str()))
}

/// How many unlinked finance records share each of these keys, persons by their customer.
async fn twins(
    db: &impl ConnectionTrait,
    scope: &Scope<'_>,
    by: MatchBy,
    keys: Vec<String>,
) -> Result<HashMap<(String, Option<String>), usize>, SyncError> {
    let column = match by {
        MatchBy::Code => remote_record::Column::CodeKey,
        MatchBy::Name | MatchBy::CodeAsName => remote_record::Column::NameKey,
    };
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = unlinked(scope).filter(column.is_in(keys)).all(db).await?;
    let mut count = HashMap::new();
    for row in rows {
        if let Some(key) = by.remote_key(&row) {
            *count.entry((key.to_owned(), row.parent_id.clone())).or_insert(0) += 1;
        }
    }
    Ok(count)
}

/// The accounts of the customers that these persons belong to, by customer.
async fn accounts(
    db: &impl ConnectionTrait,
    scope: &Scope<'_>,
    rows: &[remote_record::Model],
) -> Result<HashMap<String, Uuid>, SyncError> {
    let parents: Vec<String> = rows.iter().filter_map(|row| row.parent_id.clone()).collect();
    if parents.is_empty() {
        return Ok(HashMap::new());
    }
    Ok(record_link::Entity::of(scope.organization_id)
        .filter(record_link::Column::FinanceOrganizationId.eq(scope.finance_organization_id))
        .filter(record_link::Column::Kind.eq(RecordKind::Customer.as_str()))
        .filter(record_link::Column::State.eq(LinkState::Linked))
        .filter(record_link::Column::RemoteId.is_in(parents))
        .all(db)
        .await?
        .into_iter()
        .filter_map(|link| Some((link.remote_id?, link.record_id)))
        .collect())
}
