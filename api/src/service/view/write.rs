//! Making, changing and removing views.

use finbridge_domain::record::CrmRecordType;
use finbridge_domain::{SyncModule, SyncSettings, name_key};
use finbridge_entity::criteria::{self, Criteria, Draft, FaultKind, Frame, Predefined, View};
use finbridge_entity::types::RecordType;
use finbridge_entity::{Scoped, begin_write, sync_module, sync_run, sync_settings, view};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait,
    IntoActiveModel, PaginatorTrait, QueryFilter, QuerySelect, Set, SqlErr,
};
use uuid::Uuid;

use crate::service::Services;
use crate::service::error::{ErrorCode, ServiceError, ServiceResult, UserError};
use crate::service::idempotency::{self, Claim, Idempotency};
use crate::service::record::expect_version;
use crate::service::validate::{Check, LINE_LENGTH};

/// Shared views on one kind of record, and views of one person that nobody else sees: together fewer than are listed.
const MOST_OF_A_SORT: u64 = 95;

/// What a view is made of.
#[derive(Debug)]
pub struct NewView {
    /// Which records it is on.
    pub record_type: RecordType,
    /// Name.
    pub name: String,
    /// Which records are in it.
    pub criteria: Draft,
    /// Whether everybody sees it.
    pub is_shared: bool,
    /// The key under which the create may be repeated.
    pub idempotency: Option<Idempotency>,
}

/// What changes: absent fields stay.
#[derive(Debug)]
pub struct ViewChange {
    /// The version the change is based on.
    pub version: Option<i64>,
    /// Name.
    pub name: Option<String>,
    /// Which records are in it.
    pub criteria: Option<Draft>,
    /// Whether everybody sees it.
    pub is_shared: Option<bool>,
}

/// Makes a view.
///
/// # Errors
/// What is wrong with the input.
pub async fn create(services: &Services, new: NewView) -> ServiceResult<View> {
    let key = new.idempotency.clone();
    let made = |id| repeated(services, id);
    idempotency::once(services, key.as_ref(), made, |claim| insert(services, new, claim)).await
}

async fn repeated(services: &Services, id: Uuid) -> ServiceResult<View> {
    let row = view::Entity::one_of(services.organization_id(), id).one(services.db()).await?;
    Ok(View::of(idempotency::removed_since(row, "view")?)?)
}

async fn insert(services: &Services, new: NewView, claim: Option<Claim>) -> ServiceResult<View> {
    let transaction = begin_write(services.db()).await?;
    let mut check = Check::default();
    let name = check.required("name", &new.name, LINE_LENGTH);
    let criteria = checked(services, &transaction, &mut check, new.record_type, new.criteria).await?;
    distinct(services, &transaction, &mut check, new.record_type, services.viewer.user_id, &name, None)
        .await?;
    room(services, &transaction, &mut check, new.record_type, services.viewer.user_id, new.is_shared).await?;
    check.finish()?;
    let now = services.clock().now();
    let row = view::ActiveModel {
        organization_id: Set(services.organization_id()),
        id: Set(services.ids().uuid()),
        record_type: Set(new.record_type),
        name_key: Set(name_key(&name)),
        name: Set(name),
        criteria: Set(serde_json::to_value(criteria)?),
        is_shared: Set(new.is_shared),
        owner_id: Set(services.viewer.user_id),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
    };
    let row = row.insert(&transaction).await.map_err(taken_meanwhile)?;
    idempotency::complete(services, &transaction, claim, row.id).await?;
    transaction.commit().await?;
    Ok(View::of(row)?)
}

