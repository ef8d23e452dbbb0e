//! Bringing in links that were made elsewhere: which CRM record is which finance record (X18).

use std::collections::BTreeMap;

use finbridge_domain::SyncModule;
use finbridge_domain::record::{CrmRecordType, FieldMap, RecordKind, Source, Values};
use finbridge_entity::types::{LinkState, Origin};
use finbridge_entity::{
    Scoped, account, begin_write, contact, integration, product, record_link, remote_record, sync_module,
    vendor,
};
use finbridge_sync::records::{self, SourceRecord};
use finbridge_sync::{lineage, matching};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, IntoActiveModel, QueryFilter,
    QuerySelect, Set, SqlErr,
};
use uuid::Uuid;

use super::error::{ErrorCode, ServiceError, ServiceResult, UserError};
use super::{Services, integration as integrations, record as crm_record};

/// Characters of a suffix.
const LONGEST_SUFFIX: usize = 20;

/// How somebody names a CRM record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordName {
    /// By kind and id.
    Id(CrmRecordType, Uuid),
    /// By its 18-digit number.
    Wire(i64),
}

/// A link that shall be there.
#[derive(Debug, Clone)]
pub struct ImportLink {
    /// The CRM record.
    pub record: RecordName,
    /// What it is on the finance side.
    pub kind: RecordKind,
    /// The finance record.
    pub remote_id: String,
    /// Which side had it first.
    pub origin: Origin,
    /// What the finance record carries after the name.
    pub name_suffix: Option<String>,
}

/// Links two records that are the same thing, or leaves them linked. They have agreed on nothing yet: the next run compares
/// them, and takes no side without saying so.
///
/// # Errors
/// `NOT_FOUND` for records that are not there or not known, `ALREADY_LINKED`, `TOO_LONG`; `INVALID`, also for a person of
/// another customer than the one that the contact's account is linked to.
pub async fn import(
    services: &Services,
    integration_id: Uuid,
    wish: ImportLink,
) -> ServiceResult<record_link::Model> {
    services.viewer.require_administrator()?;
    if wish.name_suffix.as_ref().is_some_and(|suffix| suffix.chars().count() > LONGEST_SUFFIX) {
        let message =
            format!("The suffix has more than {LONGEST_SUFFIX} characters; no clone has such a one");
        return Err(UserError::of(ErrorCode::TooLong, "nameSuffix", message).into());
    }
    if wish.name_suffix.as_ref().is_some_and(|suffix| suffix.contains(char::is_control)) {
        let message = "The suffix has characters that no name has; write it as in ` (2)`";
        return Err(UserError::of(ErrorCode::Invalid, "nameSuffix", message).into());
    }
    let transaction = begin_write(services.db()).await?;
    let integration = integrations::find(services, &transaction, integration_id).await?;
    let record = find(services, &transaction, &wish).await?;
    let remote = known(&transaction, &integration, &wish).await?;
    let wire_id = record.wire_id.to_string();
    if let Some(named) = remote.crm_reference.as_ref().filter(|named| **named != wire_id) {
        let message = format!(
            "The finance record {} names another CRM record, {named}; unlink the two there first, and have it read anew with `syncPlan`",
            wish.remote_id
        );
        return Err(UserError::of(ErrorCode::AlreadyLinked, "remoteKey", message).into());
    }
    let taken = obstacles(&transaction, &integration, &wish, &record).await?;
    if let Some(link) = taken.iter().find(|link| is_it(link, &record, &wish) && !gives_way(link)) {
        if link.state == LinkState::Claimed {
            let message =
                "A sync run was cut off while it linked these two; start another, which finishes that";
            return Err(UserError::of(ErrorCode::SyncInProgress, "recordId", message).into());
        }
        return Ok(link.clone());
    }
    if let Some(link) = taken.iter().find(|link| !gives_way(link)) {
        return Err(in_the_way(link, &record, &wish));
    }
    expect_at_customer(&transaction, &integration, &record, &remote).await?;
    let source = Source { record_type: record.record_type, kind: wish.kind };
    let bases = unagreed(services, &transaction, &integration, source, &remote).await?;
    let link = put(services, &transaction, &integration, taken, Pair { record, remote, bases, wish }).await?;
    transaction.commit().await?;
    Ok(link)
}

/// The living CRM record, which nobody deletes or merges until the transaction ends.
async fn find(
    services: &Services,
    transaction: &DatabaseTransaction,
    wish: &ImportLink,
) -> ServiceResult<SourceRecord> {
    let here = services.organization_id();
    let sources = || Source::ALL.iter().filter(|source| source.kind == wish.kind);
    let named = match wish.record {
        RecordName::Id(record_type, id) => {
            if sources().all(|source| source.record_type != record_type) {
                let message = "Records of this kind never become such finance records; choose another `kind`";
                return Err(UserError::of(ErrorCode::Invalid, "kind", message).into());
            }
            Some((record_type, id))
        }
        RecordName::Wire(wire_id) => {
            let mut found = None;
            for source in sources() {
                if let Some(id) = by_wire_id(transaction, here, source.record_type, wire_id).await? {
                    found = Some((source.record_type, id));
                }
            }
            found
        }
    };
    let record = match named {
        Some((record_type, id)) => {
            hold(services, transaction, record_type, id).await?;
            records::load(transaction, here, record_type, &[], &[id]).await?.pop()
        }
        None => None,
    };
    record.filter(|record| !record.is_deleted).ok_or_else(|| {
        let message =
            "There is no such record that could be this on the finance side; it may have been deleted";
        UserError::of(ErrorCode::NotFound, "recordId", message).into()
    })
}

