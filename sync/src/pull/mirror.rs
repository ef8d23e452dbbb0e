//! The mirror of the finance side: rows as last read.

use std::collections::HashMap;

use finbridge_contract::RemoteRecord;
use finbridge_domain::name_key;
use finbridge_domain::record::{CustomerKind, RecordKind, Values};
use finbridge_entity::types::LinkState;
use finbridge_entity::{Scoped, record_link, remote_record};
use sea_orm::sea_query::{Condition, Expr, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, Set};
use uuid::Uuid;

use crate::engine::{Engine, Remote};
use crate::error::SyncError;
use crate::matching;
use crate::records::code_key;

/// The stored name of a kind of customer.
pub fn customer_kind(kind: CustomerKind) -> &'static str {
    match kind {
        CustomerKind::Business => "BUSINESS",
        CustomerKind::Individual => "INDIVIDUAL",
    }
}

/// Stores what a list told: rows that did not change since they were last read stay as they are, with every field that they
/// have; of those that did, their links are marked.
pub(super) async fn changed(
    engine: &Engine,
    db: &impl ConnectionTrait,
    remote: &Remote,
    kind: RecordKind,
    records: Vec<RemoteRecord>,
) -> Result<(), SyncError> {
    let ids = || records.iter().map(|record| record.remote_id.clone());
    let known: HashMap<String, remote_record::Model> = rows(remote, kind)
        .filter(remote_record::Column::RemoteId.is_in(ids()))
        .all(db)
        .await?
        .into_iter()
        .map(|row| (row.remote_id.clone(), row))
        .collect();
    let links: HashMap<String, record_link::Model> = links(remote, kind)
        .filter(record_link::Column::RemoteId.is_in(ids()))
        .all(db)
        .await?
        .into_iter()
        .filter_map(|link| Some((link.remote_id.clone()?, link)))
        .collect();
    let mut dirty: Vec<Uuid> = Vec::new();
    let mut news = Vec::new();
    for mut record in records {
        let before = known.get(&record.remote_id);
        if before.is_some_and(|row| row.modified_at >= record.modified_at) {
            continue;
        }
        if let Some(link) = links.get(&record.remote_id)
            && link.remote_modified_at.is_none_or(|seen| seen < record.modified_at)
        {
            dirty.push(link.id);
        }
        if let Some(before) = before {
            // What the list does not tell is kept until the record is read as a whole.
            let mut values = matching::values(before)?;
            values.extend(std::mem::take(&mut record.values));
            record.values = values;
        }
        news.push(record);
    }
    mirror(engine, db, remote, kind, &news).await?;
    mark(db, remote, dirty).await
}

/// Stores finance records as read.
///
/// # Errors
/// The database's.
pub async fn mirror(
    engine: &Engine,
    db: &impl ConnectionTrait,
    remote: &Remote,
    kind: RecordKind,
    records: &[RemoteRecord],
) -> Result<(), SyncError> {
    if records.is_empty() {
        return Ok(());
    }
    let now = engine.clock.now();
    let mut rows = Vec::with_capacity(records.len());
    for record in records {
        let values = serde_json::to_value(&record.values)
            .map_err(|source| SyncError::Corrupt { what: "a finance record", source })?;
        let name = record.name(kind);
        rows.push(remote_record::ActiveModel {
            organization_id: Set(remote.organization.organization_id),
            id: Set(engine.ids.uuid()),
            finance_organization_id: Set(remote.organization.id),
            kind: Set(kind.as_str().to_owned()),
            remote_id: Set(record.remote_id.clone()),
            name_key: Set(name_key(&name)),
            name: Set(name),
            crm_reference: Set(record.crm_reference.map(|reference| reference.wire_id.to_string())),
            record: Set(values),
            modified_at: Set(record.modified_at),
            read_at: Set(now),
            parent_id: Set(record.parent_id.clone()),
            customer_kind: Set(record.customer_kind.map(|kind| customer_kind(kind).to_owned())),
            code_key: Set(sku(&record.values).and_then(code_key)),
            is_active: Set(record.is_active),
            is_whole: Set(record.is_whole),
            seen_in_sweep: Set(None),
            is_copy: Set(false),
        });
    }
    use remote_record::Column;
    let same_record = OnConflict::columns([
        Column::OrganizationId,
        Column::FinanceOrganizationId,
        Column::Kind,
        Column::RemoteId,
    ])
    .update_columns([
        Column::Name,
        Column::NameKey,
        Column::CrmReference,
        Column::Record,
        Column::ModifiedAt,
        Column::ReadAt,
        Column::ParentId,
        Column::CustomerKind,
        Column::CodeKey,
        Column::IsActive,
        Column::IsWhole,
    ])
    .to_owned();
    // One statement must not name a record twice, and a page may: the later row is the newer one.
    rows.reverse();
    rows.sort_by(|a, b| a.remote_id.as_ref().cmp(b.remote_id.as_ref()));
    rows.dedup_by(|a, b| a.remote_id.as_ref() == b.remote_id.as_ref());
    remote_record::Entity::insert_many(rows).on_conflict(same_record).exec_without_returning(db).await?;
    Ok(())
}

