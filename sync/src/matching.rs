//! Which records of the other side could be the ones that a batch of records is looking for. All of it happens in SQL, a
//! batch at a time, so memory does not grow with the number of records.

use std::collections::{HashMap, HashSet};

use finbridge_domain::record::{RecordKind, Values};
use finbridge_domain::{CompareNameWith, ItemMatchKey, SyncSettings, name_key};
use finbridge_entity::{Scoped, match_decision, record_link, remote_record};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::decide::{Candidate, Found};
use crate::error::SyncError;
use crate::records::{self, Scope, SourceRecord};

/// Clones numbered beyond this are not looked for; the finance side then refuses the name, and says so.
const MOST_CLONES: u32 = 20;

/// By what records of a kind are taken for the same thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MatchBy {
    /// The name.
    Name,
    /// The CRM's code against the finance side's name (A17.12).
    CodeAsName,
    /// The code.
    Code,
}

impl MatchBy {
    /// What the settings say for this kind.
    pub fn of(kind: RecordKind, settings: &SyncSettings) -> Self {
        match (kind, settings.item_match_key, settings.compare_name_with) {
            (RecordKind::Item, ItemMatchKey::Sku, _) => Self::Code,
            (RecordKind::Item, ItemMatchKey::Name, CompareNameWith::Code) => Self::CodeAsName,
            _ => Self::Name,
        }
    }

    /// What the CRM record is looked for by; none: it cannot be the same as anything.
    pub fn key(self, record: &SourceRecord) -> Option<&str> {
        match self {
            Self::Name => Some(&record.name_key),
            Self::CodeAsName | Self::Code => record.code_key.as_deref(),
        }
    }

    /// The same of a finance record.
    pub fn remote_key(self, row: &remote_record::Model) -> Option<&str> {
        match self {
            Self::Name | Self::CodeAsName => Some(&row.name_key),
            Self::Code => row.code_key.as_deref(),
        }
    }
}

/// Kinds whose names must differ from those of this one (finance-apis 10.1: customers and vendors share one list).
pub fn sharing_names(kind: RecordKind) -> &'static [RecordKind] {
    match kind {
        RecordKind::Customer | RecordKind::Vendor => &[RecordKind::Customer, RecordKind::Vendor],
        RecordKind::ContactPerson => &[RecordKind::ContactPerson],
        RecordKind::Item => &[RecordKind::Item],
    }
}

/// The mirror of these kinds.
fn mirror(scope: &Scope<'_>, kinds: &[RecordKind]) -> sea_orm::Select<remote_record::Entity> {
    remote_record::Entity::of(scope.organization_id)
        .filter(remote_record::Column::FinanceOrganizationId.eq(scope.finance_organization_id))
        .filter(remote_record::Column::Kind.is_in(kinds.iter().map(|kind| kind.as_str())))
}

/// Which of these finance records are linked.
///
/// # Errors
/// The database's.
pub async fn linked(
    db: &impl ConnectionTrait,
    scope: &Scope<'_>,
    remote_ids: impl IntoIterator<Item = String>,
) -> Result<HashSet<String>, SyncError> {
    let ids: Vec<String> = remote_ids.into_iter().collect();
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    Ok(record_link::Entity::of(scope.organization_id)
        .select_only()
        .column(record_link::Column::RemoteId)
        .filter(record_link::Column::FinanceOrganizationId.eq(scope.finance_organization_id))
        .filter(record_link::Column::Kind.eq(scope.lane.source.kind.as_str()))
        .filter(record_link::Column::RemoteId.is_in(ids))
        .into_tuple::<String>()
        .all(db)
        .await?
        .into_iter()
        .collect())
}

