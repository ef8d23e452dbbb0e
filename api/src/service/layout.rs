//! Layouts: which custom fields a record shows.

use std::collections::{HashMap, HashSet};

use finbridge_domain::name_key;
use finbridge_entity::types::RecordType;
use finbridge_entity::{Scoped, begin_write, custom_field, layout, layout_field};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel,
    JoinType, QueryFilter, QueryOrder, QuerySelect, Set,
};
use uuid::Uuid;

use super::Services;
use super::error::{ErrorCode, ServiceResult, UserError};
use super::idempotency::{self, Claim, Idempotency};
use super::record::{expect_version, in_turn};
use super::validate::{Check, LINE_LENGTH};

pub(super) use super::idempotency::removed_since;

/// What a layout is made of.
#[derive(Debug, Clone)]
pub struct NewLayout {
    /// Which records can have it.
    pub record_type: RecordType,
    /// Name.
    pub name: String,
    /// The custom fields that it shows, in this order.
    pub field_ids: Vec<Uuid>,
    /// The key under which the create may be repeated.
    pub idempotency: Option<Idempotency>,
}

/// A custom field, and whether the layout in question has it.
#[derive(Debug, Clone)]
pub struct Field {
    /// The field.
    pub row: custom_field::Model,
    /// Whether the layout has it.
    pub on_layout: bool,
}

/// The custom fields of a kind of record, and which of them a layout has; the standard one when none is named.
///
/// # Errors
/// The database's.
pub async fn fields(
    services: &Services,
    db: &impl ConnectionTrait,
    record_type: RecordType,
    layout_id: Option<Uuid>,
) -> ServiceResult<Vec<Field>> {
    let rows = custom_field::Entity::of(services.organization_id())
        .filter(custom_field::Column::RecordType.eq(record_type))
        .order_by_asc(custom_field::Column::Position)
        .order_by_asc(custom_field::Column::Id)
        .all(db)
        .await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let layout_id = match layout_id {
        Some(layout) => Some(layout),
        None => find_standard(services, db, record_type).await?.map(|layout| layout.id),
    };
    let on_layout: HashSet<Uuid> = match layout_id {
        None => HashSet::new(),
        Some(layout) => layout_field::Entity::of(services.organization_id())
            .select_only()
            .column(layout_field::Column::FieldId)
            .filter(layout_field::Column::LayoutId.eq(layout))
            .into_tuple::<Uuid>()
            .all(db)
            .await?
            .into_iter()
            .collect(),
    };
    Ok(rows.into_iter().map(|row| Field { on_layout: on_layout.contains(&row.id), row }).collect())
}

async fn find_standard(
    services: &Services,
    db: &impl ConnectionTrait,
    record_type: RecordType,
) -> ServiceResult<Option<layout::Model>> {
    Ok(layout::Entity::of(services.organization_id())
        .filter(layout::Column::RecordType.eq(record_type))
        .filter(layout::Column::IsStandard.eq(true))
        .one(db)
        .await?)
}

/// The standard layout of a kind of record, made when it is needed first.
///
/// # Errors
/// The database's.
pub async fn standard(
    services: &Services,
    transaction: &DatabaseTransaction,
    record_type: RecordType,
) -> ServiceResult<layout::Model> {
    if let Some(layout) = find_standard(services, transaction, record_type).await? {
        return Ok(layout);
    }
    let row = draft(services, record_type, "Standard", true);
    Ok(row.insert(transaction).await?)
}

fn draft(services: &Services, record_type: RecordType, name: &str, is_standard: bool) -> layout::ActiveModel {
    let now = services.clock().now();
    layout::ActiveModel {
        organization_id: Set(services.organization_id()),
        id: Set(services.ids().uuid()),
        record_type: Set(record_type),
        name: Set(name.to_owned()),
        name_key: Set(name_key(name)),
        is_standard: Set(is_standard),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
    }
}

/// Checks that the layout is one for this kind of record. Whoever writes what it then has holds the layout.
///
/// # Errors
/// The database's; a wrong layout is noted with the other faults.
pub async fn refer(
    services: &Services,
    db: &impl ConnectionTrait,
    check: &mut Check,
    record_type: RecordType,
    layout_id: Option<Uuid>,
) -> ServiceResult<()> {
    let Some(layout_id) = layout_id else { return Ok(()) };
    let layout = layout::Entity::one_of(services.organization_id(), layout_id).one(db).await?;
    if layout.is_none_or(|layout| layout.record_type != record_type) {
        let message = "There is no such layout for this kind of record; choose one that `layouts` lists";
        check.fault(ErrorCode::NotFound, "layoutId", message);
    }
    Ok(())
}