/// Changes a view. Which records it is on never changes.
///
/// # Errors
/// What is wrong with the input, or that the view changed since it was read; `FORBIDDEN` for a shared view of somebody
/// else, except for administrators.
pub async fn update(services: &Services, id: Uuid, new: ViewChange) -> ServiceResult<View> {
    let transaction = begin_write(services.db()).await?;
    let before = own(services, &transaction, id).await?;
    expect_version(new.version, before.version)?;
    let mut check = Check::default();
    let (record_type, owner) = (before.record_type, before.owner_id);
    let (version, was_shared) = (before.version, before.is_shared);
    let mut row = before.into_active_model();
    if let Some(name) = &new.name {
        let name = check.required("name", name, LINE_LENGTH);
        distinct(services, &transaction, &mut check, record_type, owner, &name, Some(id)).await?;
        row.name_key = Set(name_key(&name));
        row.name = Set(name);
    }
    if let Some(criteria) = new.criteria {
        let criteria = checked(services, &transaction, &mut check, record_type, criteria).await?;
        row.criteria = Set(serde_json::to_value(criteria)?);
    }
    if let Some(is_shared) = new.is_shared.filter(|is_shared| *is_shared != was_shared) {
        room(services, &transaction, &mut check, record_type, owner, is_shared).await?;
        row.is_shared = Set(is_shared);
    }
    check.finish()?;
    row.version = Set(version + 1);
    row.updated_at = Set(services.clock().now());
    let row = row.update(&transaction).await.map_err(taken_meanwhile)?;
    transaction.commit().await?;
    Ok(View::of(row)?)
}

/// Removes a view.
///
/// # Errors
/// `VIEW_IN_USE` while a sync is limited by it, and as [`update`].
pub async fn delete(services: &Services, id: Uuid, version: Option<i64>) -> ServiceResult<Uuid> {
    let transaction = begin_write(services.db()).await?;
    let view = own(services, &transaction, id).await?;
    expect_version(version, view.version)?;
    if let Some(module) = user(services, &transaction, id).await? {
        let message = format!(
            "The sync of {module} is limited by this view; choose another there with `syncModuleConfigure`, and wait until a run under way has ended"
        );
        return Err(UserError::of(ErrorCode::ViewInUse, "id", message).into());
    }
    view::Entity::delete_many()
        .filter(view::Column::OrganizationId.eq(services.organization_id()))
        .filter(view::Column::Id.eq(id))
        .exec(&transaction)
        .await?;
    transaction.commit().await?;
    Ok(id)
}

/// The view that a change names, locked until the transaction ends.
async fn own(services: &Services, transaction: &DatabaseTransaction, id: Uuid) -> ServiceResult<view::Model> {
    let here = services.organization_id();
    if Predefined::of(here, id).is_some() {
        let message = "Predefined views stay as they are; make a view of your own with `viewCreate`";
        return Err(UserError::of(ErrorCode::Invalid, "id", message).into());
    }
    let row = view::Entity::one_of(here, id).lock_exclusive().one(transaction).await?;
    let is_mine = |row: &view::Model| row.owner_id == services.viewer.user_id;
    let row = row.filter(|row| row.is_shared || is_mine(row)).ok_or_else(|| {
        UserError::of(ErrorCode::NotFound, "id", "There is no such view; choose one that `views` lists")
    })?;
    if !is_mine(&row) {
        services.viewer.require_administrator()?;
    }
    Ok(row)
}

async fn checked(
    services: &Services,
    db: &impl ConnectionTrait,
    check: &mut Check,
    record_type: RecordType,
    draft: Draft,
) -> ServiceResult<Option<Criteria>> {
    let (here, viewer) = (services.organization_id(), services.viewer.user_id);
    let frame = Frame::load(db, here, record_type, viewer, services.clock().now()).await?;
    match criteria::check(draft, frame.fields(), "criteria") {
        Ok(criteria) => Ok(Some(criteria)),
        Err(faults) => {
            for fault in faults {
                let code = match fault.kind {
                    FaultKind::Required => ErrorCode::Required,
                    FaultKind::Unknown => ErrorCode::NotFound,
                    FaultKind::Invalid => ErrorCode::Invalid,
                };
                check.fault(code, &fault.path, fault.message);
            }
            Ok(None)
        }
    }
}

async fn distinct(
    services: &Services,
    db: &impl ConnectionTrait,
    check: &mut Check,
    record_type: RecordType,
    owner_id: Uuid,
    name: &str,
    id: Option<Uuid>,
) -> ServiceResult<()> {
    // U+0000 is a fault already, and PostgreSQL refuses it in a comparison.
    if name.contains('\0') {
        return Ok(());
    }
    let mut others = view::Entity::of(services.organization_id())
        .filter(view::Column::RecordType.eq(record_type))
        .filter(view::Column::OwnerId.eq(owner_id))
        .filter(view::Column::NameKey.eq(name_key(name)));
    if let Some(id) = id {
        others = others.filter(view::Column::Id.ne(id));
    }
    if others.one(db).await?.is_some() {
        let fault = taken();
        check.fault(fault.code, "name", fault.message);
    }
    Ok(())
}

