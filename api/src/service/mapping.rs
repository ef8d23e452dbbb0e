//! Field maps: what can be mapped on either side, and whether a map fits both as they are at this moment.

use finbridge_contract::{Failure, FailureKind};
use finbridge_domain::record::{
    CrmField, CrmRecordType, FieldKey, FieldType, FinanceField, MapFault, RecordKind, Schema, SchemaFault,
    Source, standard_crm_fields,
};
use finbridge_domain::{
    CapabilityProfile, CrmModule, Direction, SettingsRefusal, SyncModule, SyncSettings, map_key,
};
use finbridge_entity::types::CustomFieldKind;
use finbridge_entity::{custom_field, organization};
use finbridge_sync::engine::Remote;
use sea_orm::EntityTrait;
use uuid::Uuid;

use super::crm::stored;
use super::error::{ErrorCode, ServiceError, ServiceResult, UserError};
use super::{Services, integration, layout, remote};

/// What can be mapped of one source.
#[derive(Debug, Clone)]
pub struct Mappable {
    /// What becomes what.
    pub source: Source,
    /// The fields of both sides.
    pub schema: Schema,
}

/// The fields that can be mapped, for everything that the module makes; the finance side's as they are now. Nothing is
/// kept of them, so that a field that is made there is offered at once (R094, R095).
///
/// # Errors
/// `BAD_USER_INPUT` for a module that the profile does not offer, or one fed by no CRM module; `UNAVAILABLE` when the finance
/// app cannot be asked in time.
pub async fn mappable(
    services: &Services,
    integration_id: Uuid,
    module: SyncModule,
    crm_module: Option<CrmModule>,
) -> ServiceResult<Vec<Mappable>> {
    services.viewer.require_administrator()?;
    let integration = integration::find(services, services.db(), integration_id).await?;
    let profile = integration::profile(&integration)?;
    if (module == SyncModule::Customers) != crm_module.is_some() {
        let message = "Name the `crmModule` that feeds customers, and leave it out for other modules";
        return Err(ServiceError::BadInput(message.to_owned()));
    }
    let sources = profile.sources(module, crm_module);
    if sources.is_empty() {
        let offered: Vec<_> = profile.modules.iter().map(|one| one.as_str()).collect();
        let message = format!("The profile {} offers {} (modules)", profile.key, offered.join(", "));
        return Err(ServiceError::BadInput(message));
    }
    let read = schemas(services, profile, integration_id, &sources).await?;
    read.map_err(|failure| ServiceError::Unavailable(unreachable(&failure)))
}

/// Whether the chosen maps fit both sides as they are now. Asks the finance app, so it is called outside of transactions, and
/// only where a map was chosen: the default ones name nothing that an organization could lack.
///
/// # Errors
/// `FIELD_NOT_FOUND`, `FIELD_NOT_MAPPABLE`, `FIELD_TYPE_MISMATCH`, all that apply; `RECONNECT_NEEDED` and
/// `FINANCE_UNAVAILABLE` when the finance app cannot be asked.
pub(super) async fn check(
    services: &Services,
    profile: &CapabilityProfile,
    integration_id: Uuid,
    module: SyncModule,
    settings: &SyncSettings,
) -> ServiceResult<()> {
    let mut sources = profile.sources(module, settings.crm_module);
    sources.retain(|source| settings.field_maps.contains_key(&map_key(*source)));
    if sources.is_empty() {
        return Ok(());
    }
    let read = schemas(services, profile, integration_id, &sources).await?;
    let read = read.map_err(|failure| {
        let code = match failure.kind {
            FailureKind::Unauthorized => ErrorCode::ReconnectNeeded,
            _ => ErrorCode::FinanceUnavailable,
        };
        let message = format!("Nothing was saved: {}", unreachable(&failure));
        ServiceError::from(UserError::whole(code, message))
    })?;
    let takes_back = settings.direction == Direction::BothWays;
    let mut faults = Vec::new();
    for Mappable { source, schema } in &read {
        faults.extend(schema.check(&settings.field_map(*source), takes_back).into_iter().map(unfit));
    }
    if faults.is_empty() { Ok(()) } else { Err(ServiceError::Refused(faults)) }
}

/// What both sides have for these sources; a failure of the finance app stands by itself.
async fn schemas(
    services: &Services,
    profile: &CapabilityProfile,
    integration_id: Uuid,
    sources: &[Source],
) -> ServiceResult<Result<Vec<Mappable>, Failure>> {
    let remote = services.engine.remote(services.db(), services.organization_id(), integration_id).await?;
    let told = match tokio::time::timeout(remote::PATIENCE, finance_fields(&remote, sources)).await {
        Ok(Ok(told)) => told,
        Ok(Err(failure)) => return Ok(Err(failure)),
        Err(_) => {
            let message = "it did not answer within 5 seconds";
            return Ok(Err(Failure::new(FailureKind::Unavailable, message)));
        }
    };
    let mut mappable = Vec::with_capacity(sources.len());
    for source in sources {
        let (crm, hidden) = crm_fields(services, profile, source.record_type).await?;
        let finance = told.iter().find(|(kind, _)| *kind == source.kind);
        let finance = finance.map(|(_, fields)| fields.clone()).unwrap_or_default();
        mappable.push(Mappable { source: *source, schema: Schema { crm, hidden, finance } });
    }
    Ok(Ok(mappable))
}

