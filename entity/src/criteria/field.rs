//! What criteria can be about.

use std::borrow::Cow;

use finbridge_domain::NodeKind;
use sea_orm::sea_query::DynIden;
use uuid::Uuid;

use super::catalogue;
use super::operator::Operator;
use super::text::TextShape;
use crate::custom_field;
use crate::types::{CustomFieldKind, RecordType};

/// What an organization's own fields are called before their key.
const CUSTOM: &str = "customFields.";

/// What a field holds; it decides on operators and on the form of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// Text.
    Text,
    /// One of a list of texts.
    PickList,
    /// A whole number.
    Integer,
    /// An exact number.
    Decimal,
    /// Yes or no.
    Boolean,
    /// A day.
    Date,
    /// An instant.
    DateTime,
    /// Another record, or a person.
    Record,
    /// Tags; a condition holds when one of them fits.
    Tag,
}

impl FieldKind {
    /// The operators that fields of this kind take.
    pub fn operators(self) -> Vec<Operator> {
        use Operator::{
            Between, Contains, Eq, Gt, Gte, In, IsEmpty, IsNotEmpty, Lt, Lte, Ne, NotIn, StartsWith,
        };
        let mut operators = match self {
            Self::Text => vec![Eq, Ne, In, NotIn, Contains, StartsWith],
            Self::PickList | Self::Record | Self::Tag => vec![Eq, Ne, In, NotIn],
            Self::Integer | Self::Decimal | Self::Date => {
                vec![Eq, Ne, In, NotIn, Gt, Gte, Lt, Lte, Between]
            }
            Self::Boolean => vec![Eq, Ne],
            // Nobody means an instant to the microsecond.
            Self::DateTime => vec![Gt, Gte, Lt, Lte, Between],
        };
        operators.extend([IsEmpty, IsNotEmpty]);
        if matches!(self, Self::Date | Self::DateTime) {
            operators.extend(Operator::RELATIVE);
        }
        operators
    }
}

/// What a field of kind [`FieldKind::Record`] refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reference {
    /// A person of the organization.
    User,
    /// An account.
    Account,
    /// A stage of deals.
    Stage,
}

impl Reference {
    /// The kind of id that values have.
    pub const fn node_kind(self) -> NodeKind {
        match self {
            Self::User => NodeKind::User,
            Self::Account => NodeKind::Account,
            Self::Stage => NodeKind::Stage,
        }
    }

    pub(super) const fn is_person(self) -> bool {
        matches!(self, Self::User)
    }

    pub(super) const fn plural(self) -> &'static str {
        match self {
            Self::User => "users",
            Self::Account => "accounts",
            Self::Stage => "stages",
        }
    }
}

/// A column with its table.
pub(super) type At = (DynIden, DynIden);

/// Where a field's value is kept.
#[derive(Debug, Clone)]
pub(super) enum Place {
    /// A column of text.
    Text(At, TextShape),
    /// A member of an address.
    Part(At, &'static str),
    /// A column of whole numbers.
    Integer(At),
    /// A column of ten-thousandths.
    Units(At),
    /// A column of yes and no.
    Boolean(At),
    /// A column of days.
    Day(At),
    /// A column of instants.
    Instant(At),
    /// A column of ids.
    Record(At),
    /// The kind of the stage that this column refers to.
    StageKind(At),
    /// The tags of the record with this id.
    Tags(At),
    /// What the record with this id holds in a custom field.
    Custom(At, Uuid, CustomFieldKind),
}

/// Something that criteria can be about.
#[derive(Debug, Clone)]
pub struct Field {
    /// Name for programs: the path of the same thing in the schema, such as `billingAddress.country`. The
    /// organization's own fields begin with `customFields.`.
    pub key: Cow<'static, str>,
    /// Name for people.
    pub label: Cow<'static, str>,
    /// What it holds.
    pub kind: FieldKind,
    /// What can be chosen; only for pick lists.
    pub options: Vec<String>,
    /// What it refers to; only for records.
    pub refers_to: Option<Reference>,
    pub(super) place: Place,
}

impl Field {
    /// Whether the organization added it.
    pub fn is_custom(&self) -> bool {
        matches!(self.place, Place::Custom(..))
    }

    pub(super) fn takes(&self, operator: Operator) -> bool {
        self.kind.operators().contains(&operator)
    }
}

/// What criteria on these records can be about: what every organization has, then its own fields in their order.
pub fn fields(record_type: RecordType, custom: &[custom_field::Model]) -> Vec<Field> {
    let record_id = catalogue::record_id(record_type);
    let own = custom.iter().filter(|field| field.record_type == record_type).map(|field| Field {
        key: format!("{CUSTOM}{}", field.key).into(),
        label: field.label.clone().into(),
        kind: match field.kind {
            CustomFieldKind::Text | CustomFieldKind::LongText => FieldKind::Text,
            CustomFieldKind::PickList => FieldKind::PickList,
            CustomFieldKind::Integer => FieldKind::Integer,
            CustomFieldKind::Decimal => FieldKind::Decimal,
            CustomFieldKind::Boolean => FieldKind::Boolean,
            CustomFieldKind::Date => FieldKind::Date,
            CustomFieldKind::DateTime => FieldKind::DateTime,
        },
        options: field.options.as_ref().map(|options| options.0.clone()).unwrap_or_default(),
        refers_to: None,
        place: Place::Custom(record_id.clone(), field.id, field.kind),
    });
    let mut fields = catalogue::of(record_type);
    fields.extend(own);
    fields
}