fn sku(values: &Values) -> Option<&str> {
    values.get("sku").map(String::as_str)
}

/// Stores finance records that somebody changed there through us, as read back, and has the next run look at their pairs as if the
/// finance app had told of the change.
///
/// # Errors
/// The database's.
pub async fn edited(
    engine: &Engine,
    db: &impl ConnectionTrait,
    remote: &Remote,
    kind: RecordKind,
    records: &[RemoteRecord],
) -> Result<(), SyncError> {
    mirror(engine, db, remote, kind, records).await?;
    let linked = links(remote, kind)
        .filter(record_link::Column::RemoteId.is_in(records.iter().map(|record| record.remote_id.as_str())))
        .filter(record_link::Column::State.eq(LinkState::Linked))
        .all(db)
        .await?;
    mark(db, remote, linked.into_iter().map(|link| link.id).collect()).await
}

/// Forgets a finance record that is gone.
///
/// # Errors
/// The database's.
pub async fn forget(
    db: &impl ConnectionTrait,
    remote: &Remote,
    kind: RecordKind,
    remote_id: &str,
) -> Result<(), DbErr> {
    remote_record::Entity::delete_many()
        .filter(remote_record::Column::OrganizationId.eq(remote.organization.organization_id))
        .filter(remote_record::Column::FinanceOrganizationId.eq(remote.organization.id))
        .filter(remote_record::Column::Kind.eq(kind.as_str()))
        .filter(remote_record::Column::RemoteId.eq(remote_id))
        .exec(db)
        .await?;
    Ok(())
}

/// Forgets a finance record that was found to be gone, and lets the plan decide about its pair (A17.25, A17.28).
///
/// # Errors
/// The database's.
pub async fn gone(
    db: &impl ConnectionTrait,
    remote: &Remote,
    kind: RecordKind,
    remote_id: &str,
) -> Result<(), DbErr> {
    forget(db, remote, kind, remote_id).await?;
    let itself = |link| Condition::all().add(record_link::Column::RemoteId.eq(link));
    lose(db, remote, kind, itself(remote_id)).await?;
    if kind == RecordKind::Customer {
        // Its persons went with it.
        let person = RecordKind::ContactPerson;
        remote_record::Entity::delete_many()
            .filter(remote_record::Column::OrganizationId.eq(remote.organization.organization_id))
            .filter(remote_record::Column::FinanceOrganizationId.eq(remote.organization.id))
            .filter(remote_record::Column::Kind.eq(person.as_str()))
            .filter(remote_record::Column::ParentId.eq(remote_id))
            .exec(db)
            .await?;
        let its = Condition::all().add(record_link::Column::RemoteParentId.eq(remote_id));
        lose(db, remote, person, its).await?;
    }
    Ok(())
}

/// Notes that the finance records of these links are gone.
async fn lose(
    db: &impl ConnectionTrait,
    remote: &Remote,
    kind: RecordKind,
    which: Condition,
) -> Result<(), DbErr> {
    record_link::Entity::update_many()
        .col_expr(record_link::Column::State, Expr::value(LinkState::RemoteGone))
        .col_expr(record_link::Column::IsRemoteDirty, Expr::value(false))
        .filter(record_link::Column::OrganizationId.eq(remote.organization.organization_id))
        .filter(record_link::Column::FinanceOrganizationId.eq(remote.organization.id))
        .filter(record_link::Column::Kind.eq(kind.as_str()))
        .filter(which)
        .filter(record_link::Column::State.eq(LinkState::Linked))
        .exec(db)
        .await?;
    Ok(())
}

