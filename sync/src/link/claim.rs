//! Claiming a record before its finance record is written.

use finbridge_contract::{Failure, FailureKind};
use finbridge_domain::record::{CrmRecordType, RecordKind};
use finbridge_entity::types::{LinkState, Origin};
use finbridge_entity::{begin_write, record_link};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, Set, SqlErr, TryIntoModel};
use uuid::Uuid;

use super::{of_record, of_records, of_remote};
use crate::engine::{Engine, Remote};
use crate::error::SyncError;

/// Looks for who was first before a claim is given up: that one may have given it back meanwhile.
const MOST_LOOKS: usize = 3;

/// What a claim found.
pub enum Claim {
    /// Nobody had claimed the record before.
    Fresh(record_link::Model),
    /// It was claimed earlier and never completed: look before creating.
    Unfinished(record_link::Model),
    /// It is linked already.
    Taken,
}

/// What is to be linked.
#[derive(Debug, Clone)]
pub struct Wish<'a> {
    /// Kind of the finance record.
    pub kind: RecordKind,
    /// Kind of the CRM record.
    pub record_type: CrmRecordType,
    /// The CRM record.
    pub record_id: Uuid,
    /// The finance record, where it is known.
    pub remote_id: Option<&'a str>,
    /// The finance record that it belongs to.
    pub remote_parent_id: Option<&'a str>,
    /// Who had the record first.
    pub origin: Origin,
    /// What a clone carries after its name.
    pub name_suffix: Option<String>,
}

/// Claims the CRM record, and the finance record where it is known. The unique keys let one claim through; whoever comes at the
/// same moment finds that one.
pub async fn claim(
    engine: &Engine,
    db: &impl ConnectionTrait,
    remote: &Remote,
    wish: Wish<'_>,
) -> Result<Claim, SyncError> {
    for _ in 0..MOST_LOOKS {
        if let Some(link) = of_record(db, remote, wish.kind, wish.record_id).await? {
            return Ok(match link.state {
                LinkState::Claimed => Claim::Unfinished(link),
                _ => Claim::Taken,
            });
        }
        if let Some(remote_id) = wish.remote_id
            && of_remote(db, remote, wish.kind, remote_id).await?.is_some()
        {
            let message = format!(
                "The finance record {remote_id} is linked to another CRM record; unlink it there first"
            );
            return Err(Failure::new(FailureKind::Refused, message).into());
        }
        let link = claimed(engine, remote, wish.clone());
        // Of either key: an error would end the transaction, in which the next look has to find who was first.
        let inserted = record_link::Entity::insert(link.clone())
            .on_conflict(OnConflict::new().do_nothing().to_owned())
            .exec_without_returning(db)
            .await?;
        if inserted == 1 {
            return Ok(Claim::Fresh(link.try_into_model()?));
        }
    }
    let message = "Others claim the record and give it back all the while";
    Err(Failure::new(FailureKind::Unavailable, message).into())
}

/// A new claim.
fn claimed(engine: &Engine, remote: &Remote, wish: Wish<'_>) -> record_link::ActiveModel {
    let now = engine.clock.now();
    record_link::ActiveModel {
        organization_id: Set(remote.organization.organization_id),
        id: Set(engine.ids.uuid()),
        finance_organization_id: Set(remote.organization.id),
        kind: Set(wish.kind.as_str().to_owned()),
        record_type: Set(wish.record_type.as_str().to_owned()),
        record_id: Set(wish.record_id),
        remote_id: Set(wish.remote_id.map(str::to_owned)),
        state: Set(LinkState::Claimed),
        origin: Set(wish.origin),
        name_suffix: Set(wish.name_suffix),
        crm_base: Set(None),
        remote_base: Set(None),
        synced_version: Set(record_link::NEVER_WRITTEN),
        remote_parent_id: Set(wish.remote_parent_id.map(str::to_owned)),
        is_remote_dirty: Set(false),
        remote_modified_at: Set(None),
        created_at: Set(now),
        updated_at: Set(now),
    }
}

/// Claims CRM records of which finance records are to be made, all of them or none. Records that were claimed before are left
/// out. None: somebody claims one of them at this moment.
pub(crate) async fn claim_together(
    engine: &Engine,
    remote: &Remote,
    kind: RecordKind,
    mut wishes: Vec<Wish<'_>>,
) -> Result<Option<Vec<record_link::Model>>, SyncError> {
    if wishes.is_empty() {
        return Ok(Some(Vec::new()));
    }
    // In one order for all: of two that claim the same records, one waits for the other.
    wishes.sort_unstable_by_key(|wish| wish.record_id);
    let transaction = begin_write(&engine.db).await?;
    let records = wishes.iter().map(|wish| wish.record_id);
    let known = of_records(&transaction, remote, kind, records).await?;
    let fresh: Vec<record_link::ActiveModel> = wishes
        .into_iter()
        .filter(|wish| !known.contains_key(&wish.record_id))
        .map(|wish| claimed(engine, remote, wish))
        .collect();
    let links = fresh.iter().cloned().map(TryIntoModel::try_into_model).collect::<Result<_, DbErr>>()?;
    if !fresh.is_empty() {
        let inserted = record_link::Entity::insert_many(fresh).exec_without_returning(&transaction).await;
        match inserted {
            Ok(_) => {}
            Err(error) if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => {
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        }
    }
    transaction.commit().await?;
    Ok(Some(links))
}
