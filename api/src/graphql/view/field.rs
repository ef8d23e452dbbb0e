//! What criteria can be about.

use async_graphql::{Enum, Object};
use finbridge_entity::criteria as entity;

use super::criteria::ViewOperator;

/// What a field holds; it decides on operators and on the form of values.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "entity::FieldKind")]
pub enum ViewFieldKind {
    /// Text.
    Text,
    /// One of the field's options.
    PickList,
    /// A whole number.
    Integer,
    /// An exact number with at most four digits after the point. Amounts are compared in whatever currency they are kept.
    Decimal,
    /// Yes or no: "true" or "false".
    Boolean,
    /// A day.
    Date,
    /// An instant.
    DateTime,
    /// A record or a person, by global id.
    Record,
    /// Tags, by name. A comparison holds when one of the record's tags fits.
    Tag,
}

/// What a field refers to.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "entity::Reference")]
pub enum ViewReference {
    /// A person of the organization, or "VIEWER".
    User,
    /// An account.
    Account,
    /// A stage of deals.
    Stage,
}

/// Something that the criteria of a view can be about.
pub struct ViewField(entity::Field);

impl From<entity::Field> for ViewField {
    fn from(field: entity::Field) -> Self {
        Self(field)
    }
}

/// Something that the criteria of a view can be about.
#[Object]
impl ViewField {
    /// What criteria call it: the path of the same thing in this schema, such as `billingAddress.country`. The organization's
    /// own fields are called `customFields.` and their key.
    async fn key(&self) -> &str {
        &self.0.key
    }

    /// Name for people.
    async fn label(&self) -> &str {
        &self.0.label
    }

    /// What it holds.
    async fn kind(&self) -> ViewFieldKind {
        self.0.kind.into()
    }

    /// How it can be compared.
    async fn operators(&self) -> Vec<ViewOperator> {
        self.0.kind.operators().into_iter().map(Into::into).collect()
    }

    /// What can be chosen, in this order; null for every kind but pick lists.
    async fn options(&self) -> Option<&[String]> {
        (self.0.kind == entity::FieldKind::PickList).then_some(&self.0.options)
    }

    /// What its values are ids of; null for every kind but records.
    async fn refers_to(&self) -> Option<ViewReference> {
        self.0.refers_to.map(Into::into)
    }

    /// Whether the organization added it.
    async fn is_custom(&self) -> bool {
        self.0.is_custom()
    }
}
