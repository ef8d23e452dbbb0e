//! Conditions on custom fields.

use async_graphql::{InputObject, Result};
use finbridge_entity::types::CustomFieldKind;
use finbridge_entity::{custom_field, custom_value};
use sea_orm::{ColumnTrait, Condition};

use crate::graphql::error::coded;
use crate::graphql::filter::{
    Conditions, DateFilter, DateTimeFilter, DecimalFilter, StringFilter, TextShape,
};

/// A condition on what records hold in one of the organization's own fields: the member that the field's kind takes.
#[derive(InputObject, Debug, Clone)]
pub struct CustomFieldFilter {
    /// The field's name for programs.
    key: String,
    /// On texts and pick lists.
    text: Option<StringFilter>,
    /// On whole numbers and decimals.
    number: Option<DecimalFilter>,
    /// On yes-or-no fields.
    boolean: Option<bool>,
    /// On days.
    date: Option<DateFilter>,
    /// On instants.
    date_time: Option<DateTimeFilter>,
    /// True: holds nothing. False: holds something.
    is_null: Option<bool>,
}

impl CustomFieldFilter {
    /// Which values of the field are meant, and whether records must hold one of them or must not.
    ///
    /// # Errors
    /// Fields that are not there, and members that the field's kind does not take.
    pub fn condition(&self, fields: &[custom_field::Model]) -> Result<(Condition, bool)> {
        use custom_value::Column;
        let Some(field) = fields.iter().find(|field| field.key == self.key) else {
            let message = format!("There is no custom field `{}` here; `customFields` lists them", self.key);
            return Err(coded("BAD_USER_INPUT", message));
        };
        let empty = self.is_null == Some(true);
        let members = [
            ("text", self.text.is_some()),
            ("number", self.number.is_some()),
            ("boolean", self.boolean.is_some()),
            ("date", self.date.is_some()),
            ("dateTime", self.date_time.is_some()),
        ];
        let takes = match field.kind {
            CustomFieldKind::Text | CustomFieldKind::LongText | CustomFieldKind::PickList => "text",
            CustomFieldKind::Integer | CustomFieldKind::Decimal => "number",
            CustomFieldKind::Boolean => "boolean",
            CustomFieldKind::Date => "date",
            CustomFieldKind::DateTime => "dateTime",
        };
        if let Some((wrong, _)) = members.iter().find(|(name, given)| *given && (*name != takes || empty)) {
            let message = format!(
                "`{wrong}` does not go with `{}`; give `{takes}`, or `isNull` alone for what holds nothing",
                self.key
            );
            return Err(coded("BAD_USER_INPUT", message));
        }
        let of_field = Condition::all().add(Column::FieldId.eq(field.id));
        if empty {
            return Ok((of_field, false));
        }
        let texts = if field.kind == CustomFieldKind::LongText {
            of_field.text("text", Column::Text, TextShape::Plain, self.text.as_ref())?
        } else {
            of_field.text("text", Column::TextKey, TextShape::Key, self.text.as_ref())?
        };
        let all = texts
            .amount(Column::NumberUnits, self.number.as_ref())?
            .add_option(self.boolean.map(|yes| Column::NumberUnits.eq(i64::from(yes))))
            .date(Column::Day, self.date.as_ref())
            .time(Column::Instant, self.date_time.as_ref());
        Ok((all, true))
    }
}