fn taken() -> UserError {
    let message = "Another view of the same person on these records has this name; choose another";
    UserError::of(ErrorCode::NotUnique, "name", message)
}

/// Somebody took the name between our look and our write.
fn taken_meanwhile(error: DbErr) -> ServiceError {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => taken().into(),
        _ => error.into(),
    }
}

async fn room(
    services: &Services,
    db: &impl ConnectionTrait,
    check: &mut Check,
    record_type: RecordType,
    owner_id: Uuid,
    is_shared: bool,
) -> ServiceResult<()> {
    let alike = match is_shared {
        true => Condition::all().add(view::Column::IsShared.eq(true)),
        false => {
            Condition::all().add(view::Column::IsShared.eq(false)).add(view::Column::OwnerId.eq(owner_id))
        }
    };
    let there = view::Entity::of(services.organization_id())
        .filter(view::Column::RecordType.eq(record_type))
        .filter(alike)
        .count(db)
        .await?;
    if there >= MOST_OF_A_SORT {
        let sort = if is_shared { "shared views" } else { "views that only you see" };
        let message =
            format!("One kind of record takes {MOST_OF_A_SORT} {sort}; remove one that is not used");
        check.fault(ErrorCode::Invalid, "isShared", message);
    }
    Ok(())
}

/// The module whose settings, or whose run under way, name the view.
async fn user(services: &Services, db: &impl ConnectionTrait, id: Uuid) -> ServiceResult<Option<String>> {
    let here = services.organization_id();
    for module in sync_module::Entity::of(here).all(db).await? {
        let settings = sync_settings::Entity::of(here)
            .filter(sync_settings::Column::SyncModuleId.eq(module.id))
            .filter(sync_settings::Column::Version.eq(module.settings_version))
            .one(db)
            .await?
            .map(|row| row.settings);
        let running = match module.active_run_id {
            Some(run) => sync_run::Entity::one_of(here, run).one(db).await?.map(|run| run.settings),
            None => None,
        };
        for settings in settings.into_iter().chain(running) {
            let settings: SyncSettings = serde_json::from_value(settings)?;
            let views = CrmRecordType::ALL.iter().filter_map(|record_type| settings.view(*record_type));
            if views.into_iter().any(|choice| choice.view_id == id) {
                return Ok(Some(module.module));
            }
        }
    }
    Ok(None)
}

/// Checks a view that shall limit a module, and keeps it from being removed meanwhile.
///
/// # Errors
/// The database's; a view that cannot be chosen is noted with the other faults.
pub async fn choose(
    services: &Services,
    transaction: &DatabaseTransaction,
    check: &mut Check,
    module: SyncModule,
    record_type: RecordType,
    field: &str,
    id: Uuid,
) -> ServiceResult<()> {
    let (here, viewer) = (services.organization_id(), services.viewer.user_id);
    let view = match Predefined::of(here, id) {
        Some((record_type, kind)) => Some(View::predefined(here, record_type, kind)),
        None => {
            let row = view::Entity::one_of(here, id).lock_exclusive().one(transaction).await?;
            row.map(View::of).transpose()?.filter(|view| view.is_visible_to(viewer))
        }
    };
    let records = record_type.plural();
    let Some(view) = view else {
        let message = format!("There is no such view; choose one that `views` lists for {records}");
        check.fault(ErrorCode::NotFound, field, message);
        return Ok(());
    };
    if view.record_type != record_type {
        let message = format!(
            "The view `{}` is on {}, and {} are synchronised from {records}; choose one that `views` lists for {records}",
            view.name,
            view.record_type.plural(),
            module.as_str()
        );
        check.fault(ErrorCode::ViewModuleMismatch, field, message);
        return Ok(());
    }
    let frame = Frame::load(transaction, here, record_type, viewer, services.clock().now()).await?;
    if let Err(reason) = view.within(&frame) {
        check.fault(ErrorCode::Invalid, field, super::unusable(&view, &reason.to_string()));
    }
    Ok(())
}
