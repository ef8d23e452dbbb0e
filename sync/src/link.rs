//! Links: claimed before the finance record is written, so that nobody makes a second one.

mod claim;

use std::collections::HashMap;

use finbridge_contract::RemoteRecord;
use finbridge_domain::record::{RecordKind, Values};
use finbridge_entity::types::LinkState;
use finbridge_entity::{Scoped, record_link};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveEnum, ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel,
    QueryFilter, Set, Value,
};
use uuid::Uuid;

use crate::bulk;
use crate::engine::{Engine, Remote};
use crate::error::SyncError;
use crate::merge::Bases;

pub(crate) use claim::claim_together;
pub use claim::{Claim, Wish, claim};

fn of(remote: &Remote, kind: RecordKind) -> sea_orm::Select<record_link::Entity> {
    record_link::Entity::of(remote.organization.organization_id)
        .filter(record_link::Column::FinanceOrganizationId.eq(remote.organization.id))
        .filter(record_link::Column::Kind.eq(kind.as_str()))
}

/// The link of this CRM record as this kind of finance record.
pub async fn of_record(
    db: &impl ConnectionTrait,
    remote: &Remote,
    kind: RecordKind,
    record_id: Uuid,
) -> Result<Option<record_link::Model>, SyncError> {
    Ok(of(remote, kind).filter(record_link::Column::RecordId.eq(record_id)).one(db).await?)
}

/// The link of this finance record.
pub async fn of_remote(
    db: &impl ConnectionTrait,
    remote: &Remote,
    kind: RecordKind,
    remote_id: &str,
) -> Result<Option<record_link::Model>, SyncError> {
    Ok(of(remote, kind).filter(record_link::Column::RemoteId.eq(remote_id)).one(db).await?)
}

/// The link of somebody who is a person at this customer.
pub async fn person_at(
    db: &impl ConnectionTrait,
    remote: &Remote,
    customer_id: &str,
) -> Result<Option<record_link::Model>, SyncError> {
    Ok(of(remote, RecordKind::ContactPerson)
        .filter(record_link::Column::RemoteParentId.eq(customer_id))
        .filter(record_link::Column::State.is_in([LinkState::Claimed, LinkState::Linked]))
        .one(db)
        .await?)
}

/// The links of these CRM records as this kind of finance record, by record.
pub(crate) async fn of_records(
    db: &impl ConnectionTrait,
    remote: &Remote,
    kind: RecordKind,
    records: impl IntoIterator<Item = Uuid>,
) -> Result<HashMap<Uuid, record_link::Model>, DbErr> {
    let links = of(remote, kind).filter(record_link::Column::RecordId.is_in(records)).all(db).await?;
    Ok(links.into_iter().map(|link| (link.record_id, link)).collect())
}

/// What a link holds after its records were brought together.
#[derive(Debug, Clone)]
pub struct Completion {
    /// The finance record as read back.
    pub read_back: RemoteRecord,
    /// What both sides have by now.
    pub bases: Bases,
    /// Version of the CRM record that this is about.
    pub version: i64,
    /// Whether the finance side changed again meanwhile.
    pub is_remote_dirty: bool,
}

/// Whether the two were linked without a run, by an import (X18) or a merge of customers, and have agreed on nothing yet.
pub(crate) fn is_imported(link: &record_link::Model) -> bool {
    link.state == LinkState::Linked
        && link.synced_version == record_link::NEVER_WRITTEN
        && link.crm_base.is_none()
}

/// The bases of a link.
///
/// # Errors
/// Bases that cannot be read.
pub fn bases(link: &record_link::Model) -> Result<Bases, SyncError> {
    let read = |base: &Option<serde_json::Value>| match base.clone() {
        Some(base) => serde_json::from_value(base)
            .map_err(|source| SyncError::Corrupt { what: "the base of a link", source }),
        None => Ok(Values::new()),
    };
    Ok(Bases { crm: read(&link.crm_base)?, finance: read(&link.remote_base)? })
}

/// Notes that both records are known, what the CRM's values were, and what the finance side was read back as.
pub async fn complete(
    engine: &Engine,
    db: &impl ConnectionTrait,
    link: record_link::Model,
    completion: &Completion,
) -> Result<(), SyncError> {
    completed(engine, link, completion)?.update(db).await?;
    Ok(())
}

/// The same for a claim that nobody else has completed or given back meanwhile. False: somebody has, and nothing was noted.
pub(crate) async fn complete_claim(
    engine: &Engine,
    db: &impl ConnectionTrait,
    link: record_link::Model,
    completion: &Completion,
) -> Result<bool, SyncError> {
    let (organization_id, id) = (link.organization_id, link.id);
    let written = record_link::Entity::update_many()
        .set(completed(engine, link, completion)?)
        .filter(record_link::Column::OrganizationId.eq(organization_id))
        .filter(record_link::Column::Id.eq(id))
        .filter(record_link::Column::State.eq(LinkState::Claimed))
        .exec(db)
        .await?;
    Ok(written.rows_affected == 1)
}