async fn hold(
    services: &Services,
    transaction: &DatabaseTransaction,
    record_type: CrmRecordType,
    id: Uuid,
) -> ServiceResult<()> {
    match record_type {
        CrmRecordType::Account => crm_record::hold::<account::Entity>(services, transaction, [id]).await,
        CrmRecordType::Contact => crm_record::hold::<contact::Entity>(services, transaction, [id]).await,
        CrmRecordType::Vendor => crm_record::hold::<vendor::Entity>(services, transaction, [id]).await,
        CrmRecordType::Product => crm_record::hold::<product::Entity>(services, transaction, [id]).await,
    }
}

async fn by_wire_id(
    db: &impl ConnectionTrait,
    here: Uuid,
    record_type: CrmRecordType,
    wire_id: i64,
) -> ServiceResult<Option<Uuid>> {
    macro_rules! of {
        ($table:ident) => {
            $table::Entity::of(here)
                .filter($table::Column::WireId.eq(wire_id))
                .one(db)
                .await?
                .map(|row| row.id)
        };
    }
    Ok(match record_type {
        CrmRecordType::Account => of!(account),
        CrmRecordType::Contact => of!(contact),
        CrmRecordType::Vendor => of!(vendor),
        CrmRecordType::Product => of!(product),
    })
}

/// The finance record as it was last read. Two who link it at once wait for each other.
async fn known(
    db: &impl ConnectionTrait,
    integration: &integration::Model,
    wish: &ImportLink,
) -> ServiceResult<remote_record::Model> {
    let named = remote_record::Entity::of(integration.organization_id)
        .filter(remote_record::Column::FinanceOrganizationId.eq(integration.finance_organization_id))
        .filter(remote_record::Column::Kind.eq(wish.kind.as_str()))
        .filter(remote_record::Column::RemoteId.eq(&wish.remote_id))
        .lock_exclusive();
    // No id has U+0000, and PostgreSQL refuses to compare with one.
    let row = if wish.remote_id.contains('\0') { None } else { named.one(db).await? };
    row.ok_or_else(|| {
        let message = format!(
            "No finance record {} of this kind is known; is the id right? The finance side is known as it was last read: ask for `syncPlan` of the module, which reads it and writes nothing, and import again",
            wish.remote_id
        );
        UserError::of(ErrorCode::NotFound, "remoteKey", message).into()
    })
}

/// The links that either record has.
async fn obstacles(
    db: &impl ConnectionTrait,
    integration: &integration::Model,
    wish: &ImportLink,
    record: &SourceRecord,
) -> ServiceResult<Vec<record_link::Model>> {
    let links = || {
        record_link::Entity::of(integration.organization_id)
            .filter(record_link::Column::FinanceOrganizationId.eq(integration.finance_organization_id))
    };
    // A contact is a customer or a person of one, never both.
    let mut taken = links().filter(record_link::Column::RecordId.eq(record.id)).all(db).await?;
    taken.retain(|link| link.kind == wish.kind.as_str() || !gives_way(link));
    let remote = links()
        .filter(record_link::Column::Kind.eq(wish.kind.as_str()))
        .filter(record_link::Column::RemoteId.eq(&wish.remote_id))
        .filter(record_link::Column::RecordId.ne(record.id))
        .one(db)
        .await?;
    taken.extend(remote);
    Ok(taken)
}

/// A person has to belong to the customer that the contact's account is linked to. Otherwise the next run would move it there,
/// which removes it where it is, or unlink the two again.
async fn expect_at_customer(
    db: &impl ConnectionTrait,
    integration: &integration::Model,
    record: &SourceRecord,
    remote: &remote_record::Model,
) -> ServiceResult<()> {
    if remote.kind != RecordKind::ContactPerson.as_str() {
        return Ok(());
    }
    let account = match record.account_id {
        Some(account_id) => {
            record_link::Entity::of(integration.organization_id)
                .filter(record_link::Column::FinanceOrganizationId.eq(integration.finance_organization_id))
                .filter(record_link::Column::Kind.eq(RecordKind::Customer.as_str()))
                .filter(record_link::Column::RecordId.eq(account_id))
                .filter(record_link::Column::State.eq(LinkState::Linked))
                .one(db)
                .await?
        }
        None => None,
    };
    let customer = account.and_then(|link| link.remote_id);
    if customer.is_some() && customer == remote.parent_id {
        return Ok(());
    }
    let message = format!(
        "The person belongs to the customer {}, and the contact's account is not linked to that customer; link the account first, or put the contact into the account that is",
        remote.parent_id.as_deref().unwrap_or("of another record")
    );
    Err(UserError::of(ErrorCode::Invalid, "remoteKey", message).into())
}

