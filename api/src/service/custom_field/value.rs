//! What records hold in custom fields.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use finbridge_domain::{Amount, name_key};
use finbridge_entity::types::{CustomFieldKind, RecordType};
use finbridge_entity::{Scoped, custom_field, custom_value};
use rust_decimal::Decimal;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel,
    JoinType, QueryFilter, QueryOrder, QuerySelect, Set,
};
use uuid::Uuid;

use crate::service::error::{ErrorCode, ServiceError, ServiceResult, UserError};
use crate::service::validate::{Check, LINE_LENGTH, TEXT_LENGTH};
use crate::service::{Services, layout};

/// What a field shall hold.
#[derive(Debug, Clone, PartialEq)]
pub enum CustomValue {
    /// Nothing.
    Empty,
    /// Text, or what is chosen from a pick list.
    Text(String),
    /// A number.
    Number(Decimal),
    /// Yes or no.
    Boolean(bool),
    /// A day.
    Date(NaiveDate),
    /// An instant.
    DateTime(DateTime<Utc>),
}

/// What one field shall hold.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomInput {
    /// The field's name for programs.
    pub key: String,
    /// What it shall hold.
    pub value: CustomValue,
}

/// Checked values, to be written with their record.
#[derive(Debug, Default)]
pub struct Prepared {
    filled: Vec<Filled>,
    emptied: Vec<Uuid>,
}

/// A value in the column of its kind.
#[derive(Debug, Default)]
struct Filled {
    field_id: Uuid,
    text: Option<String>,
    text_key: Option<String>,
    number_units: Option<i64>,
    day: Option<NaiveDate>,
    instant: Option<DateTime<Utc>>,
    unique_key: Option<String>,
}

/// Checks the values of a new record.
///
/// # Errors
/// The database's; faults are noted.
pub async fn prepare_new(
    services: &Services,
    db: &impl ConnectionTrait,
    check: &mut Check,
    record_type: RecordType,
    layout_id: Option<Uuid>,
    inputs: &[CustomInput],
) -> ServiceResult<Prepared> {
    let fields = layout::fields(services, db, record_type, layout_id).await?;
    let prepared = prepare(services, db, check, &fields, None, inputs).await?;
    let filled: HashSet<Uuid> = prepared.filled.iter().map(|value| value.field_id).collect();
    for field in fields.iter().filter(|field| field.on_layout && field.row.is_required) {
        if !filled.contains(&field.row.id) && inputs.iter().all(|input| input.key != field.row.key) {
            let message = format!("Give `{}` a value: its layout requires it", field.row.key);
            check.fault(ErrorCode::Required, "customFields", message);
        }
    }
    Ok(prepared)
}

/// Checks the values that a record is changed to.
///
/// # Errors
/// The database's; faults are noted.
pub async fn prepare_change(
    services: &Services,
    db: &impl ConnectionTrait,
    check: &mut Check,
    record_type: RecordType,
    record_id: Uuid,
    layout_id: Option<Uuid>,
    inputs: &[CustomInput],
) -> ServiceResult<Prepared> {
    if inputs.is_empty() {
        return Ok(Prepared::default());
    }
    let fields = layout::fields(services, db, record_type, layout_id).await?;
    prepare(services, db, check, &fields, Some(record_id), inputs).await
}

async fn prepare(
    services: &Services,
    db: &impl ConnectionTrait,
    check: &mut Check,
    fields: &[layout::Field],
    record_id: Option<Uuid>,
    inputs: &[CustomInput],
) -> ServiceResult<Prepared> {
    let by_key: HashMap<&str, &layout::Field> =
        fields.iter().map(|field| (field.row.key.as_str(), field)).collect();
    let mut prepared = Prepared::default();
    let mut seen = HashSet::new();
    for (place, input) in inputs.iter().enumerate() {
        let path = format!("customFields.{place}");
        let Some(field) = by_key.get(input.key.as_str()) else {
            let message = format!("There is no custom field `{}` here; `customFields` lists them", input.key);
            check.fault(ErrorCode::NotFound, &format!("{path}.key"), message);
            continue;
        };
        if !seen.insert(field.row.id) {
            let message = format!("`{}` is given twice; give it once", input.key);
            check.fault(ErrorCode::Invalid, &format!("{path}.key"), message);
        } else if input.value == CustomValue::Empty {
            if field.on_layout && field.row.is_required {
                let message =
                    format!("`{}` must not be empty; leave it out to keep what it holds", input.key);
                check.fault(ErrorCode::Required, &path, message);
            }
            prepared.emptied.push(field.row.id);
        } else if !field.on_layout {
            let message =
                format!("`{}` is not on the layout of this record; choose a layout that has it", input.key);
            check.fault(ErrorCode::FieldNotOnLayout, &path, message);
        } else if let Some(filled) = fill(check, &path, &field.row, &input.value) {
            if let Some(key) = &filled.unique_key {
                distinct(services, db, check, &path, &field.row, key, record_id).await?;
            }
            prepared.filled.push(filled);
        }
    }
    Ok(prepared)
}

