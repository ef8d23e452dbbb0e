//! Making, changing and removing custom fields.

use std::collections::BTreeSet;

use async_graphql::MaybeUndefined;
use finbridge_domain::name_key;
use finbridge_entity::types::{CustomFieldKind, RecordType, TextList};
use finbridge_entity::{
    Scoped, begin_write, custom_field, custom_value, layout as layout_table, layout_field,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, Set,
};
use uuid::Uuid;

use crate::service::error::{ErrorCode, ServiceResult, UserError};
use crate::service::idempotency::{self, Claim, Idempotency};
use crate::service::record::{self, expect_version};
use crate::service::validate::{Check, LINE_LENGTH};
use crate::service::{Services, layout};

/// Custom fields on one kind of record.
const MOST: u64 = 200;
/// Choices in a pick list.
const MOST_OPTIONS: usize = 500;
/// Longest key.
const KEY_LENGTH: usize = 60;

/// What a custom field is made of.
#[derive(Debug, Clone)]
pub struct NewField {
    /// Which records have it.
    pub record_type: RecordType,
    /// Name for programs.
    pub key: String,
    /// Name for people.
    pub label: String,
    /// What to fill in.
    pub help: Option<String>,
    /// What it holds.
    pub kind: CustomFieldKind,
    /// What can be chosen.
    pub options: Vec<String>,
    /// Whether it must be filled.
    pub is_required: bool,
    /// Whether no two living records may hold the same.
    pub is_unique: bool,
    /// The layouts that show it; the standard one when empty.
    pub layout_ids: Vec<Uuid>,
    /// The key under which the create may be repeated.
    pub idempotency: Option<Idempotency>,
}

/// What changes: absent fields stay.
#[derive(Debug, Clone, Default)]
pub struct FieldChange {
    /// The version the change is based on.
    pub version: Option<i64>,
    /// Name for people.
    pub label: Option<String>,
    /// What to fill in; null clears.
    pub help: MaybeUndefined<String>,
    /// What can be chosen; choices that records hold stay with them.
    pub options: Option<Vec<String>>,
    /// Whether it must be filled.
    pub is_required: Option<bool>,
}

/// The custom fields of a kind of record, in their order.
///
/// # Errors
/// The database's.
pub async fn list(services: &Services, record_type: RecordType) -> ServiceResult<Vec<custom_field::Model>> {
    Ok(custom_field::Entity::of(services.organization_id())
        .filter(custom_field::Column::RecordType.eq(record_type))
        .order_by_asc(custom_field::Column::Position)
        .order_by_asc(custom_field::Column::Id)
        .all(services.db())
        .await?)
}

/// Makes a custom field and puts it on layouts.
///
/// # Errors
/// What is wrong with the input; `FORBIDDEN` for anybody but administrators.
pub async fn create(services: &Services, new: NewField) -> ServiceResult<custom_field::Model> {
    services.viewer.require_administrator()?;
    let key = new.idempotency.clone();
    let made = |id| repeated(services, id);
    idempotency::once(services, key.as_ref(), made, |claim| make(services, new, claim)).await
}

async fn repeated(services: &Services, id: Uuid) -> ServiceResult<custom_field::Model> {
    let row = custom_field::Entity::one_of(services.organization_id(), id).one(services.db()).await?;
    layout::removed_since(row, "custom field")
}

async fn make(
    services: &Services,
    new: NewField,
    claim: Option<Claim>,
) -> ServiceResult<custom_field::Model> {
    let mut check = Check::default();
    let key = check_key(&mut check, &new.key);
    let label = check.required("label", &new.label, LINE_LENGTH);
    let help = check.optional("help", new.help.as_deref(), LINE_LENGTH);
    let options = check_options(&mut check, new.kind, &new.options);
    if new.is_unique && matches!(new.kind, CustomFieldKind::LongText | CustomFieldKind::Boolean) {
        let message = "Long texts and yes-or-no fields cannot be unique; choose another kind";
        check.fault(ErrorCode::Invalid, "isUnique", message);
    }
    let transaction = begin_write(services.db()).await?;
    // Two fields of one key, or two standard layouts, could be made at once otherwise.
    record::in_turn(services, &transaction).await?;
    let fields = || {
        custom_field::Entity::of(services.organization_id())
            .filter(custom_field::Column::RecordType.eq(new.record_type))
    };
    if fields().filter(custom_field::Column::Key.eq(&key)).one(&transaction).await?.is_some() {
        check.fault(ErrorCode::NotUnique, "key", "Another custom field has this key; choose another");
    }
    let count = fields().count(&transaction).await?;
    if count >= MOST {
        let message = format!("One kind of record takes {MOST} custom fields; remove one that is not used");
        check.fault(ErrorCode::Invalid, "key", message);
    }
    record::hold::<layout_table::Entity>(services, &transaction, new.layout_ids.iter().copied()).await?;
    for layout_id in &new.layout_ids {
        layout::refer(services, &transaction, &mut check, new.record_type, Some(*layout_id)).await?;
    }
    check.finish()?;
    let now = services.clock().now();
    let last = fields().order_by_desc(custom_field::Column::Position).one(&transaction).await?;
    let row = custom_field::ActiveModel {
        organization_id: Set(services.organization_id()),
        id: Set(services.ids().uuid()),
        record_type: Set(new.record_type),
        key: Set(key),
        label: Set(label),
        help: Set(help),
        kind: Set(new.kind),
        options: Set(options),
        is_required: Set(new.is_required),
        is_unique: Set(new.is_unique),
        position: Set(last.map_or(0, |last| last.position) + 1),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
    };
    let field = row.insert(&transaction).await?;
    let standard = layout::standard(services, &transaction, new.record_type).await?;
    let layouts: BTreeSet<Uuid> = match new.layout_ids.as_slice() {
        [] => [standard.id].into(),
        named => named.iter().copied().collect(),
    };
    for layout_id in layouts {
        layout::place(services, &transaction, layout_id, &[field.id]).await?;
    }
    idempotency::complete(services, &transaction, claim, field.id).await?;
    transaction.commit().await?;
    Ok(field)
}

