//! Which finance records could be the ones a batch of CRM records is looking for. All of it happens in SQL, a batch
//! at a time, so memory does not grow with the number of records.

use std::collections::{HashMap, HashSet};

use finbridge_domain::name_key;
use finbridge_domain::record::CustomerValues;
use finbridge_entity::{Scoped, record_link, remote_record};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::decide::{Candidate, Found};
use crate::error::SyncError;
use crate::modules::customers::{KIND, SourceRecord};

/// Clones numbered beyond this are not looked for; the finance side then refuses the name, and says so.
const MOST_CLONES: u32 = 20;

/// What the finance side has for each of these records, by record id.
///
/// # Errors
/// The database's, or a mirror row that cannot be read.
pub async fn find(
    db: &impl ConnectionTrait,
    organization_id: Uuid,
    finance_organization_id: Uuid,
    records: &[&SourceRecord],
) -> Result<HashMap<Uuid, Found>, SyncError> {
    if records.is_empty() {
        return Ok(HashMap::new());
    }
    let mirror = || {
        remote_record::Entity::of(organization_id)
            .filter(remote_record::Column::FinanceOrganizationId.eq(finance_organization_id))
            .filter(remote_record::Column::Kind.eq(KIND))
    };
    let names = records.iter().flat_map(|record| {
        (2..=MOST_CLONES)
            .map(|n| name_key(&format!("{}{}", record.name, suffix(n))))
            .chain([record.name_key.clone()])
    });
    let named = mirror().filter(remote_record::Column::NameKey.is_in(names)).all(db).await?;
    let references = records.iter().map(|record| record.reference.wire_id.to_string());
    let referencing = mirror().filter(remote_record::Column::CrmReference.is_in(references)).all(db).await?;
    let linked: HashSet<String> = record_link::Entity::of(organization_id)
        .select_only()
        .column(record_link::Column::RemoteId)
        .filter(record_link::Column::FinanceOrganizationId.eq(finance_organization_id))
        .filter(record_link::Column::Kind.eq(KIND))
        .filter(record_link::Column::RemoteId.is_in(named.iter().map(|row| row.remote_id.clone())))
        .into_tuple::<String>()
        .all(db)
        .await?
        .into_iter()
        .collect();

    let taken: HashSet<&str> = named.iter().map(|row| row.name_key.as_str()).collect();
    let mut found = HashMap::new();
    for record in records {
        let wire_id = record.reference.wire_id.to_string();
        let referenced = referencing.iter().find(|row| row.crm_reference.as_deref() == Some(&wire_id));
        let same_name = named
            .iter()
            .filter(|row| row.name_key == record.name_key && row.crm_reference.is_none())
            .filter(|row| !linked.contains(&row.remote_id));
        let free = (2..=MOST_CLONES)
            .map(suffix)
            .find(|suffix| !taken.contains(name_key(&format!("{}{suffix}", record.name)).as_str()));
        found.insert(
            record.id,
            Found {
                referenced: referenced.map(candidate).transpose()?,
                same_name: same_name.map(candidate).collect::<Result<_, _>>()?,
                name_is_linked: named.iter().any(|row| {
                    row.name_key == record.name_key
                        && (row.crm_reference.is_some() || linked.contains(&row.remote_id))
                }),
                free_suffix: free.unwrap_or_else(|| suffix(MOST_CLONES)),
            },
        );
    }
    Ok(found)
}

fn suffix(n: u32) -> String {
    format!(" ({n})")
}

fn candidate(row: &remote_record::Model) -> Result<Candidate, SyncError> {
    let values: CustomerValues = serde_json::from_value(row.record.clone())
        .map_err(|source| SyncError::Corrupt { what: "a mirrored finance record", source })?;
    Ok(Candidate { remote_id: row.remote_id.clone(), name: row.name.clone(), values })
}
