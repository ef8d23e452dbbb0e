//! Links: claimed before the finance record is written, so that nobody makes a second one.

use finbridge_contract::{Failure, FailureKind, RemoteCustomer};
use finbridge_domain::record::CustomerValues;
use finbridge_entity::types::{LinkState, Origin};
use finbridge_entity::{Scoped, record_link};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, Set,
};
use uuid::Uuid;

use crate::engine::{Engine, Remote};
use crate::error::SyncError;
use crate::modules::customers::{ACCOUNT, KIND};

/// What a claim found.
pub enum Claim {
    /// Nobody had claimed the record before.
    Fresh(record_link::Model),
    /// It was claimed earlier and never completed: look before creating.
    Unfinished(record_link::Model),
    /// It is linked already.
    Taken,
}

/// The link of this CRM record.
pub async fn of_record(
    db: &impl ConnectionTrait,
    remote: &Remote,
    record_id: Uuid,
) -> Result<Option<record_link::Model>, SyncError> {
    Ok(record_link::Entity::of(remote.organization.organization_id)
        .filter(record_link::Column::FinanceOrganizationId.eq(remote.organization.id))
        .filter(record_link::Column::Kind.eq(KIND))
        .filter(record_link::Column::RecordId.eq(record_id))
        .one(db)
        .await?)
}

async fn is_linked(db: &impl ConnectionTrait, remote: &Remote, remote_id: &str) -> Result<bool, SyncError> {
    let link = record_link::Entity::of(remote.organization.organization_id)
        .filter(record_link::Column::FinanceOrganizationId.eq(remote.organization.id))
        .filter(record_link::Column::Kind.eq(KIND))
        .filter(record_link::Column::RemoteId.eq(remote_id))
        .one(db)
        .await?;
    Ok(link.is_some())
}

/// Claims the CRM record, and the finance record where it is known. The unique keys let one claim through.
pub async fn claim(
    engine: &Engine,
    db: &impl ConnectionTrait,
    remote: &Remote,
    record_id: Uuid,
    remote_id: Option<&str>,
    origin: Origin,
    name_suffix: Option<String>,
) -> Result<Claim, SyncError> {
    if let Some(link) = of_record(db, remote, record_id).await? {
        return Ok(if link.state == LinkState::Claimed { Claim::Unfinished(link) } else { Claim::Taken });
    }
    if let Some(remote_id) = remote_id
        && is_linked(db, remote, remote_id).await?
    {
        let message =
            format!("The finance record {remote_id} is linked to another CRM record; unlink it there first");
        return Err(Failure::new(FailureKind::Refused, message).into());
    }
    let now = engine.clock.now();
    let link = record_link::ActiveModel {
        organization_id: Set(remote.organization.organization_id),
        id: Set(engine.ids.uuid()),
        finance_organization_id: Set(remote.organization.id),
        kind: Set(KIND.to_owned()),
        record_type: Set(ACCOUNT.to_owned()),
        record_id: Set(record_id),
        remote_id: Set(remote_id.map(str::to_owned)),
        state: Set(LinkState::Claimed),
        origin: Set(origin),
        name_suffix: Set(name_suffix),
        crm_base: Set(None),
        remote_base: Set(None),
        synced_version: Set(record_link::NEVER_WRITTEN),
        created_at: Set(now),
        updated_at: Set(now),
    };
    Ok(Claim::Fresh(link.insert(db).await?))
}

/// Notes that both records are known, what the CRM's values were, and what the finance side was read back as.
pub async fn complete(
    engine: &Engine,
    db: &impl ConnectionTrait,
    link: record_link::Model,
    read_back: &RemoteCustomer,
    written: &CustomerValues,
    synced_version: i64,
) -> Result<(), SyncError> {
    let told = |source| SyncError::Corrupt { what: "the base of a link", source };
    let mut crm_base: CustomerValues = match link.crm_base.clone() {
        Some(base) => serde_json::from_value(base).map_err(told)?,
        None => CustomerValues::new(),
    };
    crm_base.extend(written.clone());
    let remote_base = serde_json::to_value(&read_back.customer.values).map_err(told)?;
    let mut link = link.into_active_model();
    link.remote_id = Set(Some(read_back.remote_id.clone()));
    link.state = Set(LinkState::Linked);
    link.crm_base = Set(Some(serde_json::to_value(crm_base).map_err(told)?));
    link.remote_base = Set(Some(remote_base));
    link.synced_version = Set(synced_version);
    link.updated_at = Set(engine.clock.now());
    link.update(db).await?;
    Ok(())
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
    link.updated_at = Set(engine.clock.now());
    link.update(db).await?;
    Ok(())
}

/// Gives a claim back: it is certain that the finance record was not made.
pub async fn release(db: &impl ConnectionTrait, link: &record_link::Model) -> Result<(), SyncError> {
    record_link::Entity::delete_many()
        .filter(record_link::Column::OrganizationId.eq(link.organization_id))
        .filter(record_link::Column::Id.eq(link.id))
        .filter(record_link::Column::State.eq(LinkState::Claimed))
        .exec(db)
        .await?;
    Ok(())
}
