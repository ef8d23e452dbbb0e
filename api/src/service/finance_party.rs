//! Customers and vendors of the finance side, as they were last read, and changing many of those that came from the CRM (R138, R142).

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use finbridge_contract::{Failure, FailureKind, RecordAdapter, RemoteRecord};
use finbridge_domain::PartyKind;
use finbridge_domain::record::map::canonical;
use finbridge_domain::record::{FieldType, FinanceField, RecordKind, Values};
use finbridge_entity::{Scoped, begin_write, integration, remote_record};
use finbridge_sync::engine::Remote;
use finbridge_sync::pull;
use futures::{StreamExt, stream};
use rust_decimal::Decimal;
use sea_orm::{ColumnTrait, ConnectionTrait, PaginatorTrait, QueryFilter, Select};
use tokio::time::Instant;
use uuid::Uuid;

use super::error::{ErrorCode, ServiceError, ServiceResult, UserError};
use super::page::{Listing, Page, PageArgs, SortKey, SortValue};
use super::permit::{Act, Object};
use super::validate::TEXT_LENGTH;
use super::{Services, integration as integrations, party_search, remote};

/// Parties that one request changes at most: somebody waits for it, and each is a request to the finance app.
pub const MOST: usize = 25;

/// Requests to the finance app at the same time.
const AT_ONCE: usize = 5;

/// Which parties are meant.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// The integration to whose organization they belong.
    pub integration_id: Uuid,
    /// Customers or vendors.
    pub party: PartyKind,
    /// Whether only those are meant that stand for a record of the CRM.
    pub is_from_crm: bool,
}

/// What is changed, and of whom.
#[derive(Debug, Clone)]
pub struct BulkUpdate {
    /// The integration to whose organization they belong.
    pub integration_id: Uuid,
    /// Customers or vendors.
    pub party: PartyKind,
    /// Of whom, by their ids there.
    pub remote_ids: Vec<String>,
    /// Fields and what they shall hold; none empties them.
    pub values: Vec<(String, Option<String>)>,
}

/// What came of one of them.
pub type Updated = (String, ServiceResult<remote_record::Model>);

/// The kind of record that a party is.
pub const fn kind_of(party: PartyKind) -> RecordKind {
    match party {
        PartyKind::Customer => RecordKind::Customer,
        PartyKind::Vendor => RecordKind::Vendor,
    }
}

/// Parties by name. A page of one list is none of the other.
fn by_name(party: PartyKind) -> Listing<remote_record::Entity> {
    let key = SortKey {
        name: "NAME",
        column: remote_record::Column::NameKey,
        nullable: false,
        value: |row: &remote_record::Model| SortValue::Text(row.name_key.clone()),
    };
    let name = match party {
        PartyKind::Customer => "customers",
        PartyKind::Vendor => "financeVendors",
    };
    Listing { name, key, descending: false }
}

fn rows(integration: &integration::Model, party: PartyKind) -> Select<remote_record::Entity> {
    remote_record::Entity::of(integration.organization_id)
        .filter(remote_record::Column::FinanceOrganizationId.eq(integration.finance_organization_id))
        .filter(remote_record::Column::Kind.eq(kind_of(party).as_str()))
}

async fn wanted(services: &Services, wanted: &Wanted) -> ServiceResult<Select<remote_record::Entity>> {
    party_search::may_see(services, wanted.party)?;
    let integration = integrations::find(services, services.db(), wanted.integration_id).await?;
    let rows = rows(&integration, wanted.party);
    Ok(match wanted.is_from_crm {
        true => rows.filter(remote_record::Column::CrmReference.is_not_null()),
        false => rows,
    })
}

/// A page of parties.
///
/// # Errors
/// `FORBIDDEN`, `NOT_FOUND` for the integration, bad page arguments.
pub async fn page(
    services: &Services,
    which: &Wanted,
    args: &PageArgs,
) -> ServiceResult<Page<remote_record::Model>> {
    by_name(which.party).window(args)?.read(services.db(), wanted(services, which).await?).await
}

/// How many there are.
///
/// # Errors
/// As [`page`].
pub async fn count(services: &Services, which: &Wanted) -> ServiceResult<u64> {
    Ok(wanted(services, which).await?.count(services.db()).await?)
}