/// What the finance side has for each of these unlinked CRM records, by record id. `parents` tells the customer of each
/// account, for persons.
///
/// # Errors
/// The database's, or a mirror row that cannot be read.
pub async fn find(
    db: &impl ConnectionTrait,
    scope: &Scope<'_>,
    settings: &SyncSettings,
    records: &[&SourceRecord],
    parents: &HashMap<Uuid, String>,
) -> Result<HashMap<Uuid, Found>, SyncError> {
    if records.is_empty() {
        return Ok(HashMap::new());
    }
    let kind = scope.lane.source.kind;
    let by = MatchBy::of(kind, settings);
    let names = records.iter().map(|record| record.name_key.as_str());
    let mut named = mirror(scope, sharing_names(kind)).filter(remote_record::Column::NameKey.is_in(names));
    if kind == RecordKind::ContactPerson {
        named = named.filter(remote_record::Column::ParentId.is_in(parents.values().cloned()));
    }
    let named = named.all(db).await?;
    let same_key = match by {
        MatchBy::Name => Vec::new(),
        _ => {
            let keys: Vec<_> = records.iter().filter_map(|record| by.key(record)).collect();
            let column = match by {
                MatchBy::Code => remote_record::Column::CodeKey,
                _ => remote_record::Column::NameKey,
            };
            mirror(scope, &[kind]).filter(column.is_in(keys)).all(db).await?
        }
    };
    let same_key = if by == MatchBy::Name { &named } else { &same_key };
    let references = records.iter().map(|record| record.wire_id.to_string());
    let referencing =
        mirror(scope, &[kind]).filter(remote_record::Column::CrmReference.is_in(references)).all(db).await?;
    let ids = named.iter().chain(same_key).map(|row| row.remote_id.clone());
    let linked = linked(db, scope, ids).await?;
    let mut decided = decisions(db, scope, records).await?;
    let ids: Vec<_> = decided.values().filter_map(|(_, remote_id)| remote_id.clone()).collect();
    let chosen = match ids.is_empty() {
        true => Vec::new(),
        false => mirror(scope, &[kind]).filter(remote_record::Column::RemoteId.is_in(ids)).all(db).await?,
    };

    let mut taken: HashSet<&str> = named.iter().map(|row| row.name_key.as_str()).collect();
    // Clones are made of what has a counterpart or was decided about, which few have: only their names are looked for.
    let keys: HashSet<_> = same_key.iter().filter_map(|row| by.remote_key(row)).collect();
    let may_be_cloned = records.iter().filter(|record| {
        kind != RecordKind::ContactPerson
            && (taken.contains(record.name_key.as_str())
                || by.key(record).is_some_and(|key| keys.contains(&key))
                || decided.contains_key(&record.id))
    });
    let names = may_be_cloned
        .flat_map(|record| (2..=MOST_CLONES).map(|n| name_key(&format!("{}{}", record.name, suffix(n)))));
    let names: Vec<String> = names.collect();
    let clones = match names.is_empty() {
        true => Vec::new(),
        false => {
            let clones = mirror(scope, sharing_names(kind));
            clones.filter(remote_record::Column::NameKey.is_in(names)).all(db).await?
        }
    };
    taken.extend(clones.iter().map(|row| row.name_key.as_str()));
    let mut found = HashMap::new();
    for record in records {
        let wire_id = record.wire_id.to_string();
        let parent = record.account_id.and_then(|account| parents.get(&account));
        let here = |row: &&remote_record::Model| {
            kind != RecordKind::ContactPerson || (row.parent_id.is_some() && row.parent_id.as_ref() == parent)
        };
        let is_free = |row: &&remote_record::Model| {
            row.kind == kind.as_str() && row.crm_reference.is_none() && !linked.contains(&row.remote_id)
        };
        let fits = |row: &&remote_record::Model| {
            row.customer_kind.is_none()
                || scope.lane.customer_kind.is_none_or(|kind| row.customer_kind.as_deref() == Some(of(kind)))
        };
        let referenced = referencing.iter().find(|row| row.crm_reference.as_deref() == Some(&wire_id));
        let same = same_key.iter().filter(here).filter(is_free).filter(fits);
        let same = same.filter(|row| by.key(record).is_some() && by.remote_key(row) == by.key(record));
        let free = (2..=MOST_CLONES)
            .map(suffix)
            .find(|suffix| !taken.contains(name_key(&format!("{}{suffix}", record.name)).as_str()));
        let same: Vec<_> = same.map(candidate).collect::<Result<_, _>>()?;
        let is_other = |row: &&remote_record::Model| same.iter().all(|one| one.remote_id != row.remote_id);
        let decided = match decided.remove(&record.id) {
            Some((choice, remote_id)) => {
                let chosen = chosen.iter().find(|row| Some(&row.remote_id) == remote_id.as_ref());
                Some((choice, chosen.map(candidate).transpose()?))
            }
            None => None,
        };
        found.insert(
            record.id,
            Found {
                referenced: referenced.map(candidate).transpose()?,
                name_is_linked: named
                    .iter()
                    .filter(here)
                    .filter(is_other)
                    .any(|row| row.name_key == record.name_key),
                same,
                free_suffix: free.unwrap_or_else(|| suffix(MOST_CLONES)),
                decided,
            },
        );
    }
    Ok(found)
}

