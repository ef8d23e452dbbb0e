//! What accounts, contacts, vendors, products and deals have in common.

pub mod filter;
pub mod input;
pub mod mutation;

use async_graphql::{Context, Enum, ID, Interface, Object, Result, SimpleObject};
use finbridge_domain::{NodeKind, WireId};
use finbridge_entity::{tag, types};

use super::account::Account;
use super::contact::Contact;
use super::context::{Asked, id};
use super::custom_field::{CustomFieldValue, Layout};
use super::deal::Deal;
use super::loader::failed;
use super::product::Product;
use super::scalar::DateTime;
use super::user::User;
use super::vendor::Vendor;
use crate::service::record::Common;

/// The kinds of CRM records.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "types::RecordType")]
pub enum RecordType {
    /// Companies that the organization does business with.
    Account,
    /// People that the organization deals with.
    Contact,
    /// Companies and people that the organization buys from.
    Vendor,
    /// Things that the organization sells.
    Product,
    /// Things that the organization hopes to sell, or has sold.
    Deal,
}

/// The kind of id that records of this type have.
pub fn node_kind(record_type: types::RecordType) -> NodeKind {
    match record_type {
        types::RecordType::Account => NodeKind::Account,
        types::RecordType::Contact => NodeKind::Contact,
        types::RecordType::Vendor => NodeKind::Vendor,
        types::RecordType::Product => NodeKind::Product,
        types::RecordType::Deal => NodeKind::Deal,
    }
}

/// A record of the CRM, whatever its kind.
#[derive(Interface)]
#[graphql(
    field(name = "id", ty = "ID", desc = "Global id: opaque, sortable by time of making, good for `node`."),
    field(name = "name", ty = "&String", desc = "Name, as people write it."),
    field(name = "record_type", ty = "RecordType", desc = "Which kind of record it is."),
    field(name = "owner", ty = "Option<User>", desc = "Who looks after it; null when nobody does."),
    field(name = "version", ty = "i32", desc = "Ascends with every change."),
    field(name = "created_at", ty = "DateTime", desc = "When it was made."),
    field(name = "updated_at", ty = "DateTime", desc = "When it was last changed."),
    field(name = "deleted_at", ty = "Option<DateTime>", desc = "When it was deleted; null while it lives.")
)]
pub enum CrmRecord {
    /// A company.
    Account(Account),
    /// A person.
    Contact(Contact),
    /// A supplier.
    Vendor(Vendor),
    /// A product.
    Product(Product),
    /// An opportunity.
    Deal(Deal),
}

/// A short name that people put on records to find them together.
#[derive(SimpleObject, Clone)]
pub struct Tag {
    /// Global id.
    id: ID,
    /// What it says; no two tags say the same, letter case aside.
    name: String,
}

impl From<tag::Model> for Tag {
    fn from(row: tag::Model) -> Self {
        Self { id: id(NodeKind::Tag, row.id), name: row.name }
    }
}

/// The fields that every record has. None may lead back to a record: the fields of a type that is being made are not known yet,
/// so the record would lack all of these.
pub struct RecordFields(pub Common);

/// The fields that every record has.
#[Object]
impl RecordFields {
    /// Which kind of record it is.
    async fn record_type(&self) -> RecordType {
        self.0.record_type.into()
    }

    /// The 18-digit number by which finance apps know the record. Never changes.
    async fn wire_id(&self) -> String {
        WireId(self.0.wire_id).to_string()
    }

    /// Who looks after the record; null when nobody does.
    async fn owner(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        User::load(ctx, self.0.owner_id).await
    }

    /// What people tagged it with, by name; at most 20 tags, so they come without pages.
    async fn tags(&self, ctx: &Context<'_>) -> Result<Vec<Tag>> {
        let tags = ctx.loaders()?.tags.load_one(self.0.id).await.map_err(failed)?.unwrap_or_default();
        Ok(tags.into_iter().map(Tag::from).collect())
    }

    /// What the record holds in the organization's own fields, in their order. Fields that hold nothing are left out; there
    /// are at most 200 fields, so they come without pages.
    async fn custom_fields(&self, ctx: &Context<'_>) -> Result<Vec<CustomFieldValue>> {
        let values = ctx.loaders()?.custom_values.load_one(self.0.id).await.map_err(failed)?;
        Ok(values.unwrap_or_default().into_iter().map(CustomFieldValue::from).collect())
    }