/// The link as it is once both records are known.
fn completed(
    engine: &Engine,
    link: record_link::Model,
    completion: &Completion,
) -> Result<record_link::ActiveModel, SyncError> {
    let told = |source| SyncError::Corrupt { what: "the base of a link", source };
    let mut link = link.into_active_model();
    link.remote_id = Set(Some(completion.read_back.remote_id.clone()));
    link.remote_parent_id = Set(completion.read_back.parent_id.clone());
    link.state = Set(LinkState::Linked);
    link.crm_base = Set(Some(serde_json::to_value(&completion.bases.crm).map_err(told)?));
    link.remote_base = Set(Some(serde_json::to_value(&completion.bases.finance).map_err(told)?));
    link.synced_version = Set(completion.version);
    link.is_remote_dirty = Set(completion.is_remote_dirty);
    link.remote_modified_at = Set(Some(completion.read_back.modified_at));
    link.updated_at = Set(engine.clock.now());
    Ok(link)
}

/// The same for many links, with one statement.
pub(crate) async fn complete_together(
    engine: &Engine,
    db: &impl ConnectionTrait,
    organization_id: Uuid,
    completed: impl IntoIterator<Item = (Uuid, &Completion)>,
) -> Result<(), SyncError> {
    use record_link::Column;
    let told = |source| SyncError::Corrupt { what: "the base of a link", source };
    let now = engine.clock.now();
    let mut rows = Vec::new();
    for (id, completion) in completed {
        let read_back = &completion.read_back;
        let values: Vec<Value> = vec![
            read_back.remote_id.clone().into(),
            read_back.parent_id.clone().into(),
            LinkState::Linked.to_value().into(),
            serde_json::to_value(&completion.bases.crm).map_err(told)?.into(),
            serde_json::to_value(&completion.bases.finance).map_err(told)?.into(),
            completion.version.into(),
            completion.is_remote_dirty.into(),
            read_back.modified_at.into(),
            now.into(),
        ];
        rows.push((id, values));
    }
    let columns = [
        Column::RemoteId,
        Column::RemoteParentId,
        Column::State,
        Column::CrmBase,
        Column::RemoteBase,
        Column::SyncedVersion,
        Column::IsRemoteDirty,
        Column::RemoteModifiedAt,
        Column::UpdatedAt,
    ];
    Ok(bulk::update::<record_link::Entity>(db, organization_id, &columns, rows).await?)
}

/// Notes on a claim what the CRM record had when it was made of the finance record, and what that had: whoever completes the
/// link later must not take what was changed since for agreed.
pub async fn taken(
    db: &impl ConnectionTrait,
    link: record_link::Model,
    bases: &Bases,
    version: i64,
) -> Result<record_link::Model, SyncError> {
    let told = |source| SyncError::Corrupt { what: "the base of a link", source };
    let mut link = link.into_active_model();
    link.crm_base = Set(Some(serde_json::to_value(&bases.crm).map_err(told)?));
    link.remote_base = Set(Some(serde_json::to_value(&bases.finance).map_err(told)?));
    link.synced_version = Set(version);
    Ok(link.update(db).await?)
}

/// Moves the link to a state.
pub async fn set_state(
    engine: &Engine,
    db: &impl ConnectionTrait,
    link: record_link::Model,
    state: LinkState,
) -> Result<(), SyncError> {
    let mut link = link.into_active_model();
    link.state = Set(state);
    link.is_remote_dirty = Set(false);
    link.updated_at = Set(engine.clock.now());
    link.update(db).await?;
    Ok(())
}

/// Notes that nothing has to travel: the record's version, and that the finance side was looked at. The link may have gone
/// over to another record by a merge, and then keeps what it has.
pub async fn agree(
    db: &impl ConnectionTrait,
    organization_id: Uuid,
    link_id: Uuid,
    record_id: Uuid,
    version: i64,
    bases: Option<&Bases>,
) -> Result<(), SyncError> {
    let mut update = record_link::Entity::update_many()
        .col_expr(record_link::Column::SyncedVersion, Expr::value(version))
        .col_expr(record_link::Column::IsRemoteDirty, Expr::value(false));
    if let Some(bases) = bases {
        let told = |source| SyncError::Corrupt { what: "the base of a link", source };
        update = update
            .col_expr(
                record_link::Column::CrmBase,
                Expr::value(serde_json::to_value(&bases.crm).map_err(told)?),
            )
            .col_expr(
                record_link::Column::RemoteBase,
                Expr::value(serde_json::to_value(&bases.finance).map_err(told)?),
            );
    }
    update
        .filter(record_link::Column::OrganizationId.eq(organization_id))
        .filter(record_link::Column::Id.eq(link_id))
        .filter(record_link::Column::RecordId.eq(record_id))
        .exec(db)
        .await?;
    Ok(())
}

/// The pair is none any more.
pub async fn remove(db: &impl ConnectionTrait, link: &record_link::Model) -> Result<(), SyncError> {
    record_link::Entity::delete_many()
        .filter(record_link::Column::OrganizationId.eq(link.organization_id))
        .filter(record_link::Column::Id.eq(link.id))
        .exec(db)
        .await?;
    Ok(())
}

/// Gives a claim back: it is certain that the finance record was not made.
pub async fn release(db: &impl ConnectionTrait, link: &record_link::Model) -> Result<(), SyncError> {
    release_all(db, link.organization_id, [link.id]).await
}

/// The same with many of a tenant.
pub(crate) async fn release_all(
    db: &impl ConnectionTrait,
    organization_id: Uuid,
    links: impl IntoIterator<Item = Uuid>,
) -> Result<(), SyncError> {
    record_link::Entity::delete_many()
        .filter(record_link::Column::OrganizationId.eq(organization_id))
        .filter(record_link::Column::Id.is_in(links))
        .filter(record_link::Column::State.eq(LinkState::Claimed))
        .exec(db)
        .await?;
    Ok(())
}