fn of(kind: finbridge_domain::record::CustomerKind) -> &'static str {
    crate::pull::customer_kind(kind)
}

async fn decisions(
    db: &impl ConnectionTrait,
    scope: &Scope<'_>,
    records: &[&SourceRecord],
) -> Result<HashMap<Uuid, (finbridge_entity::types::MatchChoice, Option<String>)>, SyncError> {
    Ok(match_decision::Entity::of(scope.organization_id)
        .filter(match_decision::Column::FinanceOrganizationId.eq(scope.finance_organization_id))
        .filter(match_decision::Column::Kind.eq(scope.lane.source.kind.as_str()))
        .filter(match_decision::Column::RecordId.is_in(records.iter().map(|record| record.id)))
        .all(db)
        .await?
        .into_iter()
        .map(|row| (row.record_id, (row.choice, row.remote_id)))
        .collect())
}

/// How many other unlinked CRM records of the scope would be taken for the same thing as each of these.
///
/// # Errors
/// The database's.
pub async fn rivals(
    db: &impl ConnectionTrait,
    scope: &Scope<'_>,
    settings: &SyncSettings,
    records: &[&SourceRecord],
) -> Result<HashMap<Uuid, usize>, SyncError> {
    let by = MatchBy::of(scope.lane.source.kind, settings);
    let keys = records.iter().filter_map(|record| by.key(record)).map(str::to_owned).collect();
    let alive = alive(db, scope, by, keys).await?;
    let count = |record: &SourceRecord| {
        let same = by.key(record).and_then(|key| alive.get(key));
        let same = same
            .into_iter()
            .flatten()
            .filter(|(id, account)| *id != record.id && (account.is_none() || *account == record.account_id));
        same.count()
    };
    Ok(records.iter().map(|record| (record.id, count(record))).collect())
}

/// Unlinked CRM records of the scope under each of these keys, with the account of persons.
///
/// # Errors
/// The database's.
pub async fn alive(
    db: &impl ConnectionTrait,
    scope: &Scope<'_>,
    by: MatchBy,
    keys: Vec<String>,
) -> Result<HashMap<String, Vec<(Uuid, Option<Uuid>)>>, SyncError> {
    Ok(match by {
        MatchBy::Name => records::alive_by_name(db, scope, keys).await?,
        MatchBy::CodeAsName | MatchBy::Code => records::alive_by_code(db, scope, keys).await?,
    })
}

fn suffix(n: u32) -> String {
    format!(" ({n})")
}

fn candidate(row: &remote_record::Model) -> Result<Candidate, SyncError> {
    Ok(Candidate { remote_id: row.remote_id.clone(), name: row.name.clone(), values: values(row)? })
}

/// The values of a mirror row.
///
/// # Errors
/// A row that cannot be read.
pub fn values(row: &remote_record::Model) -> Result<Values, SyncError> {
    serde_json::from_value(row.record.clone())
        .map_err(|source| SyncError::Corrupt { what: "a mirrored finance record", source })
}
