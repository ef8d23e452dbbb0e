//! Planning over the CRM's records: those that are not linked, and pairs of which either side changed.

use std::collections::HashMap;

use finbridge_domain::Members;
use finbridge_domain::record::{FieldKey, FieldMap, RecordKind, Values};
use finbridge_entity::types::{ItemAction, LinkState};
use finbridge_entity::{Scoped, record_link, remote_record};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter};
use uuid::Uuid;

use super::{Agreed, Batch, Position, Step, Subject};
use crate::decide::{self, CrmSide, Decision, Found, Pair, decide, plain};
use crate::engine::Remote;
use crate::error::SyncError;
use crate::merge::{self, Bases};
use crate::records::{self, Scope, SourceRecord};
use crate::{link, matching, pull};

pub(super) async fn batch(
    db: &impl ConnectionTrait,
    subject: &Subject<'_>,
    scope: &Scope<'_>,
    position: Position,
    limit: u64,
) -> Result<Batch, SyncError> {
    let source = scope.lane.source;
    let map = subject.settings.field_map(source);
    let fields: Vec<FieldKey> = map.crm_fields().cloned().collect();
    let records = records::pending(db, scope, &fields, position.after, limit).await?;
    let last = records.last().map(|record| record.id);
    let links = links(db, scope, &records).await?;
    let parents = parents(db, subject.remote, scope, &records).await?;
    let mirrored = mirrored(db, scope, &links).await?;
    let unlinked: Vec<_> = records.iter().filter(|record| !links.contains_key(&record.id)).collect();
    let mut found = matching::find(db, scope, subject.settings, &unlinked, &parents).await?;
    let rivals = matching::rivals(db, scope, subject.settings, &unlinked).await?;

    let mut batch = Batch { last, ..Batch::default() };
    for record in records {
        let link = links.get(&record.id);
        let row = link.and_then(|link| mirrored.get(link.remote_id.as_deref()?));
        let parent = record.account_id.and_then(|account| parents.get(&account)).cloned();
        let judged = Judged {
            record: &record,
            link,
            row,
            parent: parent.as_deref(),
            rivals: rivals.get(&record.id).copied().unwrap_or_default(),
            found: found.remove(&record.id).unwrap_or_default(),
        };
        match judge(subject, scope, &map, judged)? {
            Judgement::Step(decision) => batch.steps.push(Step {
                stage: position.stage,
                after: record.id,
                kind: source.kind,
                record_type: source.record_type,
                record_id: record.id,
                name: record.name,
                version: record.version,
                remote_parent_id: parent,
                decision,
            }),
            Judgement::Agreed(agreed) => batch.agreed.push(agreed),
            Judgement::Nothing => {}
        }
    }
    Ok(batch)
}

/// What is known of a record when it is judged.
struct Judged<'a> {
    record: &'a SourceRecord,
    link: Option<&'a record_link::Model>,
    row: Option<&'a remote_record::Model>,
    parent: Option<&'a str>,
    rivals: usize,
    found: Found,
}

enum Judgement {
    Step(Decision),
    Agreed(Agreed),
    Nothing,
}

fn judge(
    subject: &Subject<'_>,
    scope: &Scope<'_>,
    map: &FieldMap,
    judged: Judged<'_>,
) -> Result<Judgement, SyncError> {
    let Judged { record, link, row, parent, rivals, found } = judged;
    let kind = scope.lane.source.kind;
    let wanted = map.to_finance(&record.values);
    let crm = CrmSide {
        wanted: &wanted,
        is_deleted: record.is_deleted,
        rivals,
        is_left_out: scope.lane.members == Members::LeftOut,
    };
    let policy = subject.policy(kind, map)?;
    let Some(link) = link else {
        return Ok(decide(&crm, None, &found, policy).map_or(Judgement::Nothing, Judgement::Step));
    };
    let is_person = kind == RecordKind::ContactPerson;
    if is_person && link.state == LinkState::Linked && !record.is_deleted && parent.is_none() {
        // A17.14: its account is none that has a customer here.
        let reason = "The contact belongs to no account that is synchronised any more; the person stays at the old customer, unlinked";
        let decision = plain(ItemAction::Detach, "ACCOUNT_NOT_SYNCED", reason);
        return Ok(Judgement::Step(Decision { remote_id: link.remote_id.clone(), ..decision }));
    }
    let is_imported = link::is_imported(link);
    let finance = match row {
        Some(row) if is_imported || takes_finance(subject, link) => Some(matching::values(row)?),
        _ => None,
    };
    let bases = match &finance {
        // One way, two that never agreed: the CRM's values are written, and what it lacks stays there.
        Some(now) if is_imported && !subject.is_both_ways() => {
            Bases { crm: Values::new(), finance: now.clone() }
        }
        // One way, comparing means that what the finance side has instead of the CRM's values is drift (A17.26).
        Some(now) if !subject.is_both_ways() => Bases { crm: now.clone(), finance: now.clone() },
        _ => link::bases(link)?,
    };
    let pair = Pair {
        state: link.state,
        origin: link.origin,
        name_suffix: link.name_suffix.as_deref(),
        bases: bases.clone(),
        remote_id: link.remote_id.as_deref(),
        is_never_written: link.synced_version == record_link::NEVER_WRITTEN,
        finance: finance.clone(),
        has_moved: is_person && parent.is_some() && link.remote_parent_id.as_deref() != parent,
    };
    if let Some(mut decision) = decide(&crm, Some(&pair), &found, policy) {
        if is_imported && decision.rule == decide::MERGED {
            decision.rule = decide::IMPORTED;
            decision.reason = "The two were linked without a run, have agreed on nothing yet and are compared for the first time".to_owned();
        }
        return Ok(Judgement::Step(decision));
    }
    if record.is_deleted || link.state != LinkState::Linked {
        return Ok(Judgement::Nothing);
    }
    if let Some(decision) = flipped(scope, link, row) {
        return Ok(Judgement::Step(decision));
    }
    let wanted = decide::with_suffix(kind, &wanted, link.name_suffix.as_deref());
    let known = finance.unwrap_or_else(|| bases.finance.clone());
    let after = merge::bases_after(&bases, &wanted, &known, &merge::Merged::default());
    Ok(Judgement::Agreed(Agreed {
        link_id: link.id,
        record_id: record.id,
        version: record.version,
        bases: (after != bases).then_some(after),
    }))
}