/// The value in the column of the field's kind; none when it does not fit, which is noted.
fn fill(check: &mut Check, path: &str, field: &custom_field::Model, value: &CustomValue) -> Option<Filled> {
    let mut filled = Filled { field_id: field.id, ..Filled::default() };
    match (field.kind, value) {
        (CustomFieldKind::Text, CustomValue::Text(text)) => {
            let text = check.optional(path, Some(text), LINE_LENGTH)?;
            filled.text_key = Some(name_key(&text));
            filled.text = Some(text);
        }
        (CustomFieldKind::LongText, CustomValue::Text(text)) => {
            filled.text = Some(check.optional(path, Some(text), TEXT_LENGTH)?);
        }
        (CustomFieldKind::PickList, CustomValue::Text(text)) => {
            let options = field.options.as_ref().map(|list| list.0.as_slice()).unwrap_or_default();
            let Some(option) = options.iter().find(|option| name_key(option) == name_key(text)) else {
                let message = format!("`{}` takes one of: {}", field.key, options.join(", "));
                check.fault(ErrorCode::Invalid, path, message);
                return None;
            };
            filled.text_key = Some(name_key(option));
            filled.text = Some(option.clone());
        }
        (CustomFieldKind::Integer, CustomValue::Number(number)) => {
            if !number.is_integer() {
                let message = format!("`{}` takes whole numbers; round it yourself", field.key);
                check.fault(ErrorCode::Invalid, path, message);
                return None;
            }
            filled.number_units = Some(check.amount(path, *number)?);
        }
        (CustomFieldKind::Decimal, CustomValue::Number(number)) => {
            filled.number_units = Some(check.amount(path, *number)?);
        }
        (CustomFieldKind::Boolean, CustomValue::Boolean(yes)) => {
            filled.number_units = Some(i64::from(*yes));
        }
        (CustomFieldKind::Date, CustomValue::Date(day)) => filled.day = Some(*day),
        (CustomFieldKind::DateTime, CustomValue::DateTime(instant)) => filled.instant = Some(*instant),
        (kind, _) => {
            let message = format!("`{}` takes {}", field.key, slot(kind));
            check.fault(ErrorCode::Invalid, path, message);
            return None;
        }
    }
    filled.unique_key = field.is_unique.then(|| unique_key(&filled)).flatten();
    Some(filled)
}

/// The input field that values of this kind come in.
fn slot(kind: CustomFieldKind) -> &'static str {
    match kind {
        CustomFieldKind::Text | CustomFieldKind::LongText | CustomFieldKind::PickList => "`text`",
        CustomFieldKind::Integer | CustomFieldKind::Decimal => "`number`",
        CustomFieldKind::Boolean => "`boolean`",
        CustomFieldKind::Date => "`date`",
        CustomFieldKind::DateTime => "`dateTime`",
    }
}

/// What may stand in no other record: the value in a form in which equal ones are equal texts.
fn unique_key(value: &Filled) -> Option<String> {
    value
        .text_key
        .clone()
        .or_else(|| value.number_units.map(|units| units.to_string()))
        .or_else(|| value.day.map(|day| day.to_string()))
        .or_else(|| value.instant.map(|instant| instant.to_rfc3339()))
}

async fn distinct(
    services: &Services,
    db: &impl ConnectionTrait,
    check: &mut Check,
    path: &str,
    field: &custom_field::Model,
    key: &str,
    record_id: Option<Uuid>,
) -> ServiceResult<()> {
    let mut others = custom_value::Entity::of(services.organization_id())
        .filter(custom_value::Column::FieldId.eq(field.id))
        .filter(custom_value::Column::UniqueKey.eq(key));
    if let Some(record_id) = record_id {
        others = others.filter(custom_value::Column::RecordId.ne(record_id));
    }
    if others.one(db).await?.is_some() {
        check.fault(ErrorCode::NotUnique, path, taken(field));
    }
    Ok(())
}

fn taken(field: &custom_field::Model) -> String {
    format!(
        "Another record holds this in `{}`, where no two may hold the same; change one of them",
        field.key
    )
}