/// The finance side's fields of each kind among the sources, asked for once.
async fn finance_fields(
    remote: &Remote,
    sources: &[Source],
) -> Result<Vec<(RecordKind, Vec<FinanceField>)>, Failure> {
    let mut told: Vec<(RecordKind, Vec<FinanceField>)> = Vec::new();
    for source in sources {
        if told.iter().any(|(kind, _)| *kind == source.kind) {
            continue;
        }
        let adapter = remote.connector.records(source.kind).ok_or_else(|| {
            let message = format!("it has no records of the kind {}", source.kind.as_str());
            Failure::new(FailureKind::NotSupported, message)
        })?;
        told.push((source.kind, adapter.fields(&remote.connection).await?));
    }
    Ok(told)
}

/// The CRM's fields that can be mapped, and the keys of those that cannot: no layout that counts has them (R096, X07).
async fn crm_fields(
    services: &Services,
    profile: &CapabilityProfile,
    record_type: CrmRecordType,
) -> ServiceResult<(Vec<CrmField>, Vec<FieldKey>)> {
    let mut offered = standard_crm_fields(record_type);
    if record_type == CrmRecordType::Product {
        let home = organization::Entity::find_by_id(services.organization_id()).one(services.db()).await?;
        let is_unique = home.is_some_and(|home| home.is_product_name_unique);
        for name in offered.iter_mut().filter(|field| field.key.as_str() == "name") {
            name.is_unique = is_unique;
        }
    }
    let mut hidden = Vec::new();
    for field in layout::fields(services, services.db(), stored(record_type), None).await? {
        if field.on_layout || !profile.is_standard_layout_only {
            offered.push(added(field.row));
        } else {
            hidden.push(FieldKey::custom(&field.row.key));
        }
    }
    Ok((offered, hidden))
}

/// A field that the organization added.
fn added(row: custom_field::Model) -> CrmField {
    CrmField {
        key: FieldKey::custom(&row.key),
        label: row.label,
        field_type: match row.kind {
            CustomFieldKind::Text | CustomFieldKind::LongText | CustomFieldKind::DateTime => FieldType::Text,
            CustomFieldKind::PickList => FieldType::Choice,
            CustomFieldKind::Integer | CustomFieldKind::Decimal => FieldType::Decimal,
            CustomFieldKind::Boolean => FieldType::Boolean,
            CustomFieldKind::Date => FieldType::Date,
        },
        options: row.options.map(|options| options.0).unwrap_or_default(),
        is_required: row.is_required,
        is_unique: row.is_unique,
        // Finance apps write instants in forms of their own, and guessing which is none of ours.
        is_read_only: row.kind == CustomFieldKind::DateTime,
    }
}

fn unreachable(failure: &Failure) -> String {
    match failure.kind {
        FailureKind::Unauthorized => {
            "the finance app refuses the stored credential; connect it again with `integrationConnect`"
                .to_owned()
        }
        _ => format!("the fields of the finance app could not be read, because {failure}; try again later"),
    }
}

/// A pair that does not fit, as a person reads it.
fn unfit(fault: SchemaFault) -> UserError {
    let code = match fault {
        SchemaFault::CrmMissing(_) | SchemaFault::FinanceMissing(_) => ErrorCode::FieldNotFound,
        SchemaFault::Hidden(_) | SchemaFault::ReadOnly(_) => ErrorCode::FieldNotMappable,
        SchemaFault::NoWayBack(_) | SchemaFault::TypeMismatch { .. } => ErrorCode::FieldTypeMismatch,
    };
    UserError::of(code, "fieldMaps", fault.to_string())
}

/// The settings that a profile does not offer, as a person reads it.
pub(super) fn refused(refusal: SettingsRefusal) -> ServiceError {
    let message = refusal.to_string();
    let (code, field) = match refusal {
        SettingsRefusal::Module { .. } => (ErrorCode::ModuleNotSupported, "module"),
        SettingsRefusal::Setting { field, .. } | SettingsRefusal::Value { field, .. } => {
            (ErrorCode::SettingNotSupported, field)
        }
        SettingsRefusal::Policy { .. } => (ErrorCode::PolicyNotAllowed, "duplicatePolicy"),
        SettingsRefusal::Map(MapFault::UnknownCrm(..) | MapFault::UnknownFinance(..)) => {
            (ErrorCode::FieldNotFound, "fieldMaps")
        }
        SettingsRefusal::Map(_) | SettingsRefusal::ForeignMap { .. } => (ErrorCode::Invalid, "fieldMaps"),
        SettingsRefusal::CustomFieldLimit { .. } => (ErrorCode::CustomFieldLimit, "fieldMaps"),
        SettingsRefusal::SkuNotMapped => (ErrorCode::SkuNotMapped, "fieldMaps"),
        SettingsRefusal::MappingFixed { .. } => (ErrorCode::MappingFixed, "fieldMaps"),
        SettingsRefusal::Missing { field, .. } => (ErrorCode::Required, field),
    };
    UserError::of(code, field, message).into()
}