/// Whether what the mirror has of the finance record counts: it changed, or everything is compared.
fn takes_finance(subject: &Subject<'_>, link: &record_link::Model) -> bool {
    subject.is_reconcile || (subject.is_both_ways() && link.is_remote_dirty)
}

/// A17.15: a customer that became another kind of customer on the finance side is reported and not moved.
fn flipped(
    scope: &Scope<'_>,
    link: &record_link::Model,
    row: Option<&remote_record::Model>,
) -> Option<Decision> {
    let expected = scope.lane.customer_kind.map(pull::customer_kind)?;
    let now = row.and_then(|row| row.customer_kind.as_deref())?;
    (link.is_remote_dirty && now != expected).then(|| Decision {
        remote_id: link.remote_id.clone(),
        ..plain(
            ItemAction::Skip,
            "TYPE_CHANGED",
            format!("The customer became {now} on the finance side; it stays linked to the same CRM record"),
        )
    })
}

/// The links that records have as this kind of finance record.
async fn links(
    db: &impl ConnectionTrait,
    scope: &Scope<'_>,
    records: &[SourceRecord],
) -> Result<HashMap<Uuid, record_link::Model>, SyncError> {
    Ok(record_link::Entity::of(scope.organization_id)
        .filter(record_link::Column::FinanceOrganizationId.eq(scope.finance_organization_id))
        .filter(record_link::Column::Kind.eq(scope.lane.source.kind.as_str()))
        .filter(record_link::Column::RecordId.is_in(records.iter().map(|record| record.id)))
        .all(db)
        .await?
        .into_iter()
        .map(|link| (link.record_id, link))
        .collect())
}

/// The customers of the accounts that these contacts belong to, by account.
async fn parents(
    db: &impl ConnectionTrait,
    remote: &Remote,
    scope: &Scope<'_>,
    records: &[SourceRecord],
) -> Result<HashMap<Uuid, String>, SyncError> {
    if scope.lane.source.kind != RecordKind::ContactPerson {
        return Ok(HashMap::new());
    }
    let accounts = records.iter().filter_map(|record| record.account_id);
    Ok(record_link::Entity::of(remote.organization.organization_id)
        .filter(record_link::Column::FinanceOrganizationId.eq(remote.organization.id))
        .filter(record_link::Column::Kind.eq(RecordKind::Customer.as_str()))
        .filter(record_link::Column::State.eq(LinkState::Linked))
        .filter(record_link::Column::RecordId.is_in(accounts))
        .all(db)
        .await?
        .into_iter()
        .filter_map(|link| Some((link.record_id, link.remote_id?)))
        .collect())
}

/// What the mirror has of the linked finance records, by their ids.
async fn mirrored(
    db: &impl ConnectionTrait,
    scope: &Scope<'_>,
    links: &HashMap<Uuid, record_link::Model>,
) -> Result<HashMap<String, remote_record::Model>, SyncError> {
    let every = scope.is_both_ways || scope.is_reconcile;
    let looked_at = links.values().filter(|link| every || link::is_imported(link));
    let ids: Vec<String> = looked_at.filter_map(|link| link.remote_id.clone()).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    Ok(remote_record::Entity::of(scope.organization_id)
        .filter(remote_record::Column::FinanceOrganizationId.eq(scope.finance_organization_id))
        .filter(remote_record::Column::Kind.eq(scope.lane.source.kind.as_str()))
        .filter(remote_record::Column::RemoteId.is_in(ids))
        .all(db)
        .await?
        .into_iter()
        .map(|row| (row.remote_id.clone(), row))
        .collect())
}