/// Writes a column of one mirror row.
async fn set(
    db: &impl ConnectionTrait,
    remote: &Remote,
    kind: RecordKind,
    remote_id: &str,
    (column, value): (remote_record::Column, Expr),
) -> Result<(), DbErr> {
    remote_record::Entity::update_many()
        .col_expr(column, value)
        .filter(remote_record::Column::OrganizationId.eq(remote.organization.organization_id))
        .filter(remote_record::Column::FinanceOrganizationId.eq(remote.organization.id))
        .filter(remote_record::Column::Kind.eq(kind.as_str()))
        .filter(remote_record::Column::RemoteId.eq(remote_id))
        .exec(db)
        .await?;
    Ok(())
}

/// Notes that a finance record names no CRM record any more.
///
/// # Errors
/// The database's.
pub async fn unlinked(
    db: &impl ConnectionTrait,
    remote: &Remote,
    kind: RecordKind,
    remote_id: &str,
) -> Result<(), DbErr> {
    let none = Expr::value(Option::<String>::None);
    set(db, remote, kind, remote_id, (remote_record::Column::CrmReference, none)).await
}

/// Notes that a finance record is a copy that is kept apart (A17.16).
///
/// # Errors
/// The database's.
pub async fn keep_apart(
    db: &impl ConnectionTrait,
    remote: &Remote,
    kind: RecordKind,
    remote_id: &str,
) -> Result<(), DbErr> {
    set(db, remote, kind, remote_id, (remote_record::Column::IsCopy, Expr::value(true))).await
}

/// The mirror of a kind.
pub(super) fn rows(remote: &Remote, kind: RecordKind) -> sea_orm::Select<remote_record::Entity> {
    remote_record::Entity::of(remote.organization.organization_id)
        .filter(remote_record::Column::FinanceOrganizationId.eq(remote.organization.id))
        .filter(remote_record::Column::Kind.eq(kind.as_str()))
}

fn links(remote: &Remote, kind: RecordKind) -> sea_orm::Select<record_link::Entity> {
    record_link::Entity::of(remote.organization.organization_id)
        .filter(record_link::Column::FinanceOrganizationId.eq(remote.organization.id))
        .filter(record_link::Column::Kind.eq(kind.as_str()))
}

/// Stores the persons of a customer. They have no time of change of their own, so those whose values differ from what was
/// known have changed.
pub(super) async fn changed_persons(
    engine: &Engine,
    db: &impl ConnectionTrait,
    remote: &Remote,
    known: &[remote_record::Model],
    persons: Vec<RemoteRecord>,
) -> Result<(), SyncError> {
    let kind = RecordKind::ContactPerson;
    let mut news = Vec::new();
    for person in persons {
        let before = known.iter().find(|row| row.remote_id == person.remote_id);
        let is_same = match before {
            Some(before) => {
                let reference = person.crm_reference.map(|reference| reference.wire_id.to_string());
                matching::values(before)? == person.values
                    && before.crm_reference == reference
                    && before.parent_id == person.parent_id
            }
            None => false,
        };
        if !is_same {
            news.push(person);
        }
    }
    mirror(engine, db, remote, kind, &news).await?;
    let mut dirty = Vec::new();
    let linked = links(remote, kind)
        .filter(record_link::Column::RemoteId.is_in(news.iter().map(|person| person.remote_id.clone())))
        .all(db)
        .await?;
    for link in linked {
        let person = news.iter().find(|person| Some(&person.remote_id) == link.remote_id.as_ref());
        let base = crate::link::bases(&link)?.finance;
        if person
            .is_some_and(|person| person.values.iter().any(|(field, value)| base.get(field) != Some(value)))
        {
            dirty.push(link.id);
        }
    }
    mark(db, remote, dirty).await
}

async fn mark(db: &impl ConnectionTrait, remote: &Remote, dirty: Vec<Uuid>) -> Result<(), SyncError> {
    if dirty.is_empty() {
        return Ok(());
    }
    record_link::Entity::update_many()
        .col_expr(record_link::Column::IsRemoteDirty, Expr::value(true))
        .filter(record_link::Column::OrganizationId.eq(remote.organization.organization_id))
        .filter(record_link::Column::Id.is_in(dirty))
        .exec(db)
        .await?;
    Ok(())
}