/// Whether the link is of a finance record that is gone.
fn gives_way(link: &record_link::Model) -> bool {
    matches!(link.state, LinkState::Deleted | LinkState::RemoteMissing)
}

fn is_it(link: &record_link::Model, record: &SourceRecord, wish: &ImportLink) -> bool {
    link.record_id == record.id
        && link.kind == wish.kind.as_str()
        && link.remote_id.as_deref() == Some(&*wish.remote_id)
}

fn in_the_way(link: &record_link::Model, record: &SourceRecord, wish: &ImportLink) -> ServiceError {
    if link.record_id == record.id {
        let there = link.remote_id.as_deref().unwrap_or("one that a run is making");
        let message = format!(
            "The CRM record is linked to another finance record: {there} ({}); unlink the two there first, or merge them with `syncCustomersMerge`",
            link.kind
        );
        return UserError::of(ErrorCode::AlreadyLinked, "recordId", message).into();
    }
    let message = format!(
        "The finance record {} is linked to another {}; `/export/record-links.csv` tells which",
        wish.remote_id,
        link.record_type.to_lowercase()
    );
    UserError::of(ErrorCode::AlreadyLinked, "remoteKey", message).into()
}

/// What a pair has on the finance side that agreed on nothing: every field counts as changed there that holds anything, so
/// that a merge finds out where the two differ.
///
/// # Errors
/// The database's.
pub(super) async fn unagreed(
    services: &Services,
    db: &impl ConnectionTrait,
    integration: &integration::Model,
    source: Source,
    remote: &remote_record::Model,
) -> ServiceResult<Values> {
    let of_integration = sync_module::Column::IntegrationId.eq(integration.id);
    let modules = integrations::configured(db, services.organization_id(), of_integration).await?;
    let settings = modules.into_iter().find(|(module, _)| {
        SyncModule::by_name(&module.module).is_some_and(|module| module.kinds().contains(&source.kind))
    });
    let map =
        settings.map_or_else(|| FieldMap::default_of(source), |(_, settings)| settings.field_map(source));
    let held = matching::values(remote)?;
    let fields = map.finance_fields().cloned().chain(held.into_keys());
    Ok(fields.map(|field| (field, String::new())).collect::<BTreeMap<_, _>>())
}

/// What is to be linked.
struct Pair {
    record: SourceRecord,
    remote: remote_record::Model,
    bases: Values,
    wish: ImportLink,
}

/// Writes the link, in place of those that give way: the record's own becomes the new one and keeps what is told of it; another
/// record's loses the finance record and stays, so that none is made for that record anew.
async fn put(
    services: &Services,
    transaction: &DatabaseTransaction,
    integration: &integration::Model,
    gone: Vec<record_link::Model>,
    pair: Pair,
) -> ServiceResult<record_link::Model> {
    let (here, now) = (integration.organization_id, services.clock().now());
    let Pair { record, remote, bases, wish } = pair;
    let (mut own, others): (Vec<_>, Vec<_>) = gone.into_iter().partition(|link| link.record_id == record.id);
    for link in others {
        let mut link = link.into_active_model();
        link.remote_id = Set(None);
        link.updated_at = Set(now);
        link.update(transaction).await?;
    }
    let before = own.pop();
    let made = record_link::ActiveModel {
        organization_id: Set(here),
        id: Set(before.as_ref().map_or_else(|| services.ids().uuid(), |link| link.id)),
        finance_organization_id: Set(integration.finance_organization_id),
        kind: Set(wish.kind.as_str().to_owned()),
        record_type: Set(record.record_type.as_str().to_owned()),
        record_id: Set(record.id),
        remote_id: Set(Some(wish.remote_id)),
        state: Set(LinkState::Linked),
        origin: Set(wish.origin),
        name_suffix: Set(wish.name_suffix),
        crm_base: Set(None),
        remote_base: Set(Some(serde_json::to_value(bases)?)),
        synced_version: Set(record_link::NEVER_WRITTEN),
        remote_parent_id: Set(remote.parent_id),
        // The next run looks at the pair although neither side changes.
        is_remote_dirty: Set(true),
        remote_modified_at: Set(None),
        created_at: Set(before.as_ref().map_or(now, |link| link.created_at)),
        updated_at: Set(now),
    };
    let written = match before {
        Some(before) => {
            lineage::hand_over(transaction, here, before.id, before.id, now).await?;
            made.update(transaction).await
        }
        None => made.insert(transaction).await,
    };
    written.map_err(|error| match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => {
            let message =
                "One of the two was linked at the same moment; import the link again to see by what";
            UserError::whole(ErrorCode::AlreadyLinked, message).into()
        }
        _ => ServiceError::from(error),
    })
}
