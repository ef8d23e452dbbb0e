//! Custom fields and layouts in GraphQL.

pub mod filter;
pub mod mutation;
pub mod query;
pub mod value;

use async_graphql::{Context, Enum, ID, Object, Result};
use finbridge_domain::NodeKind;
use finbridge_entity::{custom_field, layout, types};

pub use filter::CustomFieldFilter;
pub use value::{CustomFieldValue, CustomFieldValueInput};

use super::context::{Asked, id};
use super::loader::failed;
use super::record::RecordType;
use super::scalar::DateTime;

/// What a custom field holds.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "types::CustomFieldKind")]
pub enum CustomFieldKind {
    /// One line of text, up to 250 characters.
    Text,
    /// Text of several lines, up to 10,000 characters. It cannot be unique or ordered by.
    LongText,
    /// One of the field's options.
    PickList,
    /// A whole number.
    Integer,
    /// A number with at most four digits after the decimal point.
    Decimal,
    /// Yes or no.
    Boolean,
    /// A day.
    Date,
    /// An instant.
    DateTime,
}

/// A field that the organization added to one kind of record.
#[derive(Clone)]
pub struct CustomField(pub(super) custom_field::Model);

impl From<custom_field::Model> for CustomField {
    fn from(row: custom_field::Model) -> Self {
        Self(row)
    }
}

/// A field that the organization added to one kind of record.
#[Object]
impl CustomField {
    /// Global id.
    pub async fn id(&self) -> ID {
        id(NodeKind::CustomField, self.0.id)
    }

    /// Which records have it.
    async fn record_type(&self) -> RecordType {
        self.0.record_type.into()
    }

    /// Name for programs: filters, views and inputs call the field by it. Never changes, and is taken once per kind of record.
    async fn key(&self) -> &str {
        &self.0.key
    }

    /// Name for people.
    async fn label(&self) -> &str {
        &self.0.label
    }

    /// What to fill in, for people; null when nobody wrote it down.
    async fn help(&self) -> Option<&str> {
        self.0.help.as_deref()
    }

    /// What it holds. Never changes.
    async fn kind(&self) -> CustomFieldKind {
        self.0.kind.into()
    }

    /// What can be chosen, in this order; null for every kind but pick lists.
    async fn options(&self) -> Option<&[String]> {
        self.0.options.as_ref().map(|options| options.0.as_slice())
    }

    /// Whether records on a layout that has the field must fill it.
    async fn is_required(&self) -> bool {
        self.0.is_required
    }

    /// Whether no two living records may hold the same.
    async fn is_unique(&self) -> bool {
        self.0.is_unique
    }

    /// Place in the order of fields.
    async fn position(&self) -> i32 {
        self.0.position
    }

    /// Ascends with every change.
    async fn version(&self) -> i32 {
        i32::try_from(self.0.version).unwrap_or(i32::MAX)
    }

    /// When the field was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When the field was last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }
}

/// Which of the organization's own fields a record shows, and in which order.
#[derive(Clone)]
pub struct Layout(layout::Model);

impl From<layout::Model> for Layout {
    fn from(row: layout::Model) -> Self {
        Self(row)
    }
}

/// Which of the organization's own fields a record shows, and in which order.
#[Object]
impl Layout {
    /// Global id.
    pub async fn id(&self) -> ID {
        id(NodeKind::Layout, self.0.id)
    }

    /// Which records can have it.
    async fn record_type(&self) -> RecordType {
        self.0.record_type.into()
    }

    /// Name, as people write it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Whether records have it when they name no other. Finance apps are offered only fields of the standard layout.
    async fn is_standard(&self) -> bool {
        self.0.is_standard
    }

    /// The fields that it shows, in its order; at most 200, so they come without pages.
    async fn fields(&self, ctx: &Context<'_>) -> Result<Vec<CustomField>> {
        let fields = ctx.loaders()?.fields_of_layout().load_one(self.0.id).await.map_err(failed)?;
        Ok(fields.unwrap_or_default().into_iter().map(CustomField).collect())
    }

    /// Ascends with every change.
    async fn version(&self) -> i32 {
        i32::try_from(self.0.version).unwrap_or(i32::MAX)
    }

    /// When the layout was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When the layout was last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }
}
