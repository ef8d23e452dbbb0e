//! Connections to finance apps and the settings of their modules.

use finbridge_contract::{Connector, Credential, FailureKind, Grant, RemoteOrganization};
use finbridge_domain::{
    CapabilityProfile, DocumentKind, ItemMatchKey, SettingsWish, SyncModule, SyncSettings,
};
use finbridge_entity::types::{IntegrationState, ModuleState, RecordType, RunTrigger};
use finbridge_entity::{
    Scoped, begin_write, finance_organization, integration, sync_module, sync_run, sync_settings,
};
use finbridge_sync::document::feed;
use finbridge_sync::run::{self, StartRun, Started};
use finbridge_sync::schedule;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, JoinType, QueryFilter,
    QueryOrder, QuerySelect, Set,
};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use super::error::{ErrorCode, ServiceError, ServiceResult, UserError};
use super::one_way::{self, Currencies};
use super::record::in_turn;
use super::validate::Check;
use super::{Services, mapping, product_name, remote, view};

/// What connecting takes.
#[derive(Debug, Clone)]
pub struct Connect {
    /// Key of the finance app.
    pub app_key: String,
    /// Whose access it uses.
    pub email: String,
    /// The service key that the finance app issued to that person.
    pub zsc_key: SecretString,
    /// Which of the person's organizations; may be absent when there is only one.
    pub remote_organization_id: Option<String>,
    /// Which documents shall come, where the profile has any; all of them when none is said.
    pub transaction_kinds: Option<Vec<DocumentKind>>,
    /// How many days back the first reading of documents goes; to their beginning when it is not said.
    pub transaction_history_days: Option<u32>,
}

/// Connects a finance app: checks the key, finds the organization, keeps the credential encrypted.
///
/// Connecting the same app and organization again renews the credential and keeps links and settings. Where the profile takes
/// further organizations of an app, records only go to those, and their base currency may be another one (X05).
///
/// # Errors
/// `INVALID_ZSC_KEY`, `ORGANIZATION_REQUIRED`, `BASE_CURRENCY_MISMATCH`, `MULTI_ORG_UNSUPPORTED`, `FINANCE_UNAVAILABLE`.
pub async fn connect(services: &Services, wish: Connect) -> ServiceResult<integration::Model> {
    services.viewer.require_administrator()?;
    let connector = services.engine.connectors.get(&wish.app_key).ok_or_else(|| {
        UserError::of(ErrorCode::NotFound, "app", "There is no such finance app; `financeApps` lists them")
    })?;
    let credential =
        within(connector.authorize(Grant::ServiceKey { email: wish.email.clone(), key: wish.zsc_key }))
            .await?;
    let remote = choose(connector.as_ref(), &credential, wish.remote_organization_id.as_deref()).await?;
    let sealed = services.sealer.seal(credential.0.expose_secret())?;
    let now = services.clock().now();
    let manifest = connector.manifest();
    let transaction = begin_write(services.db()).await?;
    // Two who connect at once must not find room for one each.
    in_turn(services, &transaction).await?;
    let organization = finance_organization::Entity::of(services.organization_id())
        .filter(finance_organization::Column::Vendor.eq(manifest.vendor))
        .filter(finance_organization::Column::RemoteId.eq(&remote.remote_id))
        .one(&transaction)
        .await?;
    let mut row = match organization {
        Some(known) => known.into_active_model(),
        None => finance_organization::ActiveModel {
            organization_id: Set(services.organization_id()),
            id: Set(services.ids().uuid()),
            vendor: Set(manifest.vendor.to_owned()),
            remote_id: Set(remote.remote_id),
            created_at: Set(now),
            ..Default::default()
        },
    };
    let is_new = row.id.is_set();
    row.name = Set(remote.name);
    row.base_currency_code = Set(remote.base_currency_code);
    row.country = Set(remote.country);
    row.time_zone = Set(remote.time_zone);
    row.capabilities = Set(remote.capabilities);
    row.updated_at = Set(now);
    let organization =
        if is_new { row.insert(&transaction).await? } else { row.update(&transaction).await? };
    let existing = integration::Entity::of(services.organization_id())
        .filter(integration::Column::AppKey.eq(manifest.app_key))
        .filter(integration::Column::FinanceOrganizationId.eq(organization.id))
        .one(&transaction)
        .await?;
    let is_one_way = match &existing {
        Some(existing) => existing.is_one_way,
        None => one_way::expect_room(services, &transaction, manifest.app_key).await?,
    };
    Currencies::of(services, &transaction, &organization).await?.check_connection(is_one_way)?;
    let integration = match existing {
        Some(existing) => {
            let version = existing.version;
            let is_disabled = existing.state == IntegrationState::Disabled;
            let mut row = existing.into_active_model();
            // A new credential switches nothing on: that takes `integrationEnable`.
            if !is_disabled {
                row.state = Set(IntegrationState::Active);
            }
            row.connected_email = Set(wish.email);
            row.sealed_credential = Set(sealed);
            row.version = Set(version + 1);
            row.updated_at = Set(now);
            row.update(&transaction).await?
        }
        None => {
            integration::ActiveModel {
                organization_id: Set(services.organization_id()),
                id: Set(services.ids().uuid()),
                app_key: Set(manifest.app_key.to_owned()),
                profile_key: Set(manifest.profile_key.to_owned()),
                is_one_way: Set(is_one_way),
                state: Set(IntegrationState::Active),
                finance_organization_id: Set(organization.id),
                connected_email: Set(wish.email),
                sealed_credential: Set(sealed),
                version: Set(1),
                created_at: Set(now),
                updated_at: Set(now),
            }
            .insert(&transaction)
            .await?
        }
    };
    let (kinds, days) = (wish.transaction_kinds.as_deref(), wish.transaction_history_days);
    feed::ensure(&services.engine, &transaction, &integration, kinds, days).await?;
    transaction.commit().await?;
    Ok(integration)
}