/// Writes checked values of a record.
///
/// # Errors
/// The database's.
pub async fn write(
    services: &Services,
    transaction: &DatabaseTransaction,
    record_id: Uuid,
    prepared: Prepared,
) -> ServiceResult<()> {
    let organization_id = services.organization_id();
    if !prepared.emptied.is_empty() {
        custom_value::Entity::delete_many()
            .filter(custom_value::Column::OrganizationId.eq(organization_id))
            .filter(custom_value::Column::RecordId.eq(record_id))
            .filter(custom_value::Column::FieldId.is_in(prepared.emptied))
            .exec(transaction)
            .await?;
    }
    if prepared.filled.is_empty() {
        return Ok(());
    }
    let rows = prepared.filled.into_iter().map(|value| custom_value::ActiveModel {
        organization_id: Set(organization_id),
        id: Set(services.ids().uuid()),
        field_id: Set(value.field_id),
        record_id: Set(record_id),
        text: Set(value.text),
        text_key: Set(value.text_key),
        number_units: Set(value.number_units),
        day: Set(value.day),
        instant: Set(value.instant),
        unique_key: Set(value.unique_key),
    });
    use custom_value::Column;
    custom_value::Entity::insert_many(rows)
        .on_conflict(
            OnConflict::columns([Column::OrganizationId, Column::RecordId, Column::FieldId])
                .update_columns([
                    Column::Text,
                    Column::TextKey,
                    Column::NumberUnits,
                    Column::Day,
                    Column::Instant,
                    Column::UniqueKey,
                ])
                .to_owned(),
        )
        .exec_without_returning(transaction)
        .await
        .map_err(|error| match error.sql_err() {
            // Somebody else wrote the same value since it was checked.
            Some(sea_orm::SqlErr::UniqueConstraintViolation(_)) => {
                let message = "Another record was given the same value in a unique field at this moment; change one of them";
                UserError::of(ErrorCode::NotUnique, "customFields", message).into()
            }
            _ => ServiceError::from(error),
        })?;
    Ok(())
}

/// Lets others hold what a deleted record held in unique fields.
///
/// # Errors
/// The database's.
pub async fn release(services: &Services, db: &impl ConnectionTrait, record_id: Uuid) -> ServiceResult<()> {
    custom_value::Entity::update_many()
        .col_expr(custom_value::Column::UniqueKey, Expr::value(None::<String>))
        .filter(custom_value::Column::OrganizationId.eq(services.organization_id()))
        .filter(custom_value::Column::RecordId.eq(record_id))
        .exec(db)
        .await?;
    Ok(())
}

/// Takes back what a restored record held in unique fields.
///
/// # Errors
/// `NOT_UNIQUE` when another record holds it by now.
pub async fn reclaim(
    services: &Services,
    transaction: &DatabaseTransaction,
    record_id: Uuid,
) -> ServiceResult<()> {
    let organization_id = services.organization_id();
    let values = custom_value::Entity::of(organization_id)
        .filter(custom_value::Column::RecordId.eq(record_id))
        .all(transaction)
        .await?;
    let fields: HashMap<Uuid, custom_field::Model> = custom_field::Entity::of(organization_id)
        .filter(custom_field::Column::IsUnique.eq(true))
        .filter(custom_field::Column::Id.is_in(values.iter().map(|value| value.field_id)))
        .all(transaction)
        .await?
        .into_iter()
        .map(|field| (field.id, field))
        .collect();
    for value in values {
        let Some(field) = fields.get(&value.field_id) else { continue };
        let filled = Filled {
            text_key: value.text_key.clone(),
            number_units: value.number_units,
            day: value.day,
            instant: value.instant,
            ..Filled::default()
        };
        let Some(key) = unique_key(&filled) else { continue };
        let mut check = Check::default();
        distinct(services, transaction, &mut check, "id", field, &key, Some(record_id)).await?;
        check.finish()?;
        let mut row = value.into_active_model();
        row.unique_key = Set(Some(key));
        row.update(transaction).await?;
    }
    Ok(())
}

/// The number that a column in ten-thousandths holds.
pub fn number(units: i64) -> Decimal {
    Amount::from_units(units).to_decimal()
}

/// What records hold in custom fields, in the order of the fields.
///
/// # Errors
/// The database's.
pub async fn of_records(
    db: &impl ConnectionTrait,
    organization_id: Uuid,
    records: &[Uuid],
) -> Result<HashMap<Uuid, Vec<(custom_field::Model, custom_value::Model)>>, DbErr> {
    let field = custom_value::Entity::belongs_to(custom_field::Entity)
        .from((custom_value::Column::OrganizationId, custom_value::Column::FieldId))
        .to((custom_field::Column::OrganizationId, custom_field::Column::Id));
    let values = custom_value::Entity::of(organization_id)
        .filter(custom_value::Column::RecordId.is_in(records.iter().copied()))
        .join(JoinType::InnerJoin, field.into())
        .select_also(custom_field::Entity)
        .order_by_asc(custom_field::Column::Position)
        .order_by_asc(custom_field::Column::Id)
        .all(db)
        .await?;
    let mut of_record: HashMap<Uuid, Vec<(custom_field::Model, custom_value::Model)>> = HashMap::new();
    for (value, field) in values {
        of_record.entry(value.record_id).or_default().extend(field.map(|field| (field, value)));
    }
    Ok(of_record)
}
