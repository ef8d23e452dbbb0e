//! Values as they travel, as the fields of CRM records.

use std::collections::HashMap;

use async_graphql::MaybeUndefined;
use chrono::NaiveDate;
use finbridge_domain::record::{FieldKey, Values};
use finbridge_entity::types::{Address, CustomFieldKind, RecordType};
use finbridge_entity::{Scoped, custom_field};
use rust_decimal::Decimal;
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter};
use uuid::Uuid;

use crate::service::custom_field::value::{CustomInput, CustomValue};
use crate::service::error::{ErrorCode, ServiceResult, UserError};

/// Values by CRM field.
pub(super) struct Fields<'a>(pub(super) &'a Values);

impl Fields<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(|value| value.trim())
    }

    /// The text of a field; none when it is empty or not told.
    pub(super) fn text(&self, key: &str) -> Option<String> {
        self.get(key).filter(|value| !value.is_empty()).map(str::to_owned)
    }

    /// What becomes of a field: not told, emptied, or this.
    pub(super) fn change(&self, key: &str) -> MaybeUndefined<String> {
        match self.get(key) {
            None => MaybeUndefined::Undefined,
            Some("") => MaybeUndefined::Null,
            Some(value) => MaybeUndefined::Value(value.to_owned()),
        }
    }

    /// Yes or no; none when it is not told.
    ///
    /// # Errors
    /// Something else.
    pub(super) fn flag(&self, key: &str) -> ServiceResult<Option<bool>> {
        match self.get(key) {
            None | Some("") => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(other) => Err(invalid(key, other, "true or false")),
        }
    }

    /// An exact number; none when it is empty or not told.
    ///
    /// # Errors
    /// Something else.
    pub(super) fn number(&self, key: &str) -> ServiceResult<Option<Decimal>> {
        match self.get(key) {
            None | Some("") => Ok(None),
            Some(text) => text.parse().map(Some).map_err(|_| invalid(key, text, "a number")),
        }
    }

    /// A whole number; none when it is empty or not told.
    ///
    /// # Errors
    /// Something else.
    pub(super) fn integer(&self, key: &str) -> ServiceResult<Option<i32>> {
        match self.get(key) {
            None | Some("") => Ok(None),
            Some(text) => text.parse().map(Some).map_err(|_| invalid(key, text, "a whole number")),
        }
    }

    /// What becomes of a whole number: not told, emptied, or this.
    ///
    /// # Errors
    /// Something else.
    pub(super) fn integer_change(&self, key: &str) -> ServiceResult<MaybeUndefined<i32>> {
        Ok(match (self.get(key), self.integer(key)?) {
            (None, _) => MaybeUndefined::Undefined,
            (Some(_), None) => MaybeUndefined::Null,
            (Some(_), Some(number)) => MaybeUndefined::Value(number),
        })
    }

    /// The address whose parts begin with this key, over what it is now; undefined when no part is told.
    pub(super) fn address(&self, key: &str, before: Option<&Address>) -> MaybeUndefined<Address> {
        let mut address = before.cloned().unwrap_or_default();
        let mut is_told = false;
        for (part, place) in [
            ("street", &mut address.street),
            ("city", &mut address.city),
            ("state", &mut address.state),
            ("postalCode", &mut address.postal_code),
            ("country", &mut address.country),
        ] {
            if let Some(value) = self.get(&format!("{key}.{part}")) {
                is_told = true;
                *place = (!value.is_empty()).then(|| value.to_owned());
            }
        }
        match (is_told, address == Address::default()) {
            (false, _) => MaybeUndefined::Undefined,
            (true, true) => MaybeUndefined::Null,
            (true, false) => MaybeUndefined::Value(address),
        }
    }

    /// The values of fields that the organization added.
    ///
    /// # Errors
    /// The database's, and values that a field does not take.
    pub(super) async fn custom(
        &self,
        db: &impl ConnectionTrait,
        organization_id: Uuid,
        record_type: RecordType,
    ) -> ServiceResult<Vec<CustomInput>> {
        let told: HashMap<&str, &str> = self
            .0
            .iter()
            .filter_map(|(key, value)| Some((FieldKey::custom_name(key)?, value.trim())))
            .collect();
        if told.is_empty() {
            return Ok(Vec::new());
        }
        let fields = custom_field::Entity::of(organization_id)
            .filter(custom_field::Column::RecordType.eq(record_type))
            .filter(custom_field::Column::Key.is_in(told.keys().copied()))
            .all(db)
            .await?;
        let mut inputs = Vec::with_capacity(fields.len());
        for field in fields {
            let text = told.get(field.key.as_str()).copied().unwrap_or_default();
            inputs.push(CustomInput { value: custom_value(&field, text)?, key: field.key });
        }
        Ok(inputs)
    }
}

fn custom_value(field: &custom_field::Model, text: &str) -> ServiceResult<CustomValue> {
    let bad = |wanted| invalid(&field.key, text, wanted);
    if text.is_empty() {
        return Ok(CustomValue::Empty);
    }
    Ok(match field.kind {
        CustomFieldKind::Text | CustomFieldKind::LongText | CustomFieldKind::PickList => {
            CustomValue::Text(text.to_owned())
        }
        CustomFieldKind::Integer | CustomFieldKind::Decimal => {
            CustomValue::Number(text.parse().map_err(|_| bad("a number"))?)
        }
        CustomFieldKind::Boolean => match text {
            "true" => CustomValue::Boolean(true),
            "false" => CustomValue::Boolean(false),
            _ => return Err(bad("true or false")),
        },
        CustomFieldKind::Date => {
            CustomValue::Date(text.parse::<NaiveDate>().map_err(|_| bad("a day such as 2026-01-05"))?)
        }
        CustomFieldKind::DateTime => {
            CustomValue::DateTime(text.parse().map_err(|_| bad("an instant such as 2026-01-05T12:00:00Z"))?)
        }
    })
}

fn invalid(key: &str, value: &str, wanted: &str) -> crate::service::ServiceError {
    let message = format!("`{key}` takes {wanted}, and the finance side has `{value}`");
    UserError::of(ErrorCode::Invalid, key, message).into()
}