async fn choose(
    connector: &dyn Connector,
    credential: &Credential,
    wanted: Option<&str>,
) -> ServiceResult<RemoteOrganization> {
    let mut organizations = within(connector.organizations(credential)).await?;
    let listed = organizations
        .iter()
        .map(|one| format!("{} ({})", one.name, one.remote_id))
        .collect::<Vec<_>>()
        .join(", ");
    let place = match wanted {
        Some(wanted) => organizations.iter().position(|one| one.remote_id == wanted),
        None => (organizations.len() == 1).then_some(0),
    };
    place.map(|place| organizations.swap_remove(place)).ok_or_else(|| {
        let message = match organizations.is_empty() {
            true => "This person has no organization there; create one in the finance app first".to_owned(),
            false => format!("Name one of this person's organizations: {listed}"),
        };
        UserError::of(ErrorCode::OrganizationRequired, "financeOrganization", message).into()
    })
}

/// A call that a person waits for.
async fn within<T>(call: impl Future<Output = Result<T, finbridge_contract::Failure>>) -> ServiceResult<T> {
    let late = "The finance app did not answer within 5 seconds; try again later";
    let unavailable = |message: String| UserError::whole(ErrorCode::FinanceUnavailable, message).into();
    match tokio::time::timeout(remote::PATIENCE, call).await {
        Err(_) => Err(unavailable(late.to_owned())),
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(failure)) => Err(match failure.kind {
            FailureKind::Unauthorized => UserError::whole(
                ErrorCode::InvalidZscKey,
                "E-mail and service key do not belong together, or the key was revoked; make a new key in the finance app's settings",
            )
            .into(),
            _ => unavailable(format!("The finance app could not be used: {failure}")),
        }),
    }
}

/// The integrations of the organization, oldest first.
///
/// # Errors
/// The database's.
pub async fn list(services: &Services) -> ServiceResult<Vec<integration::Model>> {
    Ok(integration::Entity::of(services.organization_id())
        .order_by_asc(integration::Column::CreatedAt)
        .order_by_asc(integration::Column::Id)
        .all(services.db())
        .await?)
}

