//! What records hold in custom fields.

use async_graphql::{InputObject, Object, Result};
use finbridge_entity::types::CustomFieldKind;
use finbridge_entity::{custom_field, custom_value};

use super::CustomField;
use crate::graphql::error::coded;
use crate::graphql::scalar::{Date, DateTime, Decimal};
use crate::service::custom_field::value::{CustomInput, CustomValue};

/// What a record holds in one of the organization's own fields. The member that the field's kind names is set, the others
/// are null.
#[derive(Clone)]
pub struct CustomFieldValue {
    field: custom_field::Model,
    value: custom_value::Model,
}

impl From<(custom_field::Model, custom_value::Model)> for CustomFieldValue {
    fn from((field, value): (custom_field::Model, custom_value::Model)) -> Self {
        Self { field, value }
    }
}

/// What a record holds in one of the organization's own fields. The member that the field's kind names is set, the others
/// are null.
#[Object]
impl CustomFieldValue {
    /// The field.
    async fn field(&self) -> CustomField {
        CustomField(self.field.clone())
    }

    /// Text, or what was chosen from a pick list.
    async fn text(&self) -> Option<&str> {
        self.value.text.as_deref()
    }

    /// Number, of whole numbers and decimals.
    async fn number(&self) -> Option<Decimal> {
        self.value.number_units.filter(|_| self.field.kind != CustomFieldKind::Boolean).map(Decimal::of_units)
    }

    /// Yes or no.
    async fn boolean(&self) -> Option<bool> {
        self.value
            .number_units
            .filter(|_| self.field.kind == CustomFieldKind::Boolean)
            .map(|units| units != 0)
    }

    /// Day.
    async fn date(&self) -> Option<Date> {
        self.value.day.map(Date)
    }

    /// Instant.
    async fn date_time(&self) -> Option<DateTime> {
        self.value.instant.map(DateTime)
    }
}

/// What a record shall hold in one of the organization's own fields: give the one member that the field's kind takes, or
/// none to empty the field.
#[derive(InputObject, Debug, Clone)]
pub struct CustomFieldValueInput {
    /// The field's name for programs.
    key: String,
    /// Text, or a choice from a pick list.
    text: Option<String>,
    /// Number, for whole numbers and decimals.
    number: Option<Decimal>,
    /// Yes or no.
    boolean: Option<bool>,
    /// Day.
    date: Option<Date>,
    /// Instant.
    date_time: Option<DateTime>,
}

impl CustomFieldValueInput {
    /// What the service takes.
    ///
    /// # Errors
    /// Inputs with more than one member.
    pub fn read_all(inputs: Option<&[Self]>) -> Result<Vec<CustomInput>> {
        inputs.unwrap_or_default().iter().map(Self::read).collect()
    }

    fn read(&self) -> Result<CustomInput> {
        let mut values = [
            self.text.clone().map(CustomValue::Text),
            self.number.map(|number| CustomValue::Number(number.0)),
            self.boolean.map(CustomValue::Boolean),
            self.date.map(|day| CustomValue::Date(day.0)),
            self.date_time.map(|instant| CustomValue::DateTime(instant.0)),
        ]
        .into_iter()
        .flatten();
        let value = values.next().unwrap_or(CustomValue::Empty);
        if values.next().is_some() {
            let message = format!(
                "Give `{}` one of text, number, boolean, date and dateTime: the one its kind takes",
                self.key
            );
            return Err(coded("BAD_USER_INPUT", message));
        }
        Ok(CustomInput { key: self.key.clone(), value })
    }
}
