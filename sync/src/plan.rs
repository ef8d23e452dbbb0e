//! The plan: what a run does, or would do, with each record. Preview and run share every line of it.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use finbridge_domain::SyncSettings;
use finbridge_domain::record::CustomerValues;
use finbridge_entity::{Scoped, record_link};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter};
use uuid::Uuid;

use crate::decide::{self, Decision, Pair, Source};
use crate::engine::Remote;
use crate::error::SyncError;
use crate::matching;
use crate::members;
use crate::modules::customers::{self, KIND, Scope, SourceRecord};

/// Records planned at a time.
pub const BATCH: u64 = 200;

/// A part of the plan.
#[derive(Debug, Default)]
pub struct Planned {
    /// What to do, in the order of record ids.
    pub steps: Vec<Step>,
    /// Links whose record changed in no field that travels: its version is noted and nothing else.
    pub unchanged: Vec<Unchanged>,
    /// The last record looked at; null when there are no more.
    pub position: Option<Uuid>,
}

/// A link whose record changed in no field that travels.
#[derive(Debug, Clone, Copy)]
pub struct Unchanged {
    /// The link.
    pub link_id: Uuid,
    /// The record it was the link of; a merge may give it to another one at any moment.
    pub record_id: Uuid,
    /// The record's version.
    pub version: i64,
}

/// What to do with one record.
#[derive(Debug, Clone)]
pub struct Step {
    /// The CRM record.
    pub record: SourceRecord,
    /// What to do, and why.
    pub decision: Decision,
}

/// Plans the next batch of records after `position`, by the criteria of the view as they are now. Writes nothing.
///
/// # Errors
/// The database's, and a view that cannot be applied any more.
pub async fn next(
    db: &impl ConnectionTrait,
    remote: &Remote,
    settings: &SyncSettings,
    now: DateTime<Utc>,
    position: Option<Uuid>,
    limit: u64,
) -> Result<Planned, SyncError> {
    let (organization_id, finance_organization_id) =
        (remote.organization.organization_id, remote.organization.id);
    let members = members::accounts(db, organization_id, settings, now).await?;
    let scope = Scope { organization_id, finance_organization_id, members: members.as_ref() };
    let records = customers::pending(db, scope, position, limit).await?;
    let links: HashMap<Uuid, record_link::Model> = record_link::Entity::of(organization_id)
        .filter(record_link::Column::FinanceOrganizationId.eq(finance_organization_id))
        .filter(record_link::Column::Kind.eq(KIND))
        .filter(record_link::Column::RecordId.is_in(records.iter().map(|record| record.id)))
        .all(db)
        .await?
        .into_iter()
        .map(|link| (link.record_id, link))
        .collect();
    let unlinked: Vec<_> = records.iter().filter(|record| !links.contains_key(&record.id)).collect();
    let mut found = matching::find(db, organization_id, finance_organization_id, &unlinked).await?;
    let names = unlinked.iter().map(|record| record.name_key.clone()).collect();
    let by_name = customers::unlinked_by_name(db, scope, names).await?;

    let mut planned = Planned { position: records.last().map(|record| record.id), ..Planned::default() };
    for record in records {
        let link = links.get(&record.id);
        let source = Source {
            wanted: &record.customer.values,
            is_deleted: record.is_deleted,
            rivals: by_name.get(&record.name_key).map_or(0, |n| n.saturating_sub(1)),
        };
        let (crm_base, remote_base) = link.map(bases).transpose()?.unwrap_or_default();
        let pair = link.map(|link| Pair {
            state: link.state,
            origin: link.origin,
            name_suffix: link.name_suffix.as_deref(),
            crm_base,
            remote_base,
            remote_id: link.remote_id.as_deref(),
            is_never_written: link.synced_version == record_link::NEVER_WRITTEN,
        });
        let candidates = found.remove(&record.id).unwrap_or_default();
        match (decide::decide(&source, pair.as_ref(), &candidates, settings.duplicate_policy), link) {
            (Some(decision), _) => planned.steps.push(Step { record, decision }),
            (None, Some(link)) => {
                let (link_id, record_id, version) = (link.id, record.id, record.version);
                planned.unchanged.push(Unchanged { link_id, record_id, version });
            }
            (None, None) => {}
        }
    }
    Ok(planned)
}

fn bases(link: &record_link::Model) -> Result<(CustomerValues, CustomerValues), SyncError> {
    let read = |base: &Option<serde_json::Value>| match base.clone() {
        Some(base) => serde_json::from_value(base)
            .map_err(|source| SyncError::Corrupt { what: "the base of a link", source }),
        None => Ok(CustomerValues::new()),
    };
    Ok((read(&link.crm_base)?, read(&link.remote_base)?))
}