/// The modules of an integration that were configured, with the settings in force.
///
/// # Errors
/// The database's.
pub async fn modules(
    services: &Services,
    integration_id: Uuid,
) -> ServiceResult<Vec<(sync_module::Model, SyncSettings)>> {
    let of_integration = sync_module::Column::IntegrationId.eq(integration_id);
    configured(services.db(), services.organization_id(), of_integration).await
}

/// The modules for which this holds, with the settings in force, oldest first.
///
/// # Errors
/// The database's.
pub async fn configured(
    db: &impl ConnectionTrait,
    organization_id: Uuid,
    which: Expr,
) -> ServiceResult<Vec<(sync_module::Model, SyncSettings)>> {
    use sync_settings::Column;
    let settings = sync_module::Entity::belongs_to(sync_settings::Entity)
        .from(sync_module::Column::Id)
        .to(Column::SyncModuleId);
    let modules = sync_module::Entity::of(organization_id)
        .filter(which)
        .join(JoinType::InnerJoin, settings.into())
        .filter(Column::OrganizationId.eq(organization_id))
        .filter(Column::Version.into_expr().equals(sync_module::Column::SettingsVersion.as_column_ref()))
        .select_also(sync_settings::Entity)
        .order_by_asc(sync_module::Column::Id)
        .all(db)
        .await?;
    let modules = modules.into_iter().map(|(module, settings)| {
        let settings = settings.ok_or_else(|| ServiceError::Internal("a module without settings".into()))?;
        Ok((module, serde_json::from_value(settings.settings)?))
    });
    modules.collect()
}

/// What configuring a module came to.
pub struct Configured {
    /// The module.
    pub module: sync_module::Model,
    /// Its settings.
    pub settings: SyncSettings,
    /// The run, where one was started.
    pub run: Option<sync_run::Model>,
}

/// An integration that somebody names.
pub(super) async fn find(
    services: &Services,
    db: &impl ConnectionTrait,
    id: Uuid,
) -> ServiceResult<integration::Model> {
    let found = integration::Entity::one_of(services.organization_id(), id).one(db).await?;
    found.ok_or_else(|| {
        let message = "There is no such integration; `integrations` lists them";
        UserError::of(ErrorCode::NotFound, "integrationId", message).into()
    })
}

/// What an integration may do.
pub(super) fn profile(integration: &integration::Model) -> ServiceResult<&'static CapabilityProfile> {
    CapabilityProfile::by_key(&integration.profile_key)
        .ok_or_else(|| ServiceError::Internal("an integration without a profile".into()))
}