/// The party of this id there; none when none was read.
///
/// # Errors
/// As [`page`].
pub async fn find(
    services: &Services,
    which: &Wanted,
    remote_id: &str,
) -> ServiceResult<Option<remote_record::Model>> {
    // No id has U+0000, and PostgreSQL refuses to compare with one.
    if remote_id.contains('\0') {
        return Ok(None);
    }
    let rows = wanted(services, which).await?.filter(remote_record::Column::RemoteId.eq(remote_id));
    Ok(rows.one(services.db()).await?)
}

/// Changes fields of parties that came from the CRM, in the finance app and at once. Each stands by itself, and all may be sent again:
/// what was written already is written as it is. What both sides map comes into the CRM with the next run, where that goes both ways.
///
/// # Errors
/// `FORBIDDEN`; `NOT_FOUND`, `MODULE_NOT_SUPPORTED` and `RECONNECT_NEEDED` for the integration; `FIELD_NOT_FOUND`,
/// `FIELD_NOT_MAPPABLE`, `INVALID`, `TOO_LONG` and `REQUIRED` for the values; a finance app that is disabled or cannot be asked. Of
/// single parties `NOT_FOUND`, `NOT_CRM_LINKED`, `INVALID` where the finance app refuses it, and `FINANCE_UNAVAILABLE`.
pub async fn update(services: &Services, wish: BulkUpdate) -> ServiceResult<Vec<Updated>> {
    services.permit(Act::Configure, Object::Integrations)?;
    let remote = remote::active(services, wish.integration_id).await?;
    let kind = kind_of(wish.party);
    let Some(adapter) = remote.connector.records(kind) else {
        let message = "The finance app has none of these; name an integration of one that has";
        return Err(UserError::of(ErrorCode::ModuleNotSupported, "integrationId", message).into());
    };
    let until = remote::deadline();
    let fields = remote::answer(until, adapter.fields(&remote.connection)).await;
    let fields = fields.map_err(|failure| unavailable(&failure))?;
    let values = checked(kind, &fields, &wish.values)?;
    let known = known(services.db(), &remote.integration, &wish).await?;
    let written = write(&remote, adapter, until, &values, known).await;
    let records: Vec<RemoteRecord> = written.values().filter_map(|one| one.as_ref().ok().cloned()).collect();
    let transaction = begin_write(services.db()).await?;
    pull::edited(&services.engine, &transaction, &remote, kind, &records).await?;
    let rows = rows_of(&transaction, &remote.integration, &wish).await?;
    transaction.commit().await?;
    let result = |remote_id: &String| match written.get(remote_id) {
        Some(Ok(_)) => rows.get(remote_id).cloned().ok_or_else(|| unknown().into()),
        Some(Err(failure)) => Err(refused(failure).into()),
        None => Err(match rows.get(remote_id) {
            Some(_) => not_from_crm(),
            None => unknown(),
        }
        .into()),
    };
    Ok(wish.remote_ids.iter().map(|remote_id| (remote_id.clone(), result(remote_id))).collect())
}

async fn rows_of(
    db: &impl ConnectionTrait,
    integration: &integration::Model,
    wish: &BulkUpdate,
) -> ServiceResult<HashMap<String, remote_record::Model>> {
    let ids = wish.remote_ids.iter().filter(|id| !id.contains('\0'));
    let rows =
        rows(integration, wish.party).filter(remote_record::Column::RemoteId.is_in(ids)).all(db).await?;
    Ok(rows.into_iter().map(|row| (row.remote_id.clone(), row)).collect())
}

/// Those of the parties that came from the CRM.
async fn known(
    db: &impl ConnectionTrait,
    integration: &integration::Model,
    wish: &BulkUpdate,
) -> ServiceResult<HashSet<String>> {
    let rows = rows_of(db, integration, wish).await?.into_iter();
    Ok(rows.filter(|(_, row)| row.crm_reference.is_some()).map(|(remote_id, _)| remote_id).collect())
}

async fn write(
    remote: &Remote,
    adapter: &dyn RecordAdapter,
    until: Instant,
    values: &Values,
    remote_ids: HashSet<String>,
) -> HashMap<String, Result<RemoteRecord, Failure>> {
    let writing = remote_ids.into_iter().map(|remote_id| async move {
        let call = adapter.update(&remote.connection, &remote_id, values);
        let written = remote::answer(until, call).await;
        (remote_id, written)
    });
    stream::iter(writing).buffer_unordered(AT_ONCE).collect().await
}