    /// What the record holds in one of the organization's own fields; null when it holds nothing.
    async fn custom_field(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The field's name for programs.")] key: String,
    ) -> Result<Option<CustomFieldValue>> {
        let values = ctx.loaders()?.custom_values.load_one(self.0.id).await.map_err(failed)?;
        let mut values = values.unwrap_or_default().into_iter();
        Ok(values.find(|(field, _)| field.key == key).map(CustomFieldValue::from))
    }

    /// The layout that says which of the organization's own fields the record shows; null stands for the standard one.
    async fn layout(&self, ctx: &Context<'_>) -> Result<Option<Layout>> {
        let Some(layout) = self.0.layout_id else { return Ok(None) };
        Ok(ctx.loaders()?.layouts.load_one(layout).await.map_err(failed)?.map(Layout::from))
    }

    /// Ascends with every change; send it along with an update to refuse overwriting somebody else's change.
    async fn version(&self) -> i32 {
        i32::try_from(self.0.version).unwrap_or(i32::MAX)
    }

    /// When the record was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When the record was last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }

    /// When the record was deleted; null while it lives. Deleted records are listed with the filter `isDeleted` and can be
    /// restored.
    async fn deleted_at(&self) -> Option<DateTime> {
        self.0.deleted_at.map(DateTime)
    }
}

/// What the interfaces ask of a record type, and how it is made and found.
macro_rules! record_type {
    ($type:ident, $entity:ident, $loader:ident) => {
        impl From<finbridge_entity::$entity::Model> for $type {
            fn from(row: finbridge_entity::$entity::Model) -> Self {
                Self(row)
            }
        }

        impl $type {
            fn common(&self) -> $crate::service::record::Common {
                <finbridge_entity::$entity::Entity as $crate::service::record::Record>::common(&self.0)
            }

            /// Which kind of record it is.
            ///
            /// # Errors
            /// None; interfaces ask in this form.
            pub async fn record_type(
                &self,
                _: &async_graphql::Context<'_>,
            ) -> async_graphql::Result<$crate::graphql::record::RecordType> {
                Ok(self.common().record_type.into())
            }

            /// Who looks after it.
            ///
            /// # Errors
            /// The database's.
            pub async fn owner(
                &self,
                ctx: &async_graphql::Context<'_>,
            ) -> async_graphql::Result<Option<$crate::graphql::user::User>> {
                $crate::graphql::user::User::load(ctx, self.0.owner_id).await
            }

            /// Ascends with every change.
            ///
            /// # Errors
            /// None; interfaces ask in this form.
            pub async fn version(&self, _: &async_graphql::Context<'_>) -> async_graphql::Result<i32> {
                Ok(i32::try_from(self.0.version).unwrap_or(i32::MAX))
            }

            /// When it was made.
            ///
            /// # Errors
            /// None; interfaces ask in this form.
            pub async fn created_at(
                &self,
                _: &async_graphql::Context<'_>,
            ) -> async_graphql::Result<$crate::graphql::scalar::DateTime> {
                Ok($crate::graphql::scalar::DateTime(self.0.created_at))
            }

            /// When it was last changed.
            ///
            /// # Errors
            /// None; interfaces ask in this form.
            pub async fn updated_at(
                &self,
                _: &async_graphql::Context<'_>,
            ) -> async_graphql::Result<$crate::graphql::scalar::DateTime> {
                Ok($crate::graphql::scalar::DateTime(self.0.updated_at))
            }

            /// When it was deleted.
            ///
            /// # Errors
            /// None; interfaces ask in this form.
            pub async fn deleted_at(
                &self,
                _: &async_graphql::Context<'_>,
            ) -> async_graphql::Result<Option<$crate::graphql::scalar::DateTime>> {
                Ok(self.0.deleted_at.map($crate::graphql::scalar::DateTime))
            }
        }

        /// The record, unless it was deleted or is another tenant's.
        ///
        /// # Errors
        /// The database's.
        pub async fn living(
            ctx: &async_graphql::Context<'_>,
            uuid: uuid::Uuid,
        ) -> async_graphql::Result<Option<$type>> {
            use $crate::graphql::context::Asked as _;
            let row = ctx.loaders()?.$loader.load_one(uuid).await.map_err($crate::graphql::loader::failed)?;
            Ok(row.filter(|row| row.deleted_at.is_none()).map($type))
        }
    };
}
pub(crate) use record_type;