/// Saves a module's settings as a new version and, with `start`, queues a run in the same transaction (R080). Chosen field maps
/// are held against both sides first, before the transaction begins.
///
/// # Errors
/// Settings that the profile does not offer, with the profile key that refuses them; a view that cannot limit this module;
/// maps that do not fit, or a finance app that cannot be asked whether they do.
pub async fn configure(
    services: &Services,
    integration_id: Uuid,
    module: SyncModule,
    wish: SettingsWish,
    start: bool,
) -> ServiceResult<Configured> {
    services.viewer.require_administrator()?;
    let integration = find(services, services.db(), integration_id).await?;
    let profile = profile(&integration)?;
    let has_maps = !wish.field_maps.is_empty();
    let wish = one_way::within(&integration, wish)?;
    let settings = profile.settle(module, wish).map_err(mapping::refused)?;
    if has_maps {
        mapping::check(services, profile, integration_id, module, &settings).await?;
    }
    let transaction = begin_write(services.db()).await?;
    // Two who configure a module at once would write the same version.
    in_turn(services, &transaction).await?;
    one_way::check_module(services, &transaction, &integration, module).await?;
    if module == SyncModule::Items
        && settings.item_match_key == ItemMatchKey::Sku
        && !product_name::are_unique(&transaction, services.organization_id()).await?
    {
        // R089: by SKU two products of one name would meet one item.
        let message = "Matching items by SKU takes unique names of products; turn them on with `productNamesSetUnique` first, or match by NAME";
        return Err(UserError::of(ErrorCode::ProductNameNotUnique, "itemMatchKey", message).into());
    }
    let mut check = Check::default();
    for (records, field, choice) in [
        (RecordType::Account, "accountViewId", settings.account_view),
        (RecordType::Contact, "contactViewId", settings.contact_view),
        (RecordType::Vendor, "vendorViewId", settings.vendor_view),
        (RecordType::Product, "productViewId", settings.product_view),
    ] {
        if let Some(choice) = choice {
            let id = choice.view_id;
            view::write::choose(services, &transaction, &mut check, module, records, field, id).await?;
        }
    }
    check.finish()?;
    let known = find_module(&transaction, services.organization_id(), integration_id, module).await?;
    let now = services.clock().now();
    let version = known.as_ref().map_or(1, |module| module.settings_version + 1);
    let mut row = match known {
        Some(known) => {
            let mut row = known.into_active_model();
            row.settings_version = Set(version);
            row.update(&transaction).await?
        }
        None => {
            sync_module::ActiveModel {
                organization_id: Set(services.organization_id()),
                id: Set(services.ids().uuid()),
                integration_id: Set(integration_id),
                module: Set(module.as_str().to_owned()),
                settings_version: Set(version),
                active_run_id: Set(None),
                initial_sync_at: Set(None),
                remote_cursor: Set(None),
                state: Set(ModuleState::Active),
                next_due_at: Set(None),
                swept_at: Set(None),
                sweep: Set(None),
            }
            .insert(&transaction)
            .await?
        }
    };
    sync_settings::ActiveModel {
        organization_id: Set(services.organization_id()),
        id: Set(services.ids().uuid()),
        sync_module_id: Set(row.id),
        version: Set(version),
        settings: Set(serde_json::to_value(&settings)?),
        created_by_id: Set(Some(services.viewer.user_id)),
        created_at: Set(now),
    }
    .insert(&transaction)
    .await?;
    // Whether and when runs start by themselves may have changed with the settings.
    if row.initial_sync_at.is_some() {
        let mut due = row.clone().into_active_model();
        due.next_due_at = Set(match row.state {
            ModuleState::Active => schedule::due_after(&transaction, &row, now).await?,
            ModuleState::Pausing | ModuleState::Paused => None,
        });
        row = due.update(&transaction).await?;
    }
    let run = if start {
        let wish =
            StartRun::of(services.organization_id(), row.id, RunTrigger::Initial).by(services.viewer.user_id);
        match run::start(&services.engine, &transaction, wish).await? {
            Started::Queued(run) => {
                row.active_run_id = Some(run.id);
                Some(*run)
            }
            Started::AlreadyActive(_) => {
                let message = "A run with the old settings is under way, so nothing was saved; wait until it ends, or save without starting";
                return Err(UserError::of(ErrorCode::SyncAlreadyRunning, "start", message).into());
            }
            Started::Paused => {
                let message =
                    "The module is paused, so nothing was saved; resume it, or save without starting";
                return Err(UserError::of(ErrorCode::SyncPaused, "start", message).into());
            }
            Started::Disabled => return Err(super::leave::inactive()),
        }
    } else {
        None
    };
    transaction.commit().await?;
    Ok(Configured { module: row, settings, run })
}

/// The row of a module, where it was configured.
///
/// # Errors
/// The database's.
pub async fn find_module(
    db: &impl ConnectionTrait,
    organization_id: Uuid,
    integration_id: Uuid,
    module: SyncModule,
) -> ServiceResult<Option<sync_module::Model>> {
    Ok(sync_module::Entity::of(organization_id)
        .filter(sync_module::Column::IntegrationId.eq(integration_id))
        .filter(sync_module::Column::Module.eq(module.as_str()))
        .one(db)
        .await?)
}