/// The layouts of a kind of record, the standard one first.
///
/// # Errors
/// The database's.
pub async fn list(services: &Services, record_type: RecordType) -> ServiceResult<Vec<layout::Model>> {
    Ok(layout::Entity::of(services.organization_id())
        .filter(layout::Column::RecordType.eq(record_type))
        .order_by_desc(layout::Column::IsStandard)
        .order_by_asc(layout::Column::NameKey)
        .all(services.db())
        .await?)
}

/// Makes a layout that shows these fields, in this order.
///
/// # Errors
/// What is wrong with the input; `FORBIDDEN` for anybody but administrators.
pub async fn create(services: &Services, new: NewLayout) -> ServiceResult<layout::Model> {
    services.viewer.require_administrator()?;
    let key = new.idempotency.clone();
    let made = |id| repeated(services, id);
    idempotency::once(services, key.as_ref(), made, |claim| make(services, new, claim)).await
}

async fn repeated(services: &Services, id: Uuid) -> ServiceResult<layout::Model> {
    let row = layout::Entity::one_of(services.organization_id(), id).one(services.db()).await?;
    removed_since(row, "layout")
}

async fn make(services: &Services, new: NewLayout, claim: Option<Claim>) -> ServiceResult<layout::Model> {
    let NewLayout { record_type, name, field_ids, .. } = new;
    let mut check = Check::default();
    let name = check.required("name", &name, LINE_LENGTH);
    let transaction = begin_write(services.db()).await?;
    in_turn(services, &transaction).await?;
    free_name(services, &transaction, &mut check, record_type, &name, None).await?;
    known_fields(services, &transaction, &mut check, record_type, &field_ids).await?;
    check.finish()?;
    standard(services, &transaction, record_type).await?;
    let layout = draft(services, record_type, &name, false).insert(&transaction).await?;
    place(services, &transaction, layout.id, &field_ids).await?;
    idempotency::complete(services, &transaction, claim, layout.id).await?;
    transaction.commit().await?;
    Ok(layout)
}

/// Changes the name of a layout, or which fields it shows.
///
/// # Errors
/// What is wrong with the input, or that the layout changed since it was read.
pub async fn update(
    services: &Services,
    id: Uuid,
    version: Option<i64>,
    name: Option<&str>,
    field_ids: Option<&[Uuid]>,
) -> ServiceResult<layout::Model> {
    services.viewer.require_administrator()?;
    let transaction = begin_write(services.db()).await?;
    in_turn(services, &transaction).await?;
    let before = find(services, &transaction, id).await?;
    expect_version(version, before.version)?;
    let mut check = Check::default();
    let (record_type, version) = (before.record_type, before.version);
    let mut row = before.into_active_model();
    if let Some(name) = name {
        let name = check.required("name", name, LINE_LENGTH);
        free_name(services, &transaction, &mut check, record_type, &name, Some(id)).await?;
        row.name_key = Set(name_key(&name));
        row.name = Set(name);
    }
    if let Some(field_ids) = field_ids {
        known_fields(services, &transaction, &mut check, record_type, field_ids).await?;
    }
    check.finish()?;
    if let Some(field_ids) = field_ids {
        layout_field::Entity::delete_many()
            .filter(layout_field::Column::OrganizationId.eq(services.organization_id()))
            .filter(layout_field::Column::LayoutId.eq(id))
            .exec(&transaction)
            .await?;
        place(services, &transaction, id, field_ids).await?;
    }
    row.version = Set(version + 1);
    row.updated_at = Set(services.clock().now());
    let layout = row.update(&transaction).await?;
    transaction.commit().await?;
    Ok(layout)
}

async fn find(services: &Services, db: &impl ConnectionTrait, id: Uuid) -> ServiceResult<layout::Model> {
    let row = layout::Entity::one_of(services.organization_id(), id).lock_exclusive().one(db).await?;
    row.ok_or_else(|| {
        let message = "There is no such layout; choose one that `layouts` lists";
        UserError::of(ErrorCode::NotFound, "id", message).into()
    })
}

async fn free_name(
    services: &Services,
    db: &impl ConnectionTrait,
    check: &mut Check,
    record_type: RecordType,
    name: &str,
    but: Option<Uuid>,
) -> ServiceResult<()> {
    let mut others = layout::Entity::of(services.organization_id())
        .filter(layout::Column::RecordType.eq(record_type))
        .filter(layout::Column::NameKey.eq(name_key(name)));
    if let Some(id) = but {
        others = others.filter(layout::Column::Id.ne(id));
    }
    if others.one(db).await?.is_some() || (but.is_none() && name_key(name) == "standard") {
        check.fault(ErrorCode::NotUnique, "name", "Another layout has this name; choose another");
    }
    Ok(())
}