/// The values in canonical form, each of which its field takes.
fn checked(
    kind: RecordKind,
    fields: &[FinanceField],
    values: &[(String, Option<String>)],
) -> ServiceResult<Values> {
    let mut checked = Values::new();
    let mut faults = Vec::new();
    for (place, (name, value)) in values.iter().enumerate() {
        let at = |member: &str| format!("values.{place}.{member}");
        let mut fault =
            |code, member, message: String| faults.push(UserError::of(code, &at(member), message));
        let Some(field) = fields.iter().find(|field| field.key.as_str() == name) else {
            let message = format!("There is no field `{name}`; `mappableFields` lists them under `finance`");
            fault(ErrorCode::FieldNotFound, "field", message);
            continue;
        };
        if field.is_read_only || field.is_unique || field.key == kind.name_field() {
            let message = format!("`{name}` is not the same for many; change it one by one, or in the CRM");
            fault(ErrorCode::FieldNotMappable, "field", message);
            continue;
        }
        match fit(field, value.as_deref()) {
            Ok(value) => {
                if checked.insert(field.key.clone(), value).is_some() {
                    fault(ErrorCode::Invalid, "field", format!("`{name}` is named twice; name it once"));
                }
            }
            Err((code, message)) => fault(code, "value", message),
        }
    }
    if faults.is_empty() { Ok(checked) } else { Err(ServiceError::Refused(faults)) }
}

/// The value as the field holds it; an empty one clears it.
fn fit(field: &FinanceField, value: Option<&str>) -> Result<String, (ErrorCode, String)> {
    let name = field.key.as_str();
    let value = canonical(field.field_type, value.unwrap_or_default());
    if value.is_empty() {
        let message = || (ErrorCode::Required, format!("`{name}` must not be empty; give it a value"));
        return if field.is_required { Err(message()) } else { Ok(value) };
    }
    let most = field.max_length.and_then(|most| usize::try_from(most).ok()).unwrap_or(TEXT_LENGTH);
    let length = value.chars().count();
    if length > most {
        let message = format!("`{name}` takes {most} characters and this has {length}; shorten it");
        return Err((ErrorCode::TooLong, message));
    }
    let fits = match field.field_type {
        FieldType::Text => !value.contains('\0'),
        FieldType::Choice => field.options.contains(&value),
        FieldType::Decimal => value.parse::<Decimal>().is_ok(),
        FieldType::Boolean => matches!(value.as_str(), "true" | "false"),
        FieldType::Date => value.parse::<NaiveDate>().is_ok(),
    };
    if fits {
        return Ok(value);
    }
    let what = match field.field_type {
        FieldType::Choice => format!("one of {}", field.options.join(", ")),
        FieldType::Boolean => "true or false".to_owned(),
        FieldType::Date => "a day such as 2026-01-05".to_owned(),
        other => other.spoken().to_owned(),
    };
    Err((ErrorCode::Invalid, format!("`{name}` takes {what}")))
}

fn unknown() -> UserError {
    let message = "Nobody of this id is known; the finance side is known as it was last read: ask for `syncPlan`, which reads it";
    UserError::of(ErrorCode::NotFound, "remoteKeys", message)
}

fn not_from_crm() -> UserError {
    let message = "Nobody in the CRM stands for this one, so it was left alone; change it in the finance app";
    UserError::of(ErrorCode::NotCrmLinked, "remoteKeys", message)
}

fn refused(failure: &Failure) -> UserError {
    match failure.kind {
        FailureKind::NotFound => unknown(),
        FailureKind::Refused | FailureKind::NameTaken | FailureKind::NotSupported => {
            UserError::of(ErrorCode::Invalid, "values", format!("The finance app refuses it: {failure}"))
        }
        _ => unavailable_error(failure),
    }
}

fn unavailable(failure: &Failure) -> ServiceError {
    unavailable_error(failure).into()
}

fn unavailable_error(failure: &Failure) -> UserError {
    let code = match failure.kind {
        FailureKind::Unauthorized => ErrorCode::ReconnectNeeded,
        _ => ErrorCode::FinanceUnavailable,
    };
    let message = format!("The finance app could not be asked: {failure}; send it again, which is safe");
    UserError::whole(code, message)
}
