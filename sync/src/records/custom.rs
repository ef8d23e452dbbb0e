//! What records hold in the fields that the organization added.

use std::collections::HashMap;

use finbridge_domain::record::FieldKey;
use finbridge_entity::types::CustomFieldKind;
use finbridge_entity::{Scoped, custom_field, custom_value};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, QueryFilter};
use uuid::Uuid;

use super::SourceRecord;
use super::read::decimal;

/// Adds the values of these added fields to the records; a field that is empty is an empty text, and one that was removed
/// is not named.
pub(super) async fn fill(
    db: &impl ConnectionTrait,
    organization_id: Uuid,
    records: &mut [SourceRecord],
    wanted: &[FieldKey],
) -> Result<(), DbErr> {
    let names: Vec<&str> = wanted.iter().filter_map(FieldKey::custom_name).collect();
    let Some(first) = records.first() else { return Ok(()) };
    if names.is_empty() {
        return Ok(());
    }
    let record_type = first.record_type.as_str();
    let fields: Vec<_> = custom_field::Entity::of(organization_id)
        .filter(custom_field::Column::Key.is_in(names))
        .all(db)
        .await?
        .into_iter()
        .filter(|field| sea_orm::ActiveEnum::to_value(&field.record_type) == record_type)
        .collect();
    let held = custom_value::Entity::of(organization_id)
        .filter(custom_value::Column::FieldId.is_in(fields.iter().map(|field| field.id)))
        .filter(custom_value::Column::RecordId.is_in(records.iter().map(|record| record.id)))
        .all(db)
        .await?;
    let mut by_place: HashMap<(Uuid, Uuid), custom_value::Model> =
        held.into_iter().map(|value| ((value.record_id, value.field_id), value)).collect();
    for record in records {
        for field in &fields {
            let value = by_place.remove(&(record.id, field.id));
            let value = value.and_then(|value| shown(field.kind, value)).unwrap_or_default();
            record.values.insert(FieldKey::custom(&field.key), value);
        }
    }
    Ok(())
}

fn shown(kind: CustomFieldKind, value: custom_value::Model) -> Option<String> {
    match kind {
        CustomFieldKind::Text | CustomFieldKind::LongText | CustomFieldKind::PickList => value.text,
        CustomFieldKind::Integer | CustomFieldKind::Decimal => value.number_units.map(decimal),
        CustomFieldKind::Boolean => value.number_units.map(|yes| (yes != 0).to_string()),
        CustomFieldKind::Date => value.day.map(|day| day.to_string()),
        CustomFieldKind::DateTime => value.instant.map(|instant| instant.to_rfc3339()),
    }
}