async fn known_fields(
    services: &Services,
    db: &impl ConnectionTrait,
    check: &mut Check,
    record_type: RecordType,
    field_ids: &[Uuid],
) -> ServiceResult<()> {
    let known: HashSet<Uuid> =
        fields(services, db, record_type, None).await?.into_iter().map(|field| field.row.id).collect();
    let mut seen = HashSet::new();
    for (place, id) in field_ids.iter().enumerate() {
        let path = format!("fieldIds.{place}");
        if !known.contains(id) {
            let message =
                "There is no such custom field for this kind of record; choose one that `customFields` lists";
            check.fault(ErrorCode::NotFound, &path, message);
        } else if !seen.insert(*id) {
            check.fault(ErrorCode::Invalid, &path, "The field is named twice; name it once");
        }
    }
    Ok(())
}

/// Puts fields on a layout, behind those that it has.
///
/// # Errors
/// The database's.
pub async fn place(
    services: &Services,
    transaction: &DatabaseTransaction,
    layout_id: Uuid,
    field_ids: &[Uuid],
) -> ServiceResult<()> {
    let taken = layout_field::Entity::of(services.organization_id())
        .filter(layout_field::Column::LayoutId.eq(layout_id))
        .order_by_desc(layout_field::Column::Position)
        .one(transaction)
        .await?
        .map_or(0, |last| last.position);
    let rows: Vec<_> = (taken + 1..)
        .zip(field_ids)
        .map(|(position, field_id)| layout_field::ActiveModel {
            organization_id: Set(services.organization_id()),
            id: Set(services.ids().uuid()),
            layout_id: Set(layout_id),
            field_id: Set(*field_id),
            position: Set(position),
        })
        .collect();
    if !rows.is_empty() {
        layout_field::Entity::insert_many(rows).exec_without_returning(transaction).await?;
    }
    Ok(())
}

/// The fields that layouts show, each in its order; by layout.
///
/// # Errors
/// The database's.
pub async fn shown(
    db: &impl ConnectionTrait,
    organization_id: Uuid,
    layouts: &[Uuid],
) -> ServiceResult<HashMap<Uuid, Vec<custom_field::Model>>> {
    let field = layout_field::Entity::belongs_to(custom_field::Entity)
        .from(layout_field::Column::FieldId)
        .to(custom_field::Column::Id);
    let places = layout_field::Entity::of(organization_id)
        .filter(layout_field::Column::LayoutId.is_in(layouts.iter().copied()))
        .join(JoinType::InnerJoin, field.into())
        .filter(custom_field::Column::OrganizationId.eq(organization_id))
        .select_also(custom_field::Entity)
        .order_by_asc(layout_field::Column::Position)
        .all(db)
        .await?;
    let mut of_layout: HashMap<Uuid, Vec<custom_field::Model>> = HashMap::new();
    for (place, field) in places {
        of_layout.entry(place.layout_id).or_default().extend(field);
    }
    Ok(of_layout)
}

/// Removes a layout; records that have it get the standard one.
///
/// # Errors
/// When it does not exist, is the standard one, or changed since it was read.
pub async fn delete(services: &Services, id: Uuid, version: Option<i64>) -> ServiceResult<Uuid> {
    services.viewer.require_administrator()?;
    let here = services.organization_id();
    let transaction = begin_write(services.db()).await?;
    // It changes many records, in no order that others could keep to.
    in_turn(services, &transaction).await?;
    let layout = find(services, &transaction, id).await?;
    expect_version(version, layout.version)?;
    if layout.is_standard {
        let message = "The standard layout stays: records without another have it";
        return Err(UserError::of(ErrorCode::Invalid, "id", message).into());
    }
    macro_rules! free {
        ($($entity:ident),+) => {
            $(finbridge_entity::$entity::Entity::update_many()
                .col_expr(finbridge_entity::$entity::Column::LayoutId, Expr::value(None::<Uuid>))
                .filter(finbridge_entity::$entity::Column::OrganizationId.eq(here))
                .filter(finbridge_entity::$entity::Column::LayoutId.eq(id))
                .exec(&transaction)
                .await?;)+
        };
    }
    free!(account, contact, vendor, product, deal);
    layout_field::Entity::delete_many()
        .filter(layout_field::Column::OrganizationId.eq(here))
        .filter(layout_field::Column::LayoutId.eq(id))
        .exec(&transaction)
        .await?;
    layout::Entity::delete_many()
        .filter(layout::Column::OrganizationId.eq(here))
        .filter(layout::Column::Id.eq(id))
        .exec(&transaction)
        .await?;
    transaction.commit().await?;
    Ok(id)
}