/// Changes a custom field. Its key and kind never change: programs and values depend on them.
///
/// # Errors
/// What is wrong with the input, or that the field changed since it was read.
pub async fn update(services: &Services, id: Uuid, new: FieldChange) -> ServiceResult<custom_field::Model> {
    services.viewer.require_administrator()?;
    let transaction = begin_write(services.db()).await?;
    let before = find(services, &transaction, id).await?;
    expect_version(new.version, before.version)?;
    let mut check = Check::default();
    let (kind, version) = (before.kind, before.version);
    let mut row = before.into_active_model();
    if let Some(label) = &new.label {
        row.label = Set(check.required("label", label, LINE_LENGTH));
    }
    row.help = check.optional_change("help", &new.help, LINE_LENGTH);
    if let Some(options) = &new.options {
        row.options = Set(check_options(&mut check, kind, options));
    }
    if let Some(is_required) = new.is_required {
        row.is_required = Set(is_required);
    }
    check.finish()?;
    row.version = Set(version + 1);
    row.updated_at = Set(services.clock().now());
    let field = row.update(&transaction).await?;
    transaction.commit().await?;
    Ok(field)
}

/// Removes a custom field with everything that records hold in it.
///
/// # Errors
/// When it does not exist, or changed since it was read.
pub async fn delete(services: &Services, id: Uuid, version: Option<i64>) -> ServiceResult<Uuid> {
    services.viewer.require_administrator()?;
    let here = services.organization_id();
    let transaction = begin_write(services.db()).await?;
    let field = find(services, &transaction, id).await?;
    expect_version(version, field.version)?;
    custom_value::Entity::delete_many()
        .filter(custom_value::Column::OrganizationId.eq(here))
        .filter(custom_value::Column::FieldId.eq(id))
        .exec(&transaction)
        .await?;
    layout_field::Entity::delete_many()
        .filter(layout_field::Column::OrganizationId.eq(here))
        .filter(layout_field::Column::FieldId.eq(id))
        .exec(&transaction)
        .await?;
    custom_field::Entity::delete_many()
        .filter(custom_field::Column::OrganizationId.eq(here))
        .filter(custom_field::Column::Id.eq(id))
        .exec(&transaction)
        .await?;
    transaction.commit().await?;
    Ok(id)
}

async fn find(
    services: &Services,
    db: &impl ConnectionTrait,
    id: Uuid,
) -> ServiceResult<custom_field::Model> {
    let row = custom_field::Entity::one_of(services.organization_id(), id).lock_exclusive().one(db).await?;
    row.ok_or_else(|| {
        let message = "There is no such custom field; choose one that `customFields` lists";
        UserError::of(ErrorCode::NotFound, "id", message).into()
    })
}

/// A key that programs can use as a name.
fn check_key(check: &mut Check, key: &str) -> String {
    let key = key.trim();
    let fits = key.starts_with(|c: char| c.is_ascii_lowercase())
        && key.len() <= KEY_LENGTH
        && key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if !fits {
        let message = format!(
            "Begin `key` with a lower-case letter and go on with lower-case letters, digits and underscores, {KEY_LENGTH} at most, such as `delivery_terms`"
        );
        check.fault(ErrorCode::Invalid, "key", message);
    }
    key.to_owned()
}

fn check_options(check: &mut Check, kind: CustomFieldKind, options: &[String]) -> Option<TextList> {
    if kind != CustomFieldKind::PickList {
        if !options.is_empty() {
            check.fault(ErrorCode::Invalid, "options", "Only pick lists have options; leave them out");
        }
        return None;
    }
    let mut seen = BTreeSet::new();
    let mut checked = Vec::new();
    for (place, option) in options.iter().enumerate() {
        let path = format!("options.{place}");
        let option = check.required(&path, option, LINE_LENGTH);
        if !seen.insert(name_key(&option)) {
            check.fault(ErrorCode::Invalid, &path, "The option stands there twice; leave one out");
        }
        checked.push(option);
    }
    if checked.is_empty() || checked.len() > MOST_OPTIONS {
        let message = format!("A pick list takes 1 to {MOST_OPTIONS} options");
        check.fault(ErrorCode::Invalid, "options", message);
    }
    Some(TextList(checked))
}
